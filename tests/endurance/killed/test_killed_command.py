"""The command line, killed at any moment and given again."""

import csv
import json
import os
import random
from pathlib import Path

import pytest

from tests.fault_proxy import Fault
from wxcoupon.bulk.ledger import Tally
from wxcoupon.bulk.verdicts import Ending
from wxcoupon.sandbox import Keys

from .kills import ARRIVED, Command, Moment, until_it_ends
from .lines import Lines, write
from .proof import calls_by_number, each_code_once, every_line_once, whole
from .servers import place

_CODES = 6_000
_OUTCOMES = {"uploaded": Ending.DONE, "duplicate": Ending.DUPLICATE, "invalid": Ending.INVALID}


def _reported(path: Path, lines: Lines) -> list[tuple[int, str, Ending | None, str]]:
    """The rows of a report, in which a spreadsheet cannot take an illegal code for a formula."""
    illegal = {line: text for line, text, ending in lines.rows if ending is Ending.INVALID}
    found: list[tuple[int, str, Ending | None, str]] = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            line, ending = int(row["line"]), _OUTCOMES[row["outcome"]]
            code = row["code"]
            if ending is Ending.INVALID and code.endswith(illegal[line]):
                code = illegal[line]
            found.append((line, code, ending, row["reason"]))
    return found


@pytest.mark.slow
async def test_four_kills(tmp_path: Path, keys: Keys) -> None:
    """Killed four times, with answers lost, the same command ends with every code stored once and every line told."""
    chance = random.Random(11)  # noqa: S311 - the same moments every time
    lines = write(tmp_path / "codes.txt", _CODES, seed=11)
    at = [
        Moment("line", 1, chance.uniform(0, 0.5)),  # while it starts, or a little later
        Moment("line", 2, chance.uniform(0, 0.02)),  # the line says that reading begins
        *(Moment(ARRIVED, nth, wait) for nth, wait in ((1, 0.0), (6, 0.01))),
    ]
    async with place(tmp_path, keys, mode="UPLOAD", room=_CODES, lost=0.05, seed=2, forgets=True) as where:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("WXCOUPON_")}
        words = ["codes", "upload", lines.path, "--ledger", tmp_path / "ledger", "--report", tmp_path / "report.csv"]
        words += ["--product-coupon-id", where.ids["product_coupon_id"], "--stock-id", where.ids["stock_id"]]
        words += ["--rate", "1000000", "--progress", "json", "--json"]
        job = Command(where.marks, words, environ | where.environ)
        assert 1 == await until_it_ends(job, where.marks, at)  # there are invalid lines

        assert set(lines.codes) == set(where.codes)
        again = each_code_once(calls_by_number(where.proxy.seen), lines.codes)
        said = json.loads(job.out.splitlines()[-1])
        counts = said["counts"]
        tally = Tally(
            counts["uploaded"],
            counts["already_exist"],
            counts["duplicate"],
            counts["failed"],
            counts["invalid"],
            counts["unknown"],
        )
        marked = every_line_once(_reported(tmp_path / "report.csv", lines), tally, lines)
        assert len(lines.rows) == said["lines"]
        assert again == marked
        assert len(again) > 0
        assert where.proxy.counts[Fault.LOSE] > 0
        whole(tmp_path / "ledger")
