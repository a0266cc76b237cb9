"""Identities and keys: what is refused, and that nothing of a key is ever shown."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from wxcoupon import Brand, KeyRing, Merchant, Partner, crypto
from wxcoupon.errors import ConfigurationError, NotAllowedError, UnknownSerial

KEY = crypto.new_private_key()
PEM = crypto.private_pem(KEY)
PUBLIC = crypto.public_pem(KEY)


def test_key_from_every_source(tmp_path: Path) -> None:
    """A key may be a path, PEM text, PEM bytes, or loaded already."""
    path = tmp_path / "apiclient_key.pem"
    path.write_bytes(PEM)

    loaded = [crypto.load_private_key(source) for source in (path, str(path), PEM.decode(), PEM, KEY)]

    assert {KEY.private_numbers()} == {key.private_numbers() for key in loaded}


def _encrypted() -> bytes:
    return KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word"))


def _elliptic() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


UNUSABLE: dict[str, tuple[Any, str]] = {
    "no file": ("nowhere.pem", "there is no file nowhere.pem"),
    "a directory": (".", "cannot be read"),
    "nothing": (b"", "holds no PEM private key"),
    "not base64": (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "holds no PEM private key"),
    "a public key": (PUBLIC, "holds no PEM private key"),
    "an encrypted key": (_encrypted(), "encrypted"),
    "an elliptic key": (_elliptic(), "not an RSA key"),
    "no name of a file": ("x" * 10_000, "neither whole PEM text"),
    "a name with a NUL": ("a\0b", "neither whole PEM text"),
}


@pytest.mark.parametrize(
    "source",
    [PEM.decode().replace("BEGIN ", "BEGIN"), PEM.decode().splitlines()[1] * 30, Path(PEM.decode())],
    ids=["no BEGIN line", "one long line", "a path"],
)
def test_key_text_is_never_repeated(source: Any) -> None:
    """A key that was pasted where a path belongs, or without its BEGIN line, is not printed back."""
    with pytest.raises(ConfigurationError) as caught:
        Merchant(mchid="1900000001", serial_no="AB", private_key=source)

    assert PEM.decode().splitlines()[1][:8] not in str(caught.value)


@pytest.mark.parametrize(("source", "says"), UNUSABLE.values(), ids=UNUSABLE)
def test_private_key_that_cannot_be_used(source: Any, says: str) -> None:
    """Each unusable key is refused in one sentence that says what was given and what is needed."""
    with pytest.raises(ConfigurationError, match=says) as caught:
        Merchant(mchid="1900000001", serial_no="AB", private_key=source)

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "says"),
    [(PEM, "it holds a private key"), (b"x", "no PEM public key"), ("nowhere.pem", "no file")],
    ids=["private", "nonsense", "nowhere"],
)
def test_platform_key_that_cannot_be_used(source: Any, says: str) -> None:
    """An unusable platform key is refused by its id."""
    with pytest.raises(ConfigurationError, match=says) as caught:
        KeyRing({"PUB_KEY_ID_01": source})

    assert "PUB_KEY_ID_01" in str(caught.value)


SERIAL, CERTIFICATE = crypto.self_signed(
    KEY, "a test", datetime(2026, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
)


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({}, "at least one"),
        ({"ABC": PUBLIC}, "no PEM certificate; .* looks like PUB_KEY_ID_"),
        ({"ABC": KEY.public_key()}, "looks like PUB_KEY_ID_"),
        ({"ABC": CERTIFICATE}, f"this is the certificate {SERIAL}"),
        ({"a b": PUBLIC}, "looks like PUB_KEY_ID_"),
    ],
    ids=["nothing", "no certificate", "a key", "another certificate", "no name"],
)
def test_ring_that_is_none(keys: dict[str, bytes], says: str) -> None:
    """A ring has keys, and their ids are WeChat Pay public key ids."""
    with pytest.raises(ConfigurationError, match=says):
        KeyRing(keys)


def test_ring_never_falls_back() -> None:
    """A serial that is not there is an error, however many other keys are; the first one is announced."""
    ring = KeyRing({"PUB_KEY_ID_01": PUBLIC, "PUB_KEY_ID_02": PUBLIC})

    assert "PUB_KEY_ID_01" == ring.announced
    with pytest.raises(UnknownSerial, match="PUB_KEY_ID_01, PUB_KEY_ID_02"):
        ring.find("pub_key_id_01")


@pytest.mark.parametrize(
    "key", ["", "k" * 31, "密" * 32, "k" * 31 + "\udcff"], ids=["empty", "short", "long in bytes", "no text"]
)
def test_an_apiv3_key_of_another_length(key: str) -> None:
    """A ring's APIv3 key is 32 bytes, and is not repeated when it is not."""
    with pytest.raises(ConfigurationError, match="has to be 32 bytes; it has") as caught:
        KeyRing(apiv3_key=key)

    assert not key or key not in str(caught.value)


