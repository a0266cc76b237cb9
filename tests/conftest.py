"""What all tests share: one set of throwaway keys, a sandbox without rate limits, and a client of each kind."""

import gc
import importlib
import os
import sys
import warnings
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from wxcoupon import Brand, Client, Merchant, Pacer, Partner
from wxcoupon.endpoint import registry
from wxcoupon.sandbox import Keys, Sandbox

ROOT: Final = Path(__file__).parents[1]

# Hundreds of processes import the package: it is compiled once for all of them, whatever the environment says.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# No test speaks TLS: each process would read a hundred certificate authorities, a tenth of its start, for nothing.
os.environ["SSL_CERT_FILE"] = os.devnull


def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are cores: a quarter of the time tests wait for clocks and other processes."""
    return (os.cpu_count() or 1) + 1


def pytest_sessionstart(session: pytest.Session) -> None:
    """In a whole run, each process first compiles its share of the test modules, and then finds the others' there."""
    worker = getattr(session.config, "workerinput", None)
    if worker is None or [ROOT / words for words in session.config.args] != [ROOT / "tests"]:
        return
    own = slice(int(worker["workerid"].removeprefix("gw")), None, worker["workercount"])
    for path in sorted((ROOT / "tests").rglob("test_*.py"))[own]:
        # What is wrong with a module, a warning too, is raised again and reported when it is collected.
        with suppress(Exception), warnings.catch_warnings(action="error"):
            importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))


def pytest_collection_finish() -> None:
    """Thousands of collected tests are no garbage, and need not be looked through again and again while they run."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long tests begin first, so that at the end no process works at one of them while the others have nothing."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


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
