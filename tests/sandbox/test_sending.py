"""From a token to a redeemed coupon, on the sandbox."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from wxcoupon import ApiError, Brand, Client, Pacer, Partner
from wxcoupon import product_coupon as pc
from wxcoupon.convert import from_wire, to_wire
from wxcoupon.sandbox import Keys, Refusal, Sandbox
from wxcoupon.sandbox.validity import CHINA

from .shapes import APPID, product_coupon

OPENID = "o/1 %券"  # an openid with everything a path has to encode
AnyClient = Client[Partner] | Client[Brand]


class Story:
    """A stock, and the calls of one user's coupon."""

    def __init__(self, client: AnyClient, stock: pc.StockEntity) -> None:
        self.client = client
        self.names: dict[str, Any] = {
            "product_coupon_id": stock.product_coupon_id,
            "stock_id": stock.stock_id,
            "appid": APPID,
        }

    async def token(self, number: str = "send_1", openid: str = OPENID, **more: Any) -> str:
        """A pre-send token."""
        request = pc.PreSendCoupon(openid=openid, send_request_no=number, **self.names, **more)
        return (await self.client.call(request)).token

    async def upload(self, *codes: str) -> None:
        """Put codes into the stock."""
        names = {name: value for name, value in self.names.items() if name != "appid"}
        await self.client.call(
            pc.UploadCouponCodes(out_request_no=f"upload_{codes[0]}", code_list=list(codes), **names)
        )

    async def confirm(self, code: str, number: str = "confirm_1") -> pc.UserProductCouponEntity:
        """Confirm a coupon."""
        return await self.client.call(
            pc.ConfirmCoupon(openid=OPENID, coupon_code=code, out_request_no=number, **self.names)
        )

    async def use(self, code: str, number: str = "use_12", **more: Any) -> pc.UserProductCouponEntity:
        """Redeem a coupon."""
        order = pc.UserProductCouponAssociatedOrderInfo(transaction_id="4200000000")
        request = pc.UseCoupon(
            openid=OPENID,
            coupon_code=code,
            out_request_no=number,
            use_time=datetime.now(CHINA),
            associated_order_info=order,
            **self.names,
            **more,
        )
        return await self.client.call(request)

    async def get(self, code: str) -> pc.UserProductCouponEntity:
        """Look a coupon up."""
        return await self.client.call(pc.GetUserCoupon(openid=OPENID, coupon_code=code, **self.names))


async def _story(client: AnyClient, **settings: Any) -> Story:
    made: pc.CreatedProductCoupon = await client.call(product_coupon(**settings))
    assert made.stock is not None
    return Story(client, made.stock)


def _refused(error: pytest.ExceptionInfo[ApiError]) -> tuple[int, str, str | None]:
    return error.value.status, error.value.code, error.value.numeric_code


async def test_the_whole_story(sandbox: Sandbox, partner: Client[Partner], brand: Client[Brand]) -> None:
    """Uploaded, pre-sent, claimed, confirmed, redeemed: each step answers the coupon's next state."""
    clients: tuple[AnyClient, ...] = (partner, brand)
    for client, mark in zip(clients, "pb", strict=True):
        story = await _story(client)
        await story.upload(f"{mark}1", f"{mark}2")

        got = await sandbox.claim(await story.token(attach="table 7"))

        code = got["coupon_code"]
        assert {f"{mark}1", f"{mark}2"} >= {code}
        assert (OPENID, APPID, "table 7") == (got["openid"], got["appid"], got["attach"])
        assert ("brand_id" in got) == (client is partner)
        assert pc.UserProductCouponState.CONFIRMING == (await story.get(code)).coupon_state
        confirmed = await story.confirm(code)
        assert (pc.UserProductCouponState.EFFECTIVE, "confirm_1", "table 7") == (
            confirmed.coupon_state,
            confirmed.confirm_request_no,
            confirmed.attach,
        )
        used = await story.use(code, saved_amount=100)
        assert pc.UserProductCouponState.USED == used.coupon_state
        assert used.single_usage_detail is not None
        assert ("use_12", 100) == (used.single_usage_detail.use_request_no, used.single_usage_detail.saved_amount)
        assert used == await story.get(code)
        assert (1, 1) == (used.stock.sent_count_info.total_count, used.stock.sent_count_info.today_count)
        assert used.stock.coupon_code_count_info is not None
        assert (2, 1) == (
            used.stock.coupon_code_count_info.total_count,
            used.stock.coupon_code_count_info.available_count,
        )
    assert {"USED": 2} == sandbox.state()["coupons"]


