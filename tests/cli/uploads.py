"""What the tests of jobs on the command line share."""

import csv
import signal
from pathlib import Path

from .conftest import Local, Process

NONE = dict.fromkeys(("uploaded", "already_exist", "duplicate", "failed", "invalid", "unknown"), 0)
"""The counts of nothing."""


def held_by(local: Local, stock: list[str]) -> list[str]:
    """The codes in the stock."""
    codes: list[str] = local.look(f"stocks/{stock[3]}/codes")
    return codes


def codes_in(path: Path, own: str, count: int) -> list[str]:
    """Write new codes into a file."""
    made = [f"{own}{number:05}" for number in range(count)]
    path.write_text("".join(f"{code}\n" for code in made))
    return made


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a report."""
    with path.open(encoding="utf-8-sig", newline="") as report:
        return list(csv.DictReader(report))


def kill(process: Process, sign: signal.Signals) -> str:
    """Send a signal, and wait for the end; what stderr had."""
    process.send_signal(sign)
    return process.communicate(timeout=30)[1]
