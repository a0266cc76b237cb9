"""The merchant coupons of a user, one and by page.

https://pay.weixin.qq.com/doc/v3/merchant/4012534963
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from .handlers import Answer, Asked, handles
from .merchant_coupons import Hands, missing, reaches, user_coupon
from .merchant_stocks import MerchantCoupon
from .world import World

_PAGE: Final = 20


@handles("busifavor.list_user_coupons")
def list_user_coupons(world: World, asked: Asked) -> Answer:
    """Show a page of the user's coupons of stocks that the caller may use, as far as they match."""
    data = asked.data
    found = [_without_description(user_coupon(world, coupon)) for coupon in _of_user(world, asked)]
    offset, limit = data.get("offset", 0), data.get("limit", _PAGE)
    page = found[offset * limit : (offset + 1) * limit]
    return {"data": page, "total_count": len(found), "limit": limit, "offset": offset}


@handles("busifavor.get_user_coupon")
def get_user_coupon(world: World, asked: Asked) -> Answer:
    """Show a coupon of the user's."""
    coupon = next((one for one in _of_user(world, asked) if one.coupon_code == asked.data["coupon_code"]), None)
    if coupon is None:
        raise missing("coupon_code of this user")
    return user_coupon(world, coupon)


def _of_user(world: World, asked: Asked) -> Iterator[MerchantCoupon]:
    """The coupons a request is about, in the order they were received; what it does not name, any coupon has."""
    data, now = asked.data, world.now
    for coupon in world.room(Hands).of.values():
        stock = coupon.stock
        anybody = data.get("creator_merchant")  # nobody created a stock that was there from the start
        known = {
            "stock_id": coupon.stock_id,
            "coupon_state": coupon.state(now),
            "creator_merchant": stock.creator[1] if stock.creator else anybody,
            "belong_merchant": stock.belong_merchant,
            "sender_merchant": coupon.sender[1],
        }
        if (
            coupon.user.openids.get(data["appid"]) == data["openid"]
            and reaches(world, asked, stock)
            and all(data.get(name, value) == value for name, value in known.items())
        ):
            yield coupon


def _without_description(shown: dict[str, Any]) -> dict[str, Any]:
    """A coupon as a list shows it: what it looks like comes without ``description`` there."""
    look = shown.get("display_pattern_info")
    if look is None:
        return shown
    return shown | {"display_pattern_info": {name: value for name, value in look.items() if name != "description"}}
