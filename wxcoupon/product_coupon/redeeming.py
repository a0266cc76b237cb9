"""Redeeming a user's coupon, and giving it back."""

from collections.abc import Iterator

from ..endpoint import Endpoint, endpoint
from ..model import Fen, OpenId, RequestNo, Time
from .ids import Appid, HeldCode, ProductCouponId, StockId, StoreId
from .user_coupons import (
    UserProductCouponAssociatedOrderInfo,
    UserProductCouponAssociatedPayScoreOrderInfo,
    UserProductCouponEntity,
)

__all__ = ["ReturnCoupon", "UseCoupon"]


@endpoint("POST", "/product-coupon/users/{openid}/coupons/{coupon_code}/use", rate="500/s", key="out_request_no")
class UseCoupon(Endpoint[UserProductCouponEntity]):
    """Say that a user redeemed a coupon (核销用户商品券).

    It has to be EFFECTIVE and inside its usable times. Redeem a coupon once at a time: calls that overlap are refused.
    The user is told of it only if the call comes within 3 minutes of a real payment.

    https://pay.weixin.qq.com/doc/v3/partner/4015781608
    https://pay.weixin.qq.com/doc/v3/partner/4016435636
    https://pay.weixin.qq.com/doc/brand/4016427398
    """

    openid: OpenId
    """The user, under ``appid``."""
    coupon_code: HeldCode
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
    """The store of the brand where it was redeemed, open; an associated one for ``store_scope`` SPECIFIC."""
    associated_order_info: UserProductCouponAssociatedOrderInfo | None = None
    """The payment it was redeemed with: exactly one of this and ``associated_pay_score_order_info``."""
    associated_pay_score_order_info: UserProductCouponAssociatedPayScoreOrderInfo | None = None
    """The service order it was redeemed with: exactly one of this and ``associated_order_info``."""
    saved_amount: Fen | None = None
    """Fen really saved: the amount off, the list price less the exchange price, or what the percentage came to."""

    def check(self) -> Iterator[tuple[str, str]]:
        """One order, of one kind."""
        if self.associated_order_info is None and self.associated_pay_score_order_info is None:
            yield "associated_order_info", "is required, unless associated_pay_score_order_info is given"
        if self.associated_order_info is not None and self.associated_pay_score_order_info is not None:
            yield "associated_pay_score_order_info", "has to be left out beside associated_order_info"


@endpoint("POST", "/product-coupon/users/{openid}/coupons/{coupon_code}/return", rate="500/s", key="out_request_no")
class ReturnCoupon(Endpoint[UserProductCouponEntity]):
    """Give a redeemed coupon back to its user, as after a refund (退券).

    It has to be USED and becomes EFFECTIVE again, to be redeemed inside its validity under a new number. In a bundle
    the later rounds stay, and so does the progress that is shown. Older pages let only the round redeemed last be
    returned.

    https://pay.weixin.qq.com/doc/v3/partner/4015781599
    https://pay.weixin.qq.com/doc/v3/partner/4016435674
    https://pay.weixin.qq.com/doc/brand/4015736429
    """

    openid: OpenId
    """The user, under ``appid``."""
    coupon_code: HeldCode
    """The code of the coupon, up to 40 characters."""
    product_coupon_id: ProductCouponId
    """The product coupon it is of."""
    stock_id: StockId
    """The stock it is of."""
    appid: Appid
    """The appid the openid was computed under."""
    out_request_no: RequestNo
    """Number of this return."""
