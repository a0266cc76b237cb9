"""From a source to the chunks of a job, in one pass where no row repeats another one, and otherwise in two.

The first pass (:class:`FirstPass`) finds what cannot be sent, and whether anything may be there twice. A job cuts its
rows during it, as if nothing were (:class:`~wxcoupon.bulk.drafting.Draft`), and cuts them again where something may be
(:func:`chunks`).

All of it is run in a thread. Nothing is kept a row; what is needed of the disk is gone when the pass has ended.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Self, TypeAlias

import attrs

from .cutting import Cutter
from .distinct import Keys, Repeats
from .fingerprints import Fingerprints, Suspects
from .ledger import Chunk
from .pieces import Piece, Source, SourceChangedError
from .task import Task

_TOLD: Final = 20

Again: TypeAlias = Repeats | Suspects
"""What tells which rows repeat an earlier one, when all of them come by again."""


class PlanningStopped(Exception):  # noqa: N818 - it is no error: somebody asked for it
    """The planning was asked to stop, and did."""


@attrs.frozen
class LineFault:
    """A row that cannot be sent.

    Attributes:
        line: where it is.
        reason: why.
    """

    line: int
    reason: str


@attrs.frozen
class Found:
    """What the first pass found, as far as cutting needs it.

    Attributes:
        about: what the source is.
        rows: all rows.
        invalid: rows that cannot be sent.
        repeats: which of the others repeat an earlier one.
    """

    about: dict[str, object]
    rows: int
    invalid: int
    repeats: Again = attrs.field(repr=False)


@attrs.frozen
class Surveyed(Found):
    """What there is to say of a source before anything is sent.

    Attributes:
        sendable: rows that can be sent, each of them once.
        duplicate: rows that repeat an earlier one.
        faults: the first rows that cannot be sent.
    """

    sendable: int
    duplicate: int
    faults: Sequence[LineFault]


class FirstPass:
    """All rows of a source, looked at once; leaving its block lets go of what it has on disk.

    Args:
        source: the rows.
        task: what is to be done with them.
        folder: where a temporary file may be made when there are many rows; None for the system's folder.

    Attributes:
        rows: rows so far.
        invalid: those of them that cannot be sent.
    """

    def __init__(self, source: Source, task: Task[Any], folder: Path | None = None) -> None:
        self.rows = self.invalid = 0
        self._source = source
        self._task = task
        self._folder = folder
        self._fingerprints = Fingerprints(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of what is on disk."""
        self._fingerprints.close()

    def look_at(self, piece: Piece) -> dict[int, str]:
        """Look at the next rows, and say why some of them cannot be sent, by their positions.

        Raises:
            LedgerError: there is no room on the disk for what is needed to find repeated rows.
        """
        wrong, keys = _examined(self._task, piece)
        self._fingerprints.add(keys)
        self.rows += len(piece)
        self.invalid += len(wrong)
        return wrong

    def repeats(self, stop: threading.Event | None = None) -> Again:
        """Which rows repeat an earlier one, after the last one. Where many may, all rows are read again now.

        Raises:
            SourceError: the source cannot be read any more.
            SourceChangedError: it changed meanwhile.
            LedgerError: there is no room on the disk.
            PlanningStopped: *stop* was set.
        """
        suspects = self._fingerprints.suspects(lambda: go_on(stop))
        self._fingerprints.close()
        if suspects is not None:
            return suspects
        with Keys(self._folder) as distinct:
            for keys in self._again(stop):
                distinct.add(keys)
            go_on(stop)
            return distinct.repeats()

    def count(self, repeats: Again, stop: threading.Event | None = None) -> int:
        """How many rows repeat an earlier one; where that is only suspected, all rows are read again.

        Raises:
            SourceError: the source cannot be read any more.
            SourceChangedError: it changed meanwhile.
            PlanningStopped: *stop* was set.
        """
        if isinstance(repeats, Repeats):
            return repeats.total
        if repeats.none:
            return 0
        repeats.restart()
        return sum(len(repeats.among(keys)) for keys in self._again(stop))

    def _again(self, stop: threading.Event | None) -> Iterator[Sequence[str]]:
        """The keys of all rows that can be sent."""
        for piece in self._source.pieces():
            go_on(stop)
            yield _examined(self._task, piece)[1]


