"""Where the coupons of a stock can be used, and for what goods."""

from collections.abc import Iterator
from typing import Annotated

from ..endpoint import Endpoint, Listing, endpoint
from ..identity import Merchant, Partner
from ..model import Model, Text, Time, Whole, model
from .ids import MerchantId, StockId

__all__ = [
    "ListStockItems",
    "ListStockMerchants",
    "ModifiedStockItems",
    "ModifyStockItems",
    "StockItemPage",
    "StockMerchantPage",
]


@model
class StockMerchantPage(Model):
    """A page of merchants."""

    total_count: int
    """How many there are on all pages."""
    data: list[str] | None = None
    """Merchant numbers."""
    offset: int
    """The number of this page."""
    limit: int
    """How many a page has at the most."""
    stock_id: str
    """The stock."""


@endpoint("GET", "/v3/marketing/favor/stocks/{stock_id}/merchants", rate="200/min", items="data", step="page")
class ListStockMerchants(Listing[StockMerchantPage, str, Merchant | Partner]):
    """List the merchants where the coupons of a stock can be used (查询代金券可用商户).

    https://pay.weixin.qq.com/doc/v3/merchant/4012463358
    """

    stock_id: StockId
    """The stock."""
    offset: Annotated[int, Whole(0, 1000)]
    """The number of the page, from 0 to 1000: pages are counted, not merchants."""
    limit: Annotated[int, Whole(0, 50)]
    """How many a page has: up to 50."""
    stock_creator_mchid: MerchantId
    """The merchant that created the stock."""


@model
class StockItemPage(Model):
    """A page of goods."""

    total_count: int
    """How many there are on all pages."""
    data: list[str] | None = None
    """Codes of goods."""
    offset: int
    """The number of this page."""
    limit: int
    """How many a page has at the most."""
    stock_id: str
    """The stock."""


@endpoint("GET", "/v3/marketing/favor/stocks/{stock_id}/items", rate="200/min", items="data", step="page")
class ListStockItems(Listing[StockItemPage, str, Merchant | Partner]):
    """List the goods that the coupons of a stock can be used for (查询代金券可用单品).

    https://pay.weixin.qq.com/doc/v3/merchant/4012463442
    """

    stock_id: StockId
    """The stock."""
    offset: Annotated[int, Whole(0, 500)]
    """The number of the page, from 0 to 500: pages are counted, not goods."""
    limit: Annotated[int, Whole(0, 100)]
    """How many a page has: up to 100."""
    stock_creator_mchid: MerchantId
    """The merchant that created the stock."""


@model
class ModifiedStockItems(Model):
    """The goods of a stock were changed. Descriptions name the time differently: :attr:`effective` reads both."""

    pause_time: Time | None = None
    """Since when the change holds, under the name of the description."""
    effect_time: Time | None = None
    """Since when the change holds, under the name of an SDK."""
    stock_id: str
    """The stock."""

    @property
    def effective(self) -> Time | None:
        """Since when the change holds, by whichever name it came."""
        return self.effect_time or self.pause_time


@endpoint("POST", "/v3/marketing/favor/stocks/{stock_id}/modify-goods-id")
class ModifyStockItems(Endpoint[ModifiedStockItems, Merchant | Partner]):
    """Add goods to a stock, or take goods from it; one has to remain (修改可用单品编码).

    Whether it may be repeated is not documented: after an unknown outcome list the goods first. No page of WeChat Pay's
    own describes it. The page named here is of its sibling, the list of these goods.

    https://pay.weixin.qq.com/doc/v3/merchant/4012463442
    """

    stock_id: StockId
    """The stock."""
    stock_creator_mchid: MerchantId
    """The merchant that created it."""
    add_goods_id_list: list[Annotated[str, Text(1, 128)]] | None = None
    """Codes of goods to add: up to 128 characters each."""
    delete_goods_id_list: list[Annotated[str, Text(1, 128)]] | None = None
    """Codes of goods to take away: up to 128 characters each."""

    def advise(self) -> Iterator[tuple[str, str]]:
        """Something is to be changed."""
        if not self.add_goods_id_list and not self.delete_goods_id_list:
            yield "", "changes nothing without add_goods_id_list or delete_goods_id_list"
