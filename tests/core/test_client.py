"""The client against the sandbox: real HTTP, real signatures on both sides, and faults of every kind between."""

import asyncio
import gc
import logging
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from wxcoupon import (
    ApiError,
    Brand,
    Client,
    ConfigurationError,
    Done,
    Failed,
    InvalidRequest,
    Merchant,
    Pacer,
    Partner,
    RetryPolicy,
    blocking,
    busifavor,
    crypto,
)
from wxcoupon import product_coupon as pc
from wxcoupon.checks import RequestWarning
from wxcoupon.errors import (
    BadSignature,
    ClientStateError,
    ClockSkew,
    MissingSignature,
    NoAnswerError,
    NotAllowedError,
    ProbeSignature,
    RateLimited,
    ServerError,
    UnknownSerial,
    UnreachableError,
    UntrustedAnswer,
)
from wxcoupon.retry import NEVER
from wxcoupon.sandbox import Sandbox

from .conftest import new_upload_coupon, own_tasks

SWIFT = RetryPolicy(base=0.001)
UNPACED = Pacer(dict.fromkeys(("product_coupon.upload_coupon_codes", "product_coupon.pre_send_coupon")))


def _client(sandbox: Sandbox, identity: Any, **options: Any) -> Client[Any]:
    given: dict[str, Any] = {"base_url": sandbox.base_url, "retry": SWIFT, "pacer": UNPACED} | options
    return Client(identity, given.pop("platform_keys", sandbox.platform_keys), **given)


def _upload(stock: tuple[str, str], number: str = "upload-1", codes: list[str] | None = None) -> pc.UploadCouponCodes:
    return pc.UploadCouponCodes(
        product_coupon_id=stock[0], stock_id=stock[1], out_request_no=number, code_list=codes or ["A1", "A2"]
    )


@pytest.mark.parametrize("kind", ["partner", "brand"])
async def test_the_same_typed_call_for_both(sandbox: Sandbox, upload_stock: Any, kind: str) -> None:
    """One request class serves a partner and a brand: the identity makes the difference."""
    identity = getattr(sandbox, kind)
    stock = await upload_stock(identity)

    async with _client(sandbox, identity) as client:
        answer = await client.call(_upload(stock))

    assert (2, ["A1", "A2"]) == (answer.total_count, answer.success_code_list)


async def test_a_request_number_is_replayed(sandbox: Sandbox, upload_stock: Any) -> None:
    """The same number and body is the same call; another body under it is refused with its numeric code."""
    stock = await upload_stock(sandbox.partner)

    async with _client(sandbox, sandbox.partner) as client:
        first = await client.call(_upload(stock))
        again = await client.call(_upload(stock))
        with pytest.raises(ApiError) as caught:
            await client.call(_upload(stock, codes=["B1"]))

    assert first == again
    assert ("INVALID_REQUEST", "268578927", True) == (
        caught.value.code,
        caught.value.numeric_code,
        caught.value.verified,
    )
    assert caught.value.call is not None
    assert "upload-coupon-codes" in caught.value.call


async def _state(sandbox: Sandbox) -> Any:
    async with aiohttp.ClientSession() as session, session.get(sandbox.base_url + "/_sandbox/state") as answer:
        return await answer.json()


def _other_key(identity: Any) -> Any:
    fields = {"serial_no": identity.serial_no, "private_key": crypto.new_private_key()}
    if isinstance(identity, Brand):
        return Brand(brand_id=identity.brand_id, **fields)
    return Partner(mchid=identity.mchid, brand_id=identity.brand_id, **fields)


@pytest.mark.parametrize("kind", ["partner", "brand"])
async def test_wrong_key_is_refused(sandbox: Sandbox, kind: str) -> None:
    """A request signed with another key is 401, and is not repeated."""
    async with _client(sandbox, _other_key(getattr(sandbox, kind))) as client:
        with pytest.raises(ApiError) as caught:
            await client.call(_upload(("1", "2")))

    assert (401, "SIGN_ERROR") == (caught.value.status, caught.value.code)


