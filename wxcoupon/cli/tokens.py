"""``wxcoupon tokens``: tokens for the claim component."""

from __future__ import annotations

from ..bulk.rows.presend_task import PreSendTask
from ..product_coupon import PreSendCoupon
from .options import USUAL, Connection, Flag, Name, OutFile
from .row_jobs import RowJob, run_rows
from .row_report import PRE_SEND_OPTIONS, TOKEN_COLUMNS, token_cells
from .running import AS_USUAL, Running
from .tables import RowsFile, short_name


async def pre_send(  # noqa: PLR0913 - one argument an option
    file: RowsFile,
    /,
    *,
    out: OutFile,
    product_coupon_id: Name | None = None,
    stock_id: Name | None = None,
    appid: Name | None = None,
    job: Name | None = None,
    sheet: str | None = None,
    renew: Flag = False,
    running: Running = AS_USUAL,
    connection: Connection = USUAL,
) -> int:
    """Get one pre-send token for each row of users.

    Args:
        file: A text file of openids, a csv file or a workbook, - for the standard input.
        out: Csv file to write, which only you may read; every token is in it as soon as it came.
        product_coupon_id: The product coupon of rows that name none.
        stock_id: The stock of rows that name none.
        appid: The appid of rows that name none.
        job: Names the occasion, for rows without send_request_no; by default the file's name.
        sheet: Sheet of a workbook; by default the only one.
        renew: Forget what the ledger has of the job, and get new tokens under the same numbers.
        running: How it is run.
        connection: Settings.
    """
    named = job or short_name(file)
    task = PreSendTask(named, product_coupon_id=product_coupon_id, stock_id=stock_id, appid=appid)
    work = RowJob(
        PreSendCoupon, task, file, sheet, PRE_SEND_OPTIONS, out, TOKEN_COLUMNS, token_cells, "pre-sending", renew
    )
    return await run_rows(work, running, connection)
