"""Leaving a job at any moment, on purpose or not: nothing is lost, nothing is kept, and the next run ends it."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import attrs
import pytest

from wxcoupon import Client, Pacer, Partner, UntrustedAnswer
from wxcoupon.bulk import Done, bulk, upload_requests
from wxcoupon.bulk.engine import Run
from wxcoupon.bulk.ledger import JobHeldError, State
from wxcoupon.bulk.ledgers.memory_ledger import MemoryLedger
from wxcoupon.bulk.ledgers.sqlite_ledger import SqliteLedger
from wxcoupon.bulk.pieces import Piece
from wxcoupon.bulk.progress import Phase
from wxcoupon.bulk.reading import open_source
from wxcoupon.sandbox import Sandbox

from ..core.conftest import own_tasks
from ..fault_proxy import Answered, FaultProxy
from .shop import JOB, Few, Shop, codes, counts, through, total

LINES = [*codes(12), "no code", "C00003", *codes(24)]


class Watched(SqliteLedger):
    """A ledger that says of each operation that it was asked for.

    Attributes:
        when: called with the number of the operation.
    """

    def __init__(self, path: Any, when: Callable[[int], object]) -> None:
        super().__init__(path)
        self.count = 0
        self.when = when

    def _ask(self, method: Any, /, *args: Any, **kwargs: Any) -> Any:
        self.count += 1
        asked = super()._ask(method, *args, **kwargs)
        self.when(self.count)
        return asked


def _threads() -> set[str]:
    """Threads of a ledger or a spool; those of the event loop's pool stay for its next use."""
    ours = [thread for thread in threading.enumerate() if thread.name.startswith(("ledger", "wxcoupon"))]
    for thread in ours:
        thread.join(30)  # one that has said that it is through may still be on its way out
    return {thread.name for thread in ours if thread.is_alive()}


async def _ends_whole(shop: Shop, path: Any, **options: Any) -> None:
    """The job, run again, ends with every code in the stock, under one number, and every line told once."""
    await shop.left_in_order()
    run = shop.few(path, shop.path, **options)
    await through(run)
    assert {"done": 24, "duplicate": 13, "invalid": 1} == counts(run)
    assert codes(24) == sorted(shop.stored)
    assert {1} == {len(numbers) for numbers in shop.numbers.values()}
    assert list(range(1, len(LINES) + 1)) == [row.line for row in await shop.account(path)]


@pytest.mark.parametrize("again", [False, True], ids=["once", "twice"])
@pytest.mark.parametrize("moment", range(1, 21))
async def test_cancelled_at_any_operation_of_the_ledger(shop: Shop, moment: int, *, again: bool) -> None:
    """Cancelled while the job is looked up, planned, taken, sent or settled, and once more while it is left."""
    path = shop.file(LINES)
    before = own_tasks()
    cancelled: list[int] = []

    def cancel(count: int) -> None:
        if count == moment or (again and count == moment + 1):
            cancelled.append(count)
            task.cancel()

    async def work() -> None:
        async with Watched(shop.path, cancel) as ledger:
            await through(shop.few(path, ledger, concurrency=2))

    task = asyncio.create_task(work())
    with pytest.raises(asyncio.CancelledError):
        await task

    assert cancelled
    assert before == own_tasks()
    assert set() == _threads()
    await _ends_whole(shop, path)


@pytest.mark.parametrize("moment", range(1, 10))
@pytest.mark.parametrize("concurrency", [1, 3])
async def test_cancelled_when_a_call_is_made(shop: Shop, unpaced: Pacer, moment: int, concurrency: int) -> None:
    """Cancelled with calls under way, those are unknown and all others as they were."""
    path = shop.file(LINES)
    signed = 0

    def nonce() -> str:
        nonlocal signed
        signed += 1
        if signed == moment:
            task.cancel()
        return f"{signed:032}"

    async def work() -> None:
        async with Client(
            shop.sandbox.partner, shop.sandbox.platform_keys, base_url=shop.sandbox.base_url, pacer=unpaced, nonce=nonce
        ) as client:
            await through(shop.few(path, shop.path, client=client, concurrency=concurrency))

    task = asyncio.create_task(work())
    with pytest.raises(asyncio.CancelledError):
        await task

    await _ends_whole(shop, path)


