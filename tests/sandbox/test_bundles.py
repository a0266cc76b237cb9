"""Adding and changing stock bundles on the sandbox."""

from typing import Any

from wxcoupon import Brand, Client, Partner
from wxcoupon import product_coupon as pc
from wxcoupon.convert import from_wire, to_wire
from wxcoupon.sandbox import Sandbox

from .holding import ROUNDS, new_bundle, new_stock, refused
from .shapes import changed, product_coupon


def _another(product_coupon_id: str, *, shape: tuple[str, str, str] = ROUNDS, **settings: Any) -> pc.CreateStockBundle:
    bundle = product_coupon(shape=shape, **settings).stock_bundle
    assert bundle is not None
    return pc.CreateStockBundle(product_coupon_id=product_coupon_id, out_request_no="bundle_1", stock_bundle=bundle)


async def test_a_bundle_can_be_added(partner: Client[Partner], brand: Client[Brand]) -> None:
    """A second bundle has a stock for each round, with its caps: the daily one for the first stock alone."""
    clients: tuple[Client[Partner] | Client[Brand], ...] = (partner, brand)
    for client in clients:
        product_coupon_id, first = await new_bundle(client)
        request = _another(product_coupon_id, max_count=70, max_count_per_day=7)

        added = await client.call(request)

        assert added.stock_bundle_id != first.stock_bundle_id
        assert [
            (stock.stock_bundle_info.stock_bundle_id, stock.stock_bundle_info.stock_bundle_index)
            for stock in added.stock_list
        ] == [(added.stock_bundle_id, index) for index in range(3)]
        assert [stock.stock_send_rule.max_count for stock in added.stock_list] == [70] * 3
        assert [stock.stock_send_rule.max_count_per_day for stock in added.stock_list] == [7, None, None]
        assert await client.call(request) == added
        page = await client.call(pc.ListStocks(product_coupon_id=product_coupon_id))
        assert page.total_count == 6


async def test_a_bundle_has_to_fit(partner: Client[Partner]) -> None:
    """It has the type and the rounds of its product coupon, whose usage mode is PROGRESSIVE_BUNDLE."""
    single = (await new_stock(partner)).product_coupon_id
    product_coupon_id, _ = await new_bundle(partner, number="create_2")
    longer = to_wire(_another(product_coupon_id))
    discounts = longer["stock_bundle"]["progressive_bundle_usage_rule"]["normal_coupon_list"]
    discounts.append(discounts[-1])

    for request, match in (
        (_another(single), "does not go with usage_mode SINGLE"),
        (_another(product_coupon_id, shape=("ALL", "DISCOUNT", ROUNDS[2])), "3 entries in normal_coupon_list"),
        (from_wire(pc.CreateStockBundle, longer), "3 entries in normal_coupon_list"),
    ):
        assert await refused(partner, request, match) == (400, "INVALID_REQUEST", None)


async def test_a_bundle_takes_room(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """A bundle is refused when its stocks would be more than 200."""
    product_coupon_id, _ = await new_bundle(partner)
    ours = next(iter(sandbox.world.product_coupons.values()))
    for _ in range(195):
        sandbox.world.new_stock(ours, next(iter(sandbox.world.stocks.values())).settings)

    request = _another(product_coupon_id)

    assert await refused(partner, request, "198 effective stocks") == (400, "INVALID_REQUEST", None)


async def test_a_change_is_of_every_stock(partner: Client[Partner]) -> None:
    """What is given replaces what every stock of the bundle had; the rest stays."""
    product_coupon_id, bundle = await new_bundle(partner, max_count_per_day=7)
    request = pc.UpdateStockBundle(
        product_coupon_id=product_coupon_id,
        stock_bundle_id=bundle.stock_bundle_id,
        out_request_no="change_1",
        remark="two",
        store_scope=pc.StockStoreScope.SPECIFIC,
    )

    now = await partner.call(request)

    assert now.stock_list == [changed(stock, remark="two", store_scope="SPECIFIC") for stock in bundle.stock_list]
    assert await partner.call(request) == now
    lost = changed(request, out_request_no="change_2", stock_bundle_id="another")
    assert await refused(partner, lost, "stock_bundle_id does not exist") == (404, "NOT_FOUND", "268578608")


async def test_an_ended_bundle_is_not_changed(partner: Client[Partner]) -> None:
    """A bundle whose stocks have ended takes no change."""
    product_coupon_id, bundle = await new_bundle(partner, begins=-31)
    request = pc.UpdateStockBundle(
        product_coupon_id=product_coupon_id,
        stock_bundle_id=bundle.stock_bundle_id,
        out_request_no="change_1",
        store_scope=pc.StockStoreScope.ALL,
    )

    assert await refused(partner, request, "has expired") == (400, "INVALID_REQUEST", None)
