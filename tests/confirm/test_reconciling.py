"""Callbacks that never came: found by query, recorded, confirmed."""

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.holding import new_bundle, of_stock
from tests.sandbox.shapes import APPID
from wxcoupon import ApiError, Brand, Client, ConfigurationError, Pacer, Partner
from wxcoupon import product_coupon as pc
from wxcoupon.bulk import SqliteLedger, call_rows, pre_send
from wxcoupon.confirming import Confirmer, Holder, Reconciled, holders_of_job, reconcile_confirms, reconciling
from wxcoupon.convert import to_wire
from wxcoupon.notify import Notification
from wxcoupon.sandbox import Keys, Sandbox

from .conftest import Start
from .coupons import ONCE, Shop, number_of, told, until

Told = Notification[pc.CouponSent]


class Books:
    """What records coupons."""

    def __init__(self) -> None:
        self.codes: Counter[str] = Counter()
        self.told: list[Told] = []
        self.fails = 0

    async def record(self, notification: Told) -> None:
        """Record a coupon, unless it is to fail."""
        if self.fails:
            self.fails -= 1
            raise OSError
        self.codes[notification.event.coupon_code] += 1
        self.told.append(notification)


@pytest.fixture
def books() -> Books:
    """Empty books."""
    return Books()


def holders(*numbers: int) -> list[Holder]:
    """The users of :meth:`Shop.send`."""
    return [Holder(f"o-user-{number}", APPID) for number in numbers]


@pytest.fixture
async def missing(keys: Keys) -> AsyncIterator[Sandbox]:
    """A sandbox whose callbacks nobody takes, for its whole schedule."""
    with socket.socket() as taken:  # bound and not listening
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/notify"
        async with Sandbox(rate_limits="off", keys=keys, notify_url=url, callback_schedule=(0.0,) * 10) as sandbox:
            yield sandbox


@pytest.mark.parametrize("kind", ["partner", "brand"])
async def test_what_was_missed_is_confirmed(
    missing: Sandbox, unpaced: Pacer, tmp_path: Path, books: Books, kind: str
) -> None:
    """After eleven callbacks in vain every coupon and every round is recorded once and EFFECTIVE, and stays so."""
    identity: Any = missing.partner if kind == "partner" else missing.brand
    async with (
        Client(identity, missing.platform_keys, base_url=missing.base_url, pacer=unpaced, retry=ONCE) as client,
        Confirmer(client, tmp_path / "ledger") as confirmer,
    ):
        shop = await Shop.open(missing, client, max_count_per_user=100)
        for number in range(20):
            await shop.send(number)
        for number in range(60):
            await client.call(
                pc.SendCoupon(
                    openid="o-user-7", send_request_no=f"more_{number:03}", appid=APPID, **of_stock(shop.stock)
                )
            )
        product_coupon_id, bundle = await new_bundle(client, mode="WECHATPAY", number="create_2")
        await client.call(
            pc.SendCouponBundle(
                openid="o-user-3",
                product_coupon_id=product_coupon_id,
                stock_bundle_id=bundle.stock_bundle_id,
                appid=APPID,
                send_request_no="bundle_1",
            )
        )
        await missing.settled()
        assert {"delivered": 0, "pending": 0, "given_up": 81} == missing.state()["callbacks"]

        found = await reconcile_confirms(confirmer, holders(*range(25)), books.record, grace=0.0)
        await confirmer.settled()
        assert Reconciled(users=25, found=81, noted=81) == found
        assert {"EFFECTIVE": 81} == missing.state()["coupons"]
        assert {coupon.coupon_code: 1 for coupon in missing.world.coupons.values()} == books.codes
        assert Reconciled(users=25) == await reconcile_confirms(confirmer, holders(*range(25)), books.record, grace=0.0)
        assert 81 == confirmer.counts.confirmed


async def test_it_tells_what_the_callback_would_have(
    sandbox: Sandbox, once: Client[Partner], start: Start, books: Books
) -> None:
    """What the recorder is given is what the callback tells, without what no query tells, and leads to one number."""
    confirmer: Confirmer = await start()
    product_coupon_id, bundle = await new_bundle(once, mode="WECHATPAY")
    await once.call(
        pc.SendCouponBundle(
            openid="o-user-1",
            product_coupon_id=product_coupon_id,
            stock_bundle_id=bundle.stock_bundle_id,
            appid=APPID,
            send_request_no="send_1",
            attach="hello",
        )
    )
    (coupon,) = sandbox.world.coupons.values()
    await reconcile_confirms(confirmer, holders(1), books.record, grace=0.0)
    await confirmer.settled()

    callback = told(sandbox, coupon)
    (given,) = books.told
    assert {**callback.resource, "unionid": None} == {**given.resource, "unionid": None}
    assert {**to_wire(callback.event), "unionid": ""} == {**to_wire(given.event), "unionid": ""}
    assert (callback.event_type, "") == (given.event_type, given.tenant)
    number = number_of(coupon)
    await confirmer.confirm_again(callback)
    await confirmer.settled()
    assert number == number_of(coupon)
    assert 1 == sandbox.state()["requests"]["product_coupon.confirm_coupon"]