@pytest.mark.parametrize("offset", [-360, 360])
async def test_clock_six_minutes_off(sandbox: Sandbox, offset: int) -> None:
    """A machine whose clock is six minutes off is refused by WeChat Pay, whatever else is right."""
    async with _client(sandbox, sandbox.partner, clock=lambda: time.time() + offset) as client:
        with pytest.raises(ApiError) as caught:
            await client.call(_upload(("1", "2")))

    assert (401, False) == (caught.value.status, caught.value.verified)


@pytest.mark.parametrize(
    ("signature", "kind"),
    [
        ("bad", BadSignature),
        ("missing", MissingSignature),
        ("unknown-serial", UnknownSerial),
        ("old", ClockSkew),
    ],
)
async def test_answer_that_is_not_proven(
    sandbox: Sandbox, upload_stock: Any, signature: Any, kind: type[UntrustedAnswer]
) -> None:
    """An answer that is not proven is not believed, says why, and leaves the outcome unknown."""
    stock = await upload_stock(sandbox.partner)

    async with _client(sandbox, sandbox.partner) as client:
        sandbox.answer_next(signature=signature)
        with pytest.raises(kind) as caught:
            await client.call(_upload(stock))
        again = await client.call(_upload(stock))

    assert caught.value.outcome_unknown
    assert (200, True) == (caught.value.status, bool(caught.value.request_id))
    assert ["A1", "A2"] == again.success_code_list


async def test_probe_is_repeated_once(sandbox: Sandbox, upload_stock: Any) -> None:
    """A probe signature is discarded and the call repeated once, unchanged; the effect is one."""
    stock = await upload_stock(sandbox.partner)

    async with _client(sandbox, sandbox.partner) as client:
        sandbox.answer_next(signature="probe")
        answer = await client.call(_upload(stock))
        sandbox.answer_next(signature="probe", times=2)
        with pytest.raises(ProbeSignature):
            await client.call(_upload(stock, number="upload-2", codes=["B1"]))

    assert ["A1", "A2"] == answer.success_code_list


@pytest.mark.parametrize("after_effect", [False, True])
async def test_lost_answers_do_no_harm(sandbox: Sandbox, upload_stock: Any, after_effect: bool) -> None:  # noqa: FBT001
    """A connection that breaks, before or after WeChat Pay acted, is repeated with the same number and bytes."""
    stock = await upload_stock(sandbox.partner)

    async with _client(sandbox, sandbox.partner) as client:
        sandbox.drop_next(times=2, after_effect=after_effect)
        answer = await client.call(_upload(stock))

    assert ["A1", "A2"] == answer.success_code_list


async def test_server_errors_are_repeated_until_they_are_final(sandbox: Sandbox, upload_stock: Any) -> None:
    """A 500 is repeated three times, then it is the caller's to know that the outcome is unknown."""
    stock = await upload_stock(sandbox.partner)

    async with _client(sandbox, sandbox.partner) as client:
        sandbox.fail_next(status=500, code="SYSTEM_ERROR", times=3)
        answer = await client.call(_upload(stock))
        sandbox.fail_next(status=500, code="SYSTEM_ERROR", times=4)
        with pytest.raises(ServerError) as caught:
            await client.call(_upload(stock, number="upload-2", codes=["B1"]))

    assert ["A1", "A2"] == answer.success_code_list
    assert caught.value.outcome_unknown


async def test_what_cannot_be_repeated_is_not(sandbox: Sandbox) -> None:
    """An untyped POST may hold no request number, so an unknown outcome is left to the caller at once."""
    sandbox.world.add_merchant_stock("100099", coupon_code_mode="MERCHANT_API", max_count=10)
    async with _client(sandbox, sandbox.partner) as client:
        sandbox.drop_next(times=1)
        with pytest.raises(NoAnswerError):
            await client["v3/marketing/busifavor/coupons/send"].post(
                json={"openid": "o", "appid": "wx1", "stock_id": "100099", "out_request_no": "n", "coupon_code": "C"}
            )


