"""What WeChat Pay signs with here: its public key's private half, and platform certificates, of which new ones come.

Rule 1: an answer is signed with the kind of key that the request's ``Wechatpay-Serial`` names; where there is no such
        header or it names none, and of callbacks, with what the mode says.
Rule 2: of certificates the newest signs, and those before it are listed, sealed like real ones, until they end.

https://pay.weixin.qq.com/doc/v3/merchant/4012551764 (certificates), 4012154180 (migration)
"""

from __future__ import annotations

import secrets
from typing import Any, Final, Literal, TypeAlias, get_args

import attrs

from .. import crypto
from ..errors import ConfigurationError
from ..keys import number
from .callers import Callers, Keys
from .handlers import Answer, Asked, handles
from .refusals import Refusal
from .validity import moment, written
from .world import World

Mode: TypeAlias = Literal["both", "certificate", "public-key"]
"""``both``: a merchant in the middle of its migration; without ``Wechatpay-Serial`` a certificate signs, so that who
has an APIv3 key alone can begin; callbacks, which a migration moves by itself, are signed with the public key.
``certificate``: one before it; a certificate signs callbacks too, and whatever does not name the public key.
``public-key``: one that never had certificates; there are none, and asking for them is an error."""

LIFETIME: Final = 5 * 365 * 86400
_ASSOCIATED_DATA: Final = "certificate"


@attrs.frozen
class Signer:
    """A private key of WeChat Pay's, and what ``Wechatpay-Serial`` calls it."""

    serial: str
    key: crypto.PrivateKey = attrs.field(repr=False)


@attrs.frozen
class _Certificate:
    signer: Signer
    pem: bytes = attrs.field(repr=False)
    begins: float
    ends: float


class Signers:
    """Who signs, and the certificates there are. The first one is made when it is needed.

    Args:
        keys: the secrets of the sandbox.
        callers: for whom certificates are sealed.
        mode: see :data:`Mode`; it may be changed at any time.
    """

    def __init__(self, keys: Keys, callers: Callers, mode: Mode) -> None:
        self._public = Signer(keys.platform_id, keys.platform)
        self._first = keys.certificate
        self._callers = callers
        self._made: list[_Certificate] = []
        self._sealed: dict[tuple[str, str], dict[str, Any]] = {}
        self.mode = mode

    def choose(self, named: str | None, now: float, *, certified: bool = True) -> Signer:
        """Who signs the answer to a request.

        Args:
            named: what the request's ``Wechatpay-Serial`` says; None when it has none.
            now: the sandbox's time.
            certified: whether who asks may have platform certificates, which a brand never has.
        """
        if self.mode == "public-key" or not certified or named == self._public.serial:
            return self._public
        if self.mode == "certificate" or named is None or self._is_certificate(named, now):
            return self.valid(now)[-1].signer
        return self._public

    def of_callbacks(self, now: float) -> Signer:
        """Who signs a callback that leaves at *now*."""
        return self.valid(now)[-1].signer if self.mode == "certificate" else self._public

    def _is_certificate(self, named: str, now: float) -> bool:
        wanted = number(named)
        return wanted is not None and any(wanted == number(one.signer.serial) for one in self.valid(now))

    def valid(self, now: float) -> list[_Certificate]:
        """The certificates that have not ended, the newest last; there is always one."""
        if not self._made:
            self.add(self._first, now, LIFETIME)
        if self._made[-1].ends <= now:
            self.add(crypto.new_private_key(), now, LIFETIME)
        return [one for one in self._made if now < one.ends]

    def add(self, key: crypto.PrivateKey, now: float, seconds: float) -> str:
        """Make a certificate that signs from now on; its serial number."""
        serial, pem = crypto.self_signed(key, "wxcoupon sandbox", moment(now), moment(now + seconds))
        self._made.append(_Certificate(Signer(serial, key), pem, now, now + seconds))
        return serial

    def listed(self, subject: tuple[str, str], now: float) -> list[dict[str, Any]]:
        """The certificates as a caller is told of them, sealed with its APIv3 key."""
        account = self._callers.find(subject)
        if account is None:
            raise TypeError("who asks has passed the gate, so there is an account")
        return [self._seal(one, account.apiv3_key) for one in self.valid(now)]

    def _seal(self, one: _Certificate, apiv3_key: str) -> dict[str, Any]:
        known = self._sealed.get((one.signer.serial, apiv3_key))
        if known is None:
            nonce = secrets.token_hex(6)
            known = self._sealed[one.signer.serial, apiv3_key] = {
                "serial_no": one.signer.serial,
                "effective_time": written(one.begins),
                "expire_time": written(one.ends),
                "encrypt_certificate": {
                    "algorithm": "AEAD_AES_256_GCM",
                    "nonce": nonce,
                    "associated_data": _ASSOCIATED_DATA,
                    "ciphertext": crypto.seal_gcm(apiv3_key.encode(), nonce, _ASSOCIATED_DATA, one.pem),
                },
            }
        return known


class SigningRoom:
    """Where the handler below finds who signs.

    Attributes:
        signers: who does; None until the sandbox starts.
    """

    def __init__(self) -> None:
        self.signers: Signers | None = None


def checked(mode: Mode) -> Mode:
    """Check a mode.

    Raises:
        ConfigurationError: it is none.
    """
    if mode not in get_args(Mode):
        raise ConfigurationError(f"mode is one of {', '.join(get_args(Mode))}, not {mode!r}")
    return mode


@handles("certificate.list_certificates")
def list_certificates(world: World, asked: Asked) -> Answer:
    """Show the certificates that have not ended."""
    signers = world.room(SigningRoom).signers
    if signers is None:
        raise TypeError("the sandbox has started without its keys")
    if signers.mode == "public-key":
        raise Refusal(404, "RESOURCE_NOT_EXISTS", "there is no platform certificate; use the WeChat Pay public key")
    return {"data": signers.listed(asked.identity.subject, world.now)}
