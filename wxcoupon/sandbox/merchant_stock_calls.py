"""Stocks of merchant coupons: creating them, showing them, changing them.

Nothing of this family's errors survived but their codes; which of them a refusal has is this sandbox's choice.

https://pay.weixin.qq.com/doc/v3/merchant/4012534855
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .handlers import Answer, Asked, handles
from .merchant_stocks import MerchantStock
from .refusals import Refusal, invalid
from .validity import day, written
from .world import World

_FOR_GOOD: Final = frozenset({"stock_name", "merchant_logo_url", "merchant_name", "natural_person_limit"})
"""Members of a modification that are documented as not modifiable: they stay as they are."""


@handles("busifavor.create_stock")
def create_stock(world: World, asked: Asked) -> Answer:
    """Create a stock; it carries no product information, which no member of this call could give it."""
    members = {name: member for name, member in asked.data.items() if name != "out_request_no"}
    stock = MerchantStock(
        str(1200000000 + len(world.merchant_stocks)),
        members,
        asked.identity.subject,
        members["belong_merchant"],
        product_information=False,
        reviewed_at=world.now + world.review_seconds,
    )
    world.merchant_stocks[stock.stock_id] = stock
    return {"stock_id": stock.stock_id, "create_time": written(world.now)}


@handles("busifavor.get_stock")
def get_stock(world: World, asked: Asked) -> Answer:
    """Show a stock."""
    stock = merchant_stock(world, asked)
    counts = {"total_count": len(stock.codes), "available_count": len(stock.free)}
    return {
        "stock_id": stock.stock_id,
        **stock.members,
        "stock_state": stock.state(world.now),
        **({"coupon_code_count": counts} if stock.coupon_code_mode == "MERCHANT_UPLOAD" else {}),
        "send_count_information": _sent(world, stock),
    }


@handles("busifavor.modify_stock")
def modify_stock(world: World, asked: Asked) -> Answer:
    """Put what is given in the place of what was there, member by member; what is documented as for good stays."""
    stock = merchant_stock(world, asked, running=True)
    change = {name: member for name, member in asked.data.items() if name not in {"stock_id", "out_request_no"}}
    if change.get("subsidy") is False and stock.members.get("subsidy"):
        raise invalid("subsidy can only be changed from false to true")
    stock.members = _merged(stock.members, change)
    return None


@handles("busifavor.modify_stock_budget")
def modify_stock_budget(world: World, asked: Asked) -> Answer:
    """Set a new limit, if the present one is what the caller believes it to be."""
    stock = merchant_stock(world, asked, running=True)
    name = "max_coupons" if "target_max_coupons" in asked.data else "max_coupons_by_day"
    rule, target = stock.members["stock_send_rule"], asked.data[f"target_{name}"]
    if asked.data[f"current_{name}"] != rule.get(name, 0):
        raise invalid(f"current_{name} is not the present limit; look the stock up and try again")
    sent = stock.sent if name == "max_coupons" else stock.sent_by_day[day(world.now)]
    if target < sent:
        raise invalid(f"target_{name} is less than what was sent already")
    stock.members = _merged(stock.members, {"stock_send_rule": {name: target}})
    rule = stock.members["stock_send_rule"]
    return {name: rule[name] for name in ("max_coupons", "max_coupons_by_day") if name in rule}


def merchant_stock(world: World, asked: Asked, *, running: bool = False) -> MerchantStock:
    """The stock that a request names.

    Args:
        world: where to look.
        asked: what has its ``stock_id``.
        running: whether its validity may not have ended.

    Raises:
        Refusal: there is no such stock, or not for this caller, or no more.
    """
    stock = world.merchant_stocks.get(asked.data["stock_id"])
    if stock is None:
        raise Refusal(404, "RESOURCE_NOT_EXISTS", "stock_id does not exist")
    if not stock.open_to(asked.identity.subject):
        raise Refusal(403, "NO_AUTH", "the stock is another merchant's")
    if running and stock.state(world.now) == "STOPED":
        raise invalid("the validity of the stock has ended")
    return stock


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(old)
    for name, member in new.items():
        if name in _FOR_GOOD:
            continue
        both = isinstance(member, dict) and isinstance(merged.get(name, {}), dict)
        merged[name] = _merged(merged.get(name, {}), member) if both else member
    return merged


def _sent(world: World, stock: MerchantStock) -> dict[str, int]:
    """How much was sent; what it is worth only where that is fixed, and today's only under a limit a day."""
    found = {"total_send_num": stock.sent}
    if stock.max_count_per_day is not None:
        found["today_send_num"] = stock.sent_by_day[day(world.now)]
    worth = stock.members["coupon_use_rule"].get("fixed_normal_coupon")
    if worth is not None:
        found |= {name.replace("num", "amount"): count * worth["discount_amount"] for name, count in found.items()}
    return found
