"""The clocks: what proven answers say of them, and what nobody else may say."""

import time
from email.utils import formatdate
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as some

from wxcoupon import Client, Pacer
from wxcoupon import product_coupon as pc
from wxcoupon.errors import ApiError, ClockSkew, UntrustedAnswer
from wxcoupon.retry import NEVER
from wxcoupon.sandbox import Sandbox
from wxcoupon.skew import Skew, dated

SET = pc.SetNotifyConfig(notify_url="https://example.com/notify")


class Clock:
    """This machine's clock, so many seconds before the true time."""

    def __init__(self, behind: float = 0.0) -> None:
        self.behind = behind

    def __call__(self) -> float:
        """Seconds since 1970, or what it takes for them."""
        return time.time() - self.behind


def client(sandbox: Sandbox, **options: Any) -> Client[Any]:
    """A client of the sandbox's partner that sends once."""
    return Client(
        sandbox.partner, sandbox.platform_keys, base_url=sandbox.base_url, pacer=Pacer(), retry=NEVER, **options
    )


class Stamps:
    """When each request that left says it was signed.

    Attributes:
        all: seconds since 1970, one a request.
    """

    def __init__(self) -> None:
        self.all: list[int] = []

    def session(self) -> aiohttp.ClientSession:
        """A session that tells them."""
        traced = aiohttp.TraceConfig()
        traced.on_request_headers_sent.append(self._note)
        return aiohttp.ClientSession(trace_configs=[traced])

    async def _note(self, _: Any, __: Any, sent: aiohttp.TraceRequestHeadersSentParams) -> None:
        text = sent.headers["Authorization"]
        self.all.append(int(text.partition('timestamp="')[2].partition('"')[0]))


@pytest.mark.parametrize("behind", [0.0, 120.0, -120.0, 280.0], ids=str)
async def test_the_offset_is_measured(sandbox: Sandbox, behind: float) -> None:
    """After a proven answer the offset is known within a second, and requests are dated as the clock has it."""
    stamps = Stamps()
    async with stamps.session() as session, client(sandbox, clock=Clock(behind), session=session) as ours:
        assert ours.clock_offset is None
        await ours.call(SET)
        await ours.call(SET)

        assert ours.clock_offset == pytest.approx(behind, abs=1.5)
    assert [pytest.approx(time.time() - behind, abs=5)] * 2 == stamps.all


async def test_requests_are_dated_by_the_corrected_clock(sandbox: Sandbox) -> None:
    """Where it is asked for, the second request is dated by WeChat Pay's clock."""
    stamps = Stamps()
    options = {"clock": Clock(200), "correct_clock": True}
    async with stamps.session() as session, client(sandbox, session=session, **options) as ours:
        await ours.call(SET)
        await ours.call(SET)

    assert [pytest.approx(time.time() - 200, abs=5), pytest.approx(time.time(), abs=5)] == stamps.all


async def test_a_clock_that_drifts_is_followed(sandbox: Sandbox) -> None:
    """A clock that loses time stays accepted, because each answer corrects it anew."""
    clock = Clock(0)
    async with client(sandbox, clock=clock, correct_clock=True) as ours:
        for behind in (0, 150, 290, 20):
            clock.behind = behind
            await ours.call(SET)
            assert ours.clock_offset == pytest.approx(behind, abs=1.5)


@pytest.mark.parametrize("signature", ["bad", "probe", "missing", "unknown-serial", "old"])
async def test_unproven_answers_set_no_clock(sandbox: Sandbox, signature: Any) -> None:
    """Nobody without WeChat Pay's key moves the clock that requests are dated with."""
    async with client(sandbox, correct_clock=True) as ours:
        sandbox.answer_next(signature)
        with pytest.raises(UntrustedAnswer):
            await ours.call(SET)
        assert ours.clock_offset is None

        await ours.call(SET)
        before = ours.clock_offset
        sandbox.answer_next(signature)
        with pytest.raises(UntrustedAnswer):
            await ours.call(SET)
        assert before == ours.clock_offset


