"""Any lines, interrupted anywhere, end as if nothing had happened."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wxcoupon import Client, NetworkError, Pacer, RetryPolicy
from wxcoupon.bulk.outcomes import RowEnd
from wxcoupon.bulk.upload import LEGAL
from wxcoupon.bulk.verdicts import Ending
from wxcoupon.endpoint import registry
from wxcoupon.sandbox import Keys, Sandbox

from ..fault_proxy import Fault, FaultProxy
from .shop import Call, Shop, through

_LINE = st.one_of(st.sampled_from(["A", "B", "C", "D", "no code", "é", ""]), st.integers(0, 40).map("C{:02}".format))
_ENDING = st.sampled_from(["leave", "cancel", "raise", "lose"])


@asynccontextmanager
async def _world(keys: Keys, folder: Path) -> AsyncGenerator[tuple[Shop, FaultProxy]]:
    async with (
        Sandbox(rate_limits="off", keys=keys) as sandbox,
        FaultProxy(sandbox.base_url) as proxy,
        Client(
            sandbox.partner,
            sandbox.platform_keys,
            base_url=proxy.base_url,
            pacer=Pacer(dict.fromkeys(registry())),
            retry=RetryPolicy(attempts=1),
        ) as client,
    ):
        yield await Shop.opened(sandbox, client, folder), proxy


async def _interrupted(shop: Shop, proxy: FaultProxy, path: Path, after: int, how: str, concurrency: int) -> list[Call]:
    """One run that ends after some calls, in a way."""
    if how == "lose":
        proxy.then(*[Fault.PASS] * after, Fault.LOSE)
    run = shop.few(path, shop.path, concurrency=concurrency)
    told: list[Call] = []

    async def work() -> None:
        async with run:
            async for call in run:
                told.append(call)
                if how != "lose" and len(told) > after:
                    if how == "raise":
                        raise ZeroDivisionError
                    if how == "leave":
                        break
                    task.cancel()
                    await asyncio.sleep(0)

    task = asyncio.create_task(work())
    (error,) = await asyncio.gather(task, return_exceptions=True)
    assert error is None or isinstance(error, (ZeroDivisionError, asyncio.CancelledError, NetworkError))
    proxy.script.clear()
    return [*told, *run.rest]


@given(
    lines=st.lists(_LINE, max_size=60),
    runs=st.lists(st.tuples(st.integers(0, 4), _ENDING, st.integers(1, 4)), max_size=4),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_lines_interrupted_anywhere(keys: Keys, lines: list[str], runs: list[tuple[int, str, int]]) -> None:
    """The stock holds the distinct legal codes, each came under one number, and each line has its one outcome."""
    with tempfile.TemporaryDirectory() as folder:
        async with _world(keys, Path(folder)) as (shop, proxy):
            path = shop.file(lines)
            told: dict[int, RowEnd] = {}
            for after, how, concurrency in runs:
                for call in await _interrupted(shop, proxy, path, after, how, concurrency):
                    told |= {row.line: row for row in call.rows()}
                await shop.left_in_order()
            run = shop.few(path, shop.path)
            for call in await through(run):
                told |= {row.line: row for row in call.rows()}
            _is_right(shop, lines, await shop.account(path), told)
            assert run.progress.tally.total == sum(1 for line in lines if line)


def _is_right(shop: Shop, lines: list[str], rows: list[RowEnd], told: dict[int, RowEnd]) -> None:
    legal = [line for line in lines if LEGAL.fullmatch(line)]
    assert sorted(set(legal)) == sorted(shop.stored)
    assert {1} >= {len(numbers) for numbers in shop.numbers.values()}
    seen: set[str] = set()
    expected: list[tuple[int, str, Ending]] = []
    for number, line in enumerate(lines, 1):
        if line:
            ending = Ending.DUPLICATE if line in seen else Ending.DONE
            expected.append((number, line, ending if LEGAL.fullmatch(line) else Ending.INVALID))
            seen.add(line)
    assert expected == [(row.line, row.text, row.ending) for row in rows]
    # What was told last of each row is what the ledger says; chunks of which nothing is sent are told by it alone.
    assert told.items() <= {row.line: row for row in rows}.items()


@pytest.mark.parametrize("borders", [1, 2, 3, 4, 5])
async def test_rows_that_are_not_sent_at_the_borders_of_calls(shop: Shop, borders: int) -> None:
    """Invalid and repeated lines at and around the ends of chunks belong to exactly one."""
    lines: list[str] = []
    for number in range(30):
        lines.append(f"C{number:02}")
        if number % borders == 0:
            lines += ["no code", f"C{number:02}", "C00"][: 1 + number % 3]
    path = shop.file(lines)

    await through(shop.few(path, shop.path))

    _is_right(shop, lines, await shop.account(path), {})