async def test_rate_limits_are_waited_out(upload_stock: Any) -> None:
    """A 429 makes everybody wait, and the call then succeeds; without repetition it is an error of its own."""
    async with Sandbox(rate_limits="documented") as sandbox:
        stock = await upload_stock(sandbox.partner, sandbox)
        uploads = [_upload(stock, number=f"upload-{n:02}", codes=[f"C{n}"]) for n in range(30)]
        async with _client(sandbox, sandbox.partner, retry=NEVER) as client:
            results = await asyncio.gather(*(client.call(upload) for upload in uploads), return_exceptions=True)
        limited = [result for result in results if isinstance(result, RateLimited)]
        async with _client(sandbox, sandbox.partner, retry=RetryPolicy(base=1.0), pacer=Pacer()) as client:
            answers = await asyncio.gather(*(client.call(upload) for upload in uploads))

    assert 10 == len(limited)
    assert {"270924289"} == {error.numeric_code for error in limited}
    assert 30 == sum(len(answer.success_code_list or []) for answer in answers)


async def test_unreachable(sandbox: Sandbox) -> None:
    """Nobody listening is an error that says that nothing was done, after every attempt was made."""
    async with _client(sandbox, sandbox.partner, base_url="http://127.0.0.1:9") as client:
        with pytest.raises(UnreachableError, match="check base_url") as caught:
            await client.call(_upload(("1", "2")))

    assert not caught.value.outcome_unknown


async def test_backup_host(sandbox: Sandbox, upload_stock: Any) -> None:
    """When no connection is made to the host, the next attempt goes to the other one."""
    stock = await upload_stock(sandbox.partner)

    async with _client(
        sandbox, sandbox.partner, base_url="http://127.0.0.1:9", backup_url=sandbox.base_url + "/"
    ) as client:
        answer = await client.call(_upload(stock))

    assert 2 == answer.total_count


async def test_bad_requests_are_not_sent(sandbox: Sandbox) -> None:
    """A request with faults is refused with all of them, before anything is sent."""
    before = await _state(sandbox)

    async with _client(sandbox, sandbox.partner) as client:
        with pytest.raises(InvalidRequest) as caught:
            await client.call(_upload(("", "2"), number="x", codes=["a b"]))

    assert ["$.product_coupon_id", "$.out_request_no", "$.code_list[0]"] == [f.path for f in caught.value.faults]
    assert before == await _state(sandbox)


async def test_checks_may_warn_or_be_off(sandbox: Sandbox, upload_stock: Any) -> None:
    """With checks that warn, or none, a faulty request is sent as given, and WeChat Pay refuses it."""
    stock = await upload_stock(sandbox.partner)
    faulty = _upload(stock, codes=["a b"])

    async with _client(sandbox, sandbox.partner, checks="warn") as client:
        with pytest.warns(RequestWarning, match=r"code_list\[0\]"), pytest.raises(ApiError) as caught:
            await client.call(faulty)
    async with _client(sandbox, sandbox.partner, checks="off") as client:
        with pytest.raises(ApiError):
            await client.call(faulty)

    assert (400, "PARAM_ERROR") == (caught.value.status, caught.value.code)


async def test_caller_that_may_not_call(sandbox: Sandbox) -> None:
    """What the type checker rejects is refused at run time too."""
    async with _client(sandbox, sandbox.merchant) as client:
        with pytest.raises(NotAllowedError, match="takes a Partner or Brand"):
            await client.call(_upload(("1", "2")))


async def test_for_brand(sandbox: Sandbox, upload_stock: Any) -> None:
    """A partner acts for another brand over the same session; it cannot see that brand's things through this one."""
    stock = await upload_stock(sandbox.partner)

    async with _client(sandbox, sandbox.partner) as client:
        other = client.for_brand("120345")
        with pytest.raises(ApiError) as caught:
            await other.call(_upload(stock))
        assert 2 == (await client.call(_upload(stock))).total_count

    assert 404 == caught.value.status
    assert ("120345", sandbox.partner.brand_id) == (other.identity.brand_id, client.identity.brand_id)


