"""Whose the session is, and that nothing is left of a client that was closed: no task, no thread, no connection."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.fault_proxy import Fault, FaultProxy
from tests.sandbox_thread import running
from wxcoupon import ApiError, Client, Failed, Pacer, RetryPolicy, blocking, bulk
from wxcoupon import product_coupon as pc
from wxcoupon.errors import ClientStateError, NetworkError
from wxcoupon.sandbox import Keys, Sandbox

from .conftest import own_tasks

REQUEST = pc.GetProductCoupon(product_coupon_id="1")
SWIFT = RetryPolicy(base=0.001)


def _client(sandbox: Sandbox, **options: Any) -> Client[Any]:
    given: dict[str, Any] = {"base_url": sandbox.base_url, "retry": SWIFT, "pacer": Pacer()} | options
    return Client(sandbox.partner, sandbox.platform_keys, **given)


def _descriptors() -> set[str]:
    """What this process has open, without the directory that is read to know it."""
    found = set[str]()
    for link in Path("/proc/self/fd").iterdir():
        try:
            found.add(f"{link.name} {link.readlink()}")
        except OSError:  # the directory itself
            continue
    return found


async def _settle() -> None:
    """Let the server notice that its connections are gone."""
    for _ in range(50):
        await asyncio.sleep(0)
    await asyncio.sleep(0.01)


@pytest.fixture
def server(keys: Keys) -> Any:
    """A sandbox in a thread of its own, so that the tasks of the test's loop are the client's alone."""
    with running(Sandbox(rate_limits="off", keys=keys)) as sandbox:
        yield sandbox


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="there is no /proc to count descriptors in")
async def test_a_closed_client_leaves_nothing(sandbox: Sandbox) -> None:
    """After calls that went well, were refused, were lost, were cancelled and were not awaited, nothing is left."""
    tasks, threads, descriptors = own_tasks(), threading.active_count(), _descriptors()

    async with FaultProxy(sandbox.base_url) as proxy:
        async with _client(sandbox, base_url=proxy.base_url) as client:
            proxy.then(Fault.PASS, Fault.LOSE, Fault.RESET, Fault.TRUNCATE, Fault.DELAY)
            await asyncio.gather(*(client.call(REQUEST) for _ in range(20)), return_exceptions=True)
            cancelled = [asyncio.create_task(client.call(REQUEST)) for _ in range(10)]
            for turn, task in enumerate(cancelled):
                for _ in range(turn):
                    await asyncio.sleep(0)
                task.cancel()
            await asyncio.gather(*cancelled, return_exceptions=True)
            async with bulk(client, [REQUEST] * 20) as outcomes:
                async for _ in outcomes:
                    break
            under_way = [asyncio.create_task(client.call(REQUEST)) for _ in range(5)]
            await asyncio.sleep(0)
        ended = await asyncio.gather(*under_way, return_exceptions=True)
    await _settle()

    assert all(isinstance(error, (ClientStateError, NetworkError, ApiError)) for error in ended)
    assert own_tasks() <= tasks
    assert threads >= threading.active_count()
    assert {each for each in _descriptors() - descriptors if "socket" in each} == set()


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="there is no /proc to count descriptors in")
def test_a_closed_blocking_client_leaves_nothing(server: Sandbox) -> None:
    """Without an event loop of one's own, neither its thread nor what looked up names is left, nor a connection."""
    threads, descriptors = threading.active_count(), len(_descriptors())
    for _ in range(3):
        with blocking(_client(server, base_url=server.base_url.replace("127.0.0.1", "localhost"))) as api:
            outcomes = list(api.bulk([REQUEST] * 5))
        assert all(isinstance(outcome, Failed) and isinstance(outcome.error, ApiError) for outcome in outcomes)

    assert threads == threading.active_count()
    assert descriptors >= len(_descriptors()) - 1  # the server may not have noticed the last one yet


@pytest.mark.parametrize("how", ["for_brand", "with_options"])
async def test_what_is_made_of_a_client_ends_with_it(sandbox: Sandbox, how: str) -> None:
    """A client of another brand, or with other options, says so when the one it was made from is closed."""
    client = _client(sandbox)
    other = client.for_brand("120345") if how == "for_brand" else client.with_options(deadline=60)
    async with other:
        with pytest.raises(ApiError):
            await other.call(REQUEST)
    with pytest.raises(ApiError):
        await client.call(REQUEST)
    await client.close()

    with pytest.raises(ClientStateError, match="the one it was made from, is closed"):
        await other.call(REQUEST)
    late = other.with_options(timeout=1)  # making one is harmless
    with pytest.raises(ClientStateError, match="closed"):
        await late.request("GET", "/v3/certificates")


async def test_a_borrowed_session_outlives_its_borrowers(sandbox: Sandbox) -> None:
    """Two clients share a session, both close, and it is still open for its owner."""
    async with aiohttp.ClientSession() as session:
        for _ in range(2):
            async with _client(sandbox, session=session) as client:
                with pytest.raises(ApiError):
                    await client.with_options(deadline=60).call(REQUEST)
        async with session.get(sandbox.base_url + "/_sandbox/state") as answer:
            assert 200 == answer.status


def test_a_client_that_outlives_its_loop(server: Sandbox) -> None:
    """A client that was used in one loop cannot be used or closed in the next, and says why."""

    async def use(client: Client[Any]) -> None:
        with pytest.raises(ApiError):
            await client.call(REQUEST)

    client = _client(server)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(use(client))
    with pytest.raises(ClientStateError, match="another event loop"):
        asyncio.run(client.call(REQUEST))
    with pytest.raises(ClientStateError, match="another event loop"):
        asyncio.run(client.close())
    loop.run_until_complete(use(client))  # a close that was refused has changed nothing
    with pytest.raises(ClientStateError, match="used in an event loop already"):
        blocking(client)
    loop.run_until_complete(client.close())
    loop.close()


def test_a_client_that_was_not_used_belongs_to_no_loop(server: Sandbox) -> None:
    """A client may be made, and closed, wherever one likes: its first call decides where it belongs."""

    async def use(client: Client[Any]) -> None:
        async with client:
            with pytest.raises(ApiError):
                await client.call(REQUEST)

    asyncio.run(use(_client(server)))
    asyncio.run(_client(server).close())


def test_a_session_of_another_loop(server: Sandbox) -> None:
    """A session that was borrowed from another loop is named, before anything is sent."""

    async def borrow() -> aiohttp.ClientSession:
        return aiohttp.ClientSession()

    loop = asyncio.new_event_loop()
    session = loop.run_until_complete(borrow())
    with pytest.raises(ClientStateError, match="the session it borrowed"):
        asyncio.run(_client(server, session=session).call(REQUEST))
    loop.run_until_complete(session.close())
    loop.close()


async def test_closing_twice_and_at_once(sandbox: Sandbox) -> None:
    """Closing again, or from several tasks at once, does no harm."""
    client = _client(sandbox)
    with pytest.raises(ApiError):
        await client.call(REQUEST)
    await asyncio.gather(*(client.close() for _ in range(3)))
    await client.close()

    with pytest.raises(ClientStateError, match="closed"):
        await client.call(REQUEST)
