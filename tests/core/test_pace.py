"""The pacer, with a clock and a sleep of the test's own: no test here waits."""

import asyncio
import heapq
import itertools
import threading

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wxcoupon import Partner
from wxcoupon.crypto import new_private_key
from wxcoupon.endpoint import Rate
from wxcoupon.errors import ConfigurationError, NoTurnError
from wxcoupon.pace import Pacer

TWENTY = Rate.parse("20/s")
SLOW = Rate.parse("20/min")
UPLOAD, CREATE = "product_coupon.upload_coupon_codes", "product_coupon.create_product_coupon"


class Time:
    """A clock that moves when everybody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self._sleeping: list[tuple[float, int, asyncio.Future[None]]] = []

    def clock(self) -> float:
        """The time now."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Sleep until the test moves the time that far."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleeping, (self.now + seconds, len(self._sleeping), future))
        await future

    async def run(self) -> None:
        """Move the time from sleeper to sleeper until nobody sleeps."""
        await _settle()
        while self._sleeping:
            self.now, _, future = heapq.heappop(self._sleeping)
            if not future.done():
                future.set_result(None)
            await _settle()


async def _settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def _starts(
    pacer: Pacer, time: Time, callers: int, rate: Rate | None = TWENTY, name: str = "upload"
) -> list[float]:
    starts: list[float] = []

    async def one() -> None:
        await pacer.wait("me", name, rate)
        starts.append(time.now)

    async with asyncio.TaskGroup() as group:
        for _ in range(callers):
            group.create_task(one())
        group.create_task(time.run())
    return starts


async def test_even_spacing_below_the_documented_rate() -> None:
    """Calls that come all at once start evenly, at 95 % of the documented rate, the first at once."""
    time = Time()

    starts = await _starts(Pacer(clock=time.clock, sleep=time.sleep), time, 40)

    gaps = {round(later - earlier, 6) for earlier, later in itertools.pairwise(starts)}
    assert starts[0] == 100.0
    assert {round(1 / 19, 6)} == gaps


@settings(deadline=None)
@given(arrivals=st.lists(st.floats(0, 3), min_size=1, max_size=120))
async def test_no_second_has_more_than_the_documented_calls(arrivals: list[float]) -> None:
    """However calls arrive, no second contains more starts than the documented rate."""
    time = Time()
    pacer = Pacer(clock=time.clock, sleep=time.sleep)
    began: list[float] = []

    async def one(arrival: float) -> None:
        await time.sleep(arrival)
        await pacer.wait("me", "upload", TWENTY)
        began.append(time.now)

    async with asyncio.TaskGroup() as group:
        for arrival in sorted(arrivals):
            group.create_task(one(arrival))
        group.create_task(time.run())

    assert len(arrivals) == len(began)
    assert all(sum(start <= other < start + 1 for other in began) <= 20 for start in began)


async def test_what_a_sleeper_wakes_late_by_is_not_lost() -> None:
    """In a row of calls a turn that is reached late is made up for, as far as the unused share leaves room."""
    time = Time()
    rate = Rate.parse("500/s")

    async def late(seconds: float) -> None:
        await time.sleep(seconds + 0.005)

    starts = await _starts(Pacer(clock=time.clock, sleep=late), time, 600, rate)

    assert 470 <= sum(start < 101 for start in starts) <= 500
    assert all(sum(start <= other < start + 1 for other in starts) <= 500 for start in starts)


async def test_quotas_are_apart() -> None:
    """Another caller and another endpoint have quotas of their own."""
    time = Time()
    pacer = Pacer(clock=time.clock, sleep=time.sleep)

    await pacer.wait("me", "upload", TWENTY)
    await pacer.wait("you", "upload", TWENTY)
    await pacer.wait("me", "create", TWENTY)

    assert time.now == 100.0


async def test_no_documented_rate_is_no_limit() -> None:
    """An endpoint without a documented rate never waits."""
    time = Time()

    assert [100.0] * 50 == await _starts(Pacer(clock=time.clock, sleep=time.sleep), time, 50, None)


async def test_own_rate_instead_of_the_documented_one() -> None:
    """A rate given for an endpoint is kept exactly; None switches its limit off."""
    time = Time()
    pacer = Pacer({UPLOAD: "100/min", CREATE: None}, clock=time.clock, sleep=time.sleep)

    starts = await _starts(pacer, time, 3, name=UPLOAD)
    free = await _starts(pacer, time, 3, name=CREATE)

    assert [100.0, 100.6, 101.2] == [round(start, 6) for start in starts]
    assert 1 == len(set(free))


