"""Stock bundles: adding and changing them.

https://pay.weixin.qq.com/doc/v3/partner/4016280622
"""

from __future__ import annotations

from .handlers import Answer, Asked, handles
from .product_coupons import effective, rounds, stock_bundle_entity
from .records import Stock
from .refusals import invalid
from .stocks import change, make_room, require_living
from .world import World


@handles("product_coupon.create_stock_bundle")
def create_stock_bundle(world: World, asked: Asked) -> Answer:
    """Add a stock for each round of the product coupon, with the discount of that round."""
    product_coupon = effective(world, asked)
    bundle, shape = asked.data["stock_bundle"], product_coupon.members
    if shape["usage_mode"] != "PROGRESSIVE_BUNDLE":
        raise invalid(f"a stock bundle does not go with usage_mode {shape['usage_mode']}")
    discounts = bundle["progressive_bundle_usage_rule"].get(f"{shape['type'].lower()}_coupon_list", [])
    count = shape["progressive_bundle_usage_info"]["count"]
    if len(discounts) != count:
        raise invalid(f"a bundle of this product coupon has {count} entries in {shape['type'].lower()}_coupon_list")
    make_room(world, product_coupon, count)
    return stock_bundle_entity(world, world.new_bundle(product_coupon, rounds(bundle)))


@handles("product_coupon.update_stock_bundle")
def update_stock_bundle(world: World, asked: Asked) -> Answer:
    """Put what is given in the place of what was there, in every stock of the bundle."""
    stocks = living_bundle(world, asked)
    change(world, stocks, asked)
    return stock_bundle_entity(world, stocks)


def living_bundle(world: World, asked: Asked) -> list[Stock]:
    """The stocks of the bundle a request is about, in the order of rounds.

    Raises:
        Refusal: it is not there for this caller, has ended or was deactivated.
    """
    stocks = world.bundle(asked.scope, asked.data["product_coupon_id"], asked.data["stock_bundle_id"])
    for stock in stocks:
        require_living(world, stock)
    return stocks
