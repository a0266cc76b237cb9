"""``wxcoupon tokens``: tokens for the claim component."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path

from ..bulk.presend import COLUMNS, Outcome, PreSend, TokenOutcome
from ..bulk.presend import pre_send as pre_send_rows
from ..bulk.report import Report
from ..bulk.sources import STDIN, Table, open_table
from ..errors import ConfigurationError
from .aside import aside
from .failure import SOME_FAILED, Interrupted, UsageError
from .jobs import carry_out
from .options import USUAL, Connection, Count, Name, OutFile
from .tables import RowsFile, count_lines, remarks, short_name
from .text import conclude, emit, json_text, number_of, progress, say

_LISTED = 20
TOKEN_COLUMNS = ("openid", "send_request_no", "token", "expires_at", "error")


async def pre_send(
    file: RowsFile,
    /,
    *,
    out: OutFile,
    product_coupon_id: Name | None = None,
    stock_id: Name | None = None,
    appid: Name | None = None,
    job: Name | None = None,
    concurrency: Count = 8,
    connection: Connection = USUAL,
) -> int:
    """Get one pre-send token for each row of users.

    Args:
        file: A text file of openids or a csv file, - for the standard input.
        out: Csv file to write, which only you may read; put in place at the end, if any row was read.
        product_coupon_id: The product coupon of rows that name none.
        stock_id: The stock of rows that name none.
        appid: The appid of rows that name none.
        job: Names the occasion, for rows without send_request_no; by default the file's name.
        concurrency: Calls under way at once.
        connection: Settings.
    """
    client = connection.client()
    table = await aside(lambda: _open(file))
    defaults = {"product_coupon_id": product_coupon_id, "stock_id": stock_id, "appid": appid}
    named = job or short_name(file)
    work = pre_send_rows(client, table, job=named, concurrency=concurrency, **defaults)
    written: Report | None = None
    try:
        with ExitStack() as stack:
            stack.enter_context(closing(table))
            _require(defaults, table)
            written = stack.enter_context(Report(out, TOKEN_COLUMNS, besides=table, mark=False))
            advance = stack.enter_context(progress("pre-sending", count_lines(file)))
            await carry_out(client, work, advance, _Telling(work, written, as_json=connection.json))
        if work.rows == work.counts[Outcome.INVALID]:
            what = "no row that can be sent" if work.rows else "no rows"
            raise ConfigurationError(f"{table.name} has {what}; nothing was sent")
    except asyncio.CancelledError:
        raise Interrupted(
            f"run the same command again: under the job {named!r} a user still gets one coupon, with a new token"
        ) from None
    finally:
        if work.rows:
            _close(work, named, table, written, as_json=connection.json)
    return SOME_FAILED if work.rows > work.done else 0


def write_token(report: Report, row: TokenOutcome) -> None:
    """Write what became of a row under :data:`TOKEN_COLUMNS`."""
    until = row.expires_at.isoformat() if row.expires_at else ""
    report.row(row.openid, row.send_request_no, row.token, until, row.error)


class _Telling:
    """Tells what became of single rows: all of them to the file, and why the bad ones have no token."""

    def __init__(self, work: PreSend, report: Report, *, as_json: bool) -> None:
        self._work = work
        self._report = report
        self._as_json = as_json
        self._told = 0

    def __call__(self, row: TokenOutcome, /, *, late: bool = False) -> None:
        write_token(self._report, row)
        if row.outcome is Outcome.DONE:
            return
        if self._as_json:
            emit({"row": row.line, "outcome": row.outcome, "reason": row.error})
        elif self._work.stopped is None and not late:
            self._told += 1
            if self._told <= _LISTED:
                say(f"line {row.line}: {row.outcome}: {row.error}")
            elif self._told == _LISTED + 1:
                say(f"and more lines have no token; {self._report.path} says of each why")


def _require(defaults: Mapping[str, str | None], table: Table) -> None:
    for name, value in defaults.items():
        if value is None and name not in table.header:
            raise UsageError(
                f"no {name} is known: give --{name.replace('_', '-')}, or a csv file with a column {name}."
            )


def _open(file: str) -> Table:
    is_csv = file != STDIN and Path(file).suffix.lower() == ".csv"
    table = open_table(file, columns=("openid",) if is_csv else ())
    for name in COLUMNS:
        if table.header.count(name) > 1:
            table.close()
            raise ConfigurationError(f"{table.name} has several columns called {name!r}; rename the others")
    if unknown := [name for name in table.header if name and name not in COLUMNS]:
        say(f"columns of {table.name} that are not used: {', '.join(unknown)}")
    return table


def _close(work: PreSend, job: str, table: Table, report: Report | None, *, as_json: bool) -> None:
    counts = {str(outcome): number for outcome, number in work.counts.items()}
    out = str(report.path) if report is not None and report.kept else None
    for remark in remarks(table):
        say(remark)
    if not work.whole:
        say(f"the job stopped after {number_of(work.rows, 'row')}; later rows were neither read nor sent")
    if as_json:
        conclude(json_text({"job": job, "counts": counts, "rows": work.rows, "out": out}))
        return
    summary = f"{number_of(work.rows, 'row')}: " + ", ".join(
        f"{number} {outcome}" for outcome, number in counts.items()
    )
    conclude(f"{summary}\ntokens, good for 5 minutes each: {out}" if out else summary)
