"""Confirming over HTTP: each coupon once, whatever is in the way."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.fault_proxy import Fault, FaultProxy
from tests.sandbox.holding import new_bundle
from tests.sandbox.shapes import APPID
from wxcoupon import Brand, Client, ConfigurationError, InvalidRequest, Pacer, Partner
from wxcoupon import product_coupon as pc
from wxcoupon.bulk import LedgerError, MemoryLedger, SqliteLedger
from wxcoupon.confirming import Confirmation, Confirmer, Stages
from wxcoupon.errors import ClientStateError
from wxcoupon.notify import Notification, Router, Tenant
from wxcoupon.sandbox import Sandbox
from wxcoupon.sandbox.holdings import UserCoupon

from .conftest import Start
from .coupons import ONCE, Shop, counted, number_of, told, until


async def test_a_coupon_is_confirmed_once(sandbox: Sandbox, shop: Shop, start: Start) -> None:
    """An event that comes again is one confirmation, with the very pair it was told with."""
    confirmer: Confirmer = await start()
    coupon = await shop.send()
    for _ in range(3):
        await confirmer.confirm_later(told(sandbox, coupon))
    await confirmer.settled()
    await confirmer.confirm_later(told(sandbox, coupon))

    assert "EFFECTIVE" == shop.state(coupon)
    assert {"noted": 1, "known": 3, "confirmed": 1} == counted(confirmer)
    assert Stages(ended=1) == await confirmer.stages()
    assert 1 == sandbox.state()["requests"]["product_coupon.confirm_coupon"]
    (arrival,) = [one for one in sandbox.arrivals if one.name == "product_coupon.confirm_coupon"]
    assert {"appid": APPID, "openid": "o-user-1"}.items() <= dict(arrival.members).items()


def broken(sandbox: Sandbox, how: str) -> None:
    """Let the next call go wrong."""
    trouble: dict[str, Callable[[], None]] = {
        "500": lambda: sandbox.fail_next(500),
        "500 after effect": lambda: sandbox.fail_next(500, after_effect=True),
        "429": lambda: sandbox.fail_next(429, "RATELIMIT_EXCEEDED"),
        "no answer": sandbox.drop_next,
        "no answer after effect": lambda: sandbox.drop_next(after_effect=True),
        "untrusted": lambda: sandbox.answer_next("bad"),
        "401": lambda: sandbox.fail_next(401, "SIGN_ERROR"),
        "403": lambda: sandbox.fail_next(403, "NO_AUTH"),
        "locked": lambda: sandbox.fail_next(400, "INVALID_REQUEST", numeric="272756746"),
    }
    trouble[how]()


@pytest.mark.parametrize(
    "how",
    [
        "500",
        "500 after effect",
        "429",
        "no answer",
        "no answer after effect",
        "untrusted",
        "401",
        "403",
        "locked",
    ],
)
async def test_trouble_is_outlived(sandbox: Sandbox, shop: Shop, start: Start, how: str) -> None:
    """What says nothing of the coupon is followed by the same call, however often it may be refused."""
    confirmer: Confirmer = await start(refusals=1)
    coupon = await shop.send()
    broken(sandbox, how)
    await confirmer.confirm_later(told(sandbox, coupon))
    await confirmer.settled()

    assert "EFFECTIVE" == shop.state(coupon)
    assert {"noted": 1, "postponed": 1, "confirmed": 1} == counted(confirmer)


async def test_a_pause_that_is_asked_for_is_kept(sandbox: Sandbox, shop: Shop, start: Start) -> None:
    """Where WeChat Pay says how long to wait, the coupon waits as long."""
    now = [1000.0]
    confirmer: Confirmer = await start(clock=lambda: now[0])
    coupon = await shop.send()
    sandbox.fail_next(500, retry_after=40)
    await confirmer.confirm_later(told(sandbox, coupon))
    await until(lambda: confirmer.counts.postponed)

    ledger = confirmer._confirmations
    assert 1040.0 == (await ledger.take(["mchid=" + sandbox.partner.mchid], 1039.0, 9999.0, 9)).next_at


def spoil(coupon: UserCoupon, how: str) -> None:
    """Let something become of a coupon before it is confirmed."""
    coupon.confirmed = {"confirm_request_no": "by_hand_1", "confirm_time": "2026-01-01T00:00:00+08:00"}
    if how == "USED":
        coupon.used = {"use_request_no": "use_1"}
    elif how == "DEACTIVATED":
        coupon.deactivated = {"deactivate_request_no": "void_1", "deactivate_reason": "lost"}
    elif how == "DELETED":
        coupon.deleted = True
    elif how == "EXPIRED":
        coupon.ends = coupon.begins = 1.0
    elif how == "PENDING":
        coupon.begins += 86400 * 365


@pytest.mark.parametrize("how", ["EFFECTIVE", "PENDING", "USED", "DEACTIVATED", "DELETED", "EXPIRED"])
async def test_what_is_past_it_is_found(sandbox: Sandbox, shop: Shop, start: Start, how: str) -> None:
    """A coupon that was confirmed by other means, or is over, is found to be so, and left alone."""
    confirmer: Confirmer = await start(refusals=1)
    coupon = await shop.send()
    spoil(coupon, how)
    await confirmer.confirm_later(told(sandbox, coupon))
    await confirmer.settled()

    assert how == shop.state(coupon)
    assert {"noted": 1, "found": 1} == counted(confirmer)


async def test_a_coupon_that_is_refused_is_given_up(sandbox: Sandbox, shop: Shop, start: Start) -> None:
    """What is refused so often is given up with its reason, is told of, and can be begun anew."""
    given_up: list[Confirmation] = []

    async def tell(one: Confirmation) -> None:
        await asyncio.sleep(0)
        given_up.append(one)

    confirmer: Confirmer = await start(refusals=3, on_given_up=tell)
    coupon = await shop.send()
    hidden = sandbox.world.coupons.pop((sandbox.brand.brand_id, coupon.coupon_code))
    await confirmer.confirm_later(told(sandbox, coupon))
    await confirmer.settled()

    assert {"noted": 1, "postponed": 2, "given_up": 1} == counted(confirmer)
    await until(lambda: given_up)
    assert given_up == await confirmer.given_up()
    assert [(coupon.coupon_code, "o-user-1", 3)] == [(one.coupon_code, one.openid, one.refusals) for one in given_up]
    assert "HTTP 404 NOT_FOUND" in given_up[0].reason
    assert "o-user-1" not in repr(given_up) + given_up[0].reason
    assert Stages(given_up=1) == await confirmer.stages()

    sandbox.world.coupons[sandbox.brand.brand_id, coupon.coupon_code] = hidden
    assert 1 == await confirmer.try_again()
    await confirmer.settled()
    assert "EFFECTIVE" == shop.state(coupon)
    assert [] == await confirmer.given_up()


async def test_a_wrong_parameter_is_given_up_at_once(sandbox: Sandbox, shop: Shop, start: Start) -> None:
    """PARAM_ERROR is given up when the coupon is CONFIRMING still; an event that tells of it again begins anew."""
    confirmer: Confirmer = await start()
    coupon = await shop.send()
    sandbox.fail_next(400, "PARAM_ERROR")
    await confirmer.confirm_later(told(sandbox, coupon))
    await confirmer.settled()
    assert {"noted": 1, "given_up": 1} == counted(confirmer)

    await confirmer.confirm_later(told(sandbox, coupon))
    await confirmer.settled()
    assert "EFFECTIVE" == shop.state(coupon)


async def test_a_hook_that_fails_stops_nothing(sandbox: Sandbox, shop: Shop, start: Start) -> None:
    """on_given_up may raise; the next coupon is confirmed."""

    def fail(_: Confirmation) -> None:
        raise ValueError

    confirmer: Confirmer = await start(on_given_up=fail)
    first, second = await shop.send(1), await shop.send(2)
    sandbox.fail_next(400, "PARAM_ERROR")
    await confirmer.confirm_later(told(sandbox, first))
    await confirmer.settled()
    await confirmer.confirm_later(told(sandbox, second))
    await confirmer.settled()

    assert ("CONFIRMING", "EFFECTIVE") == (shop.state(first), shop.state(second))


async def test_what_nobody_can_confirm_is_refused(sandbox: Sandbox, shop: Shop, start: Start, brand: Any) -> None:
    """An event without its user, of another brand, or for a tenant without a client is not acknowledged."""
    confirmer: Confirmer = await start()
    coupon = await shop.send()
    with pytest.raises(InvalidRequest, match=r"\$\.openid"):
        await confirmer.confirm_later(told(sandbox, coupon, openid=None))
    other: Confirmer = await start({"shop": brand})
    with pytest.raises(ConfigurationError, match="coupon of brand 999"):
        await other.confirm_later(told(sandbox, coupon, "shop", brand_id="999"))
    with pytest.raises(ConfigurationError, match="no client for the tenant ''"):
        await other.confirm_later(told(sandbox, coupon))
    with pytest.raises(ConfigurationError, match="brand_id"):
        await confirmer.confirm_later(told(sandbox, coupon, brand_id="b-1"))
    assert Stages() == await confirmer.stages()


async def test_a_restart_goes_on(sandbox: Sandbox, shop: Shop, unpaced: Pacer, tmp_path: Path) -> None:
    """Calls under way at the end are cancelled; the next confirmer makes them at once, under the same numbers."""
    coupons = [await shop.send(number) for number in range(3)]
    async with FaultProxy(sandbox.base_url) as proxy:
        proxy.then(Fault.HANG, Fault.HANG)
        async with Client(
            sandbox.partner, sandbox.platform_keys, base_url=proxy.base_url, pacer=unpaced, retry=ONCE
        ) as client:
            async with Confirmer(client, tmp_path / "ledger", concurrency=2, lease=3600.0) as confirmer:
                for coupon in coupons:
                    await confirmer.confirm_later(told(sandbox, coupon))
                await until(lambda: len(proxy.seen) == 2)
                await confirmer.close(0.0)
            with pytest.raises(ClientStateError, match="does not run"):
                await confirmer.confirm_later(told(sandbox, coupons[0]))
            async with Confirmer(client, tmp_path / "ledger") as confirmer:
                await confirmer.settled()
                assert {"confirmed": 3} == counted(confirmer)
        numbers = {(one.target, one.body) for one in proxy.seen}

    assert ["EFFECTIVE"] * 3 == [shop.state(coupon) for coupon in coupons]
    assert (3, 5) == (len(numbers), len(proxy.seen))


async def test_two_share_a_ledger(sandbox: Sandbox, shop: Shop, start: Start, tmp_path: Path) -> None:
    """Two confirmers on one file divide the work, and each coupon is confirmed once."""
    one: Confirmer = await start(concurrency=2)
    async with SqliteLedger(tmp_path / "ledger") as ledger:
        other: Confirmer = await start(ledger=ledger, concurrency=2)
        coupons = [await shop.send(number) for number in range(40)]
        await asyncio.gather(
            *((one, other)[place % 2].confirm_later(told(sandbox, c)) for place, c in enumerate(coupons))
        )
        await asyncio.gather(one.settled(), other.settled())

        assert 40 == one.counts.confirmed + other.counts.confirmed
        assert 40 == sandbox.state()["requests"]["product_coupon.confirm_coupon"]
        assert {"EFFECTIVE": 40} == sandbox.state()["coupons"]
        await other.close()


async def test_each_tenant_confirms_its_own(
    sandbox: Sandbox, shop: Shop, start: Start, once: Client[Partner], brand_once: Client[Brand]
) -> None:
    """A coupon is confirmed by the client of its tenant, a partner's for the brand that the event names."""
    other = once.for_brand("120345")
    own, theirs = await Shop.open(sandbox, brand_once), await Shop.open(sandbox, other, "create_2")
    confirmer: Confirmer = await start({"partner": once, "brand": brand_once})
    mine = await shop.send()
    direct = await own.send()
    (elsewhere,) = [await theirs.client.call(_sending(theirs))]
    foreign = sandbox.world.coupons["120345", elsewhere.coupon_code]
    for coupon, tenant in ((mine, "partner"), (direct, "brand"), (foreign, "partner")):
        await confirmer.confirm_later(told(sandbox, coupon, tenant))
    await confirmer.settled()

    assert ["EFFECTIVE"] * 3 == [shop.state(coupon) for coupon in (mine, direct, foreign)]
    assert {"noted": 3, "confirmed": 3} == counted(confirmer)
    assert 3 == len({number_of(coupon) for coupon in (mine, direct, foreign)})


