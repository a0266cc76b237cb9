"""Product coupons and their users: sending, confirming, redeeming."""

from collections.abc import Iterator
from typing import Annotated, TypeAlias

from ..endpoint import Endpoint, endpoint
from ..model import PRIVATE, CouponCode, Fen, Model, OpenId, RequestNo, SendRequestNo, Text, Time, model
from .ids import Appid, ProductCouponId, StockId, StoreId
from .user_coupons import (
    UserProductCouponAssociatedOrderInfo,
    UserProductCouponAssociatedPayScoreOrderInfo,
    UserProductCouponEntity,
)

__all__ = ["ConfirmCoupon", "GetUserCoupon", "PreSendCoupon", "PreSendToken", "UseCoupon"]

_HeldCode: TypeAlias = Annotated[str, Text(1, 40), PRIVATE]  # WeChat Pay makes codes too: no alphabet is promised


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


@endpoint("POST", "/product-coupon/users/{openid}/coupons/{coupon_code}/confirm", rate="500/s", key="out_request_no")
class ConfirmCoupon(Endpoint[UserProductCouponEntity]):
    """Say that a coupon is recorded, so that its user can redeem it (确认发放用户商品券).

    Every coupon needs it, whichever channel sent it, once the callback has told of it. It makes the coupon EFFECTIVE,
    or PENDING before its validity begins. Take the appid, openid and code of the callback.

    https://pay.weixin.qq.com/doc/v3/partner/4015781575
    https://pay.weixin.qq.com/doc/brand/4015736403
    """

    openid: OpenId
    """The user, under ``appid``."""
    coupon_code: _HeldCode
    """The code of the coupon, up to 40 characters."""
    product_coupon_id: ProductCouponId
    """The product coupon it is of."""
    stock_id: StockId
    """The stock it is of."""
    appid: Appid
    """The appid the openid was computed under."""
    out_request_no: RequestNo
    """Number of this confirmation."""


@endpoint("POST", "/product-coupon/users/{openid}/coupons/{coupon_code}/use", rate="500/s", key="out_request_no")
class UseCoupon(Endpoint[UserProductCouponEntity]):
    """Say that a user redeemed a coupon (核销用户商品券).

    It has to be EFFECTIVE and inside its usable times. Redeem a coupon once at a time: calls that overlap are refused.

    https://pay.weixin.qq.com/doc/v3/partner/4015781608
    https://pay.weixin.qq.com/doc/brand/4016427398
    """

    openid: OpenId
    """The user, under ``appid``."""
    coupon_code: _HeldCode
    """The code of the coupon, up to 40 characters."""
    product_coupon_id: ProductCouponId
    """The product coupon it is of."""
    stock_id: StockId
    """The stock it is of."""
    appid: Appid
    """The appid the openid was computed under."""
    use_time: Time
    """When it was redeemed."""
    out_request_no: RequestNo
    """Number of this redemption: another one is refused until the coupon was returned, and needed after that."""
    store_id: StoreId | None = None
    """The store of the brand where it was redeemed; an associated one for a stock with ``store_scope`` SPECIFIC."""
    associated_order_info: UserProductCouponAssociatedOrderInfo | None = None
    """The payment it was redeemed with: exactly one of this and ``associated_pay_score_order_info``."""
    associated_pay_score_order_info: UserProductCouponAssociatedPayScoreOrderInfo | None = None
    """The service order it was redeemed with: exactly one of this and ``associated_order_info``."""
    saved_amount: Fen | None = None
    """Fen that were really saved."""

    def check(self) -> Iterator[tuple[str, str]]:
        """One order, of one kind."""
        if self.associated_order_info is None and self.associated_pay_score_order_info is None:
            yield "associated_order_info", "is required, unless associated_pay_score_order_info is given"
        if self.associated_order_info is not None and self.associated_pay_score_order_info is not None:
            yield "associated_pay_score_order_info", "has to be left out beside associated_order_info"


@endpoint("GET", "/product-coupon/users/{openid}/coupons/{coupon_code}", rate="500/s")
class GetUserCoupon(Endpoint[UserProductCouponEntity]):
    """Look up a user's coupon (查询用户商品券详情).

    Nothing else tells that a user has deleted a coupon: no callback comes for that.

    https://pay.weixin.qq.com/doc/v3/partner/4015781582
    https://pay.weixin.qq.com/doc/brand/4016427405
    """

    openid: OpenId
    """The user, under ``appid``."""
    coupon_code: _HeldCode
    """The code of the coupon, up to 40 characters."""
    product_coupon_id: ProductCouponId
    """The product coupon it is of."""
    stock_id: StockId
    """The stock it is of."""
    appid: Appid
    """The appid the openid was computed under."""
