"""Options of single calls: how long they may take, how they are repeated, headers of their own, and whole answers."""

import asyncio
import math
from typing import Any

import pytest

from tests.fault_proxy import Fault, FaultProxy
from tests.sandbox_thread import running
from wxcoupon import (
    ApiError,
    Client,
    ConfigurationError,
    Done,
    InvalidRequest,
    Pacer,
    Partner,
    RetryPolicy,
    blocking,
    bulk,
    busifavor,
)
from wxcoupon import product_coupon as pc
from wxcoupon.convert import from_wire
from wxcoupon.endpoint import registry
from wxcoupon.errors import ClientStateError, NoAnswerError, NoTurnError, RateLimited, ServerError, UnreadableAnswer
from wxcoupon.options import Options
from wxcoupon.retry import NEVER
from wxcoupon.sandbox import Keys, Sandbox

from .conftest import new_upload_coupon


class Time:
    """A clock that moves when somebody sleeps, or as the test says.

    Attributes:
        pauses: what was slept.
    """

    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []

    def clock(self) -> float:
        """The time now."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Let that much time pass at once."""
        self.pauses.append(seconds)
        self.now += seconds


def _longest(_: float, high: float) -> float:
    return high


SLOW = RetryPolicy(base=1.0, draw=_longest)
"""Pauses of one, two and four seconds."""


def _client(sandbox: Sandbox, time: Time, **options: Any) -> Client[Any]:
    given: dict[str, Any] = {
        "base_url": sandbox.base_url,
        "retry": SLOW,
        "pacer": Pacer(dict.fromkeys(registry()), clock=time.clock, sleep=time.sleep),
        "sleep": time.sleep,
        "timer": time.clock,
    }
    return Client(sandbox.partner, sandbox.platform_keys, **given | options)


REQUEST = pc.GetProductCoupon(product_coupon_id="1")


async def test_a_pause_that_would_pass_the_deadline_is_not_begun(sandbox: Sandbox) -> None:
    """With six seconds for the whole, there is time for pauses of one and two seconds, and not of four."""
    time = Time()
    sandbox.fail_next(status=500, times=10)

    async with _client(sandbox, time) as client:
        with pytest.raises(ServerError):
            await client.with_options(deadline=6).call(REQUEST)
        within = list(time.pauses)
        with pytest.raises(ServerError):
            await client.call(REQUEST)

    assert [1.0, 2.0] == within
    assert [1.0, 2.0, 4.0] == time.pauses[2:]


async def test_a_retry_after_beyond_the_deadline_is_not_waited(sandbox: Sandbox) -> None:
    """What the answer asks to wait is not waited either when it would be too late."""
    time = Time()
    sandbox.fail_next(status=429, code="RATELIMIT_EXCEEDED", retry_after=7)

    async with _client(sandbox, time) as client:
        with pytest.raises(RateLimited) as caught:
            await client.with_options(deadline=7).call(REQUEST)
        sandbox.fail_next(status=503, retry_after=7)
        with pytest.raises(ApiError) as late:
            await client.with_options(deadline=8).call(REQUEST)

    assert 7.0 == caught.value.retry_after
    assert [7.0] == time.pauses
    assert 404 == late.value.status


async def test_the_deadline_bounds_the_wait_for_a_turn(sandbox: Sandbox) -> None:
    """A call whose turn would come after its deadline is refused at once, and nothing is sent."""
    time = Time()
    pacer = Pacer({REQUEST.name: "1/min"}, clock=time.clock, sleep=time.sleep)

    async with _client(sandbox, time, pacer=pacer) as client:
        with pytest.raises(ApiError):
            await client.call(REQUEST)
        with pytest.raises(NoTurnError, match="deadline") as caught:
            await client.with_options(deadline=30).call(REQUEST)
        with pytest.raises(ApiError):
            await client.with_options(deadline=61).call(REQUEST)

    assert [60.0] == [round(pause) for pause in time.pauses]
    assert 30 == caught.value.most
    assert not caught.value.outcome_unknown
    assert 2 == len(sandbox.arrivals)


async def test_a_repetition_that_gets_no_turn_ends_with_what_happened(sandbox: Sandbox) -> None:
    """When the turn of a repetition would come too late, what is raised is how the attempt before it ended."""
    time = Time()
    pacer = Pacer({REQUEST.name: "1/min"}, clock=time.clock, sleep=time.sleep)
    sandbox.drop_next(times=1)

    async with _client(sandbox, time, pacer=pacer) as client:
        with pytest.raises(NoAnswerError) as caught:
            await client.with_options(deadline=30).call(REQUEST)

    assert caught.value.outcome_unknown
    assert 1 == len(sandbox.arrivals)