async def test_what_is_not_recorded_is_not_confirmed(sandbox: Sandbox, shop: Shop, start: Start, books: Books) -> None:
    """A coupon whose record fails stays CONFIRMING, and is found the next time; so is one that waits already."""
    confirmer: Confirmer = await start(pause=100.0, longest=100.0)
    coupon = await shop.send(1)
    books.fails = 1
    troubles: list[tuple[BaseException, Holder]] = []

    found = await reconcile_confirms(
        confirmer, holders(1), books.record, grace=0.0, on_trouble=lambda *trouble: troubles.append(trouble)
    )
    assert Reconciled(users=1, found=1, unrecorded=1) == found
    assert [(OSError, "o-user-1")] == [(type(error), holder.openid) for error, holder in troubles]
    assert "CONFIRMING" == shop.state(coupon)

    async def record_and_lose(notification: Told) -> None:
        await books.record(notification)
        sandbox.drop_next()  # the confirmation, so that it waits

    first = await reconcile_confirms(confirmer, holders(1), record_and_lose, grace=0.0)
    await until(lambda: confirmer.counts.postponed)
    second = await reconcile_confirms(confirmer, holders(1), books.record, grace=0.0)
    assert Reconciled(users=1, found=1, noted=1) == first
    assert Reconciled(users=1, found=1, known=1) == second
    assert "CONFIRMING" == shop.state(coupon)


async def test_a_callback_has_its_time(sandbox: Sandbox, shop: Shop, start: Start, books: Books) -> None:
    """What was received within the grace may still be told, and is left alone; so are other stocks."""
    confirmer: Confirmer = await start()
    coupon = await shop.send(1)

    assert Reconciled(users=1) == await reconcile_confirms(confirmer, holders(1), books.record)
    coupon.received -= 61
    other = await Shop.open(sandbox, shop.client, "create_2")
    assert Reconciled(users=1) == await reconcile_confirms(
        confirmer, holders(1), books.record, product_coupon_id=other.stock.product_coupon_id
    )
    assert Reconciled(users=1, found=1, noted=1) == await reconcile_confirms(
        confirmer, holders(1), books.record, **of_stock(shop.stock)
    )


async def test_a_user_without_an_answer_is_told_of(sandbox: Sandbox, shop: Shop, start: Start, books: Books) -> None:
    """One user's refusal or trouble leaves the others alone; a refusal of the caller ends it."""
    confirmer: Confirmer = await start()
    coupon = await shop.send(2)
    sandbox.fail_next(500)
    found = await reconcile_confirms(confirmer, holders(1, 2), books.record, grace=0.0, concurrency=1)
    await confirmer.settled()
    assert Reconciled(users=2, unanswered=1, found=1, noted=1) == found
    assert "EFFECTIVE" == shop.state(coupon)

    sandbox.fail_next(403, "RULE_LIMIT")
    found = await reconcile_confirms(confirmer, holders(1, 2), books.record, concurrency=1)
    assert Reconciled(users=2, unanswered=1) == found

    sandbox.fail_next(403, "NO_AUTH", times=9)
    with pytest.raises(ApiError, match="403"):
        await reconcile_confirms(confirmer, holders(1, 2), books.record)
    with pytest.raises(ConfigurationError, match="concurrency"):
        await reconcile_confirms(confirmer, [], books.record, concurrency=0)


async def test_what_was_given_up_is_tried_again(sandbox: Sandbox, shop: Shop, start: Start, books: Books) -> None:
    """A coupon that was given up, or that the ledger takes for confirmed, is confirmed when it is seen CONFIRMING."""
    confirmer: Confirmer = await start()
    coupon = await shop.send(1)
    for _ in range(2):
        sandbox.fail_next(400, "PARAM_ERROR")
        await confirmer.confirm_later(told(sandbox, coupon))
        await confirmer.settled()
    assert 2 == confirmer.counts.given_up
    await reconcile_confirms(confirmer, holders(1), books.record, grace=0.0)
    await confirmer.settled()

    assert "EFFECTIVE" == shop.state(coupon)


