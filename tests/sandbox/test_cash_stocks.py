"""Stocks of cash coupons on the sandbox: their states, and what lists show of them."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from wxcoupon import ApiError, Client, Merchant, Pacer, Partner
from wxcoupon import cash_coupon as cc
from wxcoupon.convert import to_wire
from wxcoupon.sandbox import Keys, Sandbox
from wxcoupon.sandbox.cash_records import room

from .cash import NOON, creation, running


@pytest.fixture
def clock() -> list[float]:
    """The time of the sandbox and of its client."""
    return [NOON.timestamp()]


@pytest.fixture
async def merchant(keys: Keys, unpaced: Pacer, clock: list[float]) -> AsyncIterator[Client[Merchant]]:
    """A merchant of a sandbox that reviews for a minute, both at the time of the clock."""

    def now() -> float:
        return clock[0]

    async with (
        Sandbox(rate_limits="off", keys=keys, clock=now, review_seconds=60) as sandbox,
        Client(sandbox.merchant, sandbox.platform_keys, base_url=sandbox.base_url, pacer=unpaced, clock=now) as client,
    ):
        yield client


async def _state(client: Client[Any], stock_id: str) -> str:
    stock = await client.call(cc.GetStock(stock_id=stock_id, stock_creator_mchid=client.identity.subject[1]))
    return str(stock.status)


async def _change(client: Client[Any], cls: Any, stock_id: str) -> Any:
    return await client.call(cls(stock_id=stock_id, stock_creator_mchid=client.identity.subject[1]))


async def _refused(client: Client[Any], cls: Any, stock_id: str) -> tuple[int, str]:
    with pytest.raises(ApiError) as caught:
        await _change(client, cls, stock_id)
    return caught.value.status, caught.value.code


async def test_the_life_of_a_stock(merchant: Client[Merchant], clock: list[float]) -> None:
    """A stock is reviewed, started, paused, restarted, and ends with its time."""
    stock_id = (await merchant.call(creation(merchant))).stock_id
    assert "audit" == await _state(merchant, stock_id)
    assert (400, "INVALID_REQUEST") == await _refused(merchant, cc.StartStock, stock_id)

    clock[0] += 60
    assert "unactivated" == await _state(merchant, stock_id)
    for early in (cc.PauseStock, cc.RestartStock):
        assert (400, "PARAM_ERROR") == await _refused(merchant, early, stock_id)
    started = await _change(merchant, cc.StartStock, stock_id)
    clock[0] += 60
    assert started == await _change(merchant, cc.StartStock, stock_id)
    assert "running" == await _state(merchant, stock_id)
    for cls in (cc.RestartStock, cc.StopStock):
        assert (400, "PARAM_ERROR") == await _refused(merchant, cls, stock_id)

    paused = await _change(merchant, cc.PauseStock, stock_id)
    clock[0] += 60
    assert paused == await _change(merchant, cc.PauseStock, stock_id)
    assert "paused" == await _state(merchant, stock_id)
    assert (400, "PARAM_ERROR") == await _refused(merchant, cc.StartStock, stock_id)
    restarted = await _change(merchant, cc.RestartStock, stock_id)
    clock[0] += 60
    assert restarted == await _change(merchant, cc.RestartStock, stock_id)
    assert "running" == await _state(merchant, stock_id)

    clock[0] += timedelta(days=3).total_seconds()
    ended = await merchant.call(cc.GetStock(stock_id=stock_id, stock_creator_mchid=merchant.identity.mchid))
    assert ("stoped", NOON + timedelta(days=3), started.start_time) == (ended.status, ended.stop_time, ended.start_time)
    assert (400, "PARAM_ERROR") == await _refused(merchant, cc.PauseStock, stock_id)


async def test_a_stock_that_never_ran(merchant: Client[Merchant], clock: list[float]) -> None:
    """A stock that was not started can be stopped, and cannot be started after its time."""
    stopped = (await merchant.call(creation(merchant, "one"))).stock_id
    late = (await merchant.call(creation(merchant, "two"))).stock_id
    await _change(merchant, cc.StopStock, stopped)

    assert "stoped" == await _state(merchant, stopped)
    assert (400, "PARAM_ERROR") == await _refused(merchant, cc.StartStock, stopped)
    clock[0] += timedelta(days=4).total_seconds()
    assert (400, "INVALID_REQUEST") == await _refused(merchant, cc.StartStock, late)


async def test_what_a_creation_refuses(merchant: Client[Merchant], clock: list[float]) -> None:
    """Another owner is refused, and so are times that have begun or are more than a year away."""
    request = creation(merchant)
    for seconds in (61, -366 * 86_400):
        clock[0] = NOON.timestamp() + seconds
        with pytest.raises(ApiError, match="available_begin_time"):
            await merchant.call(request)
    clock[0] = NOON.timestamp()
    with pytest.raises(ApiError, match="belong_merchant"):
        await merchant["v3/marketing/favor/coupon-stocks"].post(
            json=to_wire(request) | {"belong_merchant": "1900000002"}
        )


async def test_a_creation_is_one_under_its_number(merchant: Client[Merchant]) -> None:
    """The same number and data make one stock."""
    assert await merchant.call(creation(merchant)) == await merchant.call(creation(merchant))


async def test_stocks_are_listed_page_by_page(merchant: Client[Merchant], clock: list[float]) -> None:
    """All pages come, and filters by time and state hold."""
    made = []
    for index in range(3):
        made.append((await merchant.call(creation(merchant, f"stock-{index}"))).stock_id)
        clock[0] += 10
    clock[0] += 60
    await _change(merchant, cc.StartStock, made[1])
    every = cc.ListStocks(offset=0, limit=2, stock_creator_mchid=merchant.identity.mchid)

    assert made == [stock.stock_id async for stock in merchant.pages(every)]
    for members, expected in (
        ({"status": cc.CashStockStatus.RUNNING}, made[1:2]),
        ({"create_start_time": NOON + timedelta(seconds=10)}, made[1:]),
        ({"create_end_time": NOON + timedelta(seconds=10)}, made[:2]),
        ({"stock_creator_mchid": "1900000002"}, []),
    ):
        given: dict[str, Any] = {"offset": 0, "limit": 10, "stock_creator_mchid": merchant.identity.mchid, **members}
        page = await merchant.call(cc.ListStocks(**given))
        assert (expected, len(expected)) == ([stock.stock_id for stock in page.data or []], page.total_count)


async def test_places_and_goods(merchant: Client[Merchant]) -> None:
    """Merchants and goods are listed page by page; goods come and go, and one stays."""
    stock_id = (await merchant.call(creation(merchant))).stock_id
    about: dict[str, Any] = {"stock_id": stock_id, "stock_creator_mchid": merchant.identity.mchid}
    places = cc.ListStockMerchants(**about, offset=0, limit=1)
    goods = cc.ListStockItems(**about, offset=0, limit=2)

    assert [merchant.identity.mchid, "1900000002"] == [place async for place in merchant.pages(places)]
    assert ["oolong", "puer", "white"] == [item async for item in merchant.pages(goods)]

    changed = await merchant.call(
        cc.ModifyStockItems(**about, add_goods_id_list=["black", "puer"], delete_goods_id_list=["white"])
    )
    assert (stock_id, NOON) == (changed.stock_id, changed.effective)
    assert ["oolong", "puer", "black"] == [item async for item in merchant.pages(goods)]
    with pytest.raises(ApiError, match="one of its goods"):
        await merchant.call(cc.ModifyStockItems(**about, delete_goods_id_list=["oolong", "puer", "black"]))


async def test_a_stock_is_its_creators(keys: Keys, unpaced: Pacer) -> None:
    """Another caller, and one that names another creator, finds no stock; a sender sees it and does not change it."""

    def now() -> float:
        return NOON.timestamp()

    async with (
        Sandbox(rate_limits="off", keys=keys, clock=now) as shared,
        Client(shared.merchant, shared.platform_keys, base_url=shared.base_url, pacer=unpaced, clock=now) as creator,
        Client(shared.partner, shared.platform_keys, base_url=shared.base_url, pacer=unpaced, clock=now) as other,
    ):
        stock_id = await running(creator)
        get = cc.GetStock(stock_id=stock_id, stock_creator_mchid=creator.identity.mchid)
        pause = cc.PauseStock(stock_id=stock_id, stock_creator_mchid=creator.identity.mchid)

        assert (404, "RESOURCE_NOT_EXISTS") == await _said(other, get)
        assert (404, "RESOURCE_NOT_EXISTS") == await _said(other, pause)
        assert (404, "RESOURCE_NOT_EXISTS") == await _refused(other, cc.GetStock, stock_id)
        _authorise(shared, stock_id, other)
        assert stock_id == (await other.call(get)).stock_id
        assert (403, "REQUEST_BLOCKED") == await _said(other, pause)


def _authorise(sandbox: Sandbox, stock_id: str, client: Client[Partner]) -> None:
    room(sandbox.world).stocks[stock_id].senders.add(client.identity.mchid)


async def _said(client: Client[Any], request: Any) -> tuple[int, str]:
    with pytest.raises(ApiError) as caught:
        await client.call(request)
    return caught.value.status, caught.value.code


async def test_callbacks_and_images(partner: Client[Partner]) -> None:
    """An address is kept for its merchant alone, and an image is named by its hash."""
    mchid, url = partner.identity.mchid, "https://tea.example/cash"
    assert (404, "RESOURCE_NOT_EXISTS") == await _said(partner, cc.GetCallback(mchid=mchid))
    assert (400, "MCH_NOT_EXISTS") == await _said(partner, cc.SetCallback(mchid="1", notify_url=url))

    assert url == (await partner.call(cc.SetCallback(mchid=mchid, notify_url=url, switch=True))).notify_url
    assert (url, mchid) == (
        (found := await partner.call(cc.GetCallback(mchid=mchid))).notify_url,
        found.mchid,
    )
    image = cc.UploadImage.of("tea.png", b"\x89PNG\r\n\x1a\ntea")
    assert image.meta.sha256 in (await partner.call(image)).media_url
