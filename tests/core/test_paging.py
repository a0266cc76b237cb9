"""Going through a listing: by token, by page, by row."""

from contextlib import aclosing
from typing import Any

import pytest

from tests.sandbox_thread import running
from wxcoupon import ApiError, Client, Merchant, Pacer, Partner, blocking, busifavor, store
from wxcoupon import product_coupon as pc
from wxcoupon.errors import InvalidRequest, UnreadableAnswer
from wxcoupon.sandbox import Keys, Sandbox

BY_TOKEN = pc.ListStocks(product_coupon_id="1000000013", page_size=2)
BY_PAGE = busifavor.ListUserCoupons(openid="o-1", appid="wx1", creator_merchant="1900000001", limit=2)
BY_ROW = store.ListBrandStores(limit=2)


def _stocks(*ids: str, **rest: Any) -> dict[str, Any]:
    return {"stock_list": [{"stock_id": stock_id} for stock_id in ids], **rest}


def _rows(*ids: str, **rest: Any) -> dict[str, Any]:
    return {"data": [{"stock_id": stock_id, "store_id": stock_id} for stock_id in ids], **rest}


def _asked(sandbox: Sandbox, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(arrival.members.get(name) for name in names) for arrival in sandbox.arrivals]


async def test_by_token(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """Each page is asked for with the token of the one before; the page without a token is the last."""
    sandbox.reply_next(
        _stocks("a", "b", next_page_token="t2", total_count=3), _stocks("c", next_page_token="t3"), _stocks()
    )

    found = [stock.stock_id async for stock in partner.pages(BY_TOKEN)]

    assert found == ["a", "b", "c"]
    assert _asked(sandbox, "page_size", "page_token") == [(2, None), (2, "t2"), (2, "t3")]


async def test_by_page(sandbox: Sandbox, merchant: Client[Merchant]) -> None:
    """The offset counts pages, and the total says which is the last."""
    sandbox.reply_next(_rows("a", "b", total_count=3, offset=0, limit=2), _rows("c", total_count=3, offset=1, limit=2))

    found = [coupon.stock_id async for coupon in merchant.pages(BY_PAGE)]

    assert found == ["a", "b", "c"]
    assert _asked(sandbox, "limit", "offset") == [(2, None), (2, 1)]


async def test_by_page_from_the_middle(sandbox: Sandbox, merchant: Client[Merchant]) -> None:
    """A listing that begins at a later page counts the pages before it, by the size the answer tells."""
    request = busifavor.ListUserCoupons(openid="o-1", appid="wx1", creator_merchant="1900000001", offset=2)
    sandbox.reply_next(_rows("e", "f", total_count=6, limit=2), _rows("no"))

    assert [coupon.stock_id async for coupon in merchant.pages(request)] == ["e", "f"]
    assert len(sandbox.arrivals) == 1


async def test_a_total_that_comes_once(sandbox: Sandbox, merchant: Client[Merchant]) -> None:
    """Some listings say only on the first page how many there are; nothing is asked for beyond them."""
    sandbox.reply_next(_rows("a", "b", total_count=3, limit=2), _rows("c", limit=2))

    assert [coupon.stock_id async for coupon in merchant.pages(BY_PAGE)] == ["a", "b", "c"]
    assert len(sandbox.arrivals) == 2


async def test_by_row(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """The offset counts rows: it grows by what came, however much was asked for."""
    sandbox.reply_next(_rows("a", "b", total_count=4), _rows("c", total_count=4), _rows("d", total_count=4))

    found = [shop.store_id async for shop in partner.pages(BY_ROW)]

    assert found == ["a", "b", "c", "d"]
    assert _asked(sandbox, "limit", "offset") == [(2, None), (2, 2), (2, 3)]


@pytest.mark.parametrize("last", [{"data": []}, {}], ids=["an empty list", "no list"])
async def test_without_a_total(last: dict[str, Any], sandbox: Sandbox, partner: Client[Partner]) -> None:
    """Where no total comes, a page with nothing on it is the last."""
    sandbox.reply_next(_rows("a", "b"), last)

    assert [shop.store_id async for shop in partner.pages(BY_ROW)] == ["a", "b"]
    assert len(sandbox.arrivals) == 2


async def test_a_page_is_asked_for_when_it_is_needed(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """Who stops on the first page asks for one page."""
    sandbox.reply_next(_stocks("a", "b", next_page_token="t2"))

    async with aclosing(partner.pages(BY_TOKEN)) as stocks:
        assert (await anext(stocks)).stock_id == "a"
        assert (await anext(stocks)).stock_id == "b"

    assert len(sandbox.arrivals) == 1


async def test_a_token_that_leads_nowhere(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """An answer that names its own page again is an error, not an endless listing."""
    sandbox.reply_next(_stocks("a", next_page_token="t2"), _stocks("b", next_page_token="t2"))

    pages = partner.pages(BY_TOKEN)

    assert [(await anext(pages)).stock_id, (await anext(pages)).stock_id] == ["a", "b"]
    with pytest.raises(UnreadableAnswer, match="next_page_token is that of a page that came before") as caught:
        await anext(pages)
    assert "GET /product-coupon/product-coupons/{product_coupon_id}/stocks" in str(caught.value)


async def test_something_else_than_a_list(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """What is no list is not gone through."""
    sandbox.reply_next({"stock_list": {"stock_id": "a"}})

    with pytest.raises(UnreadableAnswer, match="stock_list is no list"):
        await anext(partner.pages(BY_TOKEN))


async def test_an_error_on_a_later_page(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """What came is had, and then the error of the page that did not come."""
    pages = partner.pages(BY_TOKEN)
    sandbox.reply_next(_stocks("a", next_page_token="t2"))

    assert (await anext(pages)).stock_id == "a"
    sandbox.fail_next(403, "NO_AUTH")
    with pytest.raises(ApiError, match="NO_AUTH"):
        await anext(pages)


def test_pages_without_a_loop(keys: Keys, unpaced: Pacer) -> None:
    """The blocking facade goes through the same pages."""
    with running(Sandbox(rate_limits="off", keys=keys)) as sandbox:
        client = Client(sandbox.partner, sandbox.platform_keys, base_url=sandbox.base_url, pacer=unpaced)
        sandbox.reply_next(_stocks("a", next_page_token="t2"), _stocks("b"))
        with blocking(client) as api:
            assert [stock.stock_id for stock in api.pages(BY_TOKEN)] == ["a", "b"]


async def test_tokens_in_a_circle(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """Pages that lead back to one before the last are no endless listing either."""
    sandbox.reply_next(*(_stocks("a", next_page_token=token) for token in ("t2", "t3", "t2")))

    found: list[Any] = []
    with pytest.raises(UnreadableAnswer, match="of a page that came before"):
        found.extend([stock async for stock in partner.pages(BY_TOKEN)])
    assert len(sandbox.arrivals) == 3


async def test_tokens_that_lead_to_the_beginning(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """The page that was asked for first counts too."""
    sandbox.reply_next(_stocks("a", next_page_token="t2"), _stocks("b", next_page_token="t1"))

    request = pc.ListStocks(product_coupon_id="1000000013", page_token="t1")
    with pytest.raises(UnreadableAnswer, match="of a page that came before"):
        _ = [stock async for stock in partner.pages(request)]


async def test_what_is_no_listing(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """Another request is refused before it is sent: it might do something."""
    request: Any = pc.GetProductCoupon(product_coupon_id="1000000013")

    with pytest.raises(InvalidRequest, match="has to be a listing"):
        await anext(partner.pages(request))
    assert len(sandbox.arrivals) == 0


async def test_pages_that_are_smaller_than_asked_for(sandbox: Sandbox, merchant: Client[Merchant]) -> None:
    """Where the answer says a smaller size than the request, the total is reached later."""
    sandbox.reply_next(
        _rows("a", total_count=3, limit=1), _rows("b", total_count=3, limit=1), _rows("c", total_count=3, limit=1)
    )

    assert [coupon.stock_id async for coupon in merchant.pages(BY_PAGE)] == ["a", "b", "c"]


@pytest.mark.parametrize("size", [0, -1])
async def test_pages_with_nothing_on_them(size: int, sandbox: Sandbox, merchant: Client[Merchant]) -> None:
    """A page size of none would look like the end at once, so it is refused before anything is sent."""
    empty = busifavor.ListUserCoupons(openid="o-1", appid="wx1", creator_merchant="1900000001", limit=size)

    with pytest.raises(InvalidRequest, match=r"\$\.limit: has to be at least 1"):
        await anext(merchant.pages(empty))

    assert len(sandbox.arrivals) == 0
