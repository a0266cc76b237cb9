"""A private key that is kept elsewhere, in a KMS, an HSM or another process, and does its work there.

::

    class KmsKey:
        def __init__(self, kms: Kms, key_id: str) -> None:
            self._kms, self._key_id = kms, key_id

        async def sign(self, message: bytes) -> bytes:
            digest = hashlib.sha256(message).digest()
            return await self._kms.sign(self._key_id, digest, algorithm="RSASSA_PKCS1_V1_5_SHA_256")

    partner = Partner(
        mchid="1900000109",
        brand_id="120344",
        serial_no="5157F09EFDC096DE15EBE81A47057A72",
        private_key=KmsKey(kms, "alias/wechat-pay"),
    )

Whatever either of them raises ends the call with a :class:`~wxcoupon.errors.SigningError` or an
:class:`~wxcoupon.errors.UnreadableAnswer`, with what was raised as its cause.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class Signer(Protocol):
    """Signs requests. Given to an identity as its ``private_key``."""

    async def sign(self, message: bytes) -> bytes:
        """Sign a request.

        Args:
            message: what is signed, whole: it is not hashed yet.

        Returns:
            The signature (RSASSA-PKCS1-v1_5 with SHA-256) as raw bytes, 256 of them for a key of 2048 bits.
        """
        ...


@runtime_checkable
class Decryptor(Protocol):
    """Opens sensitive members of answers. Given to an identity as its ``decryptor``, or with its signer in one object.

    An identity that has its private key itself needs none.
    """

    async def decrypt(self, ciphertext: bytes) -> bytes:
        """Open what was sealed for the public key of the API certificate.

        Args:
            ciphertext: raw bytes, 256 of them for a key of 2048 bits.

        Returns:
            What was sealed (RSAES-OAEP, with SHA-1 as its hash and as that of MGF1).
        """
        ...