def _sending(shop: Shop) -> pc.SendCoupon:
    stock = shop.stock
    return pc.SendCoupon(
        openid="o-9",
        product_coupon_id=stock.product_coupon_id,
        stock_id=stock.stock_id,
        appid=APPID,
        send_request_no="send_9",
    )


async def test_every_round_is_confirmed(sandbox: Sandbox, once: Client[Partner], start: Start) -> None:
    """Each round of a bundle is told by itself, and confirmed by itself."""
    product_coupon_id, bundle = await new_bundle(once, mode="WECHATPAY")
    confirmer: Confirmer = await start()
    sent = await once.call(
        pc.SendCouponBundle(
            openid="o-1",
            product_coupon_id=product_coupon_id,
            stock_bundle_id=bundle.stock_bundle_id,
            appid=APPID,
            send_request_no="send_1",
        )
    )
    code = sent.user_product_coupon_list[0].coupon_code
    seen: list[UserCoupon] = []
    for place in range(3):
        coupon = sandbox.world.coupons[sandbox.brand.brand_id, code]
        seen.append(coupon)
        await confirmer.confirm_later(told(sandbox, coupon))
        await confirmer.settled()
        assert "EFFECTIVE" == coupon.state(sandbox.world.now)
        assert coupon.bundle is not None
        coupon.bundle.next_use = 0.0
        await once.call(
            pc.UseCoupon(
                openid="o-1",
                coupon_code=code,
                product_coupon_id=product_coupon_id,
                stock_id=coupon.stock.stock_id,
                appid=APPID,
                use_time=datetime.now(UTC),
                out_request_no=f"use_00{place}",
                associated_order_info=pc.UserProductCouponAssociatedOrderInfo(transaction_id="4200000000"),
            )
        )
        code = coupon.bundle.coupons[-1].coupon_code

    assert {"noted": 3, "confirmed": 3} == counted(confirmer)
    assert 3 == len({number_of(coupon) for coupon in seen})


