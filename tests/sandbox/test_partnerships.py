"""Partnerships: whom a stock is shared with, and how an object is asked for in a query."""

import asyncio
import re

import pytest

from wxcoupon import ApiError, Client, Merchant, Pacer, Partner, busifavor, crypto, wire
from wxcoupon.endpoint import registry
from wxcoupon.sandbox import Sandbox

from .shapes import changed

APPID = "wx5b9e27c1d48a063f"
WITH = busifavor.PartnershipPartner(type=busifavor.PartnerType.MERCHANT, merchant_id="1900000125")
ABOUT = busifavor.AuthorizedData(business_type=busifavor.PartnershipBusinessType.BUSIFAVOR_STOCK, stock_id="100089")
BUILD = busifavor.BuildPartnership(idempotency_key="build|1", partner=WITH, authorized_data=ABOUT)
END = busifavor.TerminatePartnership(idempotency_key="end|1", partner=WITH, authorized_data=ABOUT)
LIST = busifavor.ListPartnerships(authorized_data=ABOUT)


def _refused(error: pytest.ExceptionInfo[ApiError]) -> tuple[int, str]:
    return error.value.status, error.value.code


async def test_a_partnership_is_made_shown_and_ended(merchant: Client[Merchant]) -> None:
    """It holds from the first call to the last, and is listed afterwards too."""
    built = await merchant.call(BUILD)
    (listed,) = [held async for held in merchant.pages(changed(LIST, partner=WITH))]
    ended = await merchant.call(END)
    (after,) = [held async for held in merchant.pages(LIST)]

    assert (WITH, ABOUT, "ESTABLISHED") == (built.partner, built.authorized_data, built.state)
    assert (WITH, ABOUT, built.build_time, None) == (
        listed.partner,
        listed.authorized_data,
        listed.build_time,
        listed.terminate_time,
    )
    assert ended.terminate_time == after.terminate_time == after.update_time


async def test_the_key_in_the_header_makes_repeating_safe(merchant: Client[Merchant]) -> None:
    """The same key and data get the same answer, other data are refused, and another key shows what holds."""
    other = changed(WITH, merchant_id="1900000126")

    assert await merchant.call(BUILD) == await merchant.call(BUILD)
    with pytest.raises(ApiError, match="other data"):
        await merchant.call(changed(BUILD, partner=other))
    await merchant.call(changed(BUILD, idempotency_key="build|2"))
    assert 1 == len([held async for held in merchant.pages(LIST)])


async def test_one_that_ended_can_hold_again(merchant: Client[Merchant]) -> None:
    """Ended, it cannot be ended again; built under another key it holds anew."""
    with pytest.raises(ApiError) as never:
        await merchant.call(END)
    await merchant.call(BUILD)
    await merchant.call(changed(END, idempotency_key="end|2"))
    with pytest.raises(ApiError) as again:
        await merchant.call(changed(END, idempotency_key="end|3"))
    anew = await merchant.call(changed(BUILD, idempotency_key="build|2"))

    assert [(404, "RESOURCE_NOT_EXISTS")] * 2 == [_refused(never), _refused(again)]
    assert "ESTABLISHED" == anew.state
    assert [None] == [held.terminate_time async for held in merchant.pages(LIST)]


async def test_lists_are_of_one_caller_and_one_thing(merchant: Client[Merchant], partner: Client[Partner]) -> None:
    """Others' partnerships, other partners and other stocks are not listed; to find none is an error."""
    await merchant.call(BUILD)
    appid = busifavor.PartnershipPartner(type="APPID", appid=APPID)
    cash = busifavor.AuthorizedData(business_type="FAVOR_STOCK", stock_id="98065001")
    await merchant.call(changed(BUILD, idempotency_key="build|2", partner=appid))
    await merchant.call(changed(BUILD, idempotency_key="build|3", authorized_data=cash))

    assert [WITH, appid] == [held.partner async for held in merchant.pages(LIST)]
    assert [WITH] == [held.partner async for held in merchant.pages(changed(LIST, partner=WITH))]
    assert [cash] == [held.authorized_data async for held in merchant.pages(changed(LIST, authorized_data=cash))]
    for client, request in (
        (partner, LIST),
        (merchant, changed(LIST, partner=appid, authorized_data=cash)),
        (merchant, changed(LIST, authorized_data=changed(ABOUT, stock_id="1"))),
    ):
        with pytest.raises(ApiError) as none:
            await client.call(request)
        assert (400, "INVALID_REQUEST") == _refused(none)


async def test_pages_are_numbered(merchant: Client[Merchant]) -> None:
    """An offset is a page's number; how many there are is said on page 0 and on an empty page only."""
    for number in range(5):
        shared = changed(WITH, merchant_id=f"190000020{number}")
        await merchant.call(changed(BUILD, idempotency_key=f"build|{number}", partner=shared))
    pages = [await merchant.call(changed(LIST, offset=offset, limit=2)) for offset in range(4)]

    assert [(2, 5), (2, None), (1, None), (0, 5)] == [(len(page.data or []), page.total_count) for page in pages]
    assert [(2, offset) for offset in range(4)] == [(page.limit, page.offset) for page in pages]
    assert 5 == len([held async for held in merchant.pages(changed(LIST, limit=2))])
    assert (20, 0) == ((await merchant.call(LIST)).limit, (await merchant.call(LIST)).offset)


