"""Product coupons and their stocks: creating them, filling them with codes, showing them.

https://pay.weixin.qq.com/doc/v3/partner/4015781289
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from .handlers import Answer, Asked, handles
from .records import ProductCoupon, Stock
from .refusals import invalid
from .validity import day
from .world import World

_SHOWN: Final = (
    "scope",
    "type",
    "usage_mode",
    "single_usage_info",
    "progressive_bundle_usage_info",
    "sequential_usage_info",
    "display_info",
    "out_product_no",
)
_RULES: Final = ("normal_coupon", "discount_coupon", "exchange_coupon")


@handles("product_coupon.create_product_coupon")
def create_product_coupon(world: World, asked: Asked) -> Answer:
    """Create a product coupon with its first stock, or with its first bundle of one stock a round."""
    members = dict(asked.data)
    product_coupon = world.new_product_coupon(asked.scope, {name: members[name] for name in _SHOWN if name in members})
    answer = product_coupon_entity(world, product_coupon)
    if "stock_bundle" in members:
        bundle_id = f"{product_coupon.product_coupon_id}{len(world.stocks) + 1:03}9"
        stocks = [world.new_stock(product_coupon, settings) for settings in _rounds(members["stock_bundle"], bundle_id)]
        answer["stock_bundle"] = {
            "stock_bundle_id": bundle_id,
            "stock_list": [stock_entity(world, stock) for stock in stocks],
        }
    else:
        answer["stock"] = stock_entity(world, world.new_stock(product_coupon, members["stock"]))
    return answer


def _rounds(bundle: Mapping[str, Any], bundle_id: str) -> Iterator[dict[str, Any]]:
    """The settings of each stock of a bundle: its round's rule, and the bundle's caps, the daily one for the first."""
    rule = bundle["progressive_bundle_usage_rule"]
    name = next(name for name in _RULES if f"{name}_list" in rule)
    for index, discount in enumerate(rule[f"{name}_list"]):
        caps = dict(bundle["stock_send_rule"])
        if index:
            caps.pop("max_count_per_day", None)
        yield {
            **bundle,
            "stock_send_rule": caps,
            "progressive_bundle_usage_rule": {
                "coupon_available_period": rule["coupon_available_period"],
                name: discount,
            },
            "stock_bundle_info": {"stock_bundle_id": bundle_id, "stock_bundle_index": index},
        }


@handles("product_coupon.get_stock")
def get_stock(world: World, asked: Asked) -> Answer:
    """Show a stock."""
    return stock_entity(world, world.stock(asked.scope, asked.data["product_coupon_id"], asked.data["stock_id"]))


@handles("product_coupon.upload_coupon_codes", repeats="code_list")
def upload_coupon_codes(world: World, asked: Asked) -> Answer:
    """Put codes into a stock, and say of each code what became of it."""
    stock = world.stock(asked.scope, asked.data["product_coupon_id"], asked.data["stock_id"])
    state = stock.state(world.now)
    if state == "AUDITING":
        raise invalid("the stock is still being created, codes cannot be uploaded yet")
    if state == "STOPPED":
        raise invalid("the stock has expired, codes can no longer be uploaded")
    if stock.mode != "UPLOAD":
        raise invalid("coupon_code_mode of the stock is not UPLOAD, so codes cannot be uploaded")
    known = world.codes[stock.owner.brand_id]
    room = stock.max_count - len(stock.codes)
    seen: set[str] = set()
    stored: list[str] = []
    lists: dict[str, list[Any]] = {"duplicate_code_list": [], "already_exist_code_list": [], "failed_code_list": []}
    repeated: dict[str, None] = {}
    for code in asked.data["code_list"]:
        if code in seen:
            repeated[code] = None
            continue
        seen.add(code)
        if code in known:
            lists["already_exist_code_list"].append(code)
        elif len(stored) < room:
            stored.append(code)
        else:
            lists["failed_code_list"].append(
                {"coupon_code": code, "code": "NOT_ENOUGH", "message": "uploaded custom codes reached the limit"}
            )
    lists["duplicate_code_list"] = list(repeated)
    world.add_codes(stock, stored)
    return {
        "total_count": len(seen),
        "success_code_list": stored,
        **{name: codes for name, codes in lists.items() if codes},  # any list may be absent
    }


def product_coupon_entity(world: World, product_coupon: ProductCoupon) -> dict[str, Any]:
    """A product coupon as answers show it."""
    return {
        "product_coupon_id": product_coupon.product_coupon_id,
        **product_coupon.owner.shown,
        **product_coupon.members,
        "state": "AUDITING" if world.now < product_coupon.reviewed_at else "EFFECTIVE",
    }


def stock_entity(world: World, stock: Stock) -> dict[str, Any]:
    """A stock as answers show it."""
    now = world.now
    counts = {"total_count": len(stock.codes), "available_count": len(stock.free)}
    return {
        "product_coupon_id": stock.product_coupon.product_coupon_id,
        "stock_id": stock.stock_id,
        **stock.owner.shown,
        **stock.settings,
        **({"coupon_code_count_info": counts} if stock.mode == "UPLOAD" else {}),
        "sent_count_info": {"total_count": stock.sent, "today_count": stock.sent_by_day[day(now)]},
        "state": stock.state(now),
    }
