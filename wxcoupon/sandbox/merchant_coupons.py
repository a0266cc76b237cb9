"""Merchant coupons (商家券): sending, and pre-sending those that carry product information.

No endpoint that creates their stocks is declared, so two are there from the start, ``100088`` (``MERCHANT_API``: the
caller names the code) and ``100089`` (``WECHATPAY_MODE``: WeChat Pay makes it), and a test may seed more.

https://pay.weixin.qq.com/wiki/doc/apiv3/wxpay/marketing/busifavor/chapter3_1.shtml
"""

from __future__ import annotations

import secrets
from typing import TypeAlias

from .handlers import Answer, Asked, handles
from .merchant_stocks import MerchantCoupon, MerchantStock
from .records import TOKEN_SECONDS, Token, User
from .refusals import Refusal, exhausted, invalid, parameter, taken
from .world import World

_Key: TypeAlias = tuple[tuple[str, str], str, str, str]
"""A sending: the caller, the user's unionid, the stock, and the number."""


@handles("busifavor.send_coupon", scope=("stock_id", "openid"))
def send_coupon(world: World, asked: Asked) -> Answer:
    """Put a coupon into a user's hand."""
    data = asked.data
    stock = _stock(world, asked)
    user = world.user(data["appid"], data["openid"])
    _require_room(stock, user, data.get("coupon_code"))
    key = (asked.identity.subject, user.unionid, stock.stock_id, data["out_request_no"])
    if key in world.merchant_coupons:
        raise taken("the number was used by a coupon the user claimed")
    coupon = _send(world, stock, user, key, data.get("coupon_code"))
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
    stock = _stock(world, asked)
    if not stock.product_information:
        raise invalid("the stock carries no product information, so it cannot be pre-sent")
    # Only one description has this call, and it leaves the openid optional: then the token is for whoever claims it.
    user = world.user(data["appid"], data["openid"]) if "openid" in data else world.somebody()
    number, code = data["send_request_no"], data.get("coupon_code")
    token = Token(asked.identity.subject, stock, user, number, code, None, world.now + TOKEN_SECONDS)
    if _key(token, stock) not in world.merchant_coupons:
        _require_room(stock, user, code)
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
    _require_room(stock, token.user, token.coupon_code)
    return _send(world, stock, token.user, key, token.coupon_code)


def _key(token: Token, stock: MerchantStock) -> _Key:
    return (token.sender, token.user.unionid, stock.stock_id, token.send_request_no)


def _stock(world: World, asked: Asked) -> MerchantStock:
    stock = world.merchant_stocks.get(asked.data["stock_id"])
    if stock is None:
        raise Refusal(404, "RESOURCE_NOT_EXISTS", "stock_id does not exist")
    if stock.owner_mchid not in {None, asked.identity.subject[1]}:
        raise Refusal(403, "NO_AUTH", "the stock is another merchant's")
    return stock


def _require_room(stock: MerchantStock, user: User, code: str | None) -> None:
    if (code is not None) != (stock.coupon_code_mode == "MERCHANT_API"):
        raise parameter("/coupon_code", "is sent exactly when coupon_code_mode of the stock is MERCHANT_API")
    if stock.sent >= stock.max_count:
        raise exhausted("the stock has sent max_count coupons")
    if stock.sent_by_user[user.unionid] >= stock.max_count_per_user:
        raise Refusal(403, "RULE_LIMIT", "the user has max_count_per_user coupons of the stock")
    if stock.coupon_code_mode == "MERCHANT_UPLOAD" and not stock.free:
        raise exhausted("the uploaded codes of the stock are used up")
    if code is not None and code in stock.used:
        raise taken("the coupon code is taken; use another one")


def _send(world: World, stock: MerchantStock, user: User, key: _Key, assigned: str | None) -> MerchantCoupon:
    if assigned is not None:
        code = assigned
    elif stock.coupon_code_mode == "MERCHANT_UPLOAD":
        code = stock.free.pop(secrets.randbelow(len(stock.free)))
    else:
        code = "".join(secrets.choice("0123456789") for _ in range(22))
    stock.used.add(code)
    stock.sent += 1
    stock.sent_by_user[user.unionid] += 1
    coupon = world.merchant_coupons[key] = MerchantCoupon(stock.stock_id, code, user.unionid, key[3])
    return coupon
