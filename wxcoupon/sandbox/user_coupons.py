"""Product coupons in users' hands: confirming them, showing them, deactivating them.

https://pay.weixin.qq.com/doc/v3/partner/4015781575
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from .handlers import Answer, Asked, handles
from .holdings import UserCoupon
from .pages import page
from .product_coupons import product_coupon_entity, stock_entity
from .refusals import NO_COUPON, WRONG_STATE, invalid, not_found
from .validity import written
from .world import World

_AT_THEIR_END: Final = ("USED", "DELETED", "EXPIRED", "DEACTIVATED")


@handles("product_coupon.confirm_coupon")
def confirm_coupon(world: World, asked: Asked) -> Answer:
    """Confirm a coupon: it becomes EFFECTIVE, or PENDING before its validity begins."""
    coupon = find(world, asked)
    state = coupon.state(world.now)
    if state != "CONFIRMING":
        raise invalid(f"the coupon is {state}, not CONFIRMING", WRONG_STATE)
    coupon.confirmed = {
        "confirm_request_no": asked.data["out_request_no"],
        "confirm_time": written(world.now),
    }
    return coupon_entity(world, coupon)


@handles("product_coupon.deactivate_user_coupon")
def deactivate_user_coupon(world: World, asked: Asked) -> Answer:
    """Deactivate a coupon by itself, if it is not at its end already."""
    coupon = find(world, asked)
    if coupon.bundle is not None:
        raise invalid("coupons of a bundle are deactivated together, through the endpoint for bundles")
    deactivate(world, coupon, asked.data)
    return coupon_entity(world, coupon)


def deactivate(world: World, coupon: UserCoupon, data: Mapping[str, Any]) -> None:
    """Deactivate a coupon; one that is USED, DELETED or over stays what it is.

    Of those that are CONFIRMING or PENDING nothing is documented: here they are deactivated.
    """
    if coupon.state(world.now) not in _AT_THEIR_END:
        coupon.deactivated = {
            "deactivate_request_no": data["out_request_no"],
            "deactivate_time": written(world.now),
            "deactivate_reason": data["deactivate_reason"],
        }


@handles("product_coupon.get_user_coupon")
def get_user_coupon(world: World, asked: Asked) -> Answer:
    """Show a user's coupon."""
    return coupon_entity(world, find(world, asked))


@handles("product_coupon.list_user_coupons")
def list_user_coupons(world: World, asked: Asked) -> Answer:
    """Show a page of a user's coupons; without the list where there are none."""
    coupons, said = page(_matching(world, asked), asked.data)
    return {**({"user_coupon_list": [coupon_entity(world, coupon) for coupon in coupons]} if coupons else {}), **said}


def _matching(world: World, asked: Asked) -> Iterator[tuple[int, UserCoupon]]:
    """The coupons that a request asks for, each with its place among all coupons."""
    data, owner = asked.data, asked.scope
    stock_id = data.get("stock_id")
    product_coupon_id = data.get("product_coupon_id")
    if product_coupon_id is None and stock_id is not None:
        stock = world.stocks.get(stock_id)
        if stock is None or stock.owner != owner:
            raise not_found("stock_id")
    elif product_coupon_id is not None and stock_id is not None:
        world.stock(owner, product_coupon_id, stock_id)
    elif product_coupon_id is not None:
        world.product_coupon(owner, product_coupon_id)
    for number, coupon in enumerate(world.coupons.values()):
        bundle_id = None if coupon.bundle is None else coupon.bundle.user_coupon_bundle_id
        if (
            coupon.stock.owner == owner
            and coupon.user.openids.get(data["appid"]) == data["openid"]
            and product_coupon_id in {None, coupon.stock.product_coupon.product_coupon_id}
            and stock_id in {None, coupon.stock.stock_id}
            and data.get("user_coupon_bundle_id") in {None, bundle_id}
            and data.get("coupon_state") in {None, coupon.state(world.now)}
        ):
            yield number, coupon


def delete(world: World, brand_id: str, coupon_code: str) -> None:
    """Play the user who deletes a coupon.

    Raises:
        Refusal: nobody has it, or it is not EFFECTIVE.
    """
    coupon = world.coupons.get((brand_id, coupon_code))
    if coupon is None:
        raise not_found("coupon_code", NO_COUPON)
    if (state := coupon.state(world.now)) != "EFFECTIVE":
        raise invalid(f"the coupon is {state}, not EFFECTIVE", WRONG_STATE)
    coupon.deleted = True


def find(world: World, asked: Asked) -> UserCoupon:
    """The coupon that a request names.

    Raises:
        Refusal: this user has no such coupon of this stock.
    """
    data = asked.data
    stock = world.stock(asked.scope, data["product_coupon_id"], data["stock_id"])
    coupon = world.coupons.get((asked.scope.brand_id, data["coupon_code"]))
    if coupon is None or coupon.stock is not stock or coupon.user.openids.get(data["appid"]) != data["openid"]:
        raise not_found("coupon_code of this user", NO_COUPON)
    return coupon


def coupon_entity(world: World, coupon: UserCoupon) -> dict[str, Any]:
    """A user's coupon as answers show it."""
    stock, sending = coupon.stock, coupon.sending
    entity: dict[str, Any] = {
        "coupon_code": coupon.coupon_code,
        **stock.owner.shown,
        "coupon_state": coupon.state(world.now),
        "valid_begin_time": written(coupon.begins),
        "valid_end_time": written(coupon.ends),
        "receive_time": written(coupon.received),
        "send_request_no": sending.send_request_no,
        "send_channel": sending.channel,
        **(coupon.confirmed or {}),
        **(coupon.deactivated or {}),
        **_usage(coupon),
        "product_coupon": product_coupon_entity(world, stock.product_coupon),
        "stock": stock_entity(world, stock),
    }
    if sending.attach is not None:
        entity["attach"] = sending.attach
    if sending.tags is not None:
        entity["coupon_tag_info"] = sending.tags
    return entity


def _usage(coupon: UserCoupon) -> dict[str, Any]:
    detail = {**(coupon.returned or {}), **(coupon.used or {})}
    bundle = coupon.bundle
    if bundle is None:
        return {"single_usage_detail": detail}
    return {
        "progressive_bundle_usage_detail": detail,
        "user_product_coupon_bundle_info": {
            "user_coupon_bundle_id": bundle.user_coupon_bundle_id,
            "user_coupon_bundle_index": coupon.stock.round_index,
            "total_count": len(bundle.stocks),
            "used_count": bundle.used_count,
        },
    }
