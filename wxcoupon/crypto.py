"""Bytes in, bytes out: the only file that imports ``cryptography``.

RSASSA-PKCS1-v1_5 with SHA-256 for requests, answers and callbacks; RSAES-OAEP with SHA-1 for sensitive members;
AES-256-GCM for callback data. Every primitive is the ``cryptography`` package's.
"""

from __future__ import annotations

import base64
import binascii
import re
import shlex
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, TypeAlias

import attrs
from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
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
GcmKey: TypeAlias = AESGCM
KeySource: TypeAlias = Path | str | bytes
"""A key as users have it: the path of a PEM file, or the PEM text itself."""

_PADDING = PKCS1v15()
_HASH = SHA256()
# SHA-1 is what WeChat Pay asks for; OAEP needs no hash that resists collisions.
_OAEP = OAEP(mgf=MGF1(SHA1()), algorithm=SHA1(), label=None)  # noqa: S303


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


def seal_oaep(key: PublicKey, plaintext: bytes) -> str | None:
    """Seal a sensitive member for the owner of *key*; base64, or None when it is too long: 214 bytes fit 2048 bits."""
    try:
        return base64.b64encode(key.encrypt(plaintext, _OAEP)).decode("ascii")
    except ValueError:
        return None


def open_oaep(key: PrivateKey, ciphertext: bytes) -> bytes | None:
    """Open a sensitive member; None when it was not sealed for *key*."""
    try:
        return key.decrypt(ciphertext, _OAEP)
    except ValueError:
        return None


def from_base64(text: object) -> bytes | None:
    """The bytes that base64 stands for; None when it is none."""
    try:
        return binascii.a2b_base64(text, strict_mode=True) if isinstance(text, str) else None
    except (binascii.Error, ValueError):
        return None


def seal_gcm(key: bytes, nonce: str, associated_data: str, plaintext: bytes) -> str:
    """Encrypt as WeChat Pay encrypts a callback's resource; returns base64 of ciphertext and tag."""
    sealed = AESGCM(key).encrypt(nonce.encode(), plaintext, associated_data.encode())
    return base64.b64encode(sealed).decode("ascii")


def gcm_key(key: bytes) -> GcmKey:
    """A key for :func:`open_gcm`, made ready once for all that is opened with it: 32 bytes."""
    return AESGCM(key)


