"""Merchant coupons (商家券): sending, and pre-sending those that carry product information.

Two stocks are there from the start, ``100088`` (``MERCHANT_API``: the caller names the code) and ``100089``
(``WECHATPAY_MODE``: WeChat Pay makes it), and a test may seed more.

https://pay.weixin.qq.com/wiki/doc/apiv3/wxpay/marketing/busifavor/chapter3_1.shtml
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from .handlers import Answer, Asked, handles
from .merchant_callbacks import tell_sent
from .merchant_stocks import MerchantCoupon, MerchantStock
from .merchant_validity import validity
from .partnerships import Partnerships
from .records import TOKEN_SECONDS, Token, User
from .refusals import Refusal, exhausted, invalid, no_auth, parameter, taken
from .validity import day, written
from .world import World

_Key: TypeAlias = tuple[tuple[str, str], str, str, str]
"""A sending: the caller, the user's unionid, the stock, and the number."""
_SHOWN: Final = (
    "belong_merchant",
    "stock_name",
    "comment",
    "goods_name",
    "stock_type",
    "display_pattern_info",
    "coupon_use_rule",
    "custom_entrance",
)
"""What a coupon shows of its stock."""


class Hands:
    """All coupons users have, by stock and code, in the order they were received."""

    def __init__(self) -> None:
        self.of: dict[tuple[str, str], MerchantCoupon] = {}


@handles("busifavor.send_coupon", scope=("stock_id", "openid"))
def send_coupon(world: World, asked: Asked) -> Answer:
    """Put a coupon into a user's hand."""
    return _sent(world, asked, _stock(world, asked))


@handles("busifavor.send_product_coupon", scope=("stock_id", "openid"))
def send_product_coupon(world: World, asked: Asked) -> Answer:
    """Put a coupon with product information into a user's hand."""
    return _sent(world, asked, _with_product_information(_stock(world, asked)))


def _sent(world: World, asked: Asked, stock: MerchantStock) -> Answer:
    data = asked.data
    user = world.user(data["appid"], data["openid"])
    _require_room(world, stock, user, data.get("coupon_code"))
    key = (asked.identity.subject, user.unionid, stock.stock_id, data["out_request_no"])
    if key in world.merchant_coupons:
        raise taken("the number was used by another sending of the stock to this user")
    coupon = _send(world, stock, user, key, data.get("coupon_code"))
    tell_sent(world, coupon, "BUSICOUPON_SEND_CHANNEL_API")
    return {
        "send_coupon_result": {
            "stock_id": stock.stock_id,
            "out_request_no": coupon.out_request_no,
            "coupon_code": coupon.coupon_code,
        }
    }


@handles("busifavor.pre_send_product_coupon", replays=False, scope=("stock_id", "openid"))
def pre_send_product_coupon(world: World, asked: Asked) -> Answer:
    """Make a token, if the stock could send now; nothing is reserved until it is claimed."""
    data = asked.data
    stock = _with_product_information(_stock(world, asked))
    # Only one description has this call, and it leaves the openid optional: then the token is for whoever claims it.
    user = world.user(data["appid"], data["openid"]) if "openid" in data else world.somebody()
    number, code = data["send_request_no"], data.get("coupon_code")
    token = Token(asked.identity.subject, stock, user, number, code, None, world.now + TOKEN_SECONDS)
    if _key(token, stock) not in world.merchant_coupons:
        _require_room(world, stock, user, code)
    return {"token": world.new_token(token)}


def claim(world: World, token: Token, stock: MerchantStock) -> MerchantCoupon:
    """Give a token's user the coupon; the same user, stock and number has one coupon only.

    Raises:
        Refusal: the stock cannot send any more.
    """
    key = _key(token, stock)
    coupon = world.merchant_coupons.get(key)
    if coupon is not None:
        return coupon
    _require_room(world, stock, token.user, token.coupon_code)
    coupon = _send(world, stock, token.user, key, token.coupon_code)
    tell_sent(world, coupon, "BUSICOUPON_SEND_CHANNEL_MINIAPP")
    return coupon


