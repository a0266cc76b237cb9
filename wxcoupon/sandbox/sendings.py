"""Sending product coupons: within the caps of their stock, once under each number, and told with a callback.

https://pay.weixin.qq.com/doc/v3/partner/4015781605
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .callbacks import tell_sent
from .handlers import Answer, Asked, handles
from .holdings import Sending, UserBundle, UserCoupon
from .records import TOKEN_SECONDS, Stock, Token, User
from .refusals import NOT_SENDING, USER_CAP, exhausted, invalid, other_data, parameter, taken
from .user_coupons import coupon_entity
from .validity import day, validity, written
from .world import World


@handles("product_coupon.send_coupon", scope=("stock_id", "openid"))
def send_coupon(world: World, asked: Asked) -> Answer:
    """Put a coupon into a user's hand."""
    data = asked.data
    stock, code = _stock_and_code(world, asked)
    sending = by_api(world, data)
    coupon = sent_before(world, stock, sending)
    if coupon is None:
        require_room(world, stock, sending.user, code)
        coupon = issue(world, stock, sending, world.take_code(stock, code))
    elif code not in {None, coupon.coupon_code}:
        raise other_data()
    return coupon_entity(world, coupon)


@handles("product_coupon.pre_send_coupon", replays=False, scope=("stock_id", "openid"))
def pre_send_coupon(world: World, asked: Asked) -> Answer:
    """Make a token, if the stock could send now; nothing is reserved until it is claimed."""
    stock, code = _stock_and_code(world, asked)
    token = new_token(world, asked, stock, code)
    if _key(stock, token.user, token.send_request_no) not in world.sendings:  # who has it is shown "received"
        require_room(world, stock, token.user, code)
    return {"token": world.new_token(token)}


def _stock_and_code(world: World, asked: Asked) -> tuple[Stock, str | None]:
    data = asked.data
    stock = world.stock(asked.scope, data["product_coupon_id"], data["stock_id"])
    if stock.stock_bundle_id is not None:
        raise invalid("stocks of a bundle are sent together, through the endpoints for bundles")
    code: str | None = data.get("coupon_code")
    if (code is not None) != (stock.mode == "API_ASSIGN"):
        raise parameter("/coupon_code", "is sent exactly when coupon_code_mode of the stock is API_ASSIGN")
    return stock, code


def by_api(world: World, data: Mapping[str, Any]) -> Sending:
    """The sending that a call asks for."""
    user = world.user(data["appid"], data["openid"])
    return Sending(user, data["send_request_no"], "API", data.get("attach"), data.get("coupon_tag_info"))


def new_token(world: World, asked: Asked, stock: Stock, code: str | None = None) -> Token:
    """What a pre-send asks for; of a bundle with its first stock."""
    data = asked.data
    user = world.user(data["appid"], data["openid"])
    until = world.now + TOKEN_SECONDS
    return Token(asked.identity.subject, stock, user, data["send_request_no"], code, data.get("attach"), until)


def _key(stock: Stock, user: User, number: str) -> tuple[str, str, str]:
    return user.unionid, stock.stock_id, number


def claimed_before(world: World, stock: Stock, sending: Sending) -> UserCoupon | None:
    """The coupon of the same person, stock and number, however it was sent."""
    return world.sendings.get(_key(stock, sending.user, sending.send_request_no))


def sent_before(world: World, stock: Stock, sending: Sending) -> UserCoupon | None:
    """The coupon that the same call sent before; None when none did.

    Raises:
        Refusal: the number was used for something else.
    """
    coupon = claimed_before(world, stock, sending)
    if coupon is None:
        return None
    if coupon.sending.channel != sending.channel:
        raise taken("the number was used by a coupon the user claimed")
    if coupon.sending != sending:
        raise other_data()
    return coupon


def require_room(world: World, stock: Stock, user: User, code: str | None = None) -> None:
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


def issue(world: World, stock: Stock, sending: Sending, code: str, bundle: UserBundle | None = None) -> UserCoupon:
    """Put a coupon into a user's hand, count it, and tell of it."""
    now = world.now
    begins, last = validity(stock.period, now if bundle is None else bundle.received)
    coupon = UserCoupon(code, stock, sending, now, begins, last, bundle)
    stock.sent += 1
    stock.sent_by_day[day(now)] += 1
    stock.sent_by_user[sending.user.unionid] += 1
    world.coupons[stock.owner.brand_id, code] = coupon
    world.sendings[_key(stock, sending.user, sending.send_request_no)] = coupon
    if bundle is not None:
        bundle.coupons.append(coupon)
    tell_sent(world, stock.owner.subject, send_event(world, coupon))
    return coupon


def send_event(world: World, coupon: UserCoupon) -> dict[str, Any]:
    """What the callback of a new coupon says; its openid is that of the stock's ``notify_appid``."""
    stock, sending, bundle = coupon.stock, coupon.sending, coupon.bundle
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
        "send_request_no": sending.send_request_no,
        "send_channel": sending.channel,
        "valid_begin_time": written(coupon.begins),
        "valid_end_time": written(coupon.ends),
    }
    if bundle is not None:
        event["stock_bundle_id"] = stock.stock_bundle_id
        event["user_coupon_bundle_id"] = bundle.user_coupon_bundle_id
    return event if sending.attach is None else event | {"attach": sending.attach}
