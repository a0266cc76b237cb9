"""The cash coupons that users have."""

from collections.abc import Iterator
from typing import Annotated, Final

from ..endpoint import Endpoint, Listing, endpoint
from ..identity import Merchant, Partner
from ..model import PRIVATE, Fen, Model, OpenId, Text, Time, Whole, model
from .enums import CashBusinessType, CashCouponStatus, CashCouponType
from .ids import Appid, CouponId, MerchantId, StockId
from .rules import FixedValue
from .stocks import CutToMessage, DiscountMsg

__all__ = ["CashCoupon", "ConsumeInformation", "GetUserCoupon", "GoodsDetail", "ListUserCoupons", "UserCouponPage"]

_OF_A_CREATOR: Final = ("stock_id", "status", "offset", "limit")


@model
class GoodsDetail(Model):
    """Goods of an order."""

    goods_id: str
    """Their code."""
    quantity: int
    """How many."""
    price: Fen
    """The price of a piece, in fen."""
    discount_amount: Fen
    """What was taken off, in fen."""


@model
class ConsumeInformation(Model):
    """How a coupon was redeemed."""

    consume_time: Time
    """When."""
    consume_mchid: str
    """The merchant that was paid."""
    transaction_id: str
    """The number of the payment at WeChat Pay."""
    consume_amount: Fen | None = None
    """What was redeemed, in fen: only with ``business_type`` MULTIUSE."""
    goods_detail: list[GoodsDetail] | None = None
    """The goods of the order."""


@model
class CashCoupon(Model):
    """A cash coupon that a user has."""

    stock_creator_mchid: str
    """The merchant that created its stock."""
    stock_id: str
    """Its stock."""
    coupon_id: Annotated[str, PRIVATE]
    """Its number."""
    cut_to_message: CutToMessage | None = None
    """The price that goods are cut to."""
    coupon_name: str
    """Its name."""
    status: CashCouponStatus | str
    """Its state."""
    description: str
    """The terms of use."""
    create_time: Time
    """When the user received it."""
    coupon_type: CashCouponType | str
    """What is taken off."""
    no_cash: bool
    """Whether nothing is paid in advance."""
    available_begin_time: Time
    """From when it can be used."""
    available_end_time: Time
    """Until when."""
    singleitem: bool
    """Whether it is about single goods."""
    normal_coupon_information: FixedValue | None = None
    """The amount that is taken off."""
    out_request_no: str | None = None
    """The number of its sending."""
    available_balance: Fen | None = None
    """What is left of it, in fen: only with ``business_type`` MULTIUSE."""
    business_type: CashBusinessType | str | None = None
    """What is special about it."""
    discount_msg: DiscountMsg | None = None
    """The percentage that is taken off."""
    consume_information: ConsumeInformation | None = None
    """How it was redeemed; the current page does not have it, older ones and the callback do."""


@endpoint("GET", "/v3/marketing/favor/users/{openid}/coupons/{coupon_id}", rate="500/s")
class GetUserCoupon(Endpoint[CashCoupon, Merchant | Partner]):
    """Look up a coupon that a user has (查询代金券详情).

    https://pay.weixin.qq.com/doc/v3/merchant/4012486942
    """

    openid: OpenId
    """The user, under ``appid``."""
    coupon_id: CouponId
    """The coupon."""
    appid: Appid
    """The appid the openid was computed under; it has to be bound to the caller."""


@model
class UserCouponPage(Model):
    """A page of coupons."""

    data: list[CashCoupon] | None = None
    """Those of this page."""
    total_count: int
    """How many there are on all pages."""
    limit: int | None = None
    """How many a page has at the most: only when they were asked for by their creator."""
    offset: int | None = None
    """The number of this page: only when they were asked for by their creator."""


@endpoint("GET", "/v3/marketing/favor/users/{openid}/coupons", rate="500/s", items="data", step="page")
class ListUserCoupons(Listing[UserCouponPage, CashCoupon, Merchant | Partner]):
    """List the coupons that a user has, by who created them or by where they can be used (根据商户号查用户的券).

    By creator, all but the expired ones are listed. By merchant, those that can be used there are, on one page, and
    ``stock_id``, ``status``, ``offset`` and ``limit`` are ignored. Discounts of the whole platform are never listed.

    https://pay.weixin.qq.com/doc/v3/merchant/4012534690
    """

    openid: OpenId
    """The user, under ``appid``."""
    appid: Appid
    """The appid the openid was computed under; it has to be bound to the caller."""
    stock_id: StockId | None = None
    """Only coupons of this stock; ignored with ``available_mchid``."""
    status: Annotated[str, Text(1, 6)] | None = None
    """SENDED for what can be used, USED for that and what was redeemed; ignored with ``available_mchid``."""
    business_type: CashBusinessType | str | None = None
    """Only coupons with this special nature."""
    creator_mchid: MerchantId | None = None
    """The merchant that created them: this or ``available_mchid``."""
    sender_mchid: MerchantId | None = None
    """The merchant that sent them; only SDKs and the older page have it, so coupons of others may come too."""
    available_mchid: MerchantId | None = None
    """The merchant where they can be used: this or ``creator_mchid``."""
    offset: Annotated[int, Whole(0)] | None = None
    """The number of the page, from 0, which it is when left out; ignored with ``available_mchid``."""
    limit: Annotated[int, Whole(0)] | None = None
    """How many a page has, 20 when left out; ignored with ``available_mchid``."""

    def check(self) -> Iterator[tuple[str, str]]:
        """Either by creator or by merchant, and in a state that can be asked for."""
        if self.creator_mchid is None and self.available_mchid is None:
            yield "creator_mchid", "is required when available_mchid is left out"
        if self.creator_mchid is not None and self.available_mchid is not None:
            yield "available_mchid", "has to be left out when creator_mchid is given, which WeChat Pay prefers"
        if self.status is not None and self.status not in {CashCouponStatus.SENDED, CashCouponStatus.USED}:
            yield "status", f"has to be SENDED or USED (it is {str(self.status)!r})"

    def advise(self) -> Iterator[tuple[str, str]]:
        """What is ignored may list more than was asked for."""
        for name in _OF_A_CREATOR if self.available_mchid is not None else ():
            if getattr(self, name) is not None:
                yield name, "is ignored when available_mchid is given; leave it out"
