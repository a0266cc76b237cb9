"""``wxcoupon coupons``: one call for each row of a file, over coupons of users."""

from __future__ import annotations

from typing import Annotated, Any, Final

import attrs
from cyclopts import Parameter

from ..bulk.rows.row_task import RowTask
from ..endpoint import AnyEndpoint
from ..product_coupon import ConfirmCoupon, DeactivateUserCoupon, ReturnCoupon, SendCoupon, UseCoupon
from .failure import UsageError
from .options import USUAL, Connection, Flag, Name, OutFile
from .row_jobs import RowJob, run_rows
from .row_report import ROW_COLUMNS, row_cells
from .running import AS_USUAL, Running
from .tables import RowsFile

_OPTIONS: Final = ("product_coupon_id", "stock_id", "appid")
"""Columns that have an option of their own."""


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class Rows:
    """What the rows are, and what is done with the outcomes.

    Attributes:
        job: Names the occasion: the request numbers of rows that bring none are derived from it.
        product_coupon_id: The product coupon of rows that name none.
        stock_id: The stock of rows that name none.
        appid: The appid of rows that name none.
        default: Any other column, NAME=VALUE, for rows that do not say it; may be given more than once.
        out: Csv file to write, which only you may read; every outcome is in it as soon as it is known.
        sheet: Sheet of a workbook; by default the only one.
        renew: Forget what the ledger has of the job, and do all rows again under the same numbers.
    """

    job: Name
    product_coupon_id: Name | None = None
    stock_id: Name | None = None
    appid: Name | None = None
    default: Annotated[tuple[str, ...], Parameter(negative="")] = ()
    out: OutFile | None = None
    sheet: str | None = None
    renew: Flag = False


async def send(file: RowsFile, /, *, rows: Rows, running: Running = AS_USUAL, connection: Connection = USUAL) -> int:
    """Send a coupon to the user of each row.

    Args:
        file: A csv file or a workbook whose columns are named like the request's members, - for the standard input.
        rows: What they are.
        running: How it is run.
        connection: Settings.
    """
    return await _run(SendCoupon, "sending", file, rows, running, connection)


async def confirm(file: RowsFile, /, *, rows: Rows, running: Running = AS_USUAL, connection: Connection = USUAL) -> int:
    """Confirm the coupon of each row.

    Args:
        file: A csv file or a workbook whose columns are named like the request's members, - for the standard input.
        rows: What they are.
        running: How it is run.
        connection: Settings.
    """
    return await _run(ConfirmCoupon, "confirming", file, rows, running, connection)


async def use(file: RowsFile, /, *, rows: Rows, running: Running = AS_USUAL, connection: Connection = USUAL) -> int:
    """Redeem the coupon of each row.

    Args:
        file: A csv file or a workbook whose columns are named like the request's members, - for the standard input.
        rows: What they are.
        running: How it is run.
        connection: Settings.
    """
    return await _run(UseCoupon, "redeeming", file, rows, running, connection)


async def give_back(
    file: RowsFile, /, *, rows: Rows, running: Running = AS_USUAL, connection: Connection = USUAL
) -> int:
    """Give the redeemed coupon of each row back to its user.

    Args:
        file: A csv file or a workbook whose columns are named like the request's members, - for the standard input.
        rows: What they are.
        running: How it is run.
        connection: Settings.
    """
    return await _run(ReturnCoupon, "returning", file, rows, running, connection)


async def deactivate(
    file: RowsFile, /, *, rows: Rows, running: Running = AS_USUAL, connection: Connection = USUAL
) -> int:
    """Deactivate the coupon of each row.

    Args:
        file: A csv file or a workbook whose columns are named like the request's members, - for the standard input.
        rows: What they are.
        running: How it is run.
        connection: Settings.
    """
    return await _run(DeactivateUserCoupon, "deactivating", file, rows, running, connection)


async def _run(
    endpoint: type[AnyEndpoint], title: str, file: str, rows: Rows, running: Running, connection: Connection
) -> int:
    defaults: dict[str, Any] = {name: getattr(rows, name) for name in _OPTIONS}
    for given in rows.default:
        name, equals, value = given.partition("=")
        if not (equals and name and value):
            raise UsageError(f"--default is NAME=VALUE, like store_id=100001, not {given!r}.")
        if defaults.get(name) is not None:
            raise UsageError(f"{name} is given more than once.")
        defaults[name] = value
    task: RowTask[Any] = RowTask(endpoint, rows.job, defaults=defaults)
    job = RowJob(endpoint, task, file, rows.sheet, _OPTIONS, rows.out, ROW_COLUMNS, row_cells, title, rows.renew)
    return await run_rows(job, running, connection)
