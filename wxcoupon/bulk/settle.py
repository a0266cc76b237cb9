"""From work to outcomes: some of it is decided by looking, the rest by a call, and all comes out of one stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import TypeVar

from ..client import Client
from ..endpoint import Endpoint
from ..identity import Brand, Merchant, Partner
from .run import Done, Failed, bulk

R = TypeVar("R")
O = TypeVar("O")  # noqa: E741 - an outcome
Who = TypeVar("Who", bound=Merchant | Partner | Brand)


@asynccontextmanager
async def settle(
    client: Client[Who],
    work: AsyncGenerator[Endpoint[R, Who] | list[O]],
    judge: Callable[[Done[R] | Failed[R]], list[O]],
    *,
    concurrency: int,
) -> AsyncGenerator[AsyncIterator[O]]:
    """Turn work into outcomes.

    Args:
        client: makes the calls.
        work: requests to make, and between them lists of outcomes that need no call. It is taken only as fast as calls
            end and outcomes are fetched.
        judge: what the end of a call means; it may note things that *work* looks at before it goes on.
        concurrency: calls under way at once.

    Yields:
        The outcomes, as they are known.

    Raises:
        Exception: whatever *work* raises, after the outcomes of the calls that were under way.
    """
    ready: asyncio.Queue[list[O] | None] = asyncio.Queue(concurrency)

    async def requests() -> AsyncGenerator[Endpoint[R, Who]]:
        async for item in work:
            if isinstance(item, list):
                await ready.put(item)
            else:
                yield item

    async def collect() -> None:
        async with aclosing(work), aclosing(requests()) as todo, bulk(client, todo, concurrency=concurrency) as ended:
            async for end in ended:
                await ready.put(judge(end))

    async def gather() -> BaseException | None:
        try:
            await collect()
        except Exception as error:  # noqa: BLE001 - it is raised where the outcomes are awaited
            await ready.put(None)
            return error
        await ready.put(None)
        return None

    gathering = asyncio.create_task(gather())

    async def outcomes() -> AsyncIterator[O]:
        while (batch := await ready.get()) is not None:
            for outcome in batch:
                yield outcome
        if (error := await gathering) is not None:
            raise error

    try:
        yield outcomes()
    finally:
        gathering.cancel()
        await asyncio.gather(gathering, return_exceptions=True)
