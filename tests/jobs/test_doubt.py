"""Calls of which nobody knows whether they were carried out, and what their repetition says."""

import pytest

from wxcoupon import (
    Client,
    NetworkError,
    Pacer,
    Partner,
)
from wxcoupon.bulk.ledger import State
from wxcoupon.bulk.ledgers.sqlite_ledger import SqliteLedger
from wxcoupon.bulk.preparing import prepare
from wxcoupon.bulk.progress import Progress
from wxcoupon.bulk.reading import open_source
from wxcoupon.bulk.upload import UploadTask
from wxcoupon.bulk.verdicts import Ending
from wxcoupon.sandbox import Sandbox

from ..fault_proxy import Answered, Fault, FaultProxy
from .shop import JOB, Shop, answer, codes, counts, through


async def test_nobody_knows_and_a_second_run_finds_out(shop: Shop, proxy: FaultProxy, behind: Client[Partner]) -> None:
    """An upload that was carried out and not answered is unknown, and uploaded once the job is run again."""
    path = shop.file(codes(600))
    proxy.then(Fault.PASS, Fault.LOSE)
    first = shop.run(path, client=behind, concurrency=1)
    calls = await through(first)
    second = shop.run(path)
    await through(second)

    assert {"done": 400, "unknown": 200} == counts(first)
    assert [State.SETTLED, State.UNKNOWN, State.SETTLED] == [call.chunk.state for call in calls]
    assert {"done": 600} == counts(second)
    assert (1, 400) == (second.progress.calls, second.progress.earlier)
    assert codes(600) == sorted(shop.stored)


async def test_there_already_after_a_lost_answer_is_ours(
    sandbox: Sandbox, shop: Shop, proxy: FaultProxy, unpaced: Pacer
) -> None:
    """Where a call was repeated because its answer was lost, what is there already was put there by it, and says so."""

    async def no_pause(_: float) -> None:
        pass

    proxy.then(Fault.LOSE, lambda _: None)
    async with Client(
        sandbox.partner, sandbox.platform_keys, base_url=proxy.base_url, pacer=unpaced, sleep=no_pause
    ) as client:
        # The first of two is carried out and lost; the second one finds one code stored, and one there already.
        sandbox.reply_next(answer(success=["A"]), answer(success=["A"], already_exist=["B"]))
        run = shop.run(["A", "B"], client=client)
        (call,) = await through(run)

    assert {"done": 2} == counts(run)
    assert (2, 1) == (call.attempts, run.progress.repeats)
    assert [("", Ending.DONE), ("there when the call was repeated", Ending.DONE)] == [
        (row.reason.partition(":")[0], row.ending) for row in call.rows()
    ]


async def test_there_already_after_an_unknown_run_is_ours(
    sandbox: Sandbox, shop: Shop, proxy: FaultProxy, behind: Client[Partner]
) -> None:
    """What a run left unknown and the next one finds there was put there by the first; the account says so too."""
    path = shop.file(["A", "B"])
    proxy.then(Fault.LOSE)
    lost = shop.run(path, client=behind)
    with pytest.raises(NetworkError):
        await through(lost)
    assert {"unknown": 2} == counts(lost)
    sandbox.reply_next(answer(already_exist=["A", "B"]))

    run = shop.run(path)
    await through(run)

    assert {"done": 2} == counts(run)
    assert ["there when the call was repeated"] * 2 == [
        row.reason.partition(":")[0] for row in await shop.account(path)
    ]


async def test_there_already_in_a_call_that_was_made_once_is_not_ours(shop: Shop) -> None:
    """Codes that were there before are counted as that, when the call was made once."""
    await through(shop.run(["A", "B"], job="other"))

    run = shop.run(["A", "B", "C"])
    await through(run)

    assert {"done": 1, "already": 2} == counts(run)


async def test_a_code_that_the_answer_does_not_name(shop: Shop) -> None:
    """It is unknown, and stays so: the call has its answer, and what that says of the other codes is kept."""
    path = shop.file(["A", "B"])
    shop.sandbox.reply_next(answer(success=["A"]))
    (call,) = await through(run := shop.run(path))
    assert ({"done": 1, "unknown": 1}, State.SETTLED) == (counts(run), call.chunk.state)

    await through(again := shop.run(path))

    assert ({"done": 1, "unknown": 1}, 1) == (counts(again), shop.uploads)


async def test_there_already_after_a_killed_run_is_ours(shop: Shop) -> None:
    """Chunks that a killed process had taken may have been sent, so what they find there already is counted as ours."""
    path = shop.file(["A", "B"])
    async with SqliteLedger(shop.path) as ledger:
        source = await open_source(path)
        task = UploadTask(JOB, **shop.ids)
        record = await prepare(ledger, task, source, Progress(), shop.client)
        source.close()
        await ledger.claim(record.id, 9)  # and no more: this is what a killed process leaves
    shop.sandbox.reply_next(answer(success=["A"], already_exist=["B"]))

    await through(run := shop.run(path))

    assert {"done": 2} == counts(run)
    assert ["", "there when the call was repeated"] == [
        row.reason.partition(":")[0] for row in await shop.account(path)
    ]


async def test_a_refusal_after_a_doubt_leaves_the_doubt(shop: Shop, proxy: FaultProxy, behind: Client[Partner]) -> None:
    """A call that may have been carried out once stays unknown while its repetition is refused."""
    path = shop.file(["A"])
    proxy.then(Fault.LOSE)
    with pytest.raises(NetworkError):
        await through(shop.run(path, client=behind))
    shop.sandbox.fail_next(400, "PARAM_ERROR")

    await through(run := shop.run(path))

    assert {"unknown": 1} == counts(run)
    await through(again := shop.run(path))
    assert {"done": 1} == counts(again)


async def test_a_refusal_that_is_not_signed_proves_nothing(
    shop: Shop, proxy: FaultProxy, behind: Client[Partner]
) -> None:
    """A 403 that any gateway may have made leaves its codes unknown: WeChat Pay may have stored them."""

    def forbid(answered: Answered) -> None:
        answered.status = 403
        del answered.headers["Wechatpay-Signature"]

    proxy.then(Fault.PASS, forbid)
    run = shop.run(codes(400), client=behind, concurrency=1)

    await through(run)

    assert {"done": 200, "unknown": 200} == counts(run)
