"""The sandbox in a process of its own, and the demo."""

import json
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from .conftest import Cli, Local


@pytest.mark.parametrize(("stop", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_sandbox(bare: Cli, tmp_path: Path, stop: signal.Signals, status: int) -> None:
    """The sandbox says once where it is, to stdout and to a file, serves until it is stopped, and ends quietly."""
    with bare.start(
        "sandbox", "--ready-file", "ready", "--dir", "there", "--notify-url", "http://127.0.0.1:1/x"
    ) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        cli = bare
        cli.environ = Local(ready["base_url"], tmp_path / "there").settings("brand")
        assert ready == json.loads((tmp_path / "ready").read_text())
        shown = cli("call", "product_coupon.get_notify_config", "--json").document
        process.send_signal(stop)
        out, err = process.communicate(timeout=30)

    assert not list(tmp_path.glob("ready*"))
    assert (process.pid, str(tmp_path / "there")) == (ready["pid"], ready["dir"])
    assert "http://127.0.0.1:1/x" == shown["notify_url"]
    assert (status, "") == (process.returncode, out)
    assert "Traceback" not in err


def test_a_folder_with_a_space(bare: Cli, tmp_path: Path) -> None:
    """A shell reads the settings the sandbox wrote, also where their paths have a space."""
    with bare.start("sandbox", "--dir", "my sandbox") as process:
        assert process.stdout is not None
        process.stdout.readline()
        script = 'set -a; . "$1/partner.env"; set +a; printf %s "$WXCOUPON_PRIVATE_KEY_FILE"'
        read = subprocess.run(
            ["sh", "-c", script, "sh", tmp_path / "my sandbox"], capture_output=True, text=True, check=True
        )
        process.terminate()
        process.communicate(timeout=30)

    assert (str(tmp_path / "my sandbox" / "partner_key.pem"), "") == (read.stdout, read.stderr)


@pytest.mark.parametrize(
    "words",
    [
        ["sandbox", "--ready-file", "no/such/folder"],
        ["sandbox", "--ready-file", "."],
        ["sandbox", "--notify-url", "ftp://x"],
        ["sandbox", "--host", "192.0.2.1"],
        ["demo", "--dir", "afile"],
        ["demo", "--dir", "afile/below"],
    ],
)
def test_a_failed_start(bare: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    """A start that fails names what was given, and leaves nothing behind."""
    (tmp_path / "afile").touch()
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))

    ended = bare(*words)

    assert (2, "") == (ended.status, ended.out)
    assert words[2] in ended.err.splitlines()[-1]
    assert ["afile", "temporary"] == sorted(path.name for path in tmp_path.iterdir())
    assert not list((tmp_path / "temporary").iterdir())


@pytest.mark.parametrize("words", [["sandbox"], ["demo", "--codes", "20000"]])
def test_temporary_folders(bare: Cli, tmp_path: Path, words: list[str]) -> None:
    """A folder nobody asked for is gone once the command is terminated."""
    bare.environ["TMPDIR"] = str(tmp_path)

    with bare.start(*words) as process:
        while not list(tmp_path.glob("wxcoupon-*/*")):
            time.sleep(0.02)
        process.terminate()
        _, err = process.communicate(timeout=30)

    assert (130 if words[0] == "demo" else 0) == process.returncode
    assert "Traceback" not in err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("merchant", "/v3/marketing/busifavor/coupons/send"),
        ("partner", "/v3/marketing/partner/product-coupon/notify-configs"),
        ("brand", "/brand/marketing/product-coupon/notify-configs"),
    ],
)
def test_the_settings_of_each_identity(bare: Cli, local: Local, kind: str, path: str) -> None:
    """With the settings the sandbox wrote, each identity's signature is accepted; what is refused is the data."""
    bare.environ = local.settings(kind)

    ended = bare("request", "POST", path, "--data", "{}", "--json")

    assert (3, 400, "PARAM_ERROR") == (ended.status, ended.error["status"], ended.error["code"])


def test_demo(bare: Cli, tmp_path: Path) -> None:
    """The demo tells its story on stderr, and its summary agrees with the sandbox's state in every line."""
    ended = bare.process("demo", "--codes", 450, "--dir", "kept", "--json")

    assert 0 == ended.status
    assert ended.document["agrees"] is True
    facts = {fact["what"]: (fact["client"], fact["sandbox"]) for fact in ended.document["summary"]}
    assert (450, 450) == facts["codes uploaded"] == facts["of them from the file"]
    assert (5, 5) == facts["callbacks verified and opened"] == facts["coupons confirmed"]
    assert (1, 1) == facts["coupons redeemed"]
    assert (445, 445) == facts["codes left in the stock"]
    assert "created product coupon" in ended.err
    kept = {"codes.txt", "report.csv", "tokens.csv", "wxcoupon-ledger.sqlite", "wxcoupon-ledger.sqlite.d"}
    assert kept == {path.name for path in (tmp_path / "kept").iterdir()}


def test_demo_as_text(bare: Cli) -> None:
    """Without --json the summary is a table; few codes are enough."""
    ended = bare("demo", "--codes", "2")

    assert 0 == ended.status
    assert "Everything agrees." in ended.out
    assert "DIFFERENT" not in ended.out
