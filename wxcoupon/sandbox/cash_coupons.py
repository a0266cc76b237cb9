"""Cash coupons and their users: sending them, looking them up, and what a user does with one.

https://pay.weixin.qq.com/doc/v3/merchant/4012463767
"""

from __future__ import annotations

from typing import Any, Final

from .callbacks import tell_at
from .cash_records import CashCoupon, CashRoom, CashStock, Payment, blocked, no_stock, page, room
from .envelopes import CASH_USE
from .handlers import Answer, Asked, handles
from .records import User
from .refusals import Refusal, exhausted, parameter
from .validity import day, read, written
from .world import World

_FIRST: Final = 98_000_000_000


@handles("cash_coupon.send_coupon")
def send_coupon(world: World, asked: Asked) -> Answer:
    """Put a coupon into a user's hand."""
    data, caller = asked.data, asked.identity.subject[1]
    kept = room(world)
    stock = _sendable(world, kept, asked)
    user = world.user(data["appid"], data["openid"])
    _require_room(stock, user, world.now)
    number = str(_FIRST + next(kept.numbers))
    kept.coupons[number] = CashCoupon(number, stock, user, caller, data["out_request_no"], world.now)
    stock.sent += 1
    stock.sent_by_day[day(world.now)] += 1
    stock.sent_by_user[user.unionid] += 1
    return {"coupon_id": number}


def _sendable(world: World, kept: CashRoom, asked: Asked) -> CashStock:
    data = asked.data
    stock = kept.stocks.get(data["stock_id"])
    if stock is None or stock.creator != data["stock_creator_mchid"]:
        raise no_stock()
    if not stock.knows(asked.identity.subject[1]):
        raise blocked("the stock may not be sent by this merchant")
    for name in ("coupon_value", "coupon_minimum"):
        if name in data:
            raise parameter(f"/{name}", "has to be left out: the stock says what its coupons take off")
    if (status := stock.status(world.now)) != "running":
        raise parameter("/stock_id", f"the stock has to be running, and is {status}")
    return stock


def _require_room(stock: CashStock, user: User, now: float) -> None:
    rule, amount = stock.rule, stock.value["coupon_amount"]
    if stock.sent >= rule["max_coupons"]:
        raise exhausted("the budget of the stock is used up")
    of_day = rule.get("max_amount_by_day")
    if of_day is not None and (stock.sent_by_day[day(now)] + 1) * amount > of_day:
        raise exhausted("the budget of the stock for today is used up")
    if stock.sent_by_user[user.unionid] >= rule["max_coupons_per_user"]:
        raise Refusal(403, "RULE_LIMIT", "the user has max_coupons_per_user coupons of the stock")


@handles("cash_coupon.get_user_coupon")
def get_user_coupon(world: World, asked: Asked) -> Answer:
    """Show a coupon of a user to who created or sent it, and to who takes it."""
    data = asked.data
    coupon = room(world).coupons.get(data["coupon_id"])
    if coupon is None or coupon.user is not world.user(data["appid"], data["openid"]) or not _concerns(coupon, asked):
        raise Refusal(404, "RESOURCE_NOT_EXISTS", "the user has no such coupon, or it is none of this merchant's")
    return _shown(coupon, world.now)


def _concerns(coupon: CashCoupon, asked: Asked) -> bool:
    caller = asked.identity.subject[1]
    return coupon.stock.knows(caller) or caller in coupon.stock.merchants


@handles("cash_coupon.list_user_coupons")
def list_user_coupons(world: World, asked: Asked) -> Answer:
    """Show the coupons of a user: by creator, or all that can be used with a merchant."""
    data, now = asked.data, world.now
    user = world.user(data["appid"], data["openid"])
    special = "business_type" in data  # no coupon here has a balance
    theirs = [
        coupon
        for coupon in room(world).coupons.values()
        if coupon.user is user and not special and _concerns(coupon, asked)
    ]
    if "creator_mchid" not in data:
        found = [_shown(coupon, now) for coupon in theirs if _usable(coupon, data["available_mchid"], now)]
        return {"data": found, "total_count": len(found)}
    states = {None: {"SENDED", "USED"}, "SENDED": {"SENDED"}, "USED": {"SENDED", "USED"}}[data.get("status")]
    listed = [
        _shown(coupon, now)
        for coupon in theirs
        if coupon.stock.creator == data["creator_mchid"]
        and data.get("stock_id") in {None, coupon.stock.stock_id}
        and data.get("sender_mchid") in {None, coupon.sender}
        and coupon.status(now) in states
    ]
    return page(listed, asked)


def _usable(coupon: CashCoupon, mchid: str, now: float) -> bool:
    begins = read(coupon.stock.members["available_begin_time"])
    return coupon.status(now) == "SENDED" and now >= begins and mchid in coupon.stock.merchants


def _shown(coupon: CashCoupon, now: float) -> dict[str, Any]:
    shown = _told(coupon, now)
    shown["out_request_no"] = coupon.out_request_no
    if coupon.used is not None:
        shown["consume_information"] = coupon.used.shown
    return shown


def _told(coupon: CashCoupon, now: float) -> dict[str, Any]:
    stock = coupon.stock
    return {
        "stock_creator_mchid": stock.creator,
        "stock_id": stock.stock_id,
        "coupon_id": coupon.coupon_id,
        "coupon_name": stock.members["stock_name"],
        "status": coupon.status(now),
        "description": stock.description,
        "create_time": written(coupon.received),
        "coupon_type": "NORMAL",
        "no_cash": stock.members["no_cash"],
        "available_begin_time": stock.members["available_begin_time"],
        "available_end_time": stock.members["available_end_time"],
        "singleitem": bool(stock.items),
        "normal_coupon_information": dict(stock.value),
    }


def pay(world: World, coupon_id: str, *, mchid: str | None = None, total: int | None = None) -> Payment:
    """Play the user who pays with a coupon; the merchant that created its stock is told.

    Args:
        world: where.
        coupon_id: the coupon.
        mchid: who is paid; the first merchant where it can be used when None.
        total: the amount of the order in fen; the least that will do when None.

    Raises:
        Refusal: there is no such coupon, or it cannot be used now, there, or for so little.
    """
    kept = room(world)
    coupon = kept.coupons.get(coupon_id)
    if coupon is None:
        raise Refusal(404, "RESOURCE_NOT_EXISTS", "there is no such coupon")
    stock = coupon.stock
    paid = stock.merchants[0] if mchid is None else mchid
    amount = stock.value["transaction_minimum"] if total is None else total
    if not _usable(coupon, paid, world.now) or amount < stock.value["transaction_minimum"]:
        raise exhausted("the coupon cannot be used now, with this merchant, or for so little")
    coupon.used = Payment(f"4200{next(kept.numbers):024}", paid, amount, world.now)
    tell_at(
        world,
        kept.callbacks.get(stock.creator),
        CASH_USE,
        {**_told(coupon, world.now), "consume_information": coupon.used.shown},
    )
    return coupon.used


def refund(world: World, coupon_id: str) -> Payment:
    """Play the merchant that pays all of an order back; the coupon stays used.

    Raises:
        Refusal: nothing was paid with such a coupon, or it was paid back before.
    """
    kept = room(world)
    coupon = kept.coupons.get(coupon_id)
    if coupon is None or coupon.used is None or coupon.used.refunded_at is not None:
        raise Refusal(404, "RESOURCE_NOT_EXISTS", "there is no payment with this coupon that could be paid back")
    coupon.used.refunded_at, coupon.used.refund_id = world.now, f"5030{next(kept.numbers):024}"
    return coupon.used
