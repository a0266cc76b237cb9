"""The keys answers are verified with, by the serial that names them.

Rule 1: the key is the one that the answer's ``Wechatpay-Serial`` names. There is no fallback to another key.
Rule 2: public keys have ids (``PUB_KEY_ID_…``), compared whole; platform certificates have hexadecimal serial
        numbers, compared as numbers. Both kinds stand side by side, so that a migration goes either way.
Rule 3: who announces certificates keeps them fresh, and who announces a public key asks for a certificate only when
        an answer names one that is not there: a merchant that goes on asking never gets done with its migration.

Nothing here sends anything: :mod:`wxcoupon.key_supply` does, for a client.

https://pay.weixin.qq.com/doc/v3/merchant/4012154180 (migration), 4012551764 (certificates)
"""

from __future__ import annotations

import copy
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from . import crypto
from .errors import ConfigurationError, UnknownSerial, WxCouponError
from .identity import SERIAL

_PUBLIC_KEY_ID: Final = re.compile(r"PUB_KEY_ID_[0-9A-Za-z]+")
_CERTIFICATE: Final = "certificate"

RENEWAL: Final = 6 * 3600.0
"""Seconds after which certificates are asked for again; the documentation says at least every 12 hours."""
VAIN: Final = 60.0
"""Seconds in which no serial makes the ring ask again, after one for which it asked in vain."""
FAILED: Final = 5.0
"""Seconds in which the ring does not ask again, after asking failed."""

_AHEAD: Final = 300.0
"""Seconds WeChat Pay's clock may be ahead of this machine's."""


def number(serial: str) -> int | None:
    """A serial number as it is compared: case and leading zeros make no other number. None of text that is none."""
    return int(serial, 16) if SERIAL.fullmatch(serial) else None


@attrs.frozen
class PlatformCertificate:
    """A platform certificate that is proven to be WeChat Pay's.

    Attributes:
        serial: its serial number, as ``Wechatpay-Serial`` names it.
        key: the key it certifies.
        begins: when it begins to be used, seconds since 1970.
        ends: when it ceases to be used; this is what WeChat Pay says, which the certificate itself may not.
    """

    serial: str
    key: crypto.PublicKey = attrs.field(repr=False)
    begins: float
    ends: float


