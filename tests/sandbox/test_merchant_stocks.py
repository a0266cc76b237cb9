"""Stocks of merchant coupons on the sandbox: creating and changing them, and their codes, cards and callbacks."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from wxcoupon import ApiError, Client, Merchant, Pacer, Partner, busifavor
from wxcoupon.checks import RequestAdvice
from wxcoupon.sandbox import Keys, Sandbox

from .knocking import knock

APPID = "wx1234567889999"
ODD = "A/B\\C|D=E f-g_h"
"""A code with every character a code may have that a path may not."""


def _create(number: str = "create_1", *, mode: str = "MERCHANT_UPLOAD", **more: Any) -> busifavor.CreateStock:
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    members: dict[str, Any] = {
        "stock_name": "十二月满三十减五",
        "belong_merchant": "1900000001",
        "goods_name": "全部饮品",
        "stock_type": "NORMAL",
        "coupon_use_rule": busifavor.CouponUseRule(
            coupon_available_time=busifavor.CouponAvailableTime(
                available_begin_time=begin, available_end_time=begin + timedelta(days=30)
            ),
            fixed_normal_coupon=busifavor.FixedNormalCoupon(discount_amount=500, transaction_minimum=3000),
            use_method="OFF_LINE",
        ),
        "stock_send_rule": busifavor.StockSendRule(max_coupons=5, max_coupons_per_user=2, max_coupons_by_day=3),
        "coupon_code_mode": mode,
    }
    return busifavor.CreateStock(out_request_no=number, **(members | more))


async def _made(client: Client[Merchant], number: str = "create_1", **more: Any) -> str:
    return (await client.call(_create(number, **more))).stock_id


def _upload(stock_id: str, number: str, *codes: str) -> busifavor.UploadCouponCodes:
    return busifavor.UploadCouponCodes(stock_id=stock_id, upload_request_no=number, coupon_code_list=list(codes))


def _send(stock_id: str, number: str = "send_1", **more: Any) -> busifavor.SendCoupon:
    return busifavor.SendCoupon(openid="o-1", appid=APPID, stock_id=stock_id, out_request_no=number, **more)


def _refused(error: pytest.ExceptionInfo[ApiError]) -> tuple[int, str]:
    return error.value.status, error.value.code


async def test_a_stock_is_shown_as_it_was_created(merchant: Client[Merchant]) -> None:
    """What was sent to create a stock is shown again, with its state and counts."""
    request = _create(
        comment="冬季",
        custom_entrance=busifavor.CustomEntrance(appid=APPID, code_display_mode="BARCODE"),
        notify_config=busifavor.NotifyConfig(notify_appid=APPID),
    )
    made = await merchant.call(request)

    shown = await merchant.call(busifavor.GetStock(stock_id=made.stock_id))

    names = ["stock_name", "belong_merchant", "comment", "goods_name", "stock_type", "coupon_use_rule"]
    names += ["stock_send_rule", "custom_entrance", "coupon_code_mode", "notify_config", "display_pattern_info"]
    assert {name: getattr(request, name) for name in names} == {name: getattr(shown, name) for name in names}
    assert (made.stock_id, "RUNNING", {}) == (shown.stock_id, shown.stock_state, dict(shown.extra))
    assert busifavor.CouponCodeCount(total_count=0, available_count=0) == shown.coupon_code_count
    assert shown.send_count_information == busifavor.SendCount(
        total_send_num=0, total_send_amount=0, today_send_num=0, today_send_amount=0
    )


async def test_the_same_number_makes_one_stock(merchant: Client[Merchant], sandbox: Sandbox) -> None:
    """A creation that is repeated answers the same stock; other data under its number is refused."""
    request = _create()
    before = len(sandbox.world.merchant_stocks)

    first, second = await merchant.call(request), await merchant.call(request)
    with pytest.raises(ApiError) as other:
        await merchant.call(_create(stock_name="另一个"))

    assert (first, before + 1) == (second, len(sandbox.world.merchant_stocks))
    assert (400, "INVALID_REQUEST") == _refused(other)


@pytest.mark.parametrize("stock_id", ["100088", "100089"])
async def test_the_stocks_that_are_always_there_are_shown(merchant: Client[Merchant], stock_id: str) -> None:
    """A stock nobody created has every member too, and counts what it sends."""
    code = "code_1" if stock_id == "100088" else None
    await merchant.call(_send(stock_id, coupon_code=code))

    shown = await merchant.call(busifavor.GetStock(stock_id=stock_id))

    assert None not in (shown.stock_name, shown.belong_merchant, shown.goods_name, shown.stock_type)
    assert ("RUNNING", None) == (shown.stock_state, shown.coupon_code_count)
    assert busifavor.SendCount(total_send_num=1, total_send_amount=100) == shown.send_count_information


async def test_a_stock_is_its_creators_and_its_owners(merchant: Client[Merchant], partner: Client[Partner]) -> None:
    """A stock that a partner created for a merchant is both's; another one's is refused, and so is none at all."""
    alone = await _made(merchant)
    shared = (await partner.call(_create())).stock_id

    assert (await merchant.call(busifavor.GetStock(stock_id=shared))).stock_id == shared
    with pytest.raises(ApiError) as foreign:
        await partner.call(busifavor.GetStock(stock_id=alone))
    with pytest.raises(ApiError) as unknown:
        await partner.call(busifavor.GetStock(stock_id="1"))
    assert (403, "NO_AUTH") == _refused(foreign)
    assert (404, "RESOURCE_NOT_EXISTS") == _refused(unknown)


async def test_a_modification_leaves_the_rest(merchant: Client[Merchant]) -> None:
    """Only what is given changes, however deep it is; what is documented as for good stays."""
    entrance = busifavor.CustomEntrance(appid=APPID, code_display_mode="BARCODE")
    look = busifavor.DisplayPatternInfo(description="旧", merchant_name="山茶", background_color="Color010")
    stock_id = await _made(merchant, custom_entrance=entrance, display_pattern_info=look)
    before = await merchant.call(busifavor.GetStock(stock_id=stock_id))
    change = busifavor.ModifyStock(
        stock_id=stock_id,
        out_request_no="change_1",
        goods_name="点心",
        custom_entrance=busifavor.ModifyCustomEntrance(code_display_mode="QRCODE"),
        display_pattern_info=busifavor.DisplayPatternInfo(description="新", merchant_name="茶花"),
        coupon_use_rule=busifavor.ModifyCouponUseRule(use_method="PAYMENT_CODE"),
        stock_send_rule=busifavor.ModifyStockSendRule(prevent_api_abuse=True),
        notify_config=busifavor.NotifyConfig(notify_appid=APPID),
        subsidy=True,
    )

    with pytest.warns(RequestAdvice) as advised:
        await merchant.call(change)

    assert any("not modifiable" in str(warning.message) for warning in advised)
    after = await merchant.call(busifavor.GetStock(stock_id=stock_id))
    assert ("点心", before.stock_name, True) == (after.goods_name, after.stock_name, after.subsidy)
    assert busifavor.CustomEntrance(appid=APPID, code_display_mode="QRCODE") == after.custom_entrance
    assert after.display_pattern_info is not None
    assert ("新", "山茶", "Color010") == (
        after.display_pattern_info.description,
        after.display_pattern_info.merchant_name,
        after.display_pattern_info.background_color,
    )
    assert ("PAYMENT_CODE", before.coupon_use_rule.fixed_normal_coupon) == (
        after.coupon_use_rule.use_method,
        after.coupon_use_rule.fixed_normal_coupon,
    )
    assert (True, 5) == (after.stock_send_rule.prevent_api_abuse, after.stock_send_rule.max_coupons)
    assert APPID == (after.notify_config and after.notify_config.notify_appid)


async def test_a_subsidy_stays(merchant: Client[Merchant]) -> None:
    """A stock whose coupons may be subsidised stays one."""
    with pytest.warns(RequestAdvice, match="not opened"):
        stock_id = await _made(merchant, subsidy=True)
    change = busifavor.ModifyStock(stock_id=stock_id, out_request_no="change_1", subsidy=False)

    with pytest.warns(RequestAdvice, match="from false"), pytest.raises(ApiError, match="from false") as back:
        await merchant.call(change)

    assert (400, "INVALID_REQUEST") == _refused(back)


async def test_a_repeated_modification_is_made_once(merchant: Client[Merchant]) -> None:
    """The same change under the same number is answered as before, and not made again over a later one."""
    stock_id = await _made(merchant)
    first = busifavor.ModifyStock(stock_id=stock_id, out_request_no="change_1", goods_name="一")
    second = busifavor.ModifyStock(stock_id=stock_id, out_request_no="change_2", goods_name="二")

    for change in (first, second, first):
        await merchant.call(change)

    assert "二" == (await merchant.call(busifavor.GetStock(stock_id=stock_id))).goods_name


async def test_a_budget_is_compared_and_set(merchant: Client[Merchant]) -> None:
    """A limit changes only from the value that the caller names, and to no less than was sent."""
    stock_id = await _made(merchant, mode="WECHATPAY_MODE")

    def budget(number: str, **members: Any) -> busifavor.ModifyStockBudget:
        return busifavor.ModifyStockBudget(stock_id=stock_id, modify_budget_request_no=number, **members)

    for index in range(2):
        await merchant.call(_send(stock_id, f"send_{index}"))
    more = await merchant.call(budget("b_1", target_max_coupons=9, current_max_coupons=5))
    daily = await merchant.call(budget("b_2", target_max_coupons_by_day=2, current_max_coupons_by_day=3))
    wrong: dict[str, dict[str, int]] = {
        "b_3": {"target_max_coupons": 10, "current_max_coupons": 5},
        "b_4": {"target_max_coupons": 1, "current_max_coupons": 9},
        "b_5": {"target_max_coupons_by_day": 1, "current_max_coupons_by_day": 2},
    }
    for number, members in wrong.items():
        with pytest.raises(ApiError) as refused:
            await merchant.call(budget(number, **members))
        assert (400, "INVALID_REQUEST") == _refused(refused)

    assert busifavor.ModifiedBudget(max_coupons=9, max_coupons_by_day=3) == more
    assert busifavor.ModifiedBudget(max_coupons=9, max_coupons_by_day=2) == daily
    shown = (await merchant.call(busifavor.GetStock(stock_id=stock_id))).stock_send_rule
    assert (9, 2) == (shown.max_coupons, shown.max_coupons_by_day)


async def test_a_first_limit_a_day_is_set_over_none(merchant: Client[Merchant]) -> None:
    """Where there is no limit a day, its present value is 0."""
    rule = busifavor.StockSendRule(max_coupons=5, max_coupons_per_user=2)
    stock_id = await _made(merchant, stock_send_rule=rule)

    changed = await merchant.call(
        busifavor.ModifyStockBudget(
            stock_id=stock_id,
            target_max_coupons_by_day=1,
            current_max_coupons_by_day=0,
            modify_budget_request_no="b_1",
        )
    )

    assert busifavor.ModifiedBudget(max_coupons=5, max_coupons_by_day=1) == changed


async def test_every_code_is_accounted_for(merchant: Client[Merchant]) -> None:
    """Stored, known, repeated and refused codes stand in their lists, in an answer of 200."""
    stock_id = await _made(merchant)

    first = await merchant.call(_upload(stock_id, "upload_1", "a", "b", "a"))
    second = await merchant.call(_upload(stock_id, "upload_2", "b", "c", "d", "e", "f", "g", "f"))

    assert (2, 2, ["a", "b"], ["a"]) == (
        first.total_count,
        first.success_count,
        first.success_codes,
        first.duplicate_codes,
    )
    assert (None, None) == (first.exist_codes, first.fail_codes)
    assert (6, 3, 2) == (second.total_count, second.success_count, second.fail_count)
    assert (["c", "d", "e"], ["b"], ["f"]) == (second.success_codes, second.exist_codes, second.duplicate_codes)
    assert ["f", "g"] == [failed.coupon_code for failed in second.fail_codes or []]
    assert all(failed.code and failed.message for failed in second.fail_codes or [])
    counts = (await merchant.call(busifavor.GetStock(stock_id=stock_id))).coupon_code_count
    assert busifavor.CouponCodeCount(total_count=5, available_count=5) == counts


@pytest.mark.parametrize("mode", ["MERCHANT_API", "WECHATPAY_MODE"])
async def test_other_modes_take_no_codes(merchant: Client[Merchant], mode: str) -> None:
    """Only a stock with coupon_code_mode MERCHANT_UPLOAD takes codes."""
    stock_id = await _made(merchant, mode=mode)

    with pytest.raises(ApiError, match="not MERCHANT_UPLOAD") as refused:
        await merchant.call(_upload(stock_id, "upload_1", "a"))

    assert (400, "INVALID_REQUEST") == _refused(refused)


async def test_codes_belong_to_their_stock(merchant: Client[Merchant]) -> None:
    """The same code may be in two stocks."""
    for number in ("create_1", "create_2"):
        stock_id = await _made(merchant, number)
        assert ["a"] == (await merchant.call(_upload(stock_id, f"upload_{number}", "a"))).success_codes


async def test_codes_are_listed_page_by_page(merchant: Client[Merchant]) -> None:
    """All codes come in the order of their uploads, however long a page is; a status picks among them."""
    stock_id = await _made(merchant)
    await merchant.call(_upload(stock_id, "upload_1", "a", "b", "c", "d", "e"))
    sent = (await merchant.call(_send(stock_id))).result.coupon_code

    async def listed(**more: Any) -> list[str]:
        pages = merchant.pages(busifavor.ListCouponCodes(stock_id=stock_id, **more))
        return [info.code async for info in pages]

    assert ["a", "b", "c", "d", "e"] == await listed() == await listed(limit=2)
    assert ["c", "d", "e"] == await listed(offset=2)
    assert [sent] == await listed(status="DISPATCHED", limit=1)
    assert sorted({"a", "b", "c", "d", "e"} - {sent}) == await listed(status="AVAILABLE", limit=3)
    page = await merchant.call(busifavor.ListCouponCodes(stock_id=stock_id, limit=2, offset=4))
    assert (stock_id, 5, 4, 1) == (page.stock_id, page.total_count, page.offset, page.limit)


async def test_a_sent_code_says_who_has_it(merchant: Client[Merchant]) -> None:
    """A code that was sent is shown with its coupon, and with its user to whoever names an appid."""
    stock_id = await _made(merchant)
    await merchant.call(_upload(stock_id, "upload_1", "a"))
    request = busifavor.GetCouponCode(stock_id=stock_id, coupon_code="a", appid=APPID)
    free = await merchant.call(request)
    await merchant.call(_send(stock_id, "send_9"))

    sent = await merchant.call(request)
    unnamed = await merchant.call(busifavor.GetCouponCode(stock_id=stock_id, coupon_code="a"))

    assert ("AVAILABLE", None, None) == (
        free.code_information.code_status,
        free.code_information.openid,
        free.coupon_information,
    )
    assert ("a", "DISPATCHED", "o-1", "a") == (
        sent.code_information.code,
        sent.code_information.code_status,
        sent.code_information.openid,
        sent.code_information.coupon_code,
    )
    assert sent.code_information.dispatched_time is not None
    assert sent.coupon_information is not None
    assert ("SENDED", "a", stock_id, "send_9") == (
        sent.coupon_information.coupon_state,
        sent.coupon_information.coupon_code,
        sent.coupon_information.stock_id,
        sent.coupon_information.send_request_no,
    )
    assert (None, None) == (unnamed.code_information.openid, unnamed.code_information.unionid)


async def test_odd_characters_of_a_code_survive_the_path(merchant: Client[Merchant], sandbox: Sandbox) -> None:
    r"""A code with ``/ \ | =`` and a space is one segment of the path, percent-encoded, and signed as it is sent."""
    stock_id = await _made(merchant)
    await merchant.call(_upload(stock_id, "upload_1", ODD, "A"))

    shown = await merchant.call(busifavor.GetCouponCode(stock_id=stock_id, coupon_code=ODD, appid=APPID))
    path = f"/v3/marketing/busifavor/stocks/{stock_id}/couponcodes/"
    escaped = "A%2FB%5CC%7CD%3DE%20f-g_h"
    by_hand = await knock(sandbox, sandbox.merchant, method="GET", target=path + escaped, body=b"")
    unescaped = await knock(
        sandbox, sandbox.merchant, method="GET", target=path + escaped, signed_target=path + "A/B", body=b""
    )
    await merchant.call(busifavor.DeleteCouponCode(stock_id=stock_id, coupon_code=ODD, delete_request_no="delete_1"))

    assert ODD == shown.code_information.code == by_hand.json["code_information"]["code"]
    assert 401 == unescaped.status
    assert ["A"] == list(sandbox.world.merchant_stocks[stock_id].codes)


async def test_a_free_code_is_deleted(merchant: Client[Merchant]) -> None:
    """A code nobody has is gone for good; one that a user has stays, and none cannot be deleted."""
    stock_id = await _made(merchant)
    await merchant.call(_upload(stock_id, "upload_1", "a", "b"))
    sent = (await merchant.call(_send(stock_id))).result.coupon_code
    free = "b" if sent == "a" else "a"

    def delete(code: str | None, number: str) -> busifavor.DeleteCouponCode:
        return busifavor.DeleteCouponCode(stock_id=stock_id, coupon_code=str(code), delete_request_no=number)

    deleted = await merchant.call(delete(free, "delete_1"))
    again = await merchant.call(delete(free, "delete_1"))
    with pytest.raises(ApiError, match="a user has") as kept:
        await merchant.call(delete(sent, "delete_2"))
    with pytest.raises(ApiError) as unknown:
        await merchant.call(delete(free, "delete_3"))
    with pytest.raises(ApiError) as hidden:
        await merchant.call(busifavor.GetCouponCode(stock_id=stock_id, coupon_code=free))

    assert (stock_id, again) == (deleted.stock_id, deleted)
    assert (400, "INVALID_REQUEST") == _refused(kept)
    assert (404, "RESOURCE_NOT_EXISTS") == _refused(unknown) == _refused(hidden)
    counts = (await merchant.call(busifavor.GetStock(stock_id=stock_id))).coupon_code_count
    assert busifavor.CouponCodeCount(total_count=1, available_count=0) == counts


async def test_a_deletion_has_its_number_in_the_query(sandbox: Sandbox) -> None:
    """The number of a deletion is looked for in the query alone."""
    sandbox.world.add_merchant_stock("1", coupon_code_mode="MERCHANT_UPLOAD", codes=["a"])
    path = "/v3/marketing/busifavor/stocks/1/couponcodes/a"

    in_body = await knock(sandbox, sandbox.merchant, method="DELETE", target=path, body={"delete_request_no": "d_1"})
    in_query = await knock(sandbox, sandbox.merchant, method="DELETE", target=f"{path}?delete_request_no=d_1", body=b"")

    assert (400, 200) == (in_body.status, in_query.status)
    assert {"stock_id", "delete_time"} == set(in_query.json)


async def test_a_stock_ends(keys: Keys, unpaced: Pacer) -> None:
    """A stock is reviewed before it runs and stopped after it ends; then it takes no codes and no changes."""
    now = [1_800_000_000.0]

    def clock() -> float:
        return now[0]

    begin = datetime.fromtimestamp(now[0], UTC)
    rule = busifavor.CouponUseRule(
        coupon_available_time=busifavor.CouponAvailableTime(
            available_begin_time=begin, available_end_time=begin + timedelta(days=1)
        ),
        fixed_normal_coupon=busifavor.FixedNormalCoupon(discount_amount=500, transaction_minimum=3000),
        use_method="OFF_LINE",
    )
    async with (
        Sandbox(rate_limits="off", keys=keys, clock=clock, review_seconds=60) as sandbox,
        Client(
            sandbox.merchant, sandbox.platform_keys, base_url=sandbox.base_url, pacer=unpaced, clock=clock
        ) as client,
    ):
        stock_id = await _made(client, coupon_use_rule=rule)
        look = busifavor.GetStock(stock_id=stock_id)
        states = [(await client.call(look)).stock_state]
        for seconds in (60, 86400):
            now[0] += seconds
            states.append((await client.call(look)).stock_state)
        changes = (
            _upload(stock_id, "upload_1", "a"),
            busifavor.ModifyStock(stock_id=stock_id, out_request_no="change_1", comment=""),
            busifavor.ModifyStockBudget(
                stock_id=stock_id, target_max_coupons=9, current_max_coupons=5, modify_budget_request_no="b_1"
            ),
        )
        for change in changes:
            with pytest.raises(ApiError, match="has ended") as ended:
                await client.call(change)
            assert (400, "INVALID_REQUEST") == _refused(ended)

    assert ["UNAUDIT", "RUNNING", "STOPED"] == states


async def test_a_callback_address_is_kept_for_each_merchant(
    sandbox: Sandbox, merchant: Client[Merchant], partner: Client[Partner]
) -> None:
    """An address is the caller's unless a merchant is named; before one is set, there is none."""
    with pytest.raises(ApiError) as none:
        await merchant.call(busifavor.GetCallback())
    own = await merchant.call(busifavor.SetCallback(notify_url="https://shop.example.com/own"))
    other = await partner.call(busifavor.SetCallback(mchid="1900000222", notify_url="https://shop.example.com/other"))

    assert (404, "RESOURCE_NOT_EXISTS") == _refused(none)
    assert (sandbox.merchant.mchid, "https://shop.example.com/own") == (own.mchid, own.notify_url)
    assert own.update_time is not None
    assert "https://shop.example.com/own" == (await merchant.call(busifavor.GetCallback())).notify_url
    shown = await merchant.call(busifavor.GetCallback(mchid="1900000222"))
    assert (other.mchid, other.notify_url) == (shown.mchid, shown.notify_url)


async def test_a_card_is_known_by_its_number_and_time(merchant: Client[Merchant]) -> None:
    """The same number and time send one card; the same number at another time sends another."""
    now = datetime.now(UTC).replace(microsecond=0)

    def card(hours: int, card_id: str = "card_1") -> busifavor.SendGovCard:
        return busifavor.SendGovCard(
            card_id=card_id,
            appid=APPID,
            openid="o-1",
            out_request_no="number_1",
            send_time=now - timedelta(hours=hours),
        )

    first, again, later = [await merchant.call(card(hours)) for hours in (2, 2, 1)]
    with pytest.raises(ApiError) as old:
        await merchant.call(card(25))
    with pytest.raises(ApiError) as elsewhere:
        await merchant.call(card(2, "card_2"))

    assert first == again != later
    assert (400, "PARAM_ERROR") == _refused(old)
    assert (400, "INVALID_REQUEST") == _refused(elsewhere)