async def test_untyped_styles_reach_the_server(sandbox: Sandbox, upload_stock: Any) -> None:
    """All three untyped styles are signed, sent and verified; openids with any character arrive whole."""
    product, stock = await upload_stock(sandbox.partner)
    body = {"brand_id": "120344", "out_request_no": "untyped-1", "code_list": ["U1"]}

    async with _client(sandbox, sandbox.partner) as client:
        template = client[
            "v3/marketing/partner/product-coupon/product-coupons/{product}/stocks/{stock}/upload-coupon-codes"
        ]
        first = await template.post(product=product, stock=stock, json=body)
        chain = client.v3.marketing.partner.product_coupon.product_coupons._product_.stocks[stock].upload_coupon_codes
        second = await chain.post(product=product, json=body)
        third = await client.request(
            "post",
            f"/v3/marketing/partner/product-coupon/product-coupons/{product}/stocks/{stock}/upload-coupon-codes",
            json=body,
        )
        with pytest.raises(ApiError) as caught:
            await client["v3/marketing/partner/product-coupon/users/{openid}/pre-send-coupon"].post(
                openid="o/1 %中+", json={"brand_id": "120344"}
            )

    assert {"total_count": 1, "success_code_list": ["U1"]} == {k: v for k, v in first.items() if v}
    assert first == second == third
    assert 400 == caught.value.status


async def test_merchant_coupons(sandbox: Sandbox) -> None:
    """A merchant and a partner send merchant coupons over the same absolute path."""
    sandbox.world.add_merchant_stock("100099", coupon_code_mode="MERCHANT_API", max_count=10)
    for identity in (sandbox.merchant, sandbox.partner):
        request = busifavor.SendCoupon(
            openid="o-1",
            appid="wx1",
            stock_id="100099",
            out_request_no=f"n-{identity.mchid}",
            coupon_code=identity.mchid,
        )
        async with _client(sandbox, identity) as client:
            answer = await client.call(request)
        assert identity.mchid == answer.result.coupon_code


async def test_closed_client(sandbox: Sandbox) -> None:
    """A closed client says that it is closed; closing it twice is harmless."""
    client = _client(sandbox, sandbox.partner)
    await client.close()
    await client.close()

    with pytest.raises(ClientStateError, match="closed"):
        await client.call(_upload(("1", "2")))


async def test_another_loop(sandbox: Sandbox, upload_stock: Any) -> None:
    """A client used from a second event loop says so, instead of hanging."""
    stock = await upload_stock(sandbox.partner)
    async with _client(sandbox, sandbox.partner) as client:
        await client.call(_upload(stock))
        with pytest.raises(ClientStateError, match="event loop"):
            await asyncio.to_thread(lambda: asyncio.run(client.call(_upload(stock))))


async def test_borrowed_session_stays_open(sandbox: Sandbox, upload_stock: Any) -> None:
    """A borrowed session is used and left open: only its owner closes it."""
    stock = await upload_stock(sandbox.partner)

    async with aiohttp.ClientSession() as session:
        async with _client(sandbox, sandbox.partner, session=session) as client:
            await client.call(_upload(stock))
        assert not session.closed


async def test_nothing_is_left_behind(sandbox: Sandbox, upload_stock: Any) -> None:
    """After a client is closed there is no task of it."""
    stock = await upload_stock(sandbox.partner)
    before = own_tasks()

    async with _client(sandbox, sandbox.partner) as client:
        await client.call(_upload(stock))
    gc.collect()

    assert own_tasks() <= before