async def test_cancelled_in_the_pause_of_a_repetition(shop: Shop, unpaced: Pacer) -> None:
    """A call that waits before it is repeated is unknown when its first attempt was."""
    path = shop.file(LINES)
    pausing = asyncio.Event()

    async def sleep(_: float) -> None:
        pausing.set()
        await asyncio.Event().wait()

    async with Client(
        shop.sandbox.partner, shop.sandbox.platform_keys, base_url=shop.sandbox.base_url, pacer=unpaced, sleep=sleep
    ) as client:
        shop.sandbox.drop_next(after_effect=True)
        task = asyncio.create_task(through(run := shop.few(path, shop.path, client=client)))
        await pausing.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert [State.UNKNOWN] == [call.chunk.state for call in run.rest]
    assert ["interrupted before an answer came"] * 3 == [
        row.reason.partition(";")[0] for call in run.rest for row in call.rows()
    ]
    await _ends_whole(shop, path)


async def test_cancelled_while_rows_are_awaited(shop: Shop) -> None:
    """Cancelled while its rows come in, a job was never begun, and nothing of them is kept."""
    waiting = asyncio.Event()

    async def rows() -> AsyncIterator[str]:
        yield "A"
        waiting.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(through(run := shop.run(rows())))
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert Phase.ENDED is run.progress.phase
    assert [] == list((shop.folder / "ledger.d").iterdir())
    assert [] == await shop.chunks()


@attrs.frozen
class Slow:
    """A source that waits in the middle of its rows until it may go on."""

    source: Any
    begun: threading.Event
    go_on: threading.Event

    def __getattr__(self, name: str) -> Any:
        return getattr(self.source, name)

    def pieces(self) -> Iterator[Piece]:
        """The rows, when they may come."""
        self.begun.set()
        self.go_on.wait()
        yield from self.source.pieces()


async def test_cancelled_while_rows_are_looked_at(shop: Shop) -> None:
    """Cancelled, and cancelled again, while a thread looks at the rows, the job waits for it and lets go after it."""
    path = shop.file(LINES)
    slow: Any = Slow(await open_source(path), threading.Event(), threading.Event())

    task = asyncio.create_task(through(shop.few(slow, shop.path)))
    await asyncio.to_thread(slow.begun.wait)
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)
    assert not task.done()
    async with SqliteLedger(shop.path) as ledger:
        with pytest.raises(JobHeldError):
            async with ledger.hold(JOB):
                pass
    slow.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task

    slow.close()
    await _ends_whole(shop, path)


async def test_leaving_early(shop: Shop) -> None:
    """Left early, a job knows what became of every call, told or not, and of the others that they were not made."""
    path = shop.file(["bad code", "C00000", *codes(600)])

    async with shop.few(path, shop.path) as run:
        told = [await anext(aiter(run))]

    assert total([*told, *run.rest]) == run.progress.tally
    assert run.progress.tally.total < 600
    assert Phase.ENDED is run.progress.phase
    await shop.left_in_order()
    await through(again := shop.few(path, shop.path))
    assert {"done": 600, "duplicate": 1, "invalid": 1} == counts(again)
    assert {1} == {len(numbers) for numbers in shop.numbers.values()}


async def test_calls_that_ended_and_were_not_fetched_are_settled(shop: Shop, unpaced: Pacer) -> None:
    """A caller that fetches nothing and leaves loses nothing: all calls that were answered are settled."""
    path = shop.file(codes(3 * 160))
    made = 0
    many = asyncio.Event()

    class Counting(Client[Partner]):
        async def call_with_answer(self, request: Any) -> Any:
            nonlocal made
            came = await super().call_with_answer(request)
            made += 1
            if made == 128 + 4 + 4:  # as many as are settled, wait to be, and wait for that
                many.set()
            return came

    async with Counting(
        shop.sandbox.partner, shop.sandbox.platform_keys, base_url=shop.sandbox.base_url, pacer=unpaced
    ) as client:
        async with shop.few(path, shop.path, client=client, concurrency=4) as run:
            await many.wait()
            await asyncio.sleep(0)
        assert [State.SETTLED] * 136 == [call.chunk.state for call in run.rest]

    assert made == 136 == shop.uploads
    await shop.left_in_order()


