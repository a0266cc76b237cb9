"""The user who taps "receive" in the claim component of a mini program.

https://pay.weixin.qq.com/doc/v3/partner/4016434365
"""

from __future__ import annotations

from .holdings import Sending, UserCoupon
from .records import Stock, Token
from .sendings import claimed_before, issue, require_room
from .user_bundles import give, require_rooms
from .world import World


def claim(world: World, token: Token, stock: Stock) -> UserCoupon:
    """Give a token's user the coupon, or the first one of the bundle: of the same user, stock and number once only.

    Raises:
        Refusal: the stock cannot send any more.
    """
    sending = Sending(token.user, token.send_request_no, "RECEIVE_COMPONENT", token.attach)
    coupon = claimed_before(world, stock, sending)
    if coupon is not None:
        return coupon
    if stock.stock_bundle_id is not None:
        stocks = world.bundle(stock.owner, stock.product_coupon.product_coupon_id, stock.stock_bundle_id)
        require_rooms(world, stocks, token.user)
        return give(world, stocks, sending).coupons[0]
    require_room(world, stock, token.user, token.coupon_code)
    return issue(world, stock, sending, world.take_code(stock, token.coupon_code))
