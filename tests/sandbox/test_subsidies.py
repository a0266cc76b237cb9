"""Subsidies for redeemed merchant coupons, and their returns."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from wxcoupon import ApiError, Client, Merchant, Partner, busifavor
from wxcoupon.sandbox import Sandbox

from .shapes import changed

APPID = "wx5b9e27c1d48a063f"
PAYMENT = "4200002611202612057318462095"
NOON = datetime(2026, 12, 5, 12, tzinfo=timezone(timedelta(hours=8)))
INVALID, NOT_FOUND, PARAMETER = (400, "INVALID_REQUEST"), (404, "RESOURCE_NOT_EXISTS"), (400, "PARAM_ERROR")


async def _sent(client: Client[Merchant], number: str = "send|1", stock_id: str = "100089") -> str:
    send = busifavor.SendCoupon(openid="o-1", appid=APPID, stock_id=stock_id, out_request_no=number)
    code = (await client.call(send)).result.coupon_code
    assert code is not None
    return code


async def _redeemed(client: Client[Merchant], number: str = "1", stock_id: str = "100089", **more: Any) -> str:
    code = await _sent(client, f"send|{number}", stock_id)
    members: dict[str, Any] = {"appid": APPID, "use_time": NOON, "use_request_no": f"use/{number}"} | more
    await client.call(busifavor.UseCoupon(coupon_code=code, stock_id=stock_id, **members))
    return code


def _pay(code: str, number: str = "subsidy|1", **more: Any) -> busifavor.CreateSubsidyPayment:
    members: dict[str, Any] = {
        "stock_id": "100089",
        "transaction_id": PAYMENT,
        "payer_merchant": "1900000001",
        "payee_merchant": "1900000125",
        "amount": 100,
        "description": "winter campaign",
    }
    return busifavor.CreateSubsidyPayment(coupon_code=code, out_subsidy_no=number, **(members | more))


def _back(code: str, number: str = "back|1", **more: Any) -> busifavor.CreateSubsidyReturn:
    members: dict[str, Any] = {
        "stock_id": "100089",
        "transaction_id": PAYMENT,
        "refund_id": "50300205262026120698213764005",
        "payer_merchant": "1900000001",
        "payee_merchant": "1900000125",
        "amount": 40,
        "description": "one drink refunded",
    }
    return busifavor.CreateSubsidyReturn(coupon_code=code, out_subsidy_return_no=number, **(members | more))


async def _refusal(client: Client[Any], request: Any) -> tuple[int, str]:
    with pytest.raises(ApiError) as refused:
        await client.call(request)
    return refused.value.status, refused.value.code


async def test_a_subsidy_is_paid_and_shown(merchant: Client[Merchant]) -> None:
    """The receipt echoes the request, is the same under its id and in the list, and once for its number."""
    code = await _redeemed(merchant)
    paid = await merchant.call(_pay(code))
    assert paid.subsidy_receipt_id is not None
    read = await merchant.call(busifavor.GetSubsidyPayment(subsidy_receipt_id=paid.subsidy_receipt_id))
    listed = await merchant.call(busifavor.ListSubsidyPayments(stock_id="100089", coupon_code=code))

    assert ("SUCCESS", 100, "winter campaign", "subsidy|1", PAYMENT) == (
        paid.outcome,
        paid.amount,
        paid.description,
        paid.out_subsidy_no,
        paid.transaction_id,
    )
    assert 28 <= len(paid.subsidy_receipt_id) <= 32
    assert paid == read == await merchant.call(_pay(code))
    assert [paid] == listed.pay_receipt_list
    assert INVALID == await _refusal(merchant, _pay(code, amount=99))


async def test_subsidies_are_listed_by_coupon_and_number(merchant: Client[Merchant], partner: Client[Partner]) -> None:
    """Only the caller's subsidies of the coupon are listed, and of those only the number that is asked for."""
    code, other = await _redeemed(merchant, "1"), await _redeemed(merchant, "2")
    paid = [await merchant.call(_pay(code, number)) for number in ("a", "b")]
    await merchant.call(_pay(other, "c"))
    every = busifavor.ListSubsidyPayments(stock_id="100089", coupon_code=code)

    async def listed(client: Client[Any], **more: Any) -> Any:
        return (await client.call(changed(every, **more))).pay_receipt_list

    assert paid == await listed(merchant)
    assert [paid[1]] == await listed(merchant, out_subsidy_no="b")
    assert [] == await listed(merchant, out_subsidy_no="c")
    assert [] == await listed(merchant, stock_id="100088")
    assert [] == await listed(partner)


