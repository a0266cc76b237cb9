"""Adding, listing, changing and ending stocks on the sandbox."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from wxcoupon import Brand, Client, Pacer, Partner
from wxcoupon import product_coupon as pc
from wxcoupon.convert import to_wire
from wxcoupon.sandbox import Keys, Sandbox

from .holding import new_bundle, new_stock, of_stock, refused
from .shapes import APPID, TEN, changed, product_coupon

SINGLE = [shape for shape in TEN if shape[2] == "SINGLE"]


def _another(number: str = "stock_1", **settings: Any) -> pc.CreateStock:
    """A stock for the product coupon of the same settings."""
    stock = product_coupon(**settings).stock
    assert stock is not None
    return pc.CreateStock(product_coupon_id="", out_request_no=number, stock=stock)


def _change(names: dict[str, Any], number: str = "change_1", **members: Any) -> pc.UpdateStock:
    given: dict[str, Any] = {"store_scope": pc.StockStoreScope.NONE, **names, **members}
    return pc.UpdateStock(out_request_no=number, **given)


def _ending(names: dict[str, Any], number: str = "ending_1") -> pc.DeactivateStock:
    return pc.DeactivateStock(out_request_no=number, deactivate_reason="too many", **names)


@pytest.mark.parametrize("shape", SINGLE, ids="-".join)
async def test_a_stock_can_be_added(
    partner: Client[Partner], brand: Client[Brand], shape: tuple[str, str, str]
) -> None:
    """A second stock of each kind stands beside the first, with settings of its own."""
    clients: tuple[Client[Partner] | Client[Brand], ...] = (partner, brand)
    for client in clients:
        first = await new_stock(client, shape=shape)
        request = changed(
            _another(shape=shape, mode="WECHATPAY", max_count=7), product_coupon_id=first.product_coupon_id
        )

        added = await client.call(request)

        assert added.single_usage_rule == request.stock.single_usage_rule
        assert (added.state, added.stock_send_rule.max_count) == (pc.StockState.SENDING, 7)
        assert await client.call(request) == added
        listed = await client.call(pc.ListStocks(product_coupon_id=first.product_coupon_id))
        assert listed.stock_list == [first, added]
        assert (listed.total_count, listed.next_page_token) == (2, None)


async def test_a_stock_has_to_fit(partner: Client[Partner]) -> None:
    """The discount is where the product coupon's shape wants it, and bundles take no single stocks."""
    bundled, _ = await new_bundle(partner, number="create_2")
    everywhere = (await new_stock(partner)).product_coupon_id
    named = (await new_stock(partner, number="create_3", shape=("SINGLE", "NORMAL", "SINGLE"))).product_coupon_id
    discounted = _another("stock_2", shape=("SINGLE", "DISCOUNT", "SINGLE"))
    old = _another("stock_3", shape=("ALL", "NORMAL", "SEQUENTIAL"))

    for product_coupon_id, request, match in (
        (bundled, _another(), "does not go with usage_mode PROGRESSIVE_BUNDLE"),
        (everywhere, discounted, "has no discount"),
        (everywhere, old, "does not go with usage_mode SINGLE"),
        (named, discounted, "has normal_coupon"),
        (named, _another(), "has normal_coupon"),
    ):
        asked = changed(request, product_coupon_id=product_coupon_id)
        assert await refused(partner, asked, match) == (400, "INVALID_REQUEST", None)


async def test_the_old_sequential_form_can_be_added(partner: Client[Partner]) -> None:
    """A SEQUENTIAL product coupon takes another stock of its form."""
    first = await new_stock(partner, shape=("ALL", "NORMAL", "SEQUENTIAL"))
    request = _another(shape=("ALL", "NORMAL", "SEQUENTIAL"))

    added = await partner.call(changed(request, product_coupon_id=first.product_coupon_id))

    assert added.sequential_usage_rule == request.stock.sequential_usage_rule


