"""Uploading a file of codes."""

import csv
import json
import random
import signal
import socket
import time
from collections import Counter
from pathlib import Path

import pytest

from .conftest import Cli, Local, create_stock

_ENDPOINT = "product_coupon.upload_coupon_codes"
_NONE = dict.fromkeys(("uploaded", "already_exist", "duplicate", "failed", "invalid", "unknown"), 0)


def _held(local: Local, stock: list[str]) -> list[str]:
    codes: list[str] = local.look(f"stocks/{stock[3]}/codes")
    return codes


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as report:
        return list(csv.DictReader(report))


@pytest.mark.slow
def test_a_hundred_thousand_lines(cli: Cli, local: Local, stock: list[str], own: str, tmp_path: Path) -> None:
    """Repeats, blanks and illegal codes are told apart in a long file: the counts add up, and each line is reported."""
    chance = random.Random(2)  # noqa: S311 - the same file every time
    lines: list[str] = []
    valid: list[str] = []
    illegal: list[int] = []
    for number in range(1, 100_001):
        match chance.choices(("new", "again", "blank", "illegal"), (90, 5, 3, 2))[0]:
            case "again" if valid:
                lines.append(f" {chance.choice(valid)}\t")
            case "blank":
                lines.append(chance.choice(("", "  ", "\t")))
            case "illegal":
                lines.append(chance.choice(("has space", "优惠码", "x" * 41, "semi;colon", "é", "a.b", "\u0663")))
                illegal.append(number)
            case _:
                lines.append(f"{own}_{number}")
                valid.append(lines[-1])
    (tmp_path / "codes.txt").write_text("\n".join(lines), "utf-8")
    words = ("codes", "upload", "codes.txt", *stock, "--rate", 1_000_000, "--report", "report.csv", "--json")

    ended = cli.process(*words)

    assert 1 == ended.status
    counted = sum(bool(line.strip()) for line in lines)
    repeats = counted - len(valid) - len(illegal)
    summary = ended.document
    assert _NONE | {"uploaded": len(valid), "duplicate": repeats, "invalid": len(illegal)} == summary["counts"]
    assert (counted, "report.csv") == (summary["lines"], summary["report"])
    assert sorted(valid) == sorted(_held(local, stock))
    rows = _rows(tmp_path / "report.csv")
    assert counted == len(rows)
    assert illegal == sorted(int(row["line"]) for row in rows if row["outcome"] == "invalid")
    assert all(row["reason"] for row in rows if row["outcome"] == "invalid")


def test_text_for_people(cli: Cli, local: Local, stock: list[str], own: str, tmp_path: Path) -> None:
    """Without --json the counts are a table, and the first illegal lines are named, though not their codes."""
    (tmp_path / "codes.txt").write_text(f"{own}\n" + "no code!\n" * 25)

    ended = cli("codes", "upload", "codes.txt", *stock)

    assert 1 == ended.status
    assert "line 2: invalid: a code is of 0-9 A-Z a-z _ and -, this one has ' '" in ended.err
    assert "line 21: " in ended.err
    assert "line 22: " not in ended.err
    assert "--report" in ended.err
    assert "no code!" not in ended.err
    assert ["uploaded 1", "invalid 25"] == [
        " ".join(line.split()) for line in ended.out.splitlines() if line.split()[0] in {"uploaded", "invalid"}
    ]
    assert [own] == _held(local, stock)


def test_lines_for_machines(cli: Cli, stock: list[str], own: str, tmp_path: Path) -> None:
    """With --json every line of stdout is an object: what went wrong, and last the counts."""
    (tmp_path / "codes.txt").write_text(f"{own}\n{own}\na b\n")

    lines = [json.loads(line) for line in cli("codes", "upload", "codes.txt", *stock, "--json").out.splitlines()]

    assert [("a b", 3, "invalid")] == [(line["code"], line["line"], line["outcome"]) for line in lines[:-1]]
    job = f"codes.txt:{stock[1]}:{stock[3]}"
    counts = _NONE | {"uploaded": 1, "duplicate": 1, "invalid": 1}
    assert {"job": job, "counts": counts, "lines": 3, "report": None} == lines[-1]


def test_only_repeats_are_no_failure(cli: Cli, stock: list[str], own: str, tmp_path: Path) -> None:
    """Run again, a job says uploaded again; under another name its codes are there already; neither is a failure."""
    (tmp_path / "codes.txt").write_text(f"{own}1\n{own}2\n{own}1\n")
    words = ("codes", "upload", "codes.txt", *stock, "--json")

    first, again, other = cli(*words), cli(*words), cli(*words, "--job", "other")

    assert [0, 0, 0] == [first.status, again.status, other.status]
    assert _NONE | {"uploaded": 2, "duplicate": 1} == first.last["counts"] == again.last["counts"]
    assert _NONE | {"already_exist": 2, "duplicate": 1} == other.last["counts"]


