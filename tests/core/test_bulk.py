"""The bounded bulk helper, over the sandbox."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wxcoupon import ApiError, Client, ConfigurationError, Done, Failed, Pacer, bulk
from wxcoupon import product_coupon as pc
from wxcoupon.bulk import pre_send_requests, request_no_for, upload_requests
from wxcoupon.sandbox import Sandbox

from .conftest import own_tasks

UNPACED = Pacer(dict.fromkeys(("product_coupon.upload_coupon_codes", "product_coupon.pre_send_coupon")))

NOTHING: list[pc.UploadCouponCodes] = []


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[Client[Any]]:
    """A partner's client without a pace."""
    async with Client(sandbox.partner, sandbox.platform_keys, base_url=sandbox.base_url, pacer=UNPACED) as client:
        yield client


def _codes(count: int) -> list[str]:
    return [f"CODE-{n:06}" for n in range(count)]


async def _stream(items: list[str]) -> AsyncIterator[str]:
    for item in items:
        await asyncio.sleep(0)
        yield item


@pytest.mark.parametrize("kind", ["list", "generator", "async"])
async def test_uploads_from_any_stream(sandbox: Sandbox, client: Client[Any], upload_stock: Any, kind: str) -> None:
    """Codes from a list, a generator or an async generator are all stored, once each, 200 a call."""
    product, stock = await upload_stock(sandbox.partner)
    codes = _codes(1001)
    source: Any = {"list": codes, "generator": (code for code in codes), "async": _stream(codes)}[kind]
    uploads = upload_requests(source, product_coupon_id=product, stock_id=stock, job="spring")

    stored: list[str] = []
    sizes: list[int] = []
    async with bulk(client, uploads) as outcomes:
        async for outcome in outcomes:
            assert isinstance(outcome, Done)
            stored += outcome.result.success_code_list or []
            sizes.append(outcome.result.total_count)

    assert codes == sorted(stored)
    assert [1, 200, 200, 200, 200, 200] == sorted(sizes)


async def test_running_a_job_again_doubles_nothing(sandbox: Sandbox, client: Client[Any], upload_stock: Any) -> None:
    """The same job is the same calls: every answer is replayed and the stock holds each code once."""
    product, stock = await upload_stock(sandbox.partner)

    async def run() -> list[Any]:
        uploads = upload_requests(_codes(600), product_coupon_id=product, stock_id=stock, job="spring")
        async with bulk(client, uploads) as outcomes:
            return sorted([outcome.result async for outcome in outcomes if isinstance(outcome, Done)], key=repr)

    first, again = await run(), await run()

    assert 3 == len(first)
    assert sorted(map(str, (answer.success_code_list for answer in first))) == sorted(
        map(str, (answer.success_code_list for answer in again))
    )


async def test_failures_are_outcomes(sandbox: Sandbox, client: Client[Any], upload_stock: Any) -> None:
    """A call that is refused is an outcome with its request and its error; the others go on."""
    product, stock = await upload_stock(sandbox.partner)
    numbers = [("good-1", stock), ("bad-01", "999"), ("good-2", stock)]
    requests = [
        pc.UploadCouponCodes(product_coupon_id=product, stock_id=to, out_request_no=number, code_list=[number])
        for number, to in numbers
    ]

    async with bulk(client, requests) as outcomes:
        ended = [outcome async for outcome in outcomes]

    failed = [outcome for outcome in ended if isinstance(outcome, Failed)]
    assert 2 == len(ended) - len(failed)
    assert isinstance(failed[0].error, ApiError)
    assert 404 == failed[0].error.status


async def test_tokens_one_per_user(sandbox: Sandbox, client: Client[Any], upload_stock: Any) -> None:
    """Every user gets one token, under a number of their own that is the same next time."""
    product, stock = await upload_stock(sandbox.partner)
    async with bulk(
        client, upload_requests(_codes(50), product_coupon_id=product, stock_id=stock, job="x")
    ) as outcomes:
        assert all([isinstance(outcome, Done) async for outcome in outcomes])
    users = [f"openid-{n}" for n in range(40)]

    def requests(source: Any) -> Any:
        return pre_send_requests(source, product_coupon_id=product, stock_id=stock, appid="wx1", job="spring")

    async with bulk(client, requests(_stream(users)), concurrency=4) as ended:
        tokens = [outcome.result.token async for outcome in ended if isinstance(outcome, Done)]

    assert 40 == len(set(tokens))
    assert 40 == len({request.send_request_no for request in requests(users)})
    assert list(requests(users)) == [request async for request in requests(_stream(users))]


