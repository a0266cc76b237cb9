"""Pre-sending tokens from a file."""

import csv
import json
import signal
import sqlite3
import stat
import time
from contextlib import closing
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path

import pytest

from .conftest import Cli, Local

_ENDPOINT = "product_coupon.pre_send_coupon"


@pytest.fixture
def filled(cli: Cli, stock: list[str], own: str, tmp_path: Path) -> list[str]:
    """A stock with codes, as options."""
    (tmp_path / "codes.txt").write_text("".join(f"{own}-{number}\n" for number in range(3)))
    assert 0 == cli("codes", "upload", "codes.txt", *stock).status
    return stock


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _rows(path: Path) -> dict[str, dict[str, str]]:
    return {row["openid"]: row for row in _table(path)}


def test_csv(cli: Cli, filled: list[str], tmp_path: Path) -> None:
    """Every row gets a token with the time it ends, or says why not, in a file that only its owner may read."""
    (tmp_path / "users.csv").write_text("openid,send_request_no,attach\no-1,mine_0001,x\no-2,,\n,mine_0002,\n")
    words = ("tokens", "pre-send", "users.csv", "--out", "tokens.csv", *filled, "--appid", "wx1", "--json")
    (tmp_path / "tokens.csv").touch(0o644)

    ended = cli(*words)
    rows = _rows(tmp_path / "tokens.csv")

    assert 1 == ended.status
    assert {"done": 2, "duplicate": 0, "failed": 0, "invalid": 1, "unknown": 0} == ended.last["counts"]
    assert (3, "tokens.csv") == (ended.last["rows"], ended.last["out"])
    assert {"row": 4, "outcome": "invalid", "reason": rows[""]["error"]} == ended.lines[0]
    assert "mine_0001" == rows["o-1"]["send_request_no"]
    assert rows["o-2"]["send_request_no"].startswith("wxc-")
    assert rows["o-1"]["token"] != rows["o-2"]["token"]
    assert datetime.fromisoformat(rows["o-1"]["expires_at"]).tzinfo
    assert (rows[""]["token"], rows[""]["expires_at"]) == ("", "")
    assert "openid" in rows[""]["error"]
    assert 0o600 == stat.S_IMODE((tmp_path / "tokens.csv").stat().st_mode)


def test_text(cli: Cli, local: Local, filled: list[str], tmp_path: Path) -> None:
    """A text file is one openid a line; run again, the tokens are those of before, and --renew gets others for them."""
    (tmp_path / "users.txt").write_text("o-1\n\no-2\no-1\n")
    words = ("tokens", "pre-send", "users.txt", "--out", "tokens.csv", *filled, "--appid", "wx1", "--job", "spring")
    before = local.requests(_ENDPOINT)

    first = cli(*words)
    tokens = sorted(_table(tmp_path / "tokens.csv"), key=itemgetter("error", "openid"))
    again = cli(*words)
    same = sorted(_table(tmp_path / "tokens.csv"), key=itemgetter("error", "openid"))
    renewed = cli(*words, "--renew")
    others = sorted(_table(tmp_path / "tokens.csv"), key=itemgetter("error", "openid"))

    assert [0, 0, 0] == [first.status, again.status, renewed.status]
    assert "3 rows: 2 done, 1 duplicate" in first.out
    assert "job 'spring' was finished before" in again.err
    assert before + 4 == local.requests(_ENDPOINT)
    assert tokens == same
    assert ["o-1", "o-2", "o-1"] == [row["openid"] for row in tokens]
    assert ["", "", "an earlier row says the same"] == [row["error"] for row in tokens]
    assert [row["send_request_no"] for row in tokens] == [row["send_request_no"] for row in others]
    assert not {row["token"] for row in tokens[:2]} & {row["token"] for row in others[:2]}


def test_empty(cli: Cli, stock: list[str], tmp_path: Path) -> None:
    """A file without rows is no job."""
    (tmp_path / "users.txt").write_text("\n")

    ended = cli("tokens", "pre-send", "users.txt", "--out", "tokens.csv", *stock, "--appid", "wx1", "--json")

    assert (2, "") == (ended.status, ended.out)
    assert "users.txt has no rows" in json.loads(ended.err)["error"]["message"]


def test_no_openids(cli: Cli, stock: list[str], tmp_path: Path) -> None:
    """A csv file needs the column openid."""
    (tmp_path / "users.csv").write_text("user\no-1\n")

    ended = cli("tokens", "pre-send", "users.csv", "--out", "tokens.csv", *stock, "--appid", "wx1")

    assert 2 == ended.status
    assert "no column 'openid'; its columns are: " in ended.err


