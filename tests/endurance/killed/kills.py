"""Moments at which a job is killed, and the killing.

A moment is a place in the job and not a time, so that a slow machine and a fast one kill at the same places: the job
stays at it, or runs on for a drawn while and is killed wherever it is then.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, Protocol

import attrs

from tests.fault_proxy import FaultProxy, Passage

ARRIVED: Final = "arrived"
"""A request arrived at the proxy: the server has not acted yet."""
BEGUN: Final = "begun"
"""A run has begun. What is killed some time after that is killed anywhere."""
A_CLAIM: Final = 16
"""Calls that are taken at once by a job that makes eight at once."""


@attrs.frozen
class Moment:
    """When a job is killed.

    Attributes:
        mark: what is told there.
        nth: for which time, in one run.
        wait: seconds for which it runs on; None where it stays.
    """

    mark: str
    nth: int
    wait: float | None


class Marks:
    """What was told in this run, for whoever waits for a moment of it."""

    def __init__(self) -> None:
        self._told: Counter[str] = Counter()
        self._awaited: tuple[str, int, asyncio.Future[None]] | None = None

    def expect(self, moment: Moment) -> asyncio.Future[None]:
        """Begin a new run; what is returned is done at the moment."""
        self._told.clear()
        reached: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._awaited = (moment.mark, moment.nth, reached)
        return reached

    def tell(self, mark: str) -> None:
        """Take note."""
        self._told[mark] += 1
        if self._awaited is not None:
            awaited, nth, reached = self._awaited
            if (mark, self._told[mark]) == (awaited, nth) and not reached.done():
                reached.set_result(None)


class _Seen(list[Passage]):
    def __init__(self, marks: Marks) -> None:
        super().__init__()
        self._marks = marks

    def append(self, passage: Passage) -> None:
        """Tell of each."""
        super().append(passage)
        self._marks.tell(ARRIVED)


def listen(proxy: FaultProxy, marks: Marks) -> None:
    """Tell of every request that arrives at a proxy."""
    proxy.seen = _Seen(marks)


class Job(Protocol):
    """A job that can be run again and again, each time in a process of its own."""

    async def start(self, moment: Moment | None) -> None:
        """Begin a run, which stays at the moment where that has no wait."""
        ...

    def kill(self) -> None:
        """Kill it, if there is something to be killed."""
        ...

    async def ended(self) -> int:
        """Its exit status, once it has one; below 0 the number of the signal that ended it."""
        ...


async def until_it_ends(job: Job, marks: Marks, moments: Sequence[Moment]) -> int:
    """Run a job again and again, killed at each of these moments, and then to its end; gives its exit status.

    Raises:
        AssertionError: a run ended before it was killed; where that is a matter of time, it may, once all is done.
    """
    for moment in moments:
        reached = marks.expect(moment)
        await job.start(moment)
        ended = asyncio.ensure_future(job.ended())
        try:
            either: set[asyncio.Future[Any]] = {reached, ended}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if moment.wait:
                await asyncio.sleep(moment.wait)
        finally:
            job.kill()
            status = await ended
        if moment.mark == BEGUN and status == 0:
            return status
        assert -signal.SIGKILL == status, f"the run that was to be killed at {moment} ended with {status}"
    await job.start(None)
    try:
        return await job.ended()
    finally:
        job.kill()


class Forked:
    """A job of the runner's; made by :func:`forked`."""

    def __init__(self, runner: Process, marks: Marks, told: Mapping[str, Any]) -> None:
        self._runner = runner
        self._marks = marks
        self._told = told
        self._process: int | None = None

    async def start(self, moment: Moment | None) -> None:
        """See the protocol."""
        assert self._runner.stdin is not None
        stay = [moment.mark, moment.nth] if moment is not None and moment.wait is None else None
        self._runner.stdin.write(f"{json.dumps({**self._told, 'stay': stay})}\n".encode())
        await self._runner.stdin.drain()
        while self._process is None:
            word, _, number = (await self._line()).partition(" ")
            if word == "process":
                self._process = int(number)
                self._marks.tell(BEGUN)
            else:  # the job was faster than the runner
                self._marks.tell(word)

    def kill(self) -> None:
        """See the protocol."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.kill(self._process, signal.SIGKILL)

    async def ended(self) -> int:
        """See the protocol."""
        while True:
            word, _, status = (await self._line()).partition(" ")
            if word == "ended":
                self._process = None
                return int(status)
            self._marks.tell(word)

    async def _line(self) -> str:
        assert self._runner.stdout is not None
        line = await self._runner.stdout.readline()
        assert line, "the runner has ended"
        return line.decode().strip()


@asynccontextmanager
async def forked(marks: Marks, told: Mapping[str, Any]) -> AsyncGenerator[Forked]:
    """A job of the runner's, which is killed at the end of the block if it still runs.

    Args:
        marks: are told what it tells.
        told: the job, in the runner's words.
    """
    words = (sys.executable, "-W", "error", "-m", "tests.endurance.killed.runner")
    runner = await asyncio.create_subprocess_exec(*words, stdin=PIPE, stdout=PIPE)
    job = Forked(runner, marks, told)
    try:
        yield job
    finally:
        job.kill()
        assert runner.stdin is not None
        runner.stdin.close()  # at which it ends
        await runner.communicate()


class Command:
    """A command line, which tells ``line`` for each line that it writes to stderr.

    Args:
        marks: are told.
        words: the command.
        environ: its environment.

    Attributes:
        out: what the last run wrote to stdout.
    """

    def __init__(self, marks: Marks, words: Iterable[object], environ: Mapping[str, str]) -> None:
        self._marks = marks
        self._words = [str(word) for word in words]
        self._environ = environ
        self._process: Process | None = None
        self.out = ""

    async def start(self, moment: Moment | None) -> None:
        """See the protocol; it never stays."""
        assert moment is None or moment.wait is not None
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "wxcoupon", *self._words, stdout=PIPE, stderr=PIPE, env=self._environ
        )

    def kill(self) -> None:
        """See the protocol."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def ended(self) -> int:
        """See the protocol."""
        assert self._process is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._marks.tell("line")
        while await self._process.stderr.readline():
            self._marks.tell("line")
        self.out = (await self._process.stdout.read()).decode()
        return await self._process.wait()


