"""Showing, changing and ending product coupons on the sandbox."""

import pytest

from wxcoupon import ApiError, Brand, Client, Pacer, Partner
from wxcoupon import product_coupon as pc
from wxcoupon.sandbox import Keys, Refusal, Sandbox

from .holding import new_bundle, new_stock, of_stock, refused
from .shapes import APPID, changed, product_coupon


def _ending(product_coupon_id: str, number: str = "ending_1") -> pc.DeactivateProductCoupon:
    return pc.DeactivateProductCoupon(
        product_coupon_id=product_coupon_id, out_request_no=number, deactivate_reason="the season is over"
    )


async def test_a_product_coupon_can_be_looked_up(partner: Client[Partner], brand: Client[Brand]) -> None:
    """It is as its creation answered, without its stock, to whoever made it; to others it is not there."""
    made = await partner.call(product_coupon())
    request = pc.GetProductCoupon(product_coupon_id=made.product_coupon_id)

    shown = await partner.call(request)

    assert shown.display_info == made.display_info
    assert (shown.state, shown.brand_id, shown.extra) == (pc.ProductCouponState.EFFECTIVE, "120344", {})
    assert await refused(brand, request, "does not exist") == (404, "NOT_FOUND", "268578608")


async def test_the_display_is_replaced_whole(partner: Client[Partner]) -> None:
    """What a change leaves out of display_info is gone; the rest of the product coupon stays."""
    made = await partner.call(product_coupon())
    display = pc.ProductCouponDisplayInfo(
        name="春日奶茶惠", image_url=made.display_info.image_url, background_url=made.display_info.background_url
    )
    request = pc.UpdateProductCoupon(
        product_coupon_id=made.product_coupon_id, out_request_no="change_1", display_info=display
    )

    shown = await partner.call(request)

    assert made.display_info.combo_package_list
    assert shown.display_info == display
    assert shown.single_usage_info == made.single_usage_info
    assert await partner.call(request) == shown
    assert await partner.call(pc.GetProductCoupon(product_coupon_id=made.product_coupon_id)) == shown


async def test_stocks_end_with_their_product_coupon(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """Deactivation takes every stock along and stops sending; a coupon that a user has goes on."""
    stock = await new_stock(partner, mode="WECHATPAY")
    names = of_stock(stock)
    sending = pc.PreSendCoupon(openid="o1", appid=APPID, send_request_no="send_1", **names)
    held = await sandbox.claim((await partner.call(sending)).token)
    late = (await partner.call(changed(sending, send_request_no="send_2"))).token
    request = _ending(stock.product_coupon_id)

    ended = await partner.call(request)

    assert (ended.state, ended.deactivate_request_no, ended.deactivate_reason) == (
        pc.ProductCouponState.DEACTIVATED,
        "ending_1",
        "the season is over",
    )
    assert ended.deactivate_time is not None
    assert await partner.call(request) == ended
    shown = await partner.call(pc.GetStock(**names))
    assert (shown.state, shown.deactivate_reason) == (pc.StockState.DEACTIVATED, "the season is over")
    assert shown.deactivate_time == ended.deactivate_time
    again = changed(sending, send_request_no="send_3")
    assert await refused(partner, again, "not in state SENDING") == (400, "INVALID_REQUEST", "268577984")
    with pytest.raises(Refusal, match="not in state SENDING"):
        await sandbox.claim(late)
    confirmed = await partner.call(
        pc.ConfirmCoupon(openid="o1", coupon_code=held["coupon_code"], appid=APPID, out_request_no="confirm_1", **names)
    )
    assert confirmed.coupon_state == pc.UserProductCouponState.EFFECTIVE
    assert confirmed.product_coupon.state == pc.ProductCouponState.DEACTIVATED


async def test_a_bundle_ends_with_its_product_coupon(partner: Client[Partner]) -> None:
    """It is the one way to end the stocks of a bundle."""
    product_coupon_id, _ = await new_bundle(partner)

    await partner.call(_ending(product_coupon_id))

    page = await partner.call(pc.ListStocks(product_coupon_id=product_coupon_id))
    assert [stock.state for stock in page.stock_list or []] == [pc.StockState.DEACTIVATED] * 3


async def test_a_stock_that_has_ended_stays_as_it_is(partner: Client[Partner]) -> None:
    """A STOPPED stock is final: it does not become DEACTIVATED."""
    stock = await new_stock(partner, begins=-31)

    await partner.call(_ending(stock.product_coupon_id))

    shown = await partner.call(pc.GetStock(**of_stock(stock)))
    assert (shown.state, shown.deactivate_time) == (pc.StockState.STOPPED, None)


async def test_the_end_is_final(partner: Client[Partner]) -> None:
    """A deactivated product coupon takes no change, no stock, no bundle and no second end."""
    made = await partner.call(product_coupon())
    product_coupon_id = made.product_coupon_id
    await partner.call(_ending(product_coupon_id))
    stock = product_coupon().stock
    assert stock is not None

    for request in (
        _ending(product_coupon_id, "ending_2"),
        pc.UpdateProductCoupon(
            product_coupon_id=product_coupon_id, out_request_no="change_1", display_info=made.display_info
        ),
        pc.CreateStock(product_coupon_id=product_coupon_id, out_request_no="stock_1", stock=stock),
    ):
        assert await refused(partner, request, "is DEACTIVATED, not EFFECTIVE") == (400, "INVALID_REQUEST", None)


async def test_a_review_has_to_end_first(keys: Keys, unpaced: Pacer) -> None:
    """While it is AUDITING, a product coupon can neither be changed nor ended nor get another stock."""
    now = 1_800_000_000.0
    async with (
        Sandbox(rate_limits="off", keys=keys, clock=lambda: now, review_seconds=60) as sandbox,
        Client(
            sandbox.partner,
            sandbox.platform_keys,
            base_url=sandbox.base_url,
            pacer=unpaced,
            clock=lambda: now,
        ) as client,
    ):
        made = await client.call(product_coupon())
        with pytest.raises(ApiError, match="is AUDITING, not EFFECTIVE"):
            await client.call(_ending(made.product_coupon_id))
        now += 61

        assert (await client.call(_ending(made.product_coupon_id))).state == pc.ProductCouponState.DEACTIVATED
