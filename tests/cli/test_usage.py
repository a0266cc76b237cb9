"""What is wrong with a command line is said in one sentence, before anything is sent."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from wxcoupon.cli.commands import COMMANDS

from .conftest import Cli, Local

pytestmark = pytest.mark.xdist_group("cli")

_IDS = ["--product-coupon-id", "1", "--stock-id", "2"]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.words)
def test_help(bare: Cli, command: object) -> None:
    """Every command has a help with an example that begins with its own words, and knows --json."""
    words = command.words  # type: ignore[attr-defined]
    ended = bare(*words.split(), "--help")

    assert 0 == ended.status
    assert f"    wxcoupon {words}" in ended.out.partition("Example:")[2]
    assert "--json" in ended.out


@pytest.mark.parametrize("words", [[], ["--help"], ["codes"]])
def test_overview(bare: Cli, words: list[str]) -> None:
    """Without a command, the commands are listed."""
    ended = bare(*words)

    assert 0 == ended.status
    assert "upload" in ended.out or "Exit status" in ended.out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["frobnicate"], 'Unknown command "frobnicate"'),
        (["codes", "upload", *_IDS], "FILE requires an argument"),
        (["codes", "upload", "codes.txt", "--stock-id", "2"], "--product-coupon-id requires an argument"),
        (["codes", "upload", "codes.txt", *_IDS, "--frobnicate", "1"], "Unknown option"),
        (["codes", "upload", "codes.txt", *_IDS, "--rate", "fast"], 'unable to convert "fast" into int'),
        (["call"], "NAME requires an argument"),
        (["call", "product_coupon.get_stok"], "did you mean product_coupon.get_stock"),
        (["call", "frobnicate"], "there is no endpoint 'frobnicate'"),
        (["call", "product_coupon.get_stock", "--checks", "maybe"], '"on", "warn", "off"'),
        (["request", "FETCH", "/v3/x"], "'FETCH' is no method"),
        (["request", "GET", "/v3/x", "--data", "{}"], "a GET has no data"),
        (["sandbox", "--port", "99999"], "99999 is no port"),
        (["demo", "--codes", "0"], "--codes is at least 1"),
    ],
)
def test_wrong_words(bare: Cli, words: list[str], sentence: str) -> None:
    """Wrong words of a command line are named in one sentence, as text or as one JSON object; the status is 2."""
    text = bare(*words)
    machine = bare(*words, "--json")

    assert (2, "", 2, "") == (text.status, text.out, machine.status, machine.out)
    assert sentence in text.err
    assert 1 == len(text.err.splitlines())
    assert sentence in machine.error["message"]
    assert "UsageError" == machine.error["type"]


def test_missing_settings(bare: Cli) -> None:
    """Every missing setting is named at once."""
    ended = bare("call", "product_coupon.get_notify_config", "--json")

    assert 2 == ended.status
    assert "ConfigurationError" == ended.error["type"]
    for name in ("IDENTITY", "SERIAL_NO", "PRIVATE_KEY_FILE", "PLATFORM_KEY_ID", "PLATFORM_KEY_FILE"):
        assert f"WXCOUPON_{name}" in ended.error["message"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"WXCOUPON_PRIVATE_KEY_FILE": "/nowhere/key.pem"},
            "KEY_FILE (environment): there is no file /nowhere",
        ),
        ({"WXCOUPON_CONFIG": "/nowhere/wx.toml"}, "there is no settings file /nowhere/wx.toml"),
        ({"WXCOUPON_LOUDNESS": "11"}, "WXCOUPON_LOUDNESS in the environment is no setting"),
        ({"WXCOUPON_PRIVATE_KEY": "x"}, "WXCOUPON_PRIVATE_KEY (environment): has to be PEM text"),
        ({"WXCOUPON_IDENTITY": "brand"}, "WXCOUPON_MCHID (environment) does not go with"),
    ],
)
def test_wrong_settings(cli: Cli, change: dict[str, str], sentence: str) -> None:
    """A wrong setting is named with the place it came from."""
    cli.environ.update(change)

    ended = cli("call", "product_coupon.get_notify_config")

    assert (2, "") == (ended.status, ended.out)
    assert sentence in ended.err
    assert 1 == len(ended.err.splitlines())


@pytest.mark.parametrize(
    ("name", "content", "options", "sentence"),
    [
        ("none.txt", None, [], "there is no file"),
        ("empty.txt", "\n \n", [], "empty.txt has no codes; nothing was sent"),
        ("codes.csv", "name,number\nx,A1\n", ["--column", "code"], "no column 'code'; its columns are: name, number"),
        ("codes.csv", "", ["--column", "code"], "has no codes"),
        ("codes.txt", "A1\n", ["--column", "code"], "only .csv files have columns"),
        ("codes.xlsx", b"PK\x03\x04", [], "Excel workbook"),
        ("codes.txt", "A1\n", ["--concurrency", "0"], "concurrency is at least 1"),
        ("codes.txt", "A1\n", ["--rate", "0"], "'0/s' is no rate"),
        ("codes.txt", "A1\n", ["--report", "codes.txt"], "is the file that is read"),
        ("codes.txt", "A1\n", ["--report", "no/such/report.csv"], "cannot be written"),
        ("codes.txt", "A1\n", ["--job", "x", "--config", "none.toml"], "there is no settings file none.toml"),
    ],
)
def test_wrong_files(
    cli: Cli, local: Local, tmp_path: Path, name: str, content: str | bytes | None, options: list[str], sentence: str
) -> None:
    """A file that cannot be uploaded is named with what to do, and nothing is sent."""
    if content is not None:
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    before = local.requests("product_coupon.upload_coupon_codes")

    ended = cli("codes", "upload", name, *_IDS, *options)

    assert 2 == ended.status
    assert sentence in ended.err
    assert 1 == len(ended.err.splitlines())
    assert before == local.requests("product_coupon.upload_coupon_codes")
    if content == "A1\n":
        assert "A1\n" == (tmp_path / name).read_text()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ('{"notify_url": }', "not JSON: Expecting value at line 1 column 16"),
        ("@none.json", "none.json cannot be read"),
        ("[]", "one JSON object"),
    ],
)
def test_wrong_data(cli: Cli, data: str, sentence: str) -> None:
    """Data that is no JSON object is refused with the place of the fault."""
    ended = cli("call", "product_coupon.set_notify_config", "--data", data)

    assert (2, "") == (ended.status, ended.out)
    assert sentence in ended.err


def test_pre_send_without_an_appid(cli: Cli, tmp_path: Path) -> None:
    """What no option and no column says is asked for by name."""
    (tmp_path / "users.csv").write_text("openid,stock_id,product_coupon_id\no-1,1,2\n")

    ended = cli("tokens", "pre-send", "users.csv", "--out", "tokens.csv")

    assert 2 == ended.status
    assert "give --appid, or a csv file with a column appid" in ended.err
    assert not (tmp_path / "tokens.csv").exists()


def test_occupied_port(bare: Cli) -> None:
    """A port that is in use is named."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = bare("sandbox", "--port", port, "--dir", "here")

    assert (2, "") == (ended.status, ended.out)
    assert f"port {port} of 127.0.0.1 is in use" in ended.err


