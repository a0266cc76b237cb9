"""``wxcoupon codes``: the codes of a stock."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack, closing
from pathlib import Path

from ..bulk.report import Report
from ..bulk.sources import STDIN, Table, open_table
from ..bulk.upload import CodeOutcome, Outcome, Upload, upload_codes
from ..errors import ConfigurationError
from ..pace import Pacer
from .failure import SOME_FAILED, Interrupted
from .options import USUAL, Connection
from .text import count_lines, emit, is_stdin, progress, say

_LISTED = 20
_BAD = (Outcome.FAILED, Outcome.INVALID, Outcome.UNKNOWN)
_COLUMNS = ("line", "code", "outcome", "reason")
_ENDPOINT = "product_coupon.upload_coupon_codes"


async def upload(  # noqa: PLR0913 - one argument an option
    file: str,
    /,
    *,
    product_coupon_id: str,
    stock_id: str,
    job: str | None = None,
    concurrency: int = 8,
    rate: int | None = None,
    column: str | None = None,
    report: Path | None = None,
    connection: Connection = USUAL,
) -> int:
    """Upload a file of codes into a stock.

    Args:
        file: A text or csv file, - for the standard input.
        product_coupon_id: The product coupon.
        stock_id: Its stock, whose coupon_code_mode is UPLOAD.
        job: Name of the job; by default made of the file's name and the ids.
        concurrency: Calls under way at once.
        rate: Calls a second, instead of 95 % of the documented limit.
        column: Column of a csv file with a header; by default the first one.
        report: Csv file to write with line, code, outcome and reason of every line.
        connection: Settings.
    """
    options = {} if rate is None else {"pacer": Pacer({_ENDPOINT: f"{rate}/s"})}
    client = connection.client(**options)
    table = open_table(STDIN if is_stdin(file) else file, column=column)
    name = "stdin" if is_stdin(file) else Path(file).name
    work = upload_codes(
        client,
        table,
        product_coupon_id=product_coupon_id,
        stock_id=stock_id,
        job=job or f"{name}:{product_coupon_id}:{stock_id}",
        concurrency=concurrency,
    )
    try:
        with ExitStack() as stack:
            stack.enter_context(closing(table))
            written = report and stack.enter_context(Report(report, _COLUMNS, besides=table))
            advance = stack.enter_context(progress("uploading", count_lines(file)))
            async with client, work:
                async for line in work:
                    advance(1)
                    if written:
                        written.row(line.line, line.code, line.outcome, line.reason)
                    elif line.outcome in _BAD and (work.stopped is None or connection.json):
                        _tell(line, work.counts[line.outcome], as_json=connection.json)
        if work.lines == 0:
            raise ConfigurationError(f"{table.name} has no codes; nothing was sent")
    except asyncio.CancelledError:
        raise Interrupted(f"run the same command again: what job {work.job!r} has uploaded is not doubled") from None
    finally:
        if work.lines:
            _close(work, table, report, as_json=connection.json)
    return SOME_FAILED if any(work.counts[outcome] for outcome in _BAD) else 0


def _tell(line: CodeOutcome, number: int, *, as_json: bool) -> None:
    if as_json:
        emit({"line": line.line, "code": line.code, "outcome": line.outcome, "reason": line.reason})
    elif number <= _LISTED:
        say(f"line {line.line}: {line.outcome}: {line.reason}")
    elif number == _LISTED + 1:
        say(f"and more lines are {line.outcome}; --report FILE writes them all")


def _close(work: Upload, table: Table, report: Path | None, *, as_json: bool) -> None:
    counts = {str(outcome): number for outcome, number in work.counts.items()}
    if table.encoding != "utf-8":
        say(f"{table.name} was read as {table.encoding.upper()}, because it is not UTF-8")
    if under_way := work.lines - sum(counts.values()):
        say(f"{under_way} lines were read and have no outcome yet")
    if work.stopped is not None:
        say(f"the job stopped after {work.lines} lines; later lines were neither read nor sent")
    if as_json:
        emit({"job": work.job, "counts": counts, "lines": work.lines, "report": str(report) if report else None})
        return
    print(f"job {work.job}: {work.lines} lines")
    for outcome, number in counts.items():
        print(f"  {outcome:<14}{number:>10,}")
    if report:
        print(f"  report: {report}")
