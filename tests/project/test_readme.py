"""The README: its examples run, its tables are the code's, and its promises about commands hold."""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox_thread import running
from wxcoupon.endpoint import registry
from wxcoupon.sandbox import Sandbox
from wxcoupon.settings import TABLE

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
EXAMPLES = re.findall(r"<!-- run as: (\w+) -->\n```(python|sh)\n(.*?)```", README, re.DOTALL)
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory with the settings of a running sandbox, as the README's commands leave it."""
    home = tmp_path_factory.mktemp("readme")
    with running(Sandbox(rate_limits="off", directory=home / "sandbox")):
        yield home


def _run(home: Path, who: str, language: str, source: str, arguments: list[str], more: dict[str, str]) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WXCOUPON_")}
    environment |= more | {"PATH": f"{BIN}{os.pathsep}{environment['PATH']}", "PYTHONWARNINGS": "error"}
    if who != "nobody":
        lines = (home / "sandbox" / f"{who}.env").read_text().splitlines()
        environment |= dict(line.split("=", 1) for line in lines)
    command = [sys.executable, "-c", source] if language == "python" else ["bash", "-euo", "pipefail", "-c", source]
    done = subprocess.run(
        [*command, *arguments], cwd=home, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
def test_examples_run(home: Path) -> None:
    """Every example runs as it is printed; the later ones use the stock that the first one made."""
    (who, language, source), *others = EXAMPLES
    assert len(EXAMPLES) >= 6
    made = re.search(r"stock (\d+) of product coupon (\d+)", _run(home, who, language, source, [], {}))
    assert made is not None
    stock, product = made.groups()

    for who, language, source in others:
        _run(home, who, language, source, [product, stock], {"PRODUCT_COUPON_ID": product, "STOCK_ID": stock})

    assert 1001 == len((home / "report.csv").read_text("utf-8-sig").splitlines())
    assert 3 == len((home / "tokens.csv").read_text("utf-8-sig").splitlines())


def _endpoints() -> str:
    rows = ["| name | method | path | asked by | limit |", "| --- | --- | --- | --- | --- |"]
    for name, request in registry().items():
        route = request.route
        path = route.path if route.path.startswith("/v3/") else f"…{route.path}"
        callers = ", ".join(caller.__name__ for caller in route.callers)
        rates = {str(rate) for rate in route.rates.values()}
        rows.append(f"| `{name}` | {route.method} | `{path}` | {callers} | {', '.join(sorted(rates)) or '–'} |")
    return "\n".join(rows)


def test_table_of_endpoints() -> None:
    """The table lists every declared endpoint as it is declared."""
    table = README.partition("<!-- endpoints -->\n")[2].partition("\n<!-- end of endpoints -->")[0]

    assert _endpoints() == table


def test_table_of_settings() -> None:
    """The table lists every setting there is, and none that is not."""
    listed = set(re.findall(r"`(WXCOUPON_\w+)`", README))

    assert {setting.variable for setting in TABLE} | {"WXCOUPON_CONFIG"} == listed


def test_two_commands() -> None:
    """Exactly two commands set everything up, each of one line, installing what pyproject.toml knows."""
    commands = re.findall(r"<!-- command: (\w+) -->\n```sh\n(.*?)\n```", README, re.DOTALL)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))

    assert ["demo", "test"] == [name for name, _ in commands]
    for _, command in commands:
        assert "\n" not in command
        words = shlex.split(command)
        extras = {extra for word in words for extra in re.findall(r"^\.\[(\w+)\]$", word)}
        groups = {words[index + 1] for index, word in enumerate(words) if word == "--group"}
        assert extras <= set(project["project"]["optional-dependencies"])
        assert groups <= set(project["dependency-groups"])


def test_changelog_knows_the_version() -> None:
    """The changelog has a place for what is not released, in the form of Keep a Changelog."""
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")

    assert "## [Unreleased]" in changelog
    assert set(re.findall(r"^### (.*)$", changelog, re.MULTILINE)) <= {
        "Added", "Changed", "Deprecated", "Removed", "Fixed", "Security",
    }  # fmt: skip