def open_gcm(key: bytes | GcmKey, nonce: str, associated_data: str, ciphertext: str) -> bytes | None:
    """Open a callback's resource; None when the key, the nonce or the data do not belong together."""
    try:
        ready = AESGCM(key) if isinstance(key, bytes) else key
        return ready.decrypt(
            nonce.encode(), binascii.a2b_base64(ciphertext, strict_mode=True), associated_data.encode()
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
    return _file(source, what, "PEM")


def _file(source: Path | str, what: str, kind: str) -> tuple[bytes, str]:
    path = Path(source)
    try:
        return path.read_bytes(), str(path)
    except FileNotFoundError:
        text = " or its text" if kind == "PEM" else ""
        raise ConfigurationError(f"{what}: there is no file {path}; give the path of a {kind} file{text}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no path"
        raise ConfigurationError(f"{what}: {path} cannot be read ({reason})") from None


def load_private_key(
    source: KeySource | PrivateKey, what: str = "private_key", password: str | bytes | None = None
) -> PrivateKey:
    """Load the RSA private key of an API certificate.

    Args:
        source: a path to a PEM file, PEM text or bytes, or a key that is loaded already.
        what: the name of the argument or setting, for the error message.
        password: what an encrypted PEM is opened with.

    Raises:
        ConfigurationError: the file or the key cannot be read; the message says which.
    """
    if isinstance(source, RSAPrivateKey):
        return source
    pem, origin = _pem(source, what)
    try:
        key = load_pem_private_key(pem, password=_secret(password))
    except TypeError:  # a password is missing, or there is one too many
        if password is None:
            raise ConfigurationError(
                f"{what}: the key in {origin} is encrypted; load it with crypto.pem(…, password=…), or make plain PEM "
                f"of it: openssl pkey -in {_argument(source, 'key.pem')} -out plain.pem"
            ) from None
        raise ConfigurationError(f"{what}: the key in {origin} is not encrypted; leave the password out") from None
    except (ValueError, UnsupportedAlgorithm):
        if password is not None and b"ENCRYPTED" in pem:
            raise ConfigurationError(f"{what}: the password does not open the key in {origin}") from None
        if pem[:1] == b"0" and b"\2\1\3" in pem[:10]:  # a sequence that begins with version 3
            raise ConfigurationError(
                f"{what}: {origin} is PKCS#12; load it with crypto.pkcs12(…, password), or make PEM of it: openssl "
                f"pkcs12 -in {_argument(source, 'apiclient_cert.p12')} -nodes -nocerts -out plain.pem (a newer openssl "
                "may need -legacy too)"
            ) from None
        raise ConfigurationError(
            f"{what}: {origin} holds no PEM private key; it is the file apiclient_key.pem of your API certificate"
        ) from None
    if not isinstance(key, RSAPrivateKey):
        raise ConfigurationError(f"{what}: the key in {origin} is not an RSA key, which WeChat Pay asks for")
    return key


def _argument(source: object, otherwise: str) -> str:
    """The file, as a shell takes it; another name where the content itself was given."""
    return shlex.quote(str(source)) if isinstance(source, Path) or _is_path(source) else otherwise


def _is_path(source: object) -> bool:
    return isinstance(source, str) and "-----BEGIN" not in source


def pem(source: KeySource, password: str | bytes | None = None) -> PrivateKey:
    """Load a private key from PEM that may be encrypted, to be given as ``private_key``.

    Args:
        source: a path, or the text or bytes of the PEM.
        password: what it is opened with; None when it is not encrypted.

    Raises:
        ConfigurationError: the file cannot be read, holds no such key, or the password does not open it.
    """
    return load_private_key(source, password=password)


@attrs.frozen
class Pkcs12:
    """What a PKCS#12 file (``apiclient_cert.p12``) holds; an identity takes it as its ``private_key``.

    Attributes:
        private_key: the private key of the API certificate.
        certificate_serial: the serial number of that certificate, as :func:`serial_text` writes it; None where there is
            no certificate.
    """

    private_key: PrivateKey = attrs.field(repr=False)
    certificate_serial: str | None

    @property
    def serial_no(self) -> str:
        """The serial number of the API certificate, to be given as ``serial_no``.

        Raises:
            ConfigurationError: the file has no certificate.
        """
        if self.certificate_serial is None:
            raise ConfigurationError("the PKCS#12 has no certificate; give serial_no as the platform shows it")
        return self.certificate_serial


def pkcs12(source: Path | str | bytes, password: str | bytes | None) -> Pkcs12:
    """Load the private key, and the certificate's serial number, from PKCS#12.

    Args:
        source: the path of the file, or its bytes.
        password: what it is opened with: for the file of WeChat Pay, the merchant number.

    Raises:
        ConfigurationError: the file cannot be read, has no RSA key, or the password does not open it.
    """
    from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates  # it loads x509

    data, origin = (source, "the given bytes") if isinstance(source, bytes) else _file(source, "pkcs12", "PKCS#12")
    try:
        key, certificate, _ = load_key_and_certificates(data, _secret(password))
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigurationError(
            f"pkcs12: {origin} is no PKCS#12, or the password does not open it; WeChat Pay's has the merchant number"
        ) from None
    if not isinstance(key, RSAPrivateKey):
        raise ConfigurationError(f"pkcs12: {origin} has no RSA private key, which WeChat Pay asks for")
    return Pkcs12(key, None if certificate is None else serial_text(certificate.serial_number))


def _secret(password: str | bytes | None) -> bytes | None:
    return password.encode() if isinstance(password, str) else password


def serial_text(number: int) -> str:
    """Write a serial number as the platform and other tools do: upper-case hexadecimal, of whole bytes."""
    digits = f"{number:X}"
    return digits.zfill(len(digits) + len(digits) % 2)


class Certified(NamedTuple):
    """What a certificate says: its serial number, the key it certifies, and when it begins and ends, aware."""

    serial: int
    key: object
    begins: datetime
    ends: datetime


def _certified(pem: bytes) -> Certified:
    from cryptography import x509  # as long to import as half of this package

    try:
        found = x509.load_pem_x509_certificate(pem)
        return Certified(found.serial_number, found.public_key(), found.not_valid_before_utc, found.not_valid_after_utc)
    except (x509.InvalidVersion, UnsupportedAlgorithm, TypeError, Warning) as error:  # it may warn of a serial number
        raise ValueError(str(error)) from None


class Certificate(NamedTuple):
    """A certificate of an RSA key; its fields are those of :class:`Certified`."""

    serial: int
    key: PublicKey
    begins: datetime
    ends: datetime


def load_certificate(source: KeySource, what: str) -> Certificate:
    """Load a platform certificate from PEM.

    Args:
        source: a path to a PEM file, or PEM text or bytes.
        what: the name of the argument or setting, for the error message.

    Raises:
        ConfigurationError: the file or the certificate cannot be read, or it is not of an RSA key.
    """
    pem, origin = _pem(source, what)
    try:
        found = _certified(pem)
    except ValueError:
        raise ConfigurationError(f"{what}: {origin} holds no PEM certificate") from None
    if not isinstance(found.key, RSAPublicKey):
        raise ConfigurationError(f"{what}: the certificate in {origin} is not of an RSA key")
    return Certificate(found.serial, found.key, found.begins, found.ends)


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
        key = _certified(pem).key if b"BEGIN CERTIFICATE" in pem else load_pem_public_key(pem)
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
        Its serial number as :func:`serial_text` writes it, and the certificate as PEM.
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
    return serial_text(serial), certificate.public_bytes(Encoding.PEM)
