"""Every kind of failure over real HTTP: which error it ends with, after how many attempts, all of the same call.

Attempts of a call have the same request number, the same bytes and the same headers; time, nonce and signature are
fresh, and every signature is good. What the sandbox sent is counted, so nothing is done twice.
"""

import json
import re
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from tests.fault_proxy import Edit, Fault, FaultProxy
from wxcoupon import ApiError, RetryPolicy, WxCouponError, busifavor
from wxcoupon.endpoint import AnyEndpoint
from wxcoupon.errors import NoAnswerError, RateLimited, ServerError, UnreachableError

from . import edits
from .rig import ATTEMPTS, READING, WITHOUT_NUMBER, Rig

HARMLESS = busifavor.SetCallback(mchid="1900000109", notify_url="https://tea.example/callbacks")
"""A call without a number that sets what is set already when it comes again."""
ASKED: dict[str, Callable[[Rig], AnyEndpoint]] = {
    "with a number": Rig.with_number,
    "reading": lambda _: READING,
    "harmless": lambda _: HARMLESS,
    "without a number": lambda _: WITHOUT_NUMBER,
}
MAY_BE_DONE_TWICE = {"with a number": True, "reading": True, "harmless": True, "without a number": False}
HTML = b"<html>upstream is gone</html>"


async def _ends(rig: Rig, request: AnyEndpoint, **options: Any) -> WxCouponError:
    """The error a call ends with."""
    async with rig.client(**options) as client:
        with pytest.raises(WxCouponError) as caught:
            await client.send(request)
    assert caught.value.call is not None
    return caught.value


FINAL = [
    *((400, code) for code in ("PARAM_ERROR", "INVALID_REQUEST", "APPID_MCHID_NOT_MATCH", "MCH_NOT_EXISTS")),
    (400, "ALREADY_EXISTS"),
    (401, "SIGN_ERROR"),
    *((403, code) for code in ("NO_AUTH", "NOT_ENOUGH", "REQUEST_BLOCKED", "RULE_LIMIT", "USER_ACCOUNT_ABNORMAL")),
    (403, "MCH_NOT_EXISTS"),
    (404, "RESOURCE_NOT_EXISTS"),
    (404, "NOT_FOUND"),
    (409, "CONFLICT"),
]


@pytest.mark.parametrize(("status", "code"), FINAL, ids=str)
async def test_a_refusal_is_final(rig: Rig, status: int, code: str) -> None:
    """What was refused is sent once, and was not done."""
    rig.sandbox.fail_next(status, code, times=ATTEMPTS)
    error = await _ends(rig, rig.with_number())

    assert isinstance(error, ApiError)
    assert (ApiError, status, code, True, False) == (
        type(error),
        error.status,
        error.code,
        error.verified,
        error.outcome_unknown,
    )
    assert (1, 0, []) == (len(rig.proxy.seen), rig.sent(), rig.time.pauses)


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
@pytest.mark.parametrize("code", ["FREQUENCY_LIMITED", "RATELIMIT_EXCEEDED", "FREQUENCY_LIMIT_EXCEED"])
async def test_too_many_requests(rig: Rig, code: str, asked: Callable[[Rig], AnyEndpoint]) -> None:
    """Nothing was done, so whatever it was is sent again after a pause, and given up after the last attempt."""
    rig.sandbox.fail_next(429, code, times=ATTEMPTS)
    error = await _ends(rig, asked(rig))

    assert (RateLimited, False) == (type(error), error.outcome_unknown)
    assert ATTEMPTS == len(rig.proxy.seen)
    assert ATTEMPTS - 1 == len([pause for pause in rig.time.pauses if pause >= 0.5])
    assert rig.repeated_alike(rig.proxy.seen)
    assert 0 == rig.sent()


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
async def test_too_many_requests_by_number(rig: Rig, asked: Callable[[Rig], AnyEndpoint]) -> None:
    """The numeric code says it too, whatever the status is."""
    rig.sandbox.fail_next(403, "RULE_LIMIT", numeric="270924289")
    async with rig.client() as client:
        await client.send(asked(rig))

    assert 2 == len(rig.proxy.seen)
    assert rig.repeated_alike(rig.proxy.seen)


async def test_too_many_requests_says_when(rig: Rig) -> None:
    """A Retry-After is waited for, neither more nor less."""
    rig.sandbox.fail_next(429, "FREQUENCY_LIMITED", retry_after=7)
    async with rig.client() as client:
        await client.call(rig.with_number())

    assert [7.0] == rig.time.pauses
    assert 1 == rig.sent()


async def test_too_many_requests_from_a_gateway(rig: Rig) -> None:
    """A 429 that nobody signed is taken at its word."""
    rig.proxy.then(edits.instead(429, HTML))
    async with rig.client() as client:
        await client.call(rig.with_number())

    assert 2 == len(rig.proxy.seen)


