"""Rows of single calls in a table: what was sent for each is not repeated, what came is."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import attrs

from ..bulk.ledger import JobRecord, Tally
from ..bulk.outcomes import RowEnd
from ..bulk.reports.report import Report
from ..bulk.rows.presend_task import PreSendTask
from ..bulk.rows.row_answers import COUPON, USAGE
from ..bulk.rows.row_task import RowOutcome, RowTask
from ..bulk.verdicts import Ending
from ..endpoint import registry
from .words import ROWS

PRE_SEND_OPTIONS: Final = ("product_coupon_id", "stock_id", "appid")
TOKEN_COLUMNS: Final = ("openid", "send_request_no", "token", "expires_at", "error")
_REMEMBERED: Final = (*COUPON, *USAGE)
ROW_COLUMNS: Final = ("line", "openid", "request_no", "outcome", "reason", *_REMEMBERED)
_TWICE: Final = "an earlier row says the same"


def token_cells(row: RowOutcome) -> tuple[Any, ...]:
    """What became of a pre-send, under :data:`TOKEN_COLUMNS`."""
    openid = row.members.get("openid", "")
    return (openid, row.request_no, row.answer.get("token"), row.answer.get("expires_at"), error_of(row))


def row_cells(row: RowOutcome) -> tuple[Any, ...]:
    """What became of any other call, under :data:`ROW_COLUMNS`."""
    openid, outcome = row.members.get("openid", ""), ROWS.outcome(row.outcome)
    return (
        row.line,
        openid,
        row.request_no,
        outcome,
        error_of(row),
        *(row.answer.get(name) for name in _REMEMBERED),
    )


def error_of(row: RowOutcome) -> str:
    """Why a row was not done; empty when it was, and when nothing is known yet."""
    return row.reason or (_TWICE if row.outcome is Ending.DUPLICATE else "")


def task_of(record: JobRecord) -> RowTask[Any]:
    """The task of a job, as it was run."""
    target: dict[str, Any] = json.loads(record.target)
    if record.kind == PreSendTask.kind:
        product_coupon_id, stock_id, appid = (target.get(name) for name in PRE_SEND_OPTIONS)
        return PreSendTask(record.name, product_coupon_id=product_coupon_id, stock_id=stock_id, appid=appid)
    endpoint = registry()[target["endpoint"]]
    columns = RowTask(endpoint, record.name).columns  # a target also says for whom the calls are made
    defaults = {name: value for name, value in target.items() if name in columns}
    return RowTask(endpoint, record.name, defaults=defaults)


def columns_of(record: JobRecord) -> Sequence[str]:
    """The columns of the report of a job."""
    return ("line", "outcome", *TOKEN_COLUMNS) if record.kind == PreSendTask.kind else ROW_COLUMNS


async def write_rows(report: Report, record: JobRecord, rows: AsyncIterator[RowEnd]) -> Tally:
    """Write the rows of a job to its report; gives how many there are of each outcome.

    Raises:
        ReportError: it cannot be written.
    """
    task, tally = task_of(record), Counting()
    is_tokens = record.kind == PreSendTask.kind
    with report:
        async for end in rows:
            tally.add(end.ending)
            row = task.outcome(end)
            if is_tokens:
                report.row(row.line, ROWS.outcome(row.outcome), *token_cells(row))
            else:
                report.row(*row_cells(row))
    return tally.total()


@attrs.define
class Counting:
    """Counts outcomes as they come."""

    _counts: dict[Ending, int] = attrs.field(factory=lambda: dict.fromkeys(Ending, 0))

    def add(self, ending: Ending | None) -> None:
        """Count a row; one without an outcome is none."""
        if ending is not None:
            self._counts[ending] += 1

    def total(self) -> Tally:
        """All of them."""
        return Tally(**{ending.value: count for ending, count in self._counts.items()})
