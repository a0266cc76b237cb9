"""The checks a reviewer would ask for first: style, types, import rules. They are tests, so one command runs all."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check"],
        ["ruff", "format", "--check"],
        ["mypy"],
        ["basedpyright"],
        ["lint-imports"],
    ],
    ids=" ".join,
)
def test_tool(command: list[str]) -> None:
    """The tool has nothing to say."""
    done = subprocess.run([BIN / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_top_level() -> None:
    """The top level holds what its readers expect and nothing else but dotfiles."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split(
        "\n"
    )
    top = {name.partition("/")[0] for name in tracked if name and not name.startswith(".")}

    assert top <= {"pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "wxcoupon", "tests", "benchmarks"}


def test_files_are_small_and_have_names() -> None:
    """No file of the package holds more than one idea, or has a name that says nothing."""
    files = {path: len(path.read_text("utf-8").splitlines()) for path in (ROOT / "wxcoupon").rglob("*.py")}

    assert {} == {path.name: lines for path, lines in files.items() if lines > 420}
    assert not {path.stem for path in files} & {"util", "utils", "helper", "helpers", "common", "base", "misc"}
