"""How far a job is, on stderr: a bar, one line now and then, JSON, or nothing.

What is shown is looked up by a task of its own, twice a second at most: a job of 300,000 rows a second has no time to
tell of each.
"""

from __future__ import annotations

import asyncio
import json
import sys
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final, Literal, TypeAlias

import attrs
from cyclopts import Parameter

from ..bulk.progress import Phase, Progress
from .text import duration, number_of, say
from .words import Words

Mode: TypeAlias = Annotated[
    Literal["auto", "line", "json", "quiet"],
    Parameter(
        help="What stderr shows of the progress: auto is a bar on a terminal and nothing elsewhere, line a line every "
        "5 seconds, json an object every second, quiet nothing."
    ),
]

_WIDE: Final = 140
"""Columns of a terminal that has room for counts beside the bar."""
_WINDOW: Final = 20
"""Looks that the pace of calls is taken from."""


@attrs.frozen
class Look:
    """A job at one moment.

    Attributes:
        progress: the job.
        counts: its rows by outcome, in the words of its kind.
        row: what a row is called.
        pace: calls a second of late; None while that cannot be said.
    """

    progress: Progress
    counts: dict[str, int]
    row: str
    pace: float | None


class Display(ABC):
    """Shows looks.

    Attributes:
        every: seconds from one look to the next.
    """

    every: float = 0.5

    @abstractmethod
    def show(self, look: Look) -> None:
        """Show how far the job is."""

    def close(self) -> None:
        """Leave the terminal to others."""
        return


class _Lines(Display):
    """One line every few seconds."""

    every = 5.0

    def show(self, look: Look) -> None:
        say(line(look))


class _Json(Display):
    """One JSON object a second."""

    every = 1.0

    def show(self, look: Look) -> None:
        print(json.dumps({"progress": document(look)}), file=sys.stderr, flush=True)


class _Bar(Display):
    """A bar on a terminal."""

    def __init__(self, title: str) -> None:
        from rich.console import Console  # only a terminal needs it
        from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn
        from rich.progress import Progress as Bar

        console = Console(stderr=True)
        self._title = title
        self._is_wide = console.width >= _WIDE
        self._bar = Bar(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=40 if self._is_wide else 10),
            MofNCompleteColumn(),
            TextColumn("{task.fields[more]}"),
            console=console,
        )
        self._task = self._bar.add_task("reading", total=None, more="")
        self._bar.start()

    def show(self, look: Look) -> None:
        progress = look.progress
        if progress.phase is Phase.READING:
            self._bar.update(self._task, completed=progress.read)
        else:
            self._bar.update(
                self._task,
                description=self._title,
                completed=progress.tally.total,
                total=progress.rows,
                more=", ".join([*_speeds(look), *_some(look.counts)] if self._is_wide else _speeds(look)[:2]),
            )

    def close(self) -> None:
        self._bar.stop()


def line(look: Look) -> str:
    """How far a job is, in one line."""
    progress = look.progress
    if progress.phase is Phase.READING:
        return f"reading: {number_of(progress.read, look.row)} looked at, nothing sent yet"
    share = progress.tally.total / progress.rows if progress.rows else 1.0
    done = f"{progress.tally.total:,} of {number_of(progress.rows, look.row)} ({share:.0%})"
    return ", ".join([f"{progress.phase}: {done}", *_speeds(look), *_some(look.counts)])


def document(look: Look) -> dict[str, Any]:
    """How far a job is, as JSON; seconds, rows a second and calls a second are null while they cannot be said."""
    progress = look.progress
    rate, eta = progress.rate, progress.eta
    return {
        "phase": progress.phase.value,
        "read": progress.read,
        f"{look.row}s": progress.rows,
        "counts": look.counts,
        "left": progress.left,
        "rate": None if rate is None else round(rate, 1),
        "eta": None if eta is None else round(eta, 1),
        "calls": progress.calls,
        "calls_per_second": None if look.pace is None else round(look.pace, 2),
        "repeats": progress.repeats,
    }


def _speeds(look: Look) -> list[str]:
    progress = look.progress
    found: list[str] = []
    if progress.phase is Phase.SENDING:
        if (rate := progress.rate) is not None:
            found.append(f"{rate:,.0f}/s")
        if (eta := progress.eta) is not None:
            found.append(f"{duration(eta)} left")
        if look.pace is not None:
            found.append(f"{number_of_calls(look.pace)} a second")
    if progress.repeats:
        found.append(number_of(progress.repeats, "repeat"))
    return found


def number_of_calls(number: float) -> str:
    """Calls in words, with one decimal: ``19.0 calls``."""
    return f"{number:,.1f} calls"


def _some(counts: dict[str, int]) -> list[str]:
    return [f"{word} {number:,}" for word, number in counts.items() if number]


class _Watch:
    """Looks at a job, and knows how fast its calls were of late."""

    def __init__(self, progress: Progress, words: Words) -> None:
        self._progress = progress
        self._words = words
        self._seen: deque[tuple[float, int]] = deque(maxlen=_WINDOW)

    def look(self) -> Look:
        progress = self._progress
        now, calls = progress.clock(), progress.calls
        self._seen.append((now, calls))
        began, before = self._seen[0]
        pace = (calls - before) / (now - began) if progress.phase is Phase.SENDING and now > began else None
        return Look(progress, self._words.counts(progress.tally), self._words.row, pace)


async def _keep_showing(display: Display, watch: _Watch) -> None:
    while True:
        await asyncio.sleep(display.every)
        display.show(watch.look())


def _display(mode: str, title: str) -> Display | None:
    match mode:
        case "line":
            return _Lines()
        case "json":
            return _Json()
        case "auto" if sys.stderr.isatty():
            return _Bar(title)
        case _:
            return None


@asynccontextmanager
async def showing(progress: Progress, mode: str, title: str, words: Words) -> AsyncGenerator[None]:
    """Show how far a job is while the block lasts.

    Args:
        progress: the job.
        mode: how: ``auto``, ``line``, ``json`` or ``quiet``.
        title: what the job does, for a bar.
        words: what its outcomes are called.
    """
    display = _display(mode, title)
    if display is None:
        yield
        return
    watch = _Watch(progress, words)
    display.show(watch.look())
    ticking = asyncio.create_task(_keep_showing(display, watch))
    try:
        yield
    finally:
        ticking.cancel()
        await asyncio.gather(ticking, return_exceptions=True)
        if progress.rows or progress.phase is Phase.READING:  # otherwise it ended before there was anything to count
            display.show(watch.look())
        display.close()
