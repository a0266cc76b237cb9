"""Receiving by itself: headers in every form, bodies in every form, and each way to be wrong with its own error."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from wxcoupon import Client, ConfigurationError, Merchant, WxCouponError
from wxcoupon import product_coupon as pc
from wxcoupon.errors import (
    BadSignature,
    ClockSkew,
    MissingSignature,
    ProbeSignature,
    UnknownSerial,
    UnreadableAnswer,
    UnsupportedSignature,
)
from wxcoupon.keys import KeyRing
from wxcoupon.notify import CannotOpen, Notification, TooLarge, UnknownEvent, receive, receive_with
from wxcoupon.notify.headers import PROVING, proving
from wxcoupon.sandbox import Keys

from .callbacks import APIV3_KEY, KEY_ID, NOW, Callback, Platform, coupon, envelope

FUZZED = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
Mangle = Callable[[dict[str, str]], Any]

FORMS: dict[str, Mangle] = {
    "as sent": lambda headers: headers,
    "lower case": lambda headers: {name.lower(): value for name, value in headers.items()},
    "odd case": lambda headers: {name.swapcase(): value for name, value in headers.items()},
    "aiohttp": lambda headers: CIMultiDictProxy(CIMultiDict({"Host": "a", **headers})),
    "pairs": lambda headers: [("host", "a"), ("x-twice", "1"), ("x-twice", "2"), *headers.items()],
    "ASGI": lambda headers: [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    "bytes in odd case": lambda headers: {name.encode(): value.encode() for name, value in headers.items()},
    "WSGI": lambda headers: {
        "wsgi.input": object(),
        "REMOTE_ADDR": "127.0.0.1",
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()},
    },
}


def _received(callback: Callback, ring: KeyRing, **options: Any) -> Notification[Any]:
    headers, body = callback
    return receive(headers, body, **{"keys": ring, "apiv3_key": APIV3_KEY, "now": NOW, **options})


def test_a_notification_has_all_of_the_envelope(platform: Platform, ring: KeyRing) -> None:
    """What came is there: the envelope's members, the event in its class, and the opened data as it came."""
    told = _received(platform.told(coupon(), number="EV-1"), ring)

    assert ("EV-1", "PRODUCT_COUPON_SP.SEND", "2025-05-20T13:29:36+08:00") == (
        told.id,
        told.event_type,
        told.create_time,
    )
    assert ("encrypt-resource", "a coupon was sent", "120344", "") == (
        told.resource_type,
        told.summary,
        told.brand_id,
        told.tenant,
    )
    assert coupon() == told.resource
    assert isinstance(told.event, pc.CouponSent)
    assert "o-user" not in repr(told)
    assert "CODE-" not in repr(told)


@pytest.mark.parametrize("form", FORMS)
def test_headers_in_any_form(platform: Platform, ring: KeyRing, form: str) -> None:
    """Headers are found whatever the framework made of their names, values and container."""
    headers, body = platform.told(coupon())

    assert coupon() == _received((FORMS[form](headers), body), ring).resource


@pytest.mark.parametrize("name", PROVING)
@pytest.mark.parametrize("form", ["pairs", "cases", "list"])
def test_a_header_that_came_twice(platform: Platform, ring: KeyRing, name: str, form: str) -> None:
    """A header that matters is refused when it came twice, even with the same value, however that shows."""
    headers, body = platform.told(coupon())
    twice: Any = {
        "pairs": [*headers.items(), (name.lower(), headers[name])],
        "cases": headers | {name.upper(): headers[name]},
        "list": headers | {name: [headers[name]] * 2},
    }[form]

    with pytest.raises(MissingSignature, match=f"more than one {name}"):
        _received((twice, body), ring)


@pytest.mark.parametrize("name", PROVING[:4])
def test_a_header_that_did_not_come(platform: Platform, ring: KeyRing, name: str) -> None:
    """Without a header there is no proof, and the error names it and speaks of a callback."""
    headers, body = platform.told(coupon())
    del headers[name]

    with pytest.raises(MissingSignature, match=f"the callback has no {name} header"):
        _received((headers, body), ring)


@pytest.mark.parametrize("headers", [None, 7, [1, 2], ["abc"], "text", {"Wechatpay-Serial": 7}], ids=repr)
def test_headers_that_are_none(ring: KeyRing, headers: Any) -> None:
    """What are no headers is the caller's mistake, and is said to be."""
    with pytest.raises((ConfigurationError, MissingSignature)):
        _received((headers, b"{}"), ring)


