"""What has to be true once a job that was killed has ended."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

from tests.fault_proxy import Passage
from wxcoupon.bulk.account import every_row, planned_job, source_of
from wxcoupon.bulk.ledger import Tally
from wxcoupon.bulk.ledgers.sqlite_ledger import SqliteLedger
from wxcoupon.bulk.outcomes import RowEnd
from wxcoupon.bulk.verdicts import Ending

from .lines import Lines


def is_marked(reason: str) -> bool:
    """Whether a code was found there by a repetition of the call that put it there."""
    return reason.startswith("there when the call was repeated")


def calls_by_number(seen: Iterable[Passage], member: str = "out_request_no") -> dict[str, list[bytes]]:
    """The bodies that arrived under each request number, one for each request, which have to be equal."""
    found: defaultdict[str, list[bytes]] = defaultdict(list)
    for passage in seen:
        found[json.loads(passage.body)[member]].append(passage.body)
    assert all(1 == len(set(bodies)) for bodies in found.values()), "a request number came with several bodies"
    return dict(found)


def each_code_once(calls: dict[str, list[bytes]], codes: Sequence[str]) -> set[str]:
    """Every code came under one request number, no other came at all; gives those that came more than once."""
    lists = {number: json.loads(bodies[0])["code_list"] for number, bodies in calls.items()}
    came = [code for listed in lists.values() for code in listed]
    assert len(came) == len(codes)
    assert set(came) == set(codes)
    return {code for number, listed in lists.items() if len(calls[number]) > 1 for code in listed}


async def told(ledger: Path, job: str) -> tuple[Tally, list[RowEnd]]:
    """What a ledger says of a job: counts, and every row."""
    async with SqliteLedger(ledger) as opened:
        record = await planned_job(opened, job)
        source = source_of(record)
        try:
            rows = [row async for row in every_row(opened, record, source)]
        finally:
            source.close()
        assert record.rows == len(rows)
        return await opened.tally(record.id), rows


def every_line_once(rows: Iterable[tuple[int, str, Ending | None, str]], tally: Tally, lines: Lines) -> set[str]:
    """Every line has its outcome, once and in order, and the counts add up; gives the codes that are marked."""
    rows = list(rows)
    assert lines.rows == [(line, text, ending) for line, text, ending, _ in rows]
    assert (
        Tally(
            done=lines.count(Ending.DONE), duplicate=lines.count(Ending.DUPLICATE), invalid=lines.count(Ending.INVALID)
        )
        == tally
    )
    assert tally.total == len(lines.rows)
    assert all(reason for _, _, ending, reason in rows if ending is Ending.INVALID)
    assert not any(reason for _, _, ending, reason in rows if ending is Ending.DUPLICATE)
    done = {text: reason for _, text, ending, reason in rows if ending is Ending.DONE}
    assert all(not reason or is_marked(reason) for reason in done.values())
    return {text for text, reason in done.items() if reason}


def whole(ledger: Path) -> None:
    """The file of a ledger is whole, and every chunk in it is settled."""
    with closing(sqlite3.connect(ledger)) as connection:
        assert [("ok",)] == connection.execute("PRAGMA integrity_check").fetchall()
        assert [(2,)] == connection.execute("SELECT DISTINCT state FROM chunks").fetchall()
