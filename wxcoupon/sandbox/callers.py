"""Who may call the sandbox: three identities of its own with throwaway keys, and any a test enrols besides."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable
from typing import Final

import attrs

from .. import crypto
from ..identity import Brand, Identity, Merchant, Partner

MERCHANT: Final = "1900000001"
PARTNER: Final = "1900000109"
BRANDS: Final = ("120344", "120345")
"""The brands that granted the partner; the first is the sandbox's own brand, and the partner's default."""


def _serial() -> str:
    return secrets.token_hex(20).upper()


def _key_id() -> str:
    return "PUB_KEY_ID_" + "".join(secrets.choice("0123456789") for _ in range(34))


@attrs.frozen
class Keys:
    """All secrets of one sandbox. Made anew for every sandbox, unless one set is given to several.

    Attributes:
        merchant, partner, brand: private keys of the three identities.
        platform: WeChat Pay's private key, with which answers and callbacks are signed.
        certificate: that of WeChat Pay's first platform certificate.
        merchant_serial, partner_serial, brand_serial: serial numbers of their certificates.
        platform_id: id of WeChat Pay's public key.
        apiv3_key: 32 characters that callbacks are sealed with.
    """

    merchant: crypto.PrivateKey = attrs.field(repr=False)
    partner: crypto.PrivateKey = attrs.field(repr=False)
    brand: crypto.PrivateKey = attrs.field(repr=False)
    platform: crypto.PrivateKey = attrs.field(repr=False)
    certificate: crypto.PrivateKey = attrs.field(repr=False)
    merchant_serial: str = attrs.field(factory=_serial)
    partner_serial: str = attrs.field(factory=_serial)
    brand_serial: str = attrs.field(factory=_serial)
    platform_id: str = attrs.field(factory=_key_id)
    apiv3_key: str = attrs.field(factory=lambda: secrets.token_hex(16), repr=False)

    @classmethod
    def generate(cls) -> Keys:
        """Make five RSA-2048 keys, one after the other: about half a second of work."""
        merchant, partner, brand, platform, certificate = (crypto.new_private_key() for _ in range(5))
        return cls(merchant, partner, brand, platform, certificate)

    @classmethod
    async def generate_aside(cls) -> Keys:
        """Make the keys in threads, with the event loop free meanwhile."""
        made = (asyncio.to_thread(crypto.new_private_key) for _ in range(5))
        merchant, partner, brand, platform, certificate = await asyncio.gather(*made)
        return cls(merchant, partner, brand, platform, certificate)


@attrs.frozen
class Account:
    """A caller as WeChat Pay knows it.

    Attributes:
        identity: number and serial.
        public_key: what its signatures are verified with.
        granted: the brands it may act for; only a partner has any.
        apiv3_key: what certificates are sealed with for it.
    """

    identity: Identity
    public_key: crypto.PublicKey = attrs.field(repr=False)
    granted: frozenset[str] = frozenset()
    apiv3_key: str = attrs.field(default="", repr=False)


class Callers:
    """The accounts, by the first pair of the Authorization header."""

    def __init__(self, keys: Keys) -> None:
        self.merchant = Merchant(mchid=MERCHANT, serial_no=keys.merchant_serial, private_key=keys.merchant)
        self.partner = Partner(
            mchid=PARTNER, serial_no=keys.partner_serial, private_key=keys.partner, brand_id=BRANDS[0]
        )
        self.brand = Brand(brand_id=BRANDS[0], serial_no=keys.brand_serial, private_key=keys.brand)
        self._apiv3_key = keys.apiv3_key
        self._accounts: dict[tuple[str, str], Account] = {}
        self.enrol(self.merchant)
        self.enrol(self.partner, BRANDS)
        self.enrol(self.brand)

    def enrol(self, identity: Identity, brands: Iterable[str] = (), apiv3_key: str | None = None) -> None:
        """Let *identity* call; a partner for these *brands*. An earlier account of the same number is replaced."""
        self._accounts[identity.subject] = Account(
            identity, identity.private_key.public_key(), frozenset(brands), apiv3_key or self._apiv3_key
        )

    def find(self, subject: tuple[str, str]) -> Account | None:
        """The account of a subject, None when nobody has that number."""
        return self._accounts.get(subject)
