"""Uploading codes to the sandbox: every code is accounted for."""

import pytest

from wxcoupon import ApiError, Brand, Client, Pacer, Partner
from wxcoupon import product_coupon as pc
from wxcoupon.sandbox import Keys, Sandbox

from .knocking import knock
from .shapes import product_coupon


async def _stock(
    client: Client[Partner] | Client[Brand], number: str = "create_1", *, mode: str = "UPLOAD", max_count: int = 1000
) -> pc.StockEntity:
    made: pc.CreatedProductCoupon = await client.call(product_coupon(number, mode=mode, max_count=max_count))
    assert made.stock is not None
    return made.stock


def _upload(stock: pc.StockEntity, number: str, codes: list[str]) -> pc.UploadCouponCodes:
    return pc.UploadCouponCodes(
        product_coupon_id=stock.product_coupon_id, stock_id=stock.stock_id, out_request_no=number, code_list=codes
    )


async def test_new_codes_are_stored(sandbox: Sandbox, partner: Client[Partner], brand: Client[Brand]) -> None:
    """Codes nobody has uploaded are stored, in order, and counted."""
    for client, name in ((partner, "p"), (brand, "b")):
        stock = await _stock(client)
        codes = [f"{name}{index}" for index in range(200)]

        answer = await client.call(_upload(stock, "upload_1", codes))

        assert (200, codes) == (answer.total_count, answer.success_code_list)
        assert codes == list(sandbox.world.stocks[stock.stock_id].codes)
        found = await client.call(pc.GetStock(product_coupon_id=stock.product_coupon_id, stock_id=stock.stock_id))
        assert found.coupon_code_count_info is not None
        assert (200, 200) == (found.coupon_code_count_info.total_count, found.coupon_code_count_info.available_count)


async def test_repeated_codes_are_stored_once(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """A code repeated inside a request is stored once, and stands among the duplicates too."""
    stock = await _stock(partner)
    path = partner.identity.path(
        f"/product-coupon/product-coupons/{stock.product_coupon_id}/stocks/{stock.stock_id}/upload-coupon-codes"
    )
    body = {"brand_id": "120344", "out_request_no": "upload_1", "code_list": ["a", "b", "a", "a", "b", "c"]}

    reply = await knock(sandbox, sandbox.partner, target=path, body=body)

    assert {
        "total_count": 3,
        "success_code_list": ["a", "b", "c"],
        "duplicate_code_list": ["a", "b"],
    } == reply.json


async def test_known_codes_are_not_stored_again(partner: Client[Partner], brand: Client[Brand]) -> None:
    """A code that any stock of the brand has, whoever uploaded it, is already there; another brand's is not."""
    await partner.call(_upload(await _stock(partner, "create_1"), "upload_1", ["a", "b"]))

    again = await partner.call(_upload(await _stock(partner, "create_2"), "upload_2", ["b", "c"]))
    direct = await brand.call(_upload(await _stock(brand), "upload_1", ["c", "d"]))
    second = partner.for_brand("120345")
    elsewhere = await second.call(_upload(await _stock(second), "upload_1", ["a"]))

    assert (["c"], ["b"]) == (again.success_code_list, again.already_exist_code_list)
    assert (["d"], ["c"]) == (direct.success_code_list, direct.already_exist_code_list)
    assert (["a"], None) == (elsewhere.success_code_list, elsewhere.already_exist_code_list)


async def test_a_stock_takes_max_count_codes(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """Codes beyond max_count are refused one by one, with a reason, in an answer of 200."""
    stock = await _stock(partner, max_count=3)

    first = await partner.call(_upload(stock, "upload_1", ["a", "b"]))
    second = await partner.call(_upload(stock, "upload_2", ["b", "c", "d", "e"]))

    assert (2, None) == (first.total_count, first.failed_code_list)
    assert (4, ["c"], ["b"]) == (second.total_count, second.success_code_list, second.already_exist_code_list)
    assert second.failed_code_list is not None
    assert ["d", "e"] == [failed.coupon_code for failed in second.failed_code_list]
    assert all(failed.code and failed.message for failed in second.failed_code_list)
    assert ["a", "b", "c"] == list(sandbox.world.stocks[stock.stock_id].codes)


@pytest.mark.parametrize("mode", ["WECHATPAY", "API_ASSIGN"])
async def test_other_modes_take_no_codes(partner: Client[Partner], mode: str) -> None:
    """Only a stock with coupon_code_mode UPLOAD takes codes."""
    stock = await _stock(partner, mode=mode)

    with pytest.raises(ApiError, match="not UPLOAD") as caught:
        await partner.call(_upload(stock, "upload_1", ["a"]))

    assert (400, "INVALID_REQUEST") == (caught.value.status, caught.value.code)


async def test_every_stock_of_a_bundle_takes_its_own_codes(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """Codes go to one stock of a bundle at a time."""
    made = await partner.call(product_coupon(shape=("SINGLE", "NORMAL", "PROGRESSIVE_BUNDLE")))
    assert made.stock_bundle is not None
    for index, stock in enumerate(made.stock_bundle.stock_list):
        await partner.call(
            pc.UploadCouponCodes(
                product_coupon_id=made.product_coupon_id,
                stock_id=stock.stock_id,
                out_request_no=f"upload_{index}",
                code_list=[f"code_{index}"],
            )
        )

    assert [1, 1, 1] == [stock["total_count"] for stock in sandbox.state()["stocks"]]


async def test_a_stock_under_review_takes_nothing(keys: Keys, unpaced: Pacer) -> None:
    """While a stock is AUDITING, uploads and pre-sends are refused; after the review they are not."""
    now = [1_800_000_000.0]

    def clock() -> float:
        return now[0]

    async with (
        Sandbox(rate_limits="off", keys=keys, clock=clock, review_seconds=300) as sandbox,
        Client(sandbox.partner, sandbox.platform_keys, base_url=sandbox.base_url, pacer=unpaced, clock=clock) as client,
    ):
        period = {
            "available_begin_time": "2027-01-01T00:00:00+08:00",
            "available_end_time": "2027-12-31T23:59:59+08:00",
        }
        made = await client.call(product_coupon(period=period))
        assert made.stock is not None
        assert ("AUDITING", "AUDITING") == (made.state, made.stock.state)
        upload = _upload(made.stock, "upload_1", ["a"])
        with pytest.raises(ApiError, match="still being created") as caught:
            await client.call(upload)
        assert (400, "INVALID_REQUEST") == (caught.value.status, caught.value.code)
        now[0] += 300

        assert 1 == (await client.call(upload)).total_count
