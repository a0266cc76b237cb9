"""Rows without a file, and what becomes of them when they are called one by one."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from wxcoupon import Client
from wxcoupon.bulk import Done, bulk
from wxcoupon.bulk.outcomes import RowEnd, row_ends
from wxcoupon.bulk.pieces import Piece
from wxcoupon.bulk.rows.row_task import RowOutcome, RowTask

R = TypeVar("R")

DEFAULTS: Final[dict[str, Any]] = {
    "product_coupon_id": "1000000013",
    "stock_id": "1000000013001",
    "appid": "wx233544546545989",
}


def piece(*rows: str | Mapping[str, str], problems: Mapping[int, str] | None = None) -> Piece:
    """Rows of one value each, or of cells by column."""
    ends = range(10, 10 * len(rows) + 10, 10)
    texts = [row if isinstance(row, str) else "" for row in rows]
    cells = [row for row in rows if not isinstance(row, str)]
    return Piece(0, ends, range(1, len(rows) + 1), texts, cells, dict(problems or {}))


def alone(rows: Piece, position: int) -> Piece:
    """One of the rows."""
    return rows.without(set(range(len(rows))) - {position})


async def carried_out(client: Client[Any], task: RowTask[R], rows: Piece) -> list[RowOutcome]:
    """Call every row, in order, all of which have to end well; what is told of them."""
    assert {} == task.examine(rows).faults
    single = [alone(rows, position) for position in range(len(rows))]
    requests = [task.request(row) for row in single]
    told: list[RowOutcome] = []
    async with bulk(client, requests, concurrency=1) as outcomes:
        async for outcome in outcomes:
            assert isinstance(outcome, Done), outcome
            row = single[len(told)]
            verdicts = task.judge(row, [0], outcome.result, repeated=False)
            ends: list[RowEnd] = row_ends(row, verdicts)
            told.append(task.outcome(ends[0]))
    return told