def moments(count: int, chance: random.Random, *, pieces: int, calls: int) -> list[Moment]:
    """Moments all over an upload: a fifth while its source is read, a few while it is planned, the others later.

    Args:
        count: how many; at least ten.
        chance: draws them.
        pieces: of the source, each of which is read twice: once to be looked at, and once to be planned.
        calls: of the job. The runs that are killed leave some of them to the last one.
    """
    drawn = [Moment("piece", chance.randint(1, pieces), None) for _ in range(count // 5)]
    drawn += [Moment("piece", pieces + chance.randint(1, pieces), None) for _ in range(2)]
    drawn += [Moment("plan", 1, None), Moment("planned", 1, None)]
    return drawn + sending_moments(count - len(drawn), chance, calls=calls, a_claim=A_CLAIM)


def sending_moments(count: int, chance: random.Random, *, calls: int, a_claim: int) -> list[Moment]:
    """Moments of a job that is planned; *a_claim* is how many calls are taken at once."""
    most = max(1, calls // count - 4)
    drawn: list[Moment] = []
    for _ in range(count):
        wait = chance.choice([0.0, chance.uniform(0, 0.01)])
        match chance.choice(["claim", "settle", "settle", ARRIVED, ARRIVED]):
            case "claim":
                drawn.append(Moment("claim", chance.randint(1, 1 + most // a_claim), None))
            case "settle":
                drawn.append(Moment("settle", chance.randint(1, most), chance.choice([None, wait])))
            case _:
                drawn.append(Moment(ARRIVED, chance.randint(1, most), wait))
    return drawn