def _altered(platform: Platform, stranger: Platform, what: str) -> Callback:
    headers, body = platform.told(coupon())
    if what == "probe":
        return platform.probe((headers, body))
    if what == "forged":
        return stranger.signed(body)
    if what == "changed":
        return headers, body.replace(b"a coupon was sent", b"a coupon was lost")
    changed = {
        "stamp": ("Wechatpay-Timestamp", "1700000000.0"),
        "digits": ("Wechatpay-Timestamp", "١٧٠٠٠٠٠٠٠٠"),
        "serial": ("Wechatpay-Serial", "PUB_KEY_ID_999"),
        "algorithm": ("Wechatpay-Signature-Type", "WECHATPAY2-SM2-WITH-SM3"),
    }
    name, value = changed[what]
    return headers | {name: value}, body


@pytest.mark.parametrize(
    ("what", "error"),
    [
        ("probe", ProbeSignature),
        ("forged", BadSignature),
        ("changed", BadSignature),
        ("stamp", MissingSignature),
        ("digits", MissingSignature),
        ("serial", UnknownSerial),
        ("algorithm", UnsupportedSignature),
    ],
)
def test_what_is_not_proven(
    platform: Platform, stranger: Platform, ring: KeyRing, what: str, error: type[WxCouponError]
) -> None:
    """Each way not to be proven has the error that an answer has for it."""
    with pytest.raises(error) as caught:
        _received(_altered(platform, stranger, what), ring)

    assert error is type(caught.value)


@pytest.mark.parametrize(
    ("away", "window", "fine"), [(299, 300, True), (300, 300, False), (9, 10, True), (10, 10, False)]
)
@pytest.mark.parametrize("sign", [1, -1])
def test_the_window(platform: Platform, ring: KeyRing, away: int, window: int, fine: bool, sign: int) -> None:  # noqa: FBT001
    """A callback is refused when its timestamp is the whole window away, before or after."""
    callback = platform.told(coupon(), at=NOW + sign * away)
    if fine:
        assert _received(callback, ring, window=window)
        return
    with pytest.raises(ClockSkew, match="the callback is dated") as caught:
        _received(callback, ring, window=window)
    assert sign * away == caught.value.offset


@pytest.mark.parametrize(
    "body", ["{}", {}, memoryview(b"{}"), None, bytearray(b"{}"), 7], ids=lambda body: type(body).__name__
)
def test_a_body_that_is_not_the_raw_bytes(ring: KeyRing, body: Any) -> None:
    """The refusal says how to get the raw bytes in every framework."""
    with pytest.raises(ConfigurationError) as caught:
        _received(({}, body), ring)

    for said in (
        "request.read()",
        "request.body()",
        "request.body",
        "request.get_data()",
        "Quart",
        type(body).__name__,
    ):
        assert said in str(caught.value)


def test_a_body_that_is_too_large(platform: Platform, ring: KeyRing) -> None:
    """It is refused before it is looked at."""
    headers, body = platform.told(coupon())

    with pytest.raises(TooLarge, match=f"{len(body)} bytes"):
        _received((headers, body), ring, most_bytes=len(body) - 1)
    assert _received((headers, body), ring, most_bytes=len(body))


def test_several_apiv3_keys(platform: Platform, ring: KeyRing) -> None:
    """While one key takes the place of another, both open; with neither, the error says which key to look at."""
    callback, old = platform.told(coupon()), "x" * 32

    assert _received(callback, ring, apiv3_key=[old, APIV3_KEY]).event == _received(callback, ring).event
    with pytest.raises(CannotOpen, match="APIv3 key on the merchant platform"):
        _received(callback, ring, apiv3_key=[old, b"y" * 32])
    for wrong in ([], ["short"], [old, "é" * 17]):
        with pytest.raises(ConfigurationError, match="apiv3_key"):
            _received(callback, ring, apiv3_key=wrong)


@pytest.mark.parametrize(
    "change",
    [
        {"resource": None},
        {"resource": {}},
        {"resource": {"nonce": "abcdefabcdef", "ciphertext": 7}},
        {"id": 7},
        {"id": ""},
        {"event_type": None},
        {"event_type": ["a"]},
    ],
    ids=str,
)
def test_an_envelope_that_is_not_documented(platform: Platform, ring: KeyRing, change: dict[str, Any]) -> None:
    """What is proven and not as documented is an UnreadableAnswer, and not the key's fault."""
    with pytest.raises(UnreadableAnswer) as caught:
        _received(platform.signed(envelope(coupon()) | change), ring)

    assert not isinstance(caught.value, CannotOpen)


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b"{}", b"[" * 100_000, b"7"], ids=range(6))
def test_a_body_that_is_no_envelope(platform: Platform, ring: KeyRing, body: bytes) -> None:
    """Anything else that is proven is an UnreadableAnswer."""
    with pytest.raises(UnreadableAnswer):
        _received(platform.signed(body), ring)


