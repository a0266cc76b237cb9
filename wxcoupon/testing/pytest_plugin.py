"""Fixtures for pytest: a sandbox, its clients, and callbacks with the same keys.

Name it in your ``conftest.py``; it is not loaded by itself, so whoever does not want it pays nothing::

    pytest_plugins = ["wxcoupon.testing.pytest_plugin"]

The asynchronous fixtures are taken by pytest-asyncio, in both its modes, or without it by anyio's plugin; each test has
a sandbox of its own, in its own event loop. Override ``wxcoupon_sandbox_options`` for other arguments of the sandbox::

    @pytest.fixture
    def wxcoupon_sandbox_options() -> dict[str, Any]:
        return {"callback_schedule": (0.1, 0.1), "probe_callbacks": 0.5, "seed": 1}
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

import pytest

from ..client import Client
from ..endpoint import registry
from ..identity import Brand, Merchant, Partner
from ..pace import Pacer
from ..sandbox import Keys, Sandbox
from .callbacks import Callbacks

if TYPE_CHECKING:
    _awaited = pytest.fixture
else:
    try:  # in its strict mode pytest-asyncio takes no others
        from pytest_asyncio import fixture as _awaited
    except ImportError:
        _awaited = pytest.fixture


@pytest.fixture(scope="session")
def wxcoupon_keys() -> Keys:
    """The secrets of every sandbox of this test process: making them takes half a second."""
    return Keys.generate()


@pytest.fixture
def wxcoupon_callbacks(wxcoupon_keys: Keys) -> Callbacks:
    """Makes callbacks that whoever believes the sandbox believes, and others that nobody should."""
    return Callbacks.of(wxcoupon_keys)


@pytest.fixture
def wxcoupon_sandbox_options() -> dict[str, Any]:
    """Arguments of the sandbox; override it."""
    return {}


@_awaited
async def wxcoupon_sandbox(
    wxcoupon_keys: Keys, wxcoupon_sandbox_options: dict[str, Any]
) -> AsyncGenerator[Sandbox, None]:
    """A running sandbox; it keeps no rate limits unless its options say so."""
    options: dict[str, Any] = {"rate_limits": "off", "keys": wxcoupon_keys, **wxcoupon_sandbox_options}
    async with Sandbox(**options) as sandbox:
        yield sandbox


def _client(sandbox: Sandbox, identity: Merchant | Partner | Brand) -> Client[Any]:
    return Client(identity, sandbox.platform_keys, base_url=sandbox.base_url, pacer=Pacer(dict.fromkeys(registry())))


@_awaited
async def wxcoupon_merchant(wxcoupon_sandbox: Sandbox) -> AsyncGenerator[Client[Merchant], None]:
    """A client of the sandbox's merchant, which waits for no rate limit."""
    async with _client(wxcoupon_sandbox, wxcoupon_sandbox.merchant) as client:
        yield client


@_awaited
async def wxcoupon_partner(wxcoupon_sandbox: Sandbox) -> AsyncGenerator[Client[Partner], None]:
    """A client of the sandbox's partner, which waits for no rate limit."""
    async with _client(wxcoupon_sandbox, wxcoupon_sandbox.partner) as client:
        yield client


@_awaited
async def wxcoupon_brand(wxcoupon_sandbox: Sandbox) -> AsyncGenerator[Client[Brand], None]:
    """A client of the sandbox's brand, which waits for no rate limit."""
    async with _client(wxcoupon_sandbox, wxcoupon_sandbox.brand) as client:
        yield client
