"""``wxcoupon tokens``: tokens for the claim component."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path

from ..bulk.presend import PreSend
from ..bulk.presend import pre_send as pre_send_rows
from ..bulk.report import Report
from ..bulk.sources import STDIN, Table, open_table
from ..errors import ConfigurationError
from .failure import SOME_FAILED, Interrupted, UsageError
from .options import USUAL, Connection
from .text import count_lines, emit, is_stdin, progress, say

_COLUMNS = ("openid", "send_request_no", "token", "expires_at", "error")


async def pre_send(
    file: str,
    /,
    *,
    out: Path,
    product_coupon_id: str | None = None,
    stock_id: str | None = None,
    appid: str | None = None,
    job: str | None = None,
    concurrency: int = 8,
    connection: Connection = USUAL,
) -> int:
    """Get one pre-send token for each row of users.

    Args:
        file: A text file of openids or a csv file, - for the standard input.
        out: Csv file to write, which only you may read.
        product_coupon_id: The product coupon of rows that name none.
        stock_id: The stock of rows that name none.
        appid: The appid of rows that name none.
        job: Names the occasion, for rows without send_request_no; by default the file's name.
        concurrency: Calls under way at once.
        connection: Settings.
    """
    client = connection.client()
    table = _open(file)
    defaults = {"product_coupon_id": product_coupon_id, "stock_id": stock_id, "appid": appid}
    for name, value in defaults.items():
        if value is None and name not in table.header:
            table.close()
            raise UsageError(
                f"no {name} is known: give --{name.replace('_', '-')}, or a csv file with a column {name}."
            )
    named = job or ("stdin" if is_stdin(file) else Path(file).name)
    work = pre_send_rows(client, table, job=named, concurrency=concurrency, **defaults)
    try:
        with ExitStack() as stack:
            stack.enter_context(closing(table))
            _require(defaults, table)
            written = stack.enter_context(Report(out, _COLUMNS, besides=table, mark=False))
            advance = stack.enter_context(progress("pre-sending", count_lines(file)))
            async with client, work:
                async for row in work:
                    advance(1)
                    until = row.expires_at.isoformat() if row.expires_at else ""
                    written.row(row.openid, row.send_request_no, row.token, until, row.error)
        if work.rows == 0:
            raise ConfigurationError(f"{table.name} has no rows; nothing was sent")
    except asyncio.CancelledError:
        raise Interrupted(
            f"run the same command again: under the job {named!r} a user still gets one coupon, with a new token"
        ) from None
    finally:
        if work.rows:
            _close(work, named, table, out, as_json=connection.json)
    return SOME_FAILED if work.rows > work.done else 0


def _require(defaults: Mapping[str, str | None], table: Table) -> None:
    for name, value in defaults.items():
        if value is None and name not in table.header:
            raise UsageError(
                f"no {name} is known: give --{name.replace('_', '-')}, or a csv file with a column {name}."
            )


def _open(file: str) -> Table:
    is_csv = not is_stdin(file) and Path(file).suffix.lower() == ".csv"
    return open_table(STDIN if is_stdin(file) else file, columns=("openid",) if is_csv else ())


def _close(work: PreSend, job: str, table: Table, out: Path, *, as_json: bool) -> None:
    counts = {str(outcome): number for outcome, number in work.counts.items()}
    if table.encoding != "utf-8":
        say(f"{table.name} was read as {table.encoding.upper()}, because it is not UTF-8")
    if work.stopped is not None:
        say(f"the job stopped after {work.rows} rows; later rows were neither read nor sent")
    if as_json:
        emit({"job": job, "counts": counts, "rows": work.rows, "out": str(out)})
        return
    print(f"{work.rows} rows: " + ", ".join(f"{number} {outcome}" for outcome, number in counts.items()))
    print(f"tokens, good for 5 minutes each: {out}")
