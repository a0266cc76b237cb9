"""Anything may come over the wire or out of a file: what it ends with is an answer or an error of ours, and soon.

Every strategy mixes what is right with what is nearly right and with noise, because noise alone gets no further than
the first check. The examples are the same in every run.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from wxcoupon import (
    Client,
    KeyRing,
    Pacer,
    Partner,
    RetryPolicy,
    WxCouponError,
    busifavor,
    certificate,
    crypto,
    form,
    wire,
)
from wxcoupon import cash_coupon as cc
from wxcoupon import product_coupon as pc
from wxcoupon.convert import from_wire
from wxcoupon.download import Link, Proof, way
from wxcoupon.endpoint import AnyEndpoint, registry
from wxcoupon.errors import ApiError, ConfigurationError
from wxcoupon.jsontext import dump
from wxcoupon.notify.receive import Notification, receive
from wxcoupon.sandbox import Keys

FUZZED = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
NOW = 1_700_000_000.0
APIV3_KEY = "0123456789abcdef0123456789ABCDEF"
ENDPOINTS = sorted(registry().values(), key=lambda kind: kind.name)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
bodies = st.binary(max_size=200) | anything.map(lambda data: json.dumps(data).encode())
header_values = st.text(max_size=60) | st.sampled_from(
    [
        "",
        "0",
        "-1",
        "1700000000",
        "1" * 12,
        "9" * 400,
        "PUB_KEY_ID_1",
        "WECHATPAY2-SHA256-RSA2048",
        "WECHATPAY/SIGNTEST/x",
    ]
)
SIGNING = (
    "Wechatpay-Timestamp",
    "Wechatpay-Nonce",
    "Wechatpay-Serial",
    "Wechatpay-Signature",
    "Wechatpay-Signature-Type",
)


def _says_something(error: Exception) -> None:
    assert str(error)


@cache
def _platform(keys: Keys) -> KeyRing:
    return KeyRing({keys.platform_id: keys.platform.public_key()})


def _signed(keys: Keys, body: bytes) -> dict[str, str]:
    return wire.sign_answer(keys.platform, keys.platform_id, body, timestamp=int(NOW), nonce="n")


@FUZZED
@given(changed=st.dictionaries(st.sampled_from([*SIGNING, *map(str.upper, SIGNING)]), header_values), body=bodies)
def test_the_headers_of_an_answer(keys: Keys, changed: Mapping[str, str], body: bytes) -> None:
    """However the headers of a good answer are changed, it is believed or refused."""
    headers = CIMultiDict(_signed(keys, body))
    headers.update(changed)
    try:
        wire.verify(headers, body, _platform(keys), now=NOW)
    except WxCouponError as error:
        _says_something(error)


@FUZZED
@given(
    headers=st.dictionaries(st.sampled_from(["Request-ID", "Retry-After", "Content-Type"]), header_values),
    status=st.integers(min_value=300, max_value=999),
    body=bodies
    | st.fixed_dictionaries({}, optional={"code": anything, "message": anything, "detail": anything}).map(
        lambda data: json.dumps(data).encode()
    ),
    verified=st.booleans(),
)
def test_the_body_of_an_error(headers: Mapping[str, str], status: int, body: bytes, verified: bool) -> None:  # noqa: FBT001
    """Whatever an error says, it is an error that can be printed, asked and explained."""
    error = wire.failure(status, CIMultiDict(headers), body, verified=verified)
    error.about("GET /v3/x")

    assert isinstance(error, ApiError)
    assert str(status) in str(error)
    assert repr(error)
    assert error.retryable in {True, False}
    assert error.same_request_no in {True, False, None}
    assert error.hint is None or error.hint.cure


@FUZZED
@given(kind=st.sampled_from(ENDPOINTS), body=bodies, data=st.data())
def test_an_answer(kind: type[AnyEndpoint], body: bytes, data: st.DataObject) -> None:
    """Whatever a proven answer says, it is read as far as it can be, or named unreadable; what was read has a repr."""
    known = _members_of(kind)
    if known:
        members = st.dictionaries(st.sampled_from(known), anything, max_size=6)
        body = data.draw(st.just(body) | members.map(lambda made: json.dumps(made).encode()))
    try:
        read = wire.decode(kind.__new__(kind), wire.Answer(200, CIMultiDict(), body))
    except WxCouponError as error:
        _says_something(error)
    else:
        assert isinstance(repr(read), str)


def _members_of(kind: type[AnyEndpoint]) -> tuple[str, ...]:
    return tuple(field.name for field in getattr(kind.returns, "__attrs_attrs__", ()))


@FUZZED
@given(kind=st.sampled_from(ENDPOINTS), data=st.data())
def test_a_request(keys: Keys, kind: type[AnyEndpoint], data: st.DataObject) -> None:
    """Whatever a request is made of, it is checked and written, or refused before anything is sent."""
    from wxcoupon import checks

    names = [field.name for field in kind.__attrs_attrs__ if field.init]  # type: ignore[attr-defined]
    request = from_wire(kind, data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(names, anything))))
    partner = Partner(mchid="1900000001", brand_id="120344", serial_no="AB", private_key=keys.partner)
    try:
        checks.faults(request, unknown=True)
        wire.encode(request, partner)
    except WxCouponError as error:
        _says_something(error)


pems = st.one_of(
    st.binary(max_size=80),
    st.text(max_size=80),
    st.binary(max_size=120).map(
        lambda raw: b"-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(raw) + b"\n-----END PUBLIC KEY-----\n"
    ),
    st.binary(max_size=120).map(
        lambda raw: b"-----BEGIN CERTIFICATE-----\n" + base64.b64encode(raw) + b"\n-----END CERTIFICATE-----\n"
    ),
    st.binary(max_size=120).map(
        lambda raw: b"-----BEGIN PRIVATE KEY-----\n" + base64.b64encode(raw) + b"\n-----END PRIVATE KEY-----\n"
    ),
)
spots = st.lists(
    st.tuples(st.integers(min_value=0, max_value=2_000), st.integers(min_value=0, max_value=255)), max_size=4
)


@cache
def _good_pems(keys: Keys) -> tuple[bytes, ...]:
    _, made = crypto.self_signed(
        keys.platform, "x", datetime.fromtimestamp(NOW, UTC), datetime.fromtimestamp(NOW, UTC) + timedelta(days=1)
    )
    return crypto.private_pem(keys.platform), crypto.public_pem(keys.platform), made


def _repeats_nothing(error: Exception, text: str) -> None:
    assert not [line for line in text.splitlines() if len(line) >= 20 and line in str(error)]


def _spoilt(good: bytes, spots: list[tuple[int, int]]) -> bytes:
    raw = bytearray(good)
    for place, value in spots:
        raw[place % len(raw)] = value
    return bytes(raw)


@FUZZED
@given(data=st.data())
def test_a_key_file(keys: Keys, data: st.DataObject) -> None:
    """Whatever is given for a key is a key, or is refused without repeating any of it."""
    good = data.draw(st.sampled_from(_good_pems(keys)))
    source: Any = data.draw(pems | spots.map(lambda changed: _spoilt(good, changed)))
    for load in (crypto.load_private_key, crypto.load_public_key):
        try:
            assert load(source)
        except ConfigurationError as error:
            text = source if isinstance(source, str) else source.decode("latin-1")
            if not isinstance(source, str) or re.search(r"[\n\0]|-----", source):  # otherwise it may be a path
                _repeats_nothing(error, text)


def _sealed(plain: bytes) -> dict[str, Any]:
    nonce, data = "61f9c719728a", "certificate"
    sealed = crypto.seal_gcm(APIV3_KEY.encode(), nonce, data, plain)
    return {"algorithm": "AEAD_AES_256_GCM", "nonce": nonce, "associated_data": data, "ciphertext": sealed}


@FUZZED
@given(data=st.data())
def test_a_certificate(keys: Keys, data: st.DataObject) -> None:
    """Whatever came as a certificate, it opens and is a key, or is refused."""
    good = _good_pems(keys)[2]
    plain = data.draw(st.binary(max_size=100) | spots.map(lambda changed: _spoilt(good, changed)))
    sealed = _sealed(plain) | data.draw(
        st.dictionaries(st.sampled_from(["algorithm", "nonce", "associated_data", "ciphertext"]), anything, max_size=1)
    )
    came: Any = {"serial_no": "AB", "effective_time": "x", "expire_time": None, "encrypt_certificate": sealed}
    came |= data.draw(st.dictionaries(st.sampled_from(list(came)), anything, max_size=1))
    read = from_wire(certificate.Certificates, {"data": [came]})
    try:
        crypto.load_public_key(read.data[0].open(APIV3_KEY))
    except WxCouponError as error:
        _says_something(error)


@FUZZED
@given(data=st.data())
def test_a_callback(keys: Keys, data: st.DataObject) -> None:
    """Whatever came as a callback, signed or not, it is opened or refused."""
    plain = data.draw(bodies)
    whole: dict[str, Any] = {
        "id": "1",
        "create_time": "t",
        "event_type": "E",
        "resource": {**_sealed(plain), "original_type": "coupon"},
    }
    inside = data.draw(
        st.dictionaries(st.sampled_from(["nonce", "associated_data", "ciphertext"]), anything, max_size=1)
    )
    whole["resource"] |= inside
    whole |= data.draw(st.dictionaries(st.sampled_from(list(whole)), anything, max_size=1))
    body = data.draw(st.just(json.dumps(whole).encode()) | bodies)
    headers = _signed(keys, body) | data.draw(st.dictionaries(st.sampled_from(SIGNING), header_values, max_size=1))
    try:
        came = receive(headers, body, keys=_platform(keys), apiv3_key=APIV3_KEY, now=NOW)
    except WxCouponError as error:
        _says_something(error)
    else:
        assert isinstance(came, Notification)
        assert repr(came)


@FUZZED
@given(meta=anything, content=st.binary(max_size=200))
def test_a_form_that_is_written_is_read(meta: Any, content: bytes) -> None:
    """What is written as a form is read from it again, whatever the file holds; or it cannot be written."""
    try:
        made = form.write({"meta": meta, "file": content})
    except WxCouponError:
        return
    parts = form.read(made.content_type, made.body)

    assert {"meta": made.signed, "file": content} == parts
    assert made.signed == dump(meta or {})


@FUZZED
@given(
    kind=st.text(max_size=40) | st.text(max_size=10).map("multipart/form-data; boundary={}".format),
    body=st.binary(max_size=200)
    | st.lists(st.sampled_from([b"--b", b"\r\n", b"--", b'content-disposition: form-data; name="', b'"', b"\xff"])).map(
        b"".join
    ),
)
def test_a_form_that_came(kind: str, body: bytes) -> None:
    """Whatever came as a form has parts, or is said to be none."""
    for content_type in (kind, "multipart/form-data; boundary=b"):
        try:
            assert isinstance(form.read(content_type, body), dict)
        except ValueError as error:
            _says_something(error)


@FUZZED
@given(
    url=st.text(max_size=60) | st.text(max_size=30).map("https://api.mch.weixin.qq.com/{}".format),
    value=st.text(max_size=50),
    kind=st.text(max_size=10) | st.sampled_from(["SHA1", "sha256", "shake_128"]),
)
def test_a_link(url: str, value: str, kind: str) -> None:
    """Whatever came as a link to a file is followed to a known host, or is refused."""
    link = Link(url, value, kind)
    try:
        assert way(link, ["https://api.mch.weixin.qq.com"]).hosts
        Proof(link)
    except WxCouponError as error:
        _says_something(error)


class _Says:
    """A server that answers with whatever bytes it is told, and closes."""

    def __init__(self) -> None:
        self.raw = b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of a connection."""
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(self.raw)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


