"""Jobs that outlive their process: resuming, rehearsing, and what is said meanwhile."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing, suppress
from itertools import pairwise
from pathlib import Path

import xlsxwriter
from python_calamine import CalamineWorkbook

from .conftest import Cli, Local
from .uploads import NONE, codes_in, held_by, kill, rows_of

_ENDPOINT = "product_coupon.upload_coupon_codes"


def test_killed_again_and_again(cli: Cli, local: Local, stock: list[str], own: str, tmp_path: Path) -> None:
    """Killed at any moment and run again, a job stores every code once, and says uploaded of each."""
    codes = codes_in(tmp_path / "codes.txt", own, 3000)
    words = ("codes", "upload", "codes.txt", *stock, "--json", "--job", "spring", "--report", "report.csv")
    before = 0
    for _ in range(3):
        with cli.start(*words, "--rate", 5) as process:
            while len(held_by(local, stock)) <= before:
                time.sleep(0.01)
            kill(process, signal.SIGKILL)
        before = len(held_by(local, stock))

    ended = cli(*words, "--rate", 1_000_000)
    again = cli(*words)

    assert 600 <= before < 3000
    assert (0, {"job": "spring", "counts": NONE | {"uploaded": 3000}, "lines": 3000, "report": "report.csv"}) == (
        ended.status,
        ended.document,
    )
    assert codes == sorted(held_by(local, stock))
    rows = rows_of(tmp_path / "report.csv")
    assert codes == [row["code"] for row in rows]
    assert {"uploaded": 3000} == Counter(row["outcome"] for row in rows)
    assert (0, ended.document) == (again.status, again.document)
    assert "job 'spring' was finished before; nothing was sent now" in again.err


def test_mended_after_nothing_was_sent(cli: Cli, local: Local, stock: list[str], own: str, tmp_path: Path) -> None:
    """Where nothing could be sent, the file may be mended and given again under the same name."""
    words = ("codes", "upload", "codes.txt", *stock, "--json")
    (tmp_path / "codes.txt").write_text("no code\n\n\n")
    wrong = cli(*words)
    (tmp_path / "codes.txt").write_text(f"{own}\n")
    right = cli(*words)

    assert (2, 0) == (wrong.status, right.status)
    assert [{"line": 1, "code": "no code", "outcome": "invalid", "reason": wrong.lines[0]["reason"]}] == wrong.lines[
        :-1
    ]
    assert NONE | {"invalid": 1} == wrong.last["counts"]
    assert [own] == held_by(local, stock)


def test_troubles_of_earlier_runs(cli: Cli, stock: list[str], own: str, tmp_path: Path) -> None:
    """A job that is over tells of every line in trouble again, in order, with the same counts and status."""
    (tmp_path / "codes.txt").write_text(f"a b\n{own}1\n{own}1\nc d\n" + f"{own}2\n")
    words = ("codes", "upload", "codes.txt", *stock, "--json")

    first, again = cli(*words), cli(*words)

    assert [1, 4] == [line["line"] for line in first.lines[:-1]]
    assert (1, first.out) == (again.status, again.out)
    assert "was finished before" in again.err


def test_the_same_pipe(cli: Cli, local: Local, stock: list[str], own: str) -> None:
    """What comes by a pipe and is not named is the same job when it says the same."""
    words = ("codes", "upload", "-", *stock, "--json")
    before = local.requests(_ENDPOINT)

    one, same, other = (cli.process(*words, stdin=f"{own}{text}\n") for text in ("1", "1", "2"))

    assert [0, 0, 0] == [ended.status for ended in (one, same, other)]
    assert one.last["job"] == same.last["job"] != other.last["job"]
    assert before + 2 == local.requests(_ENDPOINT)
    report = cli("codes", "report", other.last["job"], "--report", "report.csv")
    assert 0 == report.status
    assert [f"{own}2"] == [row["code"] for row in rows_of(Path("report.csv"))]


def test_rehearsal(bare: Cli, tmp_path: Path) -> None:
    """A rehearsal needs no settings, leaves nothing behind, counts every line and says how long it will take."""
    codes = [f"A{number}" for number in range(100_000)]
    (tmp_path / "codes.txt").write_text("\n".join(["no code", *codes, codes[0]]))
    words = ("codes", "upload", "codes.txt", "--product-coupon-id", "1", "--stock-id", "2", "--dry-run")

    machine, people, slow = bare(*words, "--json"), bare(*words), bare(*words, "--rate", "0.5")

    said = machine.document
    assert (0, 0, 0) == (machine.status, people.status, slow.status)
    assert ("codes.txt:1:2", 100_002, None, True) == (said["job"], said["lines"], said["report"], said["dry_run"])
    assert NONE | {"invalid": 1, "duplicate": 1} == said["counts"]
    assert (100_000, 500, 19.0, 26.3) == tuple(
        said[name] for name in ("to_send", "calls", "calls_per_second", "seconds")
    )
    assert [1] == [fault["line"] for fault in said["faults"]]
    assert "line 1: invalid: a code is of 0-9 A-Z a-z _ and -, this one has ' '" in people.err
    assert "500 calls at 19.00 a second: 26 seconds" in people.out
    assert "500 calls at 0.50 a second: 16 minutes 38 seconds" in slow.out
    assert ["codes.txt"] == [path.name for path in tmp_path.iterdir()]


def test_rehearsal_of_nothing(bare: Cli, tmp_path: Path) -> None:
    """Where nothing can be sent, a rehearsal ends with 2, and names the first lines only."""
    (tmp_path / "codes.txt").write_text("no code\n" * 30)

    ended = bare("codes", "upload", "codes.txt", "--product-coupon-id", "1", "--stock-id", "2", "--dry-run")

    assert 2 == ended.status
    assert "line 20: invalid" in ended.err
    assert "line 21: " not in ended.err
    assert "and 10 more lines are invalid" in ended.err
    assert "nothing of it can be sent" in ended.out


def test_progress_for_machines(cli: Cli, stock: list[str], own: str, tmp_path: Path) -> None:
    """Progress as JSON is an object a second on stderr, from reading to the end."""
    codes = codes_in(tmp_path / "codes.txt", own, 1000)
    (tmp_path / "codes.txt").write_text("\n".join(["code", *codes]))
    words = ("codes", "upload", "codes.txt", *stock, "--json", "--rate", 2, "--progress", "json")

    ended = cli.process(*words)
    said, *objects = [json.loads(line) for line in ended.err.splitlines()]
    looks = [one["progress"] for one in objects]
    refused = cli("codes", "upload", "none.txt", *stock, "--progress", "json")

    assert 0 == ended.status
    assert ["reading", "sending", "ended"] == list(dict.fromkeys(look["phase"] for look in looks))
    assert all(before["calls"] <= after["calls"] for before, after in pairwise(looks))
    last = looks[-1]
    assert NONE | {"uploaded": 1000} == last["counts"]
    assert (1000, 0, 5, 0) == tuple(last[name] for name in ("lines", "left", "calls", "repeats"))
    assert any(look["rate"] and look["eta"] and look["calls_per_second"] for look in looks)
    assert 1000 == ended.document["counts"]["uploaded"]
    assert {"message": "line 1 of codes.txt was taken as a heading, and not sent"}.items() <= said.items()
    assert "there is no file" in refused.error["message"]


def test_progress_for_logs(cli: Cli, stock: list[str], own: str, tmp_path: Path) -> None:
    """Progress as lines begins and ends with one, and there is none where there is no terminal and nobody asked."""
    codes_in(tmp_path / "codes.txt", own, 3)

    lines = cli("codes", "upload", "codes.txt", *stock, "--progress", "line").err.splitlines()
    quiet = cli("codes", "upload", "codes.txt", *stock, "--job", "x", "--progress", "quiet")
    nobody = cli("codes", "upload", "codes.txt", *stock, "--job", "y")

    assert "reading: 0 lines looked at, nothing sent yet" == lines[0]
    assert "ended: 3 of 3 lines (100%), uploaded 3" == lines[-1]
    assert all("ended" not in ended.err for ended in (quiet, nobody))


def test_workbooks(cli: Cli, local: Local, stock: list[str], own: str, tmp_path: Path) -> None:
    """Codes come from a workbook, and every line goes into one, as text."""
    digits = f"{int(own[1:], 16):020}"
    with xlsxwriter.Workbook(tmp_path / "codes.xlsx") as book:
        sheet = book.add_worksheet("codes")
        for line, cells in enumerate([["name", "券码"], ["tea", digits], ["milk", f"{own}-2"], ["ice", "=1+1"]]):
            for column, cell in enumerate(cells):
                sheet.write_string(line, column, cell)

    ended = cli("codes", "upload", "codes.xlsx", *stock, "--report", "report.xlsx", "--json")

    assert (1, "report.xlsx") == (ended.status, ended.document["report"])
    assert sorted([digits, f"{own}-2"]) == sorted(held_by(local, stock))
    rows = CalamineWorkbook.from_path(tmp_path / "report.xlsx").get_sheet_by_index(0).to_python()
    assert ["line", "code", "outcome", "reason"] == rows[0]
    assert [[2, digits, "uploaded"], [3, f"{own}-2", "uploaded"], [4, "=1+1", "invalid"]] == [
        row[:3] for row in rows[1:]
    ]


def test_a_report_that_is_full(cli: Cli, local: Local, stock: list[str], own: str, tmp_path: Path) -> None:
    """A job whose report could not be written is done all the same; run again, it is written."""
    codes_in(tmp_path / "codes.txt", own, 2)
    words = ("codes", "upload", "codes.txt", *stock, "--json", "--report")

    full, again = cli(*words, "/dev/full"), cli(*words, "report.csv")

    assert (1, 0) == (full.status, again.status)
    assert 2 == len(held_by(local, stock)) == len(rows_of(tmp_path / "report.csv"))


_FULL = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
os.execv(sys.executable, [sys.executable, "-m", "wxcoupon", *sys.argv[2:]])
"""


