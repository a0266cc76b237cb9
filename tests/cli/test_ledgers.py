"""What a ledger knows of jobs: looking on, reporting, comparing with what stocks hold, and forgetting."""

import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from .conftest import Cli, Local
from .uploads import NONE, codes_in, held_by, kill, rows_of

_ENDPOINT = "product_coupon.upload_coupon_codes"


def test_looked_at_while_it_runs(cli: Cli, local: Local, stock: list[str], own: str, tmp_path: Path) -> None:
    """Other processes see how far a job is, and what became of its lines, and may not run it too."""
    codes = codes_in(tmp_path / "codes.txt", own, 3000)
    words = ("codes", "upload", "codes.txt", *stock, "--job", "spring", "--rate", 1)
    with cli.start(*words) as process:
        while len(held_by(local, stock)) < 400:
            time.sleep(0.02)
        cli.environ.clear()
        status = cli("codes", "status", "spring", "--json").document
        report = cli("codes", "report", "spring", "--report", "report.csv", "--json").document
        cli.environ.update(local.settings())
        second = cli(*words, "--json")
        kill(process, signal.SIGTERM)
    after = cli("codes", "status")

    assert ("spring", "upload", "running", "codes.txt", 3000) == tuple(
        status[name] for name in ("job", "kind", "state", "source", "lines")
    )
    assert {"product_coupon_id": stock[1], "stock_id": stock[3]}.items() <= status["target"].items()
    assert 200 <= status["counts"]["uploaded"] == 3000 - status["left"]
    assert (3000, "report.csv") == (report["lines"], report["report"])
    assert report["left"] == 3000 - report["counts"]["uploaded"]
    rows = rows_of(tmp_path / "report.csv")
    assert codes == [row["code"] for row in rows]
    assert {"uploaded": 3000 - report["left"], "pending": report["left"]} == Counter(row["outcome"] for row in rows)
    assert (2, "JobHeldError") == (second.status, second.error["type"])
    assert f"by process {process.pid}" in second.error["message"]
    assert "job spring: interrupted; run it again to go on" in after.out
    assert ["uploaded", "already_exist", "duplicate", "failed", "invalid", "unknown"] == [
        line.split()[0] for line in after.out.splitlines()[-6:]
    ]


def test_all_jobs_and_their_stocks(cli: Cli, local: Local, stock: list[str], own: str, tmp_path: Path) -> None:
    """All jobs of a ledger are listed, and what they uploaded is compared with what the stock holds."""
    codes_in(tmp_path / "a.txt", f"{own}a", 3)
    codes_in(tmp_path / "b.txt", f"{own}b", 2)
    for name in ("a", "b"):
        assert 0 == cli("codes", "upload", f"{name}.txt", *stock, "--job", name, "--ledger", "mine.sqlite").status
    assert 0 == cli("codes", "upload", "b.txt", *stock, "--job", "b", "--ledger", "other.sqlite").status

    ended = cli("codes", "status", "--reconcile", "--ledger", "mine.sqlite", "--json").document
    text = cli("codes", "status", "a", "--reconcile", "--ledger", "mine.sqlite")
    Path("a.txt").write_text(f"{own}c\n")
    assert 0 == cli("codes", "upload", "a.txt", *stock, "--job", "c", "--ledger", "other.sqlite").status
    wrong = cli("codes", "status", "a", "--reconcile", "--ledger", "mine.sqlite")

    assert ["a", "b"] == [job["job"] for job in ended["jobs"]]
    assert {"done"} == {job["state"] for job in ended["jobs"]}
    assert "mine.sqlite" == ended["ledger"]
    (compared,) = ended["stocks"]
    assert (5, 5, 5, 0, True) == tuple(
        compared[name] for name in ("uploaded", "total", "available", "difference", "adds_up")
    )
    assert (0, 1) == (text.status, wrong.status)
    assert f"stock {stock[3]}: adds up" in text.out
    assert "does NOT add up" in wrong.out
    assert "WeChat Pay holds 1 code more" in wrong.out
    assert local.requests(_ENDPOINT)


@pytest.mark.parametrize("words", [["status"], ["status", "x"], ["report", "x", "--report", "report.csv"]])
def test_nothing_to_look_at(bare: Cli, words: list[str], tmp_path: Path) -> None:
    """A ledger that is not there is not made by looking at it."""
    ended = bare("codes", *words, "--json")

    assert (2, "") == (ended.status, ended.out)
    assert "there is no ledger wxcoupon-ledger.sqlite" in ended.error["message"]
    assert [] == list(tmp_path.iterdir())


def test_no_such_job(cli: Cli, stock: list[str], own: str, tmp_path: Path) -> None:
    """A job that is not in the ledger is named with those that are."""
    codes_in(tmp_path / "codes.txt", own, 1)
    assert 0 == cli("codes", "upload", "codes.txt", *stock, "--job", "spring").status

    for words in (["status", "sprin"], ["report", "sprin", "--report", "report.csv"]):
        ended = cli("codes", *words)
        assert 2 == ended.status
        assert "there is no job 'sprin' in this ledger; it has 'spring'" in ended.err


