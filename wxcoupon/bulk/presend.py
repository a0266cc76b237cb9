"""A file of users into tokens: one pre-send for each row, every row with its outcome.

Rule 1: a row says what it knows, and the job's defaults say the rest.
Rule 2: a row that could not be sent as it stands is not sent, and says why.
Rule 3: nothing more is sent once no other row could end better: a fault on this side, an answer that is not proven or
        not accepted (401), no connection.
Rule 4: the first row is sent alone. Refused for what the rows have in common, the ids and the permission, it is the
        last; other refusals may be the user's own, who has had enough coupons for example.
Rule 5: every row that was read has an outcome however the job ends: what was not iterated is in :attr:`PreSend.rest`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Mapping
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from typing import Any, Final

import attrs

from ..checks import faults
from ..client import Client
from ..errors import (
    ApiError,
    LocalError,
    RateLimited,
    ServerError,
    UnreachableError,
    UntrustedAnswer,
    WxCouponError,
)
from ..identity import Brand, Partner
from ..product_coupon import PreSendCoupon, PreSendToken
from .job import Job
from .plan import request_no_for
from .run import Done, Failed
from .settle import settle
from .sources import Row

LIFETIME: Final = timedelta(seconds=300)
"""How long a token can be used. https://pay.weixin.qq.com/doc/v3/partner/4016434365"""

_CHINA: Final = timezone(timedelta(hours=8))
COLUMNS: Final = ("openid", "send_request_no", "product_coupon_id", "stock_id", "appid", "coupon_code", "attach")
"""What a row may say."""


class Outcome(StrEnum):
    """What became of a row."""

    DONE = "done"
    FAILED = "failed"
    INVALID = "invalid"


@attrs.frozen
class TokenOutcome:
    """What became of one row.

    Attributes:
        line: its number, from 1.
        outcome: what became of it.
        openid: the user.
        send_request_no: the number of the sending: the row's own, or the one derived for it.
        token: for the claim component of a mini program; None without one.
        expires_at: until when it can be used, None without one.
        error: what went wrong, empty when nothing did.
    """

    line: int
    outcome: Outcome
    openid: str = attrs.field(repr=False)
    send_request_no: str
    token: str | None = attrs.field(default=None, repr=False)
    expires_at: datetime | None = None
    error: str = ""


class PreSend(Job[TokenOutcome]):
    """A job under way: iterate it once for the outcome of every row. Made by :func:`pre_send`."""

    def __init__(
        self,
        client: Client[Any],
        rows: AsyncIterable[Row],
        *,
        job: str,
        defaults: Mapping[str, str | None],
        concurrency: int,
    ) -> None:
        self._job = job
        self._defaults = defaults
        self._under_way: dict[int, tuple[Row, PreSendCoupon]] = {}
        self._first_ended = asyncio.Event()
        super().__init__(Outcome, settle(client, self._work(rows), self._judge, concurrency=concurrency))

    @property
    def rows(self) -> int:
        """Rows with an outcome so far."""
        return sum(self.counts.values())

    @property
    def done(self) -> int:
        """Tokens so far."""
        return self.counts[Outcome.DONE]

    def _left_over(self) -> list[TokenOutcome]:
        return [_failed(row, request, _INTERRUPTED) for row, request in self._under_way.values()]

    async def _work(self, rows: AsyncIterable[Row]) -> AsyncGenerator[PreSendCoupon | list[TokenOutcome]]:
        async for row in rows:
            request = self._request(row)
            problem = row.problem or "; ".join(str(fault) for fault in faults(request))
            if problem:
                yield [TokenOutcome(row.line, Outcome.INVALID, request.openid, request.send_request_no, error=problem)]
            else:
                self._under_way[id(request)] = (row, request)
                yield request
                await self._first_ended.wait()
            if self.stopped is not None:
                break
        else:
            self.whole = True

    def _request(self, row: Row) -> PreSendCoupon:
        given = row.cells or {"openid": row.text}
        known: dict[str, Any] = {name: given.get(name) or self._defaults.get(name) for name in COLUMNS}
        if known["send_request_no"] is None:
            parts = (known["product_coupon_id"] or "", known["stock_id"] or "", known["openid"] or "")
            known["send_request_no"] = request_no_for(self._job, *parts)
        values: dict[str, Any] = {name: value or "" if name in _NEEDED else value for name, value in known.items()}
        return PreSendCoupon(**values)

    def _judge(self, end: Done[PreSendToken] | Failed[PreSendToken]) -> list[TokenOutcome]:
        row, request = self._under_way.pop(id(end.request))
        first = not self._first_ended.is_set()
        self._first_ended.set()
        if isinstance(end, Done):
            until = datetime.now(_CHINA).replace(microsecond=0) + LIFETIME
            return [
                TokenOutcome(row.line, Outcome.DONE, request.openid, request.send_request_no, end.result.token, until)
            ]
        if _holds_for_all(end.error, first=first, alike=not any(row.cells.get(name) for name in _OWN)):
            self.stopped = self.stopped or end.error
        return [_failed(row, request, str(end.error))]


_NEEDED: Final = frozenset({"openid", "product_coupon_id", "stock_id", "appid", "send_request_no"})
_OWN: Final = ("product_coupon_id", "stock_id", "appid", "coupon_code")
"""Columns by which a row may be refused for something that other rows do not have."""
_INTERRUPTED: Final = "interrupted before an answer came; run the same job again"


def _failed(row: Row, request: PreSendCoupon, reason: str) -> TokenOutcome:
    return TokenOutcome(row.line, Outcome.FAILED, request.openid, request.send_request_no, error=reason)


def _holds_for_all(error: WxCouponError, *, first: bool, alike: bool) -> bool:
    """Whether the other rows would end the same way; *alike*: this one has no ids of its own."""
    if isinstance(error, (LocalError, UntrustedAnswer, UnreachableError)):
        return True
    if isinstance(error, ApiError) and not isinstance(error, (RateLimited, ServerError)):
        return error.status == 401 or (first and alike and error.status in {403, 404})
    return first


def pre_send(
    client: Client[Partner] | Client[Brand],
    rows: AsyncIterable[Row],
    *,
    job: str,
    product_coupon_id: str | None = None,
    stock_id: str | None = None,
    appid: str | None = None,
    concurrency: int = 8,
) -> PreSend:
    """Get a pre-send token for each row of users.

    Args:
        client: makes the calls.
        rows: rows of :func:`~wxcoupon.bulk.sources.open_table`: openids, or cells by column: ``openid`` and, where a
            row knows it, ``send_request_no``, ``product_coupon_id``, ``stock_id``, ``appid``, ``coupon_code`` and
            ``attach``.
        job: names the occasion. Where a row has no ``send_request_no`` it is derived from this, the ids and the openid,
            so that a user gets one coupon for the occasion, however often it is run.
        product_coupon_id: the product coupon of rows that name none.
        stock_id: the stock of rows that name none.
        appid: the appid of rows that name none.
        concurrency: calls under way at once.

    Returns:
        The job, as an async context manager. Leaving its block early cancels the calls under way; what became of the
        rows that were read by then is in ``rest`` and ``counts``.

    Raises:
        WxCouponError: from the iteration, after its last outcome: what stopped the job.
    """
    defaults = {"product_coupon_id": product_coupon_id, "stock_id": stock_id, "appid": appid}
    return PreSend(client, rows, job=job, defaults=defaults, concurrency=concurrency)
