"""Stores that take a stock, on the sandbox."""

from typing import Any

from wxcoupon import Brand, Client, Partner
from wxcoupon import product_coupon as pc

from .holding import AnyClient, new_bundle, new_stock, of_stock, refused
from .shapes import changed


def _stores(*store_ids: str) -> list[pc.StoreInfo]:
    return [pc.StoreInfo(store_id=store_id) for store_id in store_ids]


async def _listed(client: AnyClient, names: dict[str, Any]) -> list[str]:
    return [store.store_id async for store in client.pages(pc.ListAssociatedStores(page_size=2, **names))]


async def test_stores_are_a_set(partner: Client[Partner], brand: Client[Brand]) -> None:
    """Stores add up from call to call, each once; taking off one that is not there does no harm."""
    clients: tuple[AnyClient, ...] = (partner, brand)
    for client in clients:
        names = of_stock(await new_stock(client, store_scope="SPECIFIC"))

        added = await client.call(pc.AssociateStores(store_list=_stores("1", "2", "1"), **names))
        await client.call(pc.AssociateStores(store_list=_stores("3", "2"), **names))

        assert (added.total_count, added.success_store_list) == (2, _stores("1", "2"))
        assert await _listed(client, names) == ["1", "2", "3"]
        taken = await client.call(pc.DisassociateStores(store_list=_stores("2", "9"), **names))
        assert (taken.total_count, taken.success_store_list) == (2, _stores("2", "9"))
        assert await _listed(client, names) == ["1", "3"]


async def test_pages_of_stores_go_on_behind_the_last(partner: Client[Partner]) -> None:
    """The first page says how many there are; a store taken off between two pages hides none."""
    names = of_stock(await new_stock(partner, store_scope="SPECIFIC"))
    await partner.call(pc.AssociateStores(store_list=_stores("1", "2", "3"), **names))
    listing = pc.ListAssociatedStores(page_size=1, **names)

    page = await partner.call(listing)
    await partner.call(pc.DisassociateStores(store_list=_stores("1"), **names))
    following = await partner.call(changed(listing, page_token=page.next_page_token))

    assert (page.store_list, page.total_count) == (_stores("1"), 3)
    assert (following.store_list, following.total_count) == (_stores("2"), None)


async def test_a_bundle_has_one_set(partner: Client[Partner]) -> None:
    """Stores of a bundle are those of each of its stocks."""
    product_coupon_id, bundle = await new_bundle(partner, store_scope="SPECIFIC")
    names: dict[str, Any] = {"product_coupon_id": product_coupon_id, "stock_bundle_id": bundle.stock_bundle_id}

    await partner.call(pc.AssociateStockBundleStores(store_list=_stores("1", "2"), **names))
    await partner.call(pc.DisassociateStockBundleStores(store_list=_stores("1"), **names))

    for stock in bundle.stock_list:
        assert await _listed(partner, {"product_coupon_id": product_coupon_id, "stock_id": stock.stock_id}) == ["2"]


async def test_stores_need_the_scope_for_it(partner: Client[Partner]) -> None:
    """Only SPECIFIC takes stores; ALL is refused with a number of its own, NONE without one."""
    for scope, numeric in (("ALL", "268578813"), ("NONE", None)):
        names = of_stock(await new_stock(partner, number=f"create_{scope}", store_scope=scope))
        for request in (
            pc.AssociateStores(store_list=_stores("1"), **names),
            pc.DisassociateStores(store_list=_stores("1"), **names),
            pc.ListAssociatedStores(**names),
        ):
            assert await refused(partner, request, f"is {scope}, not SPECIFIC") == (400, "INVALID_REQUEST", numeric)


async def test_an_ended_stock_takes_no_stores(partner: Client[Partner]) -> None:
    """Stores of a stock that has ended can neither be changed nor listed."""
    names = of_stock(await new_stock(partner, store_scope="SPECIFIC", begins=-31))
    for request in (
        pc.AssociateStores(store_list=_stores("1"), **names),
        pc.DisassociateStores(store_list=_stores("1"), **names),
        pc.ListAssociatedStores(**names),
    ):
        assert await refused(partner, request, "has expired") == (400, "INVALID_REQUEST", None)
