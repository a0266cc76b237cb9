import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from wxcoupon import ApiError, Client, InvalidRequest, NetworkError, Pacer, Partner, RetryPolicy, UntrustedAnswer
from wxcoupon import product_coupon as pc
from wxcoupon.bulk.upload import CodeOutcome, Outcome, Upload, sort_out, upload_codes
from wxcoupon.convert import from_wire
from wxcoupon.errors import ClientStateError
from wxcoupon.sandbox import Sandbox

from ..sandbox.shapes import product_coupon

_ENDPOINT = "product_coupon.upload_coupon_codes"


@pytest.fixture
async def once(sandbox: Sandbox, unpaced: Pacer) -> AsyncIterator[Client[Partner]]:
    """A client that sends everything once."""
    retry = RetryPolicy(attempts=1)
    async with Client(
        sandbox.partner, sandbox.platform_keys, base_url=sandbox.base_url, pacer=unpaced, retry=retry
    ) as client:
        yield client


async def _stock(client: Client[Partner], max_count: int = 10_000) -> dict[str, Any]:
    created = await client.call(product_coupon(max_count=max_count))
    assert created.stock is not None
    return {"product_coupon_id": created.product_coupon_id, "stock_id": created.stock.stock_id}


def _codes(number: int) -> list[str]:
    return [f"C{index:05}" for index in range(number)]


async def _after_one(upload: Upload, act: Callable[[], object]) -> None:
    """Run an upload, and do something once its first outcome is there."""
    async with upload:
        async for _ in upload:
            if sum(upload.counts.values()) == 1:
                act()


async def _all(upload: Upload) -> list[CodeOutcome]:
    async with upload:
        return [outcome async for outcome in upload]


def _uploads(sandbox: Sandbox) -> int:
    calls: int = sandbox.state()["requests"].get(_ENDPOINT, 0)
    return calls


