"""Who asks: everything in which a merchant, a partner and a brand differ, and nothing else.

Rule 1: the signed message is the same for all three; the scheme and its first pair are not.
Rule 2: a path that begins with ``/v3/`` is the same for everyone who may ask it; any other path is a tail,
        and the identity puts its prefix in front.
Rule 3: a partner says which brand it acts for, in the body or the query; a brand never does.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import ClassVar, Final, TypeAlias, cast

import attrs

from . import crypto
from .errors import ConfigurationError, NotAllowedError
from .remote_key import Decryptor, Signer

SERIAL: Final = re.compile(r"[0-9A-Fa-f]{1,64}")
_DECRYPT: Final = "async def decrypt(self, ciphertext: bytes) -> bytes"
_DIGITS: Final = re.compile(r"[0-9]{1,32}")


def _digits(instance: object, attribute: attrs.Attribute[str], value: str) -> None:
    if not isinstance(value, str) or not _DIGITS.fullmatch(value):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigurationError(
            f"{attribute.name} of a {type(instance).__name__} is a number as text, like '1900000001'"
        )


def _serial(instance: object, attribute: attrs.Attribute[str], value: str) -> None:
    if not isinstance(value, str) or not SERIAL.fullmatch(value):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigurationError(
            f"{attribute.name} of a {type(instance).__name__} is the serial number of your API certificate "
            "in hexadecimal, as the platform shows it"
        )


def _load(source: crypto.KeySource | crypto.PrivateKey | crypto.Pkcs12 | Signer) -> crypto.PrivateKey | Signer:
    if isinstance(source, crypto.Pkcs12):
        return source.private_key
    if isinstance(source, (crypto.PrivateKey, str, bytes, Path)):
        return crypto.load_private_key(source)
    # Not isinstance: from Python 3.12 on it does not see a method that __getattr__ passes on.
    sign: object = getattr(source, "sign", None)
    if not callable(sign):
        raise ConfigurationError(
            f"private_key: a {type(source).__name__} is none; give a path, PEM text, what crypto.pem(…) or "
            "crypto.pkcs12(…) loads, or a signer, which has a method: "
            "async def sign(self, message: bytes) -> bytes"
        )
    if not inspect.iscoroutinefunction(sign):
        raise ConfigurationError(
            f"private_key: a {type(source).__name__} is neither an RSA key nor a signer, "
            "which has a method: async def sign(self, message: bytes) -> bytes"
        )
    return source


def _decryptor(instance: object, _: attrs.Attribute[Decryptor | None], value: Decryptor | None) -> None:
    if value is not None and not inspect.iscoroutinefunction(getattr(value, "decrypt", None)):
        raise ConfigurationError(f"decryptor of a {type(instance).__name__} has a method: {_DECRYPT}")


class _Keyed:
    """What an identity has of a private key: the key itself, or somebody who keeps it and works with it."""

    __slots__ = ()
    _key: crypto.PrivateKey | Signer
    decryptor: Decryptor | None

    @property
    def private_key(self) -> crypto.PrivateKey:
        """The private key.

        Raises:
            ConfigurationError: it is kept elsewhere, and :attr:`signer` works with it.
        """
        if self.signer is None and isinstance(self._key, crypto.PrivateKey):
            return self._key
        raise ConfigurationError(
            f"the private key of this {type(self).__name__} is kept elsewhere; {type(self._key).__name__} signs with it"
        )

    @property
    def signer(self) -> Signer | None:
        """Who signs with a private key that is kept elsewhere; None when it is here."""
        return None if isinstance(self._key, crypto.PrivateKey) else self._key

    @property
    def opener(self) -> Decryptor | None:
        """Who opens sensitive members of answers; None when the private key is here to do it.

        Raises:
            ConfigurationError: the key is kept elsewhere, and nobody was named who opens with it.
        """
        if self.decryptor is not None or isinstance(self._key, crypto.PrivateKey):
            return self.decryptor
        if inspect.iscoroutinefunction(getattr(self._key, "decrypt", None)):
            return cast("Decryptor", self._key)
        raise ConfigurationError(
            f"the answer has sensitive members, and {type(self._key).__name__} opens none: give the "
            f"{type(self).__name__} a decryptor, which has a method: {_DECRYPT}"
        )


def _prefixed(prefixes: dict[str, str], path: str, kind: str) -> str:
    """Put the prefix that belongs to the first word of the tail in front of it."""
    prefix = prefixes.get(path.split("/", 2)[1])
    if prefix is None:
        raise NotAllowedError(f"{path} is not open to a {kind}")
    return prefix + path


@attrs.frozen
class Merchant(_Keyed):
    """A merchant, signing with its own API certificate.

    Attributes:
        mchid: the merchant number.
        serial_no: serial number of the merchant API certificate, hexadecimal.
        private_key: its private key: a path, PEM text, what :func:`wxcoupon.crypto.pem` or
            :func:`~wxcoupon.crypto.pkcs12` loads, or a :class:`~wxcoupon.Signer` that keeps it elsewhere. Never
            printed.
        decryptor: who opens sensitive members of answers, when neither the key is here nor its signer does it.

    https://pay.weixin.qq.com/doc/v3/merchant/4012365342
    """

    kind: ClassVar[str] = "merchant"
    scheme: ClassVar[str] = "WECHATPAY2-SHA256-RSA2048"

    mchid: str = attrs.field(validator=_digits)
    serial_no: str = attrs.field(validator=_serial)
    _key: crypto.PrivateKey | Signer = attrs.field(alias="private_key", converter=_load, repr=False)
    decryptor: Decryptor | None = attrs.field(default=None, validator=_decryptor, kw_only=True, repr=False)

    @property
    def subject(self) -> tuple[str, str]:
        """The first pair of the Authorization header; also whose quota a call uses."""
        return ("mchid", self.mchid)

    @classmethod
    def path(cls, path: str) -> str:
        """The path this identity asks for an endpoint declared at *path*."""
        return path if path.startswith("/v3/") else _prefixed({}, path, cls.kind)

    def scope(self) -> dict[str, str]:
        """What this identity adds to a request about a brand: nothing."""
        return {}


@attrs.frozen
class Partner(_Keyed):
    """A service provider (服务商), signing with its own API certificate for many brands.

    Attributes:
        mchid: the provider's own merchant number.
        serial_no: serial number of the provider's API certificate, hexadecimal.
        private_key: its private key: a path, PEM text, what :func:`wxcoupon.crypto.pem` or
            :func:`~wxcoupon.crypto.pkcs12` loads, or a :class:`~wxcoupon.Signer` that keeps it elsewhere. Never
            printed.
        decryptor: who opens sensitive members of answers, when neither the key is here nor its signer does it.
        brand_id: the brand it acts for; may be left out when only calls are made that name no brand.

    https://pay.weixin.qq.com/doc/v3/partner/4015781289
    """

    kind: ClassVar[str] = "partner"
    scheme: ClassVar[str] = "WECHATPAY2-SHA256-RSA2048"
    _prefixes: ClassVar[dict[str, str]] = {
        "product-coupon": "/v3/marketing/partner",
        "delivery-plan": "/v3/marketing/partner",
        "store": "/v3/brand/partner",
    }

    mchid: str = attrs.field(validator=_digits)
    serial_no: str = attrs.field(validator=_serial)
    _key: crypto.PrivateKey | Signer = attrs.field(alias="private_key", converter=_load, repr=False)
    brand_id: str | None = attrs.field(default=None, validator=attrs.validators.optional(_digits))
    decryptor: Decryptor | None = attrs.field(default=None, validator=_decryptor, kw_only=True, repr=False)

    @property
    def subject(self) -> tuple[str, str]:
        """The first pair of the Authorization header; also whose quota a call uses: one for all brands."""
        return ("mchid", self.mchid)

    @classmethod
    def path(cls, path: str) -> str:
        """The path this identity asks for an endpoint declared at *path*."""
        return path if path.startswith("/v3/") else _prefixed(cls._prefixes, path, cls.kind)

    def scope(self) -> dict[str, str]:
        """What this identity adds to a request about a brand: the brand.

        Raises:
            ConfigurationError: this partner was made without a brand.
        """
        if self.brand_id is None:
            raise ConfigurationError(
                "a partner has to say for which brand: Partner(brand_id=…), client.for_brand(…) or WXCOUPON_BRAND_ID"
            )
        return {"brand_id": self.brand_id}


@attrs.frozen
class Brand(_Keyed):
    """A brand (品牌直连), signing with the API certificate of the brand platform.

    Attributes:
        brand_id: the brand number.
        serial_no: serial number of the brand API certificate, hexadecimal.
        private_key: its private key: a path, PEM text, what :func:`wxcoupon.crypto.pem` or
            :func:`~wxcoupon.crypto.pkcs12` loads, or a :class:`~wxcoupon.Signer` that keeps it elsewhere. Never
            printed.
        decryptor: who opens sensitive members of answers, when neither the key is here nor its signer does it.

    https://pay.weixin.qq.com/doc/brand/4015736297
    """

    kind: ClassVar[str] = "brand"
    scheme: ClassVar[str] = "WECHATPAY-BRAND-SHA256-RSA2048"
    _prefixes: ClassVar[dict[str, str]] = {"product-coupon": "/brand/marketing", "store": "/brand"}

    brand_id: str = attrs.field(validator=_digits)
    serial_no: str = attrs.field(validator=_serial)
    _key: crypto.PrivateKey | Signer = attrs.field(alias="private_key", converter=_load, repr=False)
    decryptor: Decryptor | None = attrs.field(default=None, validator=_decryptor, kw_only=True, repr=False)

    @property
    def subject(self) -> tuple[str, str]:
        """The first pair of the Authorization header; also whose quota a call uses."""
        return ("brand_id", self.brand_id)

    @classmethod
    def path(cls, path: str) -> str:
        """The path this identity asks for an endpoint declared at *path*."""
        return _prefixed(cls._prefixes, path, cls.kind)

    def scope(self) -> dict[str, str]:
        """What this identity adds to a request about a brand: nothing, its signature says it."""
        return {}


Identity: TypeAlias = Merchant | Partner | Brand
