"""What comes in as words and goes out as lines: JSON on stdout, everything else on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from ..errors import ConfigurationError

STDIN_TOKEN: Final = "/dev/stdin"  # noqa: S105 - a token of a command line
"""What a lone ``-`` of the command line is passed on as."""


def is_stdin(word: str) -> bool:
    """Whether an argument means the standard input."""
    return word in {"-", STDIN_TOKEN}


def emit(value: Any, *, indent: int | None = None) -> None:
    """Write one JSON document to stdout, in the characters stdout can write."""
    plain = "utf" not in (sys.stdout.encoding or "").lower()
    print(json.dumps(value, ensure_ascii=plain, indent=indent))


def say(text: str) -> None:
    """Write a message to stderr."""
    print(text, file=sys.stderr, flush=True)


def read_json(word: str, what: str) -> Any:
    """Read a JSON argument: the text itself, ``@FILE``, or ``-`` for the standard input.

    Raises:
        ConfigurationError: it cannot be read or is not JSON; the message says where.
    """
    if is_stdin(word):
        raw, origin = sys.stdin.buffer.read(), "the standard input"
    elif word.startswith("@"):
        origin = word[1:]
        try:
            raw = Path(origin).read_bytes()
        except OSError as error:
            raise ConfigurationError(f"{what}: {origin} cannot be read ({error.strerror})") from None
    else:
        raw, origin = word.encode(errors="surrogateescape"), "the text given"
    try:
        return json.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ConfigurationError(f"{what}: {origin} is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise ConfigurationError(
            f"{what}: {origin} is not JSON: {error.msg} at line {error.lineno} column {error.colno}"
        ) from None


def count_lines(file: str) -> int | None:
    """How many lines a progress bar has to show; None where that cannot be known, or nobody sees it."""
    path = Path(file)
    if not sys.stderr.isatty() or is_stdin(file) or not path.is_file():
        return None
    with path.open("rb") as stream:
        return sum(block.count(b"\n") for block in iter(lambda: stream.read(1 << 20), b""))


@contextmanager
def progress(title: str, total: int | None) -> Generator[Callable[[int], None]]:
    """Show a progress bar on stderr where that is a terminal; yields what is called with the number of new items."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # only a terminal needs it
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=total, speed="")

        def advance(items: int) -> None:
            bar.advance(task, items)
            speed = bar.tasks[0].speed
            bar.update(task, speed=f"{speed:,.0f}/s" if speed else "")

        yield advance
