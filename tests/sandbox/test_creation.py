"""Creating product coupons on the sandbox, and looking at their stocks."""

import pytest

from wxcoupon import ApiError, Brand, Client, InvalidRequest, Partner
from wxcoupon import product_coupon as pc
from wxcoupon.convert import to_wire
from wxcoupon.sandbox import Keys, Sandbox

from .knocking import knock
from .shapes import TEN, product_coupon


@pytest.mark.parametrize("shape", TEN, ids="-".join)
async def test_all_ten_shapes_can_be_created(
    partner: Client[Partner], brand: Client[Brand], shape: tuple[str, str, str]
) -> None:
    """Each shape is answered as it was sent, with numbers and states; a partner is told the brand, a brand is not."""
    request = product_coupon(shape=shape)
    for client, brand_id in ((partner, "120344"), (brand, None)):
        made = await client.call(request)

        assert shape == (made.scope, made.type, made.usage_mode)
        assert request.display_info == made.display_info
        assert (pc.ProductCouponState.EFFECTIVE, brand_id) == (made.state, made.brand_id)
        stocks = [made.stock] if made.stock else made.stock_bundle.stock_list if made.stock_bundle else []
        assert (1 if shape[2] == "SINGLE" else 3) == len(stocks)
        for stock in stocks:
            assert (made.product_coupon_id, brand_id) == (stock.product_coupon_id, stock.brand_id)
            assert pc.StockState.SENDING == stock.state
            assert (0, 0) == (stock.sent_count_info.total_count, stock.sent_count_info.today_count)


async def test_a_single_stock_keeps_its_settings(partner: Client[Partner]) -> None:
    """What was sent of a stock is in its entity, member for member."""
    request = product_coupon(shape=("SINGLE", "EXCHANGE", "SINGLE"), max_count_per_day=7)

    made = await partner.call(request)

    assert made.stock is not None
    assert to_wire(request)["stock"].items() <= to_wire(made.stock).items()


async def test_a_bundle_has_a_stock_for_each_round(partner: Client[Partner]) -> None:
    """Each stock of a bundle has its round's one rule and place; only the first inherits the daily cap."""
    request = product_coupon(shape=("ALL", "DISCOUNT", "PROGRESSIVE_BUNDLE"), max_count_per_day=7)

    made = await partner.call(request)

    assert made.stock is None
    assert made.stock_bundle is not None
    for index, stock in enumerate(made.stock_bundle.stock_list):
        assert stock.stock_bundle_info is not None
        assert stock.progressive_bundle_usage_rule is not None
        assert stock.progressive_bundle_usage_rule.discount_coupon is not None
        assert 20 == stock.progressive_bundle_usage_rule.discount_coupon.percent_off
        assert (made.stock_bundle.stock_bundle_id, index) == (
            stock.stock_bundle_info.stock_bundle_id,
            stock.stock_bundle_info.stock_bundle_index,
        )
        assert (7 if index == 0 else None) == stock.stock_send_rule.max_count_per_day


async def test_the_old_sequential_form_can_be_created(partner: Client[Partner]) -> None:
    """SEQUENTIAL makes one stock with a list of rules, as it did before bundles came."""
    made = await partner.call(product_coupon(shape=("ALL", "NORMAL", "SEQUENTIAL")))

    assert made.stock is not None
    assert made.stock.sequential_usage_rule is not None
    assert made.sequential_usage_info is not None


async def test_what_does_not_go_together_is_refused(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """The rules of which member goes with which hold on the server too, whatever the client lets through."""
    body = to_wire(product_coupon(shape=("ALL", "NORMAL", "SINGLE"))) | {"brand_id": "120344", "type": "EXCHANGE"}
    target = Partner.path("/product-coupon/product-coupons")

    reply = await knock(sandbox, sandbox.partner, target=target, body=body)

    assert (400, "PARAM_ERROR", "/type") == (reply.status, reply.json["code"], reply.json["detail"]["field"])
    with pytest.raises(InvalidRequest):
        await partner.call(product_coupon(number="1"))
    assert 0 == sandbox.state()["product_coupons"]


async def test_nested_faults_are_pointed_at(sandbox: Sandbox) -> None:
    """A fault deep inside a body is named by its JSON Pointer, with the number of its kind."""
    body = to_wire(product_coupon(max_count=100_000_001)) | {"brand_id": "120344"}
    target = Partner.path("/product-coupon/product-coupons")

    reply = await knock(sandbox, sandbox.partner, target=target, body=body)

    detail = reply.json["detail"]
    assert ("/stock/stock_send_rule/max_count", 100_000_001) == (detail["field"], detail["value"])
    assert "268435464" == reply.numeric


async def test_a_stock_can_be_looked_up(partner: Client[Partner], brand: Client[Brand]) -> None:
    """A lookup shows what the creation answered; coupon_code_count_info is there exactly with UPLOAD."""
    for client in (partner, brand):
        for mode in ("UPLOAD", "WECHATPAY"):
            made = (await client.call(product_coupon(f"create_{mode}", mode=mode))).stock
            assert made is not None

            found = await client.call(pc.GetStock(product_coupon_id=made.product_coupon_id, stock_id=made.stock_id))

            assert made == found
            assert (mode == "UPLOAD") == (found.coupon_code_count_info is not None)


async def test_a_stock_stops_at_its_end(partner: Client[Partner]) -> None:
    """A stock whose available_end_time has passed is STOPPED and takes no codes."""
    made = (await partner.call(product_coupon(begins=-31))).stock
    assert made is not None
    assert pc.StockState.STOPPED == made.state

    with pytest.raises(ApiError, match="expired") as caught:
        await partner.call(
            pc.UploadCouponCodes(
                product_coupon_id=made.product_coupon_id,
                stock_id=made.stock_id,
                out_request_no="upload_1",
                code_list=["a"],
            )
        )
    assert (400, "INVALID_REQUEST") == (caught.value.status, caught.value.code)


async def test_nobody_reaches_what_another_created(
    sandbox: Sandbox, keys: Keys, partner: Client[Partner], brand: Client[Brand]
) -> None:
    """Objects are their creator's for one brand: not another partner's, not that partner's for another brand."""
    made = (await partner.call(product_coupon())).stock
    assert made is not None
    rival = Partner(mchid="1900000200", brand_id="120344", serial_no="AB", private_key=keys.merchant)
    sandbox.enrol(rival, ["120344"])
    request = pc.GetStock(product_coupon_id=made.product_coupon_id, stock_id=made.stock_id)

    async with Client(rival, sandbox.platform_keys, base_url=sandbox.base_url) as other:
        for client in (other, brand, partner.for_brand("120345")):
            with pytest.raises(ApiError) as caught:
                await client.send(request)
            assert (404, "NOT_FOUND", "268578608") == (
                caught.value.status,
                caught.value.code,
                caught.value.numeric_code,
            )


async def test_a_stock_belongs_to_its_product_coupon(partner: Client[Partner]) -> None:
    """A stock asked for under another product coupon is not there."""
    first = (await partner.call(product_coupon("create_1"))).stock
    second = (await partner.call(product_coupon("create_2"))).stock
    assert first is not None
    assert second is not None

    with pytest.raises(ApiError, match="stock_id"):
        await partner.call(pc.GetStock(product_coupon_id=first.product_coupon_id, stock_id=second.stock_id))
