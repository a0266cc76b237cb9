"""Stocks of cash coupons: creating, starting, pausing, restarting, stopping and looking them up.

::

    audit ─review─► unactivated ─start─► running ◄─restart─ paused
                         │                  └────pause────────►
                        stop                └─end of its time─► stoped
                         └────────────────────────────────────► stoped

Nothing is locked in a balance: everybody has enough money here.

https://pay.weixin.qq.com/doc/v3/merchant/4012534633
"""

from __future__ import annotations

from typing import Any, Final

from .cash_records import CashStock, answer, page, room
from .handlers import Answer, Asked, handles
from .refusals import Refusal, invalid, parameter
from .validity import read, written
from .world import World

_FIRST: Final = 9_800_000
_MINUTE: Final = 60.0
_YEAR: Final = 365 * 86_400.0


@handles("cash_coupon.create_stock")
def create_stock(world: World, asked: Asked) -> Answer:
    """Keep a stock; it is reviewed first, where the sandbox reviews."""
    data, caller = asked.data, asked.identity.subject[1]
    if data["belong_merchant"] != caller:
        raise Refusal(400, "MCH_NOT_EXISTS", "belong_merchant has to be the caller")
    begin = read(data["available_begin_time"])
    if not world.now - _MINUTE <= begin <= world.now + _YEAR:
        raise parameter("/available_begin_time", "has to be from now on, and within 365 days")
    kept = room(world)
    number = str(_FIRST + next(kept.numbers))
    items = list(data["coupon_use_rule"].get("available_items", []))
    kept.stocks[number] = CashStock(number, caller, data, world.now, world.now + world.review_seconds, items)
    return {"stock_id": number, "create_time": written(world.now)}


def _in_wrong_state(stock: CashStock, world: World, wanted: str) -> Refusal:
    state = stock.status(world.now)
    return parameter("stock_id", f"the stock has to be {wanted}, and is {state}", location="url")


@handles("cash_coupon.start_stock")
def start_stock(world: World, asked: Asked) -> Answer:
    """Start a stock; once more, and it says since when it runs."""
    stock = room(world).own(asked)
    state = stock.status(world.now)
    if state == "audit":
        raise invalid("the stock is not ready yet; repeat this a little later")
    if state == "unactivated" and world.now > stock.ends_at:
        raise invalid("the time of the stock is over")
    if state not in {"unactivated", "running"}:
        raise _in_wrong_state(stock, world, "unactivated")
    stock.started_at = stock.started_at or world.now
    return answer(stock, "start_time", stock.started_at)


@handles("cash_coupon.pause_stock")
def pause_stock(world: World, asked: Asked) -> Answer:
    """Pause a running stock; once more, and it says since when it is paused."""
    stock = room(world).own(asked)
    if stock.status(world.now) not in {"running", "paused"}:
        raise _in_wrong_state(stock, world, "running")
    stock.paused_at = stock.paused_at or world.now
    return answer(stock, "pause_time", stock.paused_at)


@handles("cash_coupon.restart_stock")
def restart_stock(world: World, asked: Asked) -> Answer:
    """Go on with a paused stock; once more, and it says since when it goes on."""
    stock = room(world).own(asked)
    state = stock.status(world.now)
    if state == "paused":
        stock.paused_at, stock.restarted_at = None, world.now
    elif state != "running" or stock.restarted_at is None:
        raise _in_wrong_state(stock, world, "paused")
    return answer(stock, "restart_time", stock.restarted_at or world.now)


@handles("cash_coupon.stop_stock")
def stop_stock(world: World, asked: Asked) -> Answer:
    """End a stock that was never started."""
    stock = room(world).own(asked)
    if stock.status(world.now) not in {"audit", "unactivated"}:
        raise _in_wrong_state(stock, world, "unactivated")
    stock.stopped_at = world.now
    return answer(stock, "stop_time", world.now)


@handles("cash_coupon.get_stock")
def get_stock(world: World, asked: Asked) -> Answer:
    """Show a stock to who created it or sends it."""
    return _shown(room(world).named(asked), world.now)


@handles("cash_coupon.list_stocks")
def list_stocks(world: World, asked: Asked) -> Answer:
    """Show the stocks of a creator that the caller created or sends."""
    data, caller = asked.data, asked.identity.subject[1]
    found = [
        _shown(stock, world.now)
        for stock in room(world).stocks.values()
        if stock.creator == data["stock_creator_mchid"] and stock.knows(caller) and _fits(stock, data, world.now)
    ]
    return page(found, asked)


def _fits(stock: CashStock, data: Any, now: float) -> bool:
    since, until = data.get("create_start_time"), data.get("create_end_time")
    return (
        (since is None or stock.created_at >= read(since))
        and (until is None or stock.created_at <= read(until))
        and data.get("status") in {None, stock.status(now)}
    )


@handles("cash_coupon.list_stock_merchants")
def list_stock_merchants(world: World, asked: Asked) -> Answer:
    """Show where the coupons of a stock can be used."""
    stock = room(world).named(asked)
    return page(stock.merchants, asked, {"stock_id": stock.stock_id})


@handles("cash_coupon.list_stock_items")
def list_stock_items(world: World, asked: Asked) -> Answer:
    """Show the goods that the coupons of a stock can be used for."""
    stock = room(world).named(asked)
    return page(stock.items, asked, {"stock_id": stock.stock_id})


@handles("cash_coupon.modify_stock_items")
def modify_stock_items(world: World, asked: Asked) -> Answer:
    """Add goods to a stock and take goods from it, and leave one at least."""
    stock = room(world).own(asked)
    gone = set(asked.data.get("delete_goods_id_list", []))
    wanted = dict.fromkeys((*stock.items, *asked.data.get("add_goods_id_list", [])))
    items = [item for item in wanted if item not in gone]
    if not items:
        raise invalid("the stock has to keep one of its goods")
    stock.items = items
    return answer(stock, "effect_time", world.now)


def _shown(stock: CashStock, now: float) -> dict[str, Any]:
    """A stock as answers show it: as it was created, and what became of it."""
    members, rule, using = stock.members, stock.rule, stock.members["coupon_use_rule"]
    status = stock.status(now)
    shown: dict[str, Any] = {
        "stock_id": stock.stock_id,
        "stock_creator_mchid": stock.creator,
        "stock_name": members["stock_name"],
        "status": status,
        "create_time": written(stock.created_at),
        "description": stock.description,
        "stock_use_rule": {
            "max_coupons": rule["max_coupons"],
            "max_amount": rule["max_amount"],
            "max_amount_by_day": rule.get("max_amount_by_day", rule["max_amount"]),
            "fixed_normal_coupon": dict(stock.value),
            "max_coupons_per_user": rule["max_coupons_per_user"],
            "coupon_type": "NORMAL",
            **{name: using[name] for name in ("trade_type", "combine_use") if name in using},
        },
        "available_begin_time": members["available_begin_time"],
        "available_end_time": members["available_end_time"],
        "distributed_coupons": stock.sent,
        "no_cash": members["no_cash"],
        "singleitem": bool(stock.items),
        "stock_type": members["stock_type"],
    }
    if stock.started_at is not None:
        shown["start_time"] = written(stock.started_at)
    if status == "stoped":
        shown["stop_time"] = written(stock.ends_at if stock.stopped_at is None else stock.stopped_at)
    return shown
