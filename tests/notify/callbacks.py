"""Callbacks as WeChat Pay makes them, with throwaway keys: sealed, signed, and wrong where a test wants it."""

import json
import uuid
from collections.abc import Mapping
from typing import Any

from wxcoupon import crypto, wire
from wxcoupon.keys import KeyRing

APIV3_KEY = "0123456789abcdef0123456789ABCDEF"
NOW = 1_700_000_000.0
KEY_ID = "PUB_KEY_ID_0100000001"
SEND = "PRODUCT_COUPON_SP.SEND"

Callback = tuple[dict[str, str], bytes]


def coupon(number: int = 1, **members: Any) -> dict[str, Any]:
    """What a claim tells."""
    return {
        "coupon_code": f"CODE-{number:06}",
        "brand_id": "120344",
        "product_coupon_id": "200000001",
        "stock_id": "100000001",
        "appid": "wx1234567890abcdef",
        "openid": f"o-user-{number:06}",
        "unionid": f"u-user-{number:06}",
        "receive_time": "2025-05-20T13:29:35.120+08:00",
        "send_request_no": f"send_{number:06}",
        "send_channel": "RECEIVE_COMPONENT",
        "valid_begin_time": "2025-05-20T13:29:35+08:00",
        "valid_end_time": "2025-06-20T23:59:59+08:00",
        **members,
    }


def envelope(
    resource: object, *, event_type: str = SEND, number: str | None = None, key: str = APIV3_KEY, **members: Any
) -> dict[str, Any]:
    """The body of a callback as an object."""
    plain = resource if isinstance(resource, bytes) else json.dumps(resource, ensure_ascii=False).encode()
    sealed = {
        "original_type": "coupon",
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": crypto.seal_gcm(key.encode(), "abcdefabcdef", "product_coupon_sp", plain),
        "associated_data": "product_coupon_sp",
        "nonce": "abcdefabcdef",
    }
    return {
        "id": number or str(uuid.uuid4()),
        "create_time": "2025-05-20T13:29:36+08:00",
        "event_type": event_type,
        "resource_type": "encrypt-resource",
        "summary": "a coupon was sent",
        "resource": sealed,
        **members,
    }


class Platform:
    """WeChat Pay, as far as it signs: one key, and its id."""

    def __init__(self, key: crypto.PrivateKey, key_id: str = KEY_ID) -> None:
        self.key = key
        self.key_id = key_id

    def ring(self) -> KeyRing:
        """What a merchant has of it."""
        return KeyRing({self.key_id: self.key.public_key()})

    def signed(self, body: bytes | Mapping[str, Any], *, at: float = NOW, nonce: str = "N" * 32) -> Callback:
        """A body, and the headers that prove it."""
        raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        return wire.sign_answer(self.key, self.key_id, raw, timestamp=int(at), nonce=nonce), raw

    def told(self, resource: object, *, at: float = NOW, **members: Any) -> Callback:
        """A callback that tells *resource*."""
        return self.signed(envelope(resource, **members), at=at)

    def probe(self, callback: Callback) -> Callback:
        """The same callback with a signature that is wrong on purpose."""
        headers, body = callback
        return headers | {"Wechatpay-Signature": "WECHATPAY/SIGNTEST/" + headers["Wechatpay-Signature"][19:]}, body