async def test_concurrency_is_bounded(sandbox: Sandbox, client: Client[Any], upload_stock: Any) -> None:
    """No more requests are taken than are under way or waiting to be fetched."""
    product, stock = await upload_stock(sandbox.partner)
    taken = 0

    def source() -> Iterator[pc.UploadCouponCodes]:
        nonlocal taken
        for request in upload_requests(_codes(8_000), product_coupon_id=product, stock_id=stock, job="spring"):
            taken += 1
            yield request

    ahead: list[int] = []
    async with bulk(client, source(), concurrency=3) as outcomes:
        fetched = 0
        async for _ in outcomes:
            fetched += 1
            ahead.append(taken - fetched)

    assert 40 == taken == fetched
    assert max(ahead) <= 3 + 3  # three under way, three in the queue


async def test_leaving_early_cancels_what_is_under_way(
    sandbox: Sandbox, client: Client[Any], upload_stock: Any
) -> None:
    """Leaving the block ends the job at once, and leaves no task."""
    product, stock = await upload_stock(sandbox.partner)
    before = own_tasks()

    async with bulk(
        client, upload_requests(_codes(4_000), product_coupon_id=product, stock_id=stock, job="spring")
    ) as outcomes:
        first = await anext(outcomes)

    assert isinstance(first, Done)
    assert own_tasks() <= before


async def test_cancellation_is_clean(sandbox: Sandbox, client: Client[Any], upload_stock: Any) -> None:
    """A cancelled job ends as cancelled, without a task left and with the source closed."""
    product, stock = await upload_stock(sandbox.partner)
    before = own_tasks()
    closed = asyncio.Event()
    started = asyncio.Event()

    async def endless() -> AsyncIterator[str]:
        try:
            while True:
                await asyncio.sleep(0)
                yield f"CODE-{len(asyncio.all_tasks())}"
        finally:
            closed.set()

    async def job() -> None:
        async def requests() -> AsyncIterator[pc.UploadCouponCodes]:
            source = endless()
            try:
                async for code in source:
                    yield pc.UploadCouponCodes(
                        product_coupon_id=product, stock_id=stock, out_request_no="number", code_list=[code]
                    )
            finally:
                await source.aclose()  # type: ignore[attr-defined]

        async with bulk(client, requests()) as outcomes:
            async for _ in outcomes:
                started.set()

    task = asyncio.create_task(job())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert closed.is_set()
    assert own_tasks() <= before


async def test_a_bug_in_the_source_is_raised_after_the_outcomes(
    sandbox: Sandbox, client: Client[Any], upload_stock: Any
) -> None:
    """What the source raises comes out as itself, after the outcome of every call that was made: none is lost."""
    product, stock = await upload_stock(sandbox.partner)
    made = [
        pc.UploadCouponCodes(
            product_coupon_id=product, stock_id=stock, out_request_no=f"number-{n:02}", code_list=[f"CODE-{n}"]
        )
        for n in range(9)
    ]

    def source() -> Iterator[pc.UploadCouponCodes]:
        yield from made
        raise LookupError("the database went away")

    ended = []
    with pytest.raises(LookupError, match="went away"):  # noqa: PT012 - what comes before it is what is tested
        async with bulk(client, source(), concurrency=4) as outcomes:
            async for outcome in outcomes:
                ended.append(outcome.request)  # noqa: PERF401 - the error comes from the loop

    assert sorted(map(repr, made)) == sorted(map(repr, ended))
    assert 9 == len(ended)


