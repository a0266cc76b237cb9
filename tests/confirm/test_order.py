"""What comes before what: recorded, written down, acknowledged, confirmed; and ledgers that fail in between."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from tests.fault_proxy import Answered, FaultProxy
from tests.notify.callbacks import APIV3_KEY, NOW, Platform
from tests.notify.callbacks import coupon as sent
from wxcoupon import Client, Pacer, Partner
from wxcoupon import product_coupon as pc
from wxcoupon.bulk import MemoryLedger, SqliteLedger
from wxcoupon.confirming import Confirmer, Stages
from wxcoupon.notify import Notification, Router, Tenant
from wxcoupon.sandbox import Keys, Sandbox
from wxcoupon.sandbox.user_coupons import coupon_entity

from .conftest import Start
from .coupons import ONCE, Shop, told, until


async def test_nothing_is_acknowledged_that_is_not_written_down(
    sandbox: Sandbox, shop: Shop, once: Client[Partner], keys: Keys
) -> None:
    """A coupon whose record fails is not written down, and one that cannot be written down is not acknowledged."""
    platform, fails = Platform(keys.platform), [True]
    members = {**told(sandbox, await shop.send()).resource}
    callback = platform.told(sent(**members))
    router = Router(Tenant(APIV3_KEY, keys=platform.ring()), clock=lambda: NOW)
    async with MemoryLedger() as ledger, Confirmer(once, ledger) as confirmer, router:

        @router.on(pc.CouponSent)
        async def record(_: Notification[pc.CouponSent]) -> None:
            if fails[0]:
                raise OSError

        confirmer.attach(router)
        assert 500 == (await router.handle(*callback)).status
        assert Stages() == await confirmer.stages()

        fails[0] = False
        await confirmer.close()
        assert 500 == (await router.handle(*callback)).status

    async with MemoryLedger() as ledger, Confirmer(once, ledger) as confirmer:
        router = Router(Tenant(APIV3_KEY, keys=platform.ring()), clock=lambda: NOW)
        router.on(pc.CouponSent)(record)
        confirmer.attach(router)
        assert 204 == (await router.handle(*callback)).status
        await confirmer.settled()
    assert {"EFFECTIVE": 1} == sandbox.state()["coupons"]


async def test_an_end_that_is_not_kept_is_found_again(
    sandbox: Sandbox, shop: Shop, unpaced: Pacer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """When the ledger is locked as the answer comes, the coupon is taken up after its lease, under the same number."""
    coupon = await shop.send()
    other = sqlite3.connect(tmp_path / "ledger", isolation_level=None)

    def lock(_: Answered) -> None:
        other.execute("BEGIN IMMEDIATE")

    async with (
        FaultProxy(sandbox.base_url) as proxy,
        Client(sandbox.partner, sandbox.platform_keys, base_url=proxy.base_url, pacer=unpaced, retry=ONCE) as client,
        SqliteLedger(tmp_path / "ledger", patience=0.05) as ledger,
        Confirmer(client, ledger, lease=0.5) as confirmer,
    ):
        proxy.then(lock)
        await confirmer.confirm_later(told(sandbox, coupon))
        await until(lambda: "its end could not be kept" in caplog.text)
        other.execute("ROLLBACK")
        await confirmer.settled()

        assert 1 == confirmer.counts.confirmed
        assert 1 == len({one.body for one in proxy.seen})
        assert 2 == len(proxy.seen)
    other.close()


async def test_an_answer_that_shows_it_unconfirmed_is_not_believed(sandbox: Sandbox, shop: Shop, start: Start) -> None:
    """A confirmation whose answer says CONFIRMING is looked up and repeated; of an unknown state its number tells."""
    confirmer: Confirmer = await start(refusals=1)
    first, second = await shop.send(1), await shop.send(2)
    sandbox.reply_next(coupon_entity(sandbox.world, first))
    await confirmer.confirm_later(told(sandbox, first))
    await confirmer.settled()
    assert "EFFECTIVE" == shop.state(first)
    assert (1, 1, 0) == (confirmer.counts.postponed, confirmer.counts.confirmed, confirmer.counts.found)

    frozen = {**coupon_entity(sandbox.world, second), "coupon_state": "FROZEN"}
    sandbox.reply_next(frozen, frozen, {**frozen, "confirm_request_no": "by_hand_1"})
    await confirmer.confirm_later(told(sandbox, second))
    await confirmer.settled()
    assert (2, 2) == (confirmer.counts.postponed, confirmer.counts.confirmed)


async def test_a_long_queue_keeps_its_concurrency(sandbox: Sandbox, shop: Shop, start: Start, tmp_path: Path) -> None:
    """What waits from before is done in order, so many at once, and what is closed in the middle is kept."""
    coupons = [await shop.send(number) for number in range(30)]
    async with SqliteLedger(tmp_path / "ledger") as ledger:
        confirmer: Confirmer = await start(ledger=ledger, concurrency=3)
        await asyncio.gather(*(confirmer.confirm_later(told(sandbox, coupon)) for coupon in coupons))
        await until(lambda: confirmer.counts.confirmed >= 3)
        await confirmer.close()
        done = confirmer.counts.confirmed
        again: Confirmer = await start(ledger=ledger, concurrency=3)
        await again.settled()
        assert (30, Stages(ended=30)) == (done + again.counts.confirmed, await again.stages())
        await again.close()

    assert {"EFFECTIVE": 30} == sandbox.state()["coupons"]
    assert 30 == sandbox.state()["requests"]["product_coupon.confirm_coupon"]
