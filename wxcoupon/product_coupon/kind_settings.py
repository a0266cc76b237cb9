"""What the builders of the ten kinds take by keyword: members of the request, each under its own name.

They are types for checkers. At run time, the docstring of each builder lists the same settings.
"""

from typing import NotRequired, TypedDict

from .display import CouponDisplayInfo, UsageRuleDisplayInfo
from .enums import CouponCodeMode, CouponCodeModeForBundle, StockStoreScope
from .periods import CouponAvailablePeriod

__all__ = ["MultiUseCouponSettings", "SingleUseCouponSettings", "StockBundleSettings", "StockSettings"]


class _CouponSettings(TypedDict):
    """What all product coupons have in common."""

    out_request_no: str
    """Number of this creation: 6 to 40 digits, letters, underscores and hyphens."""
    name: str
    """Name shown to users, 3 to 15 characters."""
    image_url: str
    """Head image, as the image upload answered: square, PNG of 1080 by 1080."""
    background_url: str
    """Background image, as the image upload answered: 1170 by 1326, JPG or PNG."""
    detail_image_url_list: NotRequired[list[str] | None]
    """Up to 8 detail images, as the image upload answered."""
    original_price: NotRequired[int | None]
    """List price in fen, up to 10,000,000; only shown."""
    out_product_no: NotRequired[str | None]
    """Your own number of the product, up to 40 characters."""


class _Settings(TypedDict):
    """What stocks and stock bundles have in common."""

    usage_rule_display_info: UsageRuleDisplayInfo
    """How the rules of use are shown."""
    coupon_display_info: CouponDisplayInfo
    """How the coupon looks in the card pack."""
    notify_appid: str
    """The appid under which callbacks compute the openid."""
    store_scope: StockStoreScope | str
    """Which stores take it."""
    remark: NotRequired[str | None]
    """Note of up to 20 characters that users do not see."""


class StockSettings(_Settings):
    """What a stock is made with, besides its discount."""

    coupon_available_period: CouponAvailablePeriod
    """When a claimed coupon may be redeemed."""
    coupon_code_mode: CouponCodeMode | str
    """Where codes come from, for good."""
    max_count: int
    """Coupons that may ever be sent: 1 to 100,000,000."""
    max_count_per_day: NotRequired[int | None]
    """Coupons a day: 1 to 100,000,000; without limit when left out, for good."""
    max_count_per_user: int
    """Coupons one user may have: 1 to 100, for good."""


class StockBundleSettings(_Settings):
    """What a stock bundle is made with, besides its discounts; numbers count bundles."""

    coupon_available_period: CouponAvailablePeriod
    """When a claimed coupon may be redeemed, for all rounds alike."""
    coupon_code_mode: CouponCodeModeForBundle | str
    """Where codes come from, for every stock and for good; never API_ASSIGN."""
    max_count: int
    """Bundles that may ever be sent: 1 to 100,000,000."""
    max_count_per_day: NotRequired[int | None]
    """Bundles a day: 1 to 100,000,000; without limit when left out, for good."""
    max_count_per_user: int
    """Bundles one user may have: 1 to 100, for good."""


class SingleUseCouponSettings(_CouponSettings, StockSettings):
    """What a coupon redeemed once and its first stock are made with, besides discount and goods."""


class MultiUseCouponSettings(_CouponSettings, StockBundleSettings):
    """What a coupon redeemed in rounds and its first stock bundle are made with, besides discounts and goods."""
