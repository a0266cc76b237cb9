"""What no trouble may hold up for ever: brands, callers, clocks and refusals that are not what they should be."""

from typing import Any

import attrs
import pytest

from wxcoupon import Brand, Client, ConfigurationError, Pacer, Partner
from wxcoupon.bulk import MemoryLedger
from wxcoupon.confirming import Confirmer, Stages
from wxcoupon.confirming.naming import confirmation_of
from wxcoupon.sandbox import Sandbox

from .conftest import Start
from .coupons import Shop, counted, number_of, told, until


async def test_a_brand_that_is_none_stops_nothing(
    sandbox: Sandbox, shop: Shop, start: Start, once: Client[Partner]
) -> None:
    """Coupons in a ledger whose brand nobody can act for are given up, and the others are confirmed."""
    async with MemoryLedger() as ledger:
        confirmer: Confirmer = await start(ledger=ledger, concurrency=2)
        coupon = await shop.send()
        right = confirmation_of(once.identity, told(sandbox, coupon).event)
        for number in range(3):
            await ledger.confirmations.note(attrs.evolve(right, key=f"key-{number}", brand_id=f"b-{number}"), 0.0)
        await confirmer.confirm_later(told(sandbox, coupon))
        await confirmer.settled()

        assert Stages(ended=1, given_up=3) == await confirmer.stages()
        assert {True} == {"brand_id" in one.reason for one in await confirmer.given_up()}
        await confirmer.close()


async def test_another_caller_takes_over(
    sandbox: Sandbox, shop: Shop, start: Start, brand_once: Client[Brand], caplog: pytest.LogCaptureFixture
) -> None:
    """What waits for a client that is gone is told of, and is the next one's when it is seen CONFIRMING."""
    before: Confirmer = await start({"": brand_once}, pause=3600.0, longest=3600.0)
    coupon = await shop.send()
    sandbox.fail_next(500)
    event = told(sandbox, coupon)
    await before.confirm_later(event)
    await until(lambda: before.counts.postponed)
    await before.close()
    after: Confirmer = await start()
    caller = f"brand_id={sandbox.brand.brand_id}"

    assert [f"1 coupons in the ledger wait for a confirmer of {caller}, which this one is not"] == [
        record.getMessage().partition(";")[0] for record in caplog.records if "wait for" in record.getMessage()
    ]
    assert ({caller: 1}, Stages()) == (await after.unserved(), await after.stages())
    assert not await after.confirm_again(event)
    await after.settled()
    assert ({}, Stages(ended=1)) == (await after.unserved(), await after.stages())
    assert "EFFECTIVE" == shop.state(coupon)


async def test_a_clock_that_was_ahead(sandbox: Sandbox, shop: Shop, start: Start) -> None:
    """A pause that was written by a clock ten years ahead does not last ten years."""
    now = [4e9]
    confirmer: Confirmer = await start(clock=lambda: now[0], pause=600.0, longest=600.0)
    coupon = await shop.send()
    sandbox.fail_next(500)
    await confirmer.confirm_later(told(sandbox, coupon))
    await until(lambda: confirmer.counts.postponed)
    await confirmer.close()
    now[0] = 3e9
    other: Confirmer = await start(clock=lambda: now[0])
    await other.settled()

    assert "EFFECTIVE" == shop.state(coupon)


async def test_a_coupon_has_one_number(sandbox: Sandbox, shop: Shop, start: Start) -> None:
    """A coupon that was confirmed while somebody found it under another appid is not confirmed under another number."""
    now = [1000.0]
    confirmer: Confirmer = await start(clock=lambda: now[0])
    coupon = await shop.send()
    await confirmer.confirm_later(told(sandbox, coupon))
    await confirmer.settled()
    number = number_of(coupon)
    late = told(sandbox, coupon, appid="wx9999999999999999", openid="o-other")
    assert not await confirmer.confirm_again(late, seen=999.0)
    now[0] = 1001.0
    assert await confirmer.confirm_again(told(sandbox, coupon), seen=1001.0)
    await confirmer.settled()

    assert number == number_of(coupon)
    assert 1 == sandbox.state()["requests"]["product_coupon.confirm_coupon"]
    assert {"noted": 2, "known": 1, "confirmed": 1, "found": 1} == counted(confirmer)


async def test_a_refusal_may_pass(sandbox: Sandbox, shop: Shop, start: Start) -> None:
    """However often a coupon is refused, it is given up only when that went on for long; a restart counts on."""
    now = [1000.0]
    options: dict[str, Any] = {"refusals": 2, "refused_for": 3600.0, "clock": lambda: now[0]}
    confirmer: Confirmer = await start(**options)
    coupon = await shop.send()
    del sandbox.world.coupons[sandbox.brand.brand_id, coupon.coupon_code]
    await confirmer.confirm_later(told(sandbox, coupon))
    await until(lambda: confirmer.counts.postponed == 1)
    now[0] += 1000.0
    await until(lambda: confirmer.counts.postponed == 2)
    await confirmer.close()
    now[0] += 1000.0
    other: Confirmer = await start(**options)
    await until(lambda: other.counts.postponed == 1)
    now[0] += 1000.0
    await until(lambda: other.counts.postponed == 2)
    now[0] += 1000.0
    await other.settled()

    assert [(5000.0, 5)] == [(one.since, one.refusals) for one in await other.given_up()]


async def test_one_subject_has_one_client(once: Client[Partner], unpaced: Pacer, sandbox: Sandbox) -> None:
    """Tenants may share a client, for whichever brands; two of their own for one merchant could not be told apart."""
    tenants = {"a": once, "b": once.for_brand("120345"), "c": once.with_options(deadline=9)}
    Confirmer(tenants, "ledger")
    async with Client(once.identity, sandbox.platform_keys, base_url=sandbox.base_url, pacer=unpaced) as other:
        with pytest.raises(ConfigurationError, match=f"'d' and 'a' are both of mchid={sandbox.partner.mchid}"):
            Confirmer({**tenants, "d": other}, "ledger")
