"""The caps of stocks and bundles: a cap is changed only by who knows what it is.

https://pay.weixin.qq.com/doc/v3/partner/4015781561
"""

from __future__ import annotations

from .bundles import living_bundle
from .handlers import Answer, Asked, handles
from .product_coupons import stock_bundle_entity, stock_entity
from .records import Stock
from .refusals import invalid
from .stocks import by_itself, require_living
from .world import World


@handles("product_coupon.update_stock_budget")
def update_stock_budget(world: World, asked: Asked) -> Answer:
    """Change a cap of a stock."""
    stock = by_itself(world, asked)
    require_living(world, stock)
    _change([stock], asked)
    return stock_entity(world, stock)


@handles("product_coupon.update_stock_bundle_budget")
def update_stock_bundle_budget(world: World, asked: Asked) -> Answer:
    """Change a cap of a bundle: that of all coupons in every stock, that of a day in the first."""
    stocks = living_bundle(world, asked)
    _change(stocks, asked)
    return stock_bundle_entity(world, stocks)


def _change(stocks: list[Stock], asked: Asked) -> None:
    name = asked.data["update_mode"].lower()
    current, target = asked.data[f"current_{name}"], asked.data[f"target_{name}"]
    stored = stocks[0].settings["stock_send_rule"].get(name)
    if stored is None:
        raise invalid("the stock has no cap of a day, and cannot get one")
    if current != stored:
        raise invalid(f"current_{name} is not the cap in force; look the stock up again")
    if name == "max_count_per_day":
        stocks = stocks[:1]
    elif target < max(stock.sent for stock in stocks):
        raise invalid("the stock has sent more coupons than target_max_count")
    for stock in stocks:
        stock.settings = {**stock.settings, "stock_send_rule": {**stock.settings["stock_send_rule"], name: target}}
