"""Stocks of a product coupon: adding, showing, changing and ending them.

https://pay.weixin.qq.com/doc/v3/partner/4015781304
"""

from __future__ import annotations

from typing import Any, Final

from .handlers import Answer, Asked, handles
from .pages import page
from .product_coupons import LIVING, deactivation, effective, stock_entity
from .records import ProductCoupon, Stock
from .refusals import invalid
from .world import World

MOST: Final = 200
"""How many stocks of a product coupon may be alive at the same time."""
_CHANGED: Final = ("remark", "usage_rule_display_info", "coupon_display_info", "notify_config", "store_scope")


@handles("product_coupon.create_stock")
def create_stock(world: World, asked: Asked) -> Answer:
    """Add a stock, with a discount exactly where the product coupon has none."""
    product_coupon = effective(world, asked)
    stock = asked.data["stock"]
    shape = product_coupon.members
    rule = f"{shape['usage_mode'].lower()}_usage_rule"
    if rule not in stock:
        raise invalid(f"a stock with another rule than {rule} does not go with usage_mode {shape['usage_mode']}")
    wanted = f"{shape['type'].lower()}_coupon" if shape["scope"] == "SINGLE" else None
    if rule == "single_usage_rule":
        given = [name for name in stock[rule] if name.endswith("_coupon")]
        if given != [name for name in (wanted,) if name]:
            raise invalid(f"single_usage_rule of a stock of this product coupon has {wanted or 'no discount'}")
    make_room(world, product_coupon, 1)
    return stock_entity(world, world.new_stock(product_coupon, stock))


def make_room(world: World, product_coupon: ProductCoupon, count: int) -> None:
    """Refuse unless a product coupon may have that many more stocks."""
    living = sum(stock.state(world.now) in LIVING for stock in world.stocks_of(product_coupon))
    if living + count > MOST:
        raise invalid(f"the product coupon has {living} effective stocks; it may have {MOST}")


@handles("product_coupon.list_stocks")
def list_stocks(world: World, asked: Asked) -> Answer:
    """List the stocks of a product coupon, all or those in one state or of one bundle."""
    product_coupon = world.product_coupon(asked.scope, asked.data["product_coupon_id"])
    state, bundle = asked.data.get("state"), asked.data.get("stock_bundle_id")
    found = (
        (number, stock)
        for number, stock in enumerate(world.stocks_of(product_coupon))
        if state in {None, stock.state(world.now)} and bundle in {None, stock.stock_bundle_id}
    )
    stocks, said = page(found, asked.data)
    return {"stock_list": [stock_entity(world, stock) for stock in stocks], **said}


@handles("product_coupon.get_stock")
def get_stock(world: World, asked: Asked) -> Answer:
    """Show a stock."""
    return stock_entity(world, world.stock(asked.scope, asked.data["product_coupon_id"], asked.data["stock_id"]))


@handles("product_coupon.update_stock")
def update_stock(world: World, asked: Asked) -> Answer:
    """Put what is given in the place of what was there."""
    stock = by_itself(world, asked)
    require_running(world, stock)
    change(world, [stock], asked)
    return stock_entity(world, stock)


@handles("product_coupon.deactivate_stock")
def deactivate_stock(world: World, asked: Asked) -> Answer:
    """End a stock; coupons users have stay as they are."""
    stock = by_itself(world, asked)
    require_running(world, stock)
    stock.deactivated = deactivation(world, asked)
    return stock_entity(world, stock)


def by_itself(world: World, asked: Asked) -> Stock:
    """The stock a request is about.

    Raises:
        Refusal: it is not there for this caller, or in a bundle.
    """
    stock = world.stock(asked.scope, asked.data["product_coupon_id"], asked.data["stock_id"])
    if stock.stock_bundle_id is not None:
        raise invalid("this cannot be done to a single stock of a bundle")
    return stock


def require_running(world: World, stock: Stock) -> None:
    """Refuse unless a stock is SENDING or PAUSED."""
    state = stock.state(world.now)
    if state not in {"SENDING", "PAUSED"}:
        raise invalid(f"the stock is {state}, not SENDING or PAUSED")


def require_living(world: World, stock: Stock) -> None:
    """Refuse if a stock has ended or was deactivated."""
    state = stock.state(world.now)
    if state not in LIVING:
        raise invalid("the stock has expired" if state == "STOPPED" else "the stock was deactivated")


def change(world: World, stocks: list[Stock], asked: Asked) -> None:
    """Put the settings that are given in the place of the old ones, unless an earlier change is still in review."""
    given: dict[str, Any] = {name: asked.data[name] for name in _CHANGED if name in asked.data}
    for stock in stocks:
        if stock.changed_at is not None and world.now < stock.changed_at + world.review_seconds:
            raise invalid("the stock is being changed; try again later")
    for stock in stocks:
        stock.settings = {**stock.settings, **given}
        stock.changed_at = world.now
