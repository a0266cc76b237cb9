"""Pre-sending tokens from a file."""

import csv
import json
import stat
from datetime import datetime
from pathlib import Path

import pytest

from .conftest import Cli

pytestmark = pytest.mark.xdist_group("cli")


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
    assert {"done": 2, "failed": 0, "invalid": 1} == ended.document["counts"]
    assert (3, "tokens.csv") == (ended.document["rows"], ended.document["out"])
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
