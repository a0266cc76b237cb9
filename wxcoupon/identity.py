"""Who asks: everything in which a merchant, a partner and a brand differ, and nothing else.

Rule 1: the signed message is the same for all three; the scheme and its first pair are not.
Rule 2: a path that begins with ``/v3/`` is the same for everyone who may ask it; any other path is a tail,
        and the identity puts its prefix in front.
Rule 3: a partner says which brand it acts for, in the body or the query; a brand never does.
"""

from __future__ import annotations

import re
from typing import ClassVar, Final, TypeAlias

import attrs

from . import crypto
from .errors import ConfigurationError, NotAllowedError

SERIAL: Final = re.compile(r"[0-9A-Fa-f]{1,64}")
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


def _load(source: crypto.KeySource | crypto.PrivateKey) -> crypto.PrivateKey:
    return crypto.load_private_key(source)


def _prefixed(prefixes: dict[str, str], path: str, kind: str) -> str:
    """Put the prefix that belongs to the first word of the tail in front of it."""
    prefix = prefixes.get(path.split("/", 2)[1])
    if prefix is None:
        raise NotAllowedError(f"{path} is not open to a {kind}")
    return prefix + path


@attrs.frozen
class Merchant:
    """A merchant, signing with its own API certificate.

    Attributes:
        mchid: the merchant number.
        serial_no: serial number of the merchant API certificate, hexadecimal.
        private_key: its private key: a path, PEM text, or a loaded key. Never printed.

    https://pay.weixin.qq.com/doc/v3/merchant/4012365342
    """

    kind: ClassVar[str] = "merchant"
    scheme: ClassVar[str] = "WECHATPAY2-SHA256-RSA2048"

    mchid: str = attrs.field(validator=_digits)
    serial_no: str = attrs.field(validator=_serial)
    private_key: crypto.PrivateKey = attrs.field(converter=_load, repr=False)

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
class Partner:
    """A service provider (服务商), signing with its own API certificate for many brands.

    Attributes:
        mchid: the provider's own merchant number.
        serial_no: serial number of the provider's API certificate, hexadecimal.
        private_key: its private key: a path, PEM text, or a loaded key. Never printed.
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
    private_key: crypto.PrivateKey = attrs.field(converter=_load, repr=False)
    brand_id: str | None = attrs.field(default=None, validator=attrs.validators.optional(_digits))

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
class Brand:
    """A brand (品牌直连), signing with the API certificate of the brand platform.

    Attributes:
        brand_id: the brand number.
        serial_no: serial number of the brand API certificate, hexadecimal.
        private_key: its private key: a path, PEM text, or a loaded key. Never printed.

    https://pay.weixin.qq.com/doc/brand/4015736297
    """

    kind: ClassVar[str] = "brand"
    scheme: ClassVar[str] = "WECHATPAY-BRAND-SHA256-RSA2048"
    _prefixes: ClassVar[dict[str, str]] = {"product-coupon": "/brand/marketing", "store": "/brand"}

    brand_id: str = attrs.field(validator=_digits)
    serial_no: str = attrs.field(validator=_serial)
    private_key: crypto.PrivateKey = attrs.field(converter=_load, repr=False)

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
