"""Coupons in users' hands, on the sandbox: sent by a call, listed, returned, deactivated."""

import asyncio
from datetime import datetime
from typing import Any

import attrs
import pytest

from wxcoupon import ApiError, Brand, Client, Partner
from wxcoupon import product_coupon as pc
from wxcoupon.sandbox import Refusal, Sandbox
from wxcoupon.sandbox.validity import CHINA

from .shapes import APPID, changed, product_coupon

OPENID = "o-1"
PAID = pc.UserProductCouponAssociatedOrderInfo(transaction_id="4200000000")
SERVED = pc.UserProductCouponAssociatedPayScoreOrderInfo(out_order_no="rent|1", mchid="1900000001", sub_mchid="19001")
MEMBER = pc.CouponTagInfo(
    coupon_tag_list=[pc.UserProductCouponTag.MEMBER], member_tag_info=pc.MemberTagInfo(member_card_id="card-1")
)


@attrs.frozen
class Held:
    """A user's coupons of one stock, and the calls about them."""

    client: Client[Partner] | Client[Brand]
    names: dict[str, Any]
    openid: str = OPENID

    def sending(self, number: str = "send_1", **more: Any) -> pc.SendCoupon:
        """A sending."""
        return pc.SendCoupon(openid=self.openid, send_request_no=number, **self.names, **more)

    async def send(self, number: str = "send_1", **more: Any) -> str:
        """Send a coupon; its code."""
        return (await self.client.call(self.sending(number, **more))).coupon_code

    async def confirmed(self, number: str = "send_1") -> str:
        """Send a coupon and confirm it; its code."""
        code = await self.send(number)
        await self.client.call(
            pc.ConfirmCoupon(openid=self.openid, coupon_code=code, out_request_no=f"confirm_{number}", **self.names)
        )
        return code

    async def use(self, code: str, number: str, **order: Any) -> pc.UserProductCouponEntity:
        """Redeem a coupon."""
        return await self.client.call(
            pc.UseCoupon(
                openid=self.openid,
                coupon_code=code,
                out_request_no=number,
                use_time=datetime(2026, 12, 7, 12, 30, tzinfo=CHINA),
                **(order or {"associated_order_info": PAID}),
                **self.names,
            )
        )

    async def give_back(self, code: str, number: str) -> pc.UserProductCouponEntity:
        """Return a coupon."""
        return await self.client.call(
            pc.ReturnCoupon(openid=self.openid, coupon_code=code, out_request_no=number, **self.names)
        )

    async def deactivate(self, code: str, number: str = "void_1") -> pc.UserProductCouponEntity:
        """Deactivate a coupon."""
        request = pc.DeactivateUserCoupon(
            openid=self.openid, coupon_code=code, out_request_no=number, deactivate_reason="lost", **self.names
        )
        return await self.client.call(request)

    async def get(self, code: str) -> pc.UserProductCouponEntity:
        """Look a coupon up."""
        return await self.client.call(pc.GetUserCoupon(openid=self.openid, coupon_code=code, **self.names))


async def held(client: Client[Partner] | Client[Brand], number: str = "create_1", **settings: Any) -> Held:
    """A new stock, which WeChat Pay makes the codes of if nothing else is said."""
    made: pc.CreatedProductCoupon = await client.call(product_coupon(number, **({"mode": "WECHATPAY"} | settings)))
    assert made.stock is not None
    return Held(
        client,
        {"product_coupon_id": made.product_coupon_id, "stock_id": made.stock.stock_id, "appid": APPID},
    )


def refused(error: pytest.ExceptionInfo[ApiError]) -> tuple[int, str, str | None]:
    """How a call was refused."""
    return error.value.status, error.value.code, error.value.numeric_code


