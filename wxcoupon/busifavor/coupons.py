"""Sending merchant coupons to users."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

from ..endpoint import Endpoint, endpoint
from ..identity import Merchant, Partner
from ..model import PRIVATE, Model, OpenId, Text, model
from .ids import Appid, MerchantCouponCode, RequestNumber, StockId

__all__ = [
    "CouponType",
    "PreSendProductCoupon",
    "PreSendToken",
    "SendCoupon",
    "SendCouponResult",
    "SendProductCoupon",
    "SentCoupon",
]


class CouponType(StrEnum):
    """What a coupon with product information is sent as."""

    NORMAL = "NORMAL"
    """An ordinary coupon."""
    MEMBER = "MEMBER"
    """A coupon of a member card."""


@model
class PreSendToken(Model):
    """A token for the claim component of a mini program."""

    token: Annotated[str, PRIVATE]
    """Pass it to ``wx.openBusinessView``."""


@endpoint("POST", "/v3/marketing/busifavor/product-coupons/pre-send", key="send_request_no")
class PreSendProductCoupon(Endpoint[PreSendToken, Merchant | Partner]):
    """Get the token that lets a mini program hand over a merchant coupon with product information (向用户预发放商品券).

    No page of WeChat Pay's own describes this call any more: the only description is for service providers, and
    lengths are those of its product-coupon sibling, whose page is the one named here.

    https://pay.weixin.qq.com/doc/v3/partner/4016434365
    """

    stock_id: Annotated[str, Text(1, 128)]
    """The stock; it has to carry product information."""
    appid: Appid
    """An appid bound to the caller."""
    send_request_no: Annotated[str, Text(6, 40, r"0-9A-Za-z_\-")]
    """Number of this sending: 6 to 40 digits, letters, underscores and hyphens."""
    coupon_code: Annotated[str, Text(1, 40), PRIVATE] | None = None
    """The code to give: required when the stock's ``coupon_code_mode`` is MERCHANT_API."""
    openid: OpenId | None = None
    """The user, under ``appid``. The only description makes it optional, its sibling does not: send it."""
    brand_id: Annotated[str, Text(1)] | None = None
    """The brand; the only description requires it and says no more, so it is passed on as given."""
    product_coupon_id: Annotated[str, Text(1)] | None = None
    """The product coupon; the only description requires it and says no more, so it is passed on as given."""


@model
class SendCouponResult(Model):
    """What was sent."""

    stock_id: str | None = None
    """The stock."""
    out_request_no: str | None = None
    """The number of the sending."""
    coupon_code: Annotated[str, PRIVATE] | None = None
    """The code the user got."""


@model
class SentCoupon(SendCouponResult):
    """The answer of a send. Official SDKs wrap the result, other descriptions do not: :attr:`result` reads both."""

    send_coupon_result: SendCouponResult | None = None
    """The result, where it is wrapped."""

    @property
    def result(self) -> SendCouponResult:
        """What was sent, in whichever shape it came."""
        return self.send_coupon_result or self


@endpoint("POST", "/v3/marketing/busifavor/coupons/send", key="out_request_no")
class SendCoupon(Endpoint[SentCoupon, Merchant | Partner]):
    """Send a merchant coupon to a user (向用户发券).

    Its own page was withdrawn, and permission is by arrangement; the facts are those of the official SDKs. The page
    named here is of its sibling for coupons with product information, which has the same members and two more.

    https://pay.weixin.qq.com/doc/v3/partner/4015595255
    """

    openid: OpenId
    """The user, under ``appid``."""
    appid: Appid
    """An appid bound to the caller or to the owner of the stock."""
    stock_id: StockId
    """The stock."""
    out_request_no: RequestNumber
    """Number of this sending, unique for the stock and user: digits, letters and ``| _ * -``."""
    coupon_code: MerchantCouponCode | None = None
    """The code to give: required when the stock's ``coupon_code_mode`` is MERCHANT_API."""


@endpoint("POST", "/v3/marketing/busifavor/product-coupons/send", key="out_request_no")
class SendProductCoupon(Endpoint[SentCoupon, Merchant | Partner]):
    """Send a merchant coupon with product information to a user (向用户发放商品券).

    Coupons of a stock without product information are refused; :class:`SendCoupon` sends those.

    https://pay.weixin.qq.com/doc/v3/partner/4015595255
    """

    openid: OpenId
    """The user, under ``appid``."""
    appid: Appid
    """An appid bound to the caller or to the owner of the stock."""
    stock_id: Annotated[str, Text(1, 128)]
    """The stock, up to 128 characters; it has to carry product information."""
    out_request_no: RequestNumber
    """Number of this sending, unique for the stock and user: 1 to 128 digits, letters and ``| _ * -``."""
    coupon_code: Annotated[str, Text(1), PRIVATE] | None = None
    """The code to give: required when the stock's ``coupon_code_mode`` is MERCHANT_API."""
    coupon_type: CouponType | str
    """Whether it is an ordinary coupon or one of a member card."""
    member_card_id: Annotated[str, Text(1, 32)] | None = None
    """The template of the member card, up to 32 characters; required when ``coupon_type`` is MEMBER."""

    def check(self) -> Iterator[tuple[str, str]]:
        """A member's coupon names the card."""
        if self.coupon_type == CouponType.MEMBER and self.member_card_id is None:
            yield "member_card_id", "is required when coupon_type is MEMBER"
