"""Product coupons (商品券): making, finding, changing and ending them."""

from collections.abc import Iterator
from typing import Annotated

from ..endpoint import Endpoint, endpoint
from ..model import RequestNo, Text, model
from . import placement
from .display import ProductCouponDisplayInfo
from .entities import ProductCoupon, ProductCouponEntity, StockBundleEntity, StockEntity
from .enums import ProductCouponScope, ProductCouponType, UsageMode
from .ids import ProductCouponId
from .rules import ProgressiveBundleUsageInfo, SequentialUsageInfo, SingleUsageInfo
from .stock_settings import StockBundleForCreate, StockForCreate

__all__ = [
    "CreateProductCoupon",
    "CreatedProductCoupon",
    "DeactivateProductCoupon",
    "GetProductCoupon",
    "UpdateProductCoupon",
]


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

    Before it, the address for callbacks has to be set, images uploaded, and every appid bound; what is bound on the
    brand platform works from the next day. A partner also needs the brand's permission. A stock takes codes only after
    about five minutes. Keep the ids: nothing lists product coupons.

    Which members go with which ``scope``, ``type`` and ``usage_mode`` is in the table of the ten kinds, which
    ``help(wxcoupon.product_coupon.kinds)`` shows; ``single_use_coupon`` and ``multi_use_coupon`` put them there.

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


@endpoint("GET", "/product-coupon/product-coupons/{product_coupon_id}", rate="20/s")
class GetProductCoupon(Endpoint[ProductCouponEntity]):
    """Look up a product coupon; its stocks are looked up with ``ListStocks`` (查询商品券).

    https://pay.weixin.qq.com/doc/v3/partner/4015781292
    https://pay.weixin.qq.com/doc/v3/partner/4016434632
    https://pay.weixin.qq.com/doc/brand/4015736321
    """

    product_coupon_id: ProductCouponId
    """The product coupon, as its creation answered."""


@endpoint("PATCH", "/product-coupon/product-coupons/{product_coupon_id}", rate="20/s", key="out_request_no")
class UpdateProductCoupon(Endpoint[ProductCouponEntity]):
    """Change how a product coupon is shown (修改商品券).

    It has to be EFFECTIVE. Only coupons that are sent from then on change. Nothing else of a product coupon ever
    changes, neither amounts nor validity.

    https://pay.weixin.qq.com/doc/v3/partner/4015781296
    https://pay.weixin.qq.com/doc/v3/partner/4016434633
    https://pay.weixin.qq.com/doc/brand/4015736325
    """

    product_coupon_id: ProductCouponId
    """The product coupon, as its creation answered."""
    out_request_no: RequestNo
    """Number of this change; repeat it only with the same request."""
    display_info: ProductCouponDisplayInfo
    """How it is shown, whole: what is left out is gone."""


@endpoint("POST", "/product-coupon/product-coupons/{product_coupon_id}/deactivate", rate="20/s", key="out_request_no")
class DeactivateProductCoupon(Endpoint[ProductCouponEntity]):
    """End a product coupon with all its stocks and every campaign that uses them, for good (失效商品券).

    It has to be EFFECTIVE. Coupons users already have stay valid. Nothing else ends a stock that is in a bundle.

    https://pay.weixin.qq.com/doc/v3/partner/4015781290
    https://pay.weixin.qq.com/doc/v3/partner/4016434631
    https://pay.weixin.qq.com/doc/brand/4015736315
    """

    product_coupon_id: ProductCouponId
    """The product coupon, as its creation answered."""
    out_request_no: RequestNo
    """Number of this deactivation; repeat it only with the same request."""
    deactivate_reason: Annotated[str, Text(1, 150)]
    """Why, in up to 150 characters."""
