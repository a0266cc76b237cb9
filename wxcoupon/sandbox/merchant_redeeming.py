"""What becomes of a user's merchant coupon: redeemed, given back, deactivated, linked to an order.

A coupon is SENDED, from there USED and back, or DEACTIVATED for good; after its last moment it is EXPIRED.
Whoever may use a stock may do all this with its coupons.

https://pay.weixin.qq.com/doc/v3/merchant/4012465292
"""

from __future__ import annotations

from .handlers import Answer, Asked, handles
from .merchant_coupons import held
from .merchant_stocks import MerchantCoupon
from .merchant_validity import in_window
from .refusals import exhausted, invalid, parameter
from .validity import written
from .world import World


@handles("busifavor.use_coupon")
def use_coupon(world: World, asked: Asked) -> Answer:
    """Redeem a usable coupon."""
    data = asked.data
    coupon = held(world, asked)
    openid = world.openid(coupon.user, data["appid"])
    if data.get("openid", openid) != openid:
        raise parameter("/openid", "is not whose coupon it is")
    now = world.now
    _require_usable(coupon, now)
    if now < coupon.begins:
        raise exhausted("the validity of the coupon has not begun")
    if not in_window(coupon.stock.period, now):
        raise exhausted("the coupon cannot be used at this time of day or week")
    coupon.used = {"use_request_no": data["use_request_no"], "use_time": written(now)}
    coupon.payment = data.get("transaction_id")
    return {"stock_id": coupon.stock_id, "openid": openid, "wechatpay_use_time": written(now)}


@handles("busifavor.return_coupon")
def return_coupon(world: World, asked: Asked) -> Answer:
    """Give a redeemed coupon back: it is usable again until it expires."""
    coupon = held(world, asked)
    now = world.now
    if coupon.state(now) != "USED":
        raise invalid("the coupon is not redeemed")
    coupon.used = coupon.payment = None
    coupon.returned = {"return_request_no": asked.data["return_request_no"], "return_time": written(now)}
    return {"wechatpay_return_time": written(now)}


@handles("busifavor.deactivate_coupon")
def deactivate_coupon(world: World, asked: Asked) -> Answer:
    """Make a usable coupon worthless."""
    coupon = held(world, asked)
    now = world.now
    _require_usable(coupon, now)
    kept = ("deactivate_request_no", "deactivate_reason")
    coupon.deactivated = {name: asked.data[name] for name in kept if name in asked.data}
    coupon.deactivated["deactivate_time"] = written(now)
    return {"wechatpay_deactivate_time": written(now)}


@handles("busifavor.associate_order")
def associate_order(world: World, asked: Asked) -> Answer:
    """Link a usable coupon to an order; to one only, as answers show one."""
    coupon = held(world, asked)
    _require_usable(coupon, world.now)
    if coupon.order not in {None, asked.data["out_trade_no"]}:
        raise invalid("the coupon is linked to another order; undo that first")
    coupon.order = asked.data["out_trade_no"]
    return {"wechatpay_associate_time": written(world.now)}


@handles("busifavor.disassociate_order")
def disassociate_order(world: World, asked: Asked) -> Answer:
    """Undo the link of a coupon to the order that is named."""
    coupon = held(world, asked)
    if coupon.order != asked.data["out_trade_no"]:
        raise invalid("the coupon is not linked to this order")
    coupon.order = None
    return {"wechatpay_disassociate_time": written(world.now)}


def _require_usable(coupon: MerchantCoupon, now: float) -> None:
    state = coupon.state(now)
    if state != "SENDED":
        raise invalid(f"the coupon is {state}, not SENDED")
