"""Callbacks as WeChat Pay makes them, with throwaway keys; and wrong ones, as a service has to bear them."""

from __future__ import annotations

import functools
import json
import secrets
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, Self, TypeAlias, get_args

from .. import crypto, jsontext, wire
from ..convert import to_wire
from ..errors import ConfigurationError
from ..event import Event, UnknownEvent
from ..keys import KeyRing
from ..notify import Tenant
from ..sandbox import Keys, envelopes, files
from .samples import declared, sample

Variant: TypeAlias = Literal[
    "genuine", "forged", "tampered", "stale", "probe", "unknown-serial", "unsigned", "unopenable"
]
"""``genuine``: to be taken. ``forged``: signed by another key under the right id. ``tampered``: changed after it was
signed. ``stale``: signed ten minutes ago. ``probe``: wrong on purpose, as WeChat Pay sends some. ``unknown-serial``:
signed by a key that nobody knows. ``unsigned``: without any of the headers. ``unopenable``: genuine, and sealed with
another APIv3 key."""

KEY_ID: Final = "PUB_KEY_ID_0100000000000000000000000000000001"
"""What the throwaway key is called."""

_OLD: Final = 600.0
_UNKNOWN_ID: Final = "PUB_KEY_ID_0100000000000000000000000000000404"


class Callback(NamedTuple):
    """A callback: what a service is sent.

    Attributes:
        headers: its HTTP headers.
        body: its bytes.
    """

    headers: dict[str, str]
    body: bytes


@functools.cache
def _platform() -> crypto.PrivateKey:
    return crypto.new_private_key()


@functools.cache
def _stranger() -> crypto.PrivateKey:
    return crypto.new_private_key()


@functools.cache
def _apiv3_key() -> str:
    return secrets.token_hex(16)