_LINES = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 204 \r\n",
        b"HTTP/1.1 401 X\r\n",
        b"HTTP/1.1 503 X\r\n",
        b"HTTP/1.1 302 X\r\nLocation: http://[\r\n",
        b"HTTP/9.9 999 X\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"Content-Length: 2\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: 99999999999999999999\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Content-Encoding: gzip\r\n",
        b"Content-Encoding: deflate\r\n",
        b"Content-Type: text/html; charset=nonsense\r\n",
        b"Set-Cookie: \xff=;;\r\n",
        b"Wechatpay-Timestamp: 1\r\nWechatpay-Nonce: \xe8\r\nWechatpay-Serial: x\r\nWechatpay-Signature: =\r\n",
        b"Connection: close\r\n",
        b"Request-ID: \xc3\x28-1\r\n",
        b"\r\n",
        b"2\r\n{}\r\n0\r\n\r\n",
        b"{}",
        b"\x1f\x8b\x08",
    ]
)
_RAW = st.lists(_LINES, max_size=8).map(b"".join) | st.binary(max_size=100)
ASKED: list[AnyEndpoint] = [
    busifavor.GetStock(stock_id="1"),
    cc.GetUseFlow(stock_id="1"),
    pc.PreSendCoupon(openid="o", product_coupon_id="1", stock_id="2", appid="wx1", send_request_no="number"),
]


