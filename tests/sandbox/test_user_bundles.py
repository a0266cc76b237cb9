"""Bundles in users' hands, on the sandbox: from round to round."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import attrs
import pytest

from wxcoupon import ApiError, Brand, Client, Pacer, Partner
from wxcoupon import product_coupon as pc
from wxcoupon.errors import NotAllowedError
from wxcoupon.keys import KeyRing
from wxcoupon.notify.receive import receive
from wxcoupon.sandbox import Keys, Refusal, Sandbox
from wxcoupon.sandbox.validity import CHINA

from .shapes import APPID, changed, product_coupon
from .test_callbacks import Receiver, receiver

__all__ = ["receiver"]  # a fixture

OPENID = "o-1"
PAID = pc.UserProductCouponAssociatedOrderInfo(transaction_id="4200000000")
STATE = pc.UserProductCouponState


@attrs.frozen
class Rounds:
    """A stock bundle, and the calls about a user's bundle of it."""

    client: Client[Partner] | Client[Brand]
    stocks: list[pc.StockEntityInBundle]
    product_coupon_id: str

    @property
    def names(self) -> dict[str, Any]:
        """What names the stock bundle."""
        bundle_id = self.stocks[0].stock_bundle_info.stock_bundle_id
        return {"product_coupon_id": self.product_coupon_id, "stock_bundle_id": bundle_id, "appid": APPID}

    def _coupon(self, index: int, code: str) -> dict[str, Any]:
        stock_id = self.stocks[index].stock_id
        names = {"product_coupon_id": self.product_coupon_id, "stock_id": stock_id, "appid": APPID}
        return names | {"openid": OPENID, "coupon_code": code}

    async def send(self, number: str = "send_1", **more: Any) -> pc.UserCouponBundle:
        """Send the bundle."""
        return await self.client.call(pc.SendCouponBundle(openid=OPENID, send_request_no=number, **self.names, **more))

    async def confirm(self, index: int, code: str) -> pc.UserProductCouponEntity:
        """Confirm the coupon of a round."""
        return await self.client.call(pc.ConfirmCoupon(out_request_no=f"confirm_{code}", **self._coupon(index, code)))

    async def use(self, index: int, code: str, number: str = "use_no") -> pc.UserProductCouponEntity:
        """Redeem the coupon of a round."""
        return await self.client.call(
            pc.UseCoupon(
                out_request_no=f"{number}_{code}",
                use_time=datetime(2026, 12, 7, 12, 30, tzinfo=CHINA),
                associated_order_info=PAID,
                **self._coupon(index, code),
            )
        )

    async def give_back(self, index: int, code: str) -> pc.UserProductCouponEntity:
        """Return the coupon of a round."""
        return await self.client.call(pc.ReturnCoupon(out_request_no=f"return_{code}", **self._coupon(index, code)))

    async def deactivate(self, bundle: str, **other: Any) -> pc.UserCouponBundle:
        """Deactivate a user's bundle."""
        request = pc.DeactivateUserCouponBundle(
            openid=OPENID, user_coupon_bundle_id=bundle, out_request_no="void_1", deactivate_reason="lost", **self.names
        )
        return await self.client.call(changed(request, **other))

    async def coupons(self) -> list[pc.UserProductCouponEntity]:
        """The user's coupons, as the list has them."""
        return [coupon async for coupon in self.client.pages(pc.ListUserCoupons(openid=OPENID, appid=APPID))]


async def rounds(client: Client[Partner] | Client[Brand], number: str = "create_1", **settings: Any) -> Rounds:
    """A new stock bundle of three rounds, with a day between them if nothing else is said."""
    interval = settings.pop("interval_days", 1)
    request = product_coupon(
        number, **({"mode": "WECHATPAY", "shape": ("ALL", "NORMAL", "PROGRESSIVE_BUNDLE")} | settings)
    )
    request = changed(request, progressive_bundle_usage_info={"count": 3, "interval_days": interval})
    made: pc.CreatedProductCoupon = await client.call(request)
    assert made.stock_bundle is not None
    return Rounds(client, made.stock_bundle.stock_list, made.product_coupon_id)


def _refused(error: pytest.ExceptionInfo[ApiError]) -> tuple[int, str, str | None]:
    return error.value.status, error.value.code, error.value.numeric_code


def _place(coupon: pc.UserProductCouponEntity) -> tuple[int, int, int]:
    place = coupon.user_product_coupon_bundle_info
    assert place is not None
    return place.user_coupon_bundle_index, place.total_count, place.used_count


