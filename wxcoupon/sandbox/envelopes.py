"""What a callback looks like: its kinds, when each is repeated, and its sealed body.

https://pay.weixin.qq.com/doc/v3/partner/4015780862
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from typing import Any, Final

import attrs

from .. import crypto, jsontext
from .validity import written

SCHEDULE: Final = (10.0, 14.0, 27.0, 60.0, 150.0, 394.0, 1053.0, 2831.0, 7620.0, 20580.0)
"""Seconds before each repetition of a callback about a sent product coupon, as documented in May 2026."""

_ELEVEN: Final = (60.0,) * 10
_PROBE: Final = "WECHATPAY/SIGNTEST/"


@attrs.frozen
class Event:
    """What kind of callback it is.

    Attributes:
        schedule: seconds before each repetition of one that was not acknowledged.
    """

    event_type: str
    associated_data: str
    original_type: str
    summary: str
    schedule: tuple[float, ...]


PARTNER_SEND: Final = Event(
    "PRODUCT_COUPON_SP.SEND", "product_coupon_sp", "coupon", "a product coupon was sent", SCHEDULE
)
BRAND_SEND: Final = Event("PRODUCT_COUPON.SEND", "product_coupon", "coupon", "a product coupon was sent", SCHEDULE)
IMAGE_GENERATION: Final = Event(
    "PRODUCT_COUPON_SP.IMAGE_GENERATION", "product_coupon_sp", "product_coupon", "an image task has ended", _ELEVEN
)
MERCHANT_SEND: Final = Event("COUPON.SEND", "coupon", "coupon", "a merchant coupon was sent", _ELEVEN)
CASH_USE: Final = Event("COUPON.USE", "coupon", "coupon", "a cash coupon was redeemed", (60.0,) * 8)
PLAN_CHANGE: Final = Event(
    "DELIVERY_PLAN.CHANGE",
    "delivery_plan",
    "delivery_plan",
    "a delivery plan has changed",
    (1.0, 2.0, *(60.0,) * 10, *(300.0,) * 37),
)

KINDS: Final = {
    kind.event_type: kind for kind in (PARTNER_SEND, BRAND_SEND, IMAGE_GENERATION, MERCHANT_SEND, CASH_USE, PLAN_CHANGE)
}
"""Every kind that a sandbox sends, by its type."""


def envelope(
    event: Event, resource: Mapping[str, Any], apiv3_key: str, at: float, notification_id: str | None = None
) -> bytes:
    """The body of a callback.

    Args:
        event: what kind it is.
        resource: what it tells, which is sealed.
        apiv3_key: the 32 characters it is sealed with.
        at: when it is made, seconds since 1970.
        notification_id: its number; None for a new one.
    """
    nonce = secrets.token_hex(6)
    return jsontext.dump(
        {
            "id": notification_id or str(uuid.uuid4()),
            "create_time": written(at),
            "event_type": event.event_type,
            "resource_type": "encrypt-resource",
            "summary": event.summary,
            "resource": {
                "original_type": event.original_type,
                "algorithm": "AEAD_AES_256_GCM",
                "ciphertext": crypto.seal_gcm(
                    apiv3_key.encode(), nonce, event.associated_data, jsontext.dump(dict(resource))
                ),
                "associated_data": event.associated_data,
                "nonce": nonce,
            },
        }
    )


def as_probe(headers: Mapping[str, str]) -> dict[str, str]:
    """The same headers with a signature that is wrong on purpose."""
    signature = _PROBE + headers["Wechatpay-Signature"][len(_PROBE) :]
    return {**headers, "Wechatpay-Signature": signature}