def survey(
    source: Source,
    task: Task[Any],
    *,
    folder: Path | None = None,
    told: int = _TOLD,
    watch: Callable[[int], object] | None = None,
    stop: threading.Event | None = None,
) -> Surveyed:
    """Look at all rows of a source, and send none: all of a rehearsal.

    Args:
        source: the rows.
        task: what is to be done with them.
        folder: where a temporary file may be made when there are many rows; None for the system's folder.
        told: how many faults are told.
        watch: called with the rows looked at so far, now and then.
        stop: set when the work should stop.

    Raises:
        SourceError: the source cannot be read any more.
        SourceChangedError: it changed meanwhile.
        LedgerError: there is no room on the disk for what is needed to find repeated rows.
        PlanningStopped: *stop* was set.
    """
    faults: list[LineFault] = []
    with FirstPass(source, task, folder) as first:
        for piece in source.pieces():
            go_on(stop)
            wrong = first.look_at(piece)
            if wrong and len(faults) < told:
                faults += [LineFault(piece.lines[at], wrong[at]) for at in sorted(wrong)[: told - len(faults)]]
            if watch is not None:
                watch(first.rows)
        repeats = first.repeats(stop)
        duplicate = first.count(repeats, stop)
    sendable = first.rows - first.invalid - duplicate
    return Surveyed(source.about(), first.rows, first.invalid, repeats, sendable, duplicate, faults)


def chunks(
    source: Source,
    task: Task[Any],
    found: Found,
    *,
    watch: Callable[[int], object] | None = None,
    stop: threading.Event | None = None,
) -> Iterator[list[Chunk]]:
    """Cut a source into the chunks of a job, when it was looked at.

    A chunk ends with its last row that is sent as soon as it has as many as one call takes, or when it has as many rows
    as a chunk may have. Between two chunks there is nothing but blank lines.

    Args:
        source: the rows.
        task: what is to be done with them.
        found: what the first pass said of the same source and the same task.
        watch: called with the rows that are in chunks so far, now and then.
        stop: set when the work should stop.

    Yields:
        Chunks in order, never an empty list.

    Raises:
        SourceError: the source cannot be read any more.
        SourceChangedError: it is not what it was when it was looked at; known at the end, so the chunks before are
            void.
        PlanningStopped: *stop* was set.
    """
    found.repeats.restart()
    cutter = Cutter(task)
    # Where every row was good the rows need not be looked at again: that they are the same is known at the end.
    all_good = not found.invalid and found.repeats.none
    for piece in source.pieces():
        go_on(stop)
        wrong, keys = ({}, ()) if all_good else _examined(task, piece)
        twice = found.repeats.among(keys)
        if twice and wrong:
            sendable = [at for at in range(len(piece)) if at not in wrong]
            twice = [sendable[at] for at in twice]
        cutter.add(piece, wrong, twice)
        if cutter.is_full:
            yield cutter.take()
        if watch is not None:
            watch(cutter.rows)
    cutter.end()
    require_same(source, task, found.about, is_same=cutter.rows == found.rows)
    if cutter.ready:
        yield cutter.take()


def go_on(stop: threading.Event | None) -> None:
    """Raise PlanningStopped if *stop* is set."""
    if stop is not None and stop.is_set():
        raise PlanningStopped


def require_same(source: Source, task: Task[Any], about: dict[str, object], *, is_same: bool = True) -> None:
    """Raise SourceChangedError if a source that was planned is not what it was before, or if it is known not to be."""
    if not is_same or source.about()["digest"] != about["digest"]:
        raise SourceChangedError(
            f"{source.name} has changed while job {task.job!r} was planned, and nothing was sent; run it again when "
            "nobody writes to the file"
        )


def _examined(task: Task[Any], piece: Piece) -> tuple[dict[int, str], Sequence[str]]:
    """Why rows cannot be sent, and the keys of those that can."""
    examined = task.examine(piece)
    wrong = {**examined.faults, **piece.problems}
    if not wrong:
        return wrong, examined.keys
    return wrong, [key for at, key in enumerate(examined.keys) if at not in wrong]
