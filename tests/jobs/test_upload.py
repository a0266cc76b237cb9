"""Uploads from a source to the outcome of every line, over the sandbox."""

import base64
from pathlib import Path

import attrs
import pytest

from wxcoupon import (
    ApiError,
    Client,
    InvalidRequest,
    NetworkError,
    Pacer,
    Partner,
    RetryPolicy,
    UntrustedAnswer,
    crypto,
)
from wxcoupon.bulk import request_no_for
from wxcoupon.bulk.ledger import State
from wxcoupon.bulk.verdicts import Ending
from wxcoupon.checks import RequestWarning
from wxcoupon.errors import ClientStateError, ConfigurationError, SigningError
from wxcoupon.sandbox import Sandbox

from ..fault_proxy import Answered, Fault, FaultProxy
from .shop import JOB, Shop, codes, counts, through, total


@pytest.mark.parametrize("remembered", [True, False], ids=["ledger", "no-ledger"])
async def test_every_line_has_one_outcome(shop: Shop, *, remembered: bool) -> None:
    """Repeats, white space and illegal codes are sorted out, the rest is uploaded, and the counts add up."""
    lines = [*codes(450), "C00000", " C00001 ", "bad code", "", "x" * 41, "é", *codes(3)]
    path = shop.file(lines)

    run = shop.run(path, ledger=shop.path if remembered else None)
    calls = await through(run)

    told = [row.line for call in calls for row in call.rows()]
    expected = [line for line in range(1, len(lines) + 1) if line != 454]
    assert expected[:450] == sorted(told)[:450]
    assert {"done": 450, "duplicate": 5, "invalid": 3} == counts(run)
    assert run.record.rows == run.progress.rows == len(expected) == run.progress.tally.total
    assert codes(450) == sorted(shop.stored)
    assert 3 == shop.uploads == run.progress.calls
    if remembered:
        rows = await shop.account(path)
        assert expected == [row.line for row in rows]
        assert [453, 455, 456] == [row.line for row in rows if row.ending is Ending.INVALID and row.reason]


async def test_calls_and_numbers(shop: Shop) -> None:
    """A call takes 200 distinct codes in order, and its number is made of the job, the stock and the codes."""
    lines = [*codes(150), "no code", *codes(250), "also none", *codes(401)]

    await through(shop.run(lines, concurrency=1))

    arrived = [arrival.members for arrival in shop.sandbox.arrivals if "code_list" in arrival.members]
    assert [codes(200), codes(400)[200:], codes(401)[400:]] == [members["code_list"] for members in arrived]
    assert [request_no_for(JOB, *shop.ids.values(), *members["code_list"]) for members in arrived] == [
        members["out_request_no"] for members in arrived
    ]


async def test_refused_from_the_start(shop: Shop) -> None:
    """A stock that is not there is asked once; nothing more is sent, and the refusal ends the iteration."""
    run = shop.run(codes(5000), stock_id="7")

    with pytest.raises(ApiError) as caught:
        await through(run)

    assert 404 == caught.value.status
    assert 1 == shop.uploads
    assert {"failed": 200} == counts(run)
    assert caught.value is run.stopped
    states = [chunk.state for chunk in await shop.chunks()]
    assert [State.REFUSED, *[State.OPEN] * 24] == states


async def test_refused_in_the_middle(shop: Shop, proxy: FaultProxy, behind: Client[Partner]) -> None:
    """A refusal of a later call fails its codes alone, and the next run makes the call again."""
    path = shop.file(codes(1000))
    proxy.then(Fault.PASS, Fault.PASS, lambda _: shop.sandbox.fail_next(400, "PARAM_ERROR"))
    run = shop.run(path, client=behind, concurrency=1)
    await through(run)
    assert {"done": 800, "failed": 200} == counts(run)

    again = shop.run(path)
    await through(again)

    assert {"done": 1000} == counts(again)
    assert (800, 1) == (again.progress.earlier, again.progress.calls)
    assert {1} == {len(numbers) for numbers in shop.numbers.values()}


async def test_more_than_fit(sandbox: Sandbox, once: Client[Partner], tmp_path: Path) -> None:
    """Codes beyond the stock's max_count are not counted as uploaded, whatever way they are refused."""
    run = (await Shop.opened(sandbox, once, tmp_path, max_count=250)).run(codes(400))

    await through(run)

    assert {"done": 250, "failed": 150} == counts(run)


def _unsigned(answered: Answered) -> None:
    del answered.headers["Wechatpay-Signature"]


async def test_an_answer_that_is_not_proven_stops_the_job(
    shop: Shop, proxy: FaultProxy, behind: Client[Partner]
) -> None:
    """After a wrongly signed answer nothing more is begun, and its codes are unknown."""
    proxy.then(Fault.PASS, _unsigned)
    run = shop.run(codes(5000), client=behind, concurrency=1)

    with pytest.raises(UntrustedAnswer) as caught:
        await through(run)

    assert caught.value is run.stopped
    assert 200 == counts(run)["unknown"]
    assert run.progress.tally.total == 200 * shop.uploads < 5000
    await shop.left_in_order()


async def test_no_connection_stops_the_job(sandbox: Sandbox, shop: Shop, unpaced: Pacer) -> None:
    """Where no connection is made, the first call is the last, and its codes have failed."""
    async with Client(
        sandbox.partner,
        sandbox.platform_keys,
        base_url="http://127.0.0.1:1",
        pacer=unpaced,
        retry=RetryPolicy(attempts=1),
    ) as client:
        run = shop.run(codes(300), client=client)
        with pytest.raises(NetworkError):
            await through(run)

    assert {"failed": 200} == counts(run)


