"""Cutting rows into the chunks of a job, row after row, with nothing in memory but what was not taken yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ..errors import ConfigurationError
from .ledger import Chunk, State
from .pieces import Piece, joined
from .positions import written
from .task import Task
from .verdicts import Ending, Verdicts, gathered

_AT_ONCE: Final = 500
_ROWS_AT_ONCE: Final = 100_000


class Cutter:
    """Rows in, chunks out.

    Args:
        task: says how many rows a call and a chunk have.

    Attributes:
        ready: chunks that are whole.
        waiting: rows in them.
        rows: rows so far.

    Raises:
        ConfigurationError: a chunk of the task cannot have the rows of a call.
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

    @property
    def is_full(self) -> bool:
        """Whether there are so many that they should be taken."""
        return len(self.ready) >= _AT_ONCE or self.waiting >= _ROWS_AT_ONCE

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
        rows, offset = len(whole), whole.offset
        place = (self._seq, offset, whole.ends[-1] - offset, whole.lines[0], rows)
        if not said:
            self.ready.append(Chunk(*place, digest=self._task.digest(whole)))
        else:
            skipped = [at for at, _, _ in said]
            verdicts = Verdicts(gathered(said))
            detail = verdicts.written()
            if len(said) < rows:
                digest = self._task.digest(whole.without(skipped))
                self.ready.append(Chunk(*place, written(skipped), digest, detail=detail))
            else:
                tally = verdicts.tally(rows)
                self.ready.append(Chunk(*place, written(skipped), state=State.SETTLED, tally=tally, detail=detail))
        self._seq += 1
        self.waiting += rows
        self._parts, self._held, self._skipped = [], 0, []