async def test_logs_hold_nothing_personal(
    sandbox: Sandbox, upload_stock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """At DEBUG the log names calls and Request-IDs, and no openid, code, key or signature."""
    stock = await upload_stock(sandbox.partner)
    caplog.set_level(logging.DEBUG)
    request = pc.PreSendCoupon(
        openid="o-secret", product_coupon_id=stock[0], stock_id=stock[1], appid="wx1", send_request_no="number"
    )

    async with _client(sandbox, sandbox.partner) as client:
        await client.call(_upload(stock, codes=["SECRET-CODE"]))
        sandbox.fail_next(status=500, code="SYSTEM_ERROR")
        answer = await client.call(request)

    ours = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("wxcoupon"))
    assert "HTTP 200" in ours
    assert "ServerError" in ours
    for secret in ("o-secret", "SECRET-CODE", "signature=", "PRIVATE", answer.token):
        assert secret not in ours


@pytest.fixture
async def gateway() -> AsyncIterator[tuple[str, list[web.Response]]]:
    """A server that answers what the test wants, unsigned, as a broken gateway does."""
    answers: list[web.Response] = []

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return answers.pop(0)

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", answers
    await runner.cleanup()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (lambda: web.Response(body=b'{"token":"forged"}', content_type="application/json"), MissingSignature),
        (lambda: web.Response(status=204), MissingSignature),
        (lambda: web.Response(status=502, text="<html>"), ServerError),
        (lambda: web.Response(status=302, headers={"Location": "http://127.0.0.1:9/"}), ApiError),
        (lambda: web.Response(status=404, text="nothing here"), ApiError),
    ],
)
async def test_unsigned_gateway(sandbox: Sandbox, gateway: Any, answer: Any, kind: type[Exception]) -> None:
    """What did not come from WeChat Pay is never an answer: not a 200, not a 204, not a redirect."""
    base_url, answers = gateway
    answers.append(answer())

    async with _client(sandbox, sandbox.partner, base_url=base_url, retry=NEVER) as client:
        with pytest.raises(kind):
            await client.call(_upload(("1", "2")))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"checks": "maybe"}, "checks"),
        ({"timeout": 0}, "timeout"),
        ({"base_url": "api.mch.weixin.qq.com"}, "base_url"),
        ({"base_url": "ftp://x"}, "base_url"),
        ({"base_url": "https://x/?a=1"}, "base_url"),
        ({"backup_url": "http://[::1"}, "backup_url"),
        ({"platform_keys": {}}, "platform_keys"),
    ],
)
def test_arguments_that_cannot_be_used(options: dict[str, Any], says: str) -> None:
    """An argument that cannot work is refused by name when the client is made."""
    identity = Merchant(mchid="1", serial_no="AB", private_key=crypto.new_private_key())
    keys = options.pop("platform_keys", {"PUB_KEY_ID_01": crypto.public_pem(identity.private_key)})

    with pytest.raises(ConfigurationError, match=says):
        Client(identity, keys, **options)


def test_blocking(sandbox_in_thread: Sandbox) -> None:
    """A script without a loop makes typed, untyped and bulk calls, and nothing is left when it closes."""
    threads = threading.active_count()
    with blocking(_client(sandbox_in_thread, sandbox_in_thread.partner)) as api:
        created = api.call(new_upload_coupon("blocking-create"))
        assert created.stock is not None
        product, stock = created.product_coupon_id, created.stock.stock_id
        uploads = [_upload((product, stock), number=f"blocking-{n}", codes=[f"K{n}"]) for n in range(5)]
        typed = api.call(uploads[0])
        untyped = api["v3/marketing/partner/product-coupon/product-coupons/{p}/stocks/{s}/upload-coupon-codes"].post(
            p=product, s=stock, json={"brand_id": "120344", "out_request_no": "blocking-0", "code_list": ["K0"]}
        )
        outcomes = list(api.bulk(uploads, concurrency=2))
        first = next(iter(api.bulk(uploads)))

    assert ["K0"] == typed.success_code_list == untyped["success_code_list"]
    assert {f"blocking-{n}" for n in range(5)} == {
        getattr(outcome.request, "out_request_no", "") for outcome in outcomes
    }
    assert first is not None
    assert threads == threading.active_count()
    with pytest.raises(ClientStateError, match="closed"):
        api.call(uploads[0])
    api.close()


