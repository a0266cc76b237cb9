"""Tokens for a web service: calls that are shared, bounded, given up, and tokens that are handed out again."""

import asyncio
import random
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from wxcoupon import ApiError, Client, Pacer, Partner, RetryPolicy
from wxcoupon.bulk.tokens.token_service import ServedToken, TokensBusyError, TokenService
from wxcoupon.errors import ClientStateError, ConfigurationError, InvalidRequest
from wxcoupon.sandbox import Sandbox

from .conftest import Road

_ENDPOINT = "product_coupon.pre_send_coupon"


class Clock:
    """A time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


def _asked(sandbox: Sandbox) -> int:
    number: int = sandbox.state()["requests"].get(_ENDPOINT, 0)
    return number


async def _begun(coroutine: Coroutine[Any, Any, ServedToken]) -> asyncio.Task[ServedToken]:
    """A task that has run until it waits for something."""
    task = asyncio.create_task(coroutine)
    await asyncio.sleep(0)
    return task


async def test_a_token(sandbox: Sandbox, client: Client[Partner], ids: dict[str, Any]) -> None:
    """A token can be claimed under its number, is good for 300 seconds from the answer on, and is never printed."""
    clock = Clock()
    async with TokenService(client, **ids, clock=clock) as service:
        served = await service.token(openid="o-1", send_request_no="spring_1", attach="table 7")

    event = await sandbox.claim(served.token)
    assert ("spring_1", "table 7") == (event["send_request_no"], event["attach"])
    assert datetime.fromtimestamp(clock.now, UTC) + timedelta(seconds=300) == served.expires_at
    assert timedelta(hours=8) == served.expires_at.utcoffset()
    assert "spring_1" == served.send_request_no
    assert served.token not in repr(served)


async def test_500_who_ask_for_the_same(sandbox: Sandbox, client: Client[Partner], ids: dict[str, Any]) -> None:
    """Requests for the same at the same time are one call, whose token all of them get, also when none is kept."""
    async with TokenService(client, **ids, reuse=0) as service:
        asking = [service.token(openid="o-1", send_request_no="spring_1") for _ in range(500)]
        served = await asyncio.gather(*asking)

    assert 1 == len({one.token for one in served})
    assert 1 == _asked(sandbox)


async def test_500_who_ask_for_their_own(
    sandbox: Sandbox, client: Client[Partner], road: Road, ids: dict[str, Any]
) -> None:
    """Requests for different things are a call each, and never more of them under way than were allowed."""
    async with TokenService(client, **ids, concurrency=8) as service:
        asking = [service.token(openid=f"o-{number}", send_request_no="spring_1") for number in range(500)]
        served = await asyncio.gather(*asking)

    assert 500 == len({one.token for one in served}) == _asked(sandbox)
    assert 8 == road.most


@pytest.mark.parametrize(
    "other",
    [
        {"openid": "o-2"},
        {"send_request_no": "spring_2"},
        {"appid": "wx0000000000000001"},
        {"attach": "table 7"},
    ],
    ids=lambda other: next(iter(other)),
)
async def test_what_is_not_the_same(
    sandbox: Sandbox, client: Client[Partner], ids: dict[str, Any], other: dict[str, str]
) -> None:
    """Whoever asks for anything else has a call of their own, which may be refused where the number is the same."""
    asked = {"openid": "o-1", "send_request_no": "spring_1"}
    async with TokenService(client, **ids) as service:
        asking = [service.token(**asked), service.token(**{**asked, **other})]
        first, second = await asyncio.gather(*asking, return_exceptions=True)
    assert first is not second
    assert 2 == _asked(sandbox)


async def test_turns_come_in_order(client: Client[Partner], road: Road, ids: dict[str, Any]) -> None:
    """Who asked first is served first."""
    served: list[int] = []
    async with TokenService(client, **ids, concurrency=1) as service:

        async def ask(number: int) -> None:
            await service.token(openid=f"o-{number}", send_request_no="spring_1")
            served.append(number)

        road.free.clear()
        asking = [asyncio.create_task(ask(number)) for number in range(20)]
        await road.arrived()
        road.free.set()
        await asyncio.gather(*asking)
    assert list(range(20)) == served


async def test_more_than_can_be_borne(
    sandbox: Sandbox, client: Client[Partner], road: Road, ids: dict[str, Any]
) -> None:
    """Beyond what may wait one is refused at once, and told to ask again; who asks for what is under way is not."""
    async with TokenService(client, **ids, concurrency=1, max_waiting=2) as service:
        road.free.clear()
        asking = [await _begun(service.token(openid=f"o-{n}", send_request_no="spring_1")) for n in range(3)]
        with pytest.raises(TokensBusyError, match="3 pre-sends are under way") as caught:
            await service.token(openid="o-3", send_request_no="spring_1")
        joined = await _begun(service.token(openid="o-2", send_request_no="spring_1"))
        road.free.set()
        served = await asyncio.gather(*asking)

        assert (True, True, 3) == (caught.value.retryable, caught.value.same_request_no, caught.value.most)
        assert served[2] is await joined
        assert (await service.token(openid="o-3", send_request_no="spring_1")).token
    assert 4 == _asked(sandbox)


async def test_one_of_several_leaves(
    sandbox: Sandbox, client: Client[Partner], road: Road, ids: dict[str, Any]
) -> None:
    """Who is cancelled takes the call from nobody else, also if that is who asked first."""
    async with TokenService(client, **ids) as service:
        road.free.clear()
        asking = [await _begun(service.token(openid="o-1", send_request_no="spring_1")) for _ in range(3)]
        await road.arrived()
        asking[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking[0]
        road.free.set()
        served = await asyncio.gather(*asking[1:])

    assert served[0] is served[1]
    assert (1, 0) == (_asked(sandbox), road.given_up)


async def test_all_leave(sandbox: Sandbox, client: Client[Partner], road: Road, ids: dict[str, Any]) -> None:
    """A call that nobody waits for any more is given up, and who asks then begins a new one."""
    async with TokenService(client, **ids, concurrency=1) as service:
        road.free.clear()
        asking = [await _begun(service.token(openid="o-1", send_request_no="spring_1")) for _ in range(3)]
        await road.arrived()
        for one in asking:
            one.cancel()
        again = await _begun(service.token(openid="o-1", send_request_no="spring_1"))
        ended = await asyncio.gather(*asking, return_exceptions=True)
        await road.arrived()
        road.free.set()

        assert (await again).token
        assert [asyncio.CancelledError] * 3 == [type(one) for one in ended]
    assert (1, 1, 2) == (_asked(sandbox), road.given_up, road.begun)


async def test_who_leaves_while_waiting_for_a_turn(
    sandbox: Sandbox, client: Client[Partner], road: Road, ids: dict[str, Any]
) -> None:
    """A call whose turn has not come is given up without being made, and leaves its place to another."""
    async with TokenService(client, **ids, concurrency=1, max_waiting=1) as service:
        road.free.clear()
        first = await _begun(service.token(openid="o-1", send_request_no="spring_1"))
        second = await _begun(service.token(openid="o-2", send_request_no="spring_1"))
        await road.arrived()
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        third = await _begun(service.token(openid="o-3", send_request_no="spring_1"))
        road.free.set()
        await asyncio.gather(first, third)
    assert 2 == _asked(sandbox)


async def test_many_who_come_and_go(sandbox: Sandbox, client: Client[Partner], road: Road, ids: dict[str, Any]) -> None:
    """Whoever leaves at whatever moment, who stays is served, and no place is lost."""
    drawn = random.Random(7)  # noqa: S311 - moments, not secrets
    async with TokenService(client, **ids, concurrency=4, reuse=0) as service:
        asking = [
            await _begun(service.token(openid=f"o-{drawn.randrange(30)}", send_request_no="spring_1"))
            for _ in range(300)
        ]
        staying = set(asking)
        for _ in range(150):
            await asyncio.sleep(0)
            leaving = drawn.choice(asking)
            leaving.cancel()
            staying.discard(leaving)
        served = await asyncio.gather(*staying)
        after = await asyncio.gather(
            *(service.token(openid=f"p-{number}", send_request_no="spring_1") for number in range(8))
        )

    assert all(one.token for one in served)
    assert 8 == len({one.token for one in after})
    assert (4, 0) == (road.most, road.under_way)
    assert 8 < _asked(sandbox) <= road.begun


async def test_errors_are_shared_and_not_kept(sandbox: Sandbox, client: Client[Partner], ids: dict[str, Any]) -> None:
    """An error is told to all who wait for the call, and the next one asks anew."""
    sandbox.fail_next(400, "INVALID_REQUEST")
    async with TokenService(client, **ids) as service:
        asked = {"openid": "o-1", "send_request_no": "spring_1"}
        ended = await asyncio.gather(*(service.token(**asked) for _ in range(10)), return_exceptions=True)
        served = await service.token(**asked)

    assert [ApiError] * 10 == [type(one) for one in ended]
    assert served.token
    assert 2 == _asked(sandbox)


async def test_a_pause_lends_its_place(sandbox: Sandbox, unpaced: Pacer, ids: dict[str, Any]) -> None:
    """A call that pauses before it is repeated lets another be made meanwhile."""
    pausing, go_on = asyncio.Event(), asyncio.Event()

    async def pause(_: float) -> None:
        pausing.set()
        await go_on.wait()

    sandbox.fail_next(500, "SYSTEM_ERROR")
    async with (
        Client(
            sandbox.partner,
            sandbox.platform_keys,
            base_url=sandbox.base_url,
            pacer=unpaced,
            sleep=pause,
            retry=RetryPolicy(),
        ) as client,
        TokenService(client, **ids, concurrency=1) as service,
    ):
        first = await _begun(service.token(openid="o-1", send_request_no="spring_1"))
        await pausing.wait()
        assert (await service.token(openid="o-2", send_request_no="spring_1")).token
        assert not first.done()
        go_on.set()
        assert (await first).token


async def test_handed_out_again(sandbox: Sandbox, client: Client[Partner], ids: dict[str, Any]) -> None:
    """A token is handed out again for as long as was said, and then another one."""
    timer = Clock()
    asked = {"openid": "o-1", "send_request_no": "spring_1"}
    async with TokenService(client, **ids, reuse=100, timer=timer) as service:
        first = await service.token(**asked)
        timer.now += 99
        again = await service.token(**asked)
        timer.now += 1
        another = await service.token(**asked)

    assert first is again
    assert first.token != another.token
    assert 2 == _asked(sandbox)


async def test_a_clock_that_went_on_alone(client: Client[Partner], ids: dict[str, Any]) -> None:
    """After a machine has slept no token is handed out that expired meanwhile, though its timer stood still."""
    clock, timer = Clock(), Clock()
    asked = {"openid": "o-1", "send_request_no": "spring_1"}
    async with TokenService(client, **ids, clock=clock, timer=timer) as service:
        first = await service.token(**asked)
        clock.now += 3600
        another = await service.token(**asked)

    assert first.token != another.token
    assert timedelta(hours=1) == another.expires_at - first.expires_at


async def test_not_handed_out_once_used(sandbox: Sandbox, client: Client[Partner], ids: dict[str, Any]) -> None:
    """A token that the component was opened with is not handed out again; others are."""
    async with TokenService(client, **ids) as service:
        first = await service.token(openid="o-1", send_request_no="spring_1")
        other = await service.token(openid="o-2", send_request_no="spring_1")
        service.used(first.token)
        service.used(first.token)

        assert first.token != (await service.token(openid="o-1", send_request_no="spring_1")).token
        assert other is await service.token(openid="o-2", send_request_no="spring_1")
    assert 3 == _asked(sandbox)


async def test_forgotten(client: Client[Partner], ids: dict[str, Any]) -> None:
    """A user's tokens can be forgotten, of one sending or of all, and nobody else's are."""
    async with TokenService(client, **ids) as service:

        async def tokens() -> list[str]:
            asked = [("o-1", "spring_1"), ("o-1", "spring_2"), ("o-2", "spring_1")]
            return [(await service.token(openid=openid, send_request_no=number)).token for openid, number in asked]

        first = await tokens()
        service.forget(openid="o-1", send_request_no="spring_2")
        second = await tokens()
        service.forget(openid="o-1")
        third = await tokens()
        service.forget(openid="o-3")

    assert [True, False, True] == [old == new for old, new in zip(first, second, strict=True)]
    assert [False, False, True] == [old == new for old, new in zip(second, third, strict=True)]


async def test_no_more_than_may_be_kept(client: Client[Partner], ids: dict[str, Any]) -> None:
    """Beyond what may be kept the oldest token is given up."""
    async with TokenService(client, **ids, keep=2) as service:
        served = [await service.token(openid=f"o-{n}", send_request_no="spring_1") for n in range(3)]
        assert served[2] is await service.token(openid="o-2", send_request_no="spring_1")
        assert served[1] is await service.token(openid="o-1", send_request_no="spring_1")
        assert served[0].token != (await service.token(openid="o-0", send_request_no="spring_1")).token


async def test_closing(sandbox: Sandbox, client: Client[Partner], road: Road, ids: dict[str, Any]) -> None:
    """Closed, a service gives its calls up, tells who waits, keeps nothing, and does not close the client."""
    async with TokenService(client, **ids, concurrency=1) as service:
        kept = await service.token(openid="o-0", send_request_no="spring_1")
        road.free.clear()
        await road.arrived()
        asking = [await _begun(service.token(openid=f"o-{n}", send_request_no="spring_1")) for n in (1, 1, 2)]
        await road.arrived()
    ended = await asyncio.gather(*asking, return_exceptions=True)
    road.free.set()

    assert [ClientStateError] * 3 == [type(one) for one in ended]
    with pytest.raises(ClientStateError, match="async with"):
        await service.token(openid="o-0", send_request_no="spring_1")
    assert (1, 1) == (_asked(sandbox), road.given_up)
    async with TokenService(client, **ids) as another:
        assert kept.token != (await another.token(openid="o-0", send_request_no="spring_1")).token


async def test_a_service_has_to_be_entered(client: Client[Partner], ids: dict[str, Any]) -> None:
    """A service that was not entered says how to, so that its end is never forgotten."""
    with pytest.raises(ClientStateError, match="async with"):
        await TokenService(client, **ids).token(openid="o-1", send_request_no="spring_1")


async def test_what_is_not_asked(sandbox: Sandbox, client: Client[Partner], ids: dict[str, Any]) -> None:
    """What cannot be asked is refused before anything is sent: without an id, or against documented rules."""
    async with TokenService(client, product_coupon_id=ids["product_coupon_id"], appid=ids["appid"]) as service:
        with pytest.raises(ConfigurationError, match="no stock_id is known"):
            await service.token(openid="o-1", send_request_no="spring_1")
        with pytest.raises(InvalidRequest, match="send_request_no"):
            await service.token(openid="o-1", send_request_no="1", stock_id=ids["stock_id"])
        assert (await service.token(openid="o-1", send_request_no="spring_1", stock_id=ids["stock_id"])).token
    assert 1 == _asked(sandbox)


@pytest.mark.parametrize(
    "settings",
    [{"concurrency": 0}, {"max_waiting": -1}, {"keep": 0}, {"reuse": 300}, {"reuse": -1}, {"reuse": float("nan")}],
    ids=str,
)
async def test_settings_that_will_not_do(client: Client[Partner], settings: dict[str, Any]) -> None:
    """A number out of its range is refused when the service is made."""
    with pytest.raises(ConfigurationError):
        TokenService(client, **settings)
