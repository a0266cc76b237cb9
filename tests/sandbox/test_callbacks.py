"""Callbacks of the sandbox, received over HTTP."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from aiohttp import web

from wxcoupon import Brand, Client, Merchant, Pacer, Partner, busifavor
from wxcoupon import cash_coupon as cc
from wxcoupon import delivery_plan as dp
from wxcoupon import product_coupon as pc
from wxcoupon.errors import ConfigurationError, ProbeSignature
from wxcoupon.keys import KeyRing
from wxcoupon.notify.receive import Notification, receive
from wxcoupon.sandbox import Keys, Refusal, Sandbox
from wxcoupon.sandbox.callbacks import Odds
from wxcoupon.sandbox.cash_records import CashRoom
from wxcoupon.sandbox.certificates import Mode
from wxcoupon.sandbox.delivery_plans import Change, Plans
from wxcoupon.sandbox.envelopes import KINDS

from .cash import NOON, running, sending
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


def test_the_documented_schedules() -> None:
    """Every kind has its own: how often it is tried in all, and for how long."""
    assert {
        "PRODUCT_COUPON_SP.SEND": (11, 32739),
        "PRODUCT_COUPON.SEND": (11, 32739),
        "PRODUCT_COUPON_SP.IMAGE_GENERATION": (11, 600),
        "COUPON.SEND": (11, 600),
        "COUPON.USE": (9, 480),
        "DELIVERY_PLAN.CHANGE": (50, 3 + 600 + 37 * 300),
    } == {name: (1 + len(kind.schedule), sum(kind.schedule)) for name, kind in KINDS.items()}


def _opened(sandbox: Sandbox, came: tuple[Mapping[str, str], bytes]) -> Notification[Any]:
    return receive(*came, keys=KeyRing(sandbox.platform_keys), apiv3_key=sandbox.apiv3_key, now=sandbox.world.now)


async def test_a_kind_keeps_its_schedule(keys: Keys, receiver: Receiver, unpaced: Pacer) -> None:
    """Without another schedule a changed plan is told again a second later, as documented for plans."""
    receiver.answers = [500]
    async with (
        Sandbox(rate_limits="off", keys=keys) as sandbox,
        Client(sandbox.partner, sandbox.platform_keys, base_url=sandbox.base_url, pacer=unpaced) as client,
    ):
        plan = await _plan(client, sandbox, receiver)
        began = time.monotonic()
        await client.call(dp.TerminateDeliveryPlan(plan_id=plan))
        told = [_opened(sandbox, await receiver.came.get()) for _ in range(2)]
        taken = time.monotonic() - began
        await sandbox.settled()

    assert (True, 1) == (taken >= 0.99, len({notification.id for notification in told}))
    assert ("DELIVERY_PLAN.CHANGE", plan, "TERMINATED", "PASSED") == (
        told[1].event_type,
        told[1].event.plan_id,
        told[1].event.plan_state,
        told[1].event.audit_state,
    )


async def _plan(client: Client[Partner], sandbox: Sandbox, receiver: Receiver) -> str:
    made = await client.call(product_coupon(mode="WECHATPAY", max_count=20000, max_count_per_day=500))
    assert made.stock is not None
    mchid = sandbox.partner.mchid
    await client.call(dp.SetDeliveryPlanCallback(sp_mchid=mchid, notify_url="https://example.com/plans"))
    sandbox.world.room(Plans).notify_urls[sandbox.partner.subject] = receiver.url  # plain http, on this machine
    plan = await client.call(
        dp.CreateDeliveryPlan(
            out_request_no="plan_1",
            product_coupon_id=made.product_coupon_id,
            stock_id=made.stock.stock_id,
            usage_mode=dp.PlanUsageMode.SINGLE,
            reuse_coupon_config=True,
        )
    )
    return plan.plan.plan_id


async def test_what_becomes_of_a_plan_is_told(calling: Sandbox, receiver: Receiver, unpaced: Pacer) -> None:
    """A plan is paused, resumed, rejected and terminated by WeChat Pay, and each is told with its reason."""
    async with Client(calling.partner, calling.platform_keys, base_url=calling.base_url, pacer=unpaced) as client:
        plan = await _plan(client, calling, receiver)
        told: list[dp.PlanChanged] = []
        changes: tuple[Change, ...] = ("pause", "resume", "reject", "terminate")
        for change in changes:
            calling.change_plan(plan, change, f"because of {change}")
            told.append(_opened(calling, await receiver.came.get()).event)

    assert [
        ("PAUSED", "PASSED", "because of pause"),
        ("DELIVERING", "PASSED", "because of resume"),
        ("CREATED", "REJECTED", "because of reject"),
        ("TERMINATED", "REJECTED", "because of terminate"),
    ] == [(str(event.plan_state), str(event.audit_state), event.change_reason) for event in told]
    with pytest.raises(Refusal, match="plan_id"):
        calling.change_plan("1", "pause")


@pytest.mark.parametrize("way", ["API", "MINIAPP"])
async def test_a_merchant_coupon_is_told(calling: Sandbox, receiver: Receiver, unpaced: Pacer, way: str) -> None:
    """A sent or claimed merchant coupon is told once, to who sent one of a stock that is everybody's."""
    user: dict[str, Any] = {"openid": "o-1", "appid": APPID, "stock_id": "100089"}
    async with Client(calling.merchant, calling.platform_keys, base_url=calling.base_url, pacer=unpaced) as client:
        if way == "MINIAPP":
            token = await client.call(busifavor.PreSendProductCoupon(send_request_no="send_1", **user))
            code = (await calling.claim(token.token))["coupon_code"]
            await calling.claim(token.token)
        else:
            request = busifavor.SendCoupon(out_request_no="send_1", **user)
            code = (await client.call(request)).result.coupon_code
            await client.call(request)
    told = _opened(calling, await receiver.came.get())
    await calling.settled()

    assert busifavor.CouponSent is type(told.event)
    assert (code, "100089", "", f"BUSICOUPON_SEND_CHANNEL_{way}", calling.merchant.mchid) == (
        told.event.coupon_code,
        told.event.stock_id,
        told.event.openid,
        str(told.event.send_channel),
        told.event.send_merchant,
    )
    assert receiver.came.empty()


