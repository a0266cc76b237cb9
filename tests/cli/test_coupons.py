"""Files of users and their coupons: sent, confirmed, redeemed, returned and deactivated row by row."""

import csv
import signal
import time
from pathlib import Path

import pytest

from .conftest import Cli, Local

_USERS = 3
_COUNTS = dict.fromkeys(("done", "duplicate", "failed", "invalid", "unknown"), 0)


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def filled(cli: Cli, stock: list[str], own: str, tmp_path: Path) -> list[str]:
    """A stock with codes, and the appid, as options."""
    (tmp_path / "codes.txt").write_text("".join(f"{own}-{number}\n" for number in range(5)))
    assert 0 == cli("codes", "upload", "codes.txt", *stock).status
    return [*stock, "--appid", "wx1234567890abcdef"]


def test_the_life_of_coupons(cli: Cli, filled: list[str], own: str, tmp_path: Path) -> None:
    """What one command writes is what the next one reads, until every coupon is deactivated."""
    (tmp_path / "users.csv").write_text("openid\n" + "".join(f"{own}-o{number}\n" for number in range(_USERS)))

    sent = cli("coupons", "send", "users.csv", "--job", "spring", "--out", "sent.csv", *filled, "--json")
    rows = _table(tmp_path / "sent.csv")
    (tmp_path / "coupons.csv").write_text(
        "openid,coupon_code,deactivate_reason,use_time,associated_order_info.transaction_id\n"
        + "".join(
            f"{row['openid']},{row['coupon_code']},over,{row['receive_time']},42000000002025112100000000{row['line']}\n"
            for row in rows
        )
    )
    words = ("coupons.csv", "--job", "spring", *filled, "--json")
    ended = {
        word: cli("coupons", word, *words[:2], f"{words[2]} {word}", *words[3:], "--out", f"{word}.csv")
        for word in ("confirm", "use", "return", "deactivate")
    }

    assert (0, {"job": "spring", "counts": _COUNTS | {"done": 3}, "rows": 3, "out": "sent.csv"}) == (
        sent.status,
        sent.document,
    )
    assert ["2", "3", "4"] == sorted(row["line"] for row in rows)
    assert {"CONFIRMING"} == {row["coupon_state"] for row in rows}
    assert 3 == len({row["request_no"] for row in rows})
    assert dict.fromkeys(ended, 0) == {word: one.status for word, one in ended.items()}
    states = {word: {row["coupon_state"] for row in _table(tmp_path / f"{word}.csv")} for word in ended}
    assert {
        "confirm": {"EFFECTIVE"},
        "use": {"USED"},
        "return": {"EFFECTIVE"},
        "deactivate": {"DEACTIVATED"},
    } == states


def test_a_job_again(cli: Cli, local: Local, filled: list[str], own: str, tmp_path: Path) -> None:
    """A job that is over sends nothing, writes the same again, and says the same of rows in trouble."""
    (tmp_path / "users.csv").write_text(f"openid,attach\n{own}-o1,\n{own}-o1,\n,x\n{own}-o2,{'y' * 200}\n")
    words = ("coupons", "send", "users.csv", "--job", "spring", "--out", "sent.csv", *filled, "--json")

    first = cli(*words)
    before = local.requests("product_coupon.send_coupon")
    table = sorted(_table(tmp_path / "sent.csv"), key=lambda row: row["line"])
    again = cli(*words)
    report = cli("codes", "report", "spring", "--report", "report.csv", "--json")

    assert (1, 1) == (first.status, again.status)
    assert _COUNTS | {"done": 1, "duplicate": 1, "invalid": 2} == first.last["counts"]
    assert [(4, "invalid"), (5, "invalid")] == [(row["row"], row["outcome"]) for row in first.lines[:-1]]
    assert first.out == again.out
    assert before == local.requests("product_coupon.send_coupon")
    assert table == sorted(_table(tmp_path / "sent.csv"), key=lambda row: row["line"])
    assert ["done", "duplicate", "invalid", "invalid"] == [row["outcome"] for row in table]
    assert "an earlier row says the same" == table[1]["reason"]
    assert "$.openid" in table[2]["reason"]
    assert (0, 4, 0) == (report.status, report.document["rows"], report.document["left"])
    with (tmp_path / "report.csv").open(encoding="utf-8-sig", newline="") as file:
        assert table == list(csv.DictReader(file))