GATEWAYS: dict[str, Callable[[int], Edit]] = {
    "html": lambda status: edits.instead(status, HTML),
    "empty": lambda status: edits.instead(status, b""),
}


@pytest.mark.parametrize("asked", ASKED, ids=str)
@pytest.mark.parametrize("status", [500, 501, 502, 503, 504])
async def test_a_fault_of_the_server(rig: Rig, status: int, asked: str) -> None:
    """It may have been done, so only what may be done twice is sent again, and the outcome is unknown at the end."""
    rig.sandbox.fail_next(status, "SYSTEM_ERROR", times=ATTEMPTS)
    error = await _ends(rig, ASKED[asked](rig))

    assert isinstance(error, ServerError)
    assert (status, True, True) == (error.status, error.verified, error.outcome_unknown)
    assert (ATTEMPTS if MAY_BE_DONE_TWICE[asked] else 1) == len(rig.proxy.seen)
    assert len(rig.proxy.seen) - 1 == len(rig.time.pauses)
    assert rig.repeated_alike(rig.proxy.seen)


@pytest.mark.parametrize("gateway", GATEWAYS)
@pytest.mark.parametrize("asked", ASKED, ids=str)
async def test_a_fault_of_a_gateway(rig: Rig, gateway: str, asked: str) -> None:
    """A fault without a code, in HTML or in nothing, is a fault all the same."""
    rig.proxy.then(*[GATEWAYS[gateway](502)] * ATTEMPTS)
    error = await _ends(rig, ASKED[asked](rig))

    assert isinstance(error, ServerError)
    assert (502, "", False, True) == (error.status, error.code, error.verified, error.outcome_unknown)
    assert (ATTEMPTS if MAY_BE_DONE_TWICE[asked] else 1) == len(rig.proxy.seen)
    assert rig.repeated_alike(rig.proxy.seen)


async def test_a_fault_after_the_effect(rig: Rig) -> None:
    """What was done before it failed is not done again: the number makes the repetition the same call."""
    rig.sandbox.fail_next(500, times=ATTEMPTS - 1, after_effect=True)
    async with rig.client() as client:
        assert (await client.call(rig.with_number())).result.coupon_code

    assert (ATTEMPTS, 1) == (len(rig.proxy.seen), rig.sent())
    assert rig.repeated_alike(rig.proxy.seen)


BROKEN = [Fault.RESET, Fault.TRUNCATE, Fault.LOSE, Fault.HANG]
PATIENCE = 0.5
"""Seconds that a client waits for an answer that is kept back: enough for a busy machine to bring the request there."""


@pytest.mark.parametrize("asked", ASKED, ids=str)
@pytest.mark.parametrize("fault", BROKEN, ids=lambda fault: str(fault.value))
async def test_a_broken_connection(rig: Rig, fault: Fault, asked: str) -> None:
    """Whoever gets no whole answer does not know; what may be done twice is sent again, unchanged, and nothing else."""
    rig.proxy.then(*[fault] * ATTEMPTS)
    error = await _ends(rig, ASKED[asked](rig), timeout=PATIENCE if fault is Fault.HANG else 15.0)

    assert (NoAnswerError, True) == (type(error), error.outcome_unknown)
    assert (ATTEMPTS if MAY_BE_DONE_TWICE[asked] else 1) == len(rig.proxy.seen)
    assert rig.repeated_alike(rig.proxy.seen)
    assert rig.sent() == (asked == "with a number" and fault is not Fault.RESET)


@pytest.mark.parametrize("fault", BROKEN, ids=lambda fault: str(fault.value))
async def test_a_connection_that_mends(rig: Rig, fault: Fault) -> None:
    """The repetition gets the answer of the one call that was made."""
    rig.proxy.then(fault)
    async with rig.client(timeout=1.0 if fault is Fault.HANG else 15.0) as client:
        assert (await client.call(rig.with_number())).result.coupon_code

    assert (2, 1) == (len(rig.proxy.seen), rig.sent())
    assert rig.repeated_alike(rig.proxy.seen)


async def test_the_server_drops_a_connection(rig: Rig) -> None:
    """It is the same when WeChat Pay itself closes without an answer, before or after it acted."""
    rig.sandbox.drop_next()
    rig.sandbox.drop_next(after_effect=True)
    async with rig.client() as client:
        await client.call(rig.with_number())

    assert (3, 1) == (len(rig.proxy.seen), rig.sent())
    assert rig.repeated_alike(rig.proxy.seen)


