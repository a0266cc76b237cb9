"""What a bulk job remembers: its source, its chunks, and what became of each.

A job is planned once: its source is cut into chunks, each of which is what one call takes. A chunk is fixed before its
first send: where its rows stand in a source that does not change, and the digest of what is sent. So a job that was
killed goes on with the same calls under the same request numbers.

Rule 1: one row a chunk, never a row a code; the codes stay in the source.
Rule 2: what a method has returned from is on disk, whatever happens to the process or to the machine afterwards.
Rule 3: a chunk is *taken* before its first call is made. One that was taken and never settled may have been sent, which
        is its *doubt*: what WeChat Pay has of it already may be its own.
Rule 4: a job is held by one runner at a time. A hold ends with its process, however that ends.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from enum import IntEnum
from pathlib import Path
from typing import Protocol

import attrs

from ..errors import LocalError


class LedgerError(LocalError):
    """The ledger cannot be read or written; the message says why. Nothing is lost: run the same job again."""


class JobHeldError(LedgerError):
    """Another runner has the job: wait for it, or stop it."""


class State(IntEnum):
    """How far a chunk is."""

    OPEN = 0
    """To be sent."""
    TAKEN = 1
    """Somebody is sending it, or was when the process ended."""
    SETTLED = 2
    """Its rows have the outcomes they will keep."""
    REFUSED = 3
    """Its call was refused as a whole, and nothing of it was done. The next run tries again."""
    UNKNOWN = 4
    """Its call was made, and nobody knows what became of it. The next run repeats it."""


@attrs.frozen
class Tally:
    """Rows by what became of them.

    Attributes:
        done: WeChat Pay did what was asked.
        already: it had been done before, by somebody else.
        duplicate: an earlier row says the same.
        failed: refused.
        invalid: cannot be sent.
        unknown: sent, with an outcome nobody knows.
    """

    done: int = 0
    already: int = 0
    duplicate: int = 0
    failed: int = 0
    invalid: int = 0
    unknown: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.done + self.already + self.duplicate + self.failed + self.invalid + self.unknown

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.done + other.done,
            self.already + other.already,
            self.duplicate + other.duplicate,
            self.failed + other.failed,
            self.invalid + other.invalid,
            self.unknown + other.unknown,
        )


@attrs.frozen
class NewJob:
    """A job to be planned.

    Attributes:
        name: unique in its ledger.
        kind: what is done with its rows: ``upload``, ``pre_send`` and so on.
        target: JSON of what it is aimed at, written so that equal targets are equal texts.
        source: JSON of where its rows come from: name, size, digest and how it is read.
    """

    name: str
    kind: str
    target: str
    source: str


@attrs.frozen
class JobRecord(NewJob):
    """A job as a ledger has it.

    Attributes:
        id: its number in the ledger.
        created_at: when it was first run, in seconds since the epoch.
        planned: whether all its chunks are there; until then nothing has been sent.
        rows: rows of its source, known once it is planned.
        chunks: chunks so far.
    """

    id: int
    created_at: float
    planned: bool
    rows: int
    chunks: int


@attrs.frozen
class Chunk:
    """What one call takes, and what became of it.

    Attributes:
        seq: its place among the chunks of the job, from 0.
        offset: byte at which its rows begin in the source.
        length: bytes of the source that they take.
        line: line at which they begin.
        rows: how many rows there are, those that are not sent included.
        skipped: positions of rows that are not sent, being invalid or duplicates (:mod:`wxcoupon.bulk.positions`).
        digest: 16 bytes that name exactly what is sent; empty when nothing is.
        state: how far it is.
        doubt: whether it may have been sent before it was taken.
        tally: its rows by outcome; nothing until it is settled, refused or unknown.
        detail: what is to be remembered of single rows (:mod:`wxcoupon.bulk.verdicts`).
    """

    seq: int
    offset: int
    length: int
    line: int
    rows: int
    skipped: str = ""
    digest: bytes = b""
    state: State = State.OPEN
    doubt: bool = False
    tally: Tally = Tally()
    detail: str = attrs.field(default="", repr=False)


@attrs.frozen
class Settlement:
    """What became of a chunk that was taken.

    Attributes:
        seq: which one.
        state: SETTLED, REFUSED or UNKNOWN.
        tally: all its rows by outcome.
        detail: what is to be remembered of single rows.
    """

    seq: int
    state: State
    tally: Tally
    detail: str = attrs.field(default="", repr=False)


class Ledger(Protocol):
    """Where jobs are remembered. Every method may raise :class:`LedgerError`."""

    @property
    def folder(self) -> Path | None:
        """Where sources that are no plain files are kept for as long as their jobs; None: for the run alone."""
        ...

    def hold(self, name: str) -> AbstractAsyncContextManager[None]:
        """Hold the job of that name while the block lasts.

        Raises:
            JobHeldError: another runner, in this process or in another one, holds it.
        """
        ...

    async def find(self, name: str) -> JobRecord | None:
        """The job of that name, if there is one."""
        ...

    async def jobs(self) -> list[JobRecord]:
        """All jobs, the oldest first."""
        ...

    async def add(self, job: NewJob) -> JobRecord:
        """Begin a job; one of that name that was never planned is replaced, with what it had of chunks.

        Raises:
            LedgerError: there is a planned job of that name.
        """
        ...

    async def plan(self, job: int, chunks: Sequence[Chunk]) -> None:
        """Add chunks to a job that is not planned yet; a chunk of which nothing is sent comes as SETTLED.

        Raises:
            LedgerError: the job is planned, or has one of them, or is gone; or one that is settled has not the outcome
                of all its rows. None of them is added then.
        """
        ...

    async def planned(self, job: int, rows: int) -> JobRecord:
        """Say that all chunks are there, which had so many rows.

        Raises:
            LedgerError: a chunk is missing between the first and the last.
        """
        ...

    async def reopen(self, job: int) -> int:
        """Open what is taken, refused or unknown, for a new run; what was taken or unknown is in doubt.

        Returns:
            How many chunks are open now.
        """
        ...

    async def claim(self, job: int, most: int) -> list[Chunk]:
        """Take open chunks, in order; none are left when the list is empty. Their ``doubt`` is what it was before.

        What a claim took that was cancelled is released.

        Raises:
            LedgerError: the job is not planned, or gone.
        """
        ...

    async def release(self, job: int, chunks: Iterable[Chunk]) -> None:
        """Open chunks again that were claimed and not sent; their doubt is what it was before.

        One that is not taken (any more) is left as it is.
        """
        ...

    def settle(self, job: int, settlement: Settlement) -> Awaitable[None]:
        """Remember what became of a chunk; a REFUSED one is in no doubt any more.

        It is begun at once, and done when what is returned has been awaited, so that several are written together.
        Who is cancelled meanwhile does not know whether it was remembered, and may say it again: twice is once.

        Raises:
            LedgerError: it is not taken, or was settled differently, or the tally is not of all its rows.
        """
        ...

    async def tally(self, job: int) -> Tally:
        """The rows of all chunks that are settled, refused or unknown, by outcome."""
        ...

    async def chunks(self, job: int, *, after: int = -1, most: int = 1000, troubled: bool = False) -> list[Chunk]:
        """Chunks in order, from the one behind *after* on; *troubled*: only with other outcomes than done."""
        ...

    async def number(self, series: str) -> int:
        """The next number of a series: 1, 2, 3 and so on, none of them twice."""
        ...

    async def remove(self, name: str) -> None:
        """Forget a job, if there is one; its number is not given again."""
        ...

    async def close(self) -> None:
        """Finish what was asked for, and let go of the ledger; more than once is once."""
        ...
