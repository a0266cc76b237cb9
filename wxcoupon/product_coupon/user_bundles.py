"""Bundles in users' hands: several coupons, each of which comes when the one before it was redeemed."""

from typing import Annotated

from ..endpoint import Endpoint, endpoint
from ..identity import Partner
from ..model import Model, OpenId, RequestNo, SendRequestNo, Text, model
from .ids import Appid, ProductCouponId, StockBundleId, UserCouponBundleId
from .sending import PreSendToken
from .user_coupons import CouponTagInfo, UserProductCouponEntity

__all__ = ["DeactivateUserCouponBundle", "PreSendCouponBundle", "SendCouponBundle", "UserCouponBundle"]


@model
class UserCouponBundle(Model):
    """A user's bundle: the coupons that the user got of it so far."""

    user_coupon_bundle_id: str
    """The bundle, under its number at WeChat Pay: up to 40 characters."""
    user_product_coupon_list: list[UserProductCouponEntity]
    """Its coupons in the order of rounds; right after the sending just the first."""


@endpoint("POST", "/product-coupon/users/{openid}/coupon-bundles", rate="500/s", key="send_request_no")
class SendCouponBundle(Endpoint[UserCouponBundle]):
    """Send a stock bundle to a user (向用户发放商品券批次组).

    Its stocks are SENDING, and their caps leave room. The user gets the first coupon now, and each further one when the
    one before it is redeemed. Every one of them has a callback of its own and waits for its own :class:`ConfirmCoupon`.

    https://pay.weixin.qq.com/doc/v3/partner/4016280664
    https://pay.weixin.qq.com/doc/brand/4016279745
    """

    openid: OpenId
    """The user, under ``appid``."""
    product_coupon_id: ProductCouponId
    """The product coupon."""
    stock_bundle_id: StockBundleId
    """A stock bundle of that product coupon, its stocks in state SENDING."""
    appid: Appid
    """The appid the openid was computed under; a partner's has to be bound to the partner, says the FAQ."""
    send_request_no: SendRequestNo
    """Number of this sending: 6 to 128 characters."""
    attach: Annotated[str, Text(0, 150)] | None = None
    """Free text of up to 150 characters, echoed in queries and callbacks."""
    coupon_tag_info: CouponTagInfo | None = None
    """The tags to show on its coupons."""


@endpoint("POST", "/product-coupon/users/{openid}/pre-send-coupon-bundle", rate="500/s", key="send_request_no")
class PreSendCouponBundle(Endpoint[PreSendToken, Partner]):
    """Reserve a bundle for a user and get the token that lets a mini program hand it over (向用户预发放商品券批次组).

    As :class:`PreSendCoupon`: every call answers another token, and the same number gives the same user one bundle.
    No page of the brands' has this call.

    https://pay.weixin.qq.com/doc/v3/partner/4016280670
    """

    openid: OpenId
    """The user, under ``appid``."""
    product_coupon_id: ProductCouponId
    """The product coupon."""
    stock_bundle_id: StockBundleId
    """A stock bundle of that product coupon, its stocks in state SENDING."""
    appid: Appid
    """The appid the openid was computed under."""
    send_request_no: RequestNo
    """Number of this sending: 6 to 40 characters, fewer than the other sendings take."""
    attach: Annotated[str, Text(0, 150)] | None = None
    """Free text of up to 150 characters, echoed in queries and callbacks."""


@endpoint(
    "POST",
    "/product-coupon/users/{openid}/coupon-bundles/{user_coupon_bundle_id}/deactivate",
    rate="500/s",
    key="out_request_no",
)
class DeactivateUserCouponBundle(Endpoint[UserCouponBundle]):
    """Deactivate all coupons of a user's bundle, for good (失效用户商品券组).

    Those that are USED or DELETED stay what they are.

    https://pay.weixin.qq.com/doc/v3/partner/4016280658
    https://pay.weixin.qq.com/doc/brand/4016279743
    """

    openid: OpenId
    """The user, under ``appid``."""
    user_coupon_bundle_id: UserCouponBundleId
    """The user's bundle, up to 40 characters."""
    product_coupon_id: ProductCouponId
    """The product coupon it is of."""
    stock_bundle_id: StockBundleId
    """The stock bundle it is of."""
    appid: Appid
    """The appid the openid was computed under."""
    out_request_no: RequestNo
    """Number of this deactivation."""
    deactivate_reason: Annotated[str, Text(1, 150)]
    """Why, in up to 150 characters."""