def test_a_full_disk(cli: Cli, local: Local, stock: list[str], own: str, tmp_path: Path) -> None:
    """Where the ledger cannot grow the job stops and says so; with room again it goes on, and nothing is doubled."""
    codes = codes_in(tmp_path / "codes.txt", own, 20_000)
    words = ["codes", "upload", "codes.txt", *stock, "--rate", "1000000", "--json"]
    statuses: list[int] = []
    room = 20_000
    while not statuses or statuses[-1] == 2:
        ended = subprocess.run(
            [sys.executable, "-c", _FULL, str(room), *words],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | cli.environ,
        )
        statuses.append(ended.returncode)
        error = json.loads(ended.stderr.splitlines()[-1])["error"]
        assert ("LedgerError", True) == (error["type"], "run the same job again" in error["message"])
        assert "Traceback" not in ended.stderr
        assert 2 != ended.returncode or not held_by(local, stock)
        room += 8_000
    summary = json.loads(ended.stdout.splitlines()[-1])
    held = len(held_by(local, stock))

    again = cli(*words)

    assert 1 == statuses[-1]
    assert 0 < held < 20_000
    assert summary["lines"] == sum(summary["counts"].values()) < 20_000
    assert (0, NONE | {"uploaded": 20_000}) == (again.status, again.document["counts"])
    assert codes == sorted(held_by(local, stock))