async def test_a_cancellation_inside_the_source_is_no_end(
    sandbox: Sandbox, client: Client[Any], upload_stock: Any
) -> None:
    """A source that awaits something cancelled has not come to its end: the job says so."""
    product, stock = await upload_stock(sandbox.partner)

    async def source() -> AsyncIterator[str]:
        for code in _codes(250):
            yield code
        task = asyncio.create_task(asyncio.sleep(60))
        task.cancel()
        await task

    uploads = upload_requests(source(), product_coupon_id=product, stock_id=stock, job="spring")
    with pytest.raises(RuntimeError, match="was cancelled"):
        async with bulk(client, uploads) as outcomes:
            assert 1 == len([outcome async for outcome in outcomes if isinstance(outcome, Done)])


async def test_a_bug_in_a_call_ends_a_job_whose_source_waits(client: Client[Any]) -> None:
    """A bug in one call is raised, also while another worker waits for a source that will never give any more."""

    class Broken(Client[Any]):
        async def call_with_answer(self, request: Any) -> Any:
            await asyncio.sleep(0.01)
            raise ZeroDivisionError(request)

    broken = Broken(client.identity, client._delivery.keys)
    requests = upload_requests(["A"], product_coupon_id="1", stock_id="2", job="x")

    async def first_then_wait() -> AsyncIterator[pc.UploadCouponCodes]:
        for request in requests:
            yield request
        await asyncio.Event().wait()

    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the loop is what is tested
        async with asyncio.timeout(30), bulk(broken, first_then_wait()) as outcomes:
            async for _ in outcomes:
                pass


async def test_cancelled_again_and_again(sandbox: Sandbox, client: Client[Any], upload_stock: Any) -> None:
    """However often a job is cancelled while it cleans up, it ends, closes its source and leaves no task."""
    product, stock = await upload_stock(sandbox.partner)
    before = own_tasks()
    closed = asyncio.Event()
    started = asyncio.Event()

    async def source() -> AsyncIterator[pc.UploadCouponCodes]:
        try:
            for request in upload_requests(_codes(8_000), product_coupon_id=product, stock_id=stock, job="spring"):
                yield request
        finally:
            await asyncio.sleep(0.01)
            closed.set()

    async def job() -> None:
        async with bulk(client, source()) as outcomes:
            async for _ in outcomes:
                started.set()

    task = asyncio.create_task(job())
    await started.wait()
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await task

    assert own_tasks() <= before


async def test_an_error_of_the_caller_is_raised_as_it_is(client: Client[Any]) -> None:
    """What the caller's own code raises inside the block comes out as itself."""
    with pytest.raises(ZeroDivisionError):
        async with bulk(client, NOTHING):
            _ = 1 / 0


async def test_nothing_to_do(client: Client[Any]) -> None:
    """An empty job ends at once."""
    async with bulk(client, NOTHING) as outcomes:
        assert [] == [outcome async for outcome in outcomes]


async def test_concurrency_that_is_none(client: Client[Any]) -> None:
    """At least one call has to be under way."""
    with pytest.raises(ConfigurationError, match="concurrency"):
        async with bulk(client, NOTHING, concurrency=0):
            pass


def test_memory_does_not_grow_with_the_job() -> None:
    """Making the requests of a job ten times as long takes no more memory."""

    def peak(count: int) -> int:
        tracemalloc.start()
        for _ in upload_requests(
            (f"CODE-{n}" for n in range(count)), product_coupon_id="1", stock_id="2", job="spring"
        ):
            pass
        _, high = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return high

    assert peak(40_000) < peak(4_000) * 1.5 + 20_000


def test_request_numbers_stay_as_they_are() -> None:
    """A job that was begun with an older version is resumed under the same numbers."""
    assert "wxc-886c1e87fbe9bd75c5cebaf52b6564be" == request_no_for("spring", "1", "2", "A", "B")
    assert "wxc-e25785fe09030a833276c6814aa6e014" == request_no_for("spring", "a\0b")


_PARTS = st.lists(st.text(st.sampled_from("ab1:\0")), min_size=1)


@settings(deadline=None)
@given(_PARTS, _PARTS)
def test_request_numbers(one: list[str], other: list[str]) -> None:
    """A number is the same for the same parts and only for them, and is within WeChat Pay's alphabet."""
    first, second = request_no_for("job", *one), request_no_for("job", *other)

    assert (first == second) == (one == other)
    assert 6 <= len(first) <= 40
    assert first.replace("-", "").isalnum()
    assert request_no_for("other", *one) != first
