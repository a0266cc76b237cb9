"""Product coupons and their users: pre-sending, claiming, confirming, redeeming.

https://pay.weixin.qq.com/doc/v3/partner/4016434365
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .handlers import Answer, Asked, handles
from .product_coupons import product_coupon_entity, stock_entity
from .records import TOKEN_SECONDS, Stock, Token, User, UserCoupon
from .refusals import (
    EXPIRED,
    NO_COUPON,
    NOT_SENDING,
    NOT_YET,
    OUTSIDE_WINDOW,
    USED_BY_OTHER,
    USER_CAP,
    WRONG_STATE,
    WRONG_STORE,
    exhausted,
    invalid,
    not_found,
    parameter,
    taken,
)
from .validity import day, written
from .world import World


@handles("product_coupon.pre_send_coupon", replays=False, scope=("stock_id", "openid"))
def pre_send_coupon(world: World, asked: Asked) -> Answer:
    """Make a token, if the stock could send now; nothing is reserved until it is claimed."""
    data = asked.data
    stock = world.stock(asked.scope, data["product_coupon_id"], data["stock_id"])
    if "stock_bundle_info" in stock.settings:
        raise invalid("stocks of a bundle are sent together, through the endpoints for bundles")
    code = data.get("coupon_code")
    if (code is not None) != (stock.mode == "API_ASSIGN"):
        raise parameter("/coupon_code", "is sent exactly when coupon_code_mode of the stock is API_ASSIGN")
    user = world.user(data["appid"], data["openid"])
    number = data["send_request_no"]
    if (user.unionid, stock.stock_id, number) not in world.sendings:  # the component shows "received" to who has it
        _require_room(world, stock, user, code)
    token = Token(asked.identity.subject, stock, user, number, code, data.get("attach"), world.now + TOKEN_SECONDS)
    return {"token": world.new_token(token)}


def _require_room(world: World, stock: Stock, user: User, code: str | None) -> None:
    """Refuse unless the stock can send this user one more coupon now."""
    if stock.state(world.now) != "SENDING":
        raise invalid("the stock is not in state SENDING", NOT_SENDING)
    caps = stock.settings["stock_send_rule"]
    if stock.sent >= stock.max_count:
        raise exhausted("the stock has sent max_count coupons")
    if "max_count_per_day" in caps and stock.sent_by_day[day(world.now)] >= caps["max_count_per_day"]:
        raise exhausted("the stock has sent max_count_per_day coupons today")
    if stock.sent_by_user[user.unionid] >= caps["max_count_per_user"]:
        raise invalid("the user has max_count_per_user coupons of the stock", USER_CAP)
    if stock.mode == "UPLOAD" and not stock.free:
        raise exhausted("the uploaded codes of the stock are used up")
    if code is not None and code in world.codes[stock.owner.brand_id]:
        raise taken("the coupon code is taken; use another one")


def claim(world: World, token: Token, stock: Stock) -> tuple[UserCoupon, bool]:
    """Give a token's user the coupon.

    Returns:
        The coupon, and whether it is new: the same user, stock and number has one coupon only.

    Raises:
        Refusal: the stock cannot send any more.
    """
    coupon = world.sendings.get((token.user.unionid, stock.stock_id, token.send_request_no))
    if coupon is not None:
        return coupon, False
    _require_room(world, stock, token.user, token.coupon_code)
    return world.send(stock, token, world.take_code(stock, token.coupon_code)), True


def send_event(world: World, coupon: UserCoupon) -> dict[str, Any]:
    """What the callback of a new coupon says; its openid is that of the stock's ``notify_appid``."""
    stock = coupon.stock
    appid = stock.settings["notify_config"]["notify_appid"]
    event = {
        "coupon_code": coupon.coupon_code,
        **stock.owner.shown,
        "product_coupon_id": stock.product_coupon.product_coupon_id,
        "stock_id": stock.stock_id,
        "appid": appid,
        "openid": world.openid(coupon.user, appid),
        "unionid": coupon.user.unionid,
        "receive_time": written(coupon.received),
        "send_request_no": coupon.send_request_no,
        "send_channel": "RECEIVE_COMPONENT",
        "valid_begin_time": written(coupon.begins),
        "valid_end_time": written(coupon.ends),
    }
    return event if coupon.attach is None else event | {"attach": coupon.attach}


