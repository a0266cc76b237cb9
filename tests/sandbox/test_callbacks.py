"""Callbacks of the sandbox, received over HTTP."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from aiohttp import web

from wxcoupon import Brand, Client, Pacer, Partner
from wxcoupon import product_coupon as pc
from wxcoupon.keys import KeyRing
from wxcoupon.notify.receive import receive
from wxcoupon.sandbox import Keys, Sandbox

from .shapes import APPID, product_coupon


class Receiver:
    """An HTTP server that takes callbacks, and answers them as it is told."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.came: asyncio.Queue[tuple[Mapping[str, str], bytes]] = asyncio.Queue()
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        """Take one callback."""
        await self.came.put((dict(request.headers), await request.read()))
        return web.Response(status=self.answers.pop(0) if self.answers else 204)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A running receiver."""
    taking = Receiver()
    app = web.Application()
    app.router.add_post("/notify", taking.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    taking.url = f"http://127.0.0.1:{runner.addresses[0][1]}/notify"
    yield taking
    await runner.cleanup()


@pytest.fixture
async def calling(keys: Keys, receiver: Receiver) -> AsyncIterator[Sandbox]:
    """A sandbox that sends its callbacks to the receiver, and repeats them at once."""
    async with Sandbox(
        rate_limits="off", keys=keys, notify_url=receiver.url, callback_schedule=(0.0, 0.0, 0.0)
    ) as running:
        yield running


async def _claim(sandbox: Sandbox, client: Client[Any], number: str = "send_1") -> dict[str, Any]:
    made: pc.CreatedProductCoupon = await client.call(product_coupon(mode="WECHATPAY"))
    assert made.stock is not None
    token = await client.call(
        pc.PreSendCoupon(
            openid="o-1",
            product_coupon_id=made.product_coupon_id,
            stock_id=made.stock.stock_id,
            appid=APPID,
            send_request_no=number,
        )
    )
    return await sandbox.claim(token.token)


@pytest.mark.parametrize(
    ("kind", "event", "sealed_as"),
    [
        ("partner", "PRODUCT_COUPON_SP.SEND", '"associated_data":"product_coupon_sp"'),
        ("brand", "PRODUCT_COUPON.SEND", '"associated_data":"product_coupon"'),
    ],
)
async def test_a_claim_is_told(
    calling: Sandbox, receiver: Receiver, unpaced: Pacer, kind: str, event: str, sealed_as: str
) -> None:
    """A claimed coupon is told of once, signed and sealed, with what the claim gave."""
    identity = calling.partner if kind == "partner" else calling.brand
    async with Client(identity, calling.platform_keys, base_url=calling.base_url, pacer=unpaced) as client:
        got = await _claim(calling, client)
        headers, body = await receiver.came.get()

    told = receive(headers, body, keys=KeyRing(calling.platform_keys), apiv3_key=calling.apiv3_key, now=time.time())
    assert (event, got) == (told.event_type, told.resource)
    assert ("brand_id" in got) == (kind == "partner")
    assert {"RECEIVE_COMPONENT", "send_1"} <= set(got.values())
    assert sealed_as in body.decode()
    await calling.settled()
    assert {"delivered": 1, "pending": 0, "given_up": 0} == calling.state()["callbacks"]
    assert receiver.came.empty()


async def test_an_unacknowledged_callback_comes_again(calling: Sandbox, receiver: Receiver, unpaced: Pacer) -> None:
    """A callback answered with an error comes again, the same body freshly signed, until 200 or 204."""
    receiver.answers = [500, 401, 200]
    async with Client(calling.partner, calling.platform_keys, base_url=calling.base_url, pacer=unpaced) as client:
        await _claim(calling, client)
        came = [await receiver.came.get() for _ in range(3)]

    assert 1 == len({body for _, body in came})
    assert 3 == len({headers["Wechatpay-Signature"] for headers, _ in came})
    await calling.settled()
    assert {"delivered": 1, "pending": 0, "given_up": 0} == calling.state()["callbacks"]


async def test_a_callback_is_given_up_after_its_schedule(calling: Sandbox, receiver: Receiver, unpaced: Pacer) -> None:
    """After the last repetition of its schedule nothing comes any more."""
    receiver.answers = [500] * 10
    async with Client(calling.partner, calling.platform_keys, base_url=calling.base_url, pacer=unpaced) as client:
        await _claim(calling, client)
        await calling.settled()

    assert 4 == receiver.came.qsize()
    assert {"delivered": 0, "pending": 0, "given_up": 1} == calling.state()["callbacks"]


async def test_waiting_callbacks_end_with_the_sandbox(keys: Keys, unpaced: Pacer) -> None:
    """A sandbox that stops leaves no task behind, even while it waits to repeat a callback nobody takes."""
    before = asyncio.all_tasks()
    async with Sandbox(rate_limits="off", keys=keys, notify_url="http://127.0.0.1:9/") as sandbox:
        async with Client(sandbox.partner, sandbox.platform_keys, base_url=sandbox.base_url, pacer=unpaced) as client:
            await _claim(sandbox, client)
        assert 1 == sandbox.state()["callbacks"]["pending"]
    await asyncio.sleep(0)

    assert before == asyncio.all_tasks()


async def test_an_address_can_be_set(sandbox: Sandbox, partner: Client[Partner], brand: Client[Brand]) -> None:
    """A caller's address is its own, a new one takes the place of the old, and before the first there is none."""
    for url in ("https://example.com/1", "https://example.com/2"):
        made = await partner.call(pc.SetNotifyConfig(notify_url=url))
        assert made == await partner.call(pc.GetNotifyConfig())
        assert url == made.notify_url

    assert sandbox.world.notify_url(sandbox.brand.subject) is None
    with pytest.raises(Exception, match="NOT_FOUND"):
        await brand.call(pc.GetNotifyConfig())
