"""What a coupon takes off, and when: the rules of a product coupon and of its stocks.

Which of them goes where is in :mod:`wxcoupon.product_coupon.placement`.
"""

from collections.abc import Iterator
from typing import Annotated

from ..model import Fen, Items, Model, Whole, model
from . import advice
from .enums import SequentialUsageType
from .periods import CouponAvailablePeriod

__all__ = [
    "DiscountCouponUsageRule",
    "ExchangeCouponUsageRule",
    "NormalCouponUsageRule",
    "ProgressiveBundleUsageInfo",
    "SequentialUsageInfo",
    "SequentialUsageRule",
    "SingleUsageInfo",
    "SingleUsageRule",
    "StockBundleUsageRule",
    "StockUsageRule",
]


@model
class NormalCouponUsageRule(Model):
    """A fixed amount off."""

    threshold: Fen
    """Fen an order has to reach; 0 for any order."""
    discount_amount: Annotated[int, Whole(1, unit="fen")]
    """Fen taken off, at least 1; more than ``threshold`` makes little sense, unless that is 0."""

    def advise(self) -> Iterator[tuple[str, str]]:
        """No more is taken off than the order has to reach."""
        yield from advice.amount(self.threshold, self.discount_amount)


@model
class DiscountCouponUsageRule(Model):
    """A percentage off."""

    threshold: Fen
    """Fen an order has to reach; 0 for any order."""
    percent_off: Annotated[int, Whole(1, 99, unit="percent")]
    """Percent taken off, 1 to 99: 30 is what Chinese calls 7折."""


@model
class ExchangeCouponUsageRule(Model):
    """The goods at a fixed price."""

    threshold: Fen
    """Fen an order has to reach; 0 for any order."""
    exchange_price: Fen
    """Fen the user pays for the goods; 0 is allowed."""


@model
class SingleUsageInfo(Model):
    """The discount that all stocks of a coupon with scope ALL and usage mode SINGLE share: one of the two."""

    normal_coupon: NormalCouponUsageRule | None = None
    """The amount off, exactly for type NORMAL."""
    discount_coupon: DiscountCouponUsageRule | None = None
    """The percentage off, exactly for type DISCOUNT."""


@model
class ProgressiveBundleUsageInfo(Model):
    """How often, and at what interval, a PROGRESSIVE_BUNDLE coupon may be redeemed."""

    count: Annotated[int, Whole(3, 15, unit="times")]
    """Redemptions after one claim, 3 to 15: as many as each bundle has stocks."""
    interval_days: Annotated[int, Whole(0, 7, unit="days")] | None = None
    """Days between two redemptions, 0 to 7: 1 lets the next begin at 00:00 of the next day; 0 when left out."""


@model
class SequentialUsageInfo(Model):
    """How often, and at what interval, a SEQUENTIAL coupon may be redeemed: the form before PROGRESSIVE_BUNDLE."""

    type: SequentialUsageType | str
    """How the discounts go on from one use to the next."""
    count: Annotated[int, Whole(unit="times")]
    """Redemptions after one claim."""
    available_days: Annotated[int, Whole(unit="days")]
    """Days the coupon is usable after it becomes effective."""
    interval_days: Annotated[int, Whole(unit="days")] | None = None
    """Days between two redemptions."""


def _lonely_wait(period: CouponAvailablePeriod) -> Iterator[tuple[str, str]]:
    # A SEQUENTIAL rule has its available_days elsewhere, so the period cannot see this by itself.
    if period.wait_days_after_receive is not None and period.available_days is None:
        yield "coupon_available_period.wait_days_after_receive", "is only for use together with available_days"


@model
class SingleUsageRule(Model):
    """The rule of a stock of usage mode SINGLE: when, and for scope SINGLE also how much."""

    coupon_available_period: CouponAvailablePeriod
    """When a claimed coupon may be redeemed."""
    normal_coupon: NormalCouponUsageRule | None = None
    """The amount off, exactly for type NORMAL with scope SINGLE."""
    discount_coupon: DiscountCouponUsageRule | None = None
    """The percentage off, exactly for type DISCOUNT with scope SINGLE."""
    exchange_coupon: ExchangeCouponUsageRule | None = None
    """The price, exactly for type EXCHANGE."""

    def check(self) -> Iterator[tuple[str, str]]:
        """Waiting days need available days."""
        yield from _lonely_wait(self.coupon_available_period)


@model
class StockUsageRule(Model):
    """The rule of one round of a bundle, as answers show it: one object, where the request has a list."""

    coupon_available_period: CouponAvailablePeriod
    """When a claimed coupon may be redeemed."""
    normal_coupon: NormalCouponUsageRule | None = None
    """The amount off, for type NORMAL."""
    discount_coupon: DiscountCouponUsageRule | None = None
    """The percentage off, for type DISCOUNT."""
    exchange_coupon: ExchangeCouponUsageRule | None = None
    """The price, for type EXCHANGE."""


@model
class StockBundleUsageRule(Model):
    """The rules of all rounds of a bundle: exactly the list of its type, one entry for each round, in order."""

    coupon_available_period: CouponAvailablePeriod
    """When a claimed coupon may be redeemed, for all rounds alike."""
    normal_coupon_list: Annotated[list[NormalCouponUsageRule], Items(3, 15)] | None = None
    """Amounts off, for type NORMAL: from the third on, none lower than the one before."""
    discount_coupon_list: Annotated[list[DiscountCouponUsageRule], Items(3, 15)] | None = None
    """Percentages off, for type DISCOUNT: from the third on, none lower than the one before."""
    exchange_coupon_list: Annotated[list[ExchangeCouponUsageRule], Items(3, 15)] | None = None
    """Prices, for type EXCHANGE: from the third on, none higher than the one before."""

    def check(self) -> Iterator[tuple[str, str]]:
        """Waiting days need available days, and from the third round on no discount is weaker than the one before."""
        yield from _lonely_wait(self.coupon_available_period)
        rounds = {
            "normal_coupon_list[{}].discount_amount": [rule.discount_amount for rule in self.normal_coupon_list or []],
            "discount_coupon_list[{}].percent_off": [rule.percent_off for rule in self.discount_coupon_list or []],
            "exchange_coupon_list[{}].exchange_price": [
                -rule.exchange_price for rule in self.exchange_coupon_list or []
            ],
        }
        for path, strengths in rounds.items():
            for index in range(2, len(strengths)):
                if strengths[index] < strengths[index - 1]:
                    direction = "higher" if strengths[index] < 0 else "lower"
                    yield path.format(index), f"may not be {direction} than in the round before ([{index - 1}])"


@model
class SequentialUsageRule(Model):
    """The rule of a stock of usage mode SEQUENTIAL: the form before PROGRESSIVE_BUNDLE."""

    coupon_available_period: CouponAvailablePeriod
    """When a claimed coupon may be redeemed."""
    normal_coupon_list: list[NormalCouponUsageRule] | None = None
    """Amounts off, one for each use, for type NORMAL."""
    discount_coupon_list: list[DiscountCouponUsageRule] | None = None
    """Percentages off, one for each use, for type DISCOUNT."""
    exchange_coupon_list: list[ExchangeCouponUsageRule] | None = None
    """Prices, one for each use, for type EXCHANGE."""
    special_first: bool | None = None
    """Whether the first use has a discount of its own, outside the order of the others."""