async def test_an_attempt_gets_what_is_left(sandbox: Sandbox) -> None:
    """An attempt may not take longer than the deadline, and the error says that it was the deadline."""

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with Client(sandbox.partner, sandbox.platform_keys, base_url=base_url, timeout=3600) as client:
        with pytest.raises(NoAnswerError, match="left of the deadline") as caught:
            await client.with_options(deadline=0.05).call(REQUEST)
    server.close()

    assert caught.value.outcome_unknown


def test_timeouts_are_cut_to_what_is_left() -> None:
    """The whole of an attempt ends with the deadline, to the moment; that of a file too, which else has no end."""
    options = Options(15.0, NEVER)

    assert options.whole is options.within(math.inf, file=False)
    assert options.whole is options.within(15.0, file=False)
    assert options.silence is options.within(math.inf, file=True)
    assert (7.5, math.inf, 5.0) == (
        (cut := options.within(7.5, file=False)).total,
        cut.ceil_threshold,
        cut.sock_connect,
    )
    assert (7.5, 15.0) == ((cut := options.within(7.5, file=True)).total, cut.sock_read)


async def test_no_time_is_left_after_the_turn(sandbox: Sandbox) -> None:
    """A turn that comes when the deadline has passed is not used."""
    time = Time()

    async def oversleep(seconds: float) -> None:
        await time.sleep(seconds + 60)

    pacer = Pacer({REQUEST.name: "1/s"}, clock=time.clock, sleep=oversleep)
    async with _client(sandbox, time, pacer=pacer) as client:
        with pytest.raises(ApiError):
            await client.call(REQUEST)
        with pytest.raises(NoTurnError):
            await client.with_options(deadline=5).call(REQUEST)

    assert 1 == len(sandbox.arrivals)


async def test_options_are_for_the_calls_of_one_client(sandbox: Sandbox) -> None:
    """What is said for one call is not said for the others; what is not said stays as it is."""
    time = Time()
    async with _client(sandbox, time) as client:
        once = client.with_options(retry=NEVER)
        sandbox.fail_next(status=500)
        with pytest.raises(ServerError):
            await once.with_options(timeout=5.0).call(REQUEST)
        sandbox.fail_next(status=500)
        with pytest.raises(ApiError, match="404"):
            await client.call(REQUEST)

    assert client.identity is once.identity
    assert client.keys is once.keys


async def test_a_deadline_joins_the_retry_policy(sandbox: Sandbox) -> None:
    """A deadline keeps the policy there is, or the one given with it, and a policy without one keeps the deadline."""
    time = Time()
    async with _client(sandbox, time, retry=RetryPolicy(base=1.0, draw=_longest, deadline=2.0)) as client:
        for wanted, options in [
            ([1.0], {}),
            ([1.0, 2.0], {"deadline": 4}),
            ([], {"deadline": 4, "retry": NEVER}),
            ([1.0], {"retry": SLOW}),
            ([1.0, 2.0, 4.0], {"retry": SLOW, "deadline": math.inf}),
        ]:
            time.pauses.clear()
            sandbox.fail_next(status=500, times=len(wanted) + 1)
            with pytest.raises(ServerError):
                await client.with_options(**options).call(REQUEST)  # type: ignore[arg-type]
            assert wanted == time.pauses


async def test_headers_are_added(sandbox: Sandbox) -> None:
    """Added headers go with every attempt of every kind of call, and join those that were added before."""
    async with FaultProxy(sandbox.base_url) as proxy:
        proxy.then(Fault.LOSE)
        async with _client(sandbox, Time(), base_url=proxy.base_url) as client:
            chinese = client.with_options(headers={"Accept-Language": "zh-HK", "X-Trace": "1"})
            english = chinese.with_options(headers={"accept-language": "en"})
            with pytest.raises(ApiError):
                await english.call(REQUEST)
            with pytest.raises(ApiError):
                await english.request("POST", "/v3/marketing/busifavor/coupons/send", json={})
            with pytest.raises(ApiError):
                await client.call(REQUEST)

    headers = [passage.headers for passage in proxy.seen]
    assert ["en", "en", "en", None] == [each.get("Accept-Language") for each in headers]
    assert ["1", "1", "1", None] == [each.get("X-Trace") for each in headers]
    assert "application/json" == headers[2].get("Content-Type")