async def test_whatever_a_server_says(keys: Keys, unpaced: Pacer) -> None:
    """Whatever bytes come as an answer, the call ends, and in time, with an error of ours or with an answer."""
    says = _Says()
    server = await asyncio.start_server(says.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    partner = Partner(mchid="1900000001", brand_id="120344", serial_no="AB", private_key=keys.partner)
    loop = asyncio.get_running_loop()
    async with Client(
        partner, _platform(keys), base_url=url, pacer=unpaced, retry=RetryPolicy(attempts=1), timeout=5
    ) as client:

        async def ask(raw: bytes, request: AnyEndpoint) -> None:
            says.raw = raw
            try:
                await client.call(request)
            except WxCouponError as error:
                _says_something(error)

        @FUZZED
        @given(raw=_RAW, request=st.sampled_from(ASKED))
        def fuzz(raw: bytes, request: AnyEndpoint) -> None:
            asyncio.run_coroutine_threadsafe(ask(raw, request), loop).result(timeout=10)

        await asyncio.to_thread(fuzz)
    server.close()


@pytest.mark.parametrize(
    "body",
    [b"[" * 100_000, b'{"a":' * 100_000, b"9" * 100_000, b'{"data":' + b"9" * 5_000 + b"}", b'"' + b"\\u0000" * 50_000],
    ids=["lists", "objects", "a number", "a number inside", "text without end"],
)
def test_an_answer_made_to_hurt(body: bytes) -> None:
    """Depth and length that are made to hurt cost no more than a moment, and end like any other nonsense."""
    began = time.process_time()
    for read in (
        lambda: wire.decode(cc.GetUseFlow(stock_id="1"), wire.Answer(200, CIMultiDict(), body)),
        lambda: wire.failure(500, CIMultiDict(), body, verified=False),
    ):
        try:
            read()
        except WxCouponError as error:
            _says_something(error)

    assert time.process_time() - began < 5
