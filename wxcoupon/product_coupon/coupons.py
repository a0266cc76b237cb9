"""Product coupons (商品券): making them."""

from collections.abc import Iterator
from typing import Annotated

from ..endpoint import Endpoint, endpoint
from ..model import RequestNo, Text, model
from . import placement
from .display import ProductCouponDisplayInfo
from .entities import ProductCoupon, StockBundleEntity, StockEntity
from .enums import ProductCouponScope, ProductCouponType, UsageMode
from .rules import ProgressiveBundleUsageInfo, SequentialUsageInfo, SingleUsageInfo
from .stock_settings import StockBundleForCreate, StockForCreate

__all__ = ["CreateProductCoupon", "CreatedProductCoupon"]


@model
class CreatedProductCoupon(ProductCoupon):
    """A new product coupon with its first stock or stock bundle; normally in state AUDITING, for moments."""

    stock: StockEntity | None = None
    """The stock, for usage modes SINGLE and SEQUENTIAL."""
    stock_bundle: StockBundleEntity | None = None
    """The stock bundle, for usage mode PROGRESSIVE_BUNDLE."""


@endpoint("POST", "/product-coupon/product-coupons", rate="20/s", key="out_request_no")
class CreateProductCoupon(Endpoint[CreatedProductCoupon]):
    """Make a product coupon together with its first stock or stock bundle (创建商品券).

    Before it, the address for callbacks has to be set, images uploaded, and every appid bound. Which members go
    with which ``scope``, ``type`` and ``usage_mode`` is in :mod:`wxcoupon.product_coupon.placement`.

    https://pay.weixin.qq.com/doc/v3/partner/4015781289
    https://pay.weixin.qq.com/doc/v3/partner/4016434630
    https://pay.weixin.qq.com/doc/brand/4015736297
    https://pay.weixin.qq.com/doc/brand/4016427368
    """

    out_request_no: RequestNo
    """Number of this creation; repeat it only with the same request."""
    scope: ProductCouponScope | str
    """What the discount applies to, for good."""
    type: ProductCouponType | str
    """The kind of discount, for good and for all stocks; EXCHANGE only with scope SINGLE."""
    usage_mode: UsageMode | str
    """How often a claimed coupon may be redeemed, for good."""
    single_usage_info: SingleUsageInfo | None = None
    """The discount of all stocks: exactly for usage mode SINGLE with scope ALL."""
    progressive_bundle_usage_info: ProgressiveBundleUsageInfo | None = None
    """Rounds and interval: exactly for usage mode PROGRESSIVE_BUNDLE."""
    sequential_usage_info: SequentialUsageInfo | None = None
    """Uses and interval: exactly for the old usage mode SEQUENTIAL."""
    display_info: ProductCouponDisplayInfo
    """How it is shown."""
    out_product_no: Annotated[str, Text(0, 40)] | None = None
    """Your own number of the product, up to 40 characters; it need not be unique."""
    stock: StockForCreate | None = None
    """The first stock: exactly for usage modes SINGLE and SEQUENTIAL."""
    stock_bundle: StockBundleForCreate | None = None
    """The first stock bundle: exactly for usage mode PROGRESSIVE_BUNDLE."""

    def check(self) -> Iterator[tuple[str, str]]:
        """The discount is where scope, type and usage mode want it, and nothing else is there."""
        return placement.faults(self)