class KeyRing:
    """WeChat Pay public keys by their ids, and platform certificates by their serial numbers.

    One ring may be shared by all clients of one merchant, in any number of threads and event loops. It holds no task,
    thread, socket or file, so a process may have thousands.

    Args:
        keys: for each id (``PUB_KEY_ID_…``) its public key, and for each hexadecimal serial number its platform
            certificate: a path, PEM text, or, of a public key, a loaded key.
        apiv3_key: the merchant's APIv3 key, 32 bytes. With it, clients that use the ring fetch platform certificates.
        cache: a file that keeps the certificates, sealed as they came, for the next process; only its owner may read
            it. One that is not there, cannot be read or is not proven counts for nothing. One that cannot be written
            is a WARNING in the log, once for each ring, and stops no call: the next process fetches anew.
        announce: what requests ask to be answered with, in ``Wechatpay-Serial``: the id of one of the keys, a serial
            number, or ``"certificate"`` for the certificate that began last. By default the first public key; where
            there is none, ``"certificate"``.
        clock: this machine's time, seconds since 1970.

    Raises:
        ConfigurationError: there is neither a key nor an APIv3 key, an id is not one, or a key cannot be read.

    https://pay.weixin.qq.com/doc/v3/merchant/4012153196
    """

    __slots__ = (
        "_announce",
        "_apiv3_key",
        "_barred",
        "_certificates",
        "_keys",
        "_renewed",
        "cache",
        "cache_told",
        "clock",
        "failure",
        "flight",
        "public_key_id",
    )

    def __init__(
        self,
        keys: Mapping[str, crypto.KeySource | crypto.PublicKey] | None = None,
        *,
        apiv3_key: str | bytes | None = None,
        cache: str | Path | None = None,
        announce: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._apiv3_key = None if apiv3_key is None else _checked(apiv3_key)
        if not keys and self._apiv3_key is None:
            raise ConfigurationError(
                "platform_keys: give at least one WeChat Pay public key, as {'PUB_KEY_ID_…': Path(…)}; a merchant that "
                "has platform certificates instead gives KeyRing(apiv3_key=…)"
            )
        self.clock = clock
        self.cache = None if cache is None else Path(cache)
        self.cache_told = False
        """Whether it was said already that the cache cannot be written."""
        self._keys: dict[str, crypto.PublicKey] = {}
        self._certificates: Mapping[int | None, PlatformCertificate] = {}
        """Never changed, only replaced as a whole: whoever reads it sees the old ones or the new ones."""
        for serial, source in (keys or {}).items():
            self._hold(serial, source)
        self._announce = self._announcement(announce)
        self.public_key_id = self._announce if self._announce in self._keys else next(iter(self._keys), None)
        """The public key that is announced where it has to be one, None where there is none."""
        self._renewed: float | None = None
        self._barred = (0.0, 0.0)
        self.failure: WxCouponError | None = None
        """Why asking for certificates failed the last time; None when it did not."""
        self.flight: Any = None
        """What :mod:`wxcoupon.key_supply` has under way for this ring."""

    def __repr__(self) -> str:
        held = [*self._keys, *(one.serial for one in self._certificates.values())]
        return f"KeyRing({', '.join([*held, *(['fetches certificates'] if self.fetches else [])])})"

    def _hold(self, serial: str, source: crypto.KeySource | crypto.PublicKey) -> None:
        what = f"platform_keys[{serial!r}]"
        if _PUBLIC_KEY_ID.fullmatch(serial):
            self._keys[serial] = crypto.load_public_key(source, what)
            return
        if not SERIAL.fullmatch(serial):
            raise ConfigurationError(
                f"platform_keys: {serial!r} is no WeChat Pay public key id; it looks like PUB_KEY_ID_0110000001 (and "
                "the serial number of a platform certificate is hexadecimal)"
            )
        if not isinstance(source, (str, bytes, Path)):
            raise ConfigurationError(
                f"{what}: a serial number names a platform certificate, as PEM; the id of a public key looks like "
                "PUB_KEY_ID_0110000001"
            )
        try:
            found = crypto.load_certificate(source, what)
        except ConfigurationError as error:
            raise ConfigurationError(f"{error}; the id of a public key looks like PUB_KEY_ID_0110000001") from None
        if found.serial != number(serial):
            raise ConfigurationError(f"{what}: this is the certificate {crypto.serial_text(found.serial)}")
        one = PlatformCertificate(serial, found.key, found.begins.timestamp(), found.ends.timestamp())
        self._certificates = {**self._certificates, found.serial: one}

    def _announcement(self, announce: str | None) -> str:
        if announce is None:
            return next(iter(self._keys), _CERTIFICATE)
        if announce not in self._keys and announce != _CERTIFICATE and not SERIAL.fullmatch(announce):
            raise ConfigurationError(
                f"announce: {announce!r} is none of the public keys ({', '.join(self._keys) or 'there are none'}), no "
                "serial number and not 'certificate'"
            )
        return announce

    @property
    def announced(self) -> str | None:
        """What a request puts into ``Wechatpay-Serial``; None for no such header, as long as nothing is known."""
        if self._announce != _CERTIFICATE:
            return self._announce
        newest = self.newest
        return None if newest is None else newest.serial

    @property
    def newest(self) -> PlatformCertificate | None:
        """The certificate in use that began last, which what is secret has to be sealed for; None without any."""
        now = self.clock()
        used = [one for one in self._certificates.values() if one.begins <= now < one.ends]
        return max(reversed(used), key=lambda one: one.begins, default=None)  # of two at once, the one listed last

    @property
    def fetches(self) -> bool:
        """Whether clients that use this ring fetch certificates."""
        return self._apiv3_key is not None

    @property
    def announces_certificates(self) -> bool:
        """Whether requests ask to be answered with a platform certificate."""
        return self._announce not in self._keys

    def find(self, serial: str) -> crypto.PublicKey:
        """The key that *serial* names.

        Raises:
            UnknownSerial: there is none, or its certificate has ended; the message says what is there and what to do.
        """
        key = self._keys.get(serial)
        if key is not None:
            return key
        certificate = self._certificate(serial)
        if certificate is None or self.clock() >= certificate.ends:
            raise UnknownSerial(self._unknown(serial, certificate))
        return certificate.key

    def holds(self, serial: str) -> bool:
        """Whether there is a key that *serial* names, or was one whose certificate has ended."""
        return serial in self._keys or self._certificate(serial) is not None

    def _certificate(self, serial: str) -> PlatformCertificate | None:
        return self._certificates.get(number(serial)) if self._certificates else None

    def _unknown(self, serial: str, ended: PlatformCertificate | None) -> str:
        held = [*self._keys, *(one.serial for one in self._certificates.values())]
        said = f"the answer is signed with {serial[:80]!r}, and the key ring has {', '.join(held) or 'none yet'}; "
        if ended is not None:
            return f"{said}that certificate has ended: set this machine's clock right, or report it to WeChat Pay"
        if not self._keys and _PUBLIC_KEY_ID.fullmatch(serial):
            return (
                f"{said}WeChat Pay answers this merchant with its public key now: download that public key from the "
                f"merchant platform and give it as platform_keys, KeyRing({{{serial[:80]!r}: Path(…)}}), or "
                "WXCOUPON_PLATFORM_KEY_ID and WXCOUPON_PLATFORM_KEY_FILE"
            )
        if not SERIAL.fullmatch(serial):
            return f"{said}download that public key from the merchant platform and add it to platform_keys"
        if not self.fetches:
            return (
                f"{said}that is a platform certificate's serial number: fetch certificates with "
                "KeyRing(…, apiv3_key=…), or WXCOUPON_APIV3_KEY"
            )
        if self.failure is not None:
            return f"{said}asking for certificates failed ({self.failure})"
        return f"{said}WeChat Pay lists no such certificate for this merchant; check base_url and who answers there"

    # What follows is for whoever fetches.

    def opened(self, nonce: str, associated_data: str, ciphertext: str) -> bytes | None:
        """Open what is sealed with the APIv3 key; None when it does not open."""
        return None if self._apiv3_key is None else crypto.open_gcm(self._apiv3_key, nonce, associated_data, ciphertext)

    def lacks(self, serial: str) -> bool:
        """Whether *serial* is a certificate's that is not held, and asking for it may bring it."""
        return self.fetches and self._certificate(serial) is None and SERIAL.fullmatch(serial) is not None

    @property
    def barred(self) -> bool:
        """Whether it is too soon to ask again, after asking failed or was in vain."""
        since, pause = self._barred
        return 0 <= self.clock() - since < pause  # and not for ever, should the clock be set back

    @property
    def due(self) -> bool:
        """Whether it is time to ask for certificates because of their age, or because there are none."""
        if self._apiv3_key is None or self._announce in self._keys:
            return False
        if self._renewed is None:
            return True
        age = self.clock() - self._renewed
        return not 0 <= age < RENEWAL or (age > FAILED and self.newest is None)

    def joined(self, certificates: Iterable[PlatformCertificate]) -> KeyRing:
        """This ring and *certificates*, to prove with before they are adopted."""
        ring = copy.copy(self)
        ring._certificates = self._with(certificates)  # noqa: SLF001 - a copy of this very ring
        return ring

    def _with(self, certificates: Iterable[PlatformCertificate]) -> dict[int | None, PlatformCertificate]:
        return {**self._certificates, **{number(one.serial): one for one in certificates}}

    def adopt(self, certificates: Iterable[PlatformCertificate], asked: float) -> None:
        """Hold proven certificates, beside those that have not ended.

        Args:
            certificates: all that were listed.
            asked: when they were, seconds since 1970.
        """
        now = self.clock()
        with _SWAP:
            held = self._with(certificates)
            self._certificates = {numbered: one for numbered, one in held.items() if now < one.ends}
            self._renewed = asked

    def revive(self, certificates: Iterable[PlatformCertificate], asked: float) -> bool:
        """Hold certificates that were kept since an earlier process, if they are newer than those held; whether so."""
        now = self.clock()
        if asked - now >= _AHEAD or (self._renewed is not None and asked <= self._renewed):
            return False
        self.adopt(certificates, min(asked, now))
        return True

    def asked(self, serial: str | None, failure: WxCouponError | None) -> None:
        """Note how asking ended.

        Args:
            serial: what was missed; None when nothing was, or to bar nothing.
            failure: why it failed; None when an answer came.
        """
        # Its traceback would keep the client and the connection that failed.
        self.failure = None if failure is None else failure.with_traceback(None)
        if failure is not None:
            self._barred = (self.clock(), FAILED)
        elif serial is not None and self.lacks(serial):
            self._barred = (self.clock(), VAIN)


_SWAP: Final = threading.Lock()
"""One for all rings: it is held for the time of making a small mapping."""


def _checked(apiv3_key: str | bytes) -> bytes:
    # Half of a surrogate pair is three bytes too many; refused by encode, it would show the key in its repr.
    key = apiv3_key.encode(errors="surrogatepass") if isinstance(apiv3_key, str) else apiv3_key
    if len(key) != 32:
        raise ConfigurationError(f"apiv3_key has to be 32 bytes; it has {len(key)}")
    return key
