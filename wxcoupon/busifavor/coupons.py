"""Merchant coupons and their users: sending."""

from typing import Annotated

from ..endpoint import Endpoint, endpoint
from ..identity import Merchant, Partner
from ..model import PRIVATE, Model, OpenId, Text, model

__all__ = ["PreSendProductCoupon", "PreSendToken", "SendCoupon", "SendCouponResult", "SentCoupon"]


@model
class PreSendToken(Model):
    """A token for the claim component of a mini program."""

    token: Annotated[str, PRIVATE]
    """Pass it to ``wx.openBusinessView``."""


@endpoint("POST", "/v3/marketing/busifavor/product-coupons/pre-send", key="send_request_no")
class PreSendProductCoupon(Endpoint[PreSendToken, Merchant | Partner]):
    """Get the token that lets a mini program hand over a merchant coupon with product information (向用户预发放商品券).

    No page of WeChat Pay's own describes this call any more; lengths are those of its product-coupon sibling.

    https://pay.weixin.qq.com/doc/v3/partner/4016434365
    """

    stock_id: Annotated[str, Text(1, 128)]
    """The stock; it has to carry product information."""
    appid: Annotated[str, Text(1, 32)]
    """An appid bound to the caller."""
    send_request_no: Annotated[str, Text(6, 40, r"0-9A-Za-z_\-")]
    """Number of this sending: 6 to 40 digits, letters, underscores and hyphens."""
    coupon_code: Annotated[str, Text(1, 40), PRIVATE] | None = None
    """The code to give: exactly when the stock's ``coupon_code_mode`` is MERCHANT_API."""
    openid: OpenId | None = None
    """The user, under ``appid``. Only the oldest description makes it optional: send it."""
    brand_id: Annotated[str, Text(1)] | None = None
    """The brand; listed without a meaning in the only description, so it is passed on as given."""
    product_coupon_id: Annotated[str, Text(1)] | None = None
    """The product coupon; listed without a meaning in the only description, so it is passed on as given."""


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
    named here is of its sibling for coupons with product information, which has the same members.

    https://pay.weixin.qq.com/doc/v3/partner/4015595255
    """

    openid: OpenId
    """The user, under ``appid``."""
    appid: Annotated[str, Text(1, 32)]
    """An appid bound to the caller or to the owner of the stock."""
    stock_id: Annotated[str, Text(1, 20)]
    """The stock."""
    out_request_no: Annotated[str, Text(1, 128, r"A-Za-z0-9|_*\-")]
    """Number of this sending, unique for the stock and user: digits, letters and ``| _ * -``."""
    coupon_code: Annotated[str, Text(1, 32), PRIVATE] | None = None
    """The code to give: exactly when the stock's ``coupon_code_mode`` is MERCHANT_API."""