class Callbacks:
    """Makes callbacks: call it with an event.

    Without arguments it signs with keys that are made once a process, so what one makes any other's :attr:`keys` prove.

    Args:
        key: WeChat Pay's private key, a throwaway one.
        key_id: what ``Wechatpay-Serial`` calls it: a ``PUB_KEY_ID_…``.
        certificate: sign with a platform certificate for that key instead, as for a merchant that has no public key of
            WeChat Pay; :attr:`keys` has the certificate, and ``key_id`` is its serial number.
        apiv3_key: 32 characters that data is sealed with.
        clock: seconds since 1970; give it to the router as well where it is not this machine's.

    Raises:
        ConfigurationError: *apiv3_key* is not 32 bytes.
    """

    def __init__(
        self,
        *,
        key: crypto.PrivateKey | None = None,
        key_id: str = KEY_ID,
        certificate: bool = False,
        apiv3_key: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.apiv3_key = _apiv3_key() if apiv3_key is None else apiv3_key
        if (size := len(self.apiv3_key.encode(errors="surrogatepass"))) != 32:
            raise ConfigurationError(f"apiv3_key has to be 32 bytes; it has {size}")
        self._key = _platform() if key is None else key
        self._clock = clock
        self.key_id = key_id
        self._proof: crypto.PublicKey | bytes = self._key.public_key()
        if certificate:
            begins, ends = (datetime.fromtimestamp(clock() + days * 86400, UTC) for days in (-1, 5 * 365))
            self.key_id, self._proof = crypto.self_signed(self._key, "wxcoupon.testing", begins, ends)

    def __repr__(self) -> str:
        return f"Callbacks(key_id={self.key_id!r})"

    @classmethod
    def of(cls, keys: Keys, *, clock: Callable[[], float] = time.time) -> Self:
        """Callbacks that are proven by the public key of the sandbox that has these keys."""
        return cls(key=keys.platform, key_id=keys.platform_id, apiv3_key=keys.apiv3_key, clock=clock)

    @classmethod
    def load(cls, directory: Path | str) -> Self:
        """Callbacks with the keys in a directory that ``wxcoupon sandbox --dir`` or :meth:`save` wrote.

        Raises:
            ConfigurationError: they are not there.
        """
        key, key_id, apiv3_key = files.read_platform(Path(directory))
        return cls(key=key, key_id=key_id, apiv3_key=apiv3_key)

    def save(self, directory: Path | str) -> None:
        """Write the keys, and ``callbacks.env`` with the settings of a service that is to take these callbacks.

        Raises:
            ConfigurationError: they cannot be written, or a certificate signs: settings name a public key.
        """
        if isinstance(self._proof, bytes):
            raise ConfigurationError("settings name a public key, and these callbacks are signed with a certificate")
        files.write_platform(Path(directory), self._key, self.key_id, self.apiv3_key)

    @property
    def keys(self) -> KeyRing:
        """The keys that prove these callbacks."""
        return KeyRing({self.key_id: self._proof}, clock=self._clock)

    def tenant(self, name: str = "", brand_ids: Iterable[str] = ()) -> Tenant:
        """A tenant of a router that takes these callbacks."""
        return Tenant(self.apiv3_key, keys=self.keys, name=name, brand_ids=brand_ids)

    def __call__(
        self,
        event: Event | type[Event] | str,
        /,
        *,
        variant: Variant = "genuine",
        notification_id: str | None = None,
        at: float | None = None,
        spelling: str | None = None,
        **members: Any,
    ) -> Callback:
        """Make a callback.

        Args:
            event: an event; or its class or its type, as ``"PRODUCT_COUPON_SP.SEND"``, of which a sample is made that
                is another occurrence each time. Of a type that no event is declared for, *members* are all it tells.
            variant: what is wrong with it.
            notification_id: its number; a new one when None.
            at: when it is signed, seconds since 1970; now when None.
            spelling: its type where the event is not given by it; the current spelling when None.
            members: members under their wire names, instead of the sample's; None leaves one out.

        Returns:
            Its headers and its body.

        Raises:
            ConfigurationError: there is no such event or variant.
        """
        return self.of_members(
            event, members, variant=variant, notification_id=notification_id, at=at, spelling=spelling
        )

    def of_members(
        self,
        event: Event | type[Event] | str,
        members: Mapping[str, Any],
        *,
        variant: Variant = "genuine",
        notification_id: str | None = None,
        at: float | None = None,
        spelling: str | None = None,
    ) -> Callback:
        """Make a callback of members in a mapping; otherwise what calling this object does."""
        if variant not in get_args(Variant):
            raise ConfigurationError(f"variant is one of {', '.join(get_args(Variant))}, not {variant!r}")
        now = self._clock() if at is None else at
        event_type, resource = _told(event, now)
        resource = {name: value for name, value in {**resource, **members}.items() if value is not None}
        kind = _kind(spelling or event_type)
        sealed = secrets.token_hex(16) if variant == "unopenable" else self.apiv3_key
        return self._signed(envelopes.envelope(kind, resource, sealed, now, notification_id), now, variant)

    def again(
        self, callback: Callback, *, new_id: bool = False, variant: Variant = "genuine", at: float | None = None
    ) -> Callback:
        """Deliver a callback once more, freshly signed.

        Args:
            callback: what was delivered.
            new_id: whether the same occurrence is told under another notification id, as happens too.
            variant: what is wrong with it now.
            at: when it is signed, seconds since 1970; now when None.
        """
        body = callback.body
        if new_id:
            body = jsontext.dump({**json.loads(body), "id": str(uuid.uuid4())})
        return self._signed(body, self._clock() if at is None else at, variant)

    def _signed(self, body: bytes, at: float, variant: Variant) -> Callback:
        key = _stranger() if variant in {"forged", "unknown-serial"} else self._key
        key_id = _UNKNOWN_ID if variant == "unknown-serial" else self.key_id
        stamp = int(at - _OLD if variant == "stale" else at)
        headers = wire.sign_answer(key, key_id, body, timestamp=stamp, nonce=wire.new_nonce())
        if variant == "probe":
            headers = envelopes.as_probe(headers)
        if variant == "unsigned":
            headers = {}
        headers |= {"Content-Type": "application/json", "Request-ID": wire.new_nonce()}
        return Callback(headers, body + b" " if variant == "tampered" else body)


def _kind(event_type: str) -> envelopes.Event:
    """What is around the data of an event: as a sandbox has it, else like that, because nothing depends on it."""
    about = event_type.partition(".")[0].lower()
    return envelopes.KINDS.get(event_type) or envelopes.Event(event_type, about, about, "a test", ())


def _told(event: Event | type[Event] | str, at: float) -> tuple[str, dict[str, Any]]:
    if isinstance(event, UnknownEvent):
        return event.event_type, dict(event.data)
    if isinstance(event, Event):
        return declared(type(event))[1], to_wire(event)
    cls, event_type = declared(event)
    return event_type, {} if cls is None else sample(event, at)


def callback(
    event: Event | type[Event] | str,
    /,
    *,
    variant: Variant = "genuine",
    notification_id: str | None = None,
    at: float | None = None,
    spelling: str | None = None,
    **members: Any,
) -> Callback:
    """Make a callback with this process's throwaway keys: what ``Callbacks()`` does, which also has the keys."""
    return Callbacks()(event, variant=variant, notification_id=notification_id, at=at, spelling=spelling, **members)
