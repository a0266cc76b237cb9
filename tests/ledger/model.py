"""A ledger and beside it what it should say, in plain lists."""

import asyncio

import attrs
import pytest

from wxcoupon.bulk.ledger import Chunk, Ledger, LedgerError, NewJob, Settlement, State, Tally

from .planning import ROWS, SPRING, chunk

_OPENED = {State.TAKEN: True, State.UNKNOWN: True, State.REFUSED: False}


@attrs.define
class Job:
    """A job as it should be."""

    id: int
    planned: bool = False
    chunks: list[Chunk] = attrs.field(factory=list[Chunk])

    def taken(self) -> list[Chunk]:
        """The chunks that somebody sends."""
        return [each for each in self.chunks if each.state is State.TAKEN]


class Pair:
    """A ledger and its model, to which the same is done."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.jobs: dict[str, Job] = {}
        self.last = 0

    async def add(self, name: str) -> None:
        """Add a job."""
        new = NewJob(name, SPRING.kind, SPRING.target, SPRING.source)
        if name in self.jobs and self.jobs[name].planned:
            with pytest.raises(LedgerError):
                await self.ledger.add(new)
        else:
            self.jobs.pop(name, None)
            self.jobs[name] = Job((await self.ledger.add(new)).id)

    async def plan(self, name: str, count: int) -> None:
        """Plan so many chunks more."""
        job = self.jobs[name]
        chunks = [chunk(len(job.chunks) + number) for number in range(count)]
        if job.planned:
            with pytest.raises(LedgerError):
                await self.ledger.plan(job.id, chunks)
        else:
            await self.ledger.plan(job.id, chunks)
            job.chunks += chunks

    async def planned(self, name: str) -> None:
        """Say that these are all."""
        job = self.jobs[name]
        job.planned = True
        assert len(job.chunks) == (await self.ledger.planned(job.id, len(job.chunks) * ROWS)).chunks

    async def reopen(self, name: str) -> None:
        """Begin a new run."""
        job = self.jobs[name]
        job.chunks = [
            attrs.evolve(each, state=State.OPEN, doubt=_OPENED[each.state], tally=Tally(), detail="")
            if each.state in _OPENED
            else each
            for each in job.chunks
        ]
        assert sum(each.state is State.OPEN for each in job.chunks) == await self.ledger.reopen(job.id)

    async def claim(self, name: str, most: int) -> None:
        """Take chunks."""
        job = self.jobs[name]
        if not job.planned:
            with pytest.raises(LedgerError):
                await self.ledger.claim(job.id, most)
            return
        expected = [attrs.evolve(each, state=State.TAKEN) for each in job.chunks if each.state is State.OPEN][:most]
        for each in expected:
            job.chunks[each.seq] = each
        assert expected == await self.ledger.claim(job.id, most)

    async def release(self, name: str, seed: int) -> None:
        """Release some of what is taken, which the bits of the seed say."""
        job = self.jobs[name]
        some = [each for place, each in enumerate(job.taken()) if seed >> place & 1]
        for each in some:
            job.chunks[each.seq] = attrs.evolve(each, state=State.OPEN)
        await self.ledger.release(job.id, some)

    async def settle(self, name: str, seed: int, state: State) -> None:
        """Settle the others of what is taken, all at once."""
        job = self.jobs[name]
        settled = [
            Settlement(each.seq, state, Tally(done=ROWS - seed % 7, failed=seed % 7), "x" * (seed * place))
            for place, each in enumerate(job.taken())
            if not seed >> place & 1
        ]
        for each in settled:
            was = job.chunks[each.seq]
            job.chunks[each.seq] = attrs.evolve(
                was, state=state, tally=each.tally, detail=each.detail, doubt=was.doubt and state is not State.REFUSED
            )
        await asyncio.gather(*(self.ledger.settle(job.id, each) for each in settled))

    async def number(self) -> None:
        """Take a number."""
        self.last += 1
        assert self.last == await self.ledger.number("series")

    async def remove(self, name: str) -> None:
        """Forget a job."""
        del self.jobs[name]
        await self.ledger.remove(name)

    def state(self) -> list[tuple[object, ...]]:
        """Everything there is."""
        jobs = [(name, job.id, job.planned, tuple(job.chunks)) for name, job in self.jobs.items()]
        return [(self.last,), *jobs]

    async def compare(self) -> None:
        """See that both say the same."""
        expected = [(name, job.id, job.planned, len(job.chunks)) for name, job in self.jobs.items()]
        assert expected == [(job.name, job.id, job.planned, job.chunks) for job in await self.ledger.jobs()]
        for job in self.jobs.values():
            assert job.chunks == await self.ledger.chunks(job.id)
            assert sum((each.tally for each in job.chunks), Tally()) == await self.ledger.tally(job.id)
