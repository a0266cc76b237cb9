"""Stores (门店) that take a stock whose ``store_scope`` is SPECIFIC: adding, taking off and listing them."""

from typing import Annotated

from ..endpoint import Endpoint, Listing, endpoint
from ..model import Items, Model, Text, Whole, model
from .ids import ProductCouponId, StockBundleId, StockId, StoreId

__all__ = [
    "AssociateStockBundleStores",
    "AssociateStores",
    "AssociatedStorePage",
    "AssociatedStores",
    "DisassociateStockBundleStores",
    "DisassociateStores",
    "DisassociatedStores",
    "FailedStoreInfo",
    "ListAssociatedStores",
    "StoreInfo",
]


@model
class StoreInfo(Model):
    """A store."""

    store_id: StoreId
    """The store of the brand, under its number at WeChat Pay."""


@model
class FailedStoreInfo(Model):
    """A store with which it did not work, and why."""

    store_id: str
    """The store."""
    code: str
    """The reason as a code; which there are is not documented."""
    message: str
    """The reason in words."""


@model
class AssociatedStores(Model):
    """What became of each store."""

    total_count: int
    """Distinct stores in the request."""
    success_store_list: list[StoreInfo] | None = None
    """Stores that take the coupons now."""
    failed_store_list: list[FailedStoreInfo] | None = None
    """Stores with which it did not work: an answer of 200 may hide failures here."""


@model
class DisassociatedStores(Model):
    """What became of each store."""

    total_count: int
    """Distinct stores in the request."""
    success_store_list: list[StoreInfo] | None = None
    """Stores that do not take the coupons any more."""
    failed_store_list: list[FailedStoreInfo] | None = None
    """Stores with which it did not work: an answer of 200 may hide failures here."""


@endpoint(
    "POST",
    "/product-coupon/product-coupons/{product_coupon_id}/stocks/{stock_id}/associate-stores",
    rate="20/s",
    harmless=True,
)
class AssociateStores(Endpoint[AssociatedStores]):
    """Let stores take the coupons of a stock (批次关联门店).

    Its ``store_scope`` has to be SPECIFIC; it may neither have ended nor be deactivated, nor be in a bundle. Stores add
    up from call to call. The brand's half of the documentation has no page of it; its path there is known from samples.

    https://pay.weixin.qq.com/doc/v3/partner/4015781302
    """

    product_coupon_id: ProductCouponId
    """The product coupon, as its creation answered."""
    stock_id: StockId
    """A stock of that product coupon."""
    store_list: Annotated[list[StoreInfo], Items(1, 200)]
    """1 to 200 stores; one that is named twice counts once."""


@endpoint(
    "POST",
    "/product-coupon/product-coupons/{product_coupon_id}/stocks/{stock_id}/disassociate-stores",
    rate="20/s",
    harmless=True,
)
class DisassociateStores(Endpoint[DisassociatedStores]):
    """Let stores take the coupons of a stock no longer (批次取消关联门店).

    Its ``store_scope`` has to be SPECIFIC; it may neither have ended nor be deactivated, nor be in a bundle. The
    brand's half of the documentation has no page of it; its path there is known from samples.

    https://pay.weixin.qq.com/doc/v3/partner/4015781537
    """

    product_coupon_id: ProductCouponId
    """The product coupon, as its creation answered."""
    stock_id: StockId
    """A stock of that product coupon."""
    store_list: Annotated[list[StoreInfo], Items(1, 200)]
    """1 to 200 stores to take off; one that is named twice counts once."""


@model
class AssociatedStorePage(Model):
    """A page of stores."""

    total_count: int | None = None
    """Stores there are on all pages; only the first page says it."""
    store_list: list[StoreInfo] | None = None
    """Stores of this page; it may be missing."""
    next_page_token: str | None = None
    """Token of the next page; none on the last."""


@endpoint(
    "GET",
    "/product-coupon/product-coupons/{product_coupon_id}/stocks/{stock_id}/associated-stores",
    rate="20/s",
    items="store_list",
)
class ListAssociatedStores(Listing[AssociatedStorePage, StoreInfo]):
    """Look up the stores that take a stock, alone or in a bundle (查询批次关联门店列表).

    Its ``store_scope`` has to be SPECIFIC; it may neither have ended nor be deactivated. The brand's half of the
    documentation has no page of it; its path there is known from samples.

    https://pay.weixin.qq.com/doc/v3/partner/4015781546
    https://pay.weixin.qq.com/doc/v3/partner/4016434665
    """

    product_coupon_id: ProductCouponId
    """The product coupon, as its creation answered."""
    stock_id: StockId
    """A stock of that product coupon."""
    page_size: Annotated[int, Whole(1, 200, unit="stores")] | None = None
    """Stores on a page, 1 to 200; 20 when left out."""
    page_token: Annotated[str, Text()] | None = None
    """The ``next_page_token`` of the page before; left out for the first."""


@endpoint(
    "POST",
    "/product-coupon/product-coupons/{product_coupon_id}/stock-bundles/{stock_bundle_id}/associate-stores",
    rate="20/s",
    harmless=True,
)
class AssociateStockBundleStores(Endpoint[AssociatedStores]):
    """Let stores take the coupons of all stocks of a bundle (批次组批量关联门店).

    Their ``store_scope`` has to be SPECIFIC; they may neither have ended nor be deactivated.

    https://pay.weixin.qq.com/doc/v3/partner/4016280620
    https://pay.weixin.qq.com/doc/brand/4016279709
    """

    product_coupon_id: ProductCouponId
    """The product coupon, as its creation answered."""
    stock_bundle_id: StockBundleId
    """A bundle of that product coupon."""
    store_list: Annotated[list[StoreInfo], Items(1, 200)]
    """1 to 200 stores; one that is named twice counts once."""


@endpoint(
    "POST",
    "/product-coupon/product-coupons/{product_coupon_id}/stock-bundles/{stock_bundle_id}/disassociate-stores",
    rate="20/s",
    harmless=True,
)
class DisassociateStockBundleStores(Endpoint[DisassociatedStores]):
    """Let stores take the coupons of all stocks of a bundle no longer (批次组批量取消关联门店).

    Their ``store_scope`` has to be SPECIFIC; they may neither have ended nor be deactivated.

    https://pay.weixin.qq.com/doc/v3/partner/4016280629
    https://pay.weixin.qq.com/doc/brand/4016279734
    """

    product_coupon_id: ProductCouponId
    """The product coupon, as its creation answered."""
    stock_bundle_id: StockBundleId
    """A bundle of that product coupon."""
    store_list: Annotated[list[StoreInfo], Items(1, 200)]
    """1 to 200 stores to take off; one that is named twice counts once."""
