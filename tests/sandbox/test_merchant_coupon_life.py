"""What becomes of a merchant coupon: sent, redeemed, given back, deactivated, linked to orders, and listed."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from wxcoupon import ApiError, Client, Merchant, Pacer, Partner, busifavor
from wxcoupon.sandbox import Keys, Sandbox

from .shapes import changed

APPID = "wx5b9e27c1d48a063f"
OPENID = "o-1"
START = datetime(2027, 1, 15, 10, tzinfo=timezone(timedelta(hours=8)))
Now = list[float]


@pytest.fixture
def clock() -> Now:
    """The sandbox's time, to be moved."""
    return [START.timestamp()]


@pytest.fixture
async def later(keys: Keys, clock: Now) -> AsyncIterator[Sandbox]:
    """A sandbox that lives at the time of the clock."""
    async with Sandbox(rate_limits="off", keys=keys, clock=lambda: clock[0]) as sandbox:
        yield sandbox


@pytest.fixture
async def shop(later: Sandbox, unpaced: Pacer, clock: Now) -> AsyncIterator[Client[Merchant]]:
    """The merchant, at the time of the clock."""
    options: dict[str, Any] = {"base_url": later.base_url, "pacer": unpaced, "clock": lambda: clock[0]}
    async with Client(later.merchant, later.platform_keys, **options) as client:
        yield client


async def _sent(client: Client[Any], number: str = "send|1", *, stock_id: str = "100089", **more: Any) -> str:
    members: dict[str, Any] = {"openid": OPENID, "appid": APPID} | more
    sent = await client.call(busifavor.SendCoupon(out_request_no=number, stock_id=stock_id, **members))
    assert sent.result.coupon_code is not None
    return sent.result.coupon_code


def _use(code: str, number: str = "use/1", **more: Any) -> busifavor.UseCoupon:
    members: dict[str, Any] = {"appid": APPID, "stock_id": "100089", "use_time": START} | more
    return busifavor.UseCoupon(coupon_code=code, use_request_no=number, **members)


def _return(code: str, number: str = "return/1") -> busifavor.ReturnCoupon:
    return busifavor.ReturnCoupon(coupon_code=code, stock_id="100089", return_request_no=number)


def _deactivate(code: str, number: str = "void/1", **more: Any) -> busifavor.DeactivateCoupon:
    return busifavor.DeactivateCoupon(coupon_code=code, stock_id="100089", deactivate_request_no=number, **more)


def _link(code: str, order: str = "order-1", number: str = "link|1") -> busifavor.AssociateOrder:
    return busifavor.AssociateOrder(stock_id="100089", coupon_code=code, out_trade_no=order, out_request_no=number)


def _unlink(code: str, order: str = "order-1", number: str = "unlink|1") -> busifavor.DisassociateOrder:
    return busifavor.DisassociateOrder(stock_id="100089", coupon_code=code, out_trade_no=order, out_request_no=number)


async def _shown(client: Client[Any], code: str) -> busifavor.UserCoupon:
    coupon: busifavor.UserCoupon = await client.call(
        busifavor.GetUserCoupon(openid=OPENID, coupon_code=code, appid=APPID)
    )
    return coupon


async def _refusal(client: Client[Any], request: Any) -> tuple[int, str]:
    with pytest.raises(ApiError) as refused:
        await client.call(request)
    return refused.value.status, refused.value.code


INVALID, NOT_FOUND, PARAMETER = (400, "INVALID_REQUEST"), (404, "RESOURCE_NOT_EXISTS"), (400, "PARAM_ERROR")


