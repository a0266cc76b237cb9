"""How many coupons a stock or a bundle may send: changing it, by saying what it is now and what it is to be.

The caps of a user never change. Neither can a day without a cap get one, nor one with a cap lose it.
"""

from collections.abc import Iterator
from typing import Annotated, Final, TypeAlias, Union

from ..endpoint import Endpoint, endpoint
from ..model import RequestNo, Whole
from .entities import StockBundleEntity, StockEntity
from .enums import UpdateBudgetMode
from .ids import ProductCouponId, StockBundleId, StockId

__all__ = ["UpdateStockBudget", "UpdateStockBundleBudget"]

_Update: TypeAlias = Union["UpdateStockBudget", "UpdateStockBundleBudget"]
_PAIRS: Final[dict[str, tuple[str, str]]] = {
    UpdateBudgetMode.MAX_COUNT: ("current_max_count", "target_max_count"),
    UpdateBudgetMode.MAX_COUNT_PER_DAY: ("current_max_count_per_day", "target_max_count_per_day"),
}


def _pairs(request: _Update) -> Iterator[tuple[str, str]]:
    if request.update_mode not in _PAIRS:
        return  # which members it takes, nobody knows; that it is unknown is said of itself
    for mode, names in _PAIRS.items():
        wanted = mode == request.update_mode
        for name in names:
            given = getattr(request, name) is not None
            if given != wanted:
                because = f"when update_mode is {request.update_mode}"
                yield name, f"{'has to be left out' if given else 'is required'} {because}"


@endpoint(
    "POST",
    "/product-coupon/product-coupons/{product_coupon_id}/stocks/{stock_id}/update-budget",
    rate="20/s",
    key="out_request_no",
)
class UpdateStockBudget(Endpoint[StockEntity]):
    """Change one of the two caps of a stock (修改商品券批次发放预算).

    It may neither have ended nor be deactivated, nor be in a bundle. Look the stock up first: a cap that is no longer
    what ``current_…`` says is refused. A raised cap takes about ten minutes until more codes can be uploaded. Codes
    above a lowered cap stay, for a later raise.

    https://pay.weixin.qq.com/doc/v3/partner/4015781561
    https://pay.weixin.qq.com/doc/brand/4015736398
    """

    product_coupon_id: ProductCouponId
    """The product coupon, as its creation answered."""
    stock_id: StockId
    """A stock of that product coupon."""
    out_request_no: RequestNo
    """Number of this change; repeat it only with the same request."""
    update_mode: UpdateBudgetMode | str
    """Which cap to change: the pair of members about the other one is left out."""
    current_max_count: Annotated[int, Whole(unit="coupons")] | None = None
    """The cap of all coupons as it is now: exactly for MAX_COUNT."""
    target_max_count: Annotated[int, Whole(0, 100_000_000, unit="coupons")] | None = None
    """The cap of all coupons to be, up to 100,000,000 and not below what was sent: exactly for MAX_COUNT."""
    current_max_count_per_day: Annotated[int, Whole(unit="coupons per day")] | None = None
    """The cap of a day as it is now: exactly for MAX_COUNT_PER_DAY."""
    target_max_count_per_day: Annotated[int, Whole(0, 100_000_000, unit="coupons per day")] | None = None
    """The cap of a day to be, up to 100,000,000: exactly for MAX_COUNT_PER_DAY."""

    def check(self) -> Iterator[tuple[str, str]]:
        """The pair of the cap is there, that of the other cap is not."""
        return _pairs(self)


@endpoint(
    "POST",
    "/product-coupon/product-coupons/{product_coupon_id}/stock-bundles/{stock_bundle_id}/update-budget",
    rate="20/s",
    key="out_request_no",
)
class UpdateStockBundleBudget(Endpoint[StockBundleEntity]):
    """Change one of the two caps of a bundle, and so of its stocks (修改商品券批次组发放预算).

    They may neither have ended nor be deactivated. Look them up first: a cap that is no longer what ``current_…``
    says is refused. Only the first stock of a bundle has a cap of a day. A raised cap takes about ten minutes until
    more codes can be uploaded. Codes above a lowered cap stay, for a later raise.

    https://pay.weixin.qq.com/doc/v3/partner/4016280642
    https://pay.weixin.qq.com/doc/brand/4016279740
    """

    product_coupon_id: ProductCouponId
    """The product coupon, as its creation answered."""
    stock_bundle_id: StockBundleId
    """A bundle of that product coupon."""
    out_request_no: RequestNo
    """Number of this change; repeat it only with the same request."""
    update_mode: UpdateBudgetMode | str
    """Which cap to change: the pair of members about the other one is left out."""
    current_max_count: Annotated[int, Whole(unit="bundles")] | None = None
    """The cap of all bundles as it is now: exactly for MAX_COUNT."""
    target_max_count: Annotated[int, Whole(0, 100_000_000, unit="bundles")] | None = None
    """The cap of all bundles to be, up to 100,000,000 and not below what was sent: exactly for MAX_COUNT."""
    current_max_count_per_day: Annotated[int, Whole(unit="bundles per day")] | None = None
    """The cap of a day as it is now, as the first stock shows it: exactly for MAX_COUNT_PER_DAY."""
    target_max_count_per_day: Annotated[int, Whole(0, 100_000_000, unit="bundles per day")] | None = None
    """The cap of a day to be, up to 100,000,000: exactly for MAX_COUNT_PER_DAY."""

    def check(self) -> Iterator[tuple[str, str]]:
        """The pair of the cap is there, that of the other cap is not."""
        return _pairs(self)
