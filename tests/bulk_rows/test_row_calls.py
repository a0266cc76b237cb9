"""Rows carried out on the sandbox: what is remembered of each answer, and that a second run does nothing twice."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from wxcoupon import ApiError, Brand, Client, Merchant, Partner, busifavor
from wxcoupon import product_coupon as pc
from wxcoupon.bulk.rows.presend_task import PreSendTask
from wxcoupon.bulk.rows.row_task import RowTask
from wxcoupon.bulk.verdicts import Ending
from wxcoupon.sandbox import Sandbox

from ..sandbox.holding import new_bundle
from ..sandbox.shapes import APPID, product_coupon
from .rows import alone, carried_out, piece

_VALID = {"receive_time", "valid_begin_time", "valid_end_time"}


async def _stock(client: Client[Partner] | Client[Brand]) -> dict[str, Any]:
    made = await client.call(product_coupon(mode="WECHATPAY"))
    assert made.stock is not None
    return {"product_coupon_id": made.product_coupon_id, "stock_id": made.stock.stock_id, "appid": APPID}


async def test_tokens(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """A token of every user, good for 300 seconds from the answer on, and claimed under the number that is told."""
    ids = await _stock(partner)
    now = datetime(2026, 12, 7, 4, 30, 0, 700_000, tzinfo=UTC)
    task = PreSendTask("spring", **ids, clock=now.timestamp)

    told = await carried_out(partner, task, piece("o-1", "o-2"))

    assert ["2026-12-07T12:35:00+08:00"] * 2 == [row.answer["expires_at"] for row in told]
    assert [(1, Ending.DONE), (2, Ending.DONE)] == [(row.line, row.outcome) for row in told]
    claimed = [await sandbox.claim(row.answer["token"]) for row in told]
    assert [row.request_no for row in told] == [event["send_request_no"] for event in claimed]
    assert {"token", "expires_at"} == set(told[0].answer)
    assert told[0].answer["token"] not in repr(told[0])


async def test_the_life_of_coupons(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """Coupons are sent, confirmed, redeemed, returned and deactivated by the row, and made of the answer before."""
    ids = await _stock(partner)
    openids = ["o-1", "o-2", "o-3"]
    sent = await carried_out(partner, RowTask(pc.SendCoupon, "spring", defaults=ids), piece(*openids))
    assert [_VALID | {"coupon_code", "coupon_state"}] * 3 == [set(row.answer) for row in sent]
    assert {str} == {type(value) for value in sent[0].answer.values()}
    held = [
        {"openid": openid, "coupon_code": row.answer["coupon_code"]} for openid, row in zip(openids, sent, strict=True)
    ]

    confirmed = await carried_out(partner, RowTask(pc.ConfirmCoupon, "spring", defaults=ids), piece(*held))
    assert ["EFFECTIVE"] * 3 == [row.answer["coupon_state"] for row in confirmed]
    assert "confirm_time" in confirmed[0].answer

    used_at = {"use_time": "2026-12-07T12:30:00+08:00"}
    rows = piece(*({**one, "associated_order_info.transaction_id": "42000", "saved_amount": "100"} for one in held))
    used = await carried_out(partner, RowTask(pc.UseCoupon, "spring", defaults={**ids, **used_at}), rows)
    assert [("USED", "2026-12-07T12:30:00+08:00", 100)] * 3 == [
        (row.answer["coupon_state"], row.answer["use_time"], row.answer["saved_amount"]) for row in used
    ]

    returned = await carried_out(partner, RowTask(pc.ReturnCoupon, "spring", defaults=ids), piece(*held))
    assert [("EFFECTIVE", True)] * 3 == [(row.answer["coupon_state"], "return_time" in row.answer) for row in returned]

    why = {**ids, "deactivate_reason": "the campaign is over"}
    gone = await carried_out(partner, RowTask(pc.DeactivateUserCoupon, "spring", defaults=why), piece(*held))
    assert [("DEACTIVATED", True)] * 3 == [
        (row.answer["coupon_state"], "deactivate_time" in row.answer) for row in gone
    ]

    assert 15 == sum(number for name, number in sandbox.state()["requests"].items() if "create" not in name)


async def test_a_second_run(brand: Client[Brand]) -> None:
    """Run again, a job sends nobody a second coupon, and is told the same; another job does."""
    ids = await _stock(brand)
    rows = piece("o-1", "o-2")
    first = await carried_out(brand, RowTask(pc.SendCoupon, "spring", defaults=ids), rows)
    again = await carried_out(brand, RowTask(pc.SendCoupon, "spring", defaults=ids), rows)
    assert first == again
    await carried_out(brand, RowTask(pc.SendCoupon, "autumn", defaults=ids), rows)
    [stock] = [stock async for stock in brand.pages(pc.ListStocks(product_coupon_id=ids["product_coupon_id"]))]
    assert 4 == stock.sent_count_info.total_count


async def test_an_answer_that_was_lost(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """A call whose answer was lost is repeated under its number: its row is done, and was done once."""
    ids = await _stock(partner)
    sandbox.drop_next(after_effect=True)
    [sent] = await carried_out(partner, RowTask(pc.SendCoupon, "spring", defaults=ids), piece("o-1"))
    row = {"openid": "o-1", "coupon_code": sent.answer["coupon_code"]}
    [confirmed] = await carried_out(partner, RowTask(pc.ConfirmCoupon, "spring", defaults=ids), piece(row))

    assert "EFFECTIVE" == confirmed.answer["coupon_state"]
    assert 2 == sandbox.state()["requests"]["product_coupon.send_coupon"]
    [stock] = [stock async for stock in partner.pages(pc.ListStocks(product_coupon_id=ids["product_coupon_id"]))]
    assert 1 == stock.sent_count_info.total_count


async def test_a_number_that_was_used_for_something_else(partner: Client[Partner]) -> None:
    """Of two rows that say different things under one number, WeChat Pay refuses the second, in words."""
    ids = await _stock(partner)
    task = RowTask(pc.SendCoupon, "spring", defaults=ids)
    rows = piece({"openid": "o-1"}, {"openid": "o-1", "attach": "table 7"})
    assert {} == task.examine(rows).faults

    await carried_out(partner, task, alone(rows, 0))
    with pytest.raises(ApiError, match="used with other data") as caught:
        await partner.call(task.request(alone(rows, 1)))
    assert not task.holds_for_all(caught.value, alone(rows, 1), first=True)


async def test_bundles(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """Bundles are pre-sent, sent and deactivated by the row, and remembered coupon by coupon."""
    number, bundle = await new_bundle(partner, mode="WECHATPAY")
    ids: dict[str, Any] = {"product_coupon_id": number, "stock_bundle_id": bundle.stock_bundle_id, "appid": APPID}

    [token] = await carried_out(partner, RowTask(pc.PreSendCouponBundle, "spring", defaults=ids), piece("o-1"))
    assert {"token", "expires_at"} == set(token.answer)
    assert token.request_no == (await sandbox.claim(token.answer["token"]))["send_request_no"]

    [sent] = await carried_out(partner, RowTask(pc.SendCouponBundle, "spring", defaults=ids), piece("o-2"))
    assert [_VALID | {"coupon_code", "coupon_state"}] == [set(coupon) for coupon in sent.answer["coupons"]]

    row = {"openid": "o-2", "user_coupon_bundle_id": sent.answer["user_coupon_bundle_id"]}
    why = {**ids, "deactivate_reason": "the campaign is over"}
    [gone] = await carried_out(partner, RowTask(pc.DeactivateUserCouponBundle, "spring", defaults=why), piece(row))
    assert [("DEACTIVATED", True)] == [
        (coupon["coupon_state"], "deactivate_time" in coupon) for coupon in gone.answer["coupons"]
    ]


async def test_merchant_coupons(sandbox: Sandbox, merchant: Client[Merchant]) -> None:
    """Merchant coupons are pre-sent, sent, redeemed, returned and deactivated by the row."""
    ids = {"stock_id": "100089", "appid": APPID}
    [token] = await carried_out(merchant, RowTask(busifavor.PreSendProductCoupon, "spring", defaults=ids), piece("o-1"))
    assert {"token"} == set(token.answer)
    assert token.request_no == (await sandbox.claim(token.answer["token"]))["send_request_no"]

    sent = await carried_out(merchant, RowTask(busifavor.SendCoupon, "spring", defaults=ids), piece("o-2", "o-3"))
    assert [row.request_no for row in sent] == [row.answer["out_request_no"] for row in sent]
    codes = piece(*(row.answer["coupon_code"] for row in sent))

    use: RowTask[busifavor.UsedCoupon] = RowTask(
        busifavor.UseCoupon, "spring", defaults={**ids, "use_time": "2026-12-07T12:30:00+08:00"}, column="coupon_code"
    )
    used = await carried_out(merchant, use, codes)
    back = await carried_out(
        merchant, RowTask(busifavor.ReturnCoupon, "spring", defaults={"stock_id": "100089"}), codes
    )
    gone = await carried_out(
        merchant, RowTask(busifavor.DeactivateCoupon, "spring", defaults={"stock_id": "100089"}), codes
    )

    since = datetime.now(UTC) - timedelta(minutes=1)
    for name, rows in (("use", used), ("return", back), ("deactivate", gone)):
        assert 2 == len(rows)
        assert all(since < datetime.fromisoformat(row.answer[f"wechatpay_{name}_time"]) for row in rows)