def _is_begun(ledger: Path) -> bool:
    """Whether a ledger has a job; one that is just being made has not even a table."""
    try:
        with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as connection:
            return bool(connection.execute("SELECT count(*) FROM jobs").fetchone()[0])
    except sqlite3.OperationalError:
        return False


def test_stopped_while_the_file_is_read(cli: Cli, local: Local, stock: list[str], tmp_path: Path) -> None:
    """Stopped before anything is sent, a job says so; it is in the ledger, without anything to tell of its lines."""
    (tmp_path / "codes.txt").write_text("".join(f"B{number}\n" for number in range(2_000_000)))
    words = ("codes", "upload", "codes.txt", *stock, "--job", "big")
    before = local.requests(_ENDPOINT)
    with cli.start(*words, "--progress", "line") as process:
        assert process.stderr is not None
        assert "reading: 0 lines looked at, nothing sent yet\n" == process.stderr.readline()
        while not _is_begun(tmp_path / "wxcoupon-ledger.sqlite"):
            time.sleep(0.01)
        err = kill(process, signal.SIGINT)
    status = cli("codes", "status", "big", "--json")
    report = cli("codes", "report", "big", "--report", "report.csv")

    assert 130 == process.returncode
    assert "nothing was sent; run the same command again" in err
    assert "Traceback" not in err
    assert before == local.requests(_ENDPOINT)
    assert ("unplanned", None, None) == tuple(status.document[name] for name in ("state", "lines", "left"))
    assert 2 == report.status
    assert "ended while its source was read, and sent nothing" in report.err


def test_progress_on_a_terminal(cli: Cli, stock: list[str], own: str, tmp_path: Path) -> None:
    """Where stderr is a terminal, a bar shows how far the job is, how fast, and what became of its lines."""
    codes_in(tmp_path / "codes.txt", own, 600)
    master, terminal = os.openpty()
    words = ["codes", "upload", "codes.txt", *stock, "--rate", "2", "--json"]
    with subprocess.Popen(
        [sys.executable, "-m", "wxcoupon", *words],
        stdout=subprocess.PIPE,
        stderr=terminal,
        text=True,
        env=os.environ | cli.environ | {"COLUMNS": "200", "TERM": "xterm"},
    ) as process:
        os.close(terminal)
        shown = b""
        with suppress(OSError), os.fdopen(master, "rb", buffering=0) as screen:  # a terminal ends with an error
            while block := screen.read(4096):
                shown += block
        assert process.stdout is not None
        out = process.stdout.read()

    text = shown.decode()
    assert 0 == process.returncode
    assert "reading" in text
    assert "uploading" in text
    assert "600/600" in text
    assert "uploaded 600" in text
    assert "calls a second" in text
    assert 600 == json.loads(out)["lines"]


def test_a_file_that_changes_meanwhile(cli: Cli, local: Local, stock: list[str], own: str, tmp_path: Path) -> None:
    """A file that is replaced while its codes are sent ends the job with 1; put back, the job goes on."""
    codes = codes_in(tmp_path / "codes.txt", own, 4000)
    words = ("codes", "upload", "codes.txt", *stock, "--json", "--concurrency", 1, "--rate")
    with cli.start(*words, 5) as process:
        while len(held_by(local, stock)) < 400:
            time.sleep(0.02)
        content = (tmp_path / "codes.txt").read_text()
        with (tmp_path / "codes.txt").open("r+") as file:
            file.write(content.replace(own, own.lower()[::-1]))
        out, err = process.communicate(timeout=60)
    (tmp_path / "codes.txt").write_text(content)

    again = cli(*words, 1_000_000)

    assert 1 == process.returncode
    assert "SourceChangedError" == json.loads(err.splitlines()[-1])["error"]["type"]
    assert 400 <= json.loads(out.splitlines()[-1])["lines"] < 4000
    assert (0, NONE | {"uploaded": 4000}) == (again.status, again.document["counts"])
    assert codes == sorted(held_by(local, stock))