async def test_200_stocks_are_the_most(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """The 201st effective stock is refused; one that was deactivated or has ended makes room again."""
    first = await new_stock(partner)
    ours = next(iter(sandbox.world.product_coupons.values()))
    for _ in range(199):
        sandbox.world.new_stock(ours, next(iter(sandbox.world.stocks.values())).settings)
    request = changed(_another(), product_coupon_id=first.product_coupon_id)

    assert await refused(partner, request, "200 effective stocks") == (400, "INVALID_REQUEST", None)
    await partner.call(_ending(of_stock(first)))
    assert (await partner.call(request)).state == pc.StockState.SENDING


async def test_stocks_are_listed_page_by_page(partner: Client[Partner]) -> None:
    """Every stock comes once, in the order of creation, whatever the page size; the first page says how many."""
    stocks = [await new_stock(partner)]
    product_coupon_id = stocks[0].product_coupon_id
    for index in range(4):
        request = changed(_another(f"stock_{index}"), product_coupon_id=product_coupon_id)
        stocks.append(await partner.call(request))
    listing = pc.ListStocks(product_coupon_id=product_coupon_id, page_size=2)

    page = await partner.call(listing)
    following = await partner.call(changed(listing, page_token=page.next_page_token))

    assert (page.stock_list, page.total_count) == (stocks[:2], 5)
    assert (following.stock_list, following.total_count) == (stocks[2:4], None)
    assert [stock async for stock in partner.pages(listing)] == stocks


async def test_a_stock_that_ends_between_pages_hides_no_other(partner: Client[Partner]) -> None:
    """A token goes on behind the last stock it listed, though that has left the list since."""
    first = await new_stock(partner)
    product_coupon_id = first.product_coupon_id
    second = await partner.call(changed(_another(), product_coupon_id=product_coupon_id))
    listing = pc.ListStocks(product_coupon_id=product_coupon_id, state=pc.StockState.SENDING, page_size=1)

    page = await partner.call(listing)
    await partner.call(_ending(of_stock(first)))
    following = await partner.call(changed(listing, page_token=page.next_page_token))

    assert (page.stock_list, following.stock_list) == ([first], [second])


async def test_a_list_can_be_of_one_state_or_bundle(partner: Client[Partner]) -> None:
    """The filters take what they name; a bundle comes in the order of its rounds."""
    product_coupon_id, bundle = await new_bundle(partner)
    listing = pc.ListStocks(product_coupon_id=product_coupon_id)

    async def ids(**members: Any) -> list[str]:
        return [stock.stock_id async for stock in partner.pages(changed(listing, **members))]

    wanted = [stock.stock_id for stock in bundle.stock_list]
    assert await ids(stock_bundle_id=bundle.stock_bundle_id, page_size=2) == wanted
    assert await ids(state=pc.StockState.SENDING) == wanted
    assert await ids(state=pc.StockState.PAUSED) == []
    assert await ids(stock_bundle_id="another") == []


@pytest.mark.parametrize("token", ["x", "券", "eA=="])
async def test_a_token_comes_from_an_answer(partner: Client[Partner], token: str) -> None:
    """A token nobody gave is refused."""
    stock = await new_stock(partner)
    request = pc.ListStocks(product_coupon_id=stock.product_coupon_id, page_token=token)

    assert await refused(partner, request, "page_token") == (400, "PARAM_ERROR", "268435461")


async def test_a_change_replaces_what_it_gives(partner: Client[Partner]) -> None:
    """Objects that are given stand in place of the old ones, those left out stay, and so does all else."""
    stock = await new_stock(partner, store_scope="ALL")
    shown = pc.UsageRuleDisplayInfo(
        coupon_usage_method_list=[pc.CouponUsageMethod.PAYMENT_CODE], usage_description="周末可用"
    )
    request = _change(of_stock(stock), usage_rule_display_info=shown, store_scope=pc.StockStoreScope.SPECIFIC)

    now = await partner.call(request)

    assert now == changed(stock, usage_rule_display_info=to_wire(shown), store_scope="SPECIFIC")
    assert await partner.call(request) == now
    assert await partner.call(pc.GetStock(**of_stock(stock))) == now
    notified = pc.NotifyConfig(notify_appid="wx7e1c40d2a93b5f68")
    looks = pc.CouponDisplayInfo(code_display_mode=pc.CouponCodeDisplayMode.BARCODE)
    more: dict[str, Any] = {"remark": "", "notify_config": notified, "coupon_display_info": looks}
    again = await partner.call(_change(of_stock(stock), "change_2", **more))
    assert (again.remark, again.notify_config, again.coupon_display_info) == tuple(more.values())
    assert (again.store_scope, again.usage_rule_display_info) == (pc.StockStoreScope.NONE, shown)


async def test_a_change_is_reviewed_before_the_next(keys: Keys, unpaced: Pacer) -> None:
    """While one change is under review another is refused, and taken afterwards."""
    now = datetime.now(UTC).timestamp()

    def clock() -> float:
        return now

    async with (
        Sandbox(rate_limits="off", keys=keys, clock=clock, review_seconds=60) as sandbox,
        Client(sandbox.partner, sandbox.platform_keys, base_url=sandbox.base_url, pacer=unpaced, clock=clock) as client,
    ):
        names = of_stock(await new_stock(client))
        assert await refused(client, _change(names), "is AUDITING, not SENDING") == (400, "INVALID_REQUEST", None)
        assert await refused(client, _ending(names), "is AUDITING, not SENDING") == (400, "INVALID_REQUEST", None)
        now += 61
        await client.call(_change(names, remark="one"))
        again = _change(names, "change_2", remark="two")
        assert await refused(client, again, "try again later") == (400, "INVALID_REQUEST", None)
        now += 61

        assert (await client.call(again)).remark == "two"


async def test_a_stock_can_be_ended(partner: Client[Partner]) -> None:
    """A deactivated stock says so for good, sends nothing, and leaves its product coupon alone."""
    stock = await new_stock(partner)
    names = of_stock(stock)

    ended = await partner.call(_ending(names))

    assert (ended.state, ended.deactivate_request_no, ended.deactivate_reason) == (
        pc.StockState.DEACTIVATED,
        "ending_1",
        "too many",
    )
    assert ended.deactivate_time is not None
    assert abs(ended.deactivate_time - datetime.now(UTC)) < timedelta(minutes=5)
    shown = await partner.call(pc.GetProductCoupon(product_coupon_id=stock.product_coupon_id))
    assert shown.state == pc.ProductCouponState.EFFECTIVE
    sending = pc.PreSendCoupon(openid="o1", appid=APPID, send_request_no="send_1", **names)
    assert await refused(partner, sending, "not in state SENDING") == (400, "INVALID_REQUEST", "268577984")
    upload = pc.UploadCouponCodes(out_request_no="upload_1", code_list=["a"], **names)
    assert await refused(partner, upload, "was deactivated") == (400, "INVALID_REQUEST", None)


async def test_a_paused_stock_sends_nothing(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """Someone else may hold a stock back: then it sends nothing, and can be changed and ended all the same."""
    names = of_stock(await new_stock(partner, mode="WECHATPAY"))
    sandbox.world.stocks[names["stock_id"]].paused = True

    sending = pc.PreSendCoupon(openid="o1", appid=APPID, send_request_no="send_1", **names)
    assert await refused(partner, sending, "not in state SENDING") == (400, "INVALID_REQUEST", "268577984")
    assert (await partner.call(_change(names, remark="held"))).state == pc.StockState.PAUSED
    assert (await partner.call(_ending(names))).state == pc.StockState.DEACTIVATED


async def test_an_end_is_final(partner: Client[Partner]) -> None:
    """A stock that has ended, or was ended, can neither be changed nor ended again."""
    for state, begins in (("DEACTIVATED", -1.0), ("STOPPED", -31.0)):
        stock = await new_stock(partner, number=f"create_{state}", begins=begins)
        if state == "DEACTIVATED":
            await partner.call(_ending(of_stock(stock)))
        for request in (_change(of_stock(stock)), _ending(of_stock(stock), "ending_2")):
            assert await refused(partner, request, f"is {state}") == (400, "INVALID_REQUEST", None)


async def test_a_stock_of_a_bundle_is_not_changed_alone(partner: Client[Partner]) -> None:
    """Neither changes nor ends, budgets or stores are those of one round."""
    _, bundle = await new_bundle(partner, store_scope="SPECIFIC")
    second = bundle.stock_list[1]
    names: dict[str, Any] = {"product_coupon_id": second.product_coupon_id, "stock_id": second.stock_id}
    stores = [pc.StoreInfo(store_id="30017")]

    for request in (
        _change(names),
        _ending(names),
        pc.UpdateStockBudget(
            out_request_no="budget_1",
            update_mode=pc.UpdateBudgetMode.MAX_COUNT,
            current_max_count=1000,
            target_max_count=2000,
            **names,
        ),
        pc.AssociateStores(store_list=stores, **names),
        pc.DisassociateStores(store_list=stores, **names),
    ):
        assert await refused(partner, request, "single stock of a bundle") == (400, "INVALID_REQUEST", None)