async def test_a_coupon_is_redeemed_and_given_back(shop: Client[Merchant]) -> None:
    """SENDED, USED, and SENDED again, each shown with its number and time; the redemption's are gone with it."""
    code = await _sent(shop)
    fresh = await _shown(shop, code)
    used = await shop.call(_use(code, openid=OPENID))
    redeemed = await _shown(shop, code)
    returned = await shop.call(_return(code))
    back = await _shown(shop, code)
    again = await shop.call(_use(code, "use/2"))

    assert ("SENDED", "send|1", START) == (fresh.coupon_state, fresh.send_request_no, fresh.receive_time)
    assert ("100089", OPENID, START) == (used.stock_id, used.openid, used.wechatpay_use_time)
    assert ("USED", "use/1", START) == (redeemed.coupon_state, redeemed.use_request_no, redeemed.use_time)
    assert ("SENDED", "return/1", returned.wechatpay_return_time) == (
        back.coupon_state,
        back.return_request_no,
        back.return_time,
    )
    assert (None, None) == (back.use_request_no, back.use_time)
    assert "100089" == again.stock_id


async def test_a_coupon_is_deactivated_for_good(shop: Client[Merchant]) -> None:
    """DEACTIVATED says why, and nothing more can be done with it."""
    code = await _sent(shop)
    await shop.call(_deactivate(code, deactivate_reason="sent by mistake"))
    gone = await _shown(shop, code)

    assert ("DEACTIVATED", "void/1", "sent by mistake", START) == (
        gone.coupon_state,
        gone.deactivate_request_no,
        gone.deactivate_reason,
        gone.deactivate_time,
    )
    for request in (_use(code), _return(code), _deactivate(code, "void/2"), _link(code)):
        assert INVALID == await _refusal(shop, request), request


async def test_each_state_takes_its_own_calls(shop: Client[Merchant], clock: Now) -> None:
    """What is not redeemed is not given back; what is redeemed or expired is not redeemed, voided or linked."""
    code = await _sent(shop)
    assert INVALID == await _refusal(shop, _return(code))
    await shop.call(_use(code))
    for request in (_use(code, "use/2"), _deactivate(code), _link(code)):
        assert INVALID == await _refusal(shop, request), request
    clock[0] += 366 * 86400
    assert "USED" == (await _shown(shop, code)).coupon_state
    await shop.call(_return(code))
    assert "EXPIRED" == (await _shown(shop, code)).coupon_state
    for request in (_use(code, "use/2"), _deactivate(code), _link(code)):
        assert INVALID == await _refusal(shop, request), request


async def test_repeated_requests_do_nothing_twice(shop: Client[Merchant]) -> None:
    """Every number answers the same to the same data, and refuses other data."""
    code, other = await _sent(shop), await _sent(shop, "send|2")
    pairs: list[tuple[Any, Any]] = [
        (_link(code), _link(other)),
        (_unlink(code), _unlink(other)),
        (_use(code), _use(other)),
        (_return(code), _return(other)),
        (_deactivate(code), _deactivate(other)),
    ]
    for request, another in pairs:
        assert await shop.call(request) == await shop.call(request)
        assert INVALID == await _refusal(shop, another)


async def test_an_order_is_linked_and_unlinked(shop: Client[Merchant]) -> None:
    """One order at a time; only the one that is linked can be unlinked, also after the redemption."""
    code = await _sent(shop)
    assert INVALID == await _refusal(shop, _unlink(code))
    linked = await shop.call(_link(code))
    assert "order-1" == (await _shown(shop, code)).associate_out_trade_no
    assert INVALID == await _refusal(shop, _link(code, "order-2", "link|2"))
    assert linked == await shop.call(_link(code, "order-1", "link|3"))
    assert INVALID == await _refusal(shop, _unlink(code, "order-2"))
    await shop.call(_use(code))
    assert START == (await shop.call(_unlink(code))).wechatpay_disassociate_time
    assert None is (await _shown(shop, code)).associate_out_trade_no


