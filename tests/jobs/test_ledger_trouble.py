"""Jobs whose ledger is locked, full, closed or gone: a clear error, nothing lost, and the next run ends it."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from wxcoupon.bulk.ledger import LedgerError, State
from wxcoupon.bulk.ledgers.sqlite_ledger import SqliteLedger

from ..ledger.other_process import LOCK, running, said
from .shop import Shop, answer, codes, counts, through


@asynccontextmanager
async def _locked(path: Path) -> AsyncGenerator[None]:
    """Another process has the ledger locked."""
    async with running(LOCK, path) as process:
        yield
        assert process.stdin is not None
        process.stdin.write(b"\n")
        assert "free" == await said(process)


async def _ends_whole(shop: Shop, path: Path, count: int) -> None:
    run = shop.few(path, shop.path)
    await through(run)
    assert {"done": count} == counts(run)
    assert codes(count) == sorted(shop.stored)
    assert {1} == {len(numbers) for numbers in shop.numbers.values()}
    assert list(range(1, count + 1)) == [row.line for row in await shop.account(path)]


async def test_locked_from_the_start(shop: Shop) -> None:
    """A ledger that another process has locked is said to be, and nothing is sent."""
    path = shop.file(codes(60))
    async with SqliteLedger(shop.path, patience=0.5) as ledger:
        async with _locked(shop.path):
            with pytest.raises(LedgerError, match="is locked by another process"):
                await through(shop.few(path, ledger))
        assert 0 == shop.uploads

    await _ends_whole(shop, path, 60)


async def test_locked_in_the_middle(shop: Shop) -> None:
    """Where outcomes cannot be kept the job ends with that; what was sent and not kept is repeated by the next run."""
    path = shop.file(codes(240))
    async with AsyncExitStack() as stack, SqliteLedger(shop.path, patience=0.5) as ledger:
        run = shop.few(path, ledger)
        with pytest.raises(LedgerError, match="is locked by another process"):  # noqa: PT012 - the loop is what is tested
            async with run:
                await anext(aiter(run))
                await stack.enter_async_context(_locked(shop.path))
                async for _ in run:
                    pass
        await stack.aclose()

        states = [chunk.state for chunk in await ledger.chunks(run.record.id)]
    assert sum(3 for state in states if state is State.SETTLED) == run.progress.tally.done < 240
    assert State.TAKEN in states
    await _ends_whole(shop, path, 240)


async def test_a_full_disk_in_the_middle(shop: Shop) -> None:
    """Where the ledger cannot grow the job ends with that, and goes on when there is room."""
    path = shop.file(codes(240))
    refusals = [
        answer(
            failed=[{"coupon_code": code, "code": "REFUSED", "message": "x" * 2000} for code in codes(240)[at : at + 3]]
        )
        for at in range(0, 240, 3)
    ]
    shop.sandbox.reply_next(*refusals)
    async with SqliteLedger(shop.path) as ledger:

        async def allow(pages: int) -> None:
            await ledger._ask(lambda tables: tables.connection.execute(f"PRAGMA max_page_count = {pages}").fetchall())

        run = shop.few(path, ledger, concurrency=1)
        with pytest.raises(LedgerError, match="is full; make room"):  # noqa: PT012 - the loop is what is tested
            async with run:
                ((pages,),) = await ledger._ask(
                    lambda tables: tables.connection.execute("PRAGMA page_count").fetchall()
                )
                await allow(pages + 2)
                async for _ in run:
                    pass

        states = [chunk.state for chunk in await ledger.chunks(run.record.id)]
        settled = sum(state is State.SETTLED for state in states)
        assert await ledger.tally(run.record.id) == run.progress.tally
        assert 0 < settled < 80
        await allow(4_000_000)
        shop.sandbox._trouble._replies.clear()
        await through(again := shop.few(path, ledger))
        assert 240 == again.progress.tally.total
        assert 240 - 3 * settled == again.progress.tally.done
    assert 80 - settled == again.progress.calls


async def test_no_room_for_the_plan(shop: Shop) -> None:
    """A job that cannot be planned sends nothing, and is planned anew when it can."""
    path = shop.file(codes(6000))
    async with SqliteLedger(shop.path) as ledger:
        await ledger._ask(lambda tables: tables.connection.execute("PRAGMA max_page_count = 12").fetchall())
        with pytest.raises(LedgerError, match="is full; make room"):
            await through(shop.few(path, ledger))
    assert 0 == shop.uploads

    run = shop.run(path)
    await through(run)
    assert {"done": 6000} == counts(run)


async def test_closed_under_a_job(shop: Shop) -> None:
    """A ledger that its owner closes too early ends the job, which goes on the next time."""
    path = shop.file(codes(240))
    ledger = await SqliteLedger.open(shop.path)

    run = shop.few(path, ledger)
    with pytest.raises(LedgerError, match="was closed"):  # noqa: PT012 - the loop is what is tested
        async with run:
            async for _ in run:
                await ledger.close()

    await _ends_whole(shop, path, 240)


async def test_closed_and_left(shop: Shop) -> None:
    """Left with nothing else wrong, a job says that the ledger did not take what was under way."""
    path = shop.file(codes(240))
    ledger = await SqliteLedger.open(shop.path)

    with pytest.raises(LedgerError, match="was closed"):  # noqa: PT012 - leaving the block is what is tested
        async with shop.few(path, ledger) as run:
            await anext(aiter(run))
            await ledger.close()

    await _ends_whole(shop, path, 240)


async def test_a_callers_error_outweighs_the_ledgers(shop: Shop) -> None:
    """An error of the caller's loop comes out as it is, also when the ledger takes nothing any more."""
    path = shop.file(codes(240))
    ledger = await SqliteLedger.open(shop.path)

    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - leaving the block is what is tested
        async with shop.few(path, ledger) as run:
            async for _ in run:
                await ledger.close()
                raise ZeroDivisionError

    await _ends_whole(shop, path, 240)


async def test_no_ledger(shop: Shop) -> None:
    """A file that is no ledger is refused before anything is read or sent."""
    other = shop.file(["no ledger, and long enough to be seen as none by whoever opens it"] * 20, "other")

    with pytest.raises(LedgerError, match="is no ledger"):
        await through(shop.few(shop.file(codes(3)), other))

    assert 0 == shop.uploads


async def test_removed_while_it_runs(shop: Shop) -> None:
    """A job that is removed under its runner ends with that."""
    path = shop.file(codes(240))
    async with SqliteLedger(shop.path) as ledger:

        async def work() -> Any:
            async with shop.few(path, ledger) as run:
                async for _ in run:
                    await ledger.remove("spring")

        with pytest.raises(LedgerError, match="there is no"):
            await work()

    await _ends_whole(shop, path, 240)
