"""Many calls, at most so many at once, each outcome as it ends.

Memory is bounded by the concurrency, not by the job: a worker takes its next request when there is room for another
outcome, and keeps its place until then. An outcome can be fetched from the moment it is there, after the block too.
There are twice as many workers as places, because a call that pauses before a repetition lends its place; half of them
sleep until one does. The documented rates are kept by the client's pacer, not here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

import attrs

from ..endpoint import Endpoint
from ..errors import ConfigurationError, WxCouponError
from ..identity import Brand, Merchant, Partner
from ..retry import Pause
from ..wire import Answer
from .ending import end
from .places import Place, Places

if TYPE_CHECKING:  # a client brings aiohttp with it; whoever gives one has it already
    from ..client import Client

R = TypeVar("R")
Q = TypeVar("Q", bound=Endpoint[Any, Any])
Who = TypeVar("Who", bound=Merchant | Partner | Brand)


@attrs.frozen
class Done(Generic[R]):
    """A call that ended well.

    Attributes:
        request: what was asked.
        result: what came.
        answer: what it was read from: status, headers, bytes and ``request_id``.
    """

    request: Endpoint[R, Any]
    result: R
    answer: Answer = attrs.field(repr=False)


@attrs.frozen
class Failed(Generic[R]):
    """A call that ended with an error of this library's; anything else is a bug and ends the job.

    Attributes:
        request: what was asked.
        error: what became of it; ``error.outcome_unknown`` says whether WeChat Pay may have acted.
    """

    request: Endpoint[R, Any]
    error: WxCouponError


async def _one_by_one(requests: Iterable[Q]) -> AsyncGenerator[Q]:
    for request in requests:
        yield request


@attrs.define
class _Job(Generic[R, Who]):
    """What the workers of one bulk share.

    Attributes:
        source: the requests, one by one.
        turn: an async iterator is asked for one item at a time.
        wanted: lets as many workers through as there are places, and one more for each call that pauses.
        leaving: is told of each request that leaves.
        leave: workers that shall sleep again, because as many calls came back from their pause.
        finished: outcomes to fetch, and None at the end, which stays there.
        room: as many outcomes as may wait to be fetched before workers wait for that.
        bug: what is no error of this library's: nothing more is taken, calls under way end, then it is raised.
    """

    client: Client[Who]
    source: AsyncIterator[Endpoint[R, Who]]
    finished: asyncio.Queue[Done[R] | Failed[R] | None]
    places: Places
    wanted: asyncio.Semaphore
    room: asyncio.Semaphore
    leaving: Callable[[Endpoint[R, Who]], object] | None
    leave: int = 0
    turn: asyncio.Lock = attrs.field(factory=asyncio.Lock)
    bug: BaseException | None = None
    _taking: asyncio.Task[Any] | None = None

    def fail(self, bug: BaseException) -> None:
        """Note a bug, and wake whoever waits for a request that is not wanted any more."""
        if self.bug is None:
            self.bug = bug
            if self._taking is not None:
                self._taking.cancel()

    async def take(self) -> Endpoint[R, Who] | None:
        """The next request; None when there is none, or when there shall be none."""
        async with self.turn:
            if self.bug is not None:
                return None
            self._taking = task = asyncio.current_task()
            try:
                request = await anext(self.source, None)
            except asyncio.CancelledError as error:
                if self.bug is not None and task is not None:
                    task.uncancel()  # it was woken by fail
                if task is None or task.cancelling():
                    raise
                cancelled = RuntimeError("something that the stream of requests awaited was cancelled")
                cancelled.__cause__ = error
                self.fail(cancelled)
            except Exception as error:  # noqa: BLE001 - it is raised to the caller, after the outcomes
                self.fail(error)
            else:
                if self.bug is None:
                    return request
            finally:
                self._taking = None
            return None

    async def work(self) -> None:
        """Make one call after the other."""
        place = Place(self.places)

        async def rest(pause: Pause) -> None:
            self.wanted.release()
            try:
                await place.rest(pause)
            finally:
                self.leave += 1

        def leaves() -> None:
            if self.leaving is not None and request is not None:
                self.leaving(request)

        client = self.client.resting(rest, leaves)
        request: Endpoint[R, Who] | None = None
        async with self.wanted:
            while (request := await self.take()) is not None:
                async with place:
                    try:
                        came = await client.call_with_answer(request)
                        outcome: Done[R] | Failed[R] = Done(request, came.result, came.answer)
                    except WxCouponError as error:
                        outcome = Failed(request, error)
                    except Exception as error:  # noqa: BLE001 - it is raised to the caller, after the outcomes
                        self.fail(error)
                        return
                    self.finished.put_nowait(outcome)
                    await self.room.acquire()
                if self.leave:
                    self.leave -= 1
                    await self.wanted.acquire()

    async def run(self, concurrency: int) -> None:
        """Make all calls."""
        async with asyncio.TaskGroup() as workers:
            for _ in range(2 * concurrency):
                workers.create_task(self.work())
        self.finished.put_nowait(None)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Done[R] | Failed[R]:
        """What became of the next call that ended."""
        outcome = await self.finished.get()
        if outcome is not None:
            self.room.release()
            return outcome
        self.finished.put_nowait(None)
        bug, self.bug = self.bug, None
        if bug is not None:
            raise bug
        raise StopAsyncIteration


@asynccontextmanager
async def bulk(
    client: Client[Who],
    requests: Iterable[Endpoint[R, Who]] | AsyncIterable[Endpoint[R, Who]],
    *,
    concurrency: int = 8,
    leaving: Callable[[Endpoint[R, Who]], object] | None = None,
) -> AsyncGenerator[AsyncIterator[Done[R] | Failed[R]]]:
    """Make every call of *requests*, at most *concurrency* at once.

    ::

        async with bulk(client, uploads) as outcomes:
            async for outcome in outcomes:
                match outcome:
                    case Done(request, result): ...
                    case Failed(request, error): ...

    Leaving the block early, or being cancelled in it, cancels the calls under way: their outcome is unknown, and the
    same requests may be made again. Whoever iterates on finds the outcomes that were not fetched, and then the end.

    Args:
        client: makes the calls.
        requests: typed requests, from a list, a generator or an async generator; read only as fast as calls end, and
            an async generator is closed at the end.
        concurrency: calls under way at once, at least 1. One that pauses before it is repeated is not counted; as
            many calls may pause as may be under way.
        leaving: called with a request before it leaves, when it has waited for its turn, and again before it is
            repeated. What was not told of when the block is left has certainly not left.

    Yields:
        The outcomes, in the order in which the calls end.

    Raises:
        ConfigurationError: *concurrency* is not at least 1.
        Exception: whatever *requests* raises, from the loop over the outcomes, after those of the calls under way.
    """
    if concurrency < 1:
        raise ConfigurationError(f"concurrency is at least 1, not {concurrency}")
    source = aiter(requests) if isinstance(requests, AsyncIterable) else _one_by_one(requests)
    wanted, room = asyncio.Semaphore(concurrency), asyncio.Semaphore(concurrency)
    job = _Job(client, source, asyncio.Queue(), Places(concurrency), wanted, room, leaving)
    runner = asyncio.create_task(job.run(concurrency))
    try:
        yield job
    finally:
        try:
            await end(runner)
        finally:
            job.finished.put_nowait(None)  # for whoever iterates on, what came meanwhile is before it
            if isinstance(source, AsyncGenerator):
                await source.aclose()  # a generator that holds a database cursor lets it go now, not at some collection