async def test_it_is_attached_behind_what_records(sandbox: Sandbox, once: Client[Partner], start: Start) -> None:
    """Without a handler that records, or without a client for each tenant, it is not attached."""
    confirmer: Confirmer = await start({"shop": once})
    router = Router(Tenant(sandbox.apiv3_key, client=once))
    with pytest.raises(ConfigurationError, match="recorded before it is confirmed"):
        confirmer.attach(router)

    @router.on(pc.CouponSent)
    async def record(_: Notification[pc.CouponSent]) -> None: ...

    with pytest.raises(ConfigurationError, match="no client for the tenant ''"):
        confirmer.attach(router)
    (await start()).attach(router)


async def test_the_ledger_is_left_as_it_came(once: Client[Partner], tmp_path: Path) -> None:
    """A ledger that was given stays open; a path that is no ledger is told at the beginning."""
    async with MemoryLedger() as ledger:
        async with Confirmer(once, ledger) as confirmer:
            with pytest.raises(ClientStateError, match="entered once"):
                await confirmer.__aenter__()
        assert [] == await ledger.jobs()
    (tmp_path / "text").write_text("this is no ledger, " * 100)
    with pytest.raises(LedgerError, match="is no ledger"):
        async with Confirmer(once, tmp_path / "text"):
            pass


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"pause": 0.0}, "pause is a number of seconds above 0"),
        ({"lease": float("inf")}, "lease is a number"),
        ({"concurrency": 0}, "concurrency is a number from 1"),
        ({"refusals": 0}, "refusals is a number from 1"),
        ({"refused_for": -1.0}, "refused_for is a number of seconds from 0"),
    ],
    ids=["pause", "lease", "concurrency", "refusals", "refused_for"],
)
def test_arguments_are_looked_at(partner: Client[Partner], options: dict[str, Any], match: str) -> None:
    """What cannot be used is refused, by its name."""
    with pytest.raises(ConfigurationError, match=match):
        Confirmer(partner, "ledger", **options)


def test_merchants_have_none(merchant: Any) -> None:
    """Product coupons are confirmed by partners and brands alone."""
    with pytest.raises(ConfigurationError, match="not by a merchant"):
        Confirmer(merchant, "ledger")
    with pytest.raises(ConfigurationError, match="a client at least"):
        Confirmer({}, "ledger")
