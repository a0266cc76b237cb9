"""What is wrong with a command line is said in one sentence, before anything is sent."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from wxcoupon.cli.commands import COMMANDS, GROUPS, Command
from wxcoupon.settings import TABLE

from .conftest import Cli, Local

_IDS = ["--product-coupon-id", "1", "--stock-id", "2"]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.words)
def test_help(bare: Cli, command: object) -> None:
    """Every command has a help with an example that begins with its own words, and knows --json."""
    words = command.words  # type: ignore[attr-defined]
    ended = bare(*words.split(), "--help")

    assert 0 == ended.status
    assert f"    wxcoupon {words}" in ended.out.partition("Example:")[2]
    assert "--json" in ended.out


def test_columns_of_rows(bare: Cli) -> None:
    """The help of a command over rows lists the columns, as the call's declaration has them."""
    said = " ".join(bare("coupons", "use", "--help").out.split())

    assert "for all rows: openid, coupon_code, product_coupon_id, stock_id, appid, use_time." in said
    assert "Others: out_request_no, store_id, associated_order_info.transaction_id, " in said
    assert "associated_order_info, " not in said


@pytest.mark.parametrize("words", [[], ["--help"], ["codes", "--help"]])
def test_overview(bare: Cli, words: list[str]) -> None:
    """Without a command, the commands are listed."""
    ended = bare(*words)

    assert 0 == ended.status
    assert "upload" in ended.out or "Exit status" in ended.out


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_alone(bare: Cli, group: str) -> None:
    """A group is no command: those it has are listed on stderr, and the status is 2."""
    text, machine = bare(group), bare(group, "--json")

    assert (2, "", 2, "") == (text.status, text.out, machine.status, machine.out)
    assert next(command.words for command in COMMANDS if command.words.startswith(group)).split()[1] in text.err
    assert f"'wxcoupon {group}' is not a whole command" in machine.error["message"]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.words)
def test_examples_are_not_wrapped(bare: Cli, command: Command) -> None:
    """The lines of an example are shown as they are to be typed."""
    lines = [line.strip() for line in command.example.strip().splitlines()]

    assert lines == [line.strip() for line in bare(*command.words.split(), "--help").out.splitlines()[-len(lines) :]]


@pytest.mark.parametrize(
    ("given", "reason"), [("-", "Give a file"), ("/dev/stdin", "It is what the standard input reads from")]
)
@pytest.mark.parametrize("option", ["--report", "--out", "--ready-file"])
def test_stdin_is_no_file_to_write(cli: Cli, tmp_path: Path, option: str, given: str, reason: str) -> None:
    """The standard input where a file is written is refused, and what it reads from is not touched."""
    (tmp_path / "codes.txt").write_text("A1\n")
    command = {
        "--report": ["codes", "upload", "-", *_IDS],
        "--out": ["tokens", "pre-send", "-", *_IDS, "--appid", "wx1"],
        "--ready-file": ["sandbox"],
    }[option]

    with (tmp_path / "codes.txt").open("r+") as codes, cli.start(*command, option, given, stdin=codes) as process:
        out, err = process.communicate(timeout=30)

    assert (2, "") == (process.returncode, out)
    assert f'Invalid value "{given}" for {option}. {reason}' in err
    assert "A1\n" == (tmp_path / "codes.txt").read_text()
    assert ["codes.txt"] == [path.name for path in tmp_path.iterdir()]


