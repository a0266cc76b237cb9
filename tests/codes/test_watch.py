"""``wxcoupon codes watch``: also killed at any moment."""

import asyncio
import csv
import json
import secrets
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ..cli.conftest import Cli, Local
from ..fault_proxy import Answered, Fault, FaultProxy

_KILLED = 2
"""How often a watch is killed before it may end."""


def codes_of(local: Local, stock: list[str]) -> list[str]:
    """The codes that the sandbox holds in a stock."""
    codes: list[str] = local.look(f"stocks/{stock[-1]}/codes")
    return codes


def events_of(lines: list[Any]) -> list[tuple[str, int | None]]:
    """What a watch said, and how many codes were available."""
    return [(line["event"], line["available"]) for line in lines]


def test_a_watch_fills_a_stock_and_tells_in_json(cli: Cli, stock: list[str], local: Local) -> None:
    """One object a line; a second watch finds nothing to do."""
    words = ("codes", "watch", *stock, "--below", 5, "--fill", 20, "--generate", "--once", "--json")
    first, second = cli(*words), cli(*words)
    assert (0, "", 0, "") == (first.status, first.err, second.status, second.err)
    assert [("checked", 0), ("topped_up", 20)] == events_of(first.lines)
    assert [("checked", 20)] == events_of(second.lines)
    assert {
        "event": "topped_up",
        "words": "20 codes uploaded",
        "available": 20,
        "total": 20,
        "job": f"watch {stock[-1]} generated #1",
        "counts": {"uploaded": 20, "already_exist": 0, "duplicate": 0, "failed": 0, "invalid": 0, "unknown": 0},
    } == {name: value for name, value in first.lines[1].items() if name != "time"}
    assert 20 == len(codes_of(local, stock))


def test_top_ups_are_reported_like_any_job(cli: Cli, stock: list[str], local: Local, tmp_path: Path) -> None:
    """The codes that were generated are in the job's report, and the stock adds up."""
    cli("codes", "watch", *stock, "--below", 1, "--fill", 3, "--generate", "--once", "--job", "w")
    assert 0 == cli("codes", "report", "w #1", "--report", "report.csv").status
    rows = list(csv.DictReader((tmp_path / "report.csv").read_text("utf-8-sig").splitlines()))
    assert [(code, "uploaded") for code in codes_of(local, stock)] == [(row["code"], row["outcome"]) for row in rows]
    assert 0 == cli("codes", "status", "w #1", "--reconcile").status


def test_a_file_without_codes_left_ends_with_1(cli: Cli, stock: list[str], tmp_path: Path) -> None:
    """The watch says why it ends, on stderr."""
    own = secrets.token_hex(4)
    (tmp_path / "codes.txt").write_text(f"{own}a\n{own}b\n")
    words = ("codes", "watch", *stock, "--below", 5, "--fill", 20, "--from", "codes.txt")
    ended = cli(*words, "--every", 0.01)
    assert 1 == ended.status
    assert "warning: the source has only 2 codes more, and the stock lacks 20" in ended.err
    assert "ended: the source has no more codes, and the stock lacks 18" in ended.err
    assert ["0 codes available", "2 codes uploaded", "2 codes available"] == [
        line.partition(" ")[2] for line in ended.out.splitlines()
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Give either --from FILE or --generate."),
        (("--generate", "--from", "x.txt"), "Give either --from FILE or --generate."),
        (("--from", "x.txt", "--prefix", "A"), "are of generated codes"),
        (("--from", "x.txt"), "there is no file x.txt"),
        (("--generate", "--length", 10), "give a length of at least"),
        (("--generate", "--every", 0), "above 0, not 0"),
    ],
    ids=["neither", "both", "prefix", "nowhere", "length", "every"],
)
def test_what_does_not_fit_together_is_refused(
    cli: Cli, stock: list[str], words: tuple[object, ...], said: str
) -> None:
    """Nothing is uploaded by a watch that makes no sense."""
    ended = cli("codes", "watch", *stock, "--below", 5, "--fill", 20, *words)
    assert (2, "") == (ended.status, ended.out)
    assert said in ended.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_watch_ends_cleanly(cli: Cli, stock: list[str], number: signal.Signals) -> None:
    """Interrupted while it waits, it says how to go on."""
    words = ("codes", "watch", *stock, "--below", 1, "--fill", 2, "--generate", "--json")
    with cli.start(*words) as process:
        assert process.stdout is not None
        assert ["checked", "topped_up"] == [json.loads(process.stdout.readline())["event"] for _ in range(2)]
        process.send_signal(number)
        _, err = process.communicate(timeout=100)
    assert 130 == process.returncode
    assert "run the same command again: a top-up that had begun is finished, not doubled" in err


@pytest.mark.slow
@pytest.mark.parametrize("way", ["generate", "from"])
async def test_a_watch_that_is_killed_loses_nothing_and_doubles_nothing(
    cli: Cli, stock: list[str], local: Local, tmp_path: Path, way: str
) -> None:
    """Killed in the middle of a top-up again and again, with answers under way, it finishes that one as it began."""
    own = secrets.token_hex(4)
    codes = [f"{own}{number}" for number in range(5_000)]
    (tmp_path / "codes.txt").write_text("\n".join(codes))
    source = ("--generate",) if way == "generate" else ("--from", "codes.txt")
    words = ("codes", "watch", *stock, "--below", 4_000, "--fill", 4_000, *source, "--json")
    async with FaultProxy(local.base_url) as proxy:
        for _ in range(_KILLED):
            reached = asyncio.Event()

            def reach(_: Answered, reached: asyncio.Event = reached) -> None:
                reached.set()

            proxy.script.clear()
            # The stock, an upload alone, two that act and are never answered, one that is: then all hang.
            proxy.then(Fault.PASS, Fault.PASS, Fault.HANG, Fault.HANG, reach, *[Fault.HANG] * 30)
            with cli.start(*words, "--base-url", proxy.base_url) as process:
                await asyncio.wait_for(reached.wait(), 60)
                process.kill()
    uploads = [json.loads(passage.body) for passage in proxy.seen if passage.method == "POST"]
    numbers = {(code, upload["out_request_no"]) for upload in uploads for code in upload["code_list"]}
    assert len({code for code, _ in numbers}) == len(numbers)
    assert 4 * 200 <= len(codes_of(local, stock)) < 4_000

    ended = cli.process(*words, "--once")

    assert (0, [("topped_up", None), ("checked", 4_000)]) == (ended.status, events_of(ended.lines))
    held = codes_of(local, stock)
    (file,) = (tmp_path / "wxcoupon-ledger.sqlite.d").glob("watch-*.txt")
    assert Counter(file.read_text().split()[1:]) == Counter(held)
    assert 4_000 == len(set(held))
    assert 4_000 == ended.lines[0]["counts"]["uploaded"]
    if way == "from":
        assert set(codes[:4_000]) == set(held)


def test_a_watch_is_forgotten_with_its_codes(cli: Cli, stock: list[str]) -> None:
    """Its name stands for all its top-ups, whose files go with them."""
    for fill in (3, 6):
        words = ("--below", fill, "--fill", fill, "--generate", "--once", "--job", "w")
        assert 0 == cli("codes", "watch", *stock, *words).status
    ended = cli("codes", "forget", "w", "--json").document
    assert ["w #2", "w #1"] == [job["job"] for job in ended["jobs"]]
    assert [False, False] == [Path(job["removed"]).exists() for job in ended["jobs"]]
    assert [] == cli("codes", "status", "--json").document["jobs"]
