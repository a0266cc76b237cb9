"""Product coupons with their first stock or bundle, made on a sandbox for tests to work with."""

from typing import Any, Final

import pytest

from wxcoupon import ApiError, Brand, Client, Partner
from wxcoupon import product_coupon as pc
from wxcoupon.convert import from_wire, to_wire
from wxcoupon.endpoint import AnyEndpoint

from .shapes import product_coupon

AnyClient = Client[Partner] | Client[Brand]
ROUNDS: Final = ("ALL", "NORMAL", "PROGRESSIVE_BUNDLE")


async def new_stock(client: AnyClient, *, store_scope: str = "NONE", **settings: Any) -> pc.StockEntity:
    """The first stock of a new product coupon; the settings are those of its creation."""
    made = await client.call(_with_scope(product_coupon(**settings), "stock", store_scope))
    assert made.stock is not None
    return made.stock


async def new_bundle(
    client: AnyClient, *, store_scope: str = "NONE", **settings: Any
) -> tuple[str, pc.StockBundleEntity]:
    """The number of a new product coupon, and its first bundle."""
    made = await client.call(_with_scope(product_coupon(shape=ROUNDS, **settings), "stock_bundle", store_scope))
    assert made.stock_bundle is not None
    return made.product_coupon_id, made.stock_bundle


def _with_scope(request: pc.CreateProductCoupon, holder: str, store_scope: str) -> pc.CreateProductCoupon:
    members = to_wire(request)
    members[holder]["store_scope"] = store_scope
    return from_wire(pc.CreateProductCoupon, members)


def of_stock(stock: pc.StockEntity) -> dict[str, Any]:
    """The two numbers that name a stock in a request."""
    return {"product_coupon_id": stock.product_coupon_id, "stock_id": stock.stock_id}


async def refused(client: Client[Any], request: AnyEndpoint, match: str) -> tuple[int, str, str | None]:
    """The status, the code and the number with which a request is refused."""
    with pytest.raises(ApiError, match=match) as caught:
        await client.call(request)
    return caught.value.status, caught.value.code, caught.value.numeric_code