def held(world: World, asked: Asked) -> MerchantCoupon:
    """The coupon a request is about, by its code and stock; a code that WeChat Pay made needs no stock.

    Raises:
        Refusal: nobody has it, or it is of another merchant's stock.
    """
    code, hands = asked.data["coupon_code"], world.room(Hands).of
    if "stock_id" in asked.data:
        coupon = hands.get((_stock(world, asked).stock_id, code))
    else:
        alike = [one for one in hands.values() if one.coupon_code == code and reaches(world, asked, one.stock)]
        coupon = next((one for one in alike if one.stock.coupon_code_mode == "WECHATPAY_MODE"), None)
        if alike and coupon is None:
            raise parameter("/stock_id", "is required when coupon_code_mode of the stock is not WECHATPAY_MODE")
    if coupon is None:
        raise missing("coupon_code")
    return coupon


def user_coupon(world: World, coupon: MerchantCoupon) -> dict[str, Any]:
    """A user's coupon as answers show it."""
    members = coupon.stock.members
    shown = {
        **{name: members[name] for name in _SHOWN if name in members},
        "coupon_state": coupon.state(world.now),
        "coupon_code": coupon.coupon_code,
        "stock_id": coupon.stock_id,
        "available_start_time": written(coupon.begins),
        "expire_time": written(coupon.ends),
        "receive_time": written(coupon.received),
        "send_request_no": coupon.out_request_no,
        **(coupon.used or {}),
        **(coupon.returned or {}),
        **(coupon.deactivated or {}),
    }
    return shown if coupon.order is None else shown | {"associate_out_trade_no": coupon.order}


def reaches(world: World, asked: Asked, stock: MerchantStock) -> bool:
    """Whether the caller may use a stock: its own, one open to all, or one it has a partnership for."""
    subject = asked.identity.subject
    return stock.open_to(subject) or world.room(Partnerships).let(stock.stock_id, subject[1], asked.data.get("appid"))


def missing(what: str) -> Refusal:
    """Something is not there, in the words of this family."""
    return Refusal(404, "RESOURCE_NOT_EXISTS", f"{what} does not exist")


def _key(token: Token, stock: MerchantStock) -> _Key:
    return (token.sender, token.user.unionid, stock.stock_id, token.send_request_no)


def _stock(world: World, asked: Asked) -> MerchantStock:
    stock = world.merchant_stocks.get(asked.data["stock_id"])
    if stock is None:
        raise missing("stock_id")
    if not reaches(world, asked, stock):
        raise no_auth("the stock is another merchant's")
    return stock


def _with_product_information(stock: MerchantStock) -> MerchantStock:
    if not stock.product_information:
        raise invalid("the stock carries no product information")
    return stock


def _require_room(world: World, stock: MerchantStock, user: User, code: str | None) -> None:
    if (code is not None) != (stock.coupon_code_mode == "MERCHANT_API"):
        raise parameter("/coupon_code", "is sent exactly when coupon_code_mode of the stock is MERCHANT_API")
    now = world.now
    if stock.state(now) != "RUNNING":
        raise invalid(f"the stock is {stock.state(now)}, not RUNNING")
    if stock.sent >= stock.max_count:
        raise exhausted("the stock has sent max_count coupons")
    if stock.max_count_per_day is not None and stock.sent_by_day[day(now)] >= stock.max_count_per_day:
        raise exhausted("the stock has sent its coupons of today")
    if stock.sent_by_user[user.unionid] >= stock.max_count_per_user:
        raise Refusal(403, "RULE_LIMIT", "the user has max_count_per_user coupons of the stock")
    if stock.coupon_code_mode == "MERCHANT_UPLOAD" and not stock.free:
        raise exhausted("the uploaded codes of the stock are used up")
    if code is not None and code in stock.used:
        raise taken("the coupon code is taken; use another one")


def _send(world: World, stock: MerchantStock, user: User, key: _Key, assigned: str | None) -> MerchantCoupon:
    now = world.now
    begins, ends = validity(stock.period, now)
    coupon = MerchantCoupon(stock, stock.take(assigned), user, key[3], key[0], now, begins, ends)
    stock.count(user.unionid, day(now))
    stock.hand_out(coupon)
    world.merchant_coupons[key] = world.room(Hands).of[stock.stock_id, coupon.coupon_code] = coupon
    return coupon
