"""Stocks (批次) of merchant coupons: creating them, looking them up, changing what they send.

Most pages of this family were withdrawn from WeChat Pay's documentation; where one is named, it is the last one known.
"""

from collections.abc import Iterator
from typing import Annotated, Final

from ..endpoint import Endpoint, endpoint
from ..identity import Merchant, Partner
from ..model import Model, Text, Time, Whole, model
from .display import CustomEntrance, DisplayPatternInfo, ModifyCustomEntrance, NotifyConfig
from .entities import Stock
from .enums import CouponCodeMode, StockType
from .ids import Mchid, RequestNumber, StockId
from .rules import CouponUseRule, ModifyCouponUseRule, ModifyStockSendRule, StockSendRule

__all__ = ["CreateStock", "CreatedStock", "GetStock", "ModifiedBudget", "ModifyStock", "ModifyStockBudget"]

_RULES: Final = {
    StockType.NORMAL: "fixed_normal_coupon",
    StockType.DISCOUNT: "discount_coupon",
    StockType.EXCHANGE: "exchange_coupon",
}
_BUDGETS: Final = ("max_coupons", "max_coupons_by_day")
_NOT_OPENED: Final = "is not opened by WeChat Pay and does nothing"
_NOT_MODIFIABLE: Final = "is documented as not modifiable at present"


@model
class CreatedStock(Model):
    """A new stock."""

    stock_id: str
    """The stock, under its number at WeChat Pay."""
    create_time: Time
    """When it was created."""


@endpoint("POST", "/v3/marketing/busifavor/stocks", rate="15/s", key="out_request_no")
class CreateStock(Endpoint[CreatedStock, Merchant | Partner]):
    """Create a stock of merchant coupons (创建商家券).

    The permission for merchant coupons is needed, and whether new merchants still get it is unknown. The page is
    withdrawn. The documented limit of 15 a second is for one address, beside 1000 a minute for all callers together.

    A mini program that a coupon opens gets ``stock_id``, ``openid``, ``nonce``, ``associate`` and ``ciphertext`` in its
    query. The last, decoded from the URL and from base64, is the coupon code under AES-256-GCM: the key is the APIv3
    key, and the associated data is COUPON_CODE.

    https://pay.weixin.qq.com/doc/v3/merchant/4012534855
    """

    stock_name: Annotated[str, Text(1, 21)]
    """Its name: 1 to 21 characters."""
    belong_merchant: Mchid
    """The merchant it belongs to: the caller, or a partner's sub-merchant."""
    comment: Annotated[str, Text(0, 20)] | None = None
    """Note of up to 20 characters that users do not see."""
    goods_name: Annotated[str, Text(1, 15)]
    """What it is for, as the card pack says: 1 to 15 characters."""
    stock_type: StockType | str
    """The kind of discount."""
    coupon_use_rule: CouponUseRule
    """How its coupons are redeemed: with the one discount that ``stock_type`` names."""
    stock_send_rule: StockSendRule
    """How many are sent."""
    out_request_no: RequestNumber
    """Number of this creation, unique for the caller: 1 to 128 digits, letters and ``| _ * -``."""
    custom_entrance: CustomEntrance | None = None
    """Where the card leads."""
    display_pattern_info: DisplayPatternInfo | None = None
    """How its coupons look; an image without a logo and a certified brand gets a grey placeholder."""
    coupon_code_mode: CouponCodeMode | str
    """Where its codes come from."""
    notify_config: NotifyConfig | None = None
    """How callbacks name users."""
    subsidy: bool | None = None
    """Whether its coupons may be subsidised, not so by default; not opened."""

    def check(self) -> Iterator[tuple[str, str]]:
        """The discount is that of the kind, and the budget is given."""
        wanted = next((name for kind, name in _RULES.items() if kind == self.stock_type), None)
        for name in _RULES.values() if wanted else ():
            given = getattr(self.coupon_use_rule, name) is not None
            if given and name != wanted:
                yield f"coupon_use_rule.{name}", f"has to be left out when stock_type is {self.stock_type}"
            elif name == wanted and not given:
                yield f"coupon_use_rule.{name}", f"is required when stock_type is {self.stock_type}"
        if self.stock_send_rule.max_coupons is None:
            yield "stock_send_rule.max_coupons", "is required of a new stock"

    def advise(self) -> Iterator[tuple[str, str]]:
        """Subsidies are not opened."""
        if self.subsidy:
            yield "subsidy", _NOT_OPENED