async def test_a_bug_in_the_callers_loop(shop: Shop) -> None:
    """What the caller raises comes out as it is, and the job goes on the next time."""
    path = shop.file(LINES)

    with pytest.raises(ZeroDivisionError):
        await through(shop.few(path, shop.path), lambda _: 1 // 0)

    await _ends_whole(shop, path)


async def test_a_bug_in_a_call(shop: Shop, unpaced: Pacer) -> None:
    """A bug in a call is raised after the others, and its chunk is sent the next time."""
    path = shop.file(LINES)
    made = 0

    class Broken(Client[Partner]):
        async def call_with_answer(self, request: Any) -> Any:
            nonlocal made
            made += 1
            if made == 3:
                raise ZeroDivisionError
            return await super().call_with_answer(request)

    async with Broken(
        shop.sandbox.partner, shop.sandbox.platform_keys, base_url=shop.sandbox.base_url, pacer=unpaced
    ) as client:
        run = shop.few(path, shop.path, client=client, concurrency=2)
        with pytest.raises(ZeroDivisionError):
            await through(run)

    assert [] == run.rest
    await _ends_whole(shop, path)


async def test_another_runner(shop: Shop) -> None:
    """A job that is being run is refused to others, in whatever way they opened the ledger, and free afterwards."""
    path = shop.file(LINES)
    async with shop.few(path, shop.path):
        with pytest.raises(JobHeldError, match="is being run by this process"):
            await through(shop.few(path, shop.path))

    await _ends_whole(shop, path)


async def test_two_jobs_share_a_ledger(shop: Shop, tmp_path: Any) -> None:
    """Jobs of one ledger run at once, each with its own rows; the ledger stays open for its owner."""
    for ledger in (SqliteLedger(tmp_path / "shared"), MemoryLedger()):
        kind = type(ledger).__name__
        async with ledger:
            runs = [
                Run(
                    shop.client,
                    Few(f"{kind}-{part}", **shop.ids),
                    [f"{kind}-{part}-{code}" for code in codes(20)],
                    ledger=ledger,
                )
                for part in ("a", "b")
            ]
            await asyncio.gather(*map(through, runs))
            assert [{"done": 20}] * 2 == list(map(counts, runs))
            assert [f"{kind}-a", f"{kind}-b"] == sorted(job.name for job in await ledger.jobs())
    assert 80 == len(shop.stored)


async def test_many_calls_that_were_left_have_an_end(shop: Shop) -> None:
    """Whoever iterates on after leaving a bulk finds what was not fetched, and then the end, however often."""
    requests = upload_requests(codes(3000), **shop.ids, job=JOB)
    async with bulk(shop.client, requests, concurrency=2) as outcomes:
        ended = [await anext(outcomes)]

    ended += [outcome async for outcome in outcomes]

    assert all(isinstance(outcome, Done) for outcome in ended)
    assert 1 <= len(ended) <= 1 + 2 + 2
    assert [] == [outcome async for outcome in outcomes]


async def test_interrupted_while_calls_wait_for_their_turn(sandbox: Sandbox, shop: Shop) -> None:
    """Cancelled while calls wait for their turn, those have not left, and are in no doubt: the next run makes them."""
    path = shop.file(codes(1000))
    slow = Pacer({"product_coupon.upload_coupon_codes": "1/min"})
    ended = asyncio.Event()
    async with Client(sandbox.partner, sandbox.platform_keys, base_url=sandbox.base_url, pacer=slow) as client:
        run = shop.run(path, client=client, concurrency=2)
        task = asyncio.create_task(through(run, lambda _: ended.set()))
        await ended.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert {"done": 200} == counts(run)
    assert 1 == shop.uploads
    await shop.left_in_order()
    async with SqliteLedger(shop.path) as ledger:
        chunks = await ledger.chunks(run.record.id)
    assert [(State.SETTLED, False)] + 4 * [(State.OPEN, False)] == [(chunk.state, chunk.doubt) for chunk in chunks]


async def test_nothing_follows_what_stopped_the_job(shop: Shop, proxy: FaultProxy, behind: Client[Partner]) -> None:
    """After an answer that is not trusted nothing more is begun."""
    path = shop.file(LINES)

    def unsign(answered: Answered) -> None:
        del answered.headers["Wechatpay-Signature"]

    proxy.then(*[unsign] * 9)
    run = shop.few(path, shop.path, client=behind)

    async with run:
        calls = aiter(run)
        assert State.UNKNOWN is (await anext(calls)).chunk.state
        with pytest.raises(UntrustedAnswer) as caught:
            await anext(calls)

    assert caught.value is run.stopped
    assert 1 == shop.uploads
    await _ends_whole(shop, path)
