"""Merchant coupons on the sandbox."""

from typing import Any

import pytest

from wxcoupon import ApiError, Client, Merchant, Partner, busifavor
from wxcoupon.sandbox import Refusal, Sandbox

APPID = "wx1234567889999"


def _send(number: str = "number_1", **more: Any) -> busifavor.SendCoupon:
    members = {"openid": "o-1", "appid": APPID, "stock_id": "100088", "coupon_code": "code_1"} | more
    return busifavor.SendCoupon(out_request_no=number, **members)


def _refused(error: pytest.ExceptionInfo[ApiError]) -> tuple[int, str]:
    return error.value.status, error.value.code


async def test_a_named_code_is_sent(sandbox: Sandbox, merchant: Client[Merchant], partner: Client[Partner]) -> None:
    """The stock that every sandbox has sends the code that is named, for merchants and partners."""
    for client, code in ((merchant, "code_1"), (partner, "code_2")):
        sent = await client.call(_send(coupon_code=code))
        assert (code, "100088", "number_1") == (
            sent.result.coupon_code,
            sent.result.stock_id,
            sent.result.out_request_no,
        )
    assert 2 == sandbox.state()["merchant_coupons"]


async def test_a_made_code_is_sent(merchant: Client[Merchant]) -> None:
    """The other stock makes a code of 22 digits."""
    sent = await merchant.call(_send(stock_id="100089", coupon_code=None))

    assert sent.result.coupon_code is not None
    assert (22, True) == (len(sent.result.coupon_code), sent.result.coupon_code.isdecimal())


async def test_a_number_counts_for_its_stock_and_user(sandbox: Sandbox, merchant: Client[Merchant]) -> None:
    """Repeated, a sending is the same; to another user the number may be used again; with other data it may not."""
    assert await merchant.call(_send()) == await merchant.call(_send())
    await merchant.call(_send(openid="o-2", coupon_code="code_2"))
    with pytest.raises(ApiError) as other:
        await merchant.call(_send(coupon_code="code_3"))

    assert (400, "INVALID_REQUEST") == _refused(other)
    assert 2 == sandbox.state()["merchant_coupons"]


async def test_what_a_stock_refuses(sandbox: Sandbox, merchant: Client[Merchant]) -> None:
    """Unknown stocks, other owners, codes where none belong or are taken, and caps are refused."""
    world = sandbox.world
    world.add_merchant_stock("1", owner_mchid="1900000999")
    world.add_merchant_stock("2", max_count=0)
    world.add_merchant_stock("3", max_count_per_user=0)
    world.add_merchant_stock("4", coupon_code_mode="MERCHANT_UPLOAD", codes=["c-1"])
    await merchant.call(_send("first"))
    assert "c-1" == (await merchant.call(_send(stock_id="4", coupon_code=None))).result.coupon_code
    cases: list[tuple[dict[str, Any], tuple[int, str]]] = [
        ({"stock_id": "9"}, (404, "RESOURCE_NOT_EXISTS")),
        ({"stock_id": "1", "coupon_code": None}, (403, "NO_AUTH")),
        ({"stock_id": "2", "coupon_code": None}, (403, "NOT_ENOUGH")),
        ({"stock_id": "3", "coupon_code": None}, (403, "RULE_LIMIT")),
        ({"stock_id": "4", "coupon_code": None}, (403, "NOT_ENOUGH")),
        ({"coupon_code": None}, (400, "PARAM_ERROR")),
        ({"stock_id": "100089"}, (400, "PARAM_ERROR")),
        ({"coupon_code": "code_1"}, (400, "ALREADY_EXISTS")),
    ]
    for index, (change, refusal) in enumerate(cases):
        with pytest.raises(ApiError) as refused:
            await merchant.call(_send(f"number_{index}0", **change))
        assert refusal == _refused(refused), change


def _pre_send(**more: Any) -> busifavor.PreSendProductCoupon:
    members = {"openid": "o-1", "appid": APPID, "stock_id": "100089", "send_request_no": "send_1"} | more
    return busifavor.PreSendProductCoupon(**members)


async def test_a_pre_sent_coupon_is_claimed_once(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """Tokens differ, the coupon of their number is one; without an openid it is for whoever claims it."""
    first, second = [(await partner.call(_pre_send())).token for _ in range(2)]
    assert first != second

    assert await sandbox.claim(first) == await sandbox.claim(second)

    anybody = (await partner.call(_pre_send(openid=None, send_request_no="send_2"))).token
    assert "100089" == (await sandbox.claim(anybody))["stock_id"]
    with pytest.raises(ApiError) as used:
        await partner.call(_send("send_1", stock_id="100089", coupon_code=None))
    assert (400, "ALREADY_EXISTS") == _refused(used)
    assert 2 == sandbox.state()["merchant_coupons"]


async def test_only_stocks_with_product_information_are_pre_sent(sandbox: Sandbox, merchant: Client[Merchant]) -> None:
    """A stock without product information is refused; caps hold at the claim too."""
    sandbox.world.add_merchant_stock("1", product_information=False)
    sandbox.world.add_merchant_stock("2", max_count=1)
    with pytest.raises(ApiError, match="product information"):
        await merchant.call(_pre_send(stock_id="1"))
    token = (await merchant.call(_pre_send(stock_id="2", send_request_no="send_2"))).token
    await merchant.call(_send(stock_id="2", coupon_code=None))

    with pytest.raises(Refusal, match="max_count"):
        await sandbox.claim(token)


def test_a_mode_is_one_that_is_documented(sandbox: Sandbox) -> None:
    """A misspelt coupon_code_mode of a seeded stock is an error at once."""
    with pytest.raises(ValueError, match="MERCHANT_UPLOAD"):
        sandbox.world.add_merchant_stock("1", coupon_code_mode="UPLOAD")
