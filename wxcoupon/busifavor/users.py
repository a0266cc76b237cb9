"""The merchant coupons a user has."""

from collections.abc import Iterator
from typing import Annotated, Final

from ..endpoint import Endpoint, Listing, endpoint
from ..identity import Merchant, Partner
from ..model import Model, OpenId, Text, Whole, model
from .entities import UserCoupon
from .enums import CouponState
from .ids import Appid, Mchid, MerchantCouponCode, StockId

__all__ = ["GetUserCoupon", "ListUserCoupons", "UserCouponPage"]

_OF_2025: Final = (
    CouponState.PENDING_REDEEM,
    CouponState.REDEEM_CONFIRMING,
    CouponState.REDEEM_FAILED,
    CouponState.REDEEM_EXPIRED,
)


@model
class UserCouponPage(Model):
    """A page of a user's coupons."""

    data: list[UserCoupon] | None = None
    """The coupons; their ``display_pattern_info`` comes without ``description``."""
    total_count: int
    """How many there are in all."""
    limit: int
    """How many a page has."""
    offset: int
    """The number of this page, from 0."""


@endpoint("GET", "/v3/marketing/busifavor/users/{openid}/coupons", items="data", step="page")
class ListUserCoupons(Listing[UserCouponPage, UserCoupon, Merchant | Partner]):
    """List the merchant coupons of a user (根据过滤条件查询用户的券).

    The caller says what it is to the stocks, with its own number: their creator, their owner, or who sent the coupons.

    https://pay.weixin.qq.com/doc/v3/merchant/4012534963
    """

    openid: OpenId
    """The user, under ``appid``."""
    appid: Appid
    """An appid bound to the caller or to the owner of the stock, up to 32 characters."""
    stock_id: StockId | None = None
    """Only coupons of this stock, 1 to 20 characters."""
    coupon_state: CouponState | str | None = None
    """Only coupons in this state."""
    creator_merchant: Annotated[str, Text(1, 32)] | None = None
    """Only of stocks this merchant created, up to 32 characters; required when the caller is the creator."""
    belong_merchant: Mchid | None = None
    """Only of stocks this merchant owns, 8 to 15 characters; required when the caller is the owner."""
    sender_merchant: Annotated[str, Text(1, 32)] | None = None
    """Only what this merchant sent, up to 32 characters; required when the caller is the sender."""
    offset: Annotated[int, Whole(0, unit="pages")] | None = None
    """The number of the page, from 0."""
    limit: Annotated[int, Whole(0)] | None = None
    """How many a page has; no maximum is documented."""

    def advise(self) -> Iterator[tuple[str, str]]:
        """A caller is one of three, and each is asked to say so; some states are only in one description."""
        if self.creator_merchant is None and self.belong_merchant is None and self.sender_merchant is None:
            yield "", "needs whichever of creator_merchant, belong_merchant and sender_merchant the caller is"
        if self.coupon_state in _OF_2025:
            yield "coupon_state", "is in one description of 2025 only, so it may be refused or find nothing"


@endpoint("GET", "/v3/marketing/busifavor/users/{openid}/coupons/{coupon_code}/appids/{appid}")
class GetUserCoupon(Endpoint[UserCoupon, Merchant | Partner]):
    """Read a merchant coupon of a user (查询用户券详情).

    https://pay.weixin.qq.com/doc/v3/merchant/4012535011
    """

    openid: OpenId
    """The user, under ``appid``."""
    coupon_code: MerchantCouponCode
    """The code, 1 to 32 characters."""
    appid: Appid
    """An appid bound to the caller or to the owner of the stock, up to 32 characters."""
