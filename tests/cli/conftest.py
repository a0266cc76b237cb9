"""A sandbox in a process of its own, and the command line, in a process or in this one."""

import json
import os
import secrets
import shlex
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import attrs
import pytest

from wxcoupon.cli import run
from wxcoupon.convert import to_wire

from ..sandbox.shapes import product_coupon

COMMAND = (sys.executable, "-m", "wxcoupon")


@attrs.frozen
class Local:
    """A running sandbox process.

    Attributes:
        base_url: where it listens.
        folder: its directory.
    """

    base_url: str
    folder: Path

    def settings(self, kind: str = "partner") -> dict[str, str]:
        """The settings it wrote for an identity."""
        words = shlex.split((self.folder / f"{kind}.env").read_text())
        return {name: value for name, _, value in (word.partition("=") for word in words)}

    def look(self, path: str) -> Any:
        """Look into it."""
        with urllib.request.urlopen(f"{self.base_url}/_sandbox/{path}", timeout=30) as answer:  # noqa: S310 - loopback
            return json.load(answer)

    def requests(self, endpoint: str) -> int:
        """How many requests came to an endpoint."""
        number: int = self.look("state")["requests"].get(endpoint, 0)
        return number


@attrs.frozen
class Ended:
    """What a command left: its exit status and what it wrote."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)

    @property
    def last(self) -> Any:
        """The last line of stdout, as JSON."""
        return json.loads(self.out.splitlines()[-1])

    @property
    def lines(self) -> list[Any]:
        """Every line of stdout, as JSON."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def error(self) -> Any:
        """The one JSON error on stderr."""
        return json.loads(self.err.splitlines()[-1])["error"]


Process: TypeAlias = "subprocess.Popen[str]"


class Cli:
    """The command line with an identity's settings.

    Attributes:
        environ: what the commands see of ``WXCOUPON_`` variables; a test may change it.
    """

    def __init__(
        self, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.environ = environ
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *words: object) -> Ended:
        """Run a command line in this process."""
        self._capsys.readouterr()
        with self._monkeypatch.context() as patch:
            for name, value in self.environ.items():
                patch.setenv(name, value)
            status = run([str(word) for word in words])
        out, err = self._capsys.readouterr()
        return Ended(status, out, err)

    def start(self, *words: object, stdin: Any = subprocess.PIPE, stdout: Any = subprocess.PIPE) -> Process:
        """Start a command line in a process of its own."""
        return subprocess.Popen(
            [*COMMAND, *map(str, words)],
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | self.environ,
        )

    def process(self, *words: object, stdin: str = "") -> Ended:
        """Run a command line in a process of its own."""
        with self.start(*words) as process:
            out, err = process.communicate(stdin, timeout=100)
        return Ended(process.returncode, out, err)


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    """A sandbox process that keeps no rate limits."""
    folder = tmp_path_factory.mktemp("local")
    words = [*COMMAND, "sandbox", "--dir", str(folder), "--rate-limits", "off"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield Local(json.loads(process.stdout.readline())["base_url"], folder)
        process.send_signal(signal.SIGTERM)


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """The command line without any settings, in an empty directory."""
    monkeypatch.chdir(tmp_path)
    return Cli({}, monkeypatch, capsys)


@pytest.fixture
def cli(bare: Cli, local: Local) -> Cli:
    """The command line with the settings of the sandbox's partner."""
    bare.environ.update(local.settings())
    return bare


def create_stock(cli: Cli, folder: Path) -> list[str]:
    """Create a stock for uploaded codes; returns the options that name it."""
    data = folder / "coupon.json"
    data.write_text(json.dumps(to_wire(product_coupon(f"create_{secrets.token_hex(8)}", max_count=200_000))))
    made = cli("call", "product_coupon.create_product_coupon", "--data", f"@{data}", "--json").document
    return ["--product-coupon-id", made["product_coupon_id"], "--stock-id", made["stock"]["stock_id"]]


@pytest.fixture
def stock(cli: Cli, tmp_path: Path) -> list[str]:
    """A new stock for uploaded codes, as the options that name it."""
    return create_stock(cli, tmp_path)


@pytest.fixture
def own() -> str:
    """The beginning of this test's codes: WeChat Pay takes a code once for a whole brand."""
    return f"T{secrets.token_hex(4)}"
