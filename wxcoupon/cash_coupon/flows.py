"""Links to the files of what was redeemed and refunded.

Each answer has a ``download`` for ``await client.download(answer)``: the file itself is not signed, and is believed
by the hash that stands here beside its link. A link lives 30 seconds.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Final

from ..download import Link
from ..endpoint import Endpoint, endpoint
from ..identity import Merchant, Partner
from ..model import PRIVATE, Model, Text, model
from .ids import StockId

__all__ = [
    "FlowFile",
    "GetRefundFlow",
    "GetRefundFlowByDay",
    "GetUseFlow",
    "GetUseFlowByDay",
    "RefundFlowOfDay",
    "UseFlowOfDay",
]

_DAY: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"


def _day_faults(text: str) -> Iterator[tuple[str, str]]:
    """What is wrong with a bill_date that looks like a day."""
    try:
        date.fromisoformat(text)
    except ValueError:
        if re.fullmatch(_DAY, text):
            yield "bill_date", "has to be a day of the calendar"


@model
class FlowFile(Model):
    """A link to a file, and the file's hash."""

    url: Annotated[str, PRIVATE]
    """The link, for 30 seconds."""
    hash_value: str
    """The hash of the file, in hexadecimal."""
    hash_type: str
    """What kind of hash: SHA1, in capitals or not."""

    @property
    def download(self) -> Link:
        """What ``client.download`` needs."""
        return Link(self.url, self.hash_value, self.hash_type)


@endpoint("GET", "/v3/marketing/favor/stocks/{stock_id}/use-flow", rate="5/min", unsigned=True)
class GetUseFlow(Endpoint[FlowFile, Merchant | Partner]):
    """Get the link to the file of what was redeemed of a stock (下载批次核销明细).

    Only the creator of the stock gets it, from 10:00 on the day after its offer ended. The answer itself may come
    without a signature; the host of its link is looked at before anything is sent there.

    https://pay.weixin.qq.com/doc/v3/merchant/4012463585
    """

    stock_id: StockId
    """The stock; its offer has to be over."""


@endpoint("GET", "/v3/marketing/favor/stocks/{stock_id}/refund-flow", rate="5/min", unsigned=True)
class GetRefundFlow(Endpoint[FlowFile, Merchant | Partner]):
    """Get the link to the file of what was refunded of a stock (下载批次退款明细).

    Only the creator of the stock gets it, from 10:00 on the day after its offer ended. The answer itself may come
    without a signature; the host of its link is looked at before anything is sent there.

    https://pay.weixin.qq.com/doc/v3/merchant/4012463523
    """

    stock_id: StockId
    """The stock; its offer has to be over."""


@model
class UseFlowOfDay(Model):
    """A link to the file of a day, and the file's hash."""

    url: Annotated[str, PRIVATE]
    """The link."""
    stock_useflow_hash: str
    """The SHA-1 of the file, in hexadecimal: 40 digits."""
    stock_useflow_count: str
    """How many records the file has, as text."""

    @property
    def download(self) -> Link:
        """What ``client.download`` needs."""
        return Link(self.url, self.stock_useflow_hash)


@endpoint("GET", "/v3/marketing/favor/stocks/{stock_id}/use-flow-by-day")
class GetUseFlowByDay(Endpoint[UseFlowOfDay, Merchant | Partner]):
    """Get the link to the file of what was redeemed of a stock on one day (获取批次核销明细下载链接(按天)).

    The only description, which is none of WeChat Pay's own, is for service providers; whether a merchant gets an
    answer is for WeChat Pay to say. The page named here is of its sibling, the file of all days.

    https://pay.weixin.qq.com/doc/v3/merchant/4012463585
    """

    stock_id: StockId
    """The stock."""
    bill_date: Annotated[str, Text(pattern=_DAY, like="2025-08-09")]
    """The day, as in 2025-08-09."""

    def check(self) -> Iterator[tuple[str, str]]:
        """There is such a day."""
        yield from _day_faults(self.bill_date)


@model
class RefundFlowOfDay(Model):
    """A link to the file of a day, and the file's hash."""

    url: Annotated[str, PRIVATE]
    """The link."""
    stock_refundflow_hash: str
    """The SHA-1 of the file, in hexadecimal: 40 digits."""
    stock_refundflow_count: str
    """How many records the file has, as text."""

    @property
    def download(self) -> Link:
        """What ``client.download`` needs."""
        return Link(self.url, self.stock_refundflow_hash)


@endpoint("GET", "/v3/marketing/favor/stocks/{stock_id}/refund-flow-by-day")
class GetRefundFlowByDay(Endpoint[RefundFlowOfDay, Merchant | Partner]):
    """Get the link to the file of what was refunded of a stock on one day (获取批次退款明细下载链接(按天)).

    The only description, which is none of WeChat Pay's own, is for service providers; whether a merchant gets an
    answer is for WeChat Pay to say. The page named here is of its sibling, the file of all days.

    https://pay.weixin.qq.com/doc/v3/merchant/4012463523
    """

    stock_id: StockId
    """The stock."""
    bill_date: Annotated[str, Text(pattern=_DAY, like="2025-08-09")]
    """The day, as in 2025-08-09."""

    def check(self) -> Iterator[tuple[str, str]]:
        """There is such a day."""
        yield from _day_faults(self.bill_date)
