"""The signatures of the protocol, against vectors made by another program with keys that were thrown away."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from wxcoupon import Brand, KeyRing, Merchant, crypto, wire
from wxcoupon.errors import (
    BadSignature,
    ClockSkew,
    ConfigurationError,
    MissingSignature,
    ProbeSignature,
    UnknownSerial,
    UnreadableAnswer,
    UnsupportedSignature,
)
from wxcoupon.notify import receive

VECTORS: dict[str, Any] = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))
MERCHANT_KEY = crypto.load_public_key(VECTORS["merchant_public_key"])
KEYS = KeyRing({VECTORS["platform_key_id"]: VECTORS["platform_public_key"]})
CALLBACK = VECTORS["callback"]


def _headers(
    signature: str, stamp: str = "1700000001", nonce: str = "c5ac7061fccab6bf3e254dcf98995b8c"
) -> dict[str, str]:
    return {
        "Wechatpay-Timestamp": stamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": VECTORS["platform_key_id"],
        "Wechatpay-Signature": signature,
    }


@pytest.mark.parametrize("vector", VECTORS["requests"])
def test_request_message(vector: dict[str, str]) -> None:
    """The five lines are composed as the vector's, and its signature is over exactly them."""
    method, target, stamp, nonce, body, end = vector["message"].split("\n")

    composed = wire.request_message(method, target, stamp, nonce, body.encode())

    assert end == ""
    assert vector["message"].encode() == composed
    assert crypto.verifies(MERCHANT_KEY, composed, vector["signature"])
    assert not crypto.verifies(MERCHANT_KEY, composed + b"\n", vector["signature"])


@pytest.mark.parametrize("vector", [vector for vector in VECTORS["requests"] if "authorization" in vector])
def test_authorization(vector: dict[str, str]) -> None:
    """Both schemes spell the header as the vectors do, and sign what a verifier can check."""
    method, target, stamp, nonce, body, _ = vector["message"].split("\n")
    key = crypto.new_private_key()
    serial = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
    identity = (
        Brand(brand_id="120344", serial_no=serial, private_key=key)
        if "BRAND" in vector["authorization"]
        else Merchant(mchid="1900000001", serial_no=serial, private_key=key)
    )

    header = wire.authorization(identity, method, target, body.encode(), timestamp=int(stamp), nonce=nonce)

    mine = re.search(r'signature="([^"]+)"', header)
    assert mine is not None
    assert vector["authorization"] == header.replace(mine[1], vector["signature"])
    assert crypto.verifies(key.public_key(), vector["message"].encode(), mine[1])


@pytest.mark.parametrize("vector", VECTORS["answers"])
def test_answer(vector: dict[str, str]) -> None:
    """Answers with a body and without one (204) verify, with header names of any case."""
    body = vector["message"].split("\n")[2].encode()

    wire.verify(_headers(vector["signature"]), body, KEYS, now=1700000001)


@pytest.mark.parametrize("now", [1700000001 - 299, 1700000001 + 299])
def test_clock_window_inside(now: int) -> None:
    """299 seconds either way are inside the window."""
    vector = VECTORS["answers"][1]

    wire.verify(_headers(vector["signature"]), b"", KEYS, now=now)


@pytest.mark.parametrize(("now", "offset"), [(1700000301, -300), (1700000001 - 300, 300), (1700000401, -400)])
def test_clock_window_outside(now: int, offset: int) -> None:
    """300 seconds either way are refused, and the error says how far the clocks are apart."""
    vector = VECTORS["answers"][1]

    with pytest.raises(ClockSkew, match=f"{abs(offset)} seconds") as caught:
        wire.verify(_headers(vector["signature"]), b"", KEYS, now=now)

    assert offset == caught.value.offset


@pytest.mark.parametrize("name", ["Wechatpay-Timestamp", "Wechatpay-Nonce", "Wechatpay-Serial", "Wechatpay-Signature"])
def test_missing_header(name: str) -> None:
    """Each of the four headers has to be there, and the error names the one that is not."""
    headers = _headers(VECTORS["answers"][1]["signature"])
    del headers[name]

    with pytest.raises(MissingSignature, match=name):
        wire.verify(headers, b"", KEYS, now=1700000001)


@pytest.mark.parametrize(
    "stamp", ["soon", "", "9" * 400, "+1700000001", "1_700_000_001", "\u0661700000001", " 1700000001"]
)
def test_timestamp_that_is_no_number(stamp: str) -> None:
    """A timestamp that is not a number of seconds is refused like a missing one."""
    with pytest.raises(MissingSignature, match="Timestamp"):
        wire.verify(_headers("x", stamp=stamp), b"", KEYS, now=1700000001)