async def test_it_goes_on_round_by_round(sandbox: Sandbox, shop: Shop, start: Start, books: Books) -> None:
    """Each round asks anew, a round that fails is followed by the next, and the block's end ends them."""
    confirmer: Confirmer = await start()
    rounds: asyncio.Queue[Reconciled | Exception] = asyncio.Queue()
    tasks = asyncio.all_tasks()
    async with reconciling(
        confirmer, lambda: holders(1), books.record, every=0.01, on_round=rounds.put_nowait, grace=0.0
    ):
        assert Reconciled(users=1) == await rounds.get()
        sandbox.fail_next(403, "NO_AUTH")
        while isinstance(came := await rounds.get(), Reconciled):
            assert Reconciled(users=1) == came
        assert isinstance(came, ApiError)
        coupon = await shop.send(1)
        while (came := await rounds.get()) == Reconciled(users=1):
            pass
        assert isinstance(came, Reconciled)
        assert 1 == came.found
    await confirmer.settled()

    assert "EFFECTIVE" == shop.state(coupon)
    assert tasks >= {task for task in asyncio.all_tasks() if "_rounds" in repr(task)}
    with pytest.raises(ConfigurationError, match="every is a number"):
        async with reconciling(confirmer, list, books.record, every=0.0):
            pass


async def test_the_users_of_a_job(partner: Client[Partner], shop: Shop, tmp_path: Path) -> None:
    """A job of tokens and one of sendings know the users; those that were refused are left out."""
    ids = of_stock(shop.stock)
    (tmp_path / "users.txt").write_text("o-1\no-2\no-1\n" + "x" * 200 + "\n")
    (tmp_path / "users.csv").write_text("openid,appid\no-3,wx3\no-4,wx4\n")
    async with SqliteLedger(tmp_path / "ledger") as ledger:
        async with pre_send(partner, tmp_path / "users.txt", job="spring", appid=APPID, ledger=ledger, **ids) as job:
            async for _ in job:
                pass
        async with call_rows(
            partner, pc.SendCoupon, tmp_path / "users.csv", job="summer", ledger=ledger, defaults=ids
        ) as sending:
            async for _ in sending:
                pass

        found = {name: [holder async for holder in holders_of_job(ledger, name)] for name in ("spring", "summer")}
        with pytest.raises(ConfigurationError, match="there is no job 'autumn'"):
            await anext(holders_of_job(ledger, "autumn"))

    assert [Holder("o-1", APPID), Holder("o-2", APPID)] == found["spring"][:2]
    assert [Holder("o-3", "wx3"), Holder("o-4", "wx4")] == found["summer"]
    assert "o-1" not in repr(found)


async def test_a_brand_is_asked_for_its_own(
    sandbox: Sandbox, once: Client[Partner], brand_once: Client[Brand], start: Start, books: Books
) -> None:
    """A partner asks for the brand that is named, and a brand for no other."""
    other = await Shop.open(sandbox, once.for_brand("120345"))
    sent = await other.client.call(
        pc.SendCoupon(openid="o-user-1", send_request_no="send_1", appid=APPID, **of_stock(other.stock))
    )
    confirmer: Confirmer = await start({"partner": once, "brand": brand_once})
    found = [
        await reconcile_confirms(confirmer, holders(1), books.record, tenant="partner", brand_id=brand, grace=0.0)
        for brand in (None, "120345")
    ]
    await confirmer.settled()

    assert [Reconciled(users=1), Reconciled(users=1, found=1, noted=1)] == found
    assert "EFFECTIVE" == other.state(sandbox.world.coupons["120345", sent.coupon_code])
    with pytest.raises(ConfigurationError, match="cannot be confirmed by brand"):
        await reconcile_confirms(confirmer, [], books.record, tenant="brand", brand_id="120345")


@pytest.mark.parametrize("how", ["no stock", "no product", "a long code"])
async def test_an_odd_coupon_leaves_the_others_alone(
    sandbox: Sandbox, shop: Shop, once: Client[Partner], start: Start, books: Books, how: str
) -> None:
    """A coupon that is not listed as documented is told of, and the coupons after it are confirmed."""
    confirmer: Confirmer = await start()
    coupons = [await shop.send(number) for number in (1, 2)]
    raw = to_wire(await once.call(pc.ListUserCoupons(openid="o-user-1", appid=APPID, page_size=50)))
    ((odd,),) = [listed for listed in raw.values() if isinstance(listed, list)]
    odd |= {"coupon_code": "c" * 60} if how == "a long code" else {}
    odd.pop({"no stock": "stock", "no product": "product_coupon"}.get(how, ""), None)
    sandbox.reply_next(raw)
    troubles: list[BaseException] = []
    found = await reconcile_confirms(
        confirmer,
        holders(1, 2),
        books.record,
        grace=0.0,
        concurrency=1,
        on_trouble=lambda error, _: troubles.append(error),
    )
    await confirmer.settled()

    assert Reconciled(users=2, found=2, unrecorded=1, noted=1) == found
    assert ["CONFIRMING", "EFFECTIVE"] == [shop.state(coupon) for coupon in coupons]
    assert 1 == len(troubles)