def test_csv_of_a_chinese_excel(cli: Cli, local: Local, stock: list[str], own: str, tmp_path: Path) -> None:
    """A csv file in GB18030 is read by the column asked for, and said to be so."""
    (tmp_path / "codes.csv").write_text(f"名称,券码\n咖啡,{own}1\n茶,{own}2\n", "gb18030")

    ended = cli("codes", "upload", "codes.csv", *stock, "--column", "券码", "--json")

    assert (0, 2) == (ended.status, ended.last["lines"])
    assert "GB18030" in ended.err
    assert [f"{own}1", f"{own}2"] == _held(local, stock)


def test_standard_input(cli: Cli, local: Local, stock: list[str], own: str) -> None:
    """A hyphen reads the codes from the standard input, as csv when a column is named."""
    text = cli.process("codes", "upload", "-", *stock, "--json", stdin=f"{own}1\n{own}2")
    table = cli.process("codes", "upload", "-", *stock, "--column", "c", "--json", stdin=f"n,c\n1,{own}3\n")

    assert (0, 2, 0, 1) == (text.status, text.last["lines"], table.status, table.last["lines"])
    assert [f"{own}{number}" for number in (1, 2, 3)] == _held(local, stock)


def test_refused_for_all(cli: Cli, local: Local, stock: list[str], own: str, tmp_path: Path) -> None:
    """A stock that is not there is asked once, and the command ends with what WeChat Pay said."""
    (tmp_path / "codes.txt").write_text("".join(f"{own}{number}\n" for number in range(1000)))
    before = local.requests(_ENDPOINT)

    ended = cli("codes", "upload", "codes.txt", *stock[:3], "7", "--json", "--report", "report.csv")

    assert (3, "ApiError", 404) == (ended.status, ended.error["type"], ended.error["status"])
    assert "800 lines are not sent yet: what stopped the job, below, holds for all of them" in ended.err
    assert {"failed": 200, "pending": 800} == Counter(row["outcome"] for row in _rows(tmp_path / "report.csv"))
    assert (_NONE | {"failed": 200}, 200) == (ended.last["counts"], ended.last["lines"])
    assert before + 1 == local.requests(_ENDPOINT)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_interrupted(cli: Cli, local: Local, stock: list[str], own: str, tmp_path: Path, stop: signal.Signals) -> None:
    """A signal ends an upload at once, every line accounted for; run again, nothing is lost or doubled."""
    codes = [f"{own}{number:04}" for number in range(5000)]
    (tmp_path / "codes.txt").write_text("\n".join(["no code", *codes]))
    words = ("codes", "upload", "codes.txt", *stock, "--json", "--rate")
    with cli.start(*words, 0.5, "--report", "report.csv") as process:
        while len(_held(local, stock)) < 200:
            time.sleep(0.05)
        process.send_signal(stop)
        out, err = process.communicate(timeout=30)

    held = len(_held(local, stock))
    rows = _rows(tmp_path / "report.csv")
    again = cli(*words, 1_000_000)

    assert 130 == process.returncode
    assert "run the same command again" in json.loads(err.splitlines()[-1])["error"]["hint"]
    assert "Traceback" not in err
    *troubles, summary = [json.loads(line) for line in out.splitlines()]
    assert [] == troubles
    counts = summary["counts"]
    assert summary["lines"] == sum(counts.values()) < 5001
    assert f"{5001 - summary['lines']:,} lines are not sent yet; run the same command again" in err
    assert (1, 0) == (counts["invalid"], counts["already_exist"])
    assert counts["uploaded"] + counts["unknown"] >= held >= 200
    assert list(range(1, 5002)) == [int(row["line"]) for row in rows]
    assert counts | {"pending": 5001 - summary["lines"]} == _NONE | Counter(row["outcome"] for row in rows)
    assert all("interrupted" in row["reason"] for row in rows if row["outcome"] == "unknown")
    assert (1, _NONE | {"uploaded": 5000, "invalid": 1}) == (again.status, again.last["counts"])
    assert codes == sorted(_held(local, stock))