@pytest.mark.parametrize("nonce", ["\udcff", "é", "中"])
def test_nonce_of_strange_bytes(nonce: str) -> None:
    """A nonce header of bytes that are no text is a wrong signature, and no crash: anybody can send one."""
    with pytest.raises(BadSignature):
        wire.verify(_headers(VECTORS["answers"][1]["signature"], nonce=nonce), b"", KEYS, now=1700000001)


@pytest.mark.parametrize("changed", [b"x", b"\n", b" "])
def test_changed_body(changed: bytes) -> None:
    """A body that differs in one byte does not verify."""
    with pytest.raises(BadSignature, match="PUB_KEY_ID_"):
        wire.verify(_headers(VECTORS["answers"][1]["signature"]), changed, KEYS, now=1700000001)


def test_unknown_serial() -> None:
    """A key that is not in the ring is never replaced by another one."""
    headers = _headers(VECTORS["answers"][1]["signature"]) | {"Wechatpay-Serial": "PUB_KEY_ID_02"}

    with pytest.raises(UnknownSerial, match="PUB_KEY_ID_02"):
        wire.verify(headers, b"", KEYS, now=1700000001)


def test_foreign_algorithm() -> None:
    """Another signature type is refused by name; the RSA one may be named or left out."""
    headers = _headers(VECTORS["answers"][1]["signature"])

    wire.verify(headers | {"Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048"}, b"", KEYS, now=1700000001)
    with pytest.raises(UnsupportedSignature, match="SM2"):
        wire.verify(headers | {"Wechatpay-Signature-Type": "WECHATPAY2-SM2-WITH-SM3"}, b"", KEYS, now=1700000001)


def test_probe_fails_verification() -> None:
    """A probe signature is no valid one, and is told apart only after it has failed."""
    signature = "WECHATPAY/SIGNTEST/" + VECTORS["answers"][1]["signature"]

    with pytest.raises(ProbeSignature):
        wire.verify(_headers(signature), b"", KEYS, now=1700000001)


@pytest.mark.parametrize("signature", ["", "=", "not base64 at all", "5Zu+", "AAAA", "\x00"])
def test_signature_that_is_none(signature: str) -> None:
    """Text that is no base64, or no signature, is a failed signature and not a crash."""
    with pytest.raises(BadSignature):
        wire.verify(_headers(signature), b"", KEYS, now=1700000001)


def _callback_headers() -> dict[str, str]:
    return _headers(CALLBACK["signature"], CALLBACK["timestamp"], CALLBACK["header_nonce"])


@pytest.mark.parametrize("case", [str, str.lower, str.upper])
def test_callback_is_opened(case: Any) -> None:
    """A callback is verified and opened, whatever a framework did to the case of the header names."""
    headers = {case(name): value for name, value in _callback_headers().items()}

    notification = receive(
        headers, CALLBACK["body"].encode(), keys=KEYS, apiv3_key=CALLBACK["apiv3_key"], now=1700000002
    )

    assert json.loads(CALLBACK["plaintext"]) == notification.resource
    assert ("EV-2018022511223320873", "COUPON.SEND") == (notification.id, notification.event_type)
    assert "openid" not in repr(notification)


def test_callback_with_a_changed_byte() -> None:
    """A callback changed on the way is refused before anything of it is read."""
    body = CALLBACK["body"].replace("coupon sent", "coupon lost").encode()

    with pytest.raises(BadSignature):
        receive(_callback_headers(), body, keys=KEYS, apiv3_key=CALLBACK["apiv3_key"], now=1700000002)


def test_stale_callback() -> None:
    """A callback of 300 seconds ago is refused, or it could be played back."""
    with pytest.raises(ClockSkew):
        receive(
            _callback_headers(), CALLBACK["body"].encode(), keys=KEYS, apiv3_key=CALLBACK["apiv3_key"], now=1700000302
        )


def test_callback_with_another_key() -> None:
    """A proven callback that does not open says that the APIv3 key is the likely cause."""
    with pytest.raises(UnreadableAnswer, match="apiv3_key"):
        receive(_callback_headers(), CALLBACK["body"].encode(), keys=KEYS, apiv3_key="x" * 32, now=1700000002)


@pytest.mark.parametrize(
    ("body", "key", "says"),
    [("text", "x" * 32, "raw bytes"), (b"{}", "short", "32 bytes"), (b"{}", "x" * 31 + "\udcff", "it has 34")],
)
def test_callback_wrongly_handed_over(body: Any, key: str, says: str) -> None:
    """Text instead of bytes, and a key of another length, are refused with what to do instead."""
    with pytest.raises(ConfigurationError, match=says):
        receive({}, body, keys=KEYS, apiv3_key=key, now=0)
