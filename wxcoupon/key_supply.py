"""Brings platform certificates into a key ring: for a client, with its own signed calls.

Rule 1: nobody is sent a request before there is a certificate to verify the answer with, where certificates are
        announced. What fails then has done nothing.
Rule 2: whoever needs certificates of one ring while they are being fetched waits for that one fetch, in whatever
        event loop; a waiter that is cancelled leaves it to the others.
Rule 3: certificates that grow old are fetched beside the call that notices it, and the call does not wait. Nothing runs
        between calls, and nothing after the client is closed.
Rule 4: a list of certificates is believed when all of them open with the APIv3 key, each is the one it is said to be,
        and one of them, or a key that was known before, has signed the list.

https://pay.weixin.qq.com/doc/v3/merchant/4012551764
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import attrs

from . import certificate_cache, convert, crypto, wire
from .certificate import Certificate, Certificates, ListCertificates
from .endpoint import Rate
from .errors import (
    ClientStateError,
    ConfigurationError,
    NoCertificatesError,
    UnreadableAnswer,
    WxCouponError,
)
from .identity import SERIAL, Identity
from .jsontext import load
from .keys import KeyRing, PlatformCertificate
from .middleware import Sign
from .wire import Answer, WireRequest

_SEALED: Final = "AEAD_AES_256_GCM"
_BEGINS: Final = b"-----BEGIN CERTIFICATE-----"
_LOOK: Final = 1.0
"""Seconds after which a waiter looks whether the event loop of the fetch still runs."""
_GIVEN_UP: Final = "the client that was fetching platform certificates is closed; make a new one"

_log = logging.getLogger("wxcoupon")
_LOCK: Final = threading.Lock()
"""One for all rings: it is held only to see whether a fetch is under way."""


def proven(ring: KeyRing, headers: Mapping[str, str], body: bytes, *, now: float) -> list[PlatformCertificate]:
    """Open a list of certificates, and prove that WeChat Pay has signed it.

    Args:
        ring: the APIv3 key, and the keys that are known already.
        headers: the answer's headers; names compare without case.
        body: its bytes.
        now: this machine's time, seconds since 1970.

    Returns:
        The certificates. Those of other algorithms, which answers are never verified with here, are left out.

    Raises:
        UnreadableAnswer: a certificate does not open, or is not the one it is said to be; or there is none.
        UntrustedAnswer: the list is not signed with one of the certificates in it, nor with a key known before.
    """
    try:
        data = load(body)
    except ValueError:
        raise UnreadableAnswer("the list of platform certificates is not JSON") from None
    listed = convert.from_wire(Certificates, data).data if isinstance(data, dict) else None
    if not isinstance(listed, list):
        raise UnreadableAnswer("the list of platform certificates did not come as it is documented")
    opened = [one for certificate in listed if (one := _opened(ring, certificate)) is not None]
    if not opened:
        raise UnreadableAnswer("there is no platform certificate of RSA in the list")
    wire.verify(headers, body, ring.joined(opened), now=now)
    return opened


def _opened(ring: KeyRing, certificate: Certificate) -> PlatformCertificate | None:
    serial: Any = None
    try:
        serial, sealed = certificate.serial_no, certificate.encrypt_certificate
        if sealed.algorithm != _SEALED:
            return None
        pem = ring.opened(sealed.nonce, sealed.associated_data or "", sealed.ciphertext)
        number = int(serial, 16) if SERIAL.fullmatch(serial) else -1
    except (AttributeError, TypeError):  # answers are taken as they come, so any of these may be anything
        raise UnreadableAnswer(f"the platform certificate {_short(serial)} did not come as it is documented") from None
    if number < 0:
        raise UnreadableAnswer(f"{_short(serial)} is no serial number of a platform certificate")
    if pem is None:
        raise UnreadableAnswer(
            f"the platform certificate {_short(serial)} does not open with this apiv3_key (WXCOUPON_APIV3_KEY); "
            "check it on the merchant platform"
        )
    if not pem.lstrip().startswith(_BEGINS):
        # Callbacks are sealed with the same key, and others choose some of the text in them.
        raise UnreadableAnswer(f"what is listed as the platform certificate {_short(serial)} is no PEM certificate")
    try:
        found = crypto.load_certificate(pem, f"the platform certificate {_short(serial)}")
    except ConfigurationError as error:
        raise UnreadableAnswer(str(error)) from None
    if found.serial != number:
        raise UnreadableAnswer(
            f"what is listed as the platform certificate {_short(serial)} is the certificate "
            f"{crypto.serial_text(found.serial)}; report this to WeChat Pay"
        )
    begins, ends = (
        _seconds(certificate, "effective_time", found.begins),
        _seconds(certificate, "expire_time", found.ends),
    )
    return PlatformCertificate(serial, found.key, begins, ends)


def _short(serial: object) -> str:
    return serial if isinstance(serial, str) and SERIAL.fullmatch(serial) else repr(serial)[:80]


def _seconds(certificate: Certificate, name: str, otherwise: datetime) -> float:
    said = getattr(certificate, name, None)
    return (said if isinstance(said, datetime) and said.tzinfo else otherwise).timestamp()


@attrs.define(eq=False)
class SignForCertificates(Sign):
    """Signs the request for certificates, and believes the answer by the certificates in it."""

    async def believe(self, headers: Mapping[str, str], body: bytes, now: float) -> None:
        """Prove the list, and adopt its certificates.

        Raises:
            UntrustedAnswer, UnreadableAnswer: as :func:`proven`.
        """
        self.keys.adopt(proven(self.keys, headers, body, now=now), self.keys.clock())


def request(identity: Identity) -> tuple[WireRequest, str, Rate | None]:
    """The request for certificates as *identity* sends it, its endpoint's name, and its documented rate.

    Raises:
        NotAllowedError: this identity has no platform certificates.
    """
    ask = ListCertificates()
    return wire.encode(ask, identity), ask.name, ask.route.rates.get(type(identity))


@attrs.frozen
class _Flight:
    """A fetch that is under way."""

    loop: asyncio.AbstractEventLoop
    landed: Future[WxCouponError | None]

    @property
    def runs(self) -> bool:
        """Whether it goes on: not so in a loop that was stopped meanwhile, between two calls of a script perhaps."""
        return self.loop.is_running()


class KeySupply:
    """What one client does to keep its ring supplied.

    Args:
        keys: the ring, which other clients may use too.
        fetch: asks for the certificates and has the ring adopt them; its answer is what is cached.
    """

    def __init__(self, keys: KeyRing, fetch: Callable[[], Awaitable[Answer]]) -> None:
        self._keys = keys
        self._fetch = fetch
        self._tasks: set[asyncio.Task[None]] = set()

    async def ready(self) -> None:
        """See to it that there is a certificate before a request leaves; begin to fetch, if those there grow old.

        Raises:
            NoCertificatesError: there is none, and none can be had now.
            ClientStateError: this client was closed meanwhile.
        """
        keys = self._keys
        while keys.due:
            if keys.newest is not None:
                if not keys.barred:
                    self._join(None)
                return
            failure = keys.failure
            if keys.barred and failure is not None:
                raise NoCertificatesError(failure)
            failed = await self._landed(None)
            if failed is not None:
                if keys.newest is not None:  # from the cache: old, and better than none
                    return
                raise NoCertificatesError(failed)

    async def missed(self, serial: str) -> None:
        """Fetch the certificate that *serial* names, if it is none of the ring's, and too soon it is not.

        Whether it came, :meth:`KeyRing.find` says, and why not.
        """
        if self._keys.lacks(serial) and not self._keys.barred:
            with contextlib.suppress(ClientStateError):  # an answer is there, and what it lacks is a key
                await self._landed(serial)

    async def close(self) -> None:
        """Give up what is under way. Clients that wait for it begin anew by themselves."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _landed(self, serial: str | None) -> WxCouponError | None:
        """Wait for the fetch of this ring, whoever has begun it; why it failed."""
        while True:
            flight, mine = self._join(serial)
            landed = asyncio.wrap_future(flight.landed)
            try:
                while not landed.done() and flight.runs:
                    await asyncio.wait([landed], timeout=_LOOK)
                if not landed.done():
                    continue
                failed = landed.result()
            finally:
                landed.cancel()
            if not isinstance(failed, ClientStateError):
                if failed is None and serial is not None:
                    self._keys.asked(serial, None)
                return failed
            if mine:
                raise ClientStateError(_GIVEN_UP)

    def _join(self, serial: str | None) -> tuple[_Flight, bool]:
        """The fetch that is under way, or a new one; and whether it is new."""
        loop = asyncio.get_running_loop()
        with _LOCK:
            flight: _Flight | None = self._keys.flight
            if flight is not None and flight.runs:
                return flight, False
            flight = self._keys.flight = _Flight(loop, Future())
        flight.landed.set_running_or_notify_cancel()  # so that no waiter that is cancelled cancels it
        task = loop.create_task(self._bring(serial))
        self._tasks.add(task)
        task.add_done_callback(partial(self._land, flight, serial))
        return flight, True

    def _land(self, flight: _Flight, serial: str | None, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = ClientStateError(_GIVEN_UP) if task.cancelled() else task.exception()
        failed = error if isinstance(error, WxCouponError) else None
        if failed is error and not isinstance(error, ClientStateError):
            self._keys.asked(serial, failed)
        with _LOCK:
            if self._keys.flight is flight:
                self._keys.flight = None
        if failed is error:
            flight.landed.set_result(failed)
        else:
            flight.landed.set_exception(error)

    async def _bring(self, serial: str | None) -> None:
        keys, cache = self._keys, self._keys.cache
        if cache is not None and await asyncio.to_thread(_revived, keys, cache):
            held = keys.newest is not None if serial is None else not keys.lacks(serial)
            if held and not keys.due:
                return
        try:
            answer = await self._fetch()
        except WxCouponError as error:
            if keys.newest is not None and not isinstance(error, ClientStateError):
                _log.info("platform certificates were not renewed: %s", error)
            raise
        if cache is None:
            return
        why = await asyncio.to_thread(certificate_cache.write, cache, answer.headers, answer.body)
        if why is not None and not keys.cache_told:
            keys.cache_told = True
            _log.warning(
                "the cache of platform certificates %s cannot be written (%s), so the next process fetches them anew: "
                "give KeyRing(cache=…) a file in a directory that this process may write to",
                cache,
                why,
            )


def _revived(keys: KeyRing, cache: Path) -> bool:
    """Adopt what is in the cache, if it was asked for later than what is held."""
    cached = certificate_cache.read(cache)
    if cached is None:
        return False
    try:
        # Proven as on the day it came, except that the certificates have to be in use today.
        found = proven(keys, cached.headers, cached.body, now=cached.asked)
    except WxCouponError as error:
        _log.info("the cache of platform certificates counts for nothing: %s", error)
        return False
    return keys.revive(found, cached.asked)