async def test_a_429_moves_everybody() -> None:
    """After a 429 nobody starts until its pause is over, and then again below the documented rate."""
    time = Time()
    pacer = Pacer(clock=time.clock, sleep=time.sleep)
    starts: list[float] = []

    async def one(after: float) -> None:
        await time.sleep(after)
        await pacer.wait("me", "upload", TWENTY)
        starts.append(time.now)

    async def bar() -> None:
        await time.sleep(1.0)
        pacer.bar("me", "upload", TWENTY, 2.0)

    async with asyncio.TaskGroup() as group:
        for number in range(160):
            group.create_task(one(0.0 if number < 100 else 1.5))
        group.create_task(bar())
        group.create_task(time.run())

    assert not [start for start in starts if 101.0 < start < 103.0]
    assert all(sum(start <= other < start + 1 for other in starts) <= 20 for start in starts)
    assert 160 == len(starts)


async def test_the_pace_comes_back_by_tenths() -> None:
    """A 429 halves the pace; every second after its pause gives a tenth of the pace back, until it is whole."""
    time = Time()
    pacer = Pacer(share=1, clock=time.clock, sleep=time.sleep)
    pacer.bar("me", "upload", TWENTY, 1.0)

    starts = await _starts(pacer, time, 150)

    counted = [sum(101 + second <= start < 102 + second for start in starts) for second in range(8)]
    assert counted[0] in {10, 11, 12}  # half of twenty, and a little of the first tenth
    assert sorted(counted) == counted
    assert all(later - earlier <= 3 for earlier, later in itertools.pairwise(counted))
    assert counted[6:] == [20, 20]


async def test_several_429s_at_once_are_one() -> None:
    """Calls that were under way together are refused together, and that slows the pace once; a later 429 does again."""
    time = Time()
    pacer = Pacer(share=1, clock=time.clock, sleep=time.sleep)
    for _ in range(10):
        pacer.bar("me", "upload", TWENTY, 1.0)
    once = await _starts(pacer, time, 3)
    for _ in range(20):
        time.now += 2
        pacer.bar("me", "upload", TWENTY, 1.0)
    often = await _starts(pacer, time, 3)

    assert once[0] == 101.0
    assert 0.1 - 1e-9 == pytest.approx(once[1] - once[0], abs=0.01)
    assert 0.05 / 0.1 >= often[1] - often[0] > once[1] - once[0]


async def test_a_call_that_would_wait_too_long_does_not_wait() -> None:
    """Beyond max_wait, or beyond what one call may wait, it is refused at once, with how long it would have been."""
    time = Time()
    pacer = Pacer(share=1, max_wait=30, clock=time.clock, sleep=time.sleep)
    ended: list[float | NoTurnError] = []

    async def one(most: float) -> None:
        try:
            await pacer.wait("me", "upload", SLOW, most=most)
            ended.append(time.now)
        except NoTurnError as error:
            ended.append(error)

    async with asyncio.TaskGroup() as group:
        for _ in range(20):
            group.create_task(one(3600.0))
        for _ in range(2):
            group.create_task(one(12.0))
        await _settle()
        refused = list(ended)
        group.create_task(time.run())

    errors = [one for one in refused if isinstance(one, NoTurnError)]
    assert 1 == len(refused) - len(errors)  # the first had its turn at once; all others stand in the queue
    assert [30.0] * 9 + [12.0] * 2 == [error.most for error in errors]
    assert all(error.expected > error.most for error in errors)
    assert 130 >= max(one for one in ended if isinstance(one, float))
    assert "max_wait" in str(errors[0])


async def test_nobody_waits_for_those_who_left() -> None:
    """Cancelled and served calls are not counted among those in the queue."""
    time = Time()
    pacer = Pacer(share=1, max_wait=30, clock=time.clock, sleep=time.sleep)
    waiting = [asyncio.create_task(pacer.wait("me", "upload", SLOW)) for _ in range(9)]
    await _settle()
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)

    assert 5 == len(await _starts(pacer, time, 5, SLOW))
    assert not pacer._waiting


async def test_a_429_refuses_those_who_would_wait_too_long_now() -> None:
    """Who waits when the turns are put off behind a 429 goes on waiting only if that is within what it may wait."""
    time = Time()
    pacer = Pacer(share=1, clock=time.clock, sleep=time.sleep)
    ended: dict[int, float | NoTurnError] = {}

    async def one(number: int, most: float) -> None:
        try:
            await pacer.wait("me", "upload", SLOW, most=most)
            ended[number] = time.now
        except NoTurnError as error:
            ended[number] = error

    async with asyncio.TaskGroup() as group:
        for number, most in enumerate([3600.0, 20.0, 3600.0]):
            group.create_task(one(number, most))
        await _settle()
        pacer.bar("me", "upload", SLOW, 60.0)
        group.create_task(time.run())

    assert 100.0 == ended[0]  # its turn was already there
    assert isinstance(ended[1], NoTurnError)
    assert 160.0 == ended[2]