async def test_a_header_of_the_request_wins(sandbox: Sandbox) -> None:
    """What the request itself says is not overruled: its idempotency key is its own."""
    request = from_wire(
        busifavor.BuildPartnership,
        {
            "idempotency_key": "of-the-request",
            "partner": {"type": "MERCHANT", "merchant_id": "1900000125"},
            "authorized_data": {"business_type": "BUSIFAVOR_STOCK", "stock_id": "100089"},
        },
    )
    async with FaultProxy(sandbox.base_url) as proxy, _client(sandbox, Time(), base_url=proxy.base_url) as client:
        await client.with_options(headers={"Idempotency-Key": "of-the-options"}).call(request)

    assert ["of-the-request"] == [passage.headers.get("Idempotency-Key") for passage in proxy.seen]


@pytest.mark.parametrize(
    ("headers", "says"),
    [
        ({"Authorization": "secret"}, "Authorization"),
        ({"content-type": "secret"}, "content-type"),
        ({"WECHATPAY-SERIAL": "secret"}, "WECHATPAY-SERIAL"),
        ({"Content-Length": "secret"}, "Content-Length"),
        ({"Content-Encoding": "secret"}, "Content-Encoding"),
        ({"Host": "secret"}, "Host"),
        ({"X Trace": "1"}, "no name"),
        ({"": "1"}, "no name"),
        ({"X-Trace": "secret\r\nX-Other: 1"}, "X-Trace"),
        ({"X-Trace": " secret"}, "X-Trace"),
        ({"X-Trace": ""}, "X-Trace"),
        ({"X-Trace": "密secret"}, "X-Trace"),
        ({"X-Trace": 1}, "X-Trace"),
    ],
    ids=lambda value: ascii(next(iter(value.items()))) if isinstance(value, dict) else "",
)
async def test_headers_that_cannot_be_added(sandbox: Sandbox, headers: Any, says: str) -> None:
    """What says how a request is signed and sent is the client's own; the message names the header, not its value."""
    async with _client(sandbox, Time()) as client:
        with pytest.raises(ConfigurationError, match=says) as caught:
            client.with_options(headers=headers)

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"timeout": 0}, "timeout"),
        ({"timeout": math.inf}, "timeout"),
        ({"deadline": 0}, "deadline"),
        ({"deadline": -1.0}, "deadline"),
        ({"deadline": math.nan}, "deadline"),
        ({"deadline": "5"}, "deadline"),
        ({"checks": "maybe"}, "checks"),
        ({"headers": {5: "x"}}, "5 is no name of a header"),
    ],
    ids=str,
)
async def test_options_that_cannot_be_used(sandbox: Sandbox, options: Any, says: str) -> None:
    """An option that cannot work is refused by name, before any call."""
    async with _client(sandbox, Time()) as client:
        with pytest.raises(ConfigurationError, match=says):
            client.with_options(**options)


async def test_checks_of_a_single_call(sandbox: Sandbox) -> None:
    """Checks can be switched off for the one call that breaks a rule knowingly."""
    faulty = pc.GetProductCoupon(product_coupon_id="x" * 41)
    async with _client(sandbox, Time()) as client:
        with pytest.raises(ApiError):
            await client.with_options(checks="off").call(faulty)
        with pytest.raises(InvalidRequest):
            await client.call(faulty)


async def test_a_typed_call_with_its_answer(sandbox: Sandbox) -> None:
    """The typed result comes with the status, the headers, the bytes and the Request-ID it was read from."""
    request = new_upload_coupon("create-raw")
    async with _client(sandbox, Time()) as client:
        came = await client.call_with_answer(request)
        alone = await client.call(request)

    assert alone == came.result
    assert (200, came.result.product_coupon_id) == (came.answer.status, came.answer.json()["product_coupon_id"])
    assert came.answer.request_id
    assert came.answer.request_id == came.answer.headers["request-id"]
    assert came.result.product_coupon_id.encode() in came.answer.body


async def test_an_answer_that_cannot_be_read_is_an_error(sandbox: Sandbox) -> None:
    """A proven answer that is not what is documented is no result, with its answer or without."""
    async with FaultProxy(sandbox.base_url) as proxy, _client(sandbox, Time(), base_url=proxy.base_url) as client:
        sandbox.reply_next(None)
        with pytest.raises(UnreadableAnswer):
            await client.call_with_answer(REQUEST)


async def test_for_brand_and_options_go_together(sandbox: Sandbox) -> None:
    """A client of another brand keeps the options, and one with options keeps the brand."""
    async with FaultProxy(sandbox.base_url) as proxy, _client(sandbox, Time(), base_url=proxy.base_url) as client:
        for other in (
            client.with_options(headers={"X-Trace": "1"}).for_brand("120345"),
            client.for_brand("120345").with_options(headers={"X-Trace": "1"}),
        ):
            with pytest.raises(ApiError):
                await other.call(REQUEST)

    assert [("1", True)] * 2 == [(each.headers.get("X-Trace"), "120345" in each.target) for each in proxy.seen]