@pytest.mark.parametrize(
    "command", [["codes", "upload", "-", *_IDS], ["call", "product_coupon.get_stock", "--data", "-"]]
)
def test_closed_input(cli: Cli, command: list[str]) -> None:
    """A standard input that is closed is said to be."""
    words = " ".join(shlex.quote(word) for word in (sys.executable, "-m", "wxcoupon", *command))
    ended = subprocess.run(
        ["sh", "-c", f"{words} <&-"], capture_output=True, text=True, check=False, env=os.environ | cli.environ
    )

    assert (2, "") == (ended.returncode, ended.stdout)
    assert "the standard input is closed" in ended.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["frobnicate"], 'Unknown command "frobnicate"'),
        (["codes", "upload", *_IDS], "'wxcoupon codes upload' needs FILE."),
        (["codes", "upload", "codes.txt", "--stock-id", "2"], "needs --product-coupon-id."),
        (["codes", "upload", "codes.txt", *_IDS, "--frobnicate", "1"], "Unknown option"),
        (["codes", "upload", "codes.txt", *_IDS, "--rate", "fast"], 'unable to convert "fast" into float'),
        (["codes", "upload", "codes.txt", *_IDS, "--concurrency", "2.7"], "for --concurrency: It is a whole number"),
        (["codes", "upload", "codes.txt", *_IDS, "--concurrency", "0"], "for --concurrency. It is at least 1"),
        (["codes", "upload", "codes.txt", "--product-coupon-id", "", "--stock-id", "2"], "-coupon-id. It is empty"),
        (["codes", "upload", "codes.txt", "--product-coupon-id", "1", "--stock-id", " "], "--stock-id. It is empty"),
        (["codes", "upload", "", *_IDS], "Give the path of a file"),
        (["codes", "upload", "--frobnicate", *_IDS], "There is no such option"),
        (["codes", "upload", "codes.txt", *_IDS, "more.txt"], "'more.txt' is one argument too many"),
        (["codes", "upload", "codes.txt", *_IDS, "--job"], "--job requires an argument"),
        (["call"], "'wxcoupon call' needs NAME."),
        (["call", "product_coupon.get_stok"], "did you mean product_coupon.get_stock"),
        (["call", "frobnicate"], "there is no endpoint 'frobnicate'"),
        (["call", "product_coupon.get_stock", "--checks", "maybe"], '"on", "warn", "off"'),
        (["request", "FETCH", "/v3/x"], "'FETCH' is no method"),
        (["request", "GET", "/v3/x", "--data", "{}"], "a GET has no data"),
        (["sandbox", "--port", "99999"], "99999 is no port"),
        (["demo", "--codes", "0"], "for --codes. It is at least 1"),
        (["request", "GET", "/v3/x/券 {y}"], "percent-encoded ('券 {}'); write '券' as %E5%88%B8"),
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
        ("codes.csv", "name,number\nx,A1\n", ["--column", "code"], "no column 'code'; its columns are: "),
        ("codes.csv", "", ["--column", "code"], "has no codes"),
        ("codes.txt", "A1\n", ["--column", "code"], "only .csv files have columns"),
        ("codes.xlsx", b"PK\x03\x04", [], "codes.xlsx is damaged, or is no workbook"),
        ("codes.txt", b"PK\x03\x04", [], "Excel workbook"),
        ("codes.txt", "A1\n", ["--rate", "0"], "--rate is a number of calls a second, at least 0.017"),
        ("codes.txt", "A1\n", ["--rate", "-1"], "--rate is a number"),
        ("codes.txt", "A1\n", ["--rate", "inf"], "--rate is a number"),
        ("codes.txt", "A1\n", ["--rate", "nan"], "--rate is a number"),
        ("codes.csv", "A1,x\n", [], "several columns"),
        ("codes.csv", "code;name\nA1;x\n", [], "separated by ';'; save it with commas"),
        ("codes.txt", "A1\n", ["--report", "codes.txt"], "is the file that is read"),
        ("codes.txt", "A1\n", ["--report", "no/such/report.csv"], "cannot be written"),
        ("codes.txt", "A1\n", ["--report", "codes.sqlite", "--ledger", "codes.sqlite"], "is the ledger"),
        ("codes.txt", "A1\n", ["--ledger", "postgresql://me:secret@db/x"], "postgresql:// is no ledger here"),
        ("codes.txt", "A1\n", ["--ledger", "no/such/ledger.sqlite"], "no/such"),
        ("codes.txt", "A1\n", ["--sheet", "first"], "only workbooks have sheets"),
        ("codes.txt", "A1\n", ["--dry-run", "--report", "report.csv"], "--dry-run writes no report"),
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
        ('{"a": {"notify_url": 1, "b": 2, "notify_url": 3}}', "has the key 'notify_url' twice in one object"),
        ('{"notify_url": NaN}', "has NaN, which is no number of JSON"),
        ('{"notify_url": -Infinity}', "has -Infinity"),
        ('{"notify_url": 1e999}', "has 1e999"),
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


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    "words",
    [["codes", "upload", "-", *_IDS], ["call", "product_coupon.get_stock", "--data", "-"]],
    ids=["codes", "call"],
)
def test_a_silent_input(cli: Cli, words: list[str], stop: signal.Signals) -> None:
    """While the standard input says nothing, a command can be stopped."""
    with cli.start(*words) as process:
        while not _listens_to(process.pid, signal.SIGTERM):
            time.sleep(0.02)
        process.send_signal(stop)
        assert 130 == process.wait(30)
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


@pytest.mark.parametrize("before", [signal.SIG_DFL, signal.SIG_IGN], ids=["alone", "nohup"])
def test_a_closed_terminal(cli: Cli, before: signal.Handlers) -> None:
    """A closed terminal ends a command like SIGTERM does, unless nohup keeps it from that."""
    here = signal.signal(signal.SIGHUP, before)
    try:
        process = cli.start("codes", "upload", "-", *_IDS)
    finally:
        signal.signal(signal.SIGHUP, here or signal.SIG_DFL)
    with process:
        while not _listens_to(process.pid, signal.SIGTERM):
            time.sleep(0.02)
        listens = _listens_to(process.pid, signal.SIGHUP)
        process.send_signal(signal.SIGHUP if listens else signal.SIGTERM)
        assert 130 == process.wait(30)

    assert listens is (before is signal.SIG_DFL)


def _listens_to(pid: int, number: signal.Signals) -> bool:
    """Whether a process has a handler for a signal, as Linux knows it."""
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return bool(int(status["SigCgt"], 16) >> number - 1 & 1)


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
    assert {"value": 15.0, "origin": "default"} == shown["timeout"]
    assert {"value": None, "origin": None} == shown["backup_url"]
    secret = local.settings()["WXCOUPON_APIV3_KEY"]
    assert secret not in json.dumps(shown) + text.out
    assert "mchid" in text.out
    lines = text.out.splitlines()
    assert 1 == len({line.index(row.meaning) for line, row in zip(lines, TABLE, strict=True)})


def test_defaults_in_force(bare: Cli) -> None:
    """What is used where nothing is set is shown as a default."""
    shown = bare("config", "show", "--json").document

    assert {"value": "https://api.mch.weixin.qq.com", "origin": "default"} == shown["base_url"]
    assert {"value": "https://api2.mch.weixin.qq.com", "origin": "default"} == shown["backup_url"]


def test_without_the_extra() -> None:
    """Without the packages of the extra, the command says which extra it needs."""
    program = "import sys; sys.modules['cyclopts'] = None; from wxcoupon.__main__ import main; main()"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert 2 == ended.returncode
    assert "wxcoupon[cli]" in ended.stderr