@pytest.mark.parametrize("plain", [b"[]", b"", b"7", b"\xff", b"null"], ids=repr)
def test_data_that_is_no_object(platform: Platform, ring: KeyRing, plain: bytes) -> None:
    """Opened data that is no JSON object is an UnreadableAnswer."""
    with pytest.raises(UnreadableAnswer):
        _received(platform.told(plain), ring)


def test_another_cipher(platform: Platform, ring: KeyRing) -> None:
    """Data that is sealed otherwise is said to be."""
    body = envelope(coupon())
    body["resource"]["algorithm"] = "AEAD_SM4_GCM"

    with pytest.raises(UnreadableAnswer, match="AEAD_AES_256_GCM"):
        _received(platform.signed(body), ring)


@pytest.mark.parametrize("lost", ["create_time", "resource_type", "summary"])
def test_an_envelope_with_less(platform: Platform, ring: KeyRing, lost: str) -> None:
    """What nothing depends on may be missing or of another type."""
    body = envelope(coupon())
    del body[lost]

    assert _received(platform.signed(body), ring).event == _received(platform.signed(body | {lost: 7}), ring).event


@pytest.mark.parametrize("original_type", ["transaction", "coupon", "product_coupon", None, 7], ids=repr)
def test_the_original_type_decides_nothing(platform: Platform, ring: KeyRing, original_type: Any) -> None:
    """An event is what its type says, whatever its data is said to be."""
    body = envelope(coupon(), event_type="PRODUCT_COUPON.SEND")
    body["resource"]["original_type"] = original_type

    assert isinstance(_received(platform.signed(body), ring).event, pc.CouponSent)


def test_a_type_nobody_knows(platform: Platform, ring: KeyRing) -> None:
    """It is opened all the same."""
    told = _received(platform.told({"a": 1}, event_type="NOBODY.KNOWS"), ring)

    assert UnknownEvent(event_type="NOBODY.KNOWS", data={"a": 1}) == told.event


async def test_receiving_with_a_client(platform: Platform, keys: Keys) -> None:
    """A client's keys prove it; what there is to fetch is fetched before."""
    merchant = Merchant(mchid="1900000001", serial_no="AB", private_key=keys.merchant)
    async with Client(merchant, {KEY_ID: platform.key.public_key()}) as client:
        headers, body = platform.told(coupon())
        told = await receive_with(client, FORMS["ASGI"](headers), body, apiv3_key=APIV3_KEY, clock=lambda: NOW)
        assert coupon() == told.resource
        with pytest.raises(UnknownSerial):
            await receive_with(
                client, headers | {"Wechatpay-Serial": "ABCDEF"}, body, apiv3_key=APIV3_KEY, clock=lambda: NOW
            )


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
_names = (
    st.sampled_from([*PROVING, *(name.lower() for name in PROVING)]) | st.text(max_size=20) | st.binary(max_size=20)
)
JUNK = st.dictionaries(_names, _anything, max_size=6) | st.lists(st.tuples(_names, _anything), max_size=6) | _anything


@FUZZED
@given(headers=JUNK, body=st.binary(max_size=100) | _anything)
def test_junk_is_refused(ring: KeyRing, headers: Any, body: Any) -> None:
    """Whatever comes instead of headers and a body, the error is one of ours and says something."""
    with pytest.raises(WxCouponError) as caught:
        _received((headers, body), ring)

    assert str(caught.value)


@FUZZED
@given(name=st.text(max_size=30), value=_anything)
def test_other_headers_do_not_matter(platform: Platform, name: str, value: Any) -> None:
    """A header that is none of ours may be anything."""
    headers, _ = platform.told({})
    if name.lower() not in {ours.lower() for ours in PROVING}:
        assert proving(headers) == proving([*headers.items(), (name, value)])


@FUZZED
@given(resource=st.dictionaries(st.sampled_from(sorted(coupon())) | st.text(max_size=8), _anything, max_size=8))
def test_whatever_was_told_is_kept(platform: Platform, ring: KeyRing, resource: dict[str, Any]) -> None:
    """Proven data of any shape is read, and nothing of it is lost."""
    try:
        plain = json.dumps(resource, allow_nan=False).encode()
    except (TypeError, ValueError):
        return
    told = _received(platform.told(plain), ring)

    assert json.loads(plain) == told.resource
