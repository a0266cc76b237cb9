"""Stocks, as queries answer them."""

from typing import Annotated

from ..endpoint import Endpoint, Listing, endpoint
from ..identity import Merchant, Partner
from ..model import Fen, Model, Time, Whole, model
from .enums import CashBusinessType, CashCouponType, CashStockKind, CashStockStatus, RegionType, TradeType
from .ids import MerchantId, StockId
from .rules import FixedValue

__all__ = ["CashStock", "CutToMessage", "DiscountMsg", "GetStock", "ListStocks", "Region", "StockPage", "StockUseRule"]


@model
class DiscountMsg(Model):
    """A percentage off."""

    discount_amount_max: Fen
    """The most that is taken off, in fen."""
    discount_percent: int
    """The percentage that is still to be paid: 88 takes 12 percent off."""
    transaction_minimum: Fen | None = None
    """What has to be paid at least, in fen."""


@model
class CutToMessage(Model):
    """A price that goods are cut to."""

    single_price_max: Fen
    """The highest price of a piece to which it applies, in fen."""
    cut_to_price: Fen
    """The price of a piece afterwards, in fen."""


@model
class Region(Model):
    """A region in which a coupon can be used."""

    type: RegionType | str | None = None
    """How exact it is."""
    province: str | None = None
    """Its province."""
    city: str | None = None
    """Its city."""
    district: str | None = None
    """Its district."""
    country: str | None = None
    """Its country."""


@model
class StockUseRule(Model):
    """How many coupons a stock sends, and what they take off."""

    max_coupons: int
    """How many coupons there are."""
    max_amount: Fen
    """The budget, in fen."""
    max_amount_by_day: Fen
    """The budget of a day, in fen."""
    fixed_normal_coupon: FixedValue | None = None
    """The amount that is taken off."""
    max_coupons_per_user: int
    """How many coupons a user gets."""
    coupon_type: CashCouponType | str | None = None
    """What is taken off."""
    goods_tag: list[str] | None = None
    """Tags of which an order has to have one; documented, and not answered yet."""
    trade_type: list[TradeType | str] | None = None
    """Ways to pay its coupons can be used with."""
    combine_use: bool | None = None
    """Whether its coupons add to others."""
    fixed_discount_coupon: DiscountMsg | None = None
    """The percentage that is taken off."""


@model
class CashStock(Model):
    """A stock of cash coupons."""

    stock_id: str
    """Its number."""
    stock_creator_mchid: str
    """The merchant that created it."""
    stock_name: str
    """Its name."""
    status: CashStockStatus | str
    """Its state."""
    create_time: Time
    """When it was created."""
    description: str
    """The terms of use."""
    stock_use_rule: StockUseRule | None = None
    """Its rules; some kinds of stocks have none."""
    available_begin_time: Time
    """From when its coupons can be used."""
    available_end_time: Time
    """Until when."""
    distributed_coupons: int
    """How many coupons were sent."""
    no_cash: bool
    """Whether nothing is paid in advance."""
    start_time: Time | None = None
    """When it was started."""
    stop_time: Time | None = None
    """When it was ended for good."""
    cut_to_message: CutToMessage | None = None
    """The price that goods are cut to."""
    singleitem: bool
    """Whether it is about single goods."""
    stock_type: CashStockKind | str
    """Its kind."""
    card_id: str | None = None
    """Its number among the cards of WeChat."""
    business_type: CashBusinessType | str | None = None
    """What is special about it."""
    available_region_list: list[Region] | None = None
    """Where its coupons can be used: only with ``business_type`` MULTIUSE."""
    available_industry_list: list[str] | None = None
    """What they can be used for: only with ``business_type`` MULTIUSE."""


@endpoint("GET", "/v3/marketing/favor/stocks/{stock_id}", rate="500/s")
class GetStock(Endpoint[CashStock, Merchant | Partner]):
    """Look up a stock that the caller created or sends (查询批次详情).

    https://pay.weixin.qq.com/doc/v3/merchant/4012460564
    """

    stock_id: StockId
    """The stock."""
    stock_creator_mchid: MerchantId
    """The merchant that created it."""


@model
class StockPage(Model):
    """A page of stocks."""

    total_count: int
    """How many there are on all pages."""
    data: list[CashStock] | None = None
    """Those of this page."""
    limit: int
    """How many a page has at the most."""
    offset: int
    """The number of this page."""


@endpoint("GET", "/v3/marketing/favor/stocks", rate="500/s", items="data", step="page")
class ListStocks(Listing[StockPage, CashStock, Merchant | Partner]):
    """List the stocks of a merchant (条件查询批次列表).

    https://pay.weixin.qq.com/doc/v3/merchant/4012460489
    """

    offset: Annotated[int, Whole(0)]
    """The number of the page, from 0: pages are counted, not stocks."""
    limit: Annotated[int, Whole(0, 10)]
    """How many a page has: up to 10."""
    stock_creator_mchid: MerchantId
    """The merchant that created them."""
    create_start_time: Time | None = None
    """Only what was created from then on."""
    create_end_time: Time | None = None
    """Only what was created until then."""
    status: CashStockStatus | str | None = None
    """Only what is in this state."""
