"""``wxcoupon codes upload``: a file of codes into a stock."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from ..bulk.account import every_row, source_of
from ..bulk.aside import aside
from ..bulk.engine import Run
from ..bulk.ledger import Ledger, Tally
from ..bulk.outcomes import RowEnd
from ..bulk.pieces import Source
from ..bulk.reading import open_source
from ..bulk.reports.report import Report
from ..bulk.upload import UploadTask
from ..bulk.verdicts import Ending
from ..errors import ConfigurationError, LocalError, WxCouponError
from ..product_coupon import UploadCouponCodes
from .failure import SOME_FAILED, Interrupted, PartDone, UsageError
from .ledgers import forget, ledger_path, ledger_to_run
from .options import USUAL, Connection, Name, OutFile
from .rates import for_a_job, pace_in_force
from .rehearsing import rehearse
from .row_report import Counting
from .running import AS_USUAL, Running, carry_out, say_what_is_left
from .tables import RowsFile, read_from, short_name
from .text import STDIN, conclude, emit, json_text, number_of, say
from .words import TROUBLES, UPLOAD, has_trouble

COLUMNS = ("line", "code", "outcome", "reason")
_LISTED = 20
_LONG = 200_000
"""Lines of a report that takes long enough to be told of where somebody wants the command to end."""


async def upload(  # noqa: PLR0913 - one argument an option
    file: RowsFile,
    /,
    *,
    product_coupon_id: Name,
    stock_id: Name,
    job: Name | None = None,
    column: str | None = None,
    sheet: str | None = None,
    report: OutFile | None = None,
    running: Running = AS_USUAL,
    connection: Connection = USUAL,
) -> int:
    """Upload a file of codes into a stock.

    Args:
        file: A text file, a csv file, a workbook, or - for the standard input.
        product_coupon_id: The product coupon.
        stock_id: Its stock, whose coupon_code_mode is UPLOAD.
        job: Name of the job; by default made of the file's name and the ids, of the standard input of what it says.
        column: Column of a csv file or workbook; by default the only one, or the one whose heading says codes.
        sheet: Sheet of a workbook; by default the only one.
        report: Table to write with line, code, outcome and reason of every line, csv or .xlsx; put in place at the end.
        running: How it is run.
        connection: Settings.
    """
    pace = pace_in_force(UploadCouponCodes, running.rate)
    ids = {"product_coupon_id": product_coupon_id, "stock_id": stock_id}
    if running.dry_run:
        if report is not None:
            raise UsageError("--dry-run writes no report: nothing becomes of any line; leave --report out.")
        source = await _opened(file, None, column, sheet)
        task = UploadTask(job or await _job_name(file, source, ids), **ids)
        return await rehearse(
            source, task, UPLOAD, pace=pace, mode=running.progress, as_json=connection.json, output="report"
        )
    client = connection.client(**for_a_job(UploadCouponCodes, running.rate))
    besides = {**read_from(file), ledger_path(running.ledger): "the ledger"}
    written = None if report is None else Report(report, COLUMNS, besides=besides)
    async with ledger_to_run(running.ledger) as ledger:
        source = await _opened(file, ledger.folder, column, sheet)
        try:
            named = job or await _job_name(file, source, ids)
            task = UploadTask(named, **ids)
            work = Run(client, task, source, ledger=ledger, concurrency=running.concurrency)
            fault = await carry_out(client, work, UPLOAD, title="uploading", mode=running.progress)
        finally:
            source.close()
        say_what_is_left(work, UPLOAD, fault)
        trouble = await _tell(ledger, work, written, as_json=connection.json, is_over=fault is None)
        _conclude(work, written, as_json=connection.json)
        if fault is None and trouble is None and work.progress.tally.invalid == work.record.rows:
            await forget(ledger, work.record)
            what = "no legal code" if work.record.rows else "no codes"
            raise ConfigurationError(f"{work.source.name} has {what}; nothing was sent")
    if (ending := fault or trouble) is not None:
        raise ending
    return SOME_FAILED if has_trouble(work.progress.tally) else 0


async def _opened(file: str, folder: Path | None, column: str | None, sheet: str | None) -> Source:
    source = await open_source(file, folder=folder, column=column, sheet=sheet)
    for remark in source.remarks:
        say(remark)
    return source


async def _job_name(file: str, source: Source, ids: Mapping[str, str]) -> str:
    """What a job is called that nobody named; what comes by a pipe has no name but itself."""
    name = short_name(file)
    if file == STDIN:
        name = f"{name}-{str((await aside(lambda _: source.about()))['digest'])[:12]}"
    return ":".join([name, *ids.values()])


async def _tell(
    ledger: Ledger, work: Run[Any], report: Report | None, *, as_json: bool, is_over: bool
) -> Exception | None:
    """Tell what became of single lines, of earlier runs too: all to a report, otherwise those in trouble.

    Returns:
        Why it could not be told to its end.
    """
    tally = work.progress.tally
    if not (report is not None and work.record.rows) and not has_trouble(tally):
        return None
    if report is not None and not is_over and work.record.rows >= _LONG:
        say(f"writing the report of {number_of(work.record.rows, 'line')}; Ctrl-C leaves it out")
    try:
        source = await aside(lambda _: source_of(work.record))
        try:
            rows = every_row(ledger, work.record, source, troubled=report is None)
            if report is not None:
                await write_report(report, rows)
            elif as_json:
                async for row in rows:
                    if row.ending in TROUBLES:
                        emit({"line": row.line, "code": row.text, "outcome": row.ending, "reason": row.reason})
            else:
                # Of calls that were refused or cut off with the job, the job's end says more.
                await _list(rows, tally, TROUBLES if is_over else (Ending.INVALID,))
        finally:
            source.close()
    except asyncio.CancelledError:
        return Interrupted("run the same command again: the job goes on where it ended, and tells of all lines")
    except LocalError as error:
        return PartDone(error)  # the file is gone, or the ledger: what was sent is sent all the same
    except (WxCouponError, OSError) as error:
        return error
    return None


async def write_report(report: Report, rows: AsyncIterator[RowEnd]) -> Tally:
    """Write lines with their codes to a report; gives how many there are of each outcome.

    Raises:
        ReportError: it cannot be written.
    """
    counting = Counting()
    with report:
        async for row in rows:
            counting.add(row.ending)
            code = report.harmless(row.text) if row.ending is Ending.INVALID else row.text
            report.row(row.line, code, UPLOAD.outcome(row.ending), row.reason)
    return counting.total()


async def _list(rows: AsyncIterator[RowEnd], tally: Tally, kinds: tuple[Ending, ...]) -> None:
    """Name the first lines of each kind."""
    wanted = {kind: number for kind in kinds if (number := min(getattr(tally, kind), _LISTED))}
    told: Counter[Ending] = Counter()
    if not wanted:
        return
    async for row in rows:
        if row.ending is not None and row.ending in wanted and told[row.ending] < _LISTED:
            told[row.ending] += 1
            say(f"line {row.line}: {row.ending}: {row.reason}")
            if all(told[kind] == number for kind, number in wanted.items()):
                break
    for kind in wanted:
        if (more := getattr(tally, kind) - _LISTED) > 0:
            say(f"and {number_of(more, 'more line')} {'is' if more == 1 else 'are'} {kind}; --report FILE writes all")


def _conclude(work: Run[Any], report: Report | None, *, as_json: bool) -> None:
    tally = work.progress.tally
    if not work.record.rows:
        return
    counts = UPLOAD.counts(tally)
    path = str(report.path) if report is not None and report.kept else None
    if tally.already:
        say(
            f"WeChat Pay had {number_of(tally.already, 'code')} before, in this stock or in another one; "
            "what the stock holds is coupon_code_count_info of product_coupon.get_stock"
        )
    if as_json:
        conclude(json_text({"job": work.job, "counts": counts, "lines": tally.total, "report": path}))
        return
    lines = [f"job {work.job}: {number_of(tally.total, 'line')}"]
    lines += [f"  {outcome:<14}{number:>10,}" for outcome, number in counts.items()]
    conclude("\n".join([*lines, f"  report: {path}"] if path else lines))