async def test_a_sent_coupon_waits_for_its_confirmation(partner: Client[Partner], brand: Client[Brand]) -> None:
    """A call sends one coupon, CONFIRMING, with everything it was sent with."""
    for client in (partner, brand):
        mine = await held(client)

        sent = await client.call(mine.sending(attach="table 7", coupon_tag_info=MEMBER))

        assert (pc.UserProductCouponState.CONFIRMING, pc.UserProductCouponSendChannel.API) == (
            sent.coupon_state,
            sent.send_channel,
        )
        assert ("send_1", "table 7", MEMBER) == (sent.send_request_no, sent.attach, sent.coupon_tag_info)
        assert (sent.brand_id is not None) == (client is partner)
        assert sent == await mine.get(sent.coupon_code)


async def test_a_sending_is_done_once(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """The same number gives the same person one coupon, under another appid too; other data are refused."""
    mine = await held(partner, notify_appid="wx2", max_count=1)
    codes = await asyncio.gather(*(mine.send() for _ in range(3)))
    (coupon,) = sandbox.world.coupons.values()
    elsewhere = attrs.evolve(mine, openid=coupon.user.openids["wx2"], names=mine.names | {"appid": "wx2"})

    assert {coupon.coupon_code} == {*codes, await elsewhere.send()}
    for other in (mine.sending(attach="other"), elsewhere.sending(attach="other")):
        with pytest.raises(ApiError) as error:
            await partner.call(other)
        assert (400, "INVALID_REQUEST", "268578927") == refused(error)
    with pytest.raises(ApiError) as spent:
        await mine.send("send_2")
    assert (403, "NOT_ENOUGH", None) == refused(spent)


async def test_a_claimed_number_is_not_sent_again(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """A number under which the user claimed a coupon is taken for a call; the other way round the claim finds it."""
    mine = await held(partner)
    tokens = [
        (await partner.call(pc.PreSendCoupon(openid=OPENID, send_request_no=number, **mine.names))).token
        for number in ("send_1", "send_2")
    ]
    await sandbox.claim(tokens[0])

    with pytest.raises(ApiError) as error:
        await mine.send()
    assert (400, "ALREADY_EXISTS", None) == refused(error)
    code = await mine.send("send_2")
    found = await sandbox.claim(tokens[1])
    assert (code, "API") == (found["coupon_code"], found["send_channel"])


async def test_a_code_is_named_exactly_for_api_assign(partner: Client[Partner]) -> None:
    """API_ASSIGN sends the code of the call, once; no other mode takes one."""
    assigned, generated = await held(partner, mode="API_ASSIGN"), await held(partner, "create_2")
    upload = await held(partner, "create_3", mode="UPLOAD")

    assert "A1" == await assigned.send(coupon_code="A1")

    wrongs: list[tuple[pc.SendCoupon, tuple[int, str, str | None]]] = [
        (assigned.sending("send_2"), (400, "PARAM_ERROR", "268435461")),
        (generated.sending(coupon_code="A2"), (400, "PARAM_ERROR", "268435461")),
        (assigned.sending("send_3", coupon_code="A1"), (400, "ALREADY_EXISTS", None)),
        (upload.sending(), (403, "NOT_ENOUGH", None)),
        (changed(generated.sending(), stock_id="1"), (404, "NOT_FOUND", "268578608")),
    ]
    for wrong, expected in wrongs:
        with pytest.raises(ApiError) as error:
            await partner.call(wrong)
        assert expected == refused(error)


async def test_another_code_under_the_same_number_is_refused(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """The same person and number with another code, asked for under another appid, is other data."""
    mine = await held(partner, mode="API_ASSIGN", notify_appid="wx2")
    await mine.send(coupon_code="A1")
    (coupon,) = sandbox.world.coupons.values()
    elsewhere = attrs.evolve(mine, openid=coupon.user.openids["wx2"], names=mine.names | {"appid": "wx2"})

    assert "A1" == await elsewhere.send(coupon_code="A1")
    third = attrs.evolve(mine, openid=sandbox.world.openid(coupon.user, "wx3"), names=mine.names | {"appid": "wx3"})
    with pytest.raises(ApiError) as error:
        await third.send(coupon_code="A2")
    assert (400, "INVALID_REQUEST", "268578927") == refused(error)


async def test_caps_are_kept(partner: Client[Partner]) -> None:
    """The total cap, the daily cap and the user's cap refuse a sending."""
    caps: list[tuple[dict[str, int], str, tuple[int, str, str | None]]] = [
        ({"max_count": 1}, "o-2", (403, "NOT_ENOUGH", None)),
        ({"max_count_per_day": 1}, "o-2", (403, "NOT_ENOUGH", None)),
        ({"max_count_per_user": 1}, OPENID, (400, "INVALID_REQUEST", "272756740")),
    ]
    for index, (cap, openid, expected) in enumerate(caps):
        mine = await held(partner, f"create_{index}", **cap)
        await mine.send(f"send_{index}")

        with pytest.raises(ApiError) as error:
            await attrs.evolve(mine, openid=openid).send(f"send_{index}_2")
        assert expected == refused(error)


async def test_a_returned_coupon_is_redeemed_under_a_new_number(partner: Client[Partner]) -> None:
    """A return makes a coupon EFFECTIVE again; used-up numbers redeem and return nothing any more."""
    mine = await held(partner)
    code = await mine.confirmed()
    with pytest.raises(ApiError) as early:
        await mine.give_back(code, "return_1")
    assert (400, "INVALID_REQUEST", "268578367") == refused(early)

    used = await mine.use(code, "use_no_1")
    assert used == await mine.use(code, "use_no_1")
    returned = await mine.give_back(code, "return_1")
    assert returned == await mine.give_back(code, "return_1")

    detail = returned.single_usage_detail
    assert detail is not None
    assert (pc.UserProductCouponState.EFFECTIVE, None, "return_1") == (
        returned.coupon_state,
        detail.use_request_no,
        detail.return_request_no,
    )
    with pytest.raises(ApiError, match="take a new one"):
        await mine.use(code, "use_no_1")
    detail = (await mine.use(code, "use_no_2", associated_pay_score_order_info=SERVED)).single_usage_detail
    assert detail is not None
    assert ("use_no_2", "return_1", SERVED, None) == (
        detail.use_request_no,
        detail.return_request_no,
        detail.associated_pay_score_order_info,
        detail.associated_order_info,
    )
    with pytest.raises(ApiError, match="take a new one"):
        await mine.give_back(code, "return_1")
    assert pc.UserProductCouponState.USED == (await mine.get(code)).coupon_state
    assert pc.UserProductCouponState.EFFECTIVE == (await mine.give_back(code, "return_2")).coupon_state


async def test_a_deactivated_coupon_is_over(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """A deactivation is for good and says why; a second one changes nothing, and nothing else is done with it."""
    mine = await held(partner)
    code, waiting = await mine.confirmed(), await mine.send("send_2")

    over = await mine.deactivate(code)

    assert (pc.UserProductCouponState.DEACTIVATED, "void_1", "lost") == (
        over.coupon_state,
        over.deactivate_request_no,
        over.deactivate_reason,
    )
    assert over == await mine.deactivate(code, "void_2")
    assert pc.UserProductCouponState.DEACTIVATED == (await mine.deactivate(waiting, "void_3")).coupon_state
    for call in (
        mine.use(code, "use_no_1"),
        mine.give_back(code, "return_1"),
        partner.call(pc.ConfirmCoupon(openid=OPENID, coupon_code=waiting, out_request_no="confirm_2", **mine.names)),
    ):
        with pytest.raises(ApiError) as error:
            await call
        assert (400, "INVALID_REQUEST", "268578367") == refused(error)
    assert {"DEACTIVATED": 2} == sandbox.state()["coupons"]


async def test_a_deactivation_leaves_used_and_deleted_coupons_alone(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """A redeemed coupon stays USED, and a deleted one stays DELETED and cannot be redeemed."""
    mine = await held(partner)
    used, deleted = await mine.confirmed("send_1"), await mine.confirmed("send_2")
    await mine.use(used, "use_no_1")
    sandbox.delete(deleted)
    for code, match in ((used, "USED, not EFFECTIVE"), (deleted, "DELETED, not EFFECTIVE"), ("lost", "coupon_code")):
        with pytest.raises(Refusal, match=match):
            sandbox.delete(code)

    for code, state in ((used, "USED"), (deleted, "DELETED")):
        left = await mine.deactivate(code, f"void_{state}")
        assert (state, None) == (left.coupon_state, left.deactivate_reason)
    with pytest.raises(ApiError) as error:
        await mine.use(deleted, "use_no_2")
    assert (400, "INVALID_REQUEST", "272756769") == refused(error)


async def test_coupons_are_listed(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """A user's coupons come a page at a time, of one product coupon, stock or state where that is asked for."""
    first, second = await held(partner), await held(partner, "create_2")
    codes = [await first.send(f"send_{index}") for index in range(3)]
    other = await second.confirmed()
    await attrs.evolve(first, openid="o-2").send("send_9")
    of_user: dict[str, Any] = {"openid": OPENID, "appid": APPID}

    page = await partner.call(pc.ListUserCoupons(page_size=2, **of_user))
    assert (4, 2) == (page.total_count, len(page.user_coupon_list or []))
    last = await partner.call(pc.ListUserCoupons(page_size=2, page_token=page.next_page_token, **of_user))
    assert (None, None) == (last.total_count, last.next_page_token)

    async def listed(**wanted: Any) -> list[str]:
        return [coupon.coupon_code async for coupon in partner.pages(pc.ListUserCoupons(**of_user, **wanted))]

    assert [*codes, other] == await listed() == await listed(page_size=1)
    assert codes == await listed(product_coupon_id=first.names["product_coupon_id"], page_size=2)
    assert [other] == await listed(stock_id=second.names["stock_id"])
    ids = ("product_coupon_id", "stock_id")
    assert [other] == await listed(**{name: second.names[name] for name in ids})
    assert [other] == await listed(coupon_state="EFFECTIVE")
    assert [] == await listed(coupon_state="USED")
    assert [] == await listed(user_coupon_bundle_id="1")
    assert 5 == len(sandbox.world.coupons)


async def test_a_list_is_of_the_callers_own(partner: Client[Partner], brand: Client[Brand]) -> None:
    """A caller sees none of another's coupons, and cannot ask for those of another's stock."""
    mine = await held(partner)
    await mine.send()

    assert 1 == (await partner.call(pc.ListUserCoupons(openid=OPENID, appid=APPID))).total_count
    theirs = await brand.call(pc.ListUserCoupons(openid=OPENID, appid=APPID))
    assert (0, None) == (theirs.total_count, theirs.user_coupon_list)
    ids = {name: mine.names[name] for name in ("product_coupon_id", "stock_id")}
    wrongs: list[tuple[Client[Any], dict[str, str], str]] = [
        (brand, {"stock_id": ids["stock_id"]}, "NOT_FOUND"),
        (brand, {"product_coupon_id": ids["product_coupon_id"]}, "NOT_FOUND"),
        (partner, ids | {"stock_id": "1"}, "NOT_FOUND"),
        (partner, {"stock_id": "1"}, "NOT_FOUND"),
        (partner, {"page_token": "1"}, "PARAM_ERROR"),
    ]
    for client, members, code in wrongs:
        with pytest.raises(ApiError) as error:
            await client.call(changed(pc.ListUserCoupons(openid=OPENID, appid=APPID), **members))
        assert code == error.value.code


async def test_a_token_is_not_claimed_beyond_the_caps(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """A coupon that a call sends uses the stock up for a token that was given before."""
    mine = await held(partner, max_count=1)
    token = (await partner.call(pc.PreSendCoupon(openid="o-2", send_request_no="send_2", **mine.names))).token
    await mine.send()

    with pytest.raises(Refusal, match="max_count"):
        await sandbox.claim(token)