async def test_each_redemption_gives_the_next_round(partner: Client[Partner], brand: Client[Brand]) -> None:
    """A bundle begins with one coupon; every further one comes with a redemption and has to be confirmed itself."""
    for client in (partner, brand):
        mine = await rounds(client, interval_days=0)
        sent = await mine.send(attach="table 7")

        for index in range(3):
            coupon = (await mine.coupons())[-1]
            assert (STATE.CONFIRMING, (index, 3, index), "table 7") == (
                coupon.coupon_state,
                _place(coupon),
                coupon.attach,
            )
            assert mine.stocks[index].stock_id == coupon.stock.stock_id
            with pytest.raises(ApiError) as early:
                await mine.use(index, coupon.coupon_code)
            assert (400, "INVALID_REQUEST", "268578367") == _refused(early)
            assert STATE.EFFECTIVE == (await mine.confirm(index, coupon.coupon_code)).coupon_state
            used = await mine.use(index, coupon.coupon_code)
            assert (STATE.USED, (index, 3, index + 1)) == (used.coupon_state, _place(used))
            assert used.progressive_bundle_usage_detail is not None
            assert used.single_usage_detail is None
            assert f"use_no_{coupon.coupon_code}" == used.progressive_bundle_usage_detail.use_request_no

        assert 3 == len(await mine.coupons())
        assert (STATE.CONFIRMING, (0, 3, 0)) == (
            sent.user_product_coupon_list[0].coupon_state,
            _place(sent.user_product_coupon_list[0]),
        )