def test_in_a_process(bare: Cli) -> None:
    """The command in a process of its own ends the same way, without a traceback."""
    ended = bare.process("call", "product_coupon.get_stok", "--json")

    assert (2, "") == (ended.status, ended.out)
    assert {"type", "status", "code", "message", "detail", "request_id", "numeric_code", "hint"} == set(ended.error)


def test_nobody_reads_the_output(bare: Cli) -> None:
    """When the reader of its output goes away, a command ends without a traceback."""
    with bare.start("endpoints", "--json") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert "Traceback" not in process.stderr.read()
        assert 130 == process.wait()


def test_config_show(cli: Cli, local: Local) -> None:
    """The settings in force are shown with the places they come from, and secrets are not."""
    shown = cli("config", "show", "--json").document
    text = cli("config", "show")

    assert {"value": "partner", "origin": "environment"} == shown["identity"]
    assert {"value": None, "origin": None} == shown["proxy"]
    secret = local.settings()["WXCOUPON_APIV3_KEY"]
    assert secret not in json.dumps(shown) + text.out
    assert "mchid" in text.out


def test_without_the_extra() -> None:
    """Without the packages of the extra, the command says which extra it needs."""
    program = "import sys; sys.modules['cyclopts'] = None; from wxcoupon.__main__ import main; main()"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert 2 == ended.returncode
    assert "wxcoupon[cli]" in ended.stderr
