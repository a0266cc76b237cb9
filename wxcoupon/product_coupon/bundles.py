"""Stock bundles (批次组), one stock for each round of a PROGRESSIVE_BUNDLE coupon: adding and changing them.

A bundle is looked up with ``ListStocks``, and ends only with its product coupon: no call ends a bundle or one of its
stocks by itself.
"""

from collections.abc import Iterator
from typing import Annotated

from ..endpoint import Endpoint, endpoint
from ..model import RequestNo, Text
from .display import CouponDisplayInfo, UsageRuleDisplayInfo
from .entities import StockBundleEntity
from .enums import StockStoreScope
from .ids import ProductCouponId, StockBundleId
from .stock_settings import NotifyConfig, StockBundleForCreate

__all__ = ["CreateStockBundle", "UpdateStockBundle"]

_LISTS = ("normal_coupon_list", "discount_coupon_list", "exchange_coupon_list")


@endpoint(
    "POST", "/product-coupon/product-coupons/{product_coupon_id}/stock-bundles", rate="20/s", key="out_request_no"
)
class CreateStockBundle(Endpoint[StockBundleEntity]):
    """Add a stock bundle to a product coupon whose usage mode is PROGRESSIVE_BUNDLE (添加商品券批次组).

    It makes as many stocks as there are entries in the list of discounts. They are AUDITING for moments, and take codes
    only after about five minutes. After ALREADY_EXISTS look the stocks up: the creation before may have been this one.

    https://pay.weixin.qq.com/doc/v3/partner/4016280622
    https://pay.weixin.qq.com/doc/brand/4016279732
    """

    product_coupon_id: ProductCouponId
    """The product coupon, as its creation answered."""
    out_request_no: RequestNo
    """Number of this creation; repeat it only with the same request."""
    stock_bundle: StockBundleForCreate
    """The bundle to add, with as many rounds as the product coupon has."""

    def check(self) -> Iterator[tuple[str, str]]:
        """There is one list of discounts: which one, only the product coupon knows."""
        rule = self.stock_bundle.progressive_bundle_usage_rule
        given = [name for name in _LISTS if getattr(rule, name) is not None]
        if not given:
            yield "stock_bundle.progressive_bundle_usage_rule", f"needs one of {', '.join(_LISTS)}"
        for name in given[1:]:
            yield f"stock_bundle.progressive_bundle_usage_rule.{name}", f"has to be left out beside {given[0]}"


@endpoint(
    "PATCH",
    "/product-coupon/product-coupons/{product_coupon_id}/stock-bundles/{stock_bundle_id}",
    rate="20/s",
    key="out_request_no",
)
class UpdateStockBundle(Endpoint[StockBundleEntity]):
    """Change how all stocks of a bundle look, where they may be used and how callbacks name users (修改商品券批次组).

    They may neither have ended nor be deactivated. An object that is given stands in place of the whole old one; one
    that is left out is taken to stay, though no page says so. ``store_scope`` does not stay, and is therefore required
    here: WeChat Pay lets it be left out and then sets it to NONE without a word. SPECIFIC may become ALL while stores
    are associated. Coupons users already have do not change. While one change is being reviewed, another is refused.
    Amounts, validity, code mode and the cap of a user never change.

    https://pay.weixin.qq.com/doc/v3/partner/4016280633
    https://pay.weixin.qq.com/doc/brand/4016279735
    """

    product_coupon_id: ProductCouponId
    """The product coupon, as its creation answered."""
    stock_bundle_id: StockBundleId
    """A bundle of that product coupon."""
    out_request_no: RequestNo
    """Number of this change; repeat it only with the same request."""
    remark: Annotated[str, Text(0, 20)] | None = None
    """Note of up to 20 characters that users do not see."""
    usage_rule_display_info: UsageRuleDisplayInfo | None = None
    """How the rules of use are shown, whole."""
    coupon_display_info: CouponDisplayInfo | None = None
    """How the coupons look in the card pack, whole."""
    notify_config: NotifyConfig | None = None
    """How callbacks name users, whole."""
    store_scope: StockStoreScope | str
    """Which stores take it from now on: say it even when it stays, for WeChat Pay takes none for NONE."""
