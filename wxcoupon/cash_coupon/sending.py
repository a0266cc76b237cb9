"""Sending cash coupons to users."""

from collections.abc import Iterator
from typing import Annotated

from ..endpoint import Endpoint, endpoint
from ..identity import Merchant, Partner
from ..model import PRIVATE, Fen, Model, OpenId, model
from .ids import Appid, MerchantId, Number, StockId

__all__ = ["SendCoupon", "SentCoupon"]


@model
class SentCoupon(Model):
    """What was sent."""

    coupon_id: Annotated[str, PRIVATE]
    """The user's coupon."""


@endpoint("POST", "/v3/marketing/favor/users/{openid}/coupons", rate="500/s", key="out_request_no")
class SendCoupon(Endpoint[SentCoupon, Merchant | Partner]):
    """Send a cash coupon of a running stock to a user (发放指定批次的代金券).

    The caller created the stock, or was authorised to send it. Status 403 is a refusal of the business here: the
    budget is used up, the user has all the coupons one may have, or is blocked. INVALID_REQUEST may say that calls come
    too fast: wait, and repeat the call with the same number.

    https://pay.weixin.qq.com/doc/v3/merchant/4012463767
    """

    openid: OpenId
    """The user, under ``appid``."""
    stock_id: StockId
    """The stock; it has to be running."""
    out_request_no: Number
    """Number of this sending."""
    appid: Appid
    """The appid the openid was computed under; it has to be bound to the caller."""
    stock_creator_mchid: MerchantId
    """The merchant that created the stock."""
    coupon_value: Fen | None = None
    """What the coupon takes off, in fen, where stocks leave it open; none does yet."""
    coupon_minimum: Fen | None = None
    """What has to be paid at least, in fen, where stocks leave it open; none does yet."""

    def advise(self) -> Iterator[tuple[str, str]]:
        """Values of the coupon are refused where its stock has them."""
        for name in ("coupon_value", "coupon_minimum"):
            if getattr(self, name) is not None:
                yield name, "is refused with PARAM_ERROR while no stock leaves it open; leave it out"
