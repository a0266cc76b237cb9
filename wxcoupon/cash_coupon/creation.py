"""Creating a stock."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Final

from ..endpoint import Endpoint, endpoint
from ..identity import Merchant, Partner
from ..model import Model, Text, Time, model
from .enums import CashStockCreateType
from .ids import MerchantId, Number
from .pattern import PatternInfo
from .rules import CashCouponUseRule, StockUseRuleForCreate

__all__ = ["CreateStock", "CreatedStock"]

_LONGEST_NAME: Final = 20
_MOST_CHINESE: Final = 9
_LONGEST: Final = timedelta(days=90)


@model
class CreatedStock(Model):
    """A stock that was created."""

    stock_id: str
    """Its number."""
    create_time: Time
    """When it was created."""


@endpoint("POST", "/v3/marketing/favor/coupon-stocks", rate="60/min", key="out_request_no")
class CreateStock(Endpoint[CreatedStock, Merchant | Partner]):
    """Create a stock of cash coupons; nothing of it is sent before it is started (创建代金券批次).

    The caller needs the permission for cash coupons. Status 403 is a refusal of the business here, as when the
    permission or the money is missing, and says nothing about the signature.

    https://pay.weixin.qq.com/doc/v3/merchant/4012534633
    """

    stock_name: Annotated[str, Text(1, _LONGEST_NAME)]
    """Its name: up to 9 Chinese characters or 20 letters, without ``_ , ; |``."""
    comment: Annotated[str, Text(1, 60)] | None = None
    """A remark that no user sees: up to 60 characters."""
    belong_merchant: MerchantId
    """Whose it is: the caller's merchant number."""
    available_begin_time: Time
    """From when its coupons can be used: not in the past, and within 365 days."""
    available_end_time: Time
    """Until when: after the beginning, by up to 90 days."""
    stock_use_rule: StockUseRuleForCreate
    """How many coupons are sent, and to whom."""
    pattern_info: PatternInfo | None = None
    """What its coupons look like."""
    coupon_use_rule: CashCouponUseRule
    """Where and how its coupons can be used."""
    no_cash: bool
    """True when each merchant bears what is redeemed there, false when the creator pays in advance from its balance."""
    stock_type: CashStockCreateType | str
    """Its kind: NORMAL."""
    out_request_no: Number
    """Number of this creation."""
    ext_info: Annotated[str, Text(1, 128)] | None = None
    """JSON as text, up to 128 characters. Not open to callers."""

    def check(self) -> Iterator[tuple[str, str]]:
        """The name, the times, and the money fit together."""
        if found := re.search(r"[_,;|]", self.stock_name):
            yield "stock_name", f"has to be without _ , ; and | (it has {found[0]})"
        if sum(not character.isascii() for character in self.stock_name) > _MOST_CHINESE:
            yield "stock_name", f"has to have at most {_MOST_CHINESE} Chinese characters"
        if self.available_end_time <= self.available_begin_time:
            yield "available_end_time", "has to be after available_begin_time"
        elif self.available_end_time - self.available_begin_time > _LONGEST:
            yield "available_end_time", f"has to be within {_LONGEST.days} days of available_begin_time"
        value, sending = self.coupon_use_rule.fixed_normal_coupon, self.stock_use_rule
        if value is None:
            if self.stock_type == CashStockCreateType.NORMAL:
                yield "coupon_use_rule.fixed_normal_coupon", "is required when stock_type is NORMAL"
        elif sending.max_amount != (whole := value.coupon_amount * sending.max_coupons):
            yield "stock_use_rule.max_amount", f"has to be coupon_amount times max_coupons, which is {whole}"

    def advise(self) -> Iterator[tuple[str, str]]:
        """One member is documented and not open, and how a mixed name is counted is not documented."""
        chinese = sum(not character.isascii() for character in self.stock_name)
        if 0 < chinese <= _MOST_CHINESE and len(self.stock_name) + chinese > _LONGEST_NAME:
            yield "stock_name", f"may be too long: {_MOST_CHINESE} Chinese characters or {_LONGEST_NAME} letters fit"
        if self.ext_info is not None:
            yield "ext_info", "is not open to callers according to its page; leave it out"
