"""What all tests share: one set of throwaway keys, a sandbox without rate limits, and a client of each kind."""

import os
from collections.abc import AsyncIterator

import pytest

from wxcoupon import Brand, Client, Merchant, Pacer, Partner
from wxcoupon.endpoint import registry
from wxcoupon.sandbox import Keys, Sandbox


def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are cores: a quarter of the time tests wait for clocks and other processes."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(scope="session")
def keys() -> Keys:
    """The secrets of every sandbox of this test process: making them takes half a second."""
    return Keys.generate()


@pytest.fixture
def unpaced() -> Pacer:
    """A pacer that never waits."""
    return Pacer(dict.fromkeys(registry()))


@pytest.fixture
async def sandbox(keys: Keys) -> AsyncIterator[Sandbox]:
    """A running sandbox that keeps no rate limits."""
    async with Sandbox(rate_limits="off", keys=keys) as running:
        yield running


@pytest.fixture
async def merchant(sandbox: Sandbox, unpaced: Pacer) -> AsyncIterator[Client[Merchant]]:
    """A client of the sandbox's merchant."""
    async with Client(sandbox.merchant, sandbox.platform_keys, base_url=sandbox.base_url, pacer=unpaced) as client:
        yield client


@pytest.fixture
async def partner(sandbox: Sandbox, unpaced: Pacer) -> AsyncIterator[Client[Partner]]:
    """A client of the sandbox's partner."""
    async with Client(sandbox.partner, sandbox.platform_keys, base_url=sandbox.base_url, pacer=unpaced) as client:
        yield client


@pytest.fixture
async def brand(sandbox: Sandbox, unpaced: Pacer) -> AsyncIterator[Client[Brand]]:
    """A client of the sandbox's brand."""
    async with Client(sandbox.brand, sandbox.platform_keys, base_url=sandbox.base_url, pacer=unpaced) as client:
        yield client