def test_both_kinds_side_by_side() -> None:
    """A public key and a certificate stand beside each other, and each is found by its own name alone."""
    now = datetime(2027, 1, 1, tzinfo=UTC).timestamp()
    ring = KeyRing({"PUB_KEY_ID_01": PUBLIC, SERIAL: CERTIFICATE}, clock=lambda: now)

    assert KEY.public_key() == ring.find("PUB_KEY_ID_01") == ring.find(SERIAL.lower())
    assert f"KeyRing(PUB_KEY_ID_01, {SERIAL})" == repr(ring)
    for other in ("", "AB", "PUB_KEY_ID_02", SERIAL[:-1], f"{SERIAL}0", "\udcff", "x" * 10_000):
        with pytest.raises(UnknownSerial, match=f"the key ring has PUB_KEY_ID_01, {SERIAL};") as caught:
            ring.find(other)
        assert len(str(caught.value)) < 500


def test_a_certificate_that_has_ended() -> None:
    """A certificate is not used once it has ended."""
    ring = KeyRing({SERIAL: CERTIFICATE}, clock=lambda: datetime(2031, 1, 1, tzinfo=UTC).timestamp())

    assert ring.announced is None
    with pytest.raises(UnknownSerial, match="has ended"):
        ring.find(SERIAL)


def test_a_certificate_without_an_apiv3_key() -> None:
    """A ring that cannot fetch says what it takes to."""
    with pytest.raises(UnknownSerial, match=r"KeyRing\(…, apiv3_key=…\), or WXCOUPON_APIV3_KEY"):
        KeyRing({"PUB_KEY_ID_01": PUBLIC}).find("AB")


@pytest.mark.parametrize(
    "make",
    [
        lambda: Merchant(mchid="", serial_no="AB", private_key=KEY),
        lambda: Merchant(mchid="19 00", serial_no="AB", private_key=KEY),
        lambda: Merchant(mchid=1900000001, serial_no="AB", private_key=KEY),  # type: ignore[arg-type]
        lambda: Partner(mchid="1", serial_no="AB", private_key=KEY, brand_id="x"),
        lambda: Brand(brand_id='1"', serial_no="AB", private_key=KEY),
        lambda: Brand(brand_id="1", serial_no="XY", private_key=KEY),
        lambda: Brand(brand_id="1", serial_no='A"', private_key=KEY),
    ],
)
def test_numbers_that_are_none(make: Callable[[], object]) -> None:
    """Numbers and serials are what they should be, so that nothing can break out of the Authorization header."""
    with pytest.raises(ConfigurationError, match=r"of a (Merchant|Partner|Brand)"):
        make()


@pytest.mark.parametrize(
    "identity",
    [
        Merchant(mchid="1", serial_no="AB", private_key=PEM),
        Partner(mchid="1", serial_no="AB", private_key=PEM),
        Brand(brand_id="1", serial_no="AB", private_key=PEM),
    ],
)
def test_keys_are_not_printed(identity: object) -> None:
    """No repr shows a key."""
    assert "key" not in repr(identity).lower()
    assert "PRIVATE" not in repr(identity)


class _Hardware:
    """A key that is kept elsewhere, which signs and opens nothing in truth."""

    async def sign(self, message: bytes) -> bytes:
        return message

    async def decrypt(self, ciphertext: bytes) -> bytes:
        return ciphertext


class _Passing:
    """What passes on whatever is asked of it, as wrappers that count or trace calls do."""

    def __init__(self, inner: object) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def test_a_signer_may_be_wrapped() -> None:
    """What signs and opens by passing it on is as good as what it wraps."""
    wrapped: Any = _Passing(_Hardware())

    brand = Brand(brand_id="1", serial_no="AB", private_key=wrapped)

    assert wrapped is brand.signer
    assert wrapped is brand.opener
    with pytest.raises(ConfigurationError, match="private_key: a _Passing is none; give a path"):
        Brand(brand_id="1", serial_no="AB", private_key=_Passing(object()))


def test_a_tail_needs_a_prefix() -> None:
    """A path that an identity has no prefix for is not open to it."""
    with pytest.raises(NotAllowedError, match="merchant"):
        Merchant(mchid="1", serial_no="AB", private_key=KEY).path("/product-coupon/product-coupons")
