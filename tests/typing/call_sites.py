"""What the checkers know at a call site. Never run: mypy and basedpyright read it.

``assert_type`` holds what they infer; an ``ignore`` on a line holds that they reject it, because an ignore that
is not needed is an error of its own in both.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import assert_type

import wxcoupon
from wxcoupon import (
    Blocking,
    Brand,
    Client,
    Done,
    Failed,
    Merchant,
    Partner,
    RetryPolicy,
    blocking,
    bulk,
    busifavor,
    cash_coupon,
)
from wxcoupon import product_coupon as pc
from wxcoupon.bulk import upload_requests
from wxcoupon.confirming import Confirmation, Confirmer, Stages
from wxcoupon.notify import Event, Notification, Reply, Router, UnknownEvent
from wxcoupon.wire import Answer, Answered


async def answers_are_inferred(partner: Client[Partner], brand: Client[Brand], merchant: Client[Merchant]) -> None:
    upload = pc.UploadCouponCodes(product_coupon_id="1", stock_id="2", out_request_no="number", code_list=["a"])
    assert_type(await partner.call(upload), pc.UploadedCouponCodes)
    assert_type(await brand.call(upload), pc.UploadedCouponCodes)
    assert_type((await brand.call(upload)).success_code_list, list[str] | None)

    pre_send = pc.PreSendCoupon(openid="o", product_coupon_id="1", stock_id="2", appid="wx", send_request_no="number")
    assert_type((await partner.call(pre_send)).token, str)

    send = busifavor.SendCoupon(openid="o", appid="wx", stock_id="1", out_request_no="n")
    assert_type(await merchant.call(send), busifavor.SentCoupon)
    assert_type(await partner.call(send), busifavor.SentCoupon)
    assert_type(partner.for_brand("120345"), Client[Partner])


async def options_keep_the_kind_of_client(partner: Client[Partner], brand: Client[Brand]) -> None:
    upload = pc.UploadCouponCodes(product_coupon_id="1", stock_id="2", out_request_no="number", code_list=["a"])
    quick = partner.with_options(
        timeout=5, deadline=10, retry=RetryPolicy(attempts=2), headers={"a": "b"}, checks="off"
    )
    assert_type(quick, Client[Partner])
    assert_type(quick.for_brand("120345"), Client[Partner])
    assert_type(partner.for_brand("120345").with_options(deadline=1.5), Client[Partner])
    assert_type(await quick.call_with_answer(upload), Answered[pc.UploadedCouponCodes])
    assert_type((await quick.call_with_answer(upload)).result, pc.UploadedCouponCodes)
    assert_type((await brand.call_with_answer(upload)).answer, Answer)
    with blocking(partner) as api:
        assert_type(api.with_options(deadline=1), Blocking[Partner])
        assert_type(api.for_brand("120345"), Blocking[Partner])
        assert_type(api.call_with_answer(upload), Answered[pc.UploadedCouponCodes])
    async with bulk(brand.with_options(deadline=60), [upload]) as outcomes:
        async for outcome in outcomes:
            if isinstance(outcome, Done):
                assert_type(outcome.answer, Answer)
    # an option that there is not
    partner.with_options(retries=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    # a level of checks that there is not
    partner.with_options(checks="maybe")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    # a brand acts for itself alone
    blocking(brand).for_brand("120345")  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


async def listings_know_what_they_list(partner: Client[Partner], brand: Client[Brand]) -> None:
    listing = pc.ListUserCoupons(openid="o", product_coupon_id="1", stock_id="2", appid="wx")
    assert_type([coupon async for coupon in partner.pages(listing)], list[pc.UserProductCouponEntity])
    assert_type([coupon async for coupon in brand.pages(listing)], list[pc.UserProductCouponEntity])
    assert_type((await brand.call(listing)).next_page_token, str | None)
    with blocking(brand) as api:
        assert_type(list(api.pages(listing)), list[pc.UserProductCouponEntity])
    # an endpoint that is no listing
    partner.pages(pc.GetStock(product_coupon_id="1", stock_id="2"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    # a listing that is not open to this caller
    brand.pages(busifavor.ListUserCoupons(openid="o", appid="wx"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def files_come_as_bytes_or_go_to_a_path(merchant: Client[Merchant]) -> None:
    flow = await merchant.call(cash_coupon.GetUseFlow(stock_id="1"))
    assert_type(await merchant.download(flow), bytes)
    assert_type(await merchant.download(flow, to="flow.csv"), Path)
    with blocking(merchant) as api:
        assert_type(api.download(flow), bytes)
        assert_type(api.download(flow, to="flow.csv"), Path)
    # an answer that announces no file
    callback = await merchant.call(cash_coupon.GetCallback(mchid="1900000001"))
    await merchant.download(callback)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]


async def mistakes_are_rejected(partner: Client[Partner], brand: Client[Brand], merchant: Client[Merchant]) -> None:
    # a missing field
    pc.UploadCouponCodes(product_coupon_id="1", stock_id="2", code_list=["a"])  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    # a misspelt field
    pc.PreSendCoupon(openid="o", product_coupon_id="1", stock_id="2", appid="wx", send_request_no="n", atach="")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    # a field of another type
    pc.UploadCouponCodes(product_coupon_id=1, stock_id="2", out_request_no="n", code_list=["a"])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    # a field by position
    busifavor.SendCoupon("o", appid="wx", stock_id="1", out_request_no="n")  # type: ignore[call-arg, arg-type]  # pyright: ignore[reportCallIssue]

    send = busifavor.SendCoupon(openid="o", appid="wx", stock_id="1", out_request_no="n")
    # a request changed after it was made
    send.openid = "p"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    # a caller that may not call
    await brand.call(send)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    upload = pc.UploadCouponCodes(product_coupon_id="1", stock_id="2", out_request_no="number", code_list=["a"])
    await merchant.call(upload)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    brand.for_brand("120345")  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    # a typo on the client: the untyped styles begin at three roots only
    await brand.cal(upload)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]


async def bulk_keeps_the_types(partner: Client[Partner], codes: AsyncIterator[str]) -> None:
    uploads = upload_requests(codes, product_coupon_id="1", stock_id="2", job="spring")
    assert_type(uploads, AsyncIterator[pc.UploadCouponCodes])
    async with bulk(partner, uploads, concurrency=4) as outcomes:
        async for outcome in outcomes:
            match outcome:
                case Done(result=result):
                    assert_type(result, pc.UploadedCouponCodes)
                case Failed(error=error):
                    assert_type(error.outcome_unknown, bool)


def blocking_keeps_the_types(brand: Client[Brand]) -> None:
    upload = pc.UploadCouponCodes(product_coupon_id="1", stock_id="2", out_request_no="number", code_list=["a"])
    with blocking(brand) as api:
        assert_type(api.call(upload), pc.UploadedCouponCodes)
        for outcome in api.bulk([upload]):
            assert_type(outcome, Done[pc.UploadedCouponCodes] | Failed[pc.UploadedCouponCodes])
        api.call(busifavor.SendCoupon(openid="o", appid="wx", stock_id="1", out_request_no="n"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def settings_may_say_who(anybody: Client) -> None:
    upload = pc.UploadCouponCodes(product_coupon_id="1", stock_id="2", out_request_no="number", code_list=["a"])
    assert_type(Client.from_env(Partner), Client[Partner])
    assert_type(await Client.from_env().call(upload), pc.UploadedCouponCodes)
    assert_type(await anybody.call(upload), pc.UploadedCouponCodes)
    await Client.from_env(Merchant).call(upload)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    async with bulk(Client.from_env(Brand), [upload]) as outcomes:
        assert_type(
            [outcome async for outcome in outcomes], list[Done[pc.UploadedCouponCodes] | Failed[pc.UploadedCouponCodes]]
        )


def names_that_are_loaded_later_are_still_known() -> None:
    assert_type(wxcoupon.Client.from_env(Partner), Client[Partner])
    # a misspelt name of the window
    _ = wxcoupon.Clint  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]


async def handlers_are_given_their_event(router: Router, sent: busifavor.CouponSent) -> None:
    @router.on(pc.CouponSent)
    async def record(notification: Notification[pc.CouponSent]) -> None:
        assert_type(notification.event.coupon_code, str)
        assert_type(notification.event.brand_id, str | None)

    @router.on(busifavor.CouponSent)
    def in_a_thread(notification: Notification[busifavor.CouponSent]) -> int:
        return len(notification.event.stock_id)

    async def anything(notification: Notification[Event]) -> None:
        assert_type(notification.event, Event)

    router.on(pc.CouponSent)(anything)
    router.on(UnknownEvent)(anything)

    @router.on(pc.CouponSent)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    async def of_another_event(notification: Notification[pc.ImageGenerated]) -> None: ...

    router.on(pc.StockEntity)  # type: ignore[type-var]  # pyright: ignore[reportArgumentType]
    assert_type(in_a_thread(Notification("1", "", "", sent, {})), int)
    assert_type(await router.handle([(b"wechatpay-nonce", b"1")], b"{}"), Reply)
    await router.handle({"Wechatpay-Nonce": "1"}, "{}")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def coupons_are_confirmed(partner: Client[Partner], brand: Client[Brand], router: Router) -> None:
    async with Confirmer({"a": partner, "b": brand}, Path("ledger")) as confirmer:
        assert_type(confirmer, Confirmer)
        confirmer.attach(router)
        assert_type(await confirmer.stages(), Stages)
        assert_type(await confirmer.given_up(), list[Confirmation])
        assert_type(await confirmer.unserved(), dict[str, int])