async def test_ids_that_cannot_be(shop: Shop) -> None:
    """Ids that break documented rules are refused before anything is sent, whichever call is the first."""
    run = shop.run(codes(500), product_coupon_id="x" * 41)

    with pytest.raises(InvalidRequest):
        await through(run)

    assert 0 == shop.uploads
    assert {"failed": 200} == counts(run)


async def test_only_the_first_call_is_checked(shop: Shop) -> None:
    """With warnings, an id that breaks a rule warns once and not for every call."""
    client = shop.client.with_options(checks="warn")

    with pytest.warns(RequestWarning) as warned:
        await through(shop.run(codes(500), client=client, stock_id="x" * 41))

    assert (1, 3) == (len(warned), shop.uploads)


async def test_no_turn_in_time_fails_calls_alone(sandbox: Sandbox, shop: Shop) -> None:
    """A call that finds no turn before its deadline is not sent; the job goes on, and the next run makes it."""
    path = shop.file(codes(600))
    slow = Pacer({"product_coupon.upload_coupon_codes": "1/min"})
    async with Client(
        sandbox.partner,
        sandbox.platform_keys,
        base_url=sandbox.base_url,
        pacer=slow,
        retry=RetryPolicy(attempts=1, deadline=5.0),
    ) as client:
        run = shop.run(path, client=client)
        await through(run)

    assert {"done": 200, "failed": 400} == counts(run)
    assert None is run.stopped
    assert 1 == shop.uploads
    await through(again := shop.run(path))
    assert {"done": 600} == counts(again)


async def test_a_signer_that_fails_at_times(sandbox: Sandbox, shop: Shop, unpaced: Pacer) -> None:
    """A remote signer that is away for some calls fails those alone, and the next run makes them."""
    path = shop.file(codes(600))
    asked = 0

    class Kms:
        async def sign(self, message: bytes) -> bytes:
            nonlocal asked
            asked += 1
            if asked == 2:
                raise TimeoutError
            return base64.b64decode(crypto.sign(sandbox.partner.private_key, message))

    identity = attrs.evolve(sandbox.partner, private_key=Kms())
    async with Client(
        identity, sandbox.platform_keys, base_url=sandbox.base_url, pacer=unpaced, retry=RetryPolicy(attempts=1)
    ) as client:
        run = shop.run(path, client=client)
        calls = await through(run)

    assert {"done": 400, "failed": 200} == counts(run)
    assert [SigningError] == [type(call.error) for call in calls if call.error is not None]
    await through(again := shop.run(path))
    assert ({"done": 600}, 1) == (counts(again), again.progress.calls)


async def test_nothing_to_send(shop: Shop) -> None:
    """Lines of which none is legal are all invalid, however many, and no call is made."""
    run = shop.run("bad code" for _ in range(5000))

    assert [] == await through(run)

    assert {"invalid": 5000} == counts(run)
    assert 0 == shop.uploads
    assert None is run.progress.eta


async def test_no_lines_at_all(shop: Shop) -> None:
    """A source without rows is a job without calls."""
    run = shop.run([])

    assert [] == await through(run)

    assert (0, {}) == (run.record.rows, counts(run))


async def test_a_finished_job_sends_nothing(shop: Shop) -> None:
    """Run again, a finished job says what it said, and asks for nothing."""
    lines = [*codes(300), "C00000", "bad code"]
    path = shop.file(lines)
    await through(first := shop.run(path))
    asked = shop.uploads

    assert [] == await through(again := shop.run(path))

    assert asked == shop.uploads
    assert counts(first) == counts(again)
    assert (302, 0, 0) == (again.progress.earlier, again.progress.left, again.progress.calls)


async def test_without_a_ledger_a_job_is_answered_again(shop: Shop) -> None:
    """Without a ledger the same job is the same calls, so it says uploaded again; another name finds them there."""
    again = []
    for job in ("spring", "spring", "summer"):
        run = shop.run(codes(300), job=job, ledger=None)
        await through(run)
        again.append(counts(run))

    assert [{"done": 300}, {"done": 300}, {"already": 300}] == again
    assert 6 == shop.uploads


async def test_what_is_told_adds_up(shop: Shop) -> None:
    """The calls that are told add up to the progress."""
    calls = await through(run := shop.run([*codes(500), *codes(500)]))

    assert total(calls).done == run.progress.tally.done == 500


async def test_a_job_has_to_be_entered(shop: Shop) -> None:
    """A job that was not entered says how to."""
    with pytest.raises(ClientStateError, match="async with"):
        async for _ in shop.run(["A1"]):
            pass


async def test_a_job_is_entered_once_and_iterated_inside(shop: Shop) -> None:
    """A job that was left ends whoever iterates it, and cannot be entered again."""
    run = shop.run(codes(10))
    async with run:
        pass

    assert [] == [call async for call in run]
    with pytest.raises(ClientStateError, match="entered once"):
        async with run:
            pass


@pytest.mark.parametrize("concurrency", [0, -1])
async def test_concurrency_is_at_least_one(shop: Shop, concurrency: int) -> None:
    """A job that may make no calls at all is refused."""
    with pytest.raises(ConfigurationError, match="at least 1"):
        shop.run([], concurrency=concurrency)


async def test_refused_again_and_again(shop: Shop) -> None:
    """After three refusals of whole calls, one after the other, for what may hold for all, nothing more is sent."""
    path = shop.file(codes(300))
    run = shop.few(path, shop.path, concurrency=1)

    def forbid(count: int) -> None:
        if count == 2:
            for _ in range(100):
                shop.sandbox.fail_next(403, "NO_AUTH")

    with pytest.raises(ApiError):
        await through(run, forbid)

    assert run.progress.tally.failed >= 3 * 3
    assert run.progress.left >= 100