def test_refused_for_all(cli: Cli, local: Local, stock: list[str], tmp_path: Path) -> None:
    """A stock that is not there is asked once, and the command ends with what WeChat Pay said."""
    (tmp_path / "users.txt").write_text("".join(f"o-{number}\n" for number in range(50)))
    before = local.requests(_ENDPOINT)

    ended = cli("tokens", "pre-send", "users.txt", "--out", "tokens.csv", *stock[:3], "7", "--appid", "wx1", "--json")

    assert (3, 404) == (ended.status, ended.error["status"])
    assert "49 rows are not sent yet" in ended.err
    assert [{"row": 1, "outcome": "failed"}] == [
        {"row": row["row"], "outcome": row["outcome"]} for row in ended.lines[:-1]
    ]
    assert before + 1 == local.requests(_ENDPOINT)


def test_nothing_to_send(cli: Cli, local: Local, stock: list[str], tmp_path: Path) -> None:
    """Where no row can be sent the status is 2, with the reasons on stderr but no openid."""
    (tmp_path / "users.csv").write_text(f"openid,attach\no-secret,{'x' * 200}\n")
    before = local.requests(_ENDPOINT)

    ended = cli("tokens", "pre-send", "users.csv", "--out", "tokens.csv", *stock, "--appid", "wx1")

    assert 2 == ended.status
    assert "line 2: invalid: $.attach" in ended.err
    assert "users.csv has no row that can be sent; nothing was sent" in ended.err
    assert "o-secret" not in ended.err
    assert before == local.requests(_ENDPOINT)


def test_what_is_there_stays(cli: Cli, stock: list[str], tmp_path: Path) -> None:
    """Tokens of before are kept as long as there is nothing to put in their place."""
    (tmp_path / "tokens.csv").write_text("precious")
    (tmp_path / "users.txt").write_text("openid\n")
    words = ("tokens", "pre-send", "users.txt", "--out", "tokens.csv", *stock, "--appid", "wx1")

    empty = cli(*words)
    cli.environ["WXCOUPON_PRIVATE_KEY_FILE"] = "/nowhere/key.pem"
    unset = cli(*words)

    assert (2, 2) == (empty.status, unset.status)
    assert "precious" == (tmp_path / "tokens.csv").read_text()
    assert {"tokens.csv", "users.txt"} <= {path.name for path in tmp_path.iterdir()}
    assert not list(tmp_path.glob("*.part"))


def test_heading_and_columns(cli: Cli, local: Local, filled: list[str], tmp_path: Path) -> None:
    """The word openid is nobody's openid; columns nobody uses are named, and one that is there twice is refused."""
    words = ("--out", "tokens.csv", *filled, "--appid", "wx1", "--json")
    (tmp_path / "users.txt").write_text("OpenID\no-1\n")
    (tmp_path / "users.csv").write_text("openid,name\no-2,x\n")
    (tmp_path / "twice.csv").write_text("openid,attach,attach\no-3,x,y\n")
    before = local.requests(_ENDPOINT)

    text, table, twice = (cli("tokens", "pre-send", name, *words) for name in ("users.txt", "users.csv", "twice.csv"))

    assert [(0, 1), (0, 1)] == [(ended.status, ended.document["rows"]) for ended in (text, table)]
    assert "line 1 of users.txt was taken as a heading, and not sent" in text.err
    assert "columns of users.csv that are not used: name" in table.err
    assert 2 == twice.status
    assert "several columns called 'attach'" in twice.error["message"]
    assert before + 2 == local.requests(_ENDPOINT)


def test_terminated(cli: Cli, local: Local, filled: list[str], tmp_path: Path) -> None:
    """SIGTERM ends a job like Ctrl-C, with every row that was read in the file, and says how to go on."""
    (tmp_path / "users.txt").write_text("".join(f"o-{number}\n" for number in range(20_000)))
    before = local.requests(_ENDPOINT)
    words = ("tokens", "pre-send", "users.txt", "--out", "tokens.csv", *filled, "--appid", "wx1", "--json")

    with cli.start(*words) as process:
        while local.requests(_ENDPOINT) < before + 5:
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)

    assert 130 == process.returncode
    assert "run the same command again" in json.loads(err.splitlines()[-1])["error"]["hint"]
    summary = json.loads(out.splitlines()[-1])
    assert summary["rows"] == sum(summary["counts"].values()) == len(_rows(tmp_path / "tokens.csv"))
    assert 5 <= summary["rows"] < 20_000


