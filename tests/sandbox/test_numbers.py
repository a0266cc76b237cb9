"""Request numbers on the sandbox."""

import asyncio
import itertools

import pytest

from wxcoupon import ApiError, Brand, Client, Partner
from wxcoupon import product_coupon as pc
from wxcoupon.sandbox import Sandbox

from .shapes import APPID, changed, product_coupon


async def _upload(client: Client[Partner] | Client[Brand]) -> pc.UploadCouponCodes:
    made: pc.CreatedProductCoupon = await client.call(product_coupon())
    assert made.stock is not None
    return pc.UploadCouponCodes(
        product_coupon_id=made.product_coupon_id,
        stock_id=made.stock.stock_id,
        out_request_no="number_1",
        code_list=["a", "b"],
    )


async def test_the_same_request_gets_the_same_answer(
    sandbox: Sandbox, partner: Client[Partner], brand: Client[Brand]
) -> None:
    """A repeated creation and a repeated upload are answered alike, byte for byte, and done once."""
    create = product_coupon()
    for client in (partner, brand):
        before = len(sandbox.world.stocks)
        bodies = {(await client.send(create)).body for _ in range(3)}
        assert (1, before + 1) == (len(bodies), len(sandbox.world.stocks))

    upload = await _upload(partner)
    answers = [await partner.send(upload) for _ in range(3)]

    assert 1 == len({answer.body for answer in answers})
    assert 3 == len({answer.headers["Wechatpay-Signature"] for answer in answers})
    assert ["a", "b"] == (await partner.call(upload)).success_code_list


async def test_concurrent_repetitions_are_one_request(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """Repetitions that arrive together are answered alike and done once."""
    upload = await _upload(partner)

    answers = await asyncio.gather(*(partner.send(upload) for _ in range(20)))

    assert 1 == len({answer.body for answer in answers})
    assert [2] == [stock["total_count"] for stock in sandbox.state()["stocks"]]


async def test_the_same_number_with_other_data_is_refused(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """A request number that comes again with other data is refused with its own number, and nothing is done."""
    upload = await _upload(partner)
    await partner.call(upload)

    with pytest.raises(ApiError) as caught:
        await partner.call(changed(upload, code_list=["a", "c"]))

    assert (400, "INVALID_REQUEST", "268578927") == (
        caught.value.status,
        caught.value.code,
        caught.value.numeric_code,
    )
    assert [2] == [stock["total_count"] for stock in sandbox.state()["stocks"]]


async def test_a_number_counts_for_one_caller_endpoint_and_brand(
    partner: Client[Partner], brand: Client[Brand]
) -> None:
    """The same number may be used by another caller, for another brand, and at another endpoint."""
    for client in (partner, brand, partner.for_brand("120345")):
        made: pc.CreatedProductCoupon = await client.call(product_coupon("number_1"))
        assert made.stock is not None
        answer = await client.call(
            pc.UploadCouponCodes(
                product_coupon_id=made.product_coupon_id,
                stock_id=made.stock.stock_id,
                out_request_no="number_1",
                code_list=["a"],
            )
        )
        assert 1 == answer.total_count


async def test_a_refused_request_does_not_use_its_number_up(partner: Client[Partner]) -> None:
    """After a refusal the same number may carry other data."""
    upload = await _upload(partner)
    with pytest.raises(ApiError):
        await partner.call(changed(upload, stock_id="1"))

    assert 2 == (await partner.call(upload)).total_count


async def test_tokens_are_new_and_their_number_is_not(partner: Client[Partner]) -> None:
    """Every pre-send answers another token, but for one user its number stays with its data."""
    upload = await _upload(partner)
    await partner.call(upload)
    request = pc.PreSendCoupon(
        openid="o-1",
        product_coupon_id=upload.product_coupon_id,
        stock_id=upload.stock_id,
        appid=APPID,
        send_request_no="send_1",
    )

    tokens = [(await partner.call(request)).token for _ in range(3)]

    assert all(a != b for a, b in itertools.combinations(tokens, 2))
    with pytest.raises(ApiError) as caught:
        await partner.call(changed(request, attach="another text"))
    assert "268578927" == caught.value.numeric_code
    assert (await partner.call(changed(request, openid="o-2"))).token not in tokens