def test_for_people(cli: Cli, filled: list[str], own: str, tmp_path: Path) -> None:
    """Without --json the rows in trouble are named by their lines, and no openid is."""
    (tmp_path / "users.csv").write_text(f"openid,name\n{own}-o1,Ada\n" + f"{own}-o2 {'z' * 200},Bob\n")

    ended = cli("coupons", "send", "users.csv", "--job", "spring", *filled)

    assert 1 == ended.status
    assert "columns of users.csv that are not used: name" in ended.err
    assert "line 3: invalid: $.openid" in ended.err
    assert f"{own}-o2" not in ended.err
    assert "job spring: 2 rows: 1 done, 1 invalid" in ended.out


def test_defaults(cli: Cli, filled: list[str], own: str, tmp_path: Path) -> None:
    """What all rows have in common is an option; a rehearsal says what would be sent and what would not."""
    (tmp_path / "users.csv").write_text(f"openid\n{own}-o1\n")
    words = ("coupons", "send", "users.csv", "--job", "spring", *filled)

    good = cli(*words, "--default", "attach=from the shop", "--dry-run", "--json")
    unknown = cli(*words, "--default", "atach=x")
    twice = cli(*words, "--default", "appid=wx2")
    none = cli(*words, "--default", "attach")
    missing = cli("coupons", "use", "users.csv", "--job", "spring", *filled)
    unnamed = cli("coupons", "send", "users.csv", "--job", "spring", *filled[:4])

    assert (0, 1, 1, None) == (good.status, *(good.document[name] for name in ("to_send", "calls", "out")))
    assert [2] * 5 == [ended.status for ended in (unknown, twice, none, missing, unnamed)]
    assert "did you mean 'attach'" in unknown.err
    assert "appid is given more than once" in twice.err
    assert "--default is NAME=VALUE" in none.err
    assert "no coupon_code is known" in missing.err
    assert "no appid is known: give --appid, or a csv file with a column appid" in unnamed.err


def test_killed(cli: Cli, local: Local, filled: list[str], own: str, tmp_path: Path) -> None:
    """Killed and run again, every user has one coupon, and every row is in the file once."""
    (tmp_path / "users.csv").write_text("openid\n" + "".join(f"{own}-o{number}\n" for number in range(5)))
    words = ("coupons", "send", "users.csv", "--job", "spring", "--out", "sent.csv", *filled, "--json", "--rate")
    before = local.requests("product_coupon.send_coupon")
    with cli.start(*words, 2) as process:
        while local.requests("product_coupon.send_coupon") < before + 3:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)
    seen = len(_table(tmp_path / "sent.csv"))

    ended = cli(*words, 1_000_000)

    assert 1 <= seen < 5
    assert (0, _COUNTS | {"done": 5}) == (ended.status, ended.document["counts"])
    rows = _table(tmp_path / "sent.csv")
    assert ["2", "3", "4", "5", "6"] == sorted(row["line"] for row in rows)
    assert 5 == len({row["coupon_code"] for row in rows})


def test_more_users(cli: Cli, filled: list[str], own: str, tmp_path: Path) -> None:
    """A file that has grown is refused under the same name; renewed, who has a coupon keeps it, and gets no other."""
    (tmp_path / "users.csv").write_text(f"openid\n{own}-o1\n")
    words = ("coupons", "send", "users.csv", "--job", "spring", "--out", "sent.csv", *filled, "--json")
    assert 0 == cli(*words).status
    (one,) = _table(tmp_path / "sent.csv")
    (tmp_path / "users.csv").write_text(f"openid\n{own}-o1\n{own}-o2\n")

    refused = cli(*words)
    renewed = cli(*words, "--renew")
    again = cli(*words)

    assert (2, "SourceChangedError") == (refused.status, refused.error["type"])
    assert "--renew" in refused.error["hint"]
    assert [0, 0] == [renewed.status, again.status]
    assert _COUNTS | {"done": 2} == renewed.document["counts"] == again.document["counts"]
    rows = sorted(_table(tmp_path / "sent.csv"), key=lambda row: row["line"])
    assert (one["request_no"], one["coupon_code"]) == (rows[0]["request_no"], rows[0]["coupon_code"])
    assert rows[0]["coupon_code"] != rows[1]["coupon_code"]
