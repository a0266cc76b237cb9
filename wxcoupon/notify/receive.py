"""A callback's headers and bytes in, its opened data out; no framework, no I/O.

Order of work: the signature is verified over the bytes as they came, and only then are they parsed and opened.

https://pay.weixin.qq.com/doc/v3/merchant/4012071382
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from .. import crypto, wire
from ..errors import ConfigurationError, UnreadableAnswer
from ..jsontext import load
from ..keys import KeyRing

_HEADERS = (
    "Wechatpay-Timestamp",
    "Wechatpay-Nonce",
    "Wechatpay-Serial",
    "Wechatpay-Signature",
    "Wechatpay-Signature-Type",
)


@attrs.frozen
class Notification:
    """A proven, opened callback.

    Attributes:
        id: the notification's number: one and the same for every delivery of it.
        event_type: what happened, as ``PRODUCT_COUPON_SP.SEND``; dispatch on this alone.
        create_time: when it was made, RFC 3339.
        resource: the opened data. It names users and codes, so it is left out of the repr.
    """

    id: str
    event_type: str
    create_time: str
    resource: Mapping[str, Any] = attrs.field(repr=False)


def receive(
    headers: Mapping[str, str], body: bytes, *, keys: KeyRing, apiv3_key: str | bytes, now: float
) -> Notification:
    """Verify a callback and open its data.

    Args:
        headers: the HTTP headers of the callback, their names in any case.
        body: the HTTP body exactly as it came: raw bytes, not text and not parsed JSON.
        keys: WeChat Pay's keys. Where it may have signed with a platform certificate that is not there yet,
            ``await client.learn(headers)`` before, and give ``client.keys``.
        apiv3_key: the APIv3 key, 32 bytes; a brand's is set on the brand platform.
        now: this machine's time, seconds since 1970.

    Returns:
        The notification. Answer it with 204 within 5 seconds, and expect it more than once.

    Raises:
        UntrustedAnswer: it is not proven to be WeChat Pay's, and one of its subclasses says why. Answer 401.
        UnreadableAnswer: it is proven and cannot be opened or read, mostly because the APIv3 key is another one.
        ConfigurationError: the APIv3 key is not 32 bytes, or *body* is not bytes.
    """
    if not isinstance(body, bytes):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigurationError(
            "receive takes the raw bytes of the body, which the signature is over: await request.read() in aiohttp, "
            "await request.body() in Starlette, request.body in Django, request.get_data() in Flask"
        )
    key = apiv3_key.encode(errors="surrogatepass") if isinstance(apiv3_key, str) else apiv3_key
    if len(key) != 32:
        raise ConfigurationError(f"apiv3_key has to be 32 bytes; it has {len(key)}")
    lower = {name.lower(): value for name, value in headers.items()}
    wire.verify({name: lower[name.lower()] for name in _HEADERS if name.lower() in lower}, body, keys, now=now)
    try:
        envelope = load(body)
        sealed = envelope["resource"]
        opened = crypto.open_gcm(key, sealed["nonce"], sealed.get("associated_data") or "", sealed["ciphertext"])
        if opened is None:
            raise UnreadableAnswer("the callback's data does not open with this apiv3_key; check it on the platform")
        resource = load(opened)
        return Notification(
            id=envelope["id"],
            event_type=envelope["event_type"],
            create_time=envelope["create_time"],
            resource=resource,
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UnreadableAnswer("the callback is not the JSON that WeChat Pay documents for callbacks") from None