def test_tokens_as_they_come(cli: Cli, filled: list[str], tmp_path: Path) -> None:
    """Tokens are in the file while the job runs; killed and run again, those of before are in it too, each once."""
    (tmp_path / "users.txt").write_text("".join(f"o-{number}\n" for number in range(12)))
    words = ("tokens", "pre-send", "users.txt", "--out", "tokens.csv", *filled, "--appid", "wx1", "--json", "--rate")
    with cli.start(*words, 4) as process:
        while not (tmp_path / "tokens.csv").exists() or len(_table(tmp_path / "tokens.csv")) < 3:
            time.sleep(0.02)
        early = _rows(tmp_path / "tokens.csv")
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)

    ended = cli(*words, 1_000_000)

    assert (0, 12) == (ended.status, ended.document["counts"]["done"])
    rows = _table(tmp_path / "tokens.csv")
    assert sorted(f"o-{number}" for number in range(12)) == sorted(row["openid"] for row in rows)
    assert all(row["token"] and row["expires_at"] for row in rows)
    later = _rows(tmp_path / "tokens.csv")
    assert {openid: row["token"] for openid, row in early.items()}.items() <= {
        openid: row["token"] for openid, row in later.items()
    }.items()


def test_rows_that_end_while_earlier_ones_are_told(cli: Cli, filled: list[str], tmp_path: Path) -> None:
    """Rows whose calls end while the rows known before are still read are told once, and all of them are in order."""
    openids = ["o-0"] * 4000 + [f"o-{number}" for number in range(1, 40)] + ["x" * 200]
    (tmp_path / "users.txt").write_text("".join(f"{openid}\n" for openid in openids))
    words = ("tokens", "pre-send", "users.txt", "--out", "tokens.csv", *filled, "--appid", "wx1", "--rate", 1_000_000)

    ended = cli(*words, "--json")

    assert (1, {"done": 40, "duplicate": 3999, "failed": 0, "invalid": 1, "unknown": 0}) == (
        ended.status,
        ended.last["counts"],
    )
    assert [4040] == [row["row"] for row in ended.lines[:-1]]
    assert openids == [row["openid"] for row in _table(tmp_path / "tokens.csv")]
    assert not list(tmp_path.glob("*.part"))


def test_interrupted_and_run_again(cli: Cli, local: Local, filled: list[str], tmp_path: Path) -> None:
    """A job that was stopped has every row once in the file when it is run again, and troubles are told once."""
    openids = [f"o-{number}" for number in range(1500)]
    (tmp_path / "users.txt").write_text("".join(f"{openid}\n" for openid in openids))
    words = ("tokens", "pre-send", "users.txt", "--out", "tokens.csv", *filled, "--appid", "wx1", "--rate", 1_000_000)
    for share in (600, 400):
        before = local.requests(_ENDPOINT)
        with cli.start(*words, "--json") as process:
            while local.requests(_ENDPOINT) < before + share:
                time.sleep(0.02)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
        summary = json.loads(out.splitlines()[-1])
        told = [row["openid"] for row in _table(tmp_path / "tokens.csv")]
        assert (130, summary["rows"]) == (process.returncode, len(told))
        assert bool(summary["counts"]["unknown"]) is ("under way when interrupted" in err)
        assert len(told) == len(set(told)) < 1500

    ended = cli(*words, "--json")

    assert 0 == ended.status
    assert openids == [row["openid"] for row in _table(tmp_path / "tokens.csv")]


def test_tokens_that_have_expired(cli: Cli, filled: list[str], tmp_path: Path) -> None:
    """A job that is over says how many of its tokens are of no use any more, and how to get others."""
    (tmp_path / "users.txt").write_text("o-1\no-2\n")
    words = ("tokens", "pre-send", "users.txt", "--out", "tokens.csv", *filled, "--appid", "wx1")
    assert 0 == cli(*words).status

    fresh = cli(*words)
    with closing(sqlite3.connect(tmp_path / "wxcoupon-ledger.sqlite")) as ledger, ledger:
        year = datetime.now(UTC).year
        ledger.execute("UPDATE chunks SET detail = replace(detail, ?, ?)", (f'"{year}-', f'"{year - 1}-'))
    stale = cli(*words)

    assert "expired" not in fresh.err
    assert "2 tokens of an earlier run have expired; --renew gets new ones" in stale.err