async def test_an_old_answer_is_told_from_a_wrong_clock(sandbox: Sandbox) -> None:
    """Where earlier answers agreed with this clock, one that is 301 seconds old is not the clock's fault."""
    async with client(sandbox) as ours:
        sandbox.answer_next("old")
        with pytest.raises(
            ClockSkew, match="seconds before this machine's time; set this machine's clock right"
        ) as one:
            await ours.call(SET)
        await ours.call(SET)
        sandbox.answer_next("old")
        with pytest.raises(ClockSkew, match="this is an old answer that something on the way has kept"):
            await ours.call(SET)

    assert one.value.offset == pytest.approx(-301, abs=3)


async def test_a_clock_that_is_too_wrong_is_not_corrected(sandbox: Sandbox) -> None:
    """From 300 seconds on no answer is proven, so nothing is learned; the error says how wrong the clock is."""
    async with client(sandbox, clock=Clock(400), correct_clock=True) as ours:
        for _ in range(2):
            with pytest.raises(ApiError) as caught:
                await ours.call(SET)
            assert "the likely cause is the clock" in str(caught.value)
        assert ours.clock_offset is None


async def test_brands_of_a_partner_share_what_is_known(sandbox: Sandbox) -> None:
    """What a client learns of the clock, those made from it know."""
    async with client(sandbox) as ours:
        await ours.call(SET)

        assert ours.clock_offset is not None
        assert ours.clock_offset == ours.for_brand("120345").clock_offset


@given(
    offset=some.floats(-290, 290),
    trips=some.lists(some.tuples(some.floats(0, 100), some.floats(0, 2), some.floats(0, 2)), min_size=1, max_size=20),
)
def test_the_true_offset_is_never_far(offset: float, trips: list[tuple[float, float, float]]) -> None:
    """However long requests and answers are under way, the estimate is off by half of the fastest trip at the most."""
    skew, now, fastest = Skew(), 1_700_000_000.0, 1e9
    for pause, there, back in trips:
        left = now + pause
        now = left + there + back
        skew.learn(int(left + there + offset), left, now)
        fastest = min(fastest, there + back)

        assert skew.offset is not None
        assert abs(skew.offset - offset) <= (1 + fastest) / 2 + 0.0005 * 2080 + 0.001


def test_many_answers_know_more_than_one() -> None:
    """Answers at other parts of a second narrow the estimate well below a second."""
    skew = Skew()
    for step in range(20):
        now = 1_700_000_000 + step * 1.05
        skew.learn(int(now + 0.3 + 5.0), now, now + 0.05)

    assert skew.offset == pytest.approx(5.3, abs=0.1)
    assert "5." in repr(skew)


def test_a_clock_that_was_set_is_believed_anew() -> None:
    """An answer that contradicts those before takes their place; one during which the clock went back does not."""
    skew = Skew()
    skew.learn(1_700_000_000, 1_700_000_000.2, 1_700_000_000.3)
    skew.learn(1_700_000_100, 1_700_000_000.5, 1_700_000_000.6)
    assert skew.offset == pytest.approx(100, abs=1)

    skew.learn(1_700_000_000, 1_700_000_000.9, 1_700_000_000.1)
    assert skew.offset == pytest.approx(100, abs=1)


def test_old_answers_played_back_do_not_add_up() -> None:
    """Whatever was learned, signing is never corrected by more than 300 seconds."""
    skew = Skew()
    assert 5.0 == skew.corrected(5.0)
    for dated_ in range(1_700_000_000, 1_699_990_000, -299):
        skew.learn(dated_, 1_700_000_000.0, 1_700_000_000.1)

    assert 1_699_999_700.0 == skew.corrected(1_700_000_000.0)


@pytest.mark.parametrize(
    ("headers", "when"),
    [
        ({"Wechatpay-Timestamp": "1700000000", "Date": formatdate(0)}, 1_700_000_000),
        ({"Date": formatdate(1_700_000_000, usegmt=True)}, 1_700_000_000),
        ({"Wechatpay-Timestamp": "²", "Date": "yesterday"}, None),
        ({"Wechatpay-Timestamp": "9" * 400}, None),
        ({"Date": "Sun, 99 Nov 9999 25:00:00 GMT"}, None),
        ({}, None),
    ],
    ids=["its own", "a gateway's", "neither", "too long", "no date", "nothing"],
)
def test_when_an_answer_says_that_it_was_written(headers: dict[str, str], when: float | None) -> None:
    """WeChat Pay's own timestamp counts, else the Date of whoever answered; nonsense is nothing."""
    assert when == dated(headers)
