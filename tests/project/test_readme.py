"""The README: its examples run, its tables are the code's, and its promises about commands hold."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pictures import png
from tests.sandbox_thread import running
from wxcoupon import Brand, Merchant, Partner
from wxcoupon.endpoint import FAMILIES, Route, registry
from wxcoupon.sandbox import Keys, Sandbox
from wxcoupon.settings import TABLE

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
SERVICES = re.findall(r"<!-- service: (\w+) -->\n```python\n(.*?)```", README, re.DOTALL)
EXAMPLES = re.findall(r"<!-- run as: (\w+) -->\n```(python|sh)\n(.*?)```", README, re.DOTALL)
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, keys: Keys) -> Iterator[Path]:
    """A directory with the settings of a running sandbox, as the README's commands leave it."""
    home = tmp_path_factory.mktemp("readme")
    (home / "tea.png").write_bytes(png())
    with running(Sandbox(rate_limits="off", keys=keys, directory=home / "sandbox")):
        yield home


def _run(home: Path, who: str, language: str, source: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WXCOUPON_")}
    environment |= {"PATH": f"{BIN}{os.pathsep}{environment['PATH']}", "PYTHONWARNINGS": "error"}
    if who != "nobody":
        source = source if language == "python" else f"set -a; . sandbox/{who}.env; set +a\n{source}"
        environment |= dotenv(home / "sandbox" / f"{who}.env")
    command = [sys.executable, "-c", source] if language == "python" else ["bash", "-euo", "pipefail", "-c", source]
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def dotenv(path: Path) -> dict[str, str]:
    """The settings of a file as a shell reads them."""
    pairs = (line.partition("=") for line in path.read_text().splitlines())
    return {name: shlex.split(value)[0] if value else "" for name, _, value in pairs}


@pytest.mark.slow
def test_examples_run(home: Path) -> None:
    """Every example runs as it is printed, the first one first, against a sandbox that was just started."""
    assert len(EXAMPLES) >= 6

    for who, language, source in EXAMPLES:
        _run(home, who, language, source)

    assert 1001 == len((home / "report.csv").read_text("utf-8-sig").splitlines())
    assert 3 == len((home / "tokens.csv").read_text("utf-8-sig").splitlines())


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "checker",
    [
        ["mypy", "--strict", "--cache-dir", str(ROOT / ".mypy_cache" / "examples")],
        ["basedpyright", "--pythonpath", sys.executable],
    ],
    ids=lambda words: words[0],
)
def test_examples_are_typed(checker: list[str], tmp_path: Path) -> None:
    """Both type checkers accept every example as it is printed."""
    for number, (_, language, source) in enumerate(EXAMPLES):
        if language == "python":
            (tmp_path / f"example_{number}.py").write_text(source, "utf-8")
    for name, source in SERVICES:
        (tmp_path / f"service_{name}.py").write_text(source, "utf-8")
    settings = {"typeCheckingMode": "strict", "extraPaths": [str(ROOT)]}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))

    command = [str(BIN / checker[0]), *checker[1:], "."]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


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


def test_table_of_families() -> None:
    """The table counts the endpoints of each family, and how many of them each identity may ask."""
    rows = re.findall(r"^\| `(\w+)` \| .* \| (\d+) \| (.*) \|$", README, re.MULTILINE)
    said = {family: (int(count), asked) for family, count, asked in rows}
    counted = {family: [r.route for n, r in registry().items() if n.startswith(f"{family}.")] for family in FAMILIES}

    assert said == {family: (len(routes), _asked_by(routes)) for family, routes in counted.items()}


def _asked_by(routes: list[Route]) -> str:
    kinds = {kind.__name__: sum(kind in route.callers for route in routes) for kind in (Merchant, Partner, Brand)}
    return ", ".join(
        kind if count == len(routes) else f"{count} of them {kind}" for kind, count in kinds.items() if count
    )


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
