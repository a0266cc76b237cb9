"""Platform certificates: opening them, and what is said when they do not open."""

from datetime import UTC, datetime
from typing import Any

import pytest

from wxcoupon import crypto
from wxcoupon.certificate import Certificate
from wxcoupon.convert import from_wire
from wxcoupon.errors import ConfigurationError, UnreadableAnswer

KEY = "0123456789abcdef0123456789abcdef"
PRIVATE_KEY = crypto.new_private_key()
SERIAL, PEM = crypto.self_signed(
    PRIVATE_KEY, "a test", datetime(2026, 11, 1, tzinfo=UTC), datetime(2031, 11, 1, tzinfo=UTC)
)


def _certificate(opened: bytes = PEM, **changes: Any) -> Certificate:
    sealed = {
        "algorithm": "AEAD_AES_256_GCM",
        "nonce": "61f9c719728a",
        "associated_data": "certificate",
        "ciphertext": crypto.seal_gcm(KEY.encode(), "61f9c719728a", "certificate", opened),
    }
    return from_wire(
        Certificate,
        {
            "serial_no": SERIAL,
            "effective_time": "2026-11-01T08:00:00+08:00",
            "expire_time": "2031-11-01T08:00:00+08:00",
            "encrypt_certificate": sealed | changes,
        },
    )


@pytest.mark.parametrize("key", [KEY, KEY.encode()], ids=["text", "bytes"])
def test_opens(key: str | bytes) -> None:
    """What opens is the PEM text that was sealed, and the key in it can be verified with."""
    opened = _certificate().open(key)
    message = b"signed with the certified key"

    assert PEM.decode() == opened
    assert crypto.verifies(crypto.load_public_key(opened), message, crypto.sign(PRIVATE_KEY, message))


def test_nothing_sealed_beside_it() -> None:
    """A certificate that was sealed alone opens, whether the member is empty or not there."""
    alone = crypto.seal_gcm(KEY.encode(), "61f9c719728a", "", PEM)
    for said in ("", None):
        assert PEM.decode() == _certificate(ciphertext=alone, associated_data=said).open(KEY)


@pytest.mark.parametrize("key", ["", KEY[1:], f"{KEY[1:]}密"], ids=["empty", "short", "long in bytes"])
def test_a_key_of_another_length(key: str) -> None:
    """An APIv3 key that is not 32 bytes is said to be that, and is not repeated."""
    with pytest.raises(ConfigurationError, match="has to be 32 bytes; it has") as caught:
        _certificate().open(key)

    assert not key or key not in str(caught.value)


UNREADABLE: dict[str, tuple[Certificate, str]] = {
    "another algorithm": (_certificate(algorithm="SM4"), "sealed with SM4; only AEAD_AES_256_GCM"),
    "another nonce": (_certificate(nonce="61f9c719728b"), "does not open with this apiv3_key"),
    "a nonce too short": (_certificate(nonce="61"), "does not open with this apiv3_key"),
    "something else beside it": (_certificate(associated_data="transaction"), "does not open with this apiv3_key"),
    "no base64": (_certificate(ciphertext="%"), "does not open with this apiv3_key"),
    "no text": (_certificate(ciphertext=5), "did not come as it is documented"),
    "no nonce": (_certificate(nonce=None), "did not come as it is documented"),
    "no certificate": (_certificate(b"hello"), "is no PEM certificate"),
    "no text inside": (_certificate(PEM + b"\xff"), "is no PEM certificate"),
    "nothing sealed": (from_wire(Certificate, {"serial_no": SERIAL}), "did not come as it is documented"),
    "a list": (from_wire(Certificate, {"serial_no": SERIAL, "encrypt_certificate": []}), "did not come as it is"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_unreadable(name: str) -> None:
    """A certificate that cannot be opened is named, with what is wrong with it."""
    certificate, said = UNREADABLE[name]

    with pytest.raises(UnreadableAnswer, match=said) as caught:
        certificate.open(KEY)

    assert SERIAL in str(caught.value)


def test_another_key() -> None:
    """With another key of the right length nothing opens, and the message says which setting to look at."""
    with pytest.raises(UnreadableAnswer, match="does not open with this apiv3_key; check it on the platform"):
        _certificate().open(KEY[::-1])


def test_what_is_sealed_is_not_shown() -> None:
    """The sealed text is long and says nothing, so a repr leaves it out."""
    certificate = _certificate()

    assert certificate.encrypt_certificate.ciphertext not in repr(certificate)