def test_another_file_of_the_same_name(cli: Cli, local: Local, stock: list[str], own: str, tmp_path: Path) -> None:
    """A file that changed is another job; what cannot be read any more can still be counted."""
    codes = codes_in(tmp_path / "codes.txt", own, 2)
    words = ("codes", "upload", "codes.txt", *stock, "--json")
    assert 0 == cli(*words).status
    (tmp_path / "codes.txt").write_text(f"{own}x\n")

    changed = cli(*words)
    report = cli("codes", "report", changed.error["message"].split("'")[1], "--report", "report.csv", "--json")
    status = cli("codes", "status", "--json")
    other = cli(*words, "--job", "other")

    assert (2, "SourceChangedError", 2, "SourceChangedError") == (
        changed.status,
        changed.error["type"],
        report.status,
        report.error["type"],
    )
    assert "--job" in changed.error["hint"]
    assert "--renew" not in changed.error["hint"]
    assert "put the file back as it was" == report.error["hint"]
    assert not (tmp_path / "report.csv").exists()
    assert [2] == [job["counts"]["uploaded"] for job in status.document["jobs"]]
    assert 0 == other.status
    assert sorted([*codes, f"{own}x"]) == sorted(held_by(local, stock))


def test_a_stock_that_is_not_known(cli: Cli, stock: list[str], own: str, tmp_path: Path) -> None:
    """A stock of which WeChat Pay does not tell is a finding of its own, and the others are compared all the same."""
    codes_in(tmp_path / "codes.txt", own, 3)
    assert 3 == cli("codes", "upload", "codes.txt", *stock[:3], "7", "--job", "lost").status
    assert 0 == cli("codes", "upload", "codes.txt", *stock, "--job", "spring").status

    text, machine = cli("codes", "status", "--reconcile"), cli("codes", "status", "--reconcile", "--json")

    assert (1, 1) == (text.status, machine.status)
    assert "stock 7: could NOT be compared" in text.out
    assert f"stock {stock[3]}: adds up" in text.out
    lost, spring = machine.document["stocks"]
    assert ("7", ["lost"], 0, None, False) == tuple(
        lost[name] for name in ("stock_id", "jobs", "uploaded", "total", "adds_up")
    )
    assert "404" in lost["findings"][0]
    assert lost.keys() == spring.keys()
    assert (3, True) == (spring["total"], spring["adds_up"])


def test_forgetting(cli: Cli, stock: list[str], own: str, tmp_path: Path) -> None:
    """A job is taken out of its ledger with the file that kept its rows; the file that it was given stays."""
    codes_in(tmp_path / "codes.txt", own, 3)
    (tmp_path / "users.csv").write_text(f"openid\n{own}-o1\n")
    assert 0 == cli("codes", "upload", "codes.txt", *stock, "--job", "spring").status
    assert 0 == cli.process("codes", "upload", "-", *stock, "--job", "piped", stdin=f"{own}x\n").status
    assert 0 == cli("coupons", "send", "users.csv", *stock, "--appid", "wx1", "--job", "rows").status

    spring = cli("codes", "forget", "spring")
    piped = cli("codes", "forget", "piped", "--json").document["jobs"][0]
    rows = cli("codes", "forget", "rows", "--json").document["jobs"][0]
    gone = cli("codes", "forget", "spring")
    again = cli("codes", "upload", "codes.txt", *stock, "--job", "spring", "--json")

    assert (0, "job spring is forgotten: 3 lines, 3 uploaded\n") == (spring.status, spring.out)
    assert "stays with WeChat Pay" in spring.err
    assert not Path(piped["removed"]).exists()
    assert (1, None) == (rows["counts"]["done"], rows["removed"])
    assert (2, True) == (gone.status, "there is no job 'spring' in this ledger; it has none" in gone.err)
    assert (0, NONE | {"uploaded": 3}) == (again.status, again.document["counts"])


def test_a_job_that_is_run_is_not_forgotten(cli: Cli, local: Local, stock: list[str], own: str, tmp_path: Path) -> None:
    """Who runs it would lose it under his hands."""
    codes_in(tmp_path / "codes.txt", own, 1000)
    with cli.start("codes", "upload", "codes.txt", *stock, "--job", "spring", "--rate", 1) as process:
        while not held_by(local, stock):
            time.sleep(0.02)
        ended = cli("codes", "forget", "spring", "--json")
        kill(process, signal.SIGTERM)

    assert (2, "JobHeldError") == (ended.status, ended.error["type"])
    assert "interrupted" == cli("codes", "status", "spring", "--json").document["state"]
