"""``wxcoupon codes``: the codes of a stock."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import ExitStack, closing
from decimal import Decimal

from ..bulk.report import Report
from ..bulk.sources import open_table
from ..bulk.upload import CodeOutcome, Outcome, Upload, upload_codes
from ..errors import ConfigurationError
from ..pace import Pacer
from .aside import aside
from .failure import SOME_FAILED, Interrupted, UsageError
from .jobs import carry_out
from .options import USUAL, Connection, Count, Name, OutFile
from .tables import RowsFile, count_lines, remarks, short_name
from .text import conclude, emit, json_text, number_of, progress, say

_LISTED = 20
_BAD = (Outcome.FAILED, Outcome.INVALID, Outcome.UNKNOWN)
_COLUMNS = ("line", "code", "outcome", "reason")
_ENDPOINT = "product_coupon.upload_coupon_codes"


async def upload(  # noqa: PLR0913 - one argument an option
    file: RowsFile,
    /,
    *,
    product_coupon_id: Name,
    stock_id: Name,
    job: Name | None = None,
    concurrency: Count = 8,
    rate: float | None = None,
    column: str | None = None,
    report: OutFile | None = None,
    connection: Connection = USUAL,
) -> int:
    """Upload a file of codes into a stock.

    Args:
        file: A text or csv file, - for the standard input.
        product_coupon_id: The product coupon.
        stock_id: Its stock, whose coupon_code_mode is UPLOAD.
        job: Name of the job; by default made of the file's name and the ids.
        concurrency: Calls under way at once.
        rate: Calls a second (0.5 is one in two seconds), instead of 95 % of the documented limit; kept as whole calls
            a minute, rounded down.
        column: Column of a csv file with a header; by default the only one, or the one whose heading says codes.
        report: Csv file to write with line, code, outcome and reason of every line; put in place at the end.
        connection: Settings.
    """
    options = {} if rate is None else {"pacer": _pacer(rate)}
    client = connection.client(**options)
    table = await aside(lambda: open_table(file, column=column))
    work = upload_codes(
        client,
        table,
        product_coupon_id=product_coupon_id,
        stock_id=stock_id,
        job=job or f"{short_name(file)}:{product_coupon_id}:{stock_id}",
        concurrency=concurrency,
    )
    written: Report | None = None
    try:
        with ExitStack() as stack:
            stack.enter_context(closing(table))
            if report is not None:
                written = stack.enter_context(Report(report, _COLUMNS, besides=table))
            advance = stack.enter_context(progress("uploading", count_lines(file)))
            await carry_out(client, work, advance, _Telling(work, written, as_json=connection.json))
        if work.lines == work.counts[Outcome.INVALID]:
            what = "no legal code" if work.lines else "no codes"
            raise ConfigurationError(f"{table.name} has {what}; nothing was sent")
    except asyncio.CancelledError:
        raise Interrupted(f"run the same command again: what job {work.job!r} has uploaded is not doubled") from None
    finally:
        if work.lines:
            for remark in remarks(table):
                say(remark)
            _close(work, written, as_json=connection.json)
    return SOME_FAILED if any(work.counts[outcome] for outcome in _BAD) else 0


def _pacer(rate: float) -> Pacer:
    if not 1 / 60 <= rate < float("inf"):
        raise UsageError(f"--rate is a number of calls a second, at least 0.017 (one a minute), not {rate:g}.")
    return Pacer({_ENDPOINT: f"{int(Decimal(str(rate)) * 60)}/min"})


class _Telling:
    """Tells what became of single lines: all of them to a report, otherwise the bad ones, to people only the first."""

    def __init__(self, work: Upload, report: Report | None, *, as_json: bool) -> None:
        self._work = work
        self._report = report
        self._as_json = as_json
        self._told: Counter[Outcome] = Counter()

    def __call__(self, line: CodeOutcome, /, *, late: bool = False) -> None:
        if self._report is not None:
            code = f"'{line.code}" if line.outcome is Outcome.INVALID and line.code[:1] in _FORMULAS else line.code
            self._report.row(line.line, code, line.outcome, line.reason)
        elif line.outcome not in _BAD:
            return
        elif self._as_json:
            emit({"line": line.line, "code": line.code, "outcome": line.outcome, "reason": line.reason})
        elif self._work.stopped is None and not late:
            self._told[line.outcome] += 1
            if self._told[line.outcome] <= _LISTED:
                say(f"line {line.line}: {line.outcome}: {line.reason}")
            elif self._told[line.outcome] == _LISTED + 1:
                say(f"and more lines are {line.outcome}; --report FILE writes them all")


_FORMULAS = ("=", "+", "-", "@")
"""A cell that begins with one of these is reckoned by a spreadsheet, whoever wrote it; no legal code but ``-…`` is."""


def _close(work: Upload, report: Report | None, *, as_json: bool) -> None:
    counts = {str(outcome): number for outcome, number in work.counts.items()}
    path = str(report.path) if report is not None and report.kept else None
    if not work.whole:
        say(f"the job stopped after {number_of(work.lines, 'line')}; later lines were neither read nor sent")
    if there := work.counts[Outcome.ALREADY_EXIST]:
        say(
            f"WeChat Pay had {number_of(there, 'code')} before, in this stock or in another one; "
            "what the stock holds is coupon_code_count_info of product_coupon.get_stock"
        )
    if as_json:
        conclude(json_text({"job": work.job, "counts": counts, "lines": work.lines, "report": path}))
        return
    lines = [f"job {work.job}: {number_of(work.lines, 'line')}"]
    lines += [f"  {outcome:<14}{number:>10,}" for outcome, number in counts.items()]
    conclude("\n".join([*lines, f"  report: {path}"] if path else lines))
