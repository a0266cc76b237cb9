"""What becomes of a user's merchant coupon: redeemed, given back, deactivated."""

from typing import Annotated, TypeAlias

from ..endpoint import Endpoint, endpoint
from ..identity import Merchant, Partner
from ..model import PRIVATE, Model, OpenId, Text, Time, model
from .ids import Appid, MerchantCouponCode, StockId

__all__ = ["DeactivateCoupon", "DeactivatedCoupon", "ReturnCoupon", "ReturnedCoupon", "UseCoupon", "UsedCoupon"]

_Number: TypeAlias = Annotated[str, Text(1, 128)]  # no alphabet is documented for these


@model
class UsedCoupon(Model):
    """A coupon just redeemed."""

    stock_id: str
    """The stock of the coupon."""
    openid: Annotated[str, PRIVATE]
    """The user, under the appid of the request."""
    wechatpay_use_time: Time
    """When WeChat Pay redeemed it."""


@endpoint("POST", "/v3/marketing/busifavor/coupons/use", rate="500/s", key="use_request_no")
class UseCoupon(Endpoint[UsedCoupon, Merchant | Partner]):
    """Redeem a user's coupon (核销用户的券).

    A code that WeChat Pay made names the coupon by itself; of codes that merchants bring, only stock and code together
    do. So send ``stock_id`` unless the stock's ``coupon_code_mode`` is WECHATPAY_MODE.

    https://pay.weixin.qq.com/doc/v3/merchant/4012465292
    """

    coupon_code: MerchantCouponCode
    """The code, 1 to 32 characters."""
    stock_id: StockId | None = None
    """The stock, 1 to 20 characters; required when its ``coupon_code_mode`` is MERCHANT_API or MERCHANT_UPLOAD."""
    appid: Appid
    """An appid bound to the caller or to the owner of the stock, up to 32 characters."""
    use_time: Time
    """When the redemption was asked for."""
    use_request_no: _Number
    """Number of this redemption, up to 128 characters; the oldest description allows 32."""
    openid: OpenId | None = None
    """The user, under ``appid``; checked when it is given."""
    out_trade_no: Annotated[str, Text(1)] | None = None
    """The merchant's number of the order; only one description of 2025 has it, and no official SDK."""
    mch_id: Annotated[str, Text(1)] | None = None
    """The merchant who placed the order, as ``mch_id``, not ``mchid``; only one description of 2025 has it."""
    transaction_id: Annotated[str, Text(1)] | None = None
    """WeChat Pay's number of the payment; only one description of 2025 has it, and no official SDK."""


@model
class ReturnedCoupon(Model):
    """A coupon just given back."""

    wechatpay_return_time: Time
    """When it was given back."""


@endpoint("POST", "/v3/marketing/busifavor/coupons/return", key="return_request_no")
class ReturnCoupon(Endpoint[ReturnedCoupon, Merchant | Partner]):
    """Give a redeemed coupon back to its user (申请退券).

    The coupon is USED. Ask after the refund of the order; of an expired coupon the user has nothing.

    https://pay.weixin.qq.com/doc/v3/merchant/4012465845
    """

    coupon_code: MerchantCouponCode
    """The code, 1 to 32 characters."""
    stock_id: StockId
    """The stock, 1 to 20 characters."""
    return_request_no: _Number
    """Number of this return, up to 128 characters."""


@model
class DeactivatedCoupon(Model):
    """A coupon just deactivated."""

    wechatpay_deactivate_time: Time
    """When it took effect; documented with a sample that is no time, so it may come as text."""


@endpoint("POST", "/v3/marketing/busifavor/coupons/deactivate", key="deactivate_request_no")
class DeactivateCoupon(Endpoint[DeactivatedCoupon, Merchant | Partner]):
    """Make a usable coupon worthless (使券失效).

    The coupon is SENDED.

    https://pay.weixin.qq.com/doc/v3/merchant/4012465890
    """

    coupon_code: MerchantCouponCode
    """The code, 1 to 32 characters."""
    stock_id: StockId
    """The stock, 1 to 20 characters."""
    deactivate_request_no: _Number
    """Number of this deactivation, up to 128 characters."""
    deactivate_reason: Annotated[str, Text(1, 64)] | None = None
    """Why, in up to 64 characters."""