@handles("product_coupon.confirm_coupon")
def confirm_coupon(world: World, asked: Asked) -> Answer:
    """Confirm a coupon: it becomes EFFECTIVE, or PENDING before its validity begins."""
    coupon = _coupon(world, asked)
    if coupon.confirmed is not None:
        raise invalid(f"the coupon is {coupon.state(world.now)}, not CONFIRMING", WRONG_STATE)
    coupon.confirmed = {
        "confirm_request_no": asked.data["out_request_no"],
        "confirm_time": written(world.now),
    }
    return coupon_entity(world, coupon)


@handles("product_coupon.use_coupon")
def use_coupon(world: World, asked: Asked) -> Answer:
    """Redeem a coupon that is EFFECTIVE, inside the slots and windows of its stock."""
    coupon = _coupon(world, asked)
    now = world.now
    state = coupon.state(now)
    if "sequential_usage_rule" in coupon.stock.settings:
        raise invalid("the sandbox does not redeem coupons of the withdrawn usage_mode SEQUENTIAL")
    if state == "USED":
        raise invalid("the coupon was redeemed by another request", USED_BY_OTHER)
    if state == "CONFIRMING":
        raise invalid("the coupon is CONFIRMING; confirm it first", WRONG_STATE)
    if state == "PENDING":
        raise exhausted("the validity of the coupon has not begun", NOT_YET)
    if state == "EXPIRED":
        raise invalid("the coupon has expired", EXPIRED)
    if "store_id" in asked.data and coupon.stock.settings["store_scope"] == "SPECIFIC":
        raise invalid("the store is not associated with the stock", WRONG_STORE)  # no declared endpoint associates one
    if not coupon.in_window(now):
        raise exhausted("the coupon cannot be used at this time of day or week", OUTSIDE_WINDOW)
    kept = ("associated_order_info", "associated_pay_score_order_info", "saved_amount")
    coupon.used = {
        "use_request_no": asked.data["out_request_no"],
        "use_time": asked.data["use_time"],
        **{name: asked.data[name] for name in kept if name in asked.data},
    }
    return coupon_entity(world, coupon)


@handles("product_coupon.get_user_coupon")
def get_user_coupon(world: World, asked: Asked) -> Answer:
    """Show a user's coupon."""
    return coupon_entity(world, _coupon(world, asked))


def _coupon(world: World, asked: Asked) -> UserCoupon:
    data: Mapping[str, Any] = asked.data
    stock = world.stock(asked.scope, data["product_coupon_id"], data["stock_id"])
    coupon = world.coupons.get((asked.scope.brand_id, data["coupon_code"]))
    if coupon is None or coupon.stock is not stock or coupon.user.openids.get(data["appid"]) != data["openid"]:
        raise not_found("coupon_code of this user", NO_COUPON)
    return coupon


def coupon_entity(world: World, coupon: UserCoupon) -> dict[str, Any]:
    """A user's coupon as answers show it."""
    stock = coupon.stock
    entity: dict[str, Any] = {
        "coupon_code": coupon.coupon_code,
        **stock.owner.shown,
        "coupon_state": coupon.state(world.now),
        "valid_begin_time": written(coupon.begins),
        "valid_end_time": written(coupon.ends),
        "receive_time": written(coupon.received),
        "send_request_no": coupon.send_request_no,
        "send_channel": "RECEIVE_COMPONENT",
        **(coupon.confirmed or {}),
        "single_usage_detail": coupon.used or {},
        "product_coupon": product_coupon_entity(world, stock.product_coupon),
        "stock": stock_entity(world, stock),
    }
    return entity if coupon.attach is None else entity | {"attach": coupon.attach}
