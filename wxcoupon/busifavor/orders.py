"""Which order a merchant coupon belongs to, for statistics."""

from typing import Annotated

from ..endpoint import Endpoint, endpoint
from ..identity import Merchant, Partner
from ..model import Model, Text, Time, model
from .ids import MerchantCouponCode, RequestNumber, StockId

__all__ = ["AssociateOrder", "AssociatedOrder", "DisassociateOrder", "DisassociatedOrder"]


@model
class AssociatedOrder(Model):
    """A link just made."""

    wechatpay_associate_time: Time
    """When it was made."""


@endpoint("POST", "/v3/marketing/busifavor/coupons/associate", rate="500/s", key="out_request_no")
class AssociateOrder(Endpoint[AssociatedOrder, Merchant | Partner]):
    """Link a coupon that is not redeemed yet to an order (关联订单信息).

    https://pay.weixin.qq.com/doc/v3/merchant/4012465596
    """

    stock_id: StockId
    """The stock, 1 to 20 characters."""
    coupon_code: MerchantCouponCode
    """The code, 1 to 32 characters."""
    out_trade_no: Annotated[str, Text(1, 128)]
    """The merchant's number of the order, up to 128 characters."""
    out_request_no: RequestNumber
    """Number of this request: 1 to 128 digits, letters and ``| _ * -``."""


@model
class DisassociatedOrder(Model):
    """A link just undone."""

    wechatpay_disassociate_time: Time
    """When it was undone."""


@endpoint("POST", "/v3/marketing/busifavor/coupons/disassociate", rate="500/s", key="out_request_no")
class DisassociateOrder(Endpoint[DisassociatedOrder, Merchant | Partner]):
    """Undo the link between a coupon and an order (取消关联订单信息).

    The link has to be there: ``associate_out_trade_no`` of the coupon says to which order.

    https://pay.weixin.qq.com/doc/v3/merchant/4012465673
    """

    stock_id: StockId
    """The stock, 1 to 20 characters."""
    coupon_code: MerchantCouponCode
    """The code, 1 to 32 characters."""
    out_trade_no: Annotated[str, Text(1, 128)]
    """The merchant's number of the order linked before, up to 128 characters."""
    out_request_no: RequestNumber
    """Number of this request: 1 to 128 digits, letters and ``| _ * -``."""
