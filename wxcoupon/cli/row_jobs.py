"""Jobs of one call a row on a command line: tokens, and what is done with coupons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import attrs

from ..bulk.aside import aside
from ..bulk.engine import Run
from ..bulk.ledgers.sqlite_ledger import SqliteLedger
from ..bulk.pieces import Source, header_of
from ..bulk.reading import open_source
from ..bulk.reports.growing import GrowingTable
from ..bulk.rows.row_task import RowOutcome, RowTask
from ..endpoint import AnyEndpoint
from ..errors import ConfigurationError
from .failure import SOME_FAILED, UsageError
from .ledgers import forget, ledger_path, ledger_to_run, renew
from .options import Connection
from .rates import for_a_job, pace_in_force
from .rehearsing import rehearse
from .row_telling import Telling
from .running import Running, carry_out, say_what_is_left
from .tables import read_from
from .text import STDIN, conclude, json_text, number_of, say
from .words import ROWS, has_trouble


@attrs.frozen
class RowJob:
    """A job of one call a row, as a command line says it.

    Attributes:
        endpoint: what is called for each row.
        task: what is done with the rows.
        file: where they are.
        sheet: the sheet of a workbook.
        by_option: columns that an option gives for every row.
        out: where the outcomes are written as they come.
        columns: the header of that file.
        cells: what is written of a row.
        title: what the job does.
        renew: whether an earlier run of the same name is forgotten first.
    """

    endpoint: type[AnyEndpoint]
    task: RowTask[Any]
    file: str
    sheet: str | None
    by_option: Sequence[str]
    out: Path | None
    columns: Sequence[str]
    cells: Callable[[RowOutcome], Sequence[Any]]
    title: str
    renew: bool = False


async def run_rows(job: RowJob, running: Running, connection: Connection) -> int:
    """Run a job of one call a row, or rehearse it.

    Returns:
        The exit status.

    Raises:
        WxCouponError: what ended it, after everything was told.
    """
    pace = pace_in_force(job.endpoint, running.rate)
    if running.dry_run:
        source = await _opened(job, None)
        return await rehearse(
            source, job.task, ROWS, pace=pace, mode=running.progress, as_json=connection.json, output="out"
        )
    client = connection.client(**for_a_job(job.endpoint, running.rate))
    besides = {**read_from(job.file), ledger_path(running.ledger): "the ledger"}
    with ExitStack() as stack:
        out = None if job.out is None else stack.enter_context(GrowingTable(job.out, job.columns, besides=besides))
        async with ledger_to_run(running.ledger) as ledger:
            source = await _opened(job, ledger)
            stack.callback(source.close)
            if job.renew:
                await renew(ledger, job.task.job, source)
            work = Run(client, job.task, source, ledger=ledger, concurrency=running.concurrency)
            telling = Telling(job.task, job.cells, out, work, as_json=connection.json)
            fault = await carry_out(
                client,
                work,
                ROWS,
                title=job.title,
                mode=running.progress,
                begin=lambda: telling.earlier(ledger),
                tell=telling.call,
            )
            say_what_is_left(work, ROWS, fault)
            telling.say_what_expired()
            if fault is None:
                await telling.put_in_order(ledger)
            _conclude(work, out, as_json=connection.json)
            if fault is None and work.progress.tally.invalid == work.record.rows:
                await forget(ledger, work.record)
                what = "no row that can be sent" if work.record.rows else "no rows"
                raise ConfigurationError(f"{work.source.name} has {what}; nothing was sent")
    if fault is not None:
        raise fault
    return SOME_FAILED if has_trouble(work.progress.tally) else 0


async def _opened(job: RowJob, ledger: SqliteLedger | None) -> Source:
    """The rows, with columns that fit."""
    is_table = job.file != STDIN and Path(job.file).suffix.lower() != ".txt"
    named = job.task.needed[:1] if is_table or len(job.task.needed) > 1 else ()
    folder = None if ledger is None else ledger.folder
    source = await open_source(job.file, folder=folder, columns=named, sheet=job.sheet)
    try:
        header = await aside(lambda _: header_of(source))
        if unused := _unused(job, source.name, header):
            say(f"columns of {source.name} that are not used: {', '.join(unused)}")
        for remark in source.remarks:
            say(remark)
    except BaseException:
        source.close()
        raise
    return source


def _unused(job: RowJob, name: str, header: Sequence[str]) -> list[str]:
    for needed in job.task.needed:
        if needed in job.by_option and needed not in header:
            option = f"--{needed.replace('_', '-')}"
            raise UsageError(f"no {needed} is known: give {option}, or a csv file with a column {needed}.")
    try:
        return job.task.unused(header)
    except ConfigurationError as error:
        raise ConfigurationError(f"{name}: {error}") from None


def _conclude(work: Run[Any], out: GrowingTable | None, *, as_json: bool) -> None:
    tally = work.progress.tally
    if not work.record.rows:
        return
    counts = ROWS.counts(tally)
    path = str(out.path) if out is not None and out.kept else None
    if as_json:
        conclude(json_text({"job": work.job, "counts": counts, "rows": tally.total, "out": path}))
        return
    parts = [f"{count:,} {outcome}" for outcome, count in counts.items() if count] or ["nothing was done"]
    conclude(f"job {work.job}: {number_of(tally.total, 'row')}: {', '.join(parts)}" + (f"\n  {path}" if path else ""))
