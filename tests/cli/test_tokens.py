"""Pre-sending tokens from a file."""

import csv
import json
import signal
import stat
import time
from datetime import datetime
from pathlib import Path

import pytest

from .conftest import Cli, Local

pytestmark = pytest.mark.xdist_group("cli")


_ENDPOINT = "product_coupon.pre_send_coupon"


@pytest.fixture
def filled(cli: Cli, stock: list[str], own: str, tmp_path: Path) -> list[str]:
    """A stock with codes, as options."""
    (tmp_path / "codes.txt").write_text("".join(f"{own}-{number}\n" for number in range(3)))
    assert 0 == cli("codes", "upload", "codes.txt", *stock).status
    return stock


def _rows(path: Path) -> dict[str, dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return {row["openid"]: row for row in csv.DictReader(file)}


def test_csv(cli: Cli, filled: list[str], tmp_path: Path) -> None:
    """Every row gets a token with the time it ends, or says why not, in a file that only its owner may read."""
    (tmp_path / "users.csv").write_text("openid,send_request_no,attach\no-1,mine_0001,x\no-2,,\n,mine_0002,\n")
    words = ("tokens", "pre-send", "users.csv", "--out", "tokens.csv", *filled, "--appid", "wx1", "--json")
    (tmp_path / "tokens.csv").touch(0o644)

    ended = cli(*words)
    rows = _rows(tmp_path / "tokens.csv")

    assert 1 == ended.status
    assert {"done": 2, "failed": 0, "invalid": 1} == ended.last["counts"]
    assert (3, "tokens.csv") == (ended.last["rows"], ended.last["out"])
    assert {"row": 4, "outcome": "invalid", "reason": rows[""]["error"]} == ended.lines[0]
    assert "mine_0001" == rows["o-1"]["send_request_no"]
    assert rows["o-2"]["send_request_no"].startswith("wxc-")
    assert rows["o-1"]["token"] != rows["o-2"]["token"]
    assert datetime.fromisoformat(rows["o-1"]["expires_at"]).tzinfo
    assert (rows[""]["token"], rows[""]["expires_at"]) == ("", "")
    assert "openid" in rows[""]["error"]
    assert 0o600 == stat.S_IMODE((tmp_path / "tokens.csv").stat().st_mode)


def test_text(cli: Cli, filled: list[str], tmp_path: Path) -> None:
    """A text file is one openid a line; under the same job a user has the same number, and another token."""
    (tmp_path / "users.txt").write_text("o-1\n\no-2\n")
    words = ("tokens", "pre-send", "users.txt", "--out", "tokens.csv", *filled, "--appid", "wx1", "--job", "spring")

    first = cli(*words)
    before = _rows(tmp_path / "tokens.csv")
    again = cli(*words)
    after = _rows(tmp_path / "tokens.csv")

    assert (0, 0) == (first.status, again.status)
    assert "2 rows: 2 done" in first.out
    for openid in ("o-1", "o-2"):
        assert before[openid]["send_request_no"] == after[openid]["send_request_no"]
        assert before[openid]["token"] != after[openid]["token"]


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
    assert "no column 'openid'; its columns are: user" in ended.err


def test_refused_for_all(cli: Cli, local: Local, stock: list[str], tmp_path: Path) -> None:
    """A stock that is not there is asked once, and the command ends with what WeChat Pay said."""
    (tmp_path / "users.txt").write_text("".join(f"o-{number}\n" for number in range(50)))
    before = local.requests(_ENDPOINT)

    ended = cli("tokens", "pre-send", "users.txt", "--out", "tokens.csv", *stock[:3], "7", "--appid", "wx1", "--json")

    assert (3, 404) == (ended.status, ended.error["status"])
    assert "stopped after 1 row; later rows were neither read nor sent" in ended.err
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