async def test_a_turn_that_is_put_off_is_not_waited_for_long_beyond_what_a_call_may_wait() -> None:
    """Where turns are a minute apart, the allowance for sleep that is not exact is no minute."""
    time = Time()
    pacer = Pacer({UPLOAD: "1/min"}, clock=time.clock, sleep=time.sleep)
    await pacer.wait("me", UPLOAD, None)
    waiting = asyncio.create_task(pacer.wait("me", UPLOAD, None, most=70))
    await _settle()
    pacer.bar("me", UPLOAD, None, 90)
    await time.run()

    assert waiting.done()
    with pytest.raises(NoTurnError):
        await waiting
    assert 160 == time.now


async def test_brands_of_one_partner_share_its_quota_in_order() -> None:
    """Calls for several brands, who ask as one partner, go out one after the other, as they came."""
    time = Time()
    pacer = Pacer(share=1, clock=time.clock, sleep=time.sleep)
    partner = Partner("1900000109", "AB", new_private_key())
    went: list[tuple[float, str]] = []

    async def one(brand_id: str) -> None:
        identity = attrs.evolve(partner, brand_id=brand_id)
        await pacer.wait(("host", identity.subject), "upload", TWENTY)
        went.append((round(time.now - 100, 2), brand_id))

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(str(number % 3))) for number in range(12)]
        await _settle()
        for task in tasks[3:6]:
            task.cancel()
        group.create_task(time.run())

    assert [(round(0.05 * place, 2), str(place % 3)) for place in range(9)] == went


@pytest.mark.parametrize("max_wait", [-1, float("inf"), float("nan")])
def test_what_is_no_max_wait(max_wait: float) -> None:
    """How long a call may wait is a number of seconds."""
    with pytest.raises(ConfigurationError, match="max_wait"):
        Pacer(max_wait=max_wait)


async def test_those_who_give_up_leave_no_gap() -> None:
    """A thousand cancelled waiters cost those who come after them at most one turn."""
    time = Time()
    pacer = Pacer(clock=time.clock, sleep=time.sleep)
    waiting = [asyncio.create_task(pacer.wait("me", "upload", TWENTY)) for _ in range(1000)]
    await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)

    starts = await _starts(pacer, time, 1)

    assert starts[0] <= 100 + 2 / 19


async def test_a_bar_is_forgotten_when_it_is_over() -> None:
    """Whatever was called, and however often it answered 429, nothing of it is kept for ever."""
    time = Time()
    pacer = Pacer(clock=time.clock, sleep=time.sleep)
    for number in range(100):
        pacer.bar("me", f"GET /v3/{number}", None, 1.0)
    time.now += 2

    for number in range(100):
        await pacer.wait("me", f"GET /v3/{number}", None)

    assert not pacer._barred
    assert not pacer._next


def test_loops_that_have_ended_are_forgotten() -> None:
    """A pacer that many event loops have used keeps none that is closed."""
    pacer = Pacer()

    async def contend() -> None:
        await asyncio.gather(*(pacer.wait("me", "upload", Rate.parse("1000/s")) for _ in range(3)))

    for _ in range(5):
        thread = threading.Thread(target=lambda: asyncio.run(contend()))
        thread.start()
        thread.join()

    assert 1 == len(pacer._queues)


def test_what_is_no_endpoint() -> None:
    """A rate for an endpoint that does not exist is refused, with the name that was meant."""
    with pytest.raises(ConfigurationError, match=r"did you mean product_coupon\.upload_coupon_codes"):
        Pacer({"product_coupon.upload_coupon_code": "1/s"})


@pytest.mark.parametrize("text", ["fast", "0/s", "-1/s", "10/h", "10"])
def test_what_is_no_rate(text: str) -> None:
    """A rate that is none is refused with how to write one."""
    with pytest.raises(ConfigurationError, match="10/s"):
        Pacer({UPLOAD: text})


@pytest.mark.parametrize("share", [0, -1, 1.01])
def test_what_is_no_share(share: float) -> None:
    """A share of the documented rate is above 0 and at most 1."""
    with pytest.raises(ConfigurationError, match="share"):
        Pacer(share=share)
