"""Product coupons and their users: sending, confirming, redeeming."""

from typing import Annotated

from ..endpoint import Endpoint, endpoint
from ..model import PRIVATE, CouponCode, Model, OpenId, SendRequestNo, Text, model

__all__ = ["PreSendCoupon", "PreSendToken"]


@model
class PreSendToken(Model):
    """A token for the claim component of a mini program."""

    token: Annotated[str, PRIVATE]
    """Pass it to ``wx.openBusinessView``; valid for 5 minutes. Every pre-send answers another one."""


@endpoint("POST", "/product-coupon/users/{openid}/pre-send-coupon", rate="500/s", key="send_request_no")
class PreSendCoupon(Endpoint[PreSendToken]):
    """Reserve a coupon for a user and get the token that lets a mini program hand it over (向用户预发放商品券).

    The coupon exists only once the user has claimed it. The token is not idempotent, the claim is: the same number
    gives the same user one coupon.

    https://pay.weixin.qq.com/doc/v3/partner/4016434365
    https://pay.weixin.qq.com/doc/brand/4016416620
    """

    openid: OpenId
    """The user, under ``appid``."""
    product_coupon_id: Annotated[str, Text(1, 40)]
    """The product coupon, as its creation answered."""
    stock_id: Annotated[str, Text(1, 40)]
    """A stock of that product coupon, in state SENDING."""
    appid: Annotated[str, Text(1)]
    """The appid the openid was computed under."""
    send_request_no: SendRequestNo
    """Number of this sending."""
    coupon_code: CouponCode | None = None
    """The code to give: exactly when the stock's ``coupon_code_mode`` is API_ASSIGN."""
    attach: Annotated[str, Text(0, 150)] | None = None
    """Free text of up to 150 characters, echoed in queries and callbacks."""
