"""From a source to the chunks of a job, in two passes: the first finds what cannot be sent and what is there twice.

Both are run in a thread. Neither keeps anything a row; what they need of the disk is gone when they have ended.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import attrs

from ..errors import ConfigurationError
from .distinct import Keys, Repeats
from .ledger import Chunk, State, Tally
from .pieces import Piece, Source, SourceChangedError, joined
from .positions import written
from .task import Task
from .verdicts import Ending, Verdicts, gathered

_TOLD: Final = 20
_AT_ONCE: Final = 500
_ROWS_AT_ONCE: Final = 100_000


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
class Surveyed:
    """What the first pass found.

    Attributes:
        about: what the source is.
        rows: all rows.
        sendable: rows that can be sent, each of them once.
        invalid: rows that cannot be sent.
        duplicate: rows that repeat an earlier one.
        faults: the first rows that cannot be sent.
        repeats: which of the others repeat an earlier one.
    """

    about: dict[str, object]
    rows: int
    sendable: int
    invalid: int
    duplicate: int
    faults: Sequence[LineFault]
    repeats: Repeats = attrs.field(repr=False)


def survey(
    source: Source,
    task: Task[Any],
    *,
    folder: Path | None = None,
    told: int = _TOLD,
    watch: Callable[[int], object] | None = None,
    stop: threading.Event | None = None,
) -> Surveyed:
    """Look at all rows of a source: the first pass of planning, and all of a rehearsal.

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
    rows = invalid = 0
    faults: list[LineFault] = []
    with Keys(folder) as distinct:
        for piece in source.pieces():
            _go_on(stop)
            wrong, keys = _examined(task, piece)
            distinct.add(keys)
            rows += len(piece)
            invalid += len(wrong)
            if wrong and len(faults) < told:
                faults += [LineFault(piece.lines[at], wrong[at]) for at in sorted(wrong)[: told - len(faults)]]
            if watch is not None:
                watch(rows)
        _go_on(stop)
        repeats = distinct.repeats()
    sendable = rows - invalid - repeats.total
    return Surveyed(source.about(), rows, sendable, invalid, repeats.total, faults, repeats)


def chunks(
    source: Source,
    task: Task[Any],
    surveyed: Surveyed,
    *,
    watch: Callable[[int], object] | None = None,
    stop: threading.Event | None = None,
) -> Iterator[list[Chunk]]:
    """Cut a source into the chunks of a job: the second pass of planning.

    A chunk ends with its last row that is sent as soon as it has as many as one call takes, or when it has as many rows
    as a chunk may have. Between two chunks there is nothing but blank lines.

    Args:
        source: the rows.
        task: what is to be done with them.
        surveyed: what :func:`survey` said of the same source and the same task.
        watch: called with the rows that are in chunks so far, now and then.
        stop: set when the work should stop.

    Yields:
        Chunks in order, never an empty list.

    Raises:
        SourceError: the source cannot be read any more.
        SourceChangedError: it is not what it was when it was surveyed; known at the end, so the chunks before are void.
        PlanningStopped: *stop* was set.
    """
    surveyed.repeats.restart()
    cutter = _Cutter(task)
    # Where every row was good the rows need not be looked at again: that they are the same is known at the end.
    all_good = surveyed.sendable == surveyed.rows
    for piece in source.pieces():
        _go_on(stop)
        wrong, keys = ({}, ()) if all_good else _examined(task, piece)
        twice = surveyed.repeats.among(keys)
        if twice and wrong:
            sendable = [at for at in range(len(piece)) if at not in wrong]
            twice = [sendable[at] for at in twice]
        cutter.add(piece, wrong, twice)
        if len(cutter.ready) >= _AT_ONCE or cutter.waiting >= _ROWS_AT_ONCE:
            yield cutter.take()
        if watch is not None:
            watch(cutter.rows)
    cutter.end()
    if cutter.rows != surveyed.rows or source.about()["digest"] != surveyed.about["digest"]:
        raise SourceChangedError(
            f"{source.name} has changed while job {task.job!r} was planned, and nothing was sent; run it again when "
            "nobody writes to the file"
        )
    if cutter.ready:
        yield cutter.take()


def _go_on(stop: threading.Event | None) -> None:
    if stop is not None and stop.is_set():
        raise PlanningStopped


def _examined(task: Task[Any], piece: Piece) -> tuple[dict[int, str], Sequence[str]]:
    """Why rows cannot be sent, and the keys of those that can."""
    examined = task.examine(piece)
    wrong = {**examined.faults, **piece.problems}
    if not wrong:
        return wrong, examined.keys
    return wrong, [key for at, key in enumerate(examined.keys) if at not in wrong]


class _Cutter:
    """Rows in, chunks out.

    Attributes:
        ready: chunks that are whole.
        waiting: rows in them.
        rows: rows so far.
    """

    def __init__(self, task: Task[Any]) -> None:
        if task.most < task.size:
            raise ConfigurationError(f"a chunk of {task.kind} has at most {task.most} rows, and a call {task.size}")
        self.ready: list[Chunk] = []
        self.waiting = 0
        self.rows = 0
        self._task = task
        self._seq = 0
        self._parts: list[Piece] = []
        self._held = 0
        self._skipped: list[tuple[int, Ending, str]] = []

    def take(self) -> list[Chunk]:
        """The chunks that are whole."""
        taken, self.ready, self.waiting = self.ready, [], 0
        return taken

    def add(self, piece: Piece, wrong: dict[int, str], twice: Sequence[int]) -> None:
        """Take the next rows; those that are *wrong* or there *twice* are not sent."""
        skipped = sorted([*wrong, *twice])
        self.rows += len(piece)
        begin, passed = 0, 0
        while begin < len(piece):
            end = self._cut(begin, len(piece), skipped, passed)
            while passed < len(skipped) and skipped[passed] < end:
                at = skipped[passed]
                ending = Ending.INVALID if at in wrong else Ending.DUPLICATE
                self._skipped.append((self._held + at - begin, ending, wrong.get(at, "")))
                passed += 1
            self._parts.append(piece.part(begin, end))
            self._held += end - begin
            if self._held - len(self._skipped) == self._task.size or self._held == self._task.most:
                self.end()
            begin = end

    def _cut(self, begin: int, end: int, skipped: Sequence[int], passed: int) -> int:
        """Where the chunk ends that is being filled, or where the rows end."""
        end = min(end, begin + self._task.most - self._held)
        cut = begin + self._task.size - (self._held - len(self._skipped))
        while passed < len(skipped) and skipped[passed] < min(cut, end):
            cut += 1
            passed += 1
        return min(cut, end)

    def end(self) -> None:
        """Make a chunk of what there is."""
        if not self._parts:
            return
        whole = joined(self._parts)
        said = self._skipped
        skipped = [at for at, _, _ in said]
        sent = whole.without(skipped)
        verdicts = Verdicts(gathered(said)) if said else Verdicts()
        is_sent = len(sent) > 0
        self.ready.append(
            Chunk(
                self._seq,
                whole.offset,
                whole.ends[-1] - whole.offset,
                whole.lines[0],
                len(whole),
                written(skipped),
                self._task.digest(sent) if is_sent else b"",
                State.OPEN if is_sent else State.SETTLED,
                tally=Tally() if is_sent else verdicts.tally(len(whole)),
                detail=verdicts.written(),
            )
        )
        self._seq += 1
        self.waiting += len(whole)
        self._parts, self._held, self._skipped = [], 0, []
