"""Stocks (批次) of a product coupon: adding, finding, changing and ending them."""

from collections.abc import Iterator
from typing import Annotated

from ..endpoint import Endpoint, Listing, endpoint
from ..model import Model, RequestNo, Text, Whole, model
from .display import CouponDisplayInfo, UsageRuleDisplayInfo
from .entities import StockEntity
from .enums import StockState, StockStoreScope
from .ids import ProductCouponId, StockBundleId, StockId
from .stock_settings import NotifyConfig, StockForCreate

__all__ = ["CreateStock", "DeactivateStock", "GetStock", "ListStocks", "StockPage", "UpdateStock"]

_RULES = ("single_usage_rule", "sequential_usage_rule")
_COUPONS = ("normal_coupon", "discount_coupon", "exchange_coupon")


@endpoint("POST", "/product-coupon/product-coupons/{product_coupon_id}/stocks", rate="20/s", key="out_request_no")
class CreateStock(Endpoint[StockEntity]):
    """Add a stock to a product coupon whose usage mode is SINGLE (添加商品券批次).

    The product coupon has to be EFFECTIVE, and may have 200 stocks; those that ended or were deactivated do not
    count. The new stock is AUDITING for moments, and takes codes only after about five minutes. After ALREADY_EXISTS
    look it up: the creation before may have been this one.

    https://pay.weixin.qq.com/doc/v3/partner/4015781304
    https://pay.weixin.qq.com/doc/brand/4015736342
    """

    product_coupon_id: ProductCouponId
    """The product coupon, as its creation answered."""
    out_request_no: RequestNo
    """Number of this creation; repeat it only with the same request."""
    stock: StockForCreate
    """The stock to add: with a discount for scope SINGLE, without one for scope ALL."""

    def check(self) -> Iterator[tuple[str, str]]:
        """There is one rule, and one discount at most: which one, only the product coupon knows."""
        given = [name for name in _RULES if getattr(self.stock, name) is not None]
        if not given:
            yield "stock.single_usage_rule", "is required: it says when a coupon may be redeemed"
        for name in given[1:]:
            yield f"stock.{name}", f"has to be left out beside {given[0]}"
        rule = self.stock.single_usage_rule
        discounts = [name for name in _COUPONS if rule is not None and getattr(rule, name) is not None]
        for name in discounts[1:]:
            yield f"stock.single_usage_rule.{name}", f"has to be left out beside {discounts[0]}"


@model
class StockPage(Model):
    """A page of stocks."""

    total_count: int | None = None
    """Stocks there are on all pages; only the first page says it."""
    stock_list: list[StockEntity] | None = None
    """Stocks of this page; it may be missing."""
    next_page_token: str | None = None
    """Token of the next page; none on the last."""


@endpoint("GET", "/product-coupon/product-coupons/{product_coupon_id}/stocks", rate="20/s", items="stock_list")
class ListStocks(Listing[StockPage, StockEntity]):
    """Look up the stocks of a product coupon, or those of one bundle (查询商品券批次列表).

    Nothing else shows a bundle.

    https://pay.weixin.qq.com/doc/v3/partner/4015781553
    https://pay.weixin.qq.com/doc/v3/partner/4016434641
    https://pay.weixin.qq.com/doc/brand/4016427459
    https://pay.weixin.qq.com/doc/brand/4015736384
    """

    product_coupon_id: ProductCouponId
    """The product coupon, as its creation answered."""
    state: StockState | str | None = None
    """Only the stocks in this state; all when left out."""
    page_size: Annotated[int, Whole(1, 50, unit="stocks")] | None = None
    """Stocks on a page, 1 to 50; 20 when left out."""
    page_token: Annotated[str, Text()] | None = None
    """The ``next_page_token`` of the page before; left out for the first."""
    stock_bundle_id: StockBundleId | None = None
    """Only the stocks of this bundle."""


@endpoint("GET", "/product-coupon/product-coupons/{product_coupon_id}/stocks/{stock_id}", rate="20/s")
class GetStock(Endpoint[StockEntity]):
    """Look up a stock (查询商品券指定批次).

    https://pay.weixin.qq.com/doc/v3/partner/4015781542
    https://pay.weixin.qq.com/doc/v3/partner/4016434649
    https://pay.weixin.qq.com/doc/brand/4016427475
    """

    product_coupon_id: ProductCouponId
    """The product coupon, as its creation answered."""
    stock_id: StockId
    """A stock of that product coupon."""


@endpoint(
    "PATCH",
    "/product-coupon/product-coupons/{product_coupon_id}/stocks/{stock_id}",
    rate="20/s",
    key="out_request_no",
)
class UpdateStock(Endpoint[StockEntity]):
    """Change how a stock looks, where it may be used and how its callbacks name users (修改商品券批次).

    It has to be SENDING or PAUSED, and in no bundle. An object that is given stands in place of the whole old one; one
    that is left out is taken to stay, though no page says so. ``store_scope`` does not stay, and is therefore required
    here: WeChat Pay lets it be left out and then sets it to NONE without a word. SPECIFIC may become ALL while stores
    are associated. Coupons users already have do not change. While one change is being reviewed, another is refused.
    Amounts, validity, code mode and the cap of a user never change.

    https://pay.weixin.qq.com/doc/v3/partner/4015781556
    https://pay.weixin.qq.com/doc/brand/4015736391
    """

    product_coupon_id: ProductCouponId
    """The product coupon, as its creation answered."""
    stock_id: StockId
    """A stock of that product coupon."""
    out_request_no: RequestNo
    """Number of this change; repeat it only with the same request."""
    remark: Annotated[str, Text(0, 20)] | None = None
    """Note of up to 20 characters that users do not see."""
    usage_rule_display_info: UsageRuleDisplayInfo | None = None
    """How the rules of use are shown, whole."""
    coupon_display_info: CouponDisplayInfo | None = None
    """How the coupon looks in the card pack, whole."""
    notify_config: NotifyConfig | None = None
    """How callbacks name users, whole."""
    store_scope: StockStoreScope | str
    """Which stores take it from now on: say it even when it stays, for WeChat Pay takes none for NONE."""


@endpoint(
    "POST",
    "/product-coupon/product-coupons/{product_coupon_id}/stocks/{stock_id}/deactivate",
    rate="20/s",
    key="out_request_no",
)
class DeactivateStock(Endpoint[StockEntity]):
    """End a stock for good (失效商品券批次).

    It has to be SENDING or PAUSED. A stock of a bundle ends only with its product coupon. Coupons users already have
    stay valid.

    https://pay.weixin.qq.com/doc/v3/partner/4015781532
    https://pay.weixin.qq.com/doc/brand/4015736352
    """

    product_coupon_id: ProductCouponId
    """The product coupon, as its creation answered."""
    stock_id: StockId
    """A stock of that product coupon."""
    out_request_no: RequestNo
    """Number of this deactivation; repeat it only with the same request."""
    deactivate_reason: Annotated[str, Text(1, 150)]
    """Why, in up to 150 characters."""
