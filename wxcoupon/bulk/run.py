"""Many calls, at most so many at once, each outcome as it ends.

Memory is bounded by the concurrency, not by the job: the next request is taken when a worker is free, and a worker
waits when its outcome is not fetched. The documented rates are kept by the client's pacer, not here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar

import attrs

from ..client import Client
from ..endpoint import Endpoint
from ..errors import ConfigurationError, WxCouponError
from ..identity import Brand, Merchant, Partner

R = TypeVar("R")
Q = TypeVar("Q", bound=Endpoint[Any, Any])
Who = TypeVar("Who", bound=Merchant | Partner | Brand)


@attrs.frozen
class Done(Generic[R]):
    """A call that ended well.

    Attributes:
        request: what was asked.
        result: what came.
    """

    request: Endpoint[R, Any]
    result: R


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


async def _work(
    client: Client[Who],
    source: AsyncIterator[Endpoint[R, Who]],
    turn: asyncio.Lock,
    finished: asyncio.Queue[Done[R] | Failed[R] | None],
) -> None:
    while True:
        async with turn:  # an async iterator is asked for one item at a time
            request = await anext(source, None)
        if request is None:
            return
        try:
            outcome: Done[R] | Failed[R] = Done(request, await client.call(request))
        except WxCouponError as error:
            outcome = Failed(request, error)
        await finished.put(outcome)


@asynccontextmanager
async def bulk(
    client: Client[Who], requests: Iterable[Endpoint[R, Who]] | AsyncIterable[Endpoint[R, Who]], *, concurrency: int = 8
) -> AsyncGenerator[AsyncIterator[Done[R] | Failed[R]]]:
    """Make every call of *requests*, at most *concurrency* at once.

    ::

        async with bulk(client, uploads) as outcomes:
            async for outcome in outcomes:
                match outcome:
                    case Done(request, result): ...
                    case Failed(request, error): ...

    Leaving the block early, or being cancelled in it, cancels the calls under way: their outcome is unknown, and the
    same requests may be made again.

    Args:
        client: makes the calls.
        requests: typed requests, from a list, a generator or an async generator; read only as fast as calls end, and
            an async generator is closed at the end.
        concurrency: calls under way at once, at least 1.

    Yields:
        The outcomes, in the order in which the calls end.

    Raises:
        ConfigurationError: *concurrency* is not at least 1.
        Exception: whatever *requests* raises, from the loop over the outcomes, once the calls under way are cancelled.
    """
    if concurrency < 1:
        raise ConfigurationError(f"concurrency is at least 1, not {concurrency}")
    source = aiter(requests) if isinstance(requests, AsyncIterable) else _one_by_one(requests)
    turn = asyncio.Lock()
    finished: asyncio.Queue[Done[R] | Failed[R] | None] = asyncio.Queue(concurrency)
    bugs: list[BaseException] = []

    async def run() -> None:
        try:
            async with asyncio.TaskGroup() as workers:
                for _ in range(concurrency):
                    workers.create_task(_work(client, source, turn, finished))
        except BaseExceptionGroup as group:
            bugs.extend(group.exceptions)
        await finished.put(None)

    async def outcomes() -> AsyncIterator[Done[R] | Failed[R]]:
        while (outcome := await finished.get()) is not None:
            yield outcome
        if bugs:
            raise bugs[0]

    runner = asyncio.create_task(run())
    try:
        yield outcomes()
    finally:
        runner.cancel()
        await asyncio.gather(runner, return_exceptions=True)
        if isinstance(source, AsyncGenerator):
            await source.aclose()  # a generator that holds a database cursor lets it go now, not at some collection