@pytest.mark.parametrize(
    ("name", "content", "remark"),
    [
        ("codes.csv", "{own}\n", "line 1 of codes.csv was taken as a code; name the column with --column"),
        ("codes.csv", "id,Voucher\n7,{own}\n", "line 1 of codes.csv was taken as a heading, and not sent"),
        ("codes.txt", "券码\n{own}\n", "line 1 of codes.txt was taken as a heading, and not sent"),
    ],
)
def test_the_first_line(
    cli: Cli, local: Local, stock: list[str], own: str, tmp_path: Path, name: str, content: str, remark: str
) -> None:
    """What a first line was taken for is said on stderr, and a heading is never a code."""
    (tmp_path / name).write_text(content.format(own=own))

    ended = cli("codes", "upload", name, *stock, "--json")

    assert (0, 1, [own]) == (ended.status, ended.document["lines"], _held(local, stock))
    assert remark in ended.err


def test_nothing_legal(cli: Cli, local: Local, stock: list[str], tmp_path: Path) -> None:
    """A file without one legal code is wrong input: each line is reported, and the status is 2."""
    (tmp_path / "codes.txt").write_text("no code\n=1+1\n")
    before = local.requests(_ENDPOINT)

    ended = cli("codes", "upload", "codes.txt", *stock, "--json", "--report", "report.csv")

    assert (2, _NONE | {"invalid": 2}) == (ended.status, ended.document["counts"])
    assert "codes.txt has no legal code; nothing was sent" == ended.error["message"]
    assert ["no code", "'=1+1"] == [row["code"] for row in _rows(tmp_path / "report.csv")]
    assert before == local.requests(_ENDPOINT)


def test_a_report_that_cannot_be_written(cli: Cli, local: Local, stock: list[str], own: str, tmp_path: Path) -> None:
    """When the report fails after codes were sent, the counts are there, the file is named, and the status is 1."""
    (tmp_path / "codes.txt").write_text(f"{own}\n")

    ended = cli("codes", "upload", "codes.txt", *stock, "--json", "--report", "/dev/full")

    assert (1, 1, None) == (ended.status, ended.document["counts"]["uploaded"], ended.document["report"])
    assert "/dev/full could not be written to its end" in ended.error["message"]
    assert "what was sent is counted above" in ended.error["hint"]
    assert [own] == _held(local, stock)


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_an_output_that_cannot_be_written(
    cli: Cli, local: Local, stock: list[str], own: str, tmp_path: Path, options: list[str]
) -> None:
    """Where stdout cannot be written, the counts are on stderr, and the status is 1."""
    (tmp_path / "codes.txt").write_text(f"{own}\n")

    with (
        Path("/dev/full").open("w") as full,
        cli.start("codes", "upload", "codes.txt", *stock, *options, stdout=full) as process,
    ):
        _, err = process.communicate(timeout=30)

    assert 1 == process.returncode
    assert "uploaded" in err
    assert "the standard output could not be written to its end" in err
    assert "Traceback" not in err
    assert [own] == _held(local, stock)


def test_a_rate_below_one(cli: Cli, stock: list[str], own: str, tmp_path: Path) -> None:
    """A rate need not be whole: one call in less than two seconds takes that long for the second one."""
    (tmp_path / "codes.txt").write_text("".join(f"{own}{number}\n" for number in range(201)))
    started = time.monotonic()

    ended = cli("codes", "upload", "codes.txt", *stock, "--rate", "1.5", "--json")

    assert (0, 201) == (ended.status, ended.document["counts"]["uploaded"])
    assert time.monotonic() - started >= 0.6


def test_as_a_brand(cli: Cli, local: Local, own: str, tmp_path: Path) -> None:
    """A brand uploads its own codes with the same command."""
    cli.environ = local.settings("brand")
    stock = create_stock(cli, tmp_path)
    (tmp_path / "codes.txt").write_text(f"{own}1\n{own}2\n")

    ended = cli("codes", "upload", "codes.txt", *stock, "--json")

    assert (0, 2) == (ended.status, ended.last["counts"]["uploaded"])
    assert 2 == len(_held(local, stock))


def test_nobody_there(cli: Cli, stock: list[str], own: str, tmp_path: Path) -> None:
    """Where no connection is made it is said that nothing was sent, whatever the counts call it."""
    (tmp_path / "codes.txt").write_text("".join(f"{own}{number}\n" for number in range(1000)))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    ended = cli("codes", "upload", "codes.txt", *stock, "--base-url", f"http://127.0.0.1:{port}")

    assert 5 == ended.status
    assert "no connection was made, so what is counted as failed without an answer was not sent either" in ended.err
    assert "800 lines are not sent yet: what stopped the job, below, holds for all of them" in ended.err
