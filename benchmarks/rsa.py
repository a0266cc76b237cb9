"""RSA with nothing around it: the part of a call that nobody can take away."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from .contenders import KEY


def rsa(body: bytes) -> Mapping[str, Callable[[], object]]:
    """One signature (``sign``) and one verification (``verify``) of that body."""
    padding, algorithm = PKCS1v15(), SHA256()
    public, signature = KEY.public_key(), KEY.sign(body, padding, algorithm)
    return {
        "sign": lambda: KEY.sign(body, padding, algorithm),
        "verify": lambda: public.verify(signature, body, padding, algorithm),
    }
