"""Product coupons: creating, showing, changing and ending them; and how they and their stocks are shown.

https://pay.weixin.qq.com/doc/v3/partner/4015781289
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from .handlers import Answer, Asked, handles
from .records import ProductCoupon, Stock
from .refusals import invalid
from .validity import day, written
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
LIVING: Final = ("AUDITING", "SENDING", "PAUSED")
"""The states of a stock that has neither ended nor been deactivated."""
_RULES: Final = ("normal_coupon", "discount_coupon", "exchange_coupon")


@handles("product_coupon.create_product_coupon")
def create_product_coupon(world: World, asked: Asked) -> Answer:
    """Create a product coupon with its first stock, or with its first bundle of one stock a round."""
    members = dict(asked.data)
    product_coupon = world.new_product_coupon(asked.scope, {name: members[name] for name in _SHOWN if name in members})
    answer = product_coupon_entity(world, product_coupon)
    if "stock_bundle" in members:
        stocks = world.new_bundle(product_coupon, rounds(members["stock_bundle"]))
        answer["stock_bundle"] = stock_bundle_entity(world, stocks)
    else:
        answer["stock"] = stock_entity(world, world.new_stock(product_coupon, members["stock"]))
    return answer


@handles("product_coupon.get_product_coupon")
def get_product_coupon(world: World, asked: Asked) -> Answer:
    """Show a product coupon."""
    return product_coupon_entity(world, world.product_coupon(asked.scope, asked.data["product_coupon_id"]))


@handles("product_coupon.update_product_coupon")
def update_product_coupon(world: World, asked: Asked) -> Answer:
    """Show a product coupon otherwise from now on."""
    product_coupon = effective(world, asked)
    product_coupon.members = {**product_coupon.members, "display_info": asked.data["display_info"]}
    return product_coupon_entity(world, product_coupon)


@handles("product_coupon.deactivate_product_coupon")
def deactivate_product_coupon(world: World, asked: Asked) -> Answer:
    """End a product coupon, and with it every stock that has not ended yet; coupons users have stay as they are."""
    product_coupon = effective(world, asked)
    product_coupon.deactivated = deactivation(world, asked)
    for stock in world.stocks_of(product_coupon):
        if stock.state(world.now) in LIVING:
            stock.deactivated = product_coupon.deactivated
    return product_coupon_entity(world, product_coupon)


def effective(world: World, asked: Asked) -> ProductCoupon:
    """The product coupon a request is about.

    Raises:
        Refusal: it is not there for this caller, or not EFFECTIVE.
    """
    product_coupon = world.product_coupon(asked.scope, asked.data["product_coupon_id"])
    state = product_coupon.state(world.now)
    if state != "EFFECTIVE":
        raise invalid(f"the product coupon is {state}, not EFFECTIVE")
    return product_coupon


def deactivation(world: World, asked: Asked) -> dict[str, str]:
    """What answers say of a deactivation once it was asked for."""
    return {
        "deactivate_request_no": asked.data["out_request_no"],
        "deactivate_time": written(world.now),
        "deactivate_reason": asked.data["deactivate_reason"],
    }


def product_coupon_entity(world: World, product_coupon: ProductCoupon) -> dict[str, Any]:
    """A product coupon as answers show it."""
    return {
        "product_coupon_id": product_coupon.product_coupon_id,
        **product_coupon.owner.shown,
        **product_coupon.members,
        "state": product_coupon.state(world.now),
        **(product_coupon.deactivated or {}),
    }


def stock_entity(world: World, stock: Stock) -> dict[str, Any]:
    """A stock as answers show it."""
    now = world.now
    counts = {"total_count": len(stock.codes), "available_count": len(stock.free)}
    place = {"stock_bundle_id": stock.stock_bundle_id, "stock_bundle_index": stock.round_index}
    return {
        "product_coupon_id": stock.product_coupon.product_coupon_id,
        "stock_id": stock.stock_id,
        **stock.owner.shown,
        **stock.settings,
        **({"coupon_code_count_info": counts} if stock.mode == "UPLOAD" else {}),
        "sent_count_info": {"total_count": stock.sent, "today_count": stock.sent_by_day[day(now)]},
        "state": stock.state(now),
        **({} if stock.stock_bundle_id is None else {"stock_bundle_info": place}),
        **(stock.deactivated or {}),
    }


def stock_bundle_entity(world: World, stocks: Sequence[Stock]) -> dict[str, Any]:
    """A bundle, all its stocks in the order of rounds, as answers show it."""
    return {
        "stock_bundle_id": stocks[0].stock_bundle_id,
        "stock_list": [stock_entity(world, stock) for stock in stocks],
    }


def rounds(bundle: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
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
        }
