"""How far a job is, for whoever watches it: counts, speed, and when it will be done."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from enum import StrEnum
from typing import Final

import attrs

from .ledger import Tally

_WINDOW: Final = 30.0
"""Seconds whose work says how fast the job is."""


class Phase(StrEnum):
    """What a job is doing."""

    READING = "reading"
    """Its source is read and looked at; nothing is sent."""
    SENDING = "sending"
    """Its calls are made."""
    ENDED = "ended"
    """Nothing more is done, for whatever reason."""


@attrs.define
class Progress:
    """A job as it is now; the same object all the time.

    Attributes:
        phase: what it is doing.
        read: rows that were looked at, while its source is read.
        rows: all its rows, 0 until they are counted.
        earlier: rows that had their outcome before this run.
        tally: all rows that have one now, by outcome.
        calls: calls that ended in this run, well or not.
        repeats: requests beyond the first of each of these calls that had an answer.
    """

    clock: Callable[[], float] = attrs.field(default=time.monotonic, repr=False)
    phase: Phase = Phase.READING
    read: int = 0
    rows: int = 0
    earlier: int = 0
    tally: Tally = attrs.field(factory=Tally)
    calls: int = 0
    repeats: int = 0
    _seen: deque[tuple[float, int]] = attrs.field(factory=deque[tuple[float, int]], repr=False)

    @property
    def left(self) -> int:
        """Rows that have no outcome yet."""
        return max(self.rows - self.tally.total, 0)

    def begin(self, rows: int, tally: Tally) -> None:
        """Note that sending begins, after earlier runs have left *tally*."""
        self.rows, self.tally, self.earlier = rows, tally, tally.total
        self.phase = Phase.SENDING
        self._seen.append((self.clock(), tally.total))

    def end(self) -> None:
        """Note that nothing more is done."""
        self.phase = Phase.ENDED

    def note(self, tally: Tally, attempts: int) -> None:
        """Note what became of a call's rows."""
        self.calls += 1
        self.repeats += attempts - 1
        self.tally += tally
        now = self.clock()
        if now - self._seen[-1][0] >= 0.5 or len(self._seen) == 1:
            self._seen.append((now, self.tally.total))
            while len(self._seen) > 2 and now - self._seen[0][0] > _WINDOW:
                self._seen.popleft()

    @property
    def rate(self) -> float | None:
        """Rows a second, of late; None while that cannot be said."""
        if not self._seen:
            return None
        began, rows = self._seen[0]
        seconds = self.clock() - began
        return (self.tally.total - rows) / seconds if seconds > 0 else None

    @property
    def eta(self) -> float | None:
        """Seconds until every row has an outcome, at that rate; None while that cannot be said."""
        rate = self.rate
        return self.left / rate if rate else None
