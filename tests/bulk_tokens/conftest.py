"""A sandbox with a stock, and a client of it whose calls are counted and can be held up."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from wxcoupon import Client, Pacer, Partner
from wxcoupon.sandbox import Sandbox

from ..sandbox.shapes import APPID, product_coupon


class Road:
    """The way of all calls to the sandbox.

    Attributes:
        free: while it is not set, calls that begin are held up.
        begun: how many calls began.
        under_way: how many are under way.
        most: how many were under way at once.
        given_up: how many were cancelled while they were held up.
    """

    def __init__(self) -> None:
        self.free = asyncio.Event()
        self.free.set()
        self.begun = self.under_way = self.most = self.given_up = 0
        self._arrived = asyncio.Semaphore(0)

    async def arrived(self, calls: int = 1) -> None:
        """Wait until so many more calls have begun."""
        for _ in range(calls):
            await self._arrived.acquire()

    async def begin(self, *_: Any) -> None:
        """A call begins."""
        self.begun += 1
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        self._arrived.release()
        try:
            await self.free.wait()
        except asyncio.CancelledError:
            self.given_up += 1
            self.under_way -= 1
            raise

    async def end(self, *_: Any) -> None:
        """A call ends."""
        self.under_way -= 1


@pytest.fixture
async def road() -> Road:
    """Nothing is held up on it."""
    return Road()


@pytest.fixture
async def client(sandbox: Sandbox, road: Road, unpaced: Pacer) -> AsyncIterator[Client[Partner]]:
    """A client whose calls take the road."""
    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(road.begin)
    trace.on_request_end.append(road.end)
    trace.on_request_exception.append(road.end)
    async with (
        aiohttp.ClientSession(trace_configs=[trace]) as session,
        Client(
            sandbox.partner, sandbox.platform_keys, base_url=sandbox.base_url, pacer=unpaced, session=session
        ) as client,
    ):
        yield client


@pytest.fixture
async def ids(partner: Client[Partner]) -> dict[str, Any]:
    """A stock that sends."""
    made = await partner.call(product_coupon(mode="WECHATPAY"))
    assert made.stock is not None
    return {"product_coupon_id": made.product_coupon_id, "stock_id": made.stock.stock_id, "appid": APPID}
