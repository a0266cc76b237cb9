"""Sending a product coupon to a user: at once, or as a token that the user claims it with."""

from typing import Annotated

from ..endpoint import Endpoint, endpoint
from ..identity import Brand, Partner
from ..model import PRIVATE, CouponCode, Model, OpenId, SendRequestNo, Text, model
from .ids import Appid, ProductCouponId, StockId
from .user_coupons import CouponTagInfo, UserProductCouponEntity

__all__ = ["PreSendCoupon", "PreSendToken", "SendCoupon"]


@endpoint(
    "POST",
    "/product-coupon/users/{openid}/coupons",
    rate={Partner: "1000/s", Brand: "500/s"},
    key="send_request_no",
)
class SendCoupon(Endpoint[UserProductCouponEntity]):
    """Send one coupon to a user (向用户发放商品券).

    The stock is SENDING, its caps leave room, and it is in no bundle, which has :class:`SendCouponBundle`, and in no
    delivery plan, whose coupons WeChat Pay sends. The coupon is CONFIRMING until :class:`ConfirmCoupon`, and no message
    tells the user of it. WeChat Pay compares the person, the stock and ``send_request_no``: under another appid it is
    the same person.

    https://pay.weixin.qq.com/doc/v3/partner/4015781605
    https://pay.weixin.qq.com/doc/brand/4015736390
    """

    openid: OpenId
    """The user, under ``appid``."""
    product_coupon_id: ProductCouponId
    """The product coupon."""
    stock_id: StockId
    """A stock of that product coupon, in state SENDING."""
    coupon_code: CouponCode | None = None
    """The code to give: exactly when the stock's ``coupon_code_mode`` is API_ASSIGN."""
    appid: Appid
    """The appid the openid was computed under; a partner's has to be bound to the partner, says the FAQ."""
    send_request_no: SendRequestNo
    """Number of this sending: 6 to 128 characters."""
    attach: Annotated[str, Text(0, 150)] | None = None
    """Free text of up to 150 characters, echoed in queries and callbacks."""
    coupon_tag_info: CouponTagInfo | None = None
    """The tags to show on it."""


@model
class PreSendToken(Model):
    """A token for the claim component of a mini program.

    It goes to ``wx.openBusinessView``: with ``businessType`` ``wxpayCouponUse`` and ``extraData``
    ``{action: "receiveCoupon", token}``.
    """

    token: Annotated[str, PRIVATE]
    """Valid for 5 minutes. Every pre-send answers another one."""


@endpoint("POST", "/product-coupon/users/{openid}/pre-send-coupon", rate="500/s", key="send_request_no")
class PreSendCoupon(Endpoint[PreSendToken]):
    """Reserve a coupon for a user and get the token that lets a mini program hand it over (向用户预发放商品券).

    The stock is SENDING and its caps leave room. The coupon exists only once the user has claimed it. The token is not
    idempotent, the claim is: the same number gives the same user one coupon.

    https://pay.weixin.qq.com/doc/v3/partner/4016434365
    https://pay.weixin.qq.com/doc/brand/4016416620
    """

    openid: OpenId
    """The user, under ``appid``."""
    product_coupon_id: ProductCouponId
    """The product coupon."""
    stock_id: StockId
    """A stock of that product coupon, in state SENDING."""
    appid: Appid
    """The appid the openid was computed under."""
    send_request_no: SendRequestNo
    """Number of this sending."""
    coupon_code: CouponCode | None = None
    """The code to give: exactly when the stock's ``coupon_code_mode`` is API_ASSIGN."""
    attach: Annotated[str, Text(0, 150)] | None = None
    """Free text of up to 150 characters, echoed in queries and callbacks."""
