"""Product coupons and stocks as answers show them."""

from ..model import Model, Time, model
from .display import CouponDisplayInfo, ProductCouponDisplayInfo, UsageRuleDisplayInfo
from .enums import (
    CouponCodeMode,
    ProductCouponScope,
    ProductCouponState,
    ProductCouponType,
    StockState,
    StockStoreScope,
    UsageMode,
)
from .rules import (
    ProgressiveBundleUsageInfo,
    SequentialUsageInfo,
    SequentialUsageRule,
    SingleUsageInfo,
    SingleUsageRule,
    StockUsageRule,
)
from .stock_settings import NotifyConfig, StockSendRule

__all__ = [
    "CouponCodeCountInfo",
    "ProductCoupon",
    "ProductCouponEntity",
    "Stock",
    "StockBundleEntity",
    "StockBundleInfo",
    "StockEntity",
    "StockEntityInBundle",
    "StockSentCountInfo",
]


@model
class CouponCodeCountInfo(Model):
    """How many codes were uploaded to a stock."""

    total_count: int
    """Codes uploaded so far."""
    available_count: int
    """Uploaded codes that nobody has yet."""


@model
class StockSentCountInfo(Model):
    """How many coupons of a stock were sent."""

    total_count: int
    """Coupons sent so far."""
    today_count: int
    """Coupons sent today."""


@model
class StockBundleInfo(Model):
    """Where in its bundle a stock stands."""

    stock_bundle_id: str
    """The bundle."""
    stock_bundle_index: int
    """The stock's place, which is its round, from 0."""


@model
class Stock(Model):
    """What every answer says of a stock."""

    product_coupon_id: str
    """The product coupon it belongs to."""
    stock_id: str
    """The stock, under its number at WeChat Pay."""
    remark: str | None = None
    """Note that users do not see."""
    coupon_code_mode: CouponCodeMode | str
    """Where codes come from."""
    coupon_code_count_info: CouponCodeCountInfo | None = None
    """How many codes were uploaded, for ``coupon_code_mode`` UPLOAD."""
    stock_send_rule: StockSendRule
    """How many may be sent."""
    progressive_bundle_usage_rule: StockUsageRule | None = None
    """The rule of its round, for usage mode PROGRESSIVE_BUNDLE."""
    usage_rule_display_info: UsageRuleDisplayInfo
    """How the rules of use are shown."""
    coupon_display_info: CouponDisplayInfo
    """How the coupon looks in the card pack."""
    notify_config: NotifyConfig
    """How callbacks name users."""
    store_scope: StockStoreScope | str
    """Which stores take it."""
    sent_count_info: StockSentCountInfo
    """How many were sent."""
    state: StockState | str
    """What it is good for now."""
    deactivate_request_no: str | None = None
    """Number of the deactivation, in state DEACTIVATED."""
    deactivate_time: Time | None = None
    """When it was deactivated, in state DEACTIVATED."""
    deactivate_reason: str | None = None
    """Why it was deactivated, in state DEACTIVATED."""
    brand_id: str | None = None
    """The brand it belongs to; only partners are told."""


@model
class StockEntity(Stock):
    """A stock by itself."""

    single_usage_rule: SingleUsageRule | None = None
    """Its rule, for usage mode SINGLE."""
    sequential_usage_rule: SequentialUsageRule | None = None
    """Its rule, for the old usage mode SEQUENTIAL."""
    stock_bundle_info: StockBundleInfo | None = None
    """Its place in its bundle, for usage mode PROGRESSIVE_BUNDLE."""


@model
class StockEntityInBundle(Stock):
    """A stock in the list of its bundle."""

    stock_bundle_info: StockBundleInfo
    """Its place in the bundle."""


@model
class StockBundleEntity(Model):
    """A stock bundle: one stock for each round."""

    stock_bundle_id: str
    """The bundle, under its number at WeChat Pay."""
    stock_list: list[StockEntityInBundle]
    """Its stocks, in the order of rounds."""


@model
class ProductCoupon(Model):
    """What every answer says of a product coupon."""

    product_coupon_id: str
    """The product coupon, under its number at WeChat Pay."""
    scope: ProductCouponScope | str
    """What it applies to."""
    type: ProductCouponType | str
    """The kind of discount."""
    usage_mode: UsageMode | str
    """How often it may be redeemed."""
    single_usage_info: SingleUsageInfo | None = None
    """The discount, for usage mode SINGLE with scope ALL."""
    progressive_bundle_usage_info: ProgressiveBundleUsageInfo | None = None
    """Rounds and interval, for usage mode PROGRESSIVE_BUNDLE."""
    sequential_usage_info: SequentialUsageInfo | None = None
    """Uses and interval, for the old usage mode SEQUENTIAL."""
    display_info: ProductCouponDisplayInfo
    """How it is shown."""
    out_product_no: str | None = None
    """The caller's own number of the product."""
    state: ProductCouponState | str
    """What it is good for now."""
    brand_id: str | None = None
    """The brand it belongs to; only partners are told."""


@model
class ProductCouponEntity(ProductCoupon):
    """A product coupon by itself."""

    deactivate_request_no: str | None = None
    """Number of the deactivation, in state DEACTIVATED."""
    deactivate_time: Time | None = None
    """When it was deactivated, in state DEACTIVATED."""
    deactivate_reason: str | None = None
    """Why it was deactivated, in state DEACTIVATED."""