@pytest.fixture
async def at_noon(keys: Keys, unpaced: Pacer) -> AsyncIterator[tuple[Sandbox, Client[Merchant]]]:
    """A sandbox and its merchant, at the time of the stocks of cash coupons; callbacks go nowhere yet."""
    async with (
        Sandbox(rate_limits="off", keys=keys, callback_schedule=(), clock=NOON.timestamp) as sandbox,
        Client(
            sandbox.merchant,
            sandbox.platform_keys,
            base_url=sandbox.base_url,
            pacer=unpaced,
            clock=NOON.timestamp,
        ) as client,
    ):
        yield sandbox, client


async def test_a_paid_cash_coupon_is_told(at_noon: tuple[Sandbox, Client[Merchant]], receiver: Receiver) -> None:
    """What was paid with a cash coupon is told the merchant that created its stock, with the payment."""
    sandbox, client = at_noon
    sandbox.notify_url = receiver.url
    stock_id = await running(client)
    coupon_id = (await client.call(sending(client, stock_id))).coupon_id
    payment = sandbox.pay(coupon_id)
    told = _opened(sandbox, await receiver.came.get())

    assert cc.CouponUsed is type(told.event)
    assert told.event.consume_information is not None
    assert (coupon_id, stock_id, "USED", payment, {}) == (
        told.event.coupon_id,
        told.event.stock_id,
        told.event.status,
        told.event.consume_information.transaction_id,
        told.event.extra,
    )