async def test_only_stocks_of_ones_own_are_shared(sandbox: Sandbox, merchant: Client[Merchant]) -> None:
    """A stock that is not there, or another merchant's, cannot be shared."""
    sandbox.world.add_merchant_stock("200001", owner_mchid="1900000999")
    for stock_id, refusal in (("9", (404, "RESOURCE_NOT_EXISTS")), ("200001", (403, "NO_AUTH"))):
        with pytest.raises(ApiError) as refused:
            await merchant.call(changed(BUILD, authorized_data=changed(ABOUT, stock_id=stock_id)))
        assert refusal == _refused(refused)


async def test_a_partner_may_send_what_is_shared(
    sandbox: Sandbox, merchant: Client[Merchant], partner: Client[Partner]
) -> None:
    """Another merchant's stock can be sent from while a partnership with the sender, or with its appid, holds."""
    sandbox.world.add_merchant_stock("200001", owner_mchid=sandbox.merchant.mchid)
    about = changed(ABOUT, stock_id="200001")
    shares = [
        busifavor.PartnershipPartner(type="MERCHANT", merchant_id=sandbox.partner.mchid),
        busifavor.PartnershipPartner(type="APPID", appid=APPID),
    ]
    for number, share in enumerate(shares):
        send = busifavor.SendCoupon(openid="o-1", appid=APPID, stock_id="200001", out_request_no=f"send|{number}")
        with pytest.raises(ApiError) as before:
            await partner.call(send)
        await merchant.call(changed(BUILD, idempotency_key=f"build|{number}", partner=share, authorized_data=about))
        await partner.call(send)
        await merchant.call(changed(END, idempotency_key=f"end|{number}", partner=share, authorized_data=about))
        with pytest.raises(ApiError) as after:
            await partner.call(changed(send, out_request_no=f"late|{number}"))
        assert [(403, "NO_AUTH")] * 2 == [_refused(before), _refused(after)]


async def test_an_object_in_a_query_arrives_as_it_was_signed(sandbox: Sandbox) -> None:
    """Objects go as compact JSON, percent-encoded, and the signature is over exactly what arrives."""
    arrived: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    pacer = Pacer(dict.fromkeys(registry()))
    request = changed(LIST, partner=busifavor.PartnershipPartner(type="APPID", appid="wx茶+1"), offset=0, limit=50)
    async with server, Client(sandbox.merchant, sandbox.platform_keys, base_url=base_url, pacer=pacer) as client:
        with pytest.raises(ApiError):
            await client.call(request)

    (head,) = arrived
    target = head.split(" ")[1]
    assert target == (
        "/v3/marketing/partnerships"
        "?authorized_data=%7B%22business_type%22%3A%22BUSIFAVOR_STOCK%22%2C%22stock_id%22%3A%22100089%22%7D"
        "&partner=%7B%22type%22%3A%22APPID%22%2C%22appid%22%3A%22wx%E8%8C%B6%2B1%22%7D"
        "&offset=0&limit=50"
    )
    said = dict(re.findall(r'(\w+)="([^"]*)"', head))
    message = wire.request_message("GET", target, said["timestamp"], said["nonce_str"], b"")
    assert crypto.verifies(sandbox.merchant.private_key.public_key(), message, said["signature"])


async def test_what_is_in_the_query_is_read_and_checked(merchant: Client[Merchant]) -> None:
    """The sandbox reads the objects of a query, and refuses a faulty one as any member."""
    await merchant.call(BUILD)
    path = "/v3/marketing/partnerships"
    fine = {"business_type": "BUSIFAVOR_STOCK", "stock_id": "100089"}
    answer = await merchant.request("GET", path, params={"authorized_data": fine})
    assert 1 == answer["total_count"]
    for faulty in ({"business_type": "BUSIFAVOR_STOCK"}, "no object", {**fine, "more": 1}):
        with pytest.raises(ApiError) as refused:
            await merchant.request("GET", path, params={"authorized_data": faulty})
        assert (400, "PARAM_ERROR") == _refused(refused)


async def test_the_key_is_a_header(sandbox: Sandbox, merchant: Client[Merchant]) -> None:
    """Without the header, or with the key in the body instead, a partnership is refused."""
    body = {
        "partner": {"type": "APPID", "appid": APPID},
        "authorized_data": {"business_type": "FAVOR_STOCK", "stock_id": "1"},
    }
    for members in (body, body | {"idempotency_key": "build|1"}):
        with pytest.raises(ApiError) as refused:
            await merchant.request("POST", "/v3/marketing/partnerships/build", json=members)
        assert (400, "PARAM_ERROR") == _refused(refused)
    sent = wire.encode(BUILD, sandbox.merchant)
    assert {"Idempotency-Key": "build|1"} == dict(sent.headers)
    assert b"build|1" not in sent.body