async def test_brands_of_one_partner_share_its_quota(sandbox: Sandbox) -> None:
    """The turns of one partner are counted together, whichever brand it acts for and with whatever options."""
    time = Time()
    pacer = Pacer({REQUEST.name: "1/min"}, clock=time.clock, sleep=time.sleep)
    async with _client(sandbox, time, pacer=pacer) as client:
        for other in (client, client.for_brand("120345"), client.with_options(deadline=600)):
            with pytest.raises(ApiError):
                await other.call(REQUEST)

    assert [60.0, 60.0] == time.pauses


async def test_a_locked_coupon_is_waited_for(sandbox: Sandbox) -> None:
    """A refusal for the moment is repeated by the library, whatever the call; any other refusal is not."""
    time = Time()
    async with _client(sandbox, time) as client:
        sandbox.fail_next(400, "INVALID_REQUEST", numeric="272756746", times=2)
        with pytest.raises(ApiError, match="404"):
            await client.call(REQUEST)
        sandbox.fail_next(400, "INVALID_REQUEST", numeric="268578927")
        with pytest.raises(ApiError, match="400"):
            await client.call(REQUEST)

    assert [2.0, 4.0] == time.pauses  # one and two seconds at least, and here the longest that may be drawn


async def test_bulk_has_options_and_answers(sandbox: Sandbox) -> None:
    """A bulk makes its calls as the client it is given does, and keeps the answers."""
    requests = [new_upload_coupon(f"create-bulk-{number}") for number in range(3)]
    async with (
        FaultProxy(sandbox.base_url) as proxy,
        _client(sandbox, Time(), base_url=proxy.base_url) as client,
        bulk(client.with_options(headers={"X-Trace": "1"}), requests) as outcomes,
    ):
        done = [outcome async for outcome in outcomes if isinstance(outcome, Done)]

    assert 3 == len(done)
    assert all(outcome.answer.json()["product_coupon_id"] == outcome.result.product_coupon_id for outcome in done)
    assert 3 == len({outcome.answer.request_id for outcome in done})
    assert ["1"] * 3 == [passage.headers.get("X-Trace") for passage in proxy.seen]


def test_blocking_has_options_and_answers(keys: Keys) -> None:
    """Without an event loop it is the same; all of them share one thread, and only the first ends it."""
    request = new_upload_coupon("create-blocking")
    with running(Sandbox(rate_limits="off", keys=keys)) as sandbox:
        api = blocking(_client(sandbox, Time()))
        with api.with_options(deadline=60, headers={"Accept-Language": "en"}) as other:
            came = other.call_with_answer(request)
        brand = api.for_brand("120345")
        with pytest.raises(ApiError):
            brand.call(pc.GetProductCoupon(product_coupon_id=came.result.product_coupon_id))
        outcomes = list(api.bulk([request]))
        sandbox.fail_next(status=500)
        with pytest.raises(ServerError):
            api.with_options(retry=NEVER).call(REQUEST)
        api.close()
        with pytest.raises(ClientStateError, match="is closed"):
            brand.call(REQUEST)

    assert came.answer.request_id
    assert [came.result] == [outcome.result for outcome in outcomes if isinstance(outcome, Done)]


async def test_a_policy_without_a_deadline_keeps_the_one_before(partner: Client[Partner]) -> None:
    """What is not said stays as it is, in whichever order it is said; infinity takes a deadline away."""
    with_deadline = partner.with_options(deadline=1)
    later = with_deadline.with_options(retry=RetryPolicy(attempts=1))
    own = with_deadline.with_options(retry=RetryPolicy(deadline=2))

    assert (1, 1) == (later._options.retry.deadline, later._options.retry.attempts)
    assert own._options.retry.deadline == 2
    assert later.with_options(deadline=math.inf)._options.retry.deadline is None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"retry": 3}, "retry is a RetryPolicy"),
        ({"headers": "abc"}, "headers are names and values"),
        ({"headers": {"Accept-Language": "en", "accept-language": "zh-CN"}}, "there twice"),
    ],
    ids=["no policy", "no headers", "a header twice"],
)
async def test_what_is_no_option(partner: Client[Partner], options: dict[str, Any], words: str) -> None:
    """What cannot be used is refused at once, not in the first call."""
    with pytest.raises(ConfigurationError, match=words):
        partner.with_options(**options)