async def test_every_line_has_one_outcome(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """Repeats, white space and illegal codes are sorted out, the rest is uploaded, and the counts add up."""
    stock = await _stock(partner)
    lines = [*_codes(450), "C00000", " C00001 ", "bad code", "", "x" * 41, "é", *_codes(3)]

    upload = upload_codes(partner, lines, **stock, job="spring")
    outcomes = await _all(upload)

    assert list(range(1, len(lines) + 1)) == sorted(outcome.line for outcome in outcomes)
    assert len(lines) == upload.lines == sum(upload.counts.values())
    assert {Outcome.UPLOADED: 450, Outcome.DUPLICATE: 5, Outcome.INVALID: 4} == {
        outcome: number for outcome, number in upload.counts.items() if number
    }
    assert _codes(450) == sorted(sandbox.world.stocks[stock["stock_id"]].codes)
    assert 3 == _uploads(sandbox)
    assert [453, 454, 455, 456] == sorted(outcome.line for outcome in outcomes if outcome.reason)


async def test_a_job_run_again_is_answered_again(partner: Client[Partner]) -> None:
    """The same job is the same calls, so it says uploaded again; under another name the codes are there already."""
    stock = await _stock(partner)
    again = []
    for job in ("spring", "spring", "summer"):
        upload = upload_codes(partner, _codes(300), **stock, job=job)
        await _all(upload)
        again.append(upload.counts)

    assert 300 == again[0][Outcome.UPLOADED]
    assert again[0] == again[1]
    assert 300 == again[2][Outcome.ALREADY_EXIST]


async def test_refused_from_the_start(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """A stock that is not there is asked once; nothing more is read or sent, and the refusal ends the iteration."""
    stock = await _stock(partner) | {"stock_id": "7"}
    upload = upload_codes(partner, _codes(5000), **stock, job="spring")

    with pytest.raises(ApiError) as caught:
        await _all(upload)

    assert 404 == caught.value.status
    assert 1 == _uploads(sandbox)
    assert 200 == upload.counts[Outcome.FAILED] == upload.lines
    assert not upload.whole
    assert caught.value is upload.stopped


async def test_refused_in_the_middle(sandbox: Sandbox, once: Client[Partner]) -> None:
    """A refusal of a later call fails its codes alone."""
    stock = await _stock(once)
    upload = upload_codes(once, _codes(1000), **stock, job="spring", concurrency=1)

    await _after_one(upload, lambda: sandbox.fail_next(400, "PARAM_ERROR"))

    assert (800, 200) == (upload.counts[Outcome.UPLOADED], upload.counts[Outcome.FAILED])


async def test_more_than_fit(partner: Client[Partner]) -> None:
    """Codes beyond the stock's max_count are not counted as uploaded, whatever way they are refused."""
    stock = await _stock(partner, max_count=250)
    upload = upload_codes(partner, _codes(400), **stock, job="spring")

    await _all(upload)

    assert upload.counts[Outcome.UPLOADED] <= 250
    assert 400 == sum(upload.counts.values())
    assert upload.counts[Outcome.FAILED] >= 150


async def test_nobody_knows_and_a_second_run_finds_out(sandbox: Sandbox, once: Client[Partner]) -> None:
    """An upload that was carried out and not answered is unknown, and uploaded once the job is run again."""
    stock = await _stock(once)
    first = upload_codes(once, _codes(600), **stock, job="spring", concurrency=1)
    await _after_one(first, lambda: sandbox.drop_next(after_effect=True))
    second = upload_codes(once, _codes(600), **stock, job="spring")
    await _all(second)

    assert (400, 200) == (first.counts[Outcome.UPLOADED], first.counts[Outcome.UNKNOWN])
    assert 600 == second.counts[Outcome.UPLOADED]
    assert 600 == len(sandbox.world.stocks[stock["stock_id"]].codes)


async def test_an_answer_that_is_not_proven_stops_the_job(sandbox: Sandbox, once: Client[Partner]) -> None:
    """After a wrongly signed answer nothing more is sent, and its codes are unknown."""
    stock = await _stock(once)
    upload = upload_codes(once, _codes(5000), **stock, job="spring", concurrency=1)

    with pytest.raises(UntrustedAnswer):
        await _after_one(upload, lambda: sandbox.answer_next("bad"))

    assert 200 == upload.counts[Outcome.UNKNOWN]
    assert upload.lines == sum(upload.counts.values()) < 5000


async def test_no_connection_stops_the_job(sandbox: Sandbox, unpaced: Pacer) -> None:
    """Where no connection is made, the first call is the last, and its codes have failed."""
    async with Client(
        sandbox.partner,
        sandbox.platform_keys,
        base_url="http://127.0.0.1:1",
        pacer=unpaced,
        retry=RetryPolicy(attempts=1),
    ) as client:
        upload = upload_codes(client, _codes(300), product_coupon_id="1", stock_id="2", job="spring")
        with pytest.raises(NetworkError):
            await _all(upload)

    assert (200, 200) == (upload.counts[Outcome.FAILED], upload.lines)


async def test_ids_that_cannot_be(partner: Client[Partner], sandbox: Sandbox) -> None:
    """Ids that break documented rules are refused before anything is sent."""
    with pytest.raises(InvalidRequest):
        await _all(upload_codes(partner, _codes(1), product_coupon_id="x" * 41, stock_id="2", job="spring"))
    assert 0 == _uploads(sandbox)


async def test_nothing_to_send(partner: Client[Partner], sandbox: Sandbox) -> None:
    """Lines of which none is legal are all invalid, however many, and no call is made."""
    upload = upload_codes(partner, ("bad code" for _ in range(5000)), product_coupon_id="1", stock_id="2", job="spring")

    await _all(upload)

    assert 5000 == upload.counts[Outcome.INVALID]
    assert 0 == _uploads(sandbox)


async def test_leaving_early(partner: Client[Partner]) -> None:
    """Left early, a job still has an outcome for every line that was read: the counts add up, and the rest is told."""
    stock = await _stock(partner)
    lines = ["bad code", "C00000", *_codes(5000)]

    async with upload_codes(partner, lines, **stock, job="spring") as upload:
        told = [await anext(aiter(upload))]

    outcomes = [*told, *upload.rest]
    assert list(range(1, upload.lines + 1)) == sorted(outcome.line for outcome in outcomes)
    assert Counter(outcome.outcome for outcome in outcomes) == Counter(
        {outcome: number for outcome, number in upload.counts.items() if number}
    )
    assert upload.lines < 5000
    assert not upload.whole


async def test_interrupted_while_calls_are_under_way(sandbox: Sandbox) -> None:
    """Cancelled while nothing is answered, the codes of calls are unknown, and those of no call yet have failed."""
    slow = Pacer({_ENDPOINT: "1/min"})
    async with Client(sandbox.partner, sandbox.platform_keys, base_url=sandbox.base_url, pacer=slow) as client:
        stock = await _stock(client)
        gate = asyncio.Event()

        async def codes() -> AsyncIterator[str]:
            for code in _codes(450):
                yield code
            gate.set()
            await asyncio.sleep(3600)

        async def run() -> None:
            async with upload:
                async for _ in upload:
                    pass

        upload = upload_codes(client, codes(), **stock, job="spring")
        task = asyncio.create_task(run())
        await gate.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert (200, 200, 50) == tuple(
        upload.counts[outcome] for outcome in (Outcome.UPLOADED, Outcome.UNKNOWN, Outcome.FAILED)
    )
    assert 450 == upload.lines == sum(upload.counts.values())
    assert {("unknown", "interrupted before"), ("failed", "not sent, because th")} >= {
        (line.outcome.value, line.reason[: 18 if line.outcome is Outcome.UNKNOWN else 20])
        for line in upload.rest
        if line.outcome is not Outcome.UPLOADED
    }


async def test_a_job_has_to_be_entered(partner: Client[Partner]) -> None:
    """A job that was not entered says how to."""
    with pytest.raises(ClientStateError, match="async with"):
        async for _ in upload_codes(partner, ["A1"], product_coupon_id="1", stock_id="2", job="spring"):
            pass


async def test_a_fault_of_the_source_is_raised(partner: Client[Partner]) -> None:
    """What the source of codes raises comes out of the iteration."""

    def broken() -> AsyncIterator[str]:
        async def codes() -> AsyncIterator[str]:
            yield "A1"
            raise ZeroDivisionError

        return codes()

    upload = upload_codes(partner, broken(), product_coupon_id="1", stock_id="2", job="spring")
    with pytest.raises(ZeroDivisionError):
        await _all(upload)
    assert (1, 1) == (upload.lines, upload.counts[Outcome.FAILED])


def test_lists_that_overlap() -> None:
    """A code is failed before it is there already, and that before it is uploaded; in no list, it is unknown."""
    codes = ["A", "B", "C", "D", "E"]
    answer = from_wire(
        pc.UploadedCouponCodes,
        {
            "total_count": 5,
            "success_code_list": ["A", "B", "C"],
            "already_exist_code_list": ["B", "C"],
            "failed_code_list": [{"coupon_code": "C", "code": "TAKEN", "message": "taken"}, "D"],
        },
    )

    found = sort_out(answer, {code: line for line, code in enumerate(codes)})

    assert ["uploaded", "already_exist", "failed", "failed", "unknown"] == [outcome.outcome for outcome in found]
    assert ["TAKEN taken", "refused without a reason"] == [outcome.reason for outcome in found[2:4]]
    assert Counter(codes) == Counter(outcome.code for outcome in found)


@pytest.mark.parametrize(
    "odd",
    [
        {"failed_code_list": 5},
        {"failed_code_list": [{"coupon_code": ["A"], "code": "X", "message": "m"}]},
        {"failed_code_list": [7, None]},
        {"success_code_list": {"A": 1}},
        {"already_exist_code_list": "A"},
    ],
)
def test_an_answer_of_any_shape(odd: dict[str, Any]) -> None:
    """However odd a signed answer is, a code it does not name in a known way is unknown, and nothing crashes."""
    answer = from_wire(pc.UploadedCouponCodes, {"total_count": 1} | odd)

    assert [Outcome.UNKNOWN] == [line.outcome for line in sort_out(answer, {"A": 1})]


def test_a_reason_of_any_kind() -> None:
    """A reason that is a number is a reason."""
    refusal = {"coupon_code": "A", "code": 5, "message": None}
    answer = from_wire(pc.UploadedCouponCodes, {"total_count": 0, "failed_code_list": [refusal]})

    assert ["5"] == [line.reason for line in sort_out(answer, {"A": 1})]


async def test_a_refusal_that_is_not_signed_proves_nothing(sandbox: Sandbox, once: Client[Partner]) -> None:
    """A 403 that any gateway may have made leaves its codes unknown: WeChat Pay may have stored them."""
    stock = await _stock(once)

    def forbid() -> None:
        sandbox.fail_next(status=403, code="NO_AUTH", after_effect=True)
        sandbox.answer_next(signature="missing")

    upload = upload_codes(once, _codes(400), **stock, job="spring", concurrency=1)
    await _after_one(upload, forbid)

    assert (200, 200) == (upload.counts[Outcome.UPLOADED], upload.counts[Outcome.UNKNOWN])


async def test_nothing_follows_what_stopped_the_job(sandbox: Sandbox, once: Client[Partner]) -> None:
    """After an answer that is not trusted nothing more is sent, also when the source was slow just then."""
    stock = await _stock(once)
    stopped = asyncio.Event()

    async def slow() -> AsyncIterator[str]:
        for index, code in enumerate(_codes(450)):
            if index == 400:
                await stopped.wait()
            yield code

    upload = upload_codes(once, slow(), **stock, job="spring", concurrency=2)
    with pytest.raises(UntrustedAnswer):  # noqa: PT012 - the iteration is what is tested
        async with upload:
            async for _ in upload:
                if upload.counts[Outcome.UPLOADED] == 1:
                    sandbox.answer_next(signature="bad")
                if upload.stopped is not None:
                    stopped.set()

    assert 2 == _uploads(sandbox)
    assert sum(upload.counts.values()) == upload.lines


async def test_counts_add_up_however_often_it_is_cancelled(partner: Client[Partner]) -> None:
    """A second Ctrl-C while a job is ending does not lose the lines that were under way."""
    stock = await _stock(partner)
    upload = upload_codes(partner, _codes(8_000), **stock, job="spring")
    started = asyncio.Event()

    async def run() -> None:
        async with upload:
            async for _ in upload:
                started.set()

    task = asyncio.create_task(run())
    await started.wait()
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert upload.lines == sum(upload.counts.values())
    assert upload.counts[Outcome.UNKNOWN]


async def test_a_job_is_entered_once_and_iterated_inside(partner: Client[Partner]) -> None:
    """A job that was left ends whoever iterates it, and cannot be entered again."""
    stock = await _stock(partner)
    upload = upload_codes(partner, _codes(10), **stock, job="spring")
    async with upload:
        pass

    assert [] == [line async for line in upload]
    with pytest.raises(ClientStateError, match="entered once"):
        async with upload:
            pass
