"""From work to outcomes: some of it is decided by looking, the rest by a call, and all comes out of one stream."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import aclosing, asynccontextmanager
from typing import Final, Generic, TypeVar

from ..client import Client
from ..endpoint import Endpoint
from ..identity import Brand, Merchant, Partner
from .ending import end
from .run import Done, Failed, bulk

R = TypeVar("R")
O = TypeVar("O")  # noqa: E741 - an outcome
Who = TypeVar("Who", bound=Merchant | Partner | Brand)

_MOST: Final = 1000
"""Outcomes that may wait to be fetched before the work waits for them."""


class Outcomes(Generic[O]):
    """Outcomes between those who find them and the one who iterates them; whoever stops iterating finds the rest here.

    The iteration ends with the error that ended the work, if one did.
    """

    def __init__(self) -> None:
        self._known: deque[O] = deque()
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._ended = False
        self._error: Exception | None = None

    async def put(self, outcomes: Iterable[O]) -> None:
        """Add outcomes, which are here from that moment on, and wait while too many have not been fetched."""
        self._known.extend(outcomes)
        self._news.set()
        while len(self._known) >= _MOST:
            self._room.clear()
            await self._room.wait()

    def end(self, error: Exception | None) -> None:
        """Say that no more will come."""
        if not self._ended:
            self._ended, self._error = True, error
        self._news.set()

    async def __aiter__(self) -> AsyncIterator[O]:
        while True:
            while self._known:
                outcome = self._known.popleft()
                self._room.set()
                yield outcome
            if self._ended:
                break
            self._news.clear()
            await self._news.wait()
        if self._error is not None:
            raise self._error

    def rest(self) -> list[O]:
        """Take what nobody has fetched."""
        rest = list(self._known)
        self._known.clear()
        return rest


@asynccontextmanager
async def settle(
    client: Client[Who],
    work: AsyncGenerator[Endpoint[R, Who] | list[O]],
    judge: Callable[[Done[R] | Failed[R]], list[O]],
    *,
    concurrency: int,
) -> AsyncGenerator[Outcomes[O]]:
    """Turn work into outcomes.

    Args:
        client: makes the calls.
        work: requests to make, and between them lists of outcomes that need no call. It is taken only as fast as calls
            end and outcomes are fetched.
        judge: what the end of a call means; it may note things that *work* looks at before it goes on.
        concurrency: calls under way at once.

    Yields:
        The outcomes, as they are known. Their iteration raises whatever *work* raises.
    """
    found: Outcomes[O] = Outcomes()

    async def requests() -> AsyncGenerator[Endpoint[R, Who]]:
        async for item in work:
            if isinstance(item, list):
                await found.put(item)
            else:
                yield item

    async def collect() -> None:
        async with aclosing(work), aclosing(requests()) as todo, bulk(client, todo, concurrency=concurrency) as ended:
            async for end in ended:
                await found.put(judge(end))

    async def gather() -> None:
        try:
            await collect()
        except Exception as error:  # noqa: BLE001 - it is raised where the outcomes are awaited
            found.end(error)
        else:
            found.end(None)

    gathering = asyncio.create_task(gather())
    try:
        yield found
    finally:
        try:
            await end(gathering)
        finally:
            found.end(None)  # or whoever iterates on would wait for ever
