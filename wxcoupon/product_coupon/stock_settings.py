"""What a stock and a stock bundle are made with."""

from typing import Annotated

from ..model import Model, Text, Whole, model
from .display import CouponDisplayInfo, UsageRuleDisplayInfo
from .enums import CouponCodeMode, CouponCodeModeForBundle, StockStoreScope
from .ids import Appid
from .rules import SequentialUsageRule, SingleUsageRule, StockBundleUsageRule

__all__ = ["NotifyConfig", "StockBundleForCreate", "StockForCreate", "StockSendRule", "StockSendRuleForBundle"]


@model
class StockSendRule(Model):
    """How many coupons of a stock may be sent."""

    max_count: Annotated[int, Whole(1, 100_000_000, unit="coupons")]
    """Coupons the stock may ever send: 1 to 100,000,000."""
    max_count_per_day: Annotated[int, Whole(1, 100_000_000, unit="coupons per day")] | None = None
    """Coupons a day, 1 to 100,000,000; without limit when left out, and that cannot be changed later."""
    max_count_per_user: Annotated[int, Whole(1, 100, unit="coupons per user")]
    """Coupons one user may have of the stock, unconfirmed ones included: 1 to 100, for good."""


@model
class StockSendRuleForBundle(Model):
    """How many bundles may be sent."""

    max_count: Annotated[int, Whole(1, 100_000_000, unit="bundles")]
    """Bundles that may ever be sent, 1 to 100,000,000; every stock of the bundle inherits it."""
    max_count_per_day: Annotated[int, Whole(1, 100_000_000, unit="bundles per day")] | None = None
    """Bundles a day, 1 to 100,000,000; the first stock alone inherits it. Without limit, for good, when left out."""
    max_count_per_user: Annotated[int, Whole(1, 100, unit="bundles per user")]
    """Bundles one user may have, 1 to 100, for good; every stock of the bundle inherits it."""


@model
class NotifyConfig(Model):
    """How callbacks about a stock name its users."""

    notify_appid: Appid
    """The appid under which callbacks compute the openid: of a mini program, an account or an app."""


@model
class StockForCreate(Model):
    """A stock (批次) to be made with its product coupon."""

    remark: Annotated[str, Text(0, 20)] | None = None
    """Note of up to 20 characters that users do not see."""
    coupon_code_mode: CouponCodeMode | str
    """Where codes come from, for good."""
    stock_send_rule: StockSendRule
    """How many may be sent."""
    single_usage_rule: SingleUsageRule | None = None
    """When it may be redeemed and, for scope SINGLE, the discount; exactly for usage mode SINGLE, in either scope."""
    sequential_usage_rule: SequentialUsageRule | None = None
    """When it may be redeemed and the discounts; exactly for the old usage mode SEQUENTIAL."""
    usage_rule_display_info: UsageRuleDisplayInfo
    """How the rules of use are shown."""
    coupon_display_info: CouponDisplayInfo
    """How the coupon looks in the card pack."""
    notify_config: NotifyConfig
    """How callbacks name users."""
    store_scope: StockStoreScope | str
    """Which stores take it."""


@model
class StockBundleForCreate(Model):
    """A stock bundle (批次组), one stock for each round, to be made with its product coupon."""

    remark: Annotated[str, Text(0, 20)] | None = None
    """Note of up to 20 characters that users do not see."""
    coupon_code_mode: CouponCodeModeForBundle | str
    """Where codes come from, for every stock and for good; never API_ASSIGN."""
    stock_send_rule: StockSendRuleForBundle
    """How many bundles may be sent."""
    progressive_bundle_usage_rule: StockBundleUsageRule
    """When it may be redeemed, and the discount of each round."""
    usage_rule_display_info: UsageRuleDisplayInfo
    """How the rules of use are shown."""
    coupon_display_info: CouponDisplayInfo
    """How the coupons look in the card pack."""
    notify_config: NotifyConfig
    """How callbacks name users."""
    store_scope: StockStoreScope | str
    """Which stores take it."""
