"""A callback's headers and bytes in, what it tells out; no framework, no I/O.

Order of work: the signature is verified over the bytes as they came, and only then are they parsed, opened and read
into the class of their event.

https://pay.weixin.qq.com/doc/v3/merchant/4012071382
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Generic, TypeAlias

import attrs
from typing_extensions import TypeVar

from .. import convert, crypto, event, wire
from ..errors import ConfigurationError, UnreadableAnswer
from ..event import Event, UnknownEvent
from ..jsontext import load
from ..keys import KeyRing
from .headers import Headers, proving
from .refusals import CannotOpen, TooLarge

E_co = TypeVar("E_co", bound=Event, covariant=True, default=Event)
Key: TypeAlias = str | bytes
"""An APIv3 key, 32 bytes."""

MOST_BYTES: Final = 2 << 20
"""The bytes that a callback may have: twice what is documented for its sealed data."""

_SEALED: Final = "AEAD_AES_256_GCM"
_NO_CALLBACK: Final = "the callback is not the JSON that WeChat Pay documents for callbacks"
_RAW: Final = (
    "give the raw bytes of the body, which the signature is over: await request.read() in aiohttp, "
    "await request.body() in Starlette and FastAPI, request.body in Django, request.get_data() in Flask, "
    "await request.get_data() in Quart"
)
_readers: dict[str, Callable[[Any], Event]] = {}


@attrs.frozen
class Notification(Generic[E_co]):
    """A proven, opened callback.

    Attributes:
        id: the notification's number: one and the same for every delivery of it.
        event_type: what happened, as ``PRODUCT_COUPON_SP.SEND``.
        create_time: when it was made, as it is written: RFC 3339.
        event: what happened, as the class that is declared for its type; :class:`~wxcoupon.event.UnknownEvent` where
            none is.
        resource: the opened data as it came. It names users and codes, so it is left out of the repr.
        resource_type: ``encrypt-resource``.
        summary: a short text; None where there is none.
        tenant: the name of the tenant of a :class:`~wxcoupon.notify.Router` that it is for; empty without one.
    """

    id: str
    event_type: str
    create_time: str
    event: E_co
    resource: Mapping[str, Any] = attrs.field(repr=False)
    resource_type: str = "encrypt-resource"
    summary: str | None = None
    tenant: str = ""

    @property
    def brand_id(self) -> str | None:
        """The brand it is about, where it says so."""
        brand = self.resource.get("brand_id")
        return brand if isinstance(brand, str) else None


def receive(
    headers: Headers,
    body: bytes,
    *,
    keys: KeyRing,
    apiv3_key: Key | Sequence[Key],
    now: float,
    window: float = wire.WINDOW,
    most_bytes: int = MOST_BYTES,
) -> Notification[Event]:
    """Verify a callback, open its data, and read it into the class of its event.

    Args:
        headers: the HTTP headers of the callback as the framework has them, their names in any case: a mapping, a list
            of pairs, the pairs of bytes of ASGI, or a WSGI environment.
        body: the HTTP body exactly as it came: raw bytes, not text and not parsed JSON.
        keys: WeChat Pay's keys. Where it may have signed with a platform certificate that is not there yet,
            :func:`~wxcoupon.notify.receive_with` fetches it first.
        apiv3_key: the APIv3 key, 32 bytes, a brand's as it is set on the brand platform; or several, while one takes
            the place of another.
        now: this machine's time, seconds since 1970.
        window: seconds that the timestamp may be away from *now*; at this many it is refused.
        most_bytes: bytes that the body may have.

    Returns:
        The notification. Answer it with 204 within 5 seconds, and expect it more than once.

    Raises:
        UntrustedAnswer: it is not proven to be WeChat Pay's, and one of its subclasses says why. Answer 401.
        UnreadableAnswer: it is proven and cannot be opened (:class:`~wxcoupon.notify.CannotOpen`: the APIv3 key is
            another one) or read.
        ConfigurationError: an APIv3 key is not 32 bytes, *body* is not bytes, or *headers* are none.
    """
    opening = checked(apiv3_key)
    raw(body, most_bytes)
    prove(proving(headers), body, keys, now=now, window=window)
    return opened(body, opening)


def checked(apiv3_key: Key | Sequence[Key]) -> tuple[crypto.GcmKey, ...]:
    """The APIv3 keys, ready to open with.

    Raises:
        ConfigurationError: one is not 32 bytes, or there is none.
    """
    given = (apiv3_key,) if isinstance(apiv3_key, str | bytes) else tuple(apiv3_key)
    # Half of a surrogate pair is three bytes too many; refused by encode, it would show the key in its repr.
    keys = tuple(key.encode(errors="surrogatepass") if isinstance(key, str) else key for key in given)
    for key in keys:
        if len(key) != 32:
            raise ConfigurationError(f"apiv3_key has to be 32 bytes; it has {len(key)}")
    if not keys:
        raise ConfigurationError("apiv3_key: give at least one")
    return tuple([crypto.gcm_key(key) for key in keys])


def raw(body: object, most_bytes: int) -> bytes:
    """The body, if it is bytes and not too many.

    Raises:
        ConfigurationError: it is anything else.
        TooLarge: they are too many.
    """
    if not isinstance(body, bytes):
        raise ConfigurationError(f"the body of the callback came as {type(body).__name__}; {_RAW}")
    if len(body) > most_bytes:
        raise TooLarge(f"the callback has {len(body)} bytes, and {most_bytes} are the most")
    return body


def prove(found: Mapping[str, str], body: bytes, keys: KeyRing, *, now: float, window: float = wire.WINDOW) -> None:
    """Prove that a callback is WeChat Pay's, written just now; *found* are the headers that :func:`proving` finds.

    Raises:
        UntrustedAnswer: it is not proven, and one of its subclasses says why.
    """
    wire.verify(found, body, keys, now=now, window=window, what="callback")


def opened(body: bytes, apiv3_keys: Sequence[crypto.GcmKey], tenant: str = "") -> Notification[Event]:
    """Open a proven callback, and read it into the class of its event.

    Args:
        body: its bytes.
        apiv3_keys: the keys to open it with, one after the other.
        tenant: whom it is for.

    Raises:
        CannotOpen: none of the keys opens it.
        UnreadableAnswer: it is not the JSON that is documented.
    """
    try:
        envelope = load(body)
        sealed = envelope["resource"]
        number, event_type = envelope["id"], envelope["event_type"]
        if sealed.get("algorithm", _SEALED) != _SEALED:
            raise UnreadableAnswer(
                f"the callback's data is sealed otherwise than with {_SEALED}, which alone is opened"
            )
        nonce, bound, ciphertext = sealed["nonce"], sealed.get("associated_data") or "", sealed["ciphertext"]
        for key in apiv3_keys:
            if (plain := crypto.open_gcm(key, nonce, bound, ciphertext)) is not None:
                break
        else:
            several = "any of these APIv3 keys" if len(apiv3_keys) > 1 else "this apiv3_key"
            raise CannotOpen(
                f"the callback is WeChat Pay's, and its data does not open with {several}; compare it with the APIv3 "
                "key on the merchant platform (a brand's is on the brand platform), and give the one before too while "
                "it is changed"
            )
        resource = load(plain)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UnreadableAnswer(_NO_CALLBACK) from None
    if type(resource) is not dict or type(number) is not str or type(event_type) is not str or not number:
        raise UnreadableAnswer(_NO_CALLBACK)
    get, known = envelope.get, _readers.get(event_type)
    made, kind, summary = get("create_time"), get("resource_type"), get("summary")
    return Notification(
        number,
        event_type,
        made if type(made) is str else "",
        read(event_type, resource) if known is None else known(resource),
        resource,
        kind if type(kind) is str else "",
        summary if type(summary) is str else None,
        tenant,
    )


def read(event_type: str, resource: Mapping[str, Any]) -> Event:
    """Read opened data into the class that is declared for *event_type*."""
    cls = event.REGISTRY.get(event_type) or event.registry().get(event_type)
    if cls is None:
        return UnknownEvent(event_type=event_type, data=resource)
    known = _readers[event_type] = convert.reader(cls)
    return known(resource)