def test_blocking_source_may_call(sandbox_in_thread: Sandbox) -> None:
    """What makes the requests of a bulk may itself make calls: it runs in the caller's thread."""
    with blocking(_client(sandbox_in_thread, sandbox_in_thread.partner)) as api:
        created = api.call(new_upload_coupon("blocking-source"))
        assert created.stock is not None
        stock = created.product_coupon_id, created.stock.stock_id
        thread = threading.current_thread()

        def source() -> Iterator[pc.UploadCouponCodes]:
            for number in range(7):
                assert thread is threading.current_thread()
                held = api.call(pc.GetStock(product_coupon_id=stock[0], stock_id=stock[1])).coupon_code_count_info
                assert held is not None
                yield _upload(stock, number=f"nested-{number}", codes=[f"N{number}"])

        outcomes = list(api.bulk(source(), concurrency=3))

    assert 7 == len(outcomes)
    assert all(isinstance(outcome, Done) for outcome in outcomes)


def test_blocking_bulk_loses_no_outcome_of_a_broken_source(sandbox_in_thread: Sandbox) -> None:
    """What the source raises comes after the outcome of every call that was made."""
    with blocking(_client(sandbox_in_thread, sandbox_in_thread.partner)) as api:

        def source() -> Iterator[pc.UploadCouponCodes]:
            for number in range(9):
                yield _upload(("1", "2"), number=f"broken-{number}")
            raise LookupError("the database went away")

        ended = []
        with pytest.raises(LookupError, match="went away"):  # noqa: PT012 - what comes before it is what is tested
            for outcome in api.bulk(source(), concurrency=4):
                ended.append(outcome)  # noqa: PERF402 - the error comes from the loop

    assert 9 == len(ended)


def test_blocking_bulk_when_another_thread_closes(sandbox_in_thread: Sandbox) -> None:
    """Calls under way when another thread closes the client are outcomes too, and unknown."""

    async def sleep(_: float) -> None:
        threading.Thread(target=api.close).start()
        await asyncio.sleep(3600)

    api = blocking(_client(sandbox_in_thread, sandbox_in_thread.partner, base_url="http://127.0.0.1:9", sleep=sleep))
    (outcome,) = api.bulk([_upload(("1", "2"))])

    assert isinstance(outcome, Failed)
    assert outcome.error.outcome_unknown


def test_blocking_close_gives_up_calls_of_other_threads(sandbox_in_thread: Sandbox) -> None:
    """Closing ends the calls that other threads wait for; they learn that nobody knows what became of them."""
    waiting = threading.Event()

    async def sleep(_: float) -> None:
        waiting.set()
        await asyncio.sleep(3600)

    api = blocking(_client(sandbox_in_thread, sandbox_in_thread.partner, base_url="http://127.0.0.1:9", sleep=sleep))
    errors: list[ClientStateError] = []

    def call() -> None:
        try:
            api.call(_upload(("1", "2")))
        except ClientStateError as error:
            errors.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    waiting.wait()
    api.close()
    thread.join()

    assert [True] == [error.outcome_unknown for error in errors]


async def test_closing_a_client_of_for_brand_closes_nothing(sandbox: Sandbox, upload_stock: Any) -> None:
    """A client of another brand may be used in a block of its own; the session is its parent's."""
    stock = await upload_stock(sandbox.partner)

    async with _client(sandbox, sandbox.partner) as client:
        async with client.for_brand("120345"):
            pass
        assert 2 == (await client.call(_upload(stock))).total_count


async def test_sandbox_starts_once(sandbox: Sandbox) -> None:
    """A sandbox that is running is not started a second time over itself."""
    with pytest.raises(ConfigurationError, match="running already"):
        await sandbox.start()
