"""Every way an answer can fail to be WeChat Pay's, over real HTTP: which error, and how often the call was sent."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from tests.fault_proxy import Edit
from wxcoupon import Merchant, UntrustedAnswer
from wxcoupon import cash_coupon as cc
from wxcoupon.download import Link
from wxcoupon.errors import (
    ApiError,
    BadSignature,
    ClockSkew,
    MissingSignature,
    ProbeSignature,
    ServerError,
    UnknownSerial,
    UnsupportedSignature,
    WrongHash,
)
from wxcoupon.sandbox import Keys

from . import edits
from .rig import NOTHING_TO_SAY, READING, WITHOUT_NUMBER, Rig

EDITED: dict[str, tuple[Edit, type[UntrustedAnswer]]] = {
    **{f"without {name}": (edits.without(name), MissingSignature) for name in edits.SIGNING},
    "without any": (edits.without(*edits.SIGNING), MissingSignature),
    "a timestamp that is none": (edits.with_header("Wechatpay-Timestamp", "now"), MissingSignature),
    "another algorithm": (
        edits.with_header("Wechatpay-Signature-Type", "WECHATPAY2-SM2-WITH-SM3"),
        UnsupportedSignature,
    ),
    "a serial nobody has": (edits.with_header("Wechatpay-Serial", "PUB_KEY_ID_0999"), UnknownSerial),
    "a certificate nobody has": (
        edits.with_header("Wechatpay-Serial", "5157F09EFDC096DE15EBE81A47057A72"),
        UnknownSerial,
    ),
    "another nonce": (edits.with_header("Wechatpay-Nonce", "another"), BadSignature),
    "no base64": (edits.with_header("Wechatpay-Signature", "%%%"), BadSignature),
    "an empty signature": (edits.with_header("Wechatpay-Signature", ""), BadSignature),
    "another body": (edits.with_body(b'{"coupon_code":"1"}'), BadSignature),
    "a longer body": (lambda answer: setattr(answer, "body", answer.body + b"\n"), BadSignature),
}


@pytest.mark.parametrize(("edit", "kind"), EDITED.values(), ids=EDITED)
async def test_an_answer_that_is_not_proven(rig: Rig, edit: Edit, kind: type[UntrustedAnswer]) -> None:
    """It is refused with the reason, sent once and never again, and WeChat Pay may have acted on it."""
    rig.proxy.then(edit)
    async with rig.client() as client:
        with pytest.raises(UntrustedAnswer) as caught:
            await client.call(rig.with_number())

    assert kind is type(caught.value)
    assert caught.value.outcome_unknown
    assert (200, 1, 1) == (caught.value.status, len(rig.proxy.seen), rig.sent())
    assert caught.value.request_id


@pytest.mark.parametrize(("ahead", "believed"), [(299, True), (-299, True), (300, False), (-300, False)], ids=str)
async def test_the_edge_of_the_window(rig: Rig, ahead: int, believed: bool) -> None:  # noqa: FBT001
    """An answer is believed when it is less than 300 seconds away, before or after; else the offset is measured."""
    rig.time.step, rig.time.ahead = 0, ahead
    async with rig.client() as client:
        if believed:
            await client.call(READING)
        else:
            with pytest.raises(ClockSkew) as caught:
                await client.call(READING)
            assert ahead == caught.value.offset

    assert 1 == len(rig.proxy.seen)


GOOD: dict[str, Edit] = {
    "no algorithm named": edits.without("Wechatpay-Signature-Type"),
    "compressed on the way": edits.compressed,
    "accepted for processing": edits.with_status(202),
}


@pytest.mark.parametrize("edit", GOOD.values(), ids=GOOD)
async def test_an_answer_that_is_proven_all_the_same(rig: Rig, edit: Edit) -> None:
    """The algorithm may go unnamed, and the signature is over the body as it was before it was compressed."""
    rig.proxy.then(edit)
    async with rig.client() as client:
        answer = await client.call(rig.with_number())

    assert answer.result.coupon_code


async def test_an_empty_answer_is_proven(rig: Rig) -> None:
    """The signature of a 204 is over no body, and has to be there like any other."""
    async with rig.client() as client:
        rig.sandbox.reply_next(None)
        assert await client.send(NOTHING_TO_SAY)
        for edit, kind in (
            (edits.without("Wechatpay-Signature"), MissingSignature),
            (edits.with_header("Wechatpay-Nonce", "x"), BadSignature),
        ):
            rig.sandbox.reply_next(None)
            rig.proxy.then(edit)
            with pytest.raises(kind):
                await client.send(NOTHING_TO_SAY)


REFUSALS: dict[str, tuple[Edit, bool]] = {
    "signed": (lambda _: None, True),
    "not signed": (edits.without(*edits.SIGNING), False),
    "badly signed": (edits.with_header("Wechatpay-Nonce", "x"), False),
    "by nobody known": (edits.with_header("Wechatpay-Serial", "PUB_KEY_ID_0999"), False),
}


@pytest.mark.parametrize(("edit", "verified"), REFUSALS.values(), ids=REFUSALS)
@pytest.mark.parametrize("status", [400, 403, 404, 500])
async def test_a_refusal_is_told_signed_or_not(rig: Rig, edit: Edit, verified: bool, status: int) -> None:  # noqa: FBT001
    """An error is reported whatever its signature is, and only a signed one proves that nothing was done."""
    rig.sandbox.fail_next(status, "SOME_CODE")
    rig.proxy.then(edit)
    async with rig.client() as client:
        with pytest.raises(ApiError) as caught:
            await client.call(WITHOUT_NUMBER)

    assert (status, "SOME_CODE", verified) == (caught.value.status, caught.value.code, caught.value.verified)
    assert caught.value.outcome_unknown is (not verified or status >= 500)
    assert (ServerError if status >= 500 else ApiError) is type(caught.value)
    assert 1 == len(rig.proxy.seen)


PROBED: dict[str, tuple[Callable[[Rig], Any], int, int]] = {
    "a call with a number, once": (Rig.with_number, 1, 2),
    "a call with a number, twice": (Rig.with_number, 2, 2),
    "a reading": (lambda _: READING, 1, 2),
    "a call without a number": (lambda _: WITHOUT_NUMBER, 1, 1),
}


@pytest.mark.parametrize(("asked", "probes", "attempts"), PROBED.values(), ids=PROBED)
async def test_a_probe(rig: Rig, asked: Callable[[Rig], Any], probes: int, attempts: int) -> None:
    """A probe is not believed; the same call is made once more, if it may be made twice, and that is all."""
    rig.sandbox.answer_next("probe", probes)
    request = asked(rig)
    async with rig.client() as client:
        if probes < attempts:
            await client.call(request)
        else:
            with pytest.raises(ProbeSignature) as caught:
                await client.call(request)
            assert caught.value.outcome_unknown

    assert attempts == len(rig.proxy.seen)
    assert rig.repeated_alike(rig.proxy.seen)
    assert rig.sent() <= 1


FILE = b"1,2,3\n"


def _announced(rig: Rig) -> dict[str, Any]:
    url = f"{rig.proxy.base_url}/v3/billdownload/file?token=t"
    return {"url": url, "hash_value": hashlib.sha1(FILE).hexdigest(), "hash_type": "SHA1"}  # noqa: S324


async def test_the_answers_that_come_unsigned(rig: Rig) -> None:
    """A link to a file may come without a signature, and one that is there is verified all the same."""
    async with rig.client() as client:
        rig.sandbox.reply_next(_announced(rig), _announced(rig))
        rig.proxy.then(edits.without(*edits.SIGNING), edits.with_header("Wechatpay-Nonce", "x"))
        assert (await client.call(cc.GetUseFlow(stock_id="1"))).download
        with pytest.raises(BadSignature):
            await client.call(cc.GetUseFlow(stock_id="1"))


async def test_a_file_is_proven_by_its_hash(rig: Rig) -> None:
    """A file comes without a signature; the one that was announced is taken, and another one is refused at once."""
    link = cc.FlowFile(**_announced(rig))
    assert isinstance(link.download, Link)
    async with rig.client() as client:
        rig.proxy.then(edits.instead(200, FILE, "text/csv"), edits.instead(200, FILE + b"4", "text/csv"))
        assert FILE == await client.download(link)
        with pytest.raises(WrongHash) as caught:
            await client.download(link)

    assert not caught.value.outcome_unknown
    assert 2 == len(rig.proxy.seen)


async def test_a_lost_file_is_asked_for_again(rig: Rig) -> None:
    """A file whose end is lost is asked for again, freshly signed."""
    whole = edits.instead(200, FILE, "text/csv")
    half = edits.both(whole, edits.with_header("Content-Encoding", "gzip"))  # it cannot be read, as if it were cut
    async with rig.client() as client:
        rig.proxy.then(half, whole)
        assert FILE == await client.download(cc.FlowFile(**_announced(rig)))

    assert rig.repeated_alike(rig.proxy.seen)


async def test_a_merchant_is_answered_by_the_same_rules(rig: Rig, keys: Keys) -> None:
    """Who asks makes no difference to what is believed."""
    merchant = Merchant(mchid="1900000001", serial_no=keys.merchant_serial, private_key=keys.merchant)
    rig.proxy.then(edits.with_body(b"{}"))
    async with rig.client(identity=merchant) as client:
        with pytest.raises(BadSignature):
            await client.call(READING)