async def test_a_number_gives_a_user_one_coupon(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """Tokens of the same user and number are claimed once, also at the same time; another number is another coupon."""
    story = await _story(partner, mode="WECHATPAY")
    tokens = [await story.token() for _ in range(3)]

    got = await asyncio.gather(*(sandbox.claim(token) for token in (*tokens, tokens[0])))
    other = await sandbox.claim(await story.token("send_2"))

    assert 1 == len({one["coupon_code"] for one in got})
    assert other["coupon_code"] != got[0]["coupon_code"]
    assert ({"CONFIRMING": 2}, 4) == (sandbox.state()["coupons"], sandbox.state()["tokens"])


async def test_a_served_user_gets_a_token_again(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """The same number may be pre-sent after its coupon was claimed, whatever the caps say by then."""
    story = await _story(partner, mode="WECHATPAY", max_count=1)
    got = await sandbox.claim(await story.token())

    assert got == await sandbox.claim(await story.token())


async def test_caps_are_kept(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """The total cap, the daily cap and the user's cap refuse a pre-send, and a claim of an earlier token too."""
    cases: list[tuple[dict[str, Any], str, tuple[int, str, str | None]]] = [
        ({"max_count": 1}, "o-2", (403, "NOT_ENOUGH", None)),
        ({"max_count_per_day": 1}, "o-2", (403, "NOT_ENOUGH", None)),
        ({"max_count_per_user": 1}, OPENID, (400, "INVALID_REQUEST", "272756740")),
    ]
    for index, (caps, openid, refusal) in enumerate(cases):
        story = await _story(partner, mode="WECHATPAY", number=f"create_{index}", **caps)
        early = await story.token(f"send_{index}_2", openid)
        await sandbox.claim(await story.token(f"send_{index}_1"))

        with pytest.raises(ApiError) as refused:
            await story.token(f"send_{index}_3", openid)
        with pytest.raises(Refusal) as late:
            await sandbox.claim(early)

        assert refusal == _refused(refused)
        assert refusal == (late.value.status, late.value.code, late.value.numeric)


async def test_used_up_codes_are_refused(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """An UPLOAD stock sends as long as it has codes, each of them once."""
    story = await _story(partner)
    with pytest.raises(ApiError) as refused:
        await story.token()
    assert (403, "NOT_ENOUGH", None) == _refused(refused)
    await story.upload("a", "b", "c")

    got = [await sandbox.claim(await story.token(f"send_{index}")) for index in range(3)]

    assert ["a", "b", "c"] == sorted(one["coupon_code"] for one in got)
    with pytest.raises(ApiError, match="used up"):
        await story.token("send_4")


async def test_a_code_is_assigned_exactly_where_it_has_to_be(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """API_ASSIGN takes the code of the pre-send, once; every other mode refuses one."""
    assigned = await _story(partner, mode="API_ASSIGN", number="create_1")
    generated = await _story(partner, mode="WECHATPAY", number="create_2")

    assert "A1" == (await sandbox.claim(await assigned.token(coupon_code="A1")))["coupon_code"]

    for wrong in (assigned.token("send_2"), generated.token("send_2", coupon_code="A2")):
        with pytest.raises(ApiError) as refused:
            await wrong
        assert (400, "PARAM_ERROR", "268435461") == _refused(refused)
    with pytest.raises(ApiError) as taken:
        await assigned.token("send_3", coupon_code="A1")
    assert (400, "ALREADY_EXISTS", None) == _refused(taken)


async def test_bundles_are_not_sent_one_by_one(partner: Client[Partner]) -> None:
    """A stock of a bundle is refused where single coupons are sent."""
    made = await partner.call(product_coupon(shape=("ALL", "NORMAL", "PROGRESSIVE_BUNDLE"), mode="WECHATPAY"))
    assert made.stock_bundle is not None
    stock = made.stock_bundle.stock_list[0]
    assert stock.stock_bundle_info is not None

    with pytest.raises(ApiError, match="bundle"):
        await partner.call(
            pc.PreSendCoupon(
                openid=OPENID,
                product_coupon_id=made.product_coupon_id,
                stock_id=stock.stock_id,
                appid=APPID,
                send_request_no="send_1",
            )
        )


async def test_a_stopped_stock_sends_nothing(partner: Client[Partner]) -> None:
    """A stock that is not SENDING is refused with the number of that."""
    story = await _story(partner, mode="WECHATPAY", begins=-31)

    with pytest.raises(ApiError) as refused:
        await story.token()

    assert (400, "INVALID_REQUEST", "268577984") == _refused(refused)


async def test_the_callbacks_openid_is_that_of_its_appid(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """Under another notify_appid the user has another openid, and each pair finds the coupon, no mixture does."""
    story = await _story(partner, mode="WECHATPAY", notify_appid="wx2")
    got = await sandbox.claim(await story.token())
    assert "wx2" == got["appid"]
    assert OPENID != got["openid"]
    names = {name: got[name] for name in ("product_coupon_id", "stock_id", "coupon_code")}

    for appid, openid in ((APPID, OPENID), ("wx2", got["openid"])):
        await partner.call(pc.GetUserCoupon(openid=openid, appid=appid, **names))
    for appid, openid in ((APPID, got["openid"]), ("wx2", OPENID), ("wx3", OPENID)):
        with pytest.raises(ApiError) as refused:
            await partner.call(pc.GetUserCoupon(openid=openid, appid=appid, **names))
        assert (404, "NOT_FOUND", "268578851") == _refused(refused)


async def test_states_allow_what_they_allow(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """No redemption before the confirmation, no second confirmation, no second redemption; a repetition is neither."""
    story = await _story(partner, mode="WECHATPAY")
    code = (await sandbox.claim(await story.token()))["coupon_code"]

    with pytest.raises(ApiError) as early:
        await story.use(code)
    first = await story.confirm(code)
    assert first == await story.confirm(code)
    with pytest.raises(ApiError) as twice:
        await story.confirm(code, "confirm_2")
    await story.use(code)
    with pytest.raises(ApiError) as again:
        await story.use(code, "use_34")

    assert (400, "INVALID_REQUEST", "268578367") == _refused(early) == _refused(twice)
    assert (400, "INVALID_REQUEST", "272756745") == _refused(again)


async def test_what_cannot_be_redeemed_here(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """A store that is not associated is refused, and so are coupons of the withdrawn usage mode SEQUENTIAL."""
    specific = to_wire(product_coupon("create_1", mode="WECHATPAY"))
    specific["stock"]["store_scope"] = "SPECIFIC"
    cases: list[tuple[pc.CreateProductCoupon, dict[str, Any], str | None]] = [
        (from_wire(pc.CreateProductCoupon, specific), {"store_id": "1"}, "268584404"),
        (product_coupon("create_2", shape=("ALL", "NORMAL", "SEQUENTIAL"), mode="WECHATPAY"), {}, None),
    ]
    for index, (request, more, numeric) in enumerate(cases):
        made = await partner.call(request)
        assert made.stock is not None
        story = Story(partner, made.stock)
        code = (await sandbox.claim(await story.token(f"send_{index}")))["coupon_code"]
        await story.confirm(code, f"confirm_{index}")

        with pytest.raises(ApiError) as refused:
            await story.use(code, f"use_{index}_1", **more)
        assert (400, "INVALID_REQUEST", numeric) == _refused(refused)


@pytest.fixture
def clock() -> list[float]:
    """The sandbox's time, to be moved."""
    return [datetime(2027, 1, 15, 10, tzinfo=CHINA).timestamp()]


@pytest.fixture
async def later(
    keys: Keys, unpaced: Pacer, clock: list[float]
) -> AsyncIterator[tuple[Sandbox, Client[Partner], Callable[..., Any]]]:
    """A sandbox and a partner that live at the time of the clock."""

    def now() -> float:
        return clock[0]

    async with (
        Sandbox(rate_limits="off", keys=keys, clock=now) as sandbox,
        Client(sandbox.partner, sandbox.platform_keys, base_url=sandbox.base_url, pacer=unpaced, clock=now) as client,
    ):

        async def story(**period: Any) -> Story:
            span = {
                "available_begin_time": "2027-01-01T00:00:00+08:00",
                "available_end_time": "2027-12-31T23:59:59+08:00",
            }
            return await _story(client, mode="WECHATPAY", period=span | period)

        yield sandbox, client, story


Later = tuple[Sandbox, Client[Partner], Callable[..., Any]]


async def test_a_token_lives_five_minutes(later: Later, clock: list[float]) -> None:
    """A token is claimed within 300 seconds or not at all; an unknown one never."""
    sandbox, _, make = later
    story: Story = await make()
    first, second = await story.token("send_1"), await story.token("send_2")
    clock[0] += 300
    await sandbox.claim(first)
    clock[0] += 1

    with pytest.raises(Refusal, match="expired"):
        await sandbox.claim(second)
    with pytest.raises(Refusal, match="no such token"):
        await sandbox.claim("token")


async def test_a_coupon_waits_and_expires(later: Later, clock: list[float]) -> None:
    """Confirmed before its validity it is PENDING, then EFFECTIVE, and afterwards EXPIRED."""
    sandbox, _, make = later
    story: Story = await make(available_days=2, wait_days_after_receive=1)
    code = (await sandbox.claim(await story.token()))["coupon_code"]

    assert pc.UserProductCouponState.PENDING == (await story.confirm(code)).coupon_state
    with pytest.raises(ApiError) as early:
        await story.use(code)
    assert (403, "NOT_ENOUGH", "272755715") == _refused(early)
    clock[0] += timedelta(hours=14).total_seconds()
    assert pc.UserProductCouponState.EFFECTIVE == (await story.get(code)).coupon_state
    clock[0] += timedelta(days=2).total_seconds()
    assert pc.UserProductCouponState.EXPIRED == (await story.get(code)).coupon_state
    with pytest.raises(ApiError) as late:
        await story.use(code)
    assert (400, "INVALID_REQUEST", "268578776") == _refused(late)


async def test_a_coupon_is_redeemed_inside_its_windows(later: Later, clock: list[float]) -> None:
    """Outside the weekly slots of its stock an EFFECTIVE coupon is refused, inside them it is not."""
    sandbox, _, make = later
    weekly = {"day_list": ["FRIDAY"], "day_period_list": [{"begin_time": 11 * 3600, "end_time": 12 * 3600}]}
    story: Story = await make(weekly_available_period=weekly)
    code = (await sandbox.claim(await story.token()))["coupon_code"]
    await story.confirm(code)

    with pytest.raises(ApiError) as early:
        await story.use(code)
    assert (403, "NOT_ENOUGH", "272755717") == _refused(early)
    clock[0] += 3600  # 2027-01-15 is a Friday

    assert pc.UserProductCouponState.USED == (await story.use(code)).coupon_state


async def test_the_daily_cap_ends_at_midnight(later: Later, clock: list[float]) -> None:
    """Coupons sent yesterday do not count for the cap of today."""
    sandbox, client, _ = later
    span = {"available_begin_time": "2027-01-01T00:00:00+08:00", "available_end_time": "2027-12-31T23:59:59+08:00"}
    story = await _story(client, mode="WECHATPAY", period=span, max_count_per_day=1)
    await sandbox.claim(await story.token("send_1"))
    with pytest.raises(ApiError):
        await story.token("send_2")
    clock[0] += timedelta(hours=14).total_seconds()

    assert (await sandbox.claim(await story.token("send_2")))["coupon_code"]
    assert 1 == sandbox.world.stocks[story.names["stock_id"]].sent_by_day["2027-01-16"]