async def test_each_family_has_its_address(at_noon: tuple[Sandbox, Client[Merchant]], receiver: Receiver) -> None:
    """An address set by the call of a family is for that family alone."""
    sandbox, client = at_noon
    sandbox.world.room(CashRoom).callbacks[sandbox.merchant.mchid] = receiver.url
    await client.call(busifavor.SendCoupon(out_request_no="send_1", openid="o-1", appid=APPID, stock_id="100089"))
    stock_id = await running(client)
    sandbox.pay((await client.call(sending(client, stock_id))).coupon_id)
    await sandbox.settled()

    assert {"delivered": 1, "pending": 0, "given_up": 0} == sandbox.state()["callbacks"]
    assert "COUPON.USE" == _opened(sandbox, receiver.came.get_nowait()).event_type


@pytest.mark.parametrize("answer", [401, 204])
async def test_a_probe_comes_again_signed_properly(keys: Keys, receiver: Receiver, unpaced: Pacer, answer: int) -> None:
    """A probed callback comes first with a wrong signature, and then, whatever that was answered, with a right one."""
    receiver.answers = [answer]
    async with Sandbox(
        rate_limits="off", keys=keys, notify_url=receiver.url, callback_schedule=(0.0,), probe_callbacks=1
    ) as sandbox:
        async with Client(sandbox.partner, sandbox.platform_keys, base_url=sandbox.base_url, pacer=unpaced) as client:
            await _claim(sandbox, client)
        await sandbox.settled()
        probe, proper = receiver.came.get_nowait(), receiver.came.get_nowait()

        with pytest.raises(ProbeSignature):
            _opened(sandbox, probe)
        assert "PRODUCT_COUPON_SP.SEND" == _opened(sandbox, proper).event_type
        assert probe[1] == proper[1]
        assert {"delivered": 1, "pending": 0, "given_up": 0} == sandbox.state()["callbacks"]


async def test_duplicates_come_at_their_rate(keys: Keys, receiver: Receiver, unpaced: Pacer) -> None:
    """Every callback comes twice where that was asked for, the same notification freshly signed, and counts once."""
    async with Sandbox(
        rate_limits="off", keys=keys, notify_url=receiver.url, callback_schedule=(), duplicate_callbacks=1
    ) as sandbox:
        async with Client(sandbox.partner, sandbox.platform_keys, base_url=sandbox.base_url, pacer=unpaced) as client:
            await _claim(sandbox, client)
        await sandbox.settled()
        first, second = receiver.came.get_nowait(), receiver.came.get_nowait()

        assert first[1] == second[1]
        assert first[0]["Wechatpay-Signature"] != second[0]["Wechatpay-Signature"]
        assert {"delivered": 1, "pending": 0, "given_up": 0} == sandbox.state()["callbacks"]


def test_chance_is_repeatable() -> None:
    """The same seed probes and doubles the same callbacks, about as many as were asked for."""
    drawn, again = ([Odds(0.1, 0.3, 7)] for _ in range(2))
    first, second = ([odds[0].draw() for _ in range(1000)] for odds in (drawn, again))

    assert first == second
    assert (True, True) == (50 < sum(probe for probe, _ in first) < 150, 230 < sum(twice for _, twice in first) < 370)
    with pytest.raises(ConfigurationError, match=r"probe_callbacks is .* from 0 for none to 1 for all, not 1.1"):
        Sandbox(probe_callbacks=1.1)
    with pytest.raises(ConfigurationError, match=r"duplicate_callbacks is .* not -0.1"):
        Sandbox(duplicate_callbacks=-0.1)


@pytest.mark.parametrize("mode", ["both", "public-key", "certificate"])
async def test_who_signs(keys: Keys, receiver: Receiver, unpaced: Pacer, mode: Mode) -> None:
    """The mode says which kind of key signs callbacks; the address may be set once the service listens."""
    async with Sandbox(rate_limits="off", keys=keys, mode=mode) as sandbox:
        assert sandbox.notify_url is None
        sandbox.notify_url = receiver.url
        async with Client(sandbox.merchant, sandbox.platform_keys, base_url=sandbox.base_url, pacer=unpaced) as client:
            await client.call(
                busifavor.SendCoupon(out_request_no="send_1", openid="o-1", appid=APPID, stock_id="100089")
            )
        headers, _ = await receiver.came.get()

    assert (mode != "certificate") == (headers["Wechatpay-Serial"] == keys.platform_id)
