"""A stock to upload into, and clients that reach it in several ways."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from wxcoupon import Client, Pacer, Partner, RetryPolicy
from wxcoupon.sandbox import Sandbox

from ..fault_proxy import FaultProxy
from .shop import Shop


@pytest.fixture
async def once(sandbox: Sandbox, unpaced: Pacer) -> AsyncIterator[Client[Partner]]:
    """A client that sends everything once."""
    retry = RetryPolicy(attempts=1)
    async with Client(
        sandbox.partner, sandbox.platform_keys, base_url=sandbox.base_url, pacer=unpaced, retry=retry
    ) as client:
        yield client


@pytest.fixture
async def shop(sandbox: Sandbox, once: Client[Partner], tmp_path: Path) -> Shop:
    """A stock with room for ten thousand codes."""
    return await Shop.opened(sandbox, once, tmp_path)


@pytest.fixture
async def proxy(sandbox: Sandbox) -> AsyncIterator[FaultProxy]:
    """A proxy to the sandbox."""
    async with FaultProxy(sandbox.base_url) as running:
        yield running


@pytest.fixture
async def behind(sandbox: Sandbox, proxy: FaultProxy, unpaced: Pacer) -> AsyncIterator[Client[Partner]]:
    """A client that goes through the proxy, and sends everything once."""
    retry = RetryPolicy(attempts=1)
    async with Client(
        sandbox.partner, sandbox.platform_keys, base_url=proxy.base_url, pacer=unpaced, retry=retry
    ) as client:
        yield client