@endpoint("GET", "/v3/marketing/busifavor/stocks/{stock_id}")
class GetStock(Endpoint[Stock, Merchant | Partner]):
    """Look up a stock of merchant coupons (查询商家券批次详情).

    The page is withdrawn. No call lists the stocks of a merchant: keep their numbers.

    https://pay.weixin.qq.com/doc/v3/merchant/4012534928
    """

    stock_id: StockId
    """The stock, as its creation answered."""


@endpoint("PATCH", "/v3/marketing/busifavor/stocks/{stock_id}", key="out_request_no")
class ModifyStock(Endpoint[None, Merchant | Partner]):
    """Change what a stock shows and how it is redeemed (修改商家券基本信息).

    What is left out stays as it is. The validity of the stock may not have ended. The page is withdrawn.

    https://pay.weixin.qq.com/doc/v3/merchant/4012535020
    """

    stock_id: StockId
    """The stock, as its creation answered."""
    custom_entrance: ModifyCustomEntrance | None = None
    """Where the card leads."""
    stock_name: Annotated[str, Text(1, 21)] | None = None
    """Its name, 1 to 21 characters; documented as not modifiable at present."""
    comment: Annotated[str, Text(0, 20)] | None = None
    """Note of up to 20 characters that users do not see."""
    goods_name: Annotated[str, Text(1, 15)] | None = None
    """What it is for, as the card pack says: 1 to 15 characters."""
    out_request_no: RequestNumber
    """Number of this change, unique for the caller: 1 to 128 digits, letters and ``| _ * -``."""
    display_pattern_info: DisplayPatternInfo | None = None
    """How its coupons look; logo and merchant name are not modifiable."""
    coupon_use_rule: ModifyCouponUseRule | None = None
    """How its coupons are redeemed."""
    stock_send_rule: ModifyStockSendRule | None = None
    """Whom it is sent to."""
    notify_config: NotifyConfig | None = None
    """How callbacks name users."""
    subsidy: bool | None = None
    """Whether its coupons may be subsidised, only from false to true; not opened."""

    def advise(self) -> Iterator[tuple[str, str]]:
        """What is documented as not modifiable or not opened does nothing."""
        if self.stock_name is not None:
            yield "stock_name", _NOT_MODIFIABLE
        for name in ("merchant_logo_url", "merchant_name"):
            if self.display_pattern_info is not None and getattr(self.display_pattern_info, name) is not None:
                yield f"display_pattern_info.{name}", "is documented as not modifiable"
        if self.subsidy is not None:
            yield "subsidy", _NOT_OPENED if self.subsidy else "can only be changed from false to true"


@model
class ModifiedBudget(Model):
    """How many coupons a stock may send now."""

    max_coupons: int
    """Coupons it may ever send."""
    max_coupons_by_day: int | None = None
    """Coupons a day, where there is a limit."""


@endpoint("PATCH", "/v3/marketing/busifavor/stocks/{stock_id}/budget", key="modify_budget_request_no")
class ModifyStockBudget(Endpoint[ModifiedBudget, Merchant | Partner]):
    """Change how many coupons a stock may send, ever or a day (修改批次预算).

    One limit at a time, and only if it still is what the caller believes it to be: its present value is sent along.
    The validity of the stock may not have ended. The page is withdrawn.

    https://pay.weixin.qq.com/doc/v3/merchant/4012465739
    """

    stock_id: StockId
    """The stock, as its creation answered."""
    target_max_coupons: Annotated[int, Whole(1, 1_000_000_000, unit="coupons")] | None = None
    """The new limit for ever, 1 to 1,000,000,000; instead of ``target_max_coupons_by_day``."""
    target_max_coupons_by_day: Annotated[int, Whole(1, 1_000_000_000, unit="coupons per day")] | None = None
    """The new limit a day, 1 to 1,000,000,000; instead of ``target_max_coupons``."""
    current_max_coupons: Annotated[int, Whole(unit="coupons")] | None = None
    """The present limit for ever; required with ``target_max_coupons``."""
    current_max_coupons_by_day: Annotated[int, Whole(unit="coupons per day")] | None = None
    """The present limit a day; required with ``target_max_coupons_by_day``."""
    modify_budget_request_no: Annotated[str, Text(1, 128)]
    """Number of this change, unique for the caller: 1 to 128 characters."""

    def check(self) -> Iterator[tuple[str, str]]:
        """One limit is changed at a time, and its present value is given."""
        targets = [name for name in _BUDGETS if getattr(self, f"target_{name}") is not None]
        if not targets:
            yield "", "has to have target_max_coupons or target_max_coupons_by_day"
        elif len(targets) > 1:
            yield "target_max_coupons_by_day", "has to be left out beside target_max_coupons"
        for name in targets:
            if getattr(self, f"current_{name}") is None:
                yield f"current_{name}", f"is required when target_{name} is given"
