"""A call that pauses before a repetition lends its place to another call of the same job."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.sandbox_thread import running
from wxcoupon import ApiError, Client, Done, Failed, Pacer, RetryPolicy, blocking, bulk
from wxcoupon import product_coupon as pc
from wxcoupon.bulk.places import Place, Places
from wxcoupon.endpoint import registry
from wxcoupon.sandbox import Keys, Sandbox

from .conftest import own_tasks


def _client(sandbox: Sandbox, sleep: Any) -> Client[Any]:
    return Client(
        sandbox.partner,
        sandbox.platform_keys,
        base_url=sandbox.base_url,
        pacer=Pacer(dict.fromkeys(registry())),
        retry=RetryPolicy(base=1.0),
        sleep=sleep,
    )


def _requests(count: int) -> list[pc.GetProductCoupon]:
    return [pc.GetProductCoupon(product_coupon_id=f"{number}") for number in range(count)]


def _id(outcome: Done[Any] | Failed[Any]) -> str:
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, ApiError)
    assert 404 == outcome.error.status  # the sandbox has no such coupon; what matters is which ended when
    return str(getattr(outcome.request, "product_coupon_id", ""))


async def test_others_go_on_while_one_pauses(sandbox: Sandbox) -> None:
    """With a single place, the second and third call end while the first is in a pause that does not end by itself."""
    go_on = asyncio.Event()
    sandbox.fail_next(status=500)

    async def sleep(_: float) -> None:
        await go_on.wait()

    async with _client(sandbox, sleep) as client, bulk(client, _requests(3), concurrency=1) as outcomes:
        first = [_id(await anext(outcomes)), _id(await anext(outcomes))]
        go_on.set()
        last = [_id(outcome) async for outcome in outcomes]

    assert (["1", "2"], ["0"]) == (first, last)


async def test_as_many_may_pause_as_there_are_places(sandbox: Sandbox) -> None:
    """When all calls fail, no more than twice the concurrency are taken: memory stays bounded."""
    taken, sleeping = 0, 0
    all_sleep = asyncio.Event()
    sandbox.fail_next(status=500, times=6)

    def source() -> Iterator[pc.GetProductCoupon]:
        nonlocal taken
        for request in _requests(50):
            taken += 1
            yield request

    async def sleep(_: float) -> None:
        nonlocal sleeping
        sleeping += 1
        if sleeping == 6:
            all_sleep.set()
        await asyncio.Event().wait()

    before = own_tasks()
    async with _client(sandbox, sleep) as client, bulk(client, source(), concurrency=3):
        await all_sleep.wait()
        for _ in range(20):
            await asyncio.sleep(0)
        assert (6, 6) == (taken, sleeping)

    assert own_tasks() <= before


@pytest.mark.parametrize("concurrency", [1, 3])
async def test_whoever_stood_in_goes_again(sandbox: Sandbox, concurrency: int) -> None:
    """Calls pause and come back again and again: every call ends, and no more than the places allow are under way."""
    sandbox.fail_next(status=500, times=30)
    taken = ended = most = 0

    def source() -> Iterator[pc.GetProductCoupon]:
        nonlocal taken, most
        for request in _requests(40):
            taken += 1
            most = max(most, taken - ended)
            yield request

    async def sleep(_: float) -> None:
        await asyncio.sleep(0)

    before = own_tasks()
    async with _client(sandbox, sleep) as client, bulk(client, source(), concurrency=concurrency) as outcomes:
        async for _ in outcomes:
            ended += 1

    assert (40, 40) == (taken, ended)
    assert most <= 3 * concurrency + 1  # under way, pausing, and to be fetched
    assert own_tasks() <= before


async def test_no_more_calls_are_under_way_than_there_are_places() -> None:
    """Whoever comes back from a pause waits for a place again, in order of arrival."""
    places, under_way, most = Places(2), 0, 0
    held: list[str] = []

    async def one(name: str, *, rests: bool) -> None:
        nonlocal under_way, most

        async def pause() -> None:
            nonlocal under_way
            under_way -= 1
            await asyncio.sleep(0)

        place = Place(places)
        async with place:
            under_way += 1
            most = max(most, under_way)
            held.append(name)
            await asyncio.sleep(0)
            if rests:
                await place.rest(pause)
                under_way += 1
                most = max(most, under_way)
            under_way -= 1

    await asyncio.gather(*(one(str(number), rests=number % 2 == 0) for number in range(20)))

    assert 2 == most
    assert [str(number) for number in range(20)] == held
    assert 0 == places.resting


async def test_whoever_is_cancelled_in_a_pause_holds_no_place() -> None:
    """A place is given back once, however a call ends."""
    places = Places(1)

    async def one() -> None:
        place = Place(places)
        async with place:
            await place.rest(asyncio.Event().wait)

    task = asyncio.create_task(one())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with Place(places):
        second = asyncio.create_task(places.take())
        await asyncio.sleep(0)
        assert not second.done()
    await second


async def test_a_source_that_waits_for_an_outcome(sandbox: Sandbox) -> None:
    """A source may wait for the outcome of a call that pauses: the repetition finds a place meanwhile."""
    ended = asyncio.Event()
    sandbox.fail_next(status=500)

    async def source() -> AsyncIterator[pc.GetProductCoupon]:
        first, second = _requests(2)
        yield first
        await ended.wait()
        yield second

    async def sleep(_: float) -> None:
        await asyncio.sleep(0)

    order: list[str] = []
    async with _client(sandbox, sleep) as client, bulk(client, source(), concurrency=1) as outcomes:
        async for outcome in outcomes:
            order.append(_id(outcome))
            ended.set()

    assert ["0", "1"] == order


def test_others_go_on_without_an_event_loop_too(keys: Keys) -> None:
    """The bulk of a blocking client lends places just the same."""
    with running(Sandbox(rate_limits="off", keys=keys)) as sandbox:
        go_on = asyncio.Event()
        sandbox.fail_next(status=500)

        async def sleep(_: float) -> None:
            await go_on.wait()

        client = _client(sandbox, sleep)
        with blocking(client) as api:
            outcomes = api.bulk(_requests(3), concurrency=1)
            first = [_id(next(outcomes)), _id(next(outcomes))]
            api._thread._loop.call_soon_threadsafe(go_on.set)
            last = [_id(outcome) for outcome in outcomes]

    assert (["1", "2"], ["0"]) == (first, last)