async def test_an_unknown_outcome_stays_unknown(rig: Rig) -> None:
    """Once an attempt was lost, a later refusal proves nothing of it."""
    rig.proxy.then(Fault.LOSE)
    rig.sandbox.fail_next(400, "PARAM_ERROR", after_effect=True)  # this is the attempt whose answer is lost
    rig.sandbox.fail_next(400, "PARAM_ERROR")
    error = await _ends(rig, rig.with_number())

    assert (ApiError, True) == (type(error), error.outcome_unknown)
    assert (2, 1) == (len(rig.proxy.seen), rig.sent())


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
async def test_nobody_listens(rig: Rig, asked: Callable[[Rig], AnyEndpoint]) -> None:
    """Nothing was done where no connection was made, so anything is tried again, and known to be undone at the end."""
    rig.proxy.refuse()
    error = await _ends(rig, asked(rig))

    assert (UnreachableError, False) == (type(error), error.outcome_unknown)
    assert ([], ATTEMPTS - 1) == (rig.proxy.seen, len(rig.time.pauses))


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
async def test_the_other_host(rig: Rig, asked: Callable[[Rig], AnyEndpoint]) -> None:
    """A call that finds nobody at the first host goes to the other one, whatever it is."""
    async with FaultProxy(rig.sandbox.base_url) as gone:
        gone.refuse()
        async with rig.client(base_url=gone.base_url, backup_url=rig.proxy.base_url) as client:
            await client.send(asked(rig))

    assert 1 == len(rig.proxy.seen)


async def test_the_other_host_is_for_connections_alone(rig: Rig) -> None:
    """A refusal, a fault of the server and a 429 are no reason to ask elsewhere."""
    async with FaultProxy(rig.sandbox.base_url) as backup:
        rig.sandbox.fail_next(429, "FREQUENCY_LIMITED")
        rig.sandbox.fail_next(500)
        rig.sandbox.fail_next(404, "NOT_FOUND")
        error = await _ends(rig, rig.with_number(), backup_url=backup.base_url)

    assert isinstance(error, ApiError)
    assert (404, 3, 0) == (error.status, len(rig.proxy.seen), len(backup.seen))


@attrs.frozen
class Told:
    """A body of an error, and what is made of it."""

    body: bytes
    code: str
    detail: Any


TOLD = {
    "an object": Told(b'{"code":"PARAM_ERROR","detail":{"field":"/a"}}', "PARAM_ERROR", {"field": "/a"}),
    "any value": Told(b'{"code":"PARAM_ERROR","detail":{"value":[1]}}', "PARAM_ERROR", {"value": [1]}),
    "text": Told(b'{"code":"PARAM_ERROR","detail":"why"}', "PARAM_ERROR", "why"),
    "no detail": Told(b'{"code":"PARAM_ERROR","message":"m"}', "PARAM_ERROR", None),
    "no code": Told(b'{"message":"m"}', "", None),
    "nothing": Told(b"", "", None),
    "a list": Told(b"[1]", "", None),
    "html": Told(HTML, "", None),
    "no text": Told(b"\xff\xfe", "", None),
}


@pytest.mark.parametrize("told", TOLD.values(), ids=TOLD)
async def test_the_body_of_an_error(rig: Rig, told: Told) -> None:
    """Whatever an error's body is, the status is told, and what can be read of it."""
    rig.sandbox.fail_next(400, "PARAM_ERROR")
    rig.proxy.then(edits.signed(rig.keys.platform, rig.keys.platform_id, body=told.body))
    error = await _ends(rig, rig.with_number())

    assert isinstance(error, ApiError)
    assert (400, told.code, told.detail, True) == (error.status, error.code, error.detail, error.verified)
    assert 1 == len(rig.proxy.seen)


async def test_never_a_new_number(rig: Rig) -> None:
    """All attempts of a call carry the number it was made with, and that number is used up by it."""
    request = rig.with_number()
    rig.proxy.then(Fault.RESET, Fault.LOSE)
    async with rig.client() as client:
        first = await client.call(request)
        again = await client.call(request)

    assert first == again
    assert {request.out_request_no} == {json.loads(passage.body)["out_request_no"] for passage in rig.proxy.seen}
    assert (4, 1) == (len(rig.proxy.seen), rig.sent())


async def test_one_attempt_is_one(rig: Rig) -> None:
    """Whoever asks for no repetition gets none, whatever happens."""
    rig.proxy.then(Fault.RESET)
    await _ends(rig, rig.with_number(), retry=RetryPolicy(attempts=1))

    assert (1, []) == (len(rig.proxy.seen), rig.time.pauses)


async def test_what_left_is_what_was_signed_and_nothing_more(rig: Rig) -> None:
    """Every attempt says who asks, which key it wants the answer signed with, and what it takes."""
    rig.proxy.then(Fault.RESET)
    async with rig.client() as client:
        await client.call(rig.with_number())

    for passage in rig.proxy.seen:
        assert rig.keys.platform_id == passage.headers["Wechatpay-Serial"]
        assert "application/json" == passage.headers["Accept"] == passage.headers["Content-Type"]
        assert passage.headers["User-Agent"].startswith("wxcoupon")
        assert re.fullmatch(r"[0-9A-Za-z]{16,32}", passage.authorization["nonce_str"])
        assert passage.headers["Authorization"].startswith("WECHATPAY2-SHA256-RSA2048 mchid=")