async def test_who_may_redeem_what(later: Sandbox, shop: Client[Merchant]) -> None:
    """The user has to be right, the stock named unless WeChat Pay made the code, and its stock the caller's."""
    code = await _sent(shop)
    await _sent(shop, stock_id="100088", coupon_code="code_1")
    other = later.world.add_merchant_stock("200001", owner_mchid="1900000999")
    later.world.add_merchant_stock("200002", coupon_code_mode="MERCHANT_API")
    await _sent(shop, stock_id="200002", coupon_code=code)

    assert PARAMETER == await _refusal(shop, _use(code, openid="o-2"))
    assert PARAMETER == await _refusal(shop, _use("code_1", stock_id=None))
    assert NOT_FOUND == await _refusal(shop, _use("code_1"))
    assert NOT_FOUND == await _refusal(shop, _use("code_2", stock_id=None))
    assert NOT_FOUND == await _refusal(shop, _use(code, stock_id="9"))
    assert (403, "NO_AUTH") == await _refusal(shop, _use(code, stock_id=other.stock_id))
    assert "100089" == (await shop.call(_use(code, stock_id=None))).stock_id
    assert "100088" == (await shop.call(_use("code_1", "use/2", stock_id="100088"))).stock_id


async def test_a_user_is_another_one_under_another_appid(shop: Client[Merchant]) -> None:
    """Redeemed under another appid, the answer names the user by the openid of that appid."""
    code = await _sent(shop)
    used = await shop.call(_use(code, appid="wx83d0a6f25e719bc4"))

    assert used.openid not in {None, OPENID}


@pytest.mark.parametrize(
    ("period", "seconds", "state"),
    [
        ({"available_day_after_receive": 2, "wait_days_after_receive": 1}, 0, (403, "NOT_ENOUGH")),
        ({"available_day_after_receive": 2, "wait_days_after_receive": 1}, 86400, None),
        ({"available_day_after_receive": 2, "wait_days_after_receive": 1}, 3 * 86400, INVALID),
        ({"available_second_after_receive": 60}, 59, None),
        ({"available_second_after_receive": 60}, 61, INVALID),
        ({"available_week": {"week_day": [6, 0]}}, 0, (403, "NOT_ENOUGH")),
        ({"available_week": {"week_day": [6, 0]}}, 86400, None),
    ],
    ids=["waiting", "waited", "too late", "in the last second", "after it", "a Friday", "a Saturday"],
)
async def test_a_coupon_has_its_time(
    later: Sandbox,
    shop: Client[Merchant],
    clock: Now,
    period: dict[str, Any],
    seconds: int,
    state: tuple[int, str] | None,
) -> None:
    """It is redeemed while it is valid, on the days its stock names, and shows from when to when that is."""
    stock = later.world.merchant_stocks["100089"]
    stock.members["coupon_use_rule"]["coupon_available_time"].update(period)
    code = await _sent(shop)
    shown = await _shown(shop, code)
    assert shown.available_start_time is not None
    assert shown.expire_time is not None
    assert shown.available_start_time < shown.expire_time
    clock[0] += seconds

    if state is None:
        assert "100089" == (await shop.call(_use(code))).stock_id
    else:
        assert state == await _refusal(shop, _use(code))


async def test_caps_and_ends_of_stocks_hold(later: Sandbox, shop: Client[Merchant], clock: Now) -> None:
    """A daily cap holds for the day; a stock that has ended sends nothing."""
    stock = later.world.merchant_stocks["100089"]
    stock.members["stock_send_rule"]["max_coupons_by_day"] = 1
    await _sent(shop)
    capped = busifavor.SendCoupon(openid="o-2", appid=APPID, stock_id="100089", out_request_no="send|2")
    assert (403, "NOT_ENOUGH") == await _refusal(shop, capped)
    clock[0] += 86400
    await shop.call(capped)
    clock[0] += 366 * 86400
    assert INVALID == await _refusal(shop, changed(capped, out_request_no="send|3"))


async def test_product_information_decides_how_a_coupon_is_sent(later: Sandbox, shop: Client[Merchant]) -> None:
    """A stock with product information sends members' coupons too; one without is refused there."""
    later.world.add_merchant_stock("200001", product_information=False)
    send = busifavor.SendProductCoupon(
        openid=OPENID,
        appid=APPID,
        stock_id="100088",
        out_request_no="send|1",
        coupon_code="code_1",
        coupon_type=busifavor.CouponType.MEMBER,
        member_card_id="pKd83nQz",
    )
    plain = changed(send, stock_id="200001", coupon_code=None)

    assert "code_1" == (await shop.call(send)).result.coupon_code
    assert await shop.call(send) == await shop.call(send)
    assert INVALID == await _refusal(shop, plain)
    assert "100088" == (await _shown(shop, "code_1")).stock_id


