"""What tests of platform certificates share: a time of their own, rings, clients, and certificates of somebody else."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from wxcoupon import Client, KeyRing, Merchant, Pacer, busifavor, crypto
from wxcoupon.retry import NEVER
from wxcoupon.sandbox import Sandbox

CALL = busifavor.SetCallback(notify_url="https://example.com/told")
LIST = "certificate.list_certificates"
KEY = crypto.new_private_key()
DAY = 86400.0
SOON = "2026-11-01T08:00:00+08:00"
LATE = "2031-11-01T08:00:00+08:00"


class Clock:
    """A clock that goes when it is told to."""

    now = 1_795_000_000.0

    def __call__(self) -> float:
        """Seconds since 1970."""
        return self.now


def ring_of(sandbox: Sandbox, **options: Any) -> KeyRing:
    """A ring that fetches, at the sandbox's time."""
    given: dict[str, Any] = {"apiv3_key": sandbox.apiv3_key, "clock": lambda: sandbox.world.now}
    return KeyRing(**given | options)


@asynccontextmanager
async def calling(sandbox: Sandbox, ring: KeyRing, **options: Any) -> AsyncIterator[Client[Merchant]]:
    """A client of the sandbox's merchant that is never slowed down."""
    given: dict[str, Any] = {"base_url": sandbox.base_url, "pacer": Pacer({LIST: None}), "retry": NEVER}
    async with Client(sandbox.merchant, ring, clock=lambda: sandbox.world.now, **given | options) as client:
        yield client


def asked(sandbox: Sandbox) -> int:
    """How often the certificates were asked for."""
    count: int = sandbox.state()["requests"].get(LIST, 0)
    return count


def sealed(key: str, pem: bytes, serial: str) -> dict[str, Any]:
    """A certificate as it is listed."""
    return {
        "serial_no": serial,
        "effective_time": SOON,
        "expire_time": LATE,
        "encrypt_certificate": {
            "algorithm": "AEAD_AES_256_GCM",
            "nonce": "61f9c719728a",
            "associated_data": "certificate",
            "ciphertext": crypto.seal_gcm(key.encode(), "61f9c719728a", "certificate", pem),
        },
    }


def certificate(serial: int | None = None) -> tuple[str, bytes]:
    """A certificate of somebody else's key, with any serial number."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "somebody")])
    made = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=KEY.public_key(),
        serial_number=serial or x509.random_serial_number(),
        not_valid_before=datetime(2026, 1, 1, tzinfo=UTC),
        not_valid_after=datetime(2036, 1, 1, tzinfo=UTC),
    ).sign(KEY, hashes.SHA256())
    return crypto.serial_text(made.serial_number), made.public_bytes(Encoding.PEM)


def signer(sandbox: Sandbox) -> str:
    """The serial number of the certificate that signs now."""
    assert sandbox._signers is not None
    return sandbox._signers.valid(sandbox.world.now)[-1].signer.serial


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what something in the background does."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.001)
