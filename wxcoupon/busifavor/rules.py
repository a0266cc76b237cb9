"""What a merchant coupon is worth, how it is redeemed, and how many of them are sent."""

from collections.abc import Iterator
from typing import Annotated, Final

from ..model import Model, Text, Whole, model
from .enums import UseMethod
from .ids import Appid
from .periods import CouponAvailableTime

__all__ = [
    "CouponUseRule",
    "DiscountCoupon",
    "ExchangeCoupon",
    "FixedNormalCoupon",
    "ModifyCouponUseRule",
    "ModifyStockSendRule",
    "StockSendRule",
]

_NOT_OPENED: Final = "is not opened by WeChat Pay and does nothing"
_MINI_PROGRAM: Final = ("mini_programs_appid", "mini_programs_path")


@model
class FixedNormalCoupon(Model):
    """A fixed amount off."""

    discount_amount: Annotated[int, Whole(1, 10_000_000, unit="fen")]
    """What is taken off, in fen: 1 to 10,000,000."""
    transaction_minimum: Annotated[int, Whole(1, 10_000_000, unit="fen")]
    """What has to be spent at least, in fen: 1 to 10,000,000."""


@model
class DiscountCoupon(Model):
    """A percentage off."""

    discount_percent: Annotated[int, Whole(1, 100, unit="percent")]
    """What is still paid, in percent, 1 to 100: 88 takes 12 percent off."""
    transaction_minimum: Annotated[int, Whole(1, 10_000_000, unit="fen")]
    """What has to be spent at least, in fen: 1 to 10,000,000."""


@model
class ExchangeCoupon(Model):
    """Goods at a set price."""

    exchange_price: Annotated[int, Whole(0, 10_000_000, unit="fen")]
    """The price of the goods, in fen: 0 to 10,000,000."""
    transaction_minimum: Annotated[int, Whole(1, 10_000_000, unit="fen")]
    """What has to be spent at least, in fen: 1 to 10,000,000."""


@model
class ModifyCouponUseRule(Model):
    """Another way to redeem the coupons of a stock."""

    use_method: UseMethod | str | None = None
    """How a coupon is redeemed."""
    mini_programs_appid: Appid | None = None
    """The mini program that the coupon opens, of 1 to 32 characters; for ``use_method`` MINI_PROGRAMS."""
    mini_programs_path: Annotated[str, Text(1, 128)] | None = None
    """The page of that mini program, of 1 to 128 characters; for ``use_method`` MINI_PROGRAMS."""

    def check(self) -> Iterator[tuple[str, str]]:
        """Whoever says MINI_PROGRAMS says which, and which page."""
        for name in _MINI_PROGRAM if self.use_method == UseMethod.MINI_PROGRAMS else ():
            if getattr(self, name) is None:
                yield name, "is required when use_method is MINI_PROGRAMS"

    def advise(self) -> Iterator[tuple[str, str]]:
        """A mini program goes with MINI_PROGRAMS; one method is not supported."""
        yield from _odd_method(self.use_method, [name for name in _MINI_PROGRAM if getattr(self, name) is not None])


@model
class CouponUseRule(Model):
    """How a coupon is redeemed: what it is worth, when, and where its use button leads."""

    coupon_available_time: CouponAvailableTime
    """When it may be redeemed."""
    fixed_normal_coupon: FixedNormalCoupon | None = None
    """The amount off; exactly for ``stock_type`` NORMAL."""
    discount_coupon: DiscountCoupon | None = None
    """The percentage off; exactly for ``stock_type`` DISCOUNT."""
    exchange_coupon: ExchangeCoupon | None = None
    """The price of the goods; exactly for ``stock_type`` EXCHANGE."""
    use_method: UseMethod | str
    """How it is redeemed."""
    mini_programs_appid: Appid | None = None
    """The mini program that it opens, of 1 to 32 characters; for ``use_method`` MINI_PROGRAMS."""
    mini_programs_path: Annotated[str, Text(1, 128)] | None = None
    """The page of that mini program, of 1 to 128 characters; for ``use_method`` MINI_PROGRAMS."""

    def check(self) -> Iterator[tuple[str, str]]:
        """Whoever says MINI_PROGRAMS says which, and which page."""
        for name in _MINI_PROGRAM if self.use_method == UseMethod.MINI_PROGRAMS else ():
            if getattr(self, name) is None:
                yield name, "is required when use_method is MINI_PROGRAMS"

    def advise(self) -> Iterator[tuple[str, str]]:
        """A mini program goes with MINI_PROGRAMS; one method is not supported."""
        yield from _odd_method(self.use_method, [name for name in _MINI_PROGRAM if getattr(self, name) is not None])


def _odd_method(method: str | None, given: list[str]) -> Iterator[tuple[str, str]]:
    if method == UseMethod.SELF_CONSUME:
        yield "use_method", "is documented as not supported at present"
    for name in given if method not in {None, UseMethod.MINI_PROGRAMS} else ():
        yield name, "does nothing unless use_method is MINI_PROGRAMS"


@model
class StockSendRule(Model):
    """How many coupons of a stock are sent, and to whom."""

    max_coupons: Annotated[int, Whole(1, 1_000_000_000, unit="coupons")] | None = None
    """Coupons the stock may ever send, 1 to 1,000,000,000; required of a new stock."""
    max_coupons_per_user: Annotated[int, Whole(1, 100, unit="coupons per user")]
    """Coupons one user may have of the stock: 1 to 100."""
    max_coupons_by_day: Annotated[int, Whole(1, 1_000_000_000, unit="coupons per day")] | None = None
    """Coupons a day, 1 to 1,000,000,000, for any kind; SDKs still say for DISCOUNT and EXCHANGE alone."""
    max_amount: Annotated[int, Whole(unit="fen")] | None = None
    """A budget in fen; not opened, and nothing since budgets are counted in coupons (2020)."""
    max_amount_by_day: Annotated[int, Whole(unit="fen")] | None = None
    """A budget a day in fen; not opened."""
    natural_person_limit: bool | None = None
    """Whether all accounts of one person count as one user; not so by default."""
    prevent_api_abuse: bool | None = None
    """Whether suspicious accounts get nothing; not so by default."""
    transferable: bool | None = None
    """Whether coupons can be given away; not opened."""
    shareable: bool | None = None
    """Whether the claim can be shared; not opened."""

    def advise(self) -> Iterator[tuple[str, str]]:
        """What is not opened does nothing."""
        for name in ("max_amount", "max_amount_by_day"):
            if getattr(self, name) is not None:
                yield name, _NOT_OPENED
        for name in ("transferable", "shareable"):
            if getattr(self, name):
                yield name, _NOT_OPENED


@model
class ModifyStockSendRule(Model):
    """Whom a stock is sent to from now on."""

    natural_person_limit: bool | None = None
    """Whether all accounts of one person count as one user; documented as not modifiable at present."""
    prevent_api_abuse: bool | None = None
    """Whether suspicious accounts get nothing."""

    def advise(self) -> Iterator[tuple[str, str]]:
        """What cannot be modified at present does nothing."""
        if self.natural_person_limit is not None:
            yield "natural_person_limit", "is documented as not modifiable at present"