async def test_what_is_not_subsidised(sandbox: Sandbox, merchant: Client[Merchant]) -> None:
    """Not without a redemption, a stock for it and the right payment; never more than the coupon is worth."""
    world = sandbox.world
    for stock_id, members in (("1", {"subsidy": False}), ("2", {"stock_type": "EXCHANGE"})):
        world.add_merchant_stock(stock_id).members.update(members)
    created = world.add_merchant_stock("3")
    fresh, used = await _sent(merchant), await _redeemed(merchant, "2", transaction_id="4" * 28)
    plain = [await _redeemed(merchant, f"9{stock_id}", stock_id) for stock_id in ("1", "2", "3")]
    created.creator = ("mchid", "1900000001")

    assert NOT_FOUND == await _refusal(merchant, _pay("code_1"))
    assert NOT_FOUND == await _refusal(merchant, _pay(used, stock_id="9"))
    assert INVALID == await _refusal(merchant, _pay(fresh))
    assert INVALID == await _refusal(merchant, _pay(used))
    assert INVALID == await _refusal(merchant, _pay(plain[0], stock_id="1"))
    assert INVALID == await _refusal(merchant, _pay(plain[1], stock_id="2"))
    assert PARAMETER == await _refusal(merchant, _pay(plain[2], stock_id="3", payer_merchant="1900000125"))
    assert PARAMETER == await _refusal(merchant, _pay(used, transaction_id="4" * 28, amount=101))
    for request in (_pay(used, transaction_id="4" * 28), _pay(plain[2], "subsidy|3", stock_id="3")):
        assert "SUCCESS" == (await merchant.call(request)).outcome


async def test_a_percentage_is_worth_what_the_order_says(sandbox: Sandbox, merchant: Client[Merchant]) -> None:
    """A coupon of a percentage has no worth of its own to compare with."""
    stock = sandbox.world.add_merchant_stock("1")
    rule = stock.members["coupon_use_rule"]
    del rule["fixed_normal_coupon"]
    rule["discount_coupon"] = {"discount_percent": 88, "transaction_minimum": 1000}
    stock.members["stock_type"] = "DISCOUNT"
    code = await _redeemed(merchant, stock_id="1")

    assert "SUCCESS" == (await merchant.call(_pay(code, stock_id="1", amount=500_000))).outcome


async def test_a_subsidy_is_returned_in_parts(merchant: Client[Merchant]) -> None:
    """Returned in part, then in full; never more in all than was paid, and once for each number."""
    code = await _redeemed(merchant)
    paid = await merchant.call(_pay(code))
    assert paid.subsidy_receipt_id is not None
    read = busifavor.GetSubsidyPayment(subsidy_receipt_id=paid.subsidy_receipt_id)
    part = await merchant.call(_back(code))
    assert part.subsidy_return_receipt_id is not None
    assert "PARTIAL_RETURN" == (await merchant.call(read)).outcome
    assert INVALID == await _refusal(merchant, _back(code, "back|2", amount=61))
    assert part == await merchant.call(_back(code))
    rest = await merchant.call(_back(code, "back|2", amount=60))

    assert "FULL_RETURN" == (await merchant.call(read)).outcome
    assert [("SUCCESS", 40), ("SUCCESS", 60)] == [(back.outcome, back.amount) for back in (part, rest)]
    assert {paid.subsidy_receipt_id} == {back.subsidy_receipt_id for back in (part, rest)}
    assert part.subsidy_return_receipt_id != rest.subsidy_return_receipt_id
    assert part == await merchant.call(
        busifavor.GetSubsidyReturn(subsidy_return_receipt_id=part.subsidy_return_receipt_id)
    )
    assert INVALID == await _refusal(merchant, _back(code, "back|3", amount=1))


async def test_a_return_finds_its_subsidy(merchant: Client[Merchant], partner: Client[Partner]) -> None:
    """Coupon, payment, payer, payee and caller are those of the subsidy."""
    code = await _redeemed(merchant)
    await merchant.call(_pay(code))
    for change in (
        {"coupon_code": "code_1"},
        {"stock_id": "100088"},
        {"transaction_id": "4" * 28},
        {"payer_merchant": "1900000125"},
        {"payee_merchant": "1900000001"},
    ):
        assert NOT_FOUND == await _refusal(merchant, changed(_back(code), **change)), change
    assert NOT_FOUND == await _refusal(partner, _back(code))


async def test_receipts_are_their_callers(merchant: Client[Merchant], partner: Client[Partner]) -> None:
    """Nobody else reads a receipt, and one that is not there is not found."""
    code = await _redeemed(merchant)
    paid, back = await merchant.call(_pay(code)), await merchant.call(_back(code))
    assert paid.subsidy_receipt_id is not None
    assert back.subsidy_return_receipt_id is not None
    requests: list[tuple[Client[Any], Any]] = [
        (partner, busifavor.GetSubsidyPayment(subsidy_receipt_id=paid.subsidy_receipt_id)),
        (partner, busifavor.GetSubsidyReturn(subsidy_return_receipt_id=back.subsidy_return_receipt_id)),
        (merchant, busifavor.GetSubsidyPayment(subsidy_receipt_id="2" * 28)),
        (merchant, busifavor.GetSubsidyReturn(subsidy_return_receipt_id="2" * 28)),
    ]
    for client, request in requests:
        assert NOT_FOUND == await _refusal(client, request)
