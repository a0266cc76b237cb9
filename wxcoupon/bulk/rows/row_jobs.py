"""Jobs of one call a row: any call that has a request number, over a file or a stream of rows."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from ...client import Client
from ...endpoint import Endpoint
from ...identity import Brand, Merchant, Partner
from ...product_coupon import PreSendToken
from ..engine import Run
from ..ledger import Ledger
from ..reading import STDIN
from .presend_task import PreSendTask
from .row_task import RowTask

R = TypeVar("R")
Who = TypeVar("Who", bound=Merchant | Partner | Brand)

Cells: TypeAlias = Mapping[str, str]
Rows: TypeAlias = "str | Path | Iterable[str] | Iterable[Cells] | AsyncIterable[str] | AsyncIterable[Cells]"
"""The path of a text or csv file or of a workbook, ``"-"``, or the rows: a text each, or its cells by column."""


def call_rows(
    client: Client[Who],
    endpoint: type[Endpoint[R, Who]],
    source: Rows,
    *,
    job: str,
    defaults: Mapping[str, str | None] | None = None,
    ledger: Ledger | str | Path | None = None,
    sheet: str | None = None,
    concurrency: int = 8,
) -> Run[R]:
    """Make the same call for each row: send, confirm, use, return or deactivate coupons, for example.

    ::

        async with call_rows(client, pc.UseUserCoupon, "redeemed.csv", job="till-7", ledger="wxcoupon.ledger") as job:
            async for call in job:
                print(call.rows()[0].line, call.error or "done")

    Args:
        client: makes the calls.
        endpoint: the class of the requests; it has to have a request number.
        source: the rows; their columns are the members of the request under their wire names, those of a part dotted
            (``amount.total``), and an empty cell is a member that is left out. A row of one value is the member that is
            needed and has no default.
        job: names the job in its ledger. Where a row has no request number, it is derived from this and from what the
            row is about; see :class:`~wxcoupon.bulk.rows.row_task.RowTask`.
        defaults: members, as cells would have them, of rows that do not say them.
        ledger: where the job is remembered, as for :func:`~wxcoupon.bulk.upload.upload_codes`; what is worth
            remembering of each answer too.
        sheet: of a workbook, the sheet to read.
        concurrency: calls under way at once.

    Returns:
        The job, as an async context manager; see :class:`~wxcoupon.bulk.engine.Run`.

    Raises:
        ConfigurationError: the endpoint has no request number, or a default is for nothing.
        InvalidRequest: a default breaks documented rules.
    """
    task = RowTask(endpoint, job, defaults=defaults)
    return _run(client, task, source, ledger=ledger, sheet=sheet, concurrency=concurrency)


def pre_send(  # noqa: PLR0913 - what a job is, all by keyword
    client: Client[Partner] | Client[Brand],
    source: Rows,
    *,
    job: str,
    product_coupon_id: str | None = None,
    stock_id: str | None = None,
    appid: str | None = None,
    ledger: Ledger | str | Path | None = None,
    sheet: str | None = None,
    concurrency: int = 8,
) -> Run[PreSendToken]:
    """Get a pre-send token for each row of users; a token can be used for 300 seconds.

    https://pay.weixin.qq.com/doc/v3/partner/4016434365

    Args:
        client: makes the calls.
        source: openids, or rows with the column ``openid`` and what else they know; see
            :class:`~wxcoupon.bulk.rows.presend_task.PreSendTask`.
        job: names the occasion, in its ledger and for the request numbers: a user gets one coupon of the stock for it.
        product_coupon_id: the product coupon of rows that name none.
        stock_id: the stock of rows that name none.
        appid: the appid of rows that name none.
        ledger: where the job is remembered, tokens included. A job that is run again asks only for what is missing.
        sheet: of a workbook, the sheet to read.
        concurrency: calls under way at once.

    Returns:
        The job, as an async context manager; see :class:`~wxcoupon.bulk.engine.Run`.

    Raises:
        InvalidRequest: an id breaks documented rules.
    """
    task = PreSendTask(job, product_coupon_id=product_coupon_id, stock_id=stock_id, appid=appid)
    return _run(client, task, source, ledger=ledger, sheet=sheet, concurrency=concurrency)


def _run(
    client: Client[Any],
    task: RowTask[R],
    source: Rows,
    *,
    ledger: Ledger | str | Path | None,
    sheet: str | None,
    concurrency: int,
) -> Run[R]:
    columns: tuple[str, ...] = ()
    if isinstance(source, (str, Path)):
        is_text = str(source) == STDIN or Path(source).suffix.lower() == ".txt"
        columns = task.needed[:1] if not is_text or len(task.needed) > 1 else ()
    return Run(client, task, source, ledger=ledger, columns=columns, sheet=sheet, concurrency=concurrency)