async def test_a_users_coupons_are_listed_by_page(
    sandbox: Sandbox, merchant: Client[Merchant], partner: Client[Partner]
) -> None:
    """Filters are the stock, the state, and the three roles; pages are numbered, and ``pages`` goes through all."""
    codes = [await _sent(merchant, f"send|{number}") for number in range(3)]
    await _sent(partner, stock_id="100088", coupon_code="code_1")
    await _sent(partner, "send|9", openid="o-2")
    await merchant.call(_use(codes[1]))
    every = busifavor.ListUserCoupons(openid=OPENID, appid=APPID, creator_merchant="1900000109")

    async def listed(**more: Any) -> list[str | None]:
        return [coupon.coupon_code async for coupon in merchant.pages(changed(every, **more))]

    page = await merchant.call(changed(every, offset=1, limit=3))
    assert (1, 4, 1, 3) == (len(page.data or []), page.total_count, page.offset, page.limit)
    assert [*codes, "code_1"] == await listed() == await listed(limit=2) == await listed(limit=1)
    assert ["code_1"] == await listed(stock_id="100088")
    assert [codes[1]] == await listed(coupon_state=busifavor.CouponState.USED)
    assert codes == await listed(sender_merchant="1900000001", creator_merchant=None)
    assert [*codes, "code_1"] == await listed(belong_merchant=(await _shown(merchant, codes[0])).belong_merchant)
    assert [] == await listed(belong_merchant="1900000999")
    assert [] == await listed(openid="o-3")
    assert [] == await listed(appid="wx83d0a6f25e719bc4")
    sandbox.world.merchant_stocks["100088"].creator = sandbox.merchant.subject
    assert codes == await listed()
    assert [*codes, "code_1"] == await listed(creator_merchant=sandbox.merchant.mchid)


async def test_a_list_leaves_the_description_out(sandbox: Sandbox, merchant: Client[Merchant]) -> None:
    """A coupon by itself shows its description, a list does not."""
    look: dict[str, Any] = {"description": "One an order.", "merchant_name": "Teahouse"}
    sandbox.world.merchant_stocks["100089"].members["display_pattern_info"] = look
    code = await _sent(merchant)
    request = busifavor.ListUserCoupons(openid=OPENID, appid=APPID, sender_merchant="1900000001")
    (listed,) = [coupon async for coupon in merchant.pages(request)]
    shown = await _shown(merchant, code)

    assert shown.display_pattern_info == busifavor.DisplayPatternInfo(**look)
    assert listed.display_pattern_info == busifavor.DisplayPatternInfo(merchant_name="Teahouse")


async def test_only_a_users_own_coupons_are_shown(sandbox: Sandbox, merchant: Client[Merchant]) -> None:
    """Another user, another appid, a code of nobody's and another merchant's stock are not found."""
    code = await _sent(merchant)
    request = busifavor.GetUserCoupon(openid=OPENID, coupon_code=code, appid=APPID)
    for change in ({"openid": "o-2"}, {"appid": "wx83d0a6f25e719bc4"}, {"coupon_code": "code_1"}):
        assert NOT_FOUND == await _refusal(merchant, changed(request, **change))
    sandbox.world.merchant_stocks["100089"].owner_mchid = "1900000999"
    assert NOT_FOUND == await _refusal(merchant, request)


async def test_a_claimed_coupon_is_one_like_any_other(sandbox: Sandbox, merchant: Client[Merchant]) -> None:
    """A coupon of a pre-send is shown with the number of its sending, and redeemed."""
    presend = busifavor.PreSendProductCoupon(stock_id="100089", appid=APPID, openid=OPENID, send_request_no="presend_1")
    code = (await sandbox.claim((await merchant.call(presend)).token))["coupon_code"]

    assert "presend_1" == (await _shown(merchant, code)).send_request_no
    assert "100089" == (await merchant.call(_use(code))).stock_id
