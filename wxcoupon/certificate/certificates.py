"""The certificates WeChat Pay signs with where a merchant has no WeChat Pay public key."""

from typing import Annotated, Final

from .. import crypto
from ..endpoint import Endpoint, endpoint
from ..errors import ConfigurationError, UnreadableAnswer
from ..identity import Merchant, Partner
from ..model import PRIVATE, Model, Time, model

__all__ = ["Certificate", "Certificates", "EncryptCertificate", "ListCertificates"]

_ALGORITHM: Final = "AEAD_AES_256_GCM"


@model
class EncryptCertificate(Model):
    """A certificate, sealed with the APIv3 key."""

    algorithm: str
    """How it is sealed: AEAD_AES_256_GCM."""
    nonce: str
    """What the sealing began with, 12 characters."""
    associated_data: str
    """What is sealed with it and not secret: ``certificate``."""
    ciphertext: Annotated[str, PRIVATE]
    """The sealed PEM text, as base64."""


@model
class Certificate(Model):
    """A platform certificate. :meth:`open` gives its PEM text."""

    serial_no: str
    """Its serial number, hexadecimal: what ``Wechatpay-Serial`` names."""
    effective_time: Time
    """When it begins to be used; what you encrypt, encrypt for the certificate that began last."""
    expire_time: Time
    """When it ceases to be used; this may differ from what the certificate itself says."""
    encrypt_certificate: EncryptCertificate
    """The certificate."""

    def open(self, apiv3_key: str | bytes) -> str:
        """The certificate as PEM text. That it opens proves that somebody sealed it who has the key.

        Args:
            apiv3_key: the APIv3 key of whoever asked, 32 bytes.

        Raises:
            ConfigurationError: the key is not 32 bytes.
            UnreadableAnswer: it does not open with this key, or there is no certificate in it.
        """
        key = apiv3_key.encode(errors="surrogatepass") if isinstance(apiv3_key, str) else apiv3_key
        if len(key) != 32:
            raise ConfigurationError(f"apiv3_key has to be 32 bytes; it has {len(key)}")
        sealed = self.encrypt_certificate
        try:
            if sealed.algorithm != _ALGORITHM:
                raise UnreadableAnswer(
                    f"the certificate {self.serial_no} is sealed with {sealed.algorithm}; only {_ALGORITHM} is opened"
                )
            opened = crypto.open_gcm(key, sealed.nonce, sealed.associated_data or "", sealed.ciphertext)
        except (AttributeError, TypeError):  # answers are taken as they come, so any of these may be something else
            raise UnreadableAnswer(f"the certificate {self.serial_no} did not come as it is documented") from None
        if opened is None:
            raise UnreadableAnswer(
                f"the certificate {self.serial_no} does not open with this apiv3_key; check it on the platform"
            )
        if b"-----BEGIN CERTIFICATE-----" not in opened or not opened.isascii():
            raise UnreadableAnswer(f"what was sealed as the certificate {self.serial_no} is no PEM certificate")
        return opened.decode("ascii")


@model
class Certificates(Model):
    """The certificates in use: while one follows another, both."""

    data: list[Certificate]
    """The certificates; keep all of them, and verify with the one that the answer names."""


@endpoint("GET", "/v3/certificates", rate="1000/s")
class ListCertificates(Endpoint[Certificates, Merchant | Partner]):
    """Get the platform certificates that are in use (下载平台证书).

    Ask again at least every 12 hours, as a new certificate comes with no other notice. Whoever has a WeChat Pay
    public key instead gets an error.

    https://pay.weixin.qq.com/doc/v3/merchant/4012551764
    https://pay.weixin.qq.com/doc/v3/partner/4012715700
    """
