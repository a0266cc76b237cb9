"""The files of what was paid with cash coupons and paid back: links to them, and the files.

A link is good for 30 seconds, for the caller that asked for it. A file is UTF-8 CSV with a heading, amounts in yuan
and times in UTC+8. No page describes the columns, so these are the sandbox's own. The links of a day lead to the same
place as the others here, other than WeChat Pay's.

https://pay.weixin.qq.com/doc/v3/merchant/4012463585
"""

from __future__ import annotations

import csv
import hashlib
import io
import secrets
from collections.abc import Iterator
from datetime import timedelta
from typing import Final, TypeAlias

import attrs

from .cash_records import CashCoupon, CashStock, Payment, room
from .handlers import Answer, Asked, handles
from .refusals import Refusal, invalid, parameter
from .validity import day, moment, written
from .world import World

PATH: Final = "/v3/billdownload/file"
"""Where files are fetched, as ``?token=…``."""
_SECONDS: Final = 30
_OPENS: Final = 10
"""The hour of the next day from which a stock has its files."""
_SHARED: Final = ("批次号", "代金券号", "优惠金额(元)", "订单金额(元)", "商户号", "支付单号", "支付时间")
_REFUNDED: Final = (*_SHARED, "退款单号", "退款时间")

_Row: TypeAlias = tuple[str, ...]
_Dated: TypeAlias = list[tuple[float, _Row]]


@attrs.frozen
class FlowFile:
    """A file that can be fetched.

    Attributes:
        reader: who may fetch it.
        until: when no more, in seconds since 1970.
    """

    content: bytes = attrs.field(repr=False)
    reader: tuple[str, str]
    until: float


class FlowFiles:
    """The files of a sandbox, by the token of their links."""

    def __init__(self) -> None:
        self.links: dict[str, FlowFile] = {}

    def announce(self, world: World, asked: Asked, content: bytes) -> str:
        """Make a link to a file; its address is that at which the sandbox was asked."""
        self.links = {token: file for token, file in self.links.items() if world.now <= file.until}
        token = secrets.token_urlsafe(24)
        self.links[token] = FlowFile(content, asked.identity.subject, world.now + _SECONDS)
        return f"{asked.origin}{PATH}?token={token}"


def fetch(world: World, reader: tuple[str, str], token: str) -> bytes:
    """The file of a link.

    Raises:
        Refusal: there is no such link any more, or not for this caller.
    """
    file = world.room(FlowFiles).links.get(token)
    if file is None or world.now > file.until:
        raise invalid("there is no such link, or its 30 seconds are over; ask for a new one")
    if file.reader != reader:
        raise Refusal(403, "NO_AUTH", "the link was given to another caller")
    return file.content


@handles("cash_coupon.get_use_flow")
def get_use_flow(world: World, asked: Asked) -> Answer:
    """Announce the file of all that was paid with the coupons of a stock."""
    return _whole(world, asked, _SHARED, _used(world, _ended(world, asked)))


@handles("cash_coupon.get_refund_flow")
def get_refund_flow(world: World, asked: Asked) -> Answer:
    """Announce the file of all that was paid back of it."""
    return _whole(world, asked, _REFUNDED, _refunded(world, _ended(world, asked)))


@handles("cash_coupon.get_use_flow_by_day")
def get_use_flow_by_day(world: World, asked: Asked) -> Answer:
    """Announce the file of what was paid on one day."""
    stock, wanted = _past(world, asked)
    rows = [row for at, row in _used(world, stock) if day(at) == wanted]
    return _of_day(world, asked, "stock_useflow", _SHARED, rows)


@handles("cash_coupon.get_refund_flow_by_day")
def get_refund_flow_by_day(world: World, asked: Asked) -> Answer:
    """Announce the file of what was paid back on one day."""
    stock, wanted = _past(world, asked)
    rows = [row for at, row in _refunded(world, stock) if day(at) == wanted]
    return _of_day(world, asked, "stock_refundflow", _REFUNDED, rows)


def _ended(world: World, asked: Asked) -> CashStock:
    stock = room(world).own(asked)
    following = moment(stock.ends_at) + timedelta(days=1)
    opens = following.replace(hour=_OPENS, minute=0, second=0, microsecond=0).timestamp()
    if stock.started_at is None or world.now < opens:
        raise invalid("the files are there from 10:00 on the day after the stock has ended")
    return stock


def _past(world: World, asked: Asked) -> tuple[CashStock, str]:
    stock, wanted = room(world).own(asked), str(asked.data["bill_date"])
    if wanted >= day(world.now):
        raise parameter("bill_date", "has to be a day that is over", location="query")
    return stock, wanted


def _paid(world: World, stock: CashStock) -> Iterator[tuple[CashCoupon, Payment]]:
    for coupon in room(world).coupons.values():
        if coupon.stock is stock and coupon.used is not None:
            yield coupon, coupon.used


def _used(world: World, stock: CashStock) -> _Dated:
    return [(payment.paid_at, _row(coupon, payment)) for coupon, payment in _paid(world, stock)]


def _refunded(world: World, stock: CashStock) -> _Dated:
    return [
        (payment.refunded_at, (*_row(coupon, payment), payment.refund_id, written(payment.refunded_at)))
        for coupon, payment in _paid(world, stock)
        if payment.refunded_at is not None
    ]


def _row(coupon: CashCoupon, payment: Payment) -> _Row:
    value = coupon.stock.value["coupon_amount"]
    return (
        coupon.stock.stock_id,
        coupon.coupon_id,
        f"{value / 100:.2f}",
        f"{payment.total / 100:.2f}",
        payment.mchid,
        payment.transaction_id,
        written(payment.paid_at),
    )


def _csv(heading: _Row, rows: list[_Row]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(heading)
    writer.writerows(rows)
    return text.getvalue().encode()


def _sha1(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()  # noqa: S324 - the hash that is documented


def _whole(world: World, asked: Asked, heading: _Row, dated: _Dated) -> Answer:
    content = _csv(heading, [row for _, row in dated])
    url = world.room(FlowFiles).announce(world, asked, content)
    return {"url": url, "hash_value": _sha1(content), "hash_type": "SHA1"}


def _of_day(world: World, asked: Asked, prefix: str, heading: _Row, rows: list[_Row]) -> Answer:
    content = _csv(heading, rows)
    url = world.room(FlowFiles).announce(world, asked, content)
    return {"url": url, f"{prefix}_hash": _sha1(content), f"{prefix}_count": str(len(rows))}