async def test_a_bundle_is_sent_once(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """The same number gives the same person one bundle, under another appid too; other data are refused."""
    mine = await rounds(partner, notify_appid="wx2")
    sent = await asyncio.gather(*(mine.send() for _ in range(3)))
    (coupon,) = sandbox.world.coupons.values()
    elsewhere = pc.SendCouponBundle(
        openid=coupon.user.openids["wx2"], send_request_no="send_1", **(mine.names | {"appid": "wx2"})
    )

    again = await partner.call(elsewhere)

    assert {again.user_coupon_bundle_id} == {bundle.user_coupon_bundle_id for bundle in sent}
    for call in (mine.send(attach="other"), partner.call(changed(elsewhere, attach="other"))):
        with pytest.raises(ApiError) as error:
            await call
        assert (400, "INVALID_REQUEST", "268578927") == _refused(error)
    assert again.user_coupon_bundle_id != (await mine.send("send_2")).user_coupon_bundle_id


async def test_a_return_takes_no_round_back(partner: Client[Partner]) -> None:
    """A returned round is redeemed anew without another coupon, whatever the interval, and the progress stays."""
    mine = await rounds(partner)
    code = (await mine.send()).user_product_coupon_list[0].coupon_code
    await mine.confirm(0, code)
    await mine.use(0, code)

    returned = await mine.give_back(0, code)
    assert (STATE.EFFECTIVE, (0, 3, 1)) == (returned.coupon_state, _place(returned))
    again = await mine.use(0, code, "use_anew")
    assert (STATE.USED, (0, 3, 1)) == (again.coupon_state, _place(again))
    assert [STATE.USED, STATE.CONFIRMING] == [coupon.coupon_state for coupon in await mine.coupons()]


async def test_a_bundle_is_deactivated_as_a_whole(partner: Client[Partner]) -> None:
    """All coupons of a bundle are deactivated but the redeemed ones; one alone is not."""
    mine = await rounds(partner)
    sent = await mine.send()
    code = sent.user_product_coupon_list[0].coupon_code
    await mine.confirm(0, code)
    await mine.use(0, code)
    second = (await mine.coupons())[1].coupon_code
    alone = pc.DeactivateUserCoupon(
        openid=OPENID,
        coupon_code=second,
        product_coupon_id=mine.product_coupon_id,
        stock_id=mine.stocks[1].stock_id,
        appid=APPID,
        out_request_no="void_2",
        deactivate_reason="lost",
    )

    with pytest.raises(ApiError, match="together"):
        await partner.call(alone)
    over = await mine.deactivate(sent.user_coupon_bundle_id)

    assert [(STATE.USED, None), (STATE.DEACTIVATED, "lost")] == [
        (coupon.coupon_state, coupon.deactivate_reason) for coupon in over.user_product_coupon_list
    ]
    for other in ({"openid": "o-2"}, {"appid": "wx2"}, {"stock_bundle_id": "1"}, {"user_coupon_bundle_id": "1"}):
        with pytest.raises(ApiError) as error:
            await mine.deactivate(sent.user_coupon_bundle_id, out_request_no="void_3", **other)
        assert 404 == error.value.status


async def test_coupons_of_a_bundle_are_listed(partner: Client[Partner]) -> None:
    """A list can be of one bundle alone."""
    mine = await rounds(partner)
    first, second = await mine.send(), await mine.send("send_2")
    of_one = pc.ListUserCoupons(openid=OPENID, appid=APPID, user_coupon_bundle_id=second.user_coupon_bundle_id)

    assert second.user_product_coupon_list == [coupon async for coupon in partner.pages(of_one)]
    assert 2 == len(await mine.coupons())
    assert first.user_coupon_bundle_id != second.user_coupon_bundle_id


async def test_a_claimed_bundle_begins_with_its_first_coupon(
    sandbox: Sandbox, partner: Client[Partner], brand: Client[Brand]
) -> None:
    """The token of a bundle gives the first coupon, once; no brand may ask for one."""
    mine = await rounds(partner)
    request = pc.PreSendCouponBundle(openid=OPENID, send_request_no="send_1", attach="table 7", **mine.names)
    tokens = [(await partner.call(request)).token for _ in range(2)]
    assert {} == sandbox.state()["coupons"]

    got = [await sandbox.claim(token) for token in tokens]

    assert 2 == len(set(tokens))
    assert got[0] == got[1] == await sandbox.claim((await partner.call(request)).token)
    (coupon,) = await mine.coupons()
    assert (pc.UserProductCouponSendChannel.RECEIVE_COMPONENT, "table 7", (0, 3, 0)) == (
        coupon.send_channel,
        coupon.attach,
        _place(coupon),
    )
    assert mine.names["stock_bundle_id"] == got[0]["stock_bundle_id"]
    with pytest.raises(ApiError) as error:
        await mine.send()
    assert (400, "ALREADY_EXISTS", None) == _refused(error)
    with pytest.raises(NotAllowedError):
        await brand.call(request)  # type: ignore[arg-type]


async def test_a_bundle_needs_room_in_all_its_stocks(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """Caps and codes are looked at before anything is given: a bundle whose last stock has no code is refused."""
    mine = await rounds(partner, mode="UPLOAD")
    for index, stock in enumerate(mine.stocks):
        with pytest.raises(ApiError) as error:
            await mine.send(f"send_{index}")
        assert (403, "NOT_ENOUGH", None) == _refused(error)
        await partner.call(
            pc.UploadCouponCodes(
                product_coupon_id=mine.product_coupon_id,
                stock_id=stock.stock_id,
                out_request_no=f"upload_{index}",
                code_list=[f"code-{index}"],
            )
        )
    request = pc.PreSendCouponBundle(openid=OPENID, send_request_no="send_9", **mine.names)
    token = (await partner.call(request)).token

    sent = await mine.send("send_8")

    assert "code-0" == sent.user_product_coupon_list[0].coupon_code
    await mine.confirm(0, "code-0")
    await mine.use(0, "code-0")
    assert ["code-0", "code-1"] == [coupon.coupon_code for coupon in await mine.coupons()]
    with pytest.raises(Refusal, match="used up"):
        await sandbox.claim(token)
    with pytest.raises(ApiError, match="used up"):
        await partner.call(request)
    with pytest.raises(ApiError) as lost:
        await partner.call(changed(request, stock_bundle_id="1"))
    assert 404 == lost.value.status


async def test_single_coupons_are_not_sent_from_a_bundle(partner: Client[Partner]) -> None:
    """A stock of a bundle is refused by the sending of single coupons."""
    mine = await rounds(partner)
    request = pc.SendCoupon(
        openid=OPENID,
        product_coupon_id=mine.product_coupon_id,
        stock_id=mine.stocks[0].stock_id,
        appid=APPID,
        send_request_no="send_1",
    )

    with pytest.raises(ApiError, match="bundle"):
        await partner.call(request)


@pytest.fixture
def clock() -> list[float]:
    """The sandbox's time, to be moved."""
    return [datetime(2027, 1, 15, 10, tzinfo=CHINA).timestamp()]


@pytest.fixture
async def later(keys: Keys, unpaced: Pacer, clock: list[float]) -> AsyncIterator[Callable[..., Any]]:
    """Makes stock bundles that live at the time of the clock."""

    def now() -> float:
        return clock[0]

    span = {"available_begin_time": "2027-01-01T00:00:00+08:00", "available_end_time": "2027-12-31T23:59:59+08:00"}
    async with (
        Sandbox(rate_limits="off", keys=keys, clock=now) as sandbox,
        Client(sandbox.partner, sandbox.platform_keys, base_url=sandbox.base_url, pacer=unpaced, clock=now) as client,
    ):

        async def make(interval_days: int, **period: Any) -> Rounds:
            return await rounds(client, interval_days=interval_days, period=span | period)

        yield make


async def test_the_next_round_waits_for_its_interval(later: Callable[..., Any], clock: list[float]) -> None:
    """With an interval of two days the next round is redeemed from 00:00 of the second day on."""
    mine: Rounds = await later(2)
    code = (await mine.send()).user_product_coupon_list[0].coupon_code
    await mine.confirm(0, code)
    await mine.use(0, code)
    second = (await mine.coupons())[1].coupon_code
    assert STATE.EFFECTIVE == (await mine.confirm(1, second)).coupon_state
    clock[0] = datetime(2027, 1, 17, tzinfo=CHINA).timestamp() - 1

    with pytest.raises(ApiError) as early:
        await mine.use(1, second)
    assert (403, "NOT_ENOUGH", None) == _refused(early)
    clock[0] += 1
    assert STATE.USED == (await mine.use(1, second)).coupon_state


async def test_all_rounds_share_the_validity_of_the_bundle(later: Callable[..., Any], clock: list[float]) -> None:
    """Later rounds end when the first one does: days count from the claim of the bundle."""
    mine: Rounds = await later(0, available_days=7)
    first = (await mine.send()).user_product_coupon_list[0]
    await mine.confirm(0, first.coupon_code)
    clock[0] += timedelta(days=3).total_seconds()
    await mine.use(0, first.coupon_code)

    second = (await mine.coupons())[1]

    assert (first.valid_begin_time, first.valid_end_time) == (second.valid_begin_time, second.valid_end_time)
    assert timedelta(days=3) == second.receive_time - first.receive_time
    assert datetime(2027, 1, 21, 23, 59, 59, tzinfo=CHINA) == second.valid_end_time


async def test_every_coupon_is_told_of(keys: Keys, unpaced: Pacer, receiver: Receiver) -> None:
    """A sending by a call and each round of a bundle have a callback, with what is needed to confirm; replays none."""
    async with (
        Sandbox(rate_limits="off", keys=keys, notify_url=receiver.url, callback_schedule=(0.0,)) as sandbox,
        Client(sandbox.partner, sandbox.platform_keys, base_url=sandbox.base_url, pacer=unpaced) as client,
    ):

        async def told() -> Mapping[str, Any]:
            headers, body = await receiver.came.get()
            now = time.time()
            got = receive(headers, body, keys=KeyRing(sandbox.platform_keys), apiv3_key=sandbox.apiv3_key, now=now)
            assert "PRODUCT_COUPON_SP.SEND" == got.event_type
            return got.resource

        made = await client.call(product_coupon("create_2", mode="WECHATPAY"))
        assert made.stock is not None
        single = pc.SendCoupon(
            openid=OPENID,
            product_coupon_id=made.product_coupon_id,
            stock_id=made.stock.stock_id,
            appid=APPID,
            send_request_no="send_1",
            attach="table 7",
        )
        code = (await client.call(single)).coupon_code
        event = await told()
        assert (code, "API", "table 7", OPENID) == tuple(
            event[name] for name in ("coupon_code", "send_channel", "attach", "openid")
        )
        assert "stock_bundle_id" not in event
        await client.call(single)

        mine = await rounds(client, interval_days=0)
        sent = await mine.send()
        for index in range(3):
            event = await told()
            assert (mine.stocks[index].stock_id, sent.user_coupon_bundle_id, mine.names["stock_bundle_id"]) == tuple(
                event[name] for name in ("stock_id", "user_coupon_bundle_id", "stock_bundle_id")
            )
            await mine.confirm(index, event["coupon_code"])
            await mine.use(index, event["coupon_code"])
            await mine.use(index, event["coupon_code"])
        await sandbox.settled()

        assert {"delivered": 4, "pending": 0, "given_up": 0} == sandbox.state()["callbacks"]
        assert receiver.came.empty()
