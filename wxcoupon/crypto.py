"""Bytes in, bytes out: the only file that imports ``cryptography``.

RSASSA-PKCS1-v1_5 with SHA-256 for requests, answers and callbacks; AES-256-GCM for callback data. Every
primitive is the ``cryptography`` package's.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from .errors import ConfigurationError

PrivateKey: TypeAlias = RSAPrivateKey
PublicKey: TypeAlias = RSAPublicKey
KeySource: TypeAlias = Path | str | bytes
"""A key as users have it: the path of a PEM file, or the PEM text itself."""

_PADDING = PKCS1v15()
_HASH = SHA256()


def sign(key: PrivateKey, message: bytes) -> str:
    """Sign *message* and return the signature as one line of base64."""
    return base64.b64encode(key.sign(message, _PADDING, _HASH)).decode("ascii")


def verifies(key: PublicKey, message: bytes, signature: str) -> bool:
    """Say whether *signature* (base64) is *key*'s over *message*; text that is no base64 is no signature."""
    try:
        key.verify(binascii.a2b_base64(signature, strict_mode=True), message, _PADDING, _HASH)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def seal_gcm(key: bytes, nonce: str, associated_data: str, plaintext: bytes) -> str:
    """Encrypt as WeChat Pay encrypts a callback's resource; returns base64 of ciphertext and tag."""
    sealed = AESGCM(key).encrypt(nonce.encode(), plaintext, associated_data.encode())
    return base64.b64encode(sealed).decode("ascii")


def open_gcm(key: bytes, nonce: str, associated_data: str, ciphertext: str) -> bytes | None:
    """Open a callback's resource; None when the key, the nonce or the data do not belong together."""
    try:
        return AESGCM(key).decrypt(
            nonce.encode(), base64.b64decode(ciphertext, validate=True), associated_data.encode()
        )
    except (InvalidTag, binascii.Error, ValueError):
        return None


def _pem(source: KeySource, what: str) -> tuple[bytes, str]:
    """Read the PEM and say where it came from, without ever repeating its text."""
    if isinstance(source, bytes):
        return source, "the given bytes"
    if isinstance(source, str) and "-----BEGIN" in source:
        return source.encode(), "the given text"
    named = isinstance(source, (str, Path))  # pyright: ignore[reportUnnecessaryIsInstance]
    if not named or len(str(source)) > 1024 or re.search(r"[\n\0]|-----", str(source)):
        raise ConfigurationError(f"{what}: this is neither whole PEM text (with its BEGIN line) nor the path of a file")
    path = Path(source)
    try:
        return path.read_bytes(), str(path)
    except FileNotFoundError:
        raise ConfigurationError(f"{what}: there is no file {path}; give the path of a PEM file or its text") from None
    except OSError as error:
        raise ConfigurationError(f"{what}: {path} cannot be read ({error.strerror})") from None


def load_private_key(source: KeySource | PrivateKey, what: str = "private_key") -> PrivateKey:
    """Load the RSA private key of an API certificate.

    Args:
        source: a path to a PEM file, PEM text or bytes, or a key that is loaded already.
        what: the name of the argument or setting, for the error message.

    Raises:
        ConfigurationError: the file or the key cannot be read; the message says which.
    """
    if isinstance(source, RSAPrivateKey):
        return source
    pem, origin = _pem(source, what)
    try:
        key = load_pem_private_key(pem, password=None)
    except TypeError:
        raise ConfigurationError(f"{what}: the key in {origin} is encrypted; give an unencrypted PEM") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigurationError(
            f"{what}: {origin} holds no PEM private key; it is the file apiclient_key.pem of your API certificate"
        ) from None
    if not isinstance(key, RSAPrivateKey):
        raise ConfigurationError(f"{what}: the key in {origin} is not an RSA key, which WeChat Pay asks for")
    return key


def _certified(pem: bytes) -> object:
    from cryptography.x509 import load_pem_x509_certificate  # as long to import as half of this package

    return load_pem_x509_certificate(pem).public_key()


def load_public_key(source: KeySource | PublicKey, what: str = "platform_key") -> PublicKey:
    """Load a WeChat Pay public key, or the key of a platform certificate, from PEM.

    Args:
        source: a path to a PEM file, PEM text or bytes, or a key that is loaded already.
        what: the name of the argument or setting, for the error message.

    Raises:
        ConfigurationError: the file or the key cannot be read; the message says which.
    """
    if isinstance(source, RSAPublicKey):
        return source
    pem, origin = _pem(source, what)
    try:
        key = _certified(pem) if b"BEGIN CERTIFICATE" in pem else load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        hint = " (it holds a private key)" if b"PRIVATE KEY" in pem else ""
        raise ConfigurationError(
            f"{what}: {origin} holds no PEM public key{hint}; "
            "download the WeChat Pay public key from the merchant platform"
        ) from None
    if not isinstance(key, RSAPublicKey):
        raise ConfigurationError(f"{what}: the key in {origin} is not an RSA key")
    return key


def new_private_key() -> PrivateKey:
    """Make a throwaway RSA-2048 key, as the sandbox and tests use it."""
    return generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(key: PrivateKey) -> bytes:
    """Write a private key as unencrypted PKCS#8 PEM."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_pem(key: PrivateKey | PublicKey) -> bytes:
    """Write the public half of a key as PEM."""
    public = key.public_key() if isinstance(key, RSAPrivateKey) else key
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def self_signed(key: PrivateKey, name: str, begins: datetime, ends: datetime) -> tuple[str, bytes]:
    """Certify a key with itself, as the sandbox does with its own.

    Args:
        key: the key to certify, and to sign with.
        name: the common name of subject and issuer.
        begins: when the certificate begins to be valid, aware.
        ends: when it ceases to be.

    Returns:
        Its serial number in upper-case hexadecimal, and the certificate as PEM.
    """
    from cryptography import x509  # as long to import as half of this package

    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    serial = x509.random_serial_number()
    certificate = x509.CertificateBuilder(
        issuer_name=subject,
        subject_name=subject,
        public_key=key.public_key(),
        serial_number=serial,
        not_valid_before=begins,
        not_valid_after=ends,
    ).sign(key, _HASH)
    return f"{serial:X}", certificate.public_bytes(Encoding.PEM)
