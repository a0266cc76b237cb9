"""A ledger that is nothing but lists: what a job costs when nothing of it is remembered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import attrs

from wxcoupon.bulk.ledger import Chunk, JobRecord, NewJob, Settlement, Tally


class Forgetful:
    """One job, run once; see :class:`wxcoupon.bulk.ledger.Ledger`."""

    folder: Path | None = None

    def __init__(self) -> None:
        self._job: JobRecord | None = None
        self._chunks: list[Chunk] = []
        self._next = 0
        self._tally = Tally()

    @asynccontextmanager
    async def hold(self, name: str) -> AsyncGenerator[None]:
        """Nobody else has it."""
        assert name
        yield

    async def find(self, name: str) -> JobRecord | None:
        """The job, if it was begun."""
        assert name
        return self._job

    async def jobs(self) -> list[JobRecord]:
        """The one job."""
        return [self._job] if self._job else []

    async def add(self, job: NewJob) -> JobRecord:
        """Begin it."""
        self._job = JobRecord(job.name, job.kind, job.target, job.source, 1, 0.0, planned=False, rows=0, chunks=0)
        return self._job

    async def plan(self, job: int, chunks: Sequence[Chunk]) -> None:
        """Keep its chunks."""
        assert job
        self._chunks += chunks

    async def planned(self, job: int, rows: int) -> JobRecord:
        """Say that they are all there."""
        assert job
        assert self._job
        self._job = attrs.evolve(self._job, planned=True, rows=rows, chunks=len(self._chunks))
        return self._job

    async def reopen(self, job: int) -> int:
        """All are open."""
        assert job
        return len(self._chunks)

    async def claim(self, job: int, most: int) -> list[Chunk]:
        """The next ones."""
        assert job
        taken = self._chunks[self._next : self._next + most]
        self._next += len(taken)
        return taken

    async def release(self, job: int, chunks: Iterable[Chunk]) -> None:
        """There is nothing to give back."""

    def settle(self, job: int, settlement: Settlement) -> Awaitable[None]:
        """Count."""
        assert job
        self._tally += settlement.tally
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    async def tally(self, job: int) -> Tally:
        """The counts."""
        assert job
        return self._tally

    async def chunks(self, job: int, *, after: int = -1, most: int = 1000, troubled: bool = False) -> list[Chunk]:
        """The plan."""
        assert job
        assert not troubled
        return self._chunks[after + 1 : after + 1 + most]

    async def number(self, series: str) -> int:
        """There is one run."""
        assert series
        return 1

    async def remove(self, name: str) -> None:
        """There is nothing to forget."""

    async def close(self) -> None:
        """There is nothing to close."""
