"""Stores that take a stock: adding, taking off and listing them. Any store will do; a stock has each of them once.

https://pay.weixin.qq.com/doc/v3/partner/4015781302
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from .bundles import living_bundle
from .handlers import Answer, Asked, handles
from .pages import page
from .records import Stock
from .refusals import invalid
from .stocks import by_itself, require_living
from .world import World

_EVERY_STORE: Final = "268578813"
"""The number of the refusal where every store of the brand takes the stock."""


@handles("product_coupon.associate_stores")
def associate_stores(world: World, asked: Asked) -> Answer:
    """Let stores take a stock."""
    return _associate(_specific(world, [by_itself(world, asked)]), asked)


@handles("product_coupon.disassociate_stores")
def disassociate_stores(world: World, asked: Asked) -> Answer:
    """Let stores take a stock no longer."""
    return _disassociate(_specific(world, [by_itself(world, asked)]), asked)


@handles("product_coupon.associate_stock_bundle_stores")
def associate_stock_bundle_stores(world: World, asked: Asked) -> Answer:
    """Let stores take all stocks of a bundle."""
    return _associate(_specific(world, living_bundle(world, asked)), asked)


@handles("product_coupon.disassociate_stock_bundle_stores")
def disassociate_stock_bundle_stores(world: World, asked: Asked) -> Answer:
    """Let stores take the stocks of a bundle no longer."""
    return _disassociate(_specific(world, living_bundle(world, asked)), asked)


@handles("product_coupon.list_associated_stores")
def list_associated_stores(world: World, asked: Asked) -> Answer:
    """List the stores that take a stock, alone or in a bundle, in the order in which they were added."""
    stock = world.stock(asked.scope, asked.data["product_coupon_id"], asked.data["stock_id"])
    _specific(world, [stock])
    stores, said = page(((number, store_id) for store_id, number in stock.stores.items()), asked.data)
    return {"store_list": [{"store_id": store_id} for store_id in stores], **said}


def _specific(world: World, stocks: list[Stock]) -> list[Stock]:
    """Refuse unless the stocks are alive and are taken by stores that are named."""
    for stock in stocks:
        require_living(world, stock)
        scope = stock.settings["store_scope"]
        if scope != "SPECIFIC":
            raise invalid(
                f"store_scope of the stock is {scope}, not SPECIFIC", _EVERY_STORE if scope == "ALL" else None
            )
    return stocks


def _associate(stocks: list[Stock], asked: Asked) -> Answer:
    named = _named(asked)
    for stock in stocks:
        for store_id in named:
            if store_id not in stock.stores:
                stock.stores[store_id] = next(stock.store_numbers)
    return _done(named)


def _disassociate(stocks: list[Stock], asked: Asked) -> Answer:
    named = _named(asked)
    for stock in stocks:
        for store_id in named:
            stock.stores.pop(store_id, None)
    return _done(named)


def _named(asked: Asked) -> list[str]:
    return list(dict.fromkeys(store["store_id"] for store in asked.data["store_list"]))


def _done(named: Iterable[str]) -> Answer:
    done = [{"store_id": store_id} for store_id in named]
    return {"total_count": len(done), "success_store_list": done}
