"""A file of users into tokens of the claim component: one pre-send for each row."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

from ...product_coupon import PreSendCoupon, PreSendToken
from .row_task import RowTask


class PreSendTask(RowTask[PreSendToken]):
    """Tokens for rows of users.

    Rows are openids, or have the column ``openid`` and, where a row knows it, ``send_request_no``,
    ``product_coupon_id``, ``stock_id``, ``appid``, ``coupon_code`` and ``attach``. Rows with the same openid, stock and
    number are one. What is remembered of an answer is its ``token``, and until when it can be used: ``expires_at``.

    Args:
        job: names the occasion. Where a row has no ``send_request_no`` it is derived from this, the ids and the openid,
            so that a user gets one coupon for the occasion, however often it is run.
        product_coupon_id: the product coupon of rows that name none.
        stock_id: the stock of rows that name none.
        appid: the appid of rows that name none.
        clock: seconds since 1970.

    Raises:
        InvalidRequest: an id breaks documented rules.
    """

    kind: ClassVar[str] = "pre_send"

    def __init__(
        self,
        job: str,
        *,
        product_coupon_id: str | None = None,
        stock_id: str | None = None,
        appid: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        defaults = {"product_coupon_id": product_coupon_id, "stock_id": stock_id, "appid": appid}
        super().__init__(PreSendCoupon, job, defaults=defaults, column="openid", clock=clock)
        self.target = dict(defaults)
