"""Redeeming product coupons, and returning them.

One number is one redemption: the same one again is answered again, and once the coupon was returned it is refused.

https://pay.weixin.qq.com/doc/v3/partner/4015781608
"""

from __future__ import annotations

from typing import Final

from .handlers import Answer, Asked, handles
from .holdings import UserCoupon
from .refusals import (
    EXPIRED,
    NOT_YET,
    OUTSIDE_WINDOW,
    USED_BY_OTHER,
    WRONG_STATE,
    WRONG_STORE,
    Refusal,
    exhausted,
    invalid,
)
from .user_bundles import go_on
from .user_coupons import coupon_entity, find
from .validity import written
from .world import World

_DELETED: Final = "272756769"
_KEPT: Final = ("associated_order_info", "associated_pay_score_order_info", "saved_amount")


@handles("product_coupon.use_coupon", replays=False)
def use_coupon(world: World, asked: Asked) -> Answer:
    """Redeem a coupon that is EFFECTIVE, inside the slots and windows of its stock."""
    coupon = find(world, asked)
    data, number = asked.data, asked.data["out_request_no"]
    if coupon.used is not None:
        if coupon.used["use_request_no"] != number:
            raise invalid("the coupon was redeemed by another request", USED_BY_OTHER)
        return coupon_entity(world, coupon)  # the same number comes with the same data, or not as far as this
    _require_effective(coupon, world.now)
    if ("use", number) in coupon.spent:
        raise invalid("this number redeemed the coupon before it was returned; take a new one")
    stock, bundle = coupon.stock, coupon.bundle
    if "store_id" in data and stock.settings["store_scope"] == "SPECIFIC" and data["store_id"] not in stock.stores:
        raise invalid("the store is not associated with the stock", WRONG_STORE)
    if not coupon.in_window(world.now):
        raise exhausted("the coupon cannot be used at this time of day or week", OUTSIDE_WINDOW)
    if bundle is not None and stock.round_index == bundle.used_count and world.now < bundle.next_use:
        raise exhausted("interval_days have not passed since the last redemption")
    coupon.used = {
        "use_request_no": number,
        "use_time": data["use_time"],
        **{name: data[name] for name in _KEPT if name in data},
    }
    if bundle is not None:
        go_on(world, bundle, coupon)
    return coupon_entity(world, coupon)


def _require_effective(coupon: UserCoupon, now: float) -> None:
    if "sequential_usage_rule" in coupon.stock.settings:
        raise invalid("the sandbox does not redeem coupons of the withdrawn usage_mode SEQUENTIAL")
    refusals: dict[str, Refusal] = {
        "CONFIRMING": invalid("the coupon is CONFIRMING; confirm it first", WRONG_STATE),
        "PENDING": exhausted("the validity of the coupon has not begun", NOT_YET),
        "EXPIRED": invalid("the coupon has expired", EXPIRED),
        "DELETED": invalid("the user has deleted the coupon", _DELETED),
        "DEACTIVATED": invalid("the coupon is DEACTIVATED", WRONG_STATE),
    }
    refusal = refusals.get(coupon.state(now))
    if refusal is not None:
        raise refusal


@handles("product_coupon.return_coupon", replays=False)
def return_coupon(world: World, asked: Asked) -> Answer:
    """Make a redeemed coupon EFFECTIVE again, or EXPIRED where its validity has ended; a bundle keeps its progress."""
    coupon = find(world, asked)
    number = asked.data["out_request_no"]
    again = ("return", number) in coupon.spent
    if again and coupon.used is None:
        return coupon_entity(world, coupon)
    if again:
        raise invalid("this number returned the coupon before it was redeemed anew; take a new one")
    if coupon.used is None:
        raise invalid(f"the coupon is {coupon.state(world.now)}, not USED", WRONG_STATE)
    coupon.spent |= {("use", coupon.used["use_request_no"]), ("return", number)}
    coupon.used = None
    coupon.returned = {"return_request_no": number, "return_time": written(world.now)}
    return coupon_entity(world, coupon)
