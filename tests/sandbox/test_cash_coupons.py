"""Cash coupons on the sandbox: sending them, looking them up, paying with them, and the files of it all."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import attrs
import pytest

from wxcoupon import ApiError, Client, Merchant, Pacer, Partner
from wxcoupon import cash_coupon as cc
from wxcoupon.sandbox import Keys, Refusal, Sandbox
from wxcoupon.sandbox.cash_records import room

from .cash import APPID, NOON, creation, running, sending


@attrs.frozen
class Town:
    """A sandbox with its callers, all at the time of one clock."""

    clock: list[float]
    sandbox: Sandbox
    merchant: Client[Merchant]
    partner: Client[Partner]

    def later(self, **by: float) -> None:
        """Let time pass."""
        self.clock[0] += timedelta(**by).total_seconds()


@pytest.fixture
async def town(keys: Keys, unpaced: Pacer) -> AsyncIterator[Town]:
    """A sandbox and its callers at noon."""
    clock = [NOON.timestamp()]
    options: dict[str, Any] = {"pacer": unpaced, "clock": lambda: clock[0]}
    async with Sandbox(rate_limits="off", keys=keys, clock=lambda: clock[0]) as sandbox:
        options |= {"platform_keys": sandbox.platform_keys, "base_url": sandbox.base_url}
        async with Client(sandbox.merchant, **options) as merchant, Client(sandbox.partner, **options) as partner:
            yield Town(clock, sandbox, merchant, partner)


async def _refused(client: Client[Any], request: Any) -> tuple[int, str]:
    with pytest.raises(ApiError) as caught:
        await client.call(request)
    return caught.value.status, caught.value.code


async def _rows(client: Client[Any], request: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO((await client.download(await client.call(request))).decode())))


async def test_a_coupon_is_sent_once(town: Town) -> None:
    """The same number and data send one coupon, and other data are refused."""
    stock_id = await running(town.merchant)
    sent = await town.merchant.call(sending(town.merchant, stock_id))

    assert sent == await town.merchant.call(sending(town.merchant, stock_id))
    assert (400, "INVALID_REQUEST") == await _refused(town.merchant, sending(town.merchant, stock_id, openid="o-2"))
    stock = await town.merchant.call(cc.GetStock(stock_id=stock_id, stock_creator_mchid=town.merchant.identity.mchid))
    assert 1 == stock.distributed_coupons


async def test_caps(town: Town) -> None:
    """A user, a day and the stock get no more than they may; the next day there is more."""
    stock_id = await running(town.merchant, max_coupons=5, max_amount=2500, max_amount_by_day=1500)

    async def send(number: int, openid: str) -> Any:
        return await town.merchant.call(sending(town.merchant, stock_id, f"send-{number}", openid))

    async def refused(number: int, openid: str) -> tuple[int, str]:
        return await _refused(town.merchant, sending(town.merchant, stock_id, f"send-{number}", openid))

    await send(1, "o-1")
    await send(2, "o-1")
    assert (403, "RULE_LIMIT") == await refused(3, "o-1")
    await send(3, "o-2")
    assert (403, "NOT_ENOUGH") == await refused(4, "o-2")
    town.later(days=1)
    await send(4, "o-2")
    await send(5, "o-3")
    town.later(days=1)
    assert (403, "NOT_ENOUGH") == await refused(6, "o-3")


async def test_what_a_sending_refuses(town: Town) -> None:
    """A stock has to be there, running, and open to the caller, and says itself what its coupons take off."""
    fresh = (await town.merchant.call(creation(town.merchant, "fresh"))).stock_id
    stock_id = await running(town.merchant)
    other = sending(town.partner, stock_id, creator=town.merchant)

    assert (400, "PARAM_ERROR") == await _refused(town.merchant, sending(town.merchant, fresh))
    assert (404, "RESOURCE_NOT_EXISTS") == await _refused(town.merchant, sending(town.merchant, "1"))
    assert (404, "RESOURCE_NOT_EXISTS") == await _refused(town.partner, sending(town.partner, stock_id))
    assert (403, "REQUEST_BLOCKED") == await _refused(town.partner, other)
    with pytest.warns(UserWarning, match="coupon_value"):
        valued = await _refused(town.merchant, sending(town.merchant, stock_id, coupon_value=500))
    assert (400, "PARAM_ERROR") == valued
    room(town.sandbox.world).stocks[stock_id].senders.add(town.partner.identity.mchid)
    assert (await town.partner.call(other)).coupon_id


async def test_the_coupons_of_a_user(town: Town) -> None:
    """Coupons are looked up by number, by creator and by merchant, in the states that each shows."""
    first, second = await running(town.merchant, "one"), await running(town.merchant, "two")
    mchid = town.merchant.identity.mchid
    used = (await town.merchant.call(sending(town.merchant, first, "send-1"))).coupon_id
    kept = (await town.merchant.call(sending(town.merchant, second, "send-2"))).coupon_id
    payment = town.sandbox.pay(used)
    about: dict[str, Any] = {"openid": "o-1", "appid": APPID}

    async def listed(**members: Any) -> list[str]:
        return [coupon.coupon_id async for coupon in town.merchant.pages(cc.ListUserCoupons(**about, **members))]

    one = await town.merchant.call(cc.GetUserCoupon(**about, coupon_id=used))
    assert one.consume_information is not None
    assert (cc.CashCouponStatus.USED, payment, "send-1") == (
        one.status,
        one.consume_information.transaction_id,
        one.out_request_no,
    )
    assert [used, kept] == await listed(creator_mchid=mchid, limit=1)
    assert [kept] == await listed(creator_mchid=mchid, status="SENDED")
    assert [used, kept] == await listed(creator_mchid=mchid, status="USED")
    assert [used] == await listed(creator_mchid=mchid, stock_id=first)
    assert [] == await listed(creator_mchid=mchid, sender_mchid="1900000002")
    assert [] == await listed(creator_mchid=mchid, business_type=cc.CashBusinessType.MULTIUSE)
    assert [kept] == await listed(available_mchid="1900000002")
    assert [] == await listed(available_mchid="1900000003")
    for client, openid in ((town.merchant, "o-2"), (town.partner, "o-1")):
        request = cc.GetUserCoupon(openid=openid, appid=APPID, coupon_id=used)
        assert (404, "RESOURCE_NOT_EXISTS") == await _refused(client, request)
    town.later(days=4)
    assert "EXPIRED" == (await town.merchant.call(cc.GetUserCoupon(**about, coupon_id=kept))).status
    assert [used] == await listed(creator_mchid=mchid)


async def test_paying_and_paying_back(town: Town) -> None:
    """A coupon is used once, where it can be and for enough, and is paid back once."""
    stock_id = await running(town.merchant)
    coupon_id = (await town.merchant.call(sending(town.merchant, stock_id))).coupon_id

    for wrong in ({"mchid": "1900000003"}, {"total": 2_999}):
        with pytest.raises(Refusal, match="NOT_ENOUGH"):
            town.sandbox.pay(coupon_id, **wrong)
    for act in (town.sandbox.refund, lambda _: town.sandbox.pay("1")):
        with pytest.raises(Refusal, match="RESOURCE_NOT_EXISTS"):
            act(coupon_id)
    assert town.sandbox.pay(coupon_id, mchid="1900000002", total=4_000) != town.sandbox.refund(coupon_id)
    with pytest.raises(Refusal, match="NOT_ENOUGH"):
        town.sandbox.pay(coupon_id)
    with pytest.raises(Refusal, match="RESOURCE_NOT_EXISTS"):
        town.sandbox.refund(coupon_id)


async def test_files_of_all_days(town: Town) -> None:
    """From ten on the day after its end, a stock has files of what was paid and what was paid back."""
    stock_id = await running(town.merchant)
    coupons = [
        (await town.merchant.call(sending(town.merchant, stock_id, f"send-{index}"))).coupon_id for index in range(2)
    ]
    payments = [town.sandbox.pay(coupon_id, total=3_000 + index) for index, coupon_id in enumerate(coupons)]
    town.later(hours=1)
    refund = town.sandbox.refund(coupons[1])
    town.later(days=3, hours=20)
    use, back = cc.GetUseFlow(stock_id=stock_id), cc.GetRefundFlow(stock_id=stock_id)

    assert (400, "INVALID_REQUEST") == await _refused(town.merchant, use)
    town.later(hours=1)
    assert (404, "RESOURCE_NOT_EXISTS") == await _refused(town.partner, use)
    heading, *rows = await _rows(town.merchant, use)
    assert 7 == len(heading)
    assert [
        [stock_id, coupon, "5.00", total, town.merchant.identity.mchid, payment, "2026-12-01T12:00:00+08:00"]
        for coupon, payment, total in zip(coupons, payments, ("30.00", "30.01"), strict=True)
    ] == rows
    assert [[coupons[1], refund, "2026-12-01T13:00:00+08:00"]] == [
        [row[1], *row[-2:]] for row in (await _rows(town.merchant, back))[1:]
    ]


async def test_files_of_a_day(town: Town) -> None:
    """A day that is over has files of what was paid and paid back on it, also while its stock runs."""
    stock_id = await running(town.partner)
    coupon_id = (await town.partner.call(sending(town.partner, stock_id))).coupon_id
    town.sandbox.pay(coupon_id)
    today, tomorrow = "2026-12-01", "2026-12-02"

    assert (400, "PARAM_ERROR") == await _refused(town.partner, cc.GetUseFlowByDay(stock_id=stock_id, bill_date=today))
    town.later(days=1)
    town.sandbox.refund(coupon_id)
    town.later(days=1)
    used, refunded = cc.GetUseFlowByDay, cc.GetRefundFlowByDay
    for cls, day, count in ((used, today, 1), (used, tomorrow, 0), (refunded, today, 0), (refunded, tomorrow, 1)):
        assert count + 1 == len(await _rows(town.partner, cls(stock_id=stock_id, bill_date=day)))
    flow = await town.partner.call(used(stock_id=stock_id, bill_date=today))
    assert "1" == flow.stock_useflow_count


async def test_a_link_is_its_callers_for_half_a_minute(town: Town) -> None:
    """A link expires, is nobody else's, and needs a signature."""
    stock_id = await running(town.partner)
    town.later(days=1)
    flow = await town.partner.call(cc.GetUseFlowByDay(stock_id=stock_id, bill_date="2026-12-01"))

    with pytest.raises(ApiError, match="another caller"):
        await town.merchant.download(flow)
    assert (await town.partner.download(flow)).startswith("批次号".encode())
    town.later(seconds=31)
    with pytest.raises(ApiError, match="30 seconds are over"):
        await town.partner.download(flow)
