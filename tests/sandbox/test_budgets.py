"""Changing the caps of stocks and bundles on the sandbox."""

from typing import Any

from wxcoupon import Brand, Client, Partner
from wxcoupon import product_coupon as pc
from wxcoupon.sandbox import Sandbox

from .holding import new_bundle, new_stock, of_stock, refused
from .shapes import APPID

TOTAL, DAILY = pc.UpdateBudgetMode.MAX_COUNT, pc.UpdateBudgetMode.MAX_COUNT_PER_DAY


def _pair(mode: pc.UpdateBudgetMode, current: int, target: int, number: str) -> dict[str, Any]:
    name = mode.lower()
    return {
        "out_request_no": f"budget_{number}",
        "update_mode": mode,
        f"current_{name}": current,
        f"target_{name}": target,
    }


async def test_a_cap_is_changed_by_who_knows_it(partner: Client[Partner], brand: Client[Brand]) -> None:
    """The cap changes when it is what the request says it is; the same request again changes nothing more."""
    clients: tuple[Client[Partner] | Client[Brand], ...] = (partner, brand)
    for client in clients:
        names = of_stock(await new_stock(client, max_count=100, max_count_per_day=10))
        request = pc.UpdateStockBudget(**names, **_pair(TOTAL, 100, 200, "1"))

        raised = await client.call(request)
        lowered = await client.call(pc.UpdateStockBudget(**names, **_pair(DAILY, 10, 5, "2")))

        assert raised.stock_send_rule == pc.StockSendRule(max_count=200, max_count_per_day=10, max_count_per_user=5)
        assert lowered.stock_send_rule == pc.StockSendRule(max_count=200, max_count_per_day=5, max_count_per_user=5)
        assert await client.call(request) == raised
        assert (await client.call(pc.GetStock(**names))).stock_send_rule == lowered.stock_send_rule
        for mode, current in ((TOTAL, 100), (DAILY, 10)):
            stale = pc.UpdateStockBudget(**names, **_pair(mode, current, 300, f"stale_{current}"))
            assert await refused(client, stale, "not the cap in force") == (400, "INVALID_REQUEST", None)


async def test_a_cap_is_not_below_what_was_sent(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """A cap goes down to the number of coupons sent, and no further; then nothing is sent any more."""
    names = of_stock(await new_stock(partner, mode="WECHATPAY", max_count=100))
    for number in ("send_1", "send_2"):
        sending = pc.PreSendCoupon(openid="o1", appid=APPID, send_request_no=number, **names)
        await sandbox.claim((await partner.call(sending)).token)

    below = pc.UpdateStockBudget(**names, **_pair(TOTAL, 100, 1, "1"))
    assert await refused(partner, below, "sent more coupons") == (400, "INVALID_REQUEST", None)
    await partner.call(pc.UpdateStockBudget(**names, **_pair(TOTAL, 100, 2, "2")))
    third = pc.PreSendCoupon(openid="o1", appid=APPID, send_request_no="send_3", **names)
    assert await refused(partner, third, "max_count") == (403, "NOT_ENOUGH", None)


async def test_codes_above_a_cap_stay(partner: Client[Partner]) -> None:
    """A lowered cap takes no code away, and no further code in."""
    names = of_stock(await new_stock(partner, max_count=3))
    await partner.call(pc.UploadCouponCodes(out_request_no="upload_1", code_list=["a", "b", "c"], **names))

    lowered = await partner.call(pc.UpdateStockBudget(**names, **_pair(TOTAL, 3, 2, "1")))

    assert lowered.coupon_code_count_info == pc.CouponCodeCountInfo(total_count=3, available_count=3)
    full = await partner.call(pc.UploadCouponCodes(out_request_no="upload_2", code_list=["d"], **names))
    assert [failed.coupon_code for failed in full.failed_code_list or []] == ["d"]


async def test_a_day_without_a_cap_gets_none(partner: Client[Partner]) -> None:
    """A stock that was made without a daily cap has none for good."""
    names = of_stock(await new_stock(partner))

    request = pc.UpdateStockBudget(**names, **_pair(DAILY, 10, 20, "1"))

    assert await refused(partner, request, "no cap of a day") == (400, "INVALID_REQUEST", None)


async def test_an_ended_stock_keeps_its_cap(partner: Client[Partner]) -> None:
    """The budget of a stock that has ended does not change."""
    names = of_stock(await new_stock(partner, begins=-31))

    request = pc.UpdateStockBudget(**names, **_pair(TOTAL, 1000, 2000, "1"))

    assert await refused(partner, request, "has expired") == (400, "INVALID_REQUEST", None)


async def test_a_bundle_shares_its_cap(partner: Client[Partner]) -> None:
    """The total cap of a bundle is that of every stock, the daily one that of its first."""
    product_coupon_id, bundle = await new_bundle(partner, max_count=100, max_count_per_day=10)
    names: dict[str, Any] = {"product_coupon_id": product_coupon_id, "stock_bundle_id": bundle.stock_bundle_id}

    await partner.call(pc.UpdateStockBundleBudget(**names, **_pair(TOTAL, 100, 200, "1")))
    changed = await partner.call(pc.UpdateStockBundleBudget(**names, **_pair(DAILY, 10, 20, "2")))

    assert [stock.stock_send_rule.max_count for stock in changed.stock_list] == [200] * 3
    assert [stock.stock_send_rule.max_count_per_day for stock in changed.stock_list] == [20, None, None]
    stale = pc.UpdateStockBundleBudget(**names, **_pair(TOTAL, 100, 300, "3"))
    assert await refused(partner, stale, "not the cap in force") == (400, "INVALID_REQUEST", None)
