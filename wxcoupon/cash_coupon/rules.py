"""What a stock is created with: how many of its coupons are sent, and where and how they can be used."""

import re
from collections.abc import Iterator
from typing import Annotated, Final

from ..model import Fen, Items, Model, Text, Whole, model
from .enums import TradeType
from .ids import MerchantId

__all__ = [
    "CashCouponAvailableTime",
    "CashCouponUseRule",
    "FixAvailableTime",
    "FixedValue",
    "LimitCard",
    "StockUseRuleForCreate",
]

_TAG: Final = re.compile(r"[0-9A-Za-z_]+")
_DIGITS: Final = re.compile(r"[0-9]+")
_CLOSED: Final = "is not open to callers according to its page; leave it out"


@model
class FixedValue(Model):
    """An amount off."""

    coupon_amount: Annotated[int, Whole(1, 100_000, unit="fen")]
    """What is taken off, in fen: 1 to 100000."""
    transaction_minimum: Fen
    """What has to be paid at least, in fen: more than is taken off. Where goods are named, only those count."""

    def check(self) -> Iterator[tuple[str, str]]:
        """Something is left to pay."""
        if self.transaction_minimum <= self.coupon_amount:
            yield "transaction_minimum", f"has to be above coupon_amount, which is {self.coupon_amount}"

    def advise(self) -> Iterator[tuple[str, str]]:
        """Descriptions disagree about the least."""
        if self.coupon_amount == 1:
            yield "coupon_amount", "is better more than 1 fen, which one description demands"


@model
class StockUseRuleForCreate(Model):
    """How many coupons are sent, and to whom."""

    max_coupons: Annotated[int, Whole(5, 10_000_000, unit="coupons")]
    """How many coupons there are: 5 to 10 million."""
    max_amount: Annotated[int, Whole(0, 10_000_000_000, unit="fen")]
    """The budget in fen: exactly ``coupon_amount`` times ``max_coupons``; without ``no_cash`` it is locked at start."""
    max_amount_by_day: Annotated[int, Whole(1, unit="fen")] | None = None
    """The budget of a day in fen: from 1 up to ``max_amount``."""
    max_coupons_per_user: Annotated[int, Whole(1, 60, unit="coupons")]
    """How many coupons a user gets: 1 to 60, and not above ``max_coupons``."""
    natural_person_limit: bool
    """Whether all accounts of one person count as one user."""
    prevent_api_abuse: bool
    """Whether users who seem to misuse the offer get none."""

    def check(self) -> Iterator[tuple[str, str]]:
        """No part is above the whole."""
        if self.max_amount_by_day is not None and self.max_amount_by_day > self.max_amount:
            yield "max_amount_by_day", f"has to be at most max_amount, which is {self.max_amount}"
        if self.max_coupons_per_user > self.max_coupons:
            yield "max_coupons_per_user", f"has to be at most max_coupons, which is {self.max_coupons}"


@model
class FixAvailableTime(Model):
    """The hours of the week in which a coupon can be used."""

    available_week_day: Annotated[list[int], Items(1)]
    """Days of the week, at least one: 0 is Sunday, 6 is Saturday."""
    begin_time: Annotated[int, Whole(0, 86_399, unit="seconds")]
    """When the hours begin, in seconds since midnight: up to 86399."""
    end_time: Annotated[int, Whole(0, 86_399, unit="seconds")] | None = None
    """When they end, in seconds since midnight: up to 86399, which it is when left out."""

    def check(self) -> Iterator[tuple[str, str]]:
        """The days are those of a week."""
        for index, day in enumerate(self.available_week_day):
            if not 0 <= day <= 6:
                yield f"available_week_day[{index}]", f"has to be 0 to 6 (it is {day})"


@model
class CashCouponAvailableTime(Model):
    """When a coupon can be used, where that is not the whole time of its stock. Not open to callers."""

    fix_available_time: FixAvailableTime | None = None
    """Hours of the week. Not open to callers."""
    second_day_available: bool | None = None
    """Whether it can be used from the day after it was received only. Not open to callers."""
    available_time_after_receive: Annotated[int, Whole(0)] | None = None
    """How long it can be used: in days as the page says, in minutes as SDKs say. Not open to callers."""

    def advise(self) -> Iterator[tuple[str, str]]:
        """All of it is documented and not open."""
        for name in ("fix_available_time", "second_day_available", "available_time_after_receive"):
            if getattr(self, name) is not None:
                yield name, _CLOSED


@model
class LimitCard(Model):
    """The bank cards a coupon can be used with."""

    name: Annotated[str, Text(1, 4)]
    """What the cards are called at the checkout: up to 4 characters."""
    bin: Annotated[list[Annotated[str, Text(6, 9)]], Items(1, 10)]
    """The first 6 to 9 digits of their numbers: up to 10 of them."""

    def check(self) -> Iterator[tuple[str, str]]:
        """Card numbers begin with digits."""
        for index, begin in enumerate(self.bin):
            if not _DIGITS.fullmatch(begin):
                yield f"bin[{index}]", "has to be of digits"


@model
class CashCouponUseRule(Model):
    """Where and how a coupon can be used."""

    coupon_available_time: CashCouponAvailableTime | None = None
    """When it can be used. Not open to callers."""
    fixed_normal_coupon: FixedValue | None = None
    """What it takes off: exactly with ``stock_type`` NORMAL."""
    goods_tag: Annotated[list[Annotated[str, Text(1, 128)]], Items(0, 50)] | None = None
    """Tags of which an order has to have one as its ``goods_tag``: up to 50 of digits, letters and underscores."""
    trade_type: list[TradeType | str] | None = None
    """Ways to pay it can be used with; all of them when left out."""
    combine_use: bool | None = None
    """Whether it adds to other coupons of this creator. Pages disagree what holds when it is left out: send it."""
    available_items: Annotated[list[Annotated[str, Text(1, 128)]], Items(0, 50)] | None = None
    """Codes of the goods it can be used for: up to 50."""
    unavailable_items: Annotated[list[Annotated[str, Text(1, 128)]], Items(0, 50)] | None = None
    """Codes of the goods it cannot be used for: up to 50. Not open to callers."""
    available_merchants: Annotated[list[MerchantId], Items(1, 50)]
    """Where it can be used: 1 to 50 merchants; with ``no_cash``, the creator's own, of its brand or authorised."""
    limit_card: LimitCard | None = None
    """Bank cards it can be used with; all of them when left out."""
    limit_pay: Annotated[list[str], Items(0, 1)] | None = None
    """One code of a bank and kind of card, like ICBC_CREDIT; only SDKs and the older page have it."""

    def check(self) -> Iterator[tuple[str, str]]:
        """Tags are of the documented characters."""
        for index, tag in enumerate(self.goods_tag or []):
            if not _TAG.fullmatch(tag):
                yield f"goods_tag[{index}]", "has to be of digits, letters and underscores"

    def advise(self) -> Iterator[tuple[str, str]]:
        """One member is better sent, and two not."""
        if self.combine_use is None:
            yield "combine_use", "is better sent: WeChat Pay's pages disagree whether it is false or true when left out"
        if self.unavailable_items is not None:
            yield "unavailable_items", _CLOSED
        if self.limit_pay:
            yield "limit_pay", "is not on the current page, so the coupon may be usable with any card"
