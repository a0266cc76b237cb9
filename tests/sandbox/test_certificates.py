"""Platform certificates of the sandbox: real ones, for the key its answers are signed with."""

import pytest
from cryptography import x509

from wxcoupon import Client, Merchant, Partner, crypto
from wxcoupon.certificate import ListCertificates
from wxcoupon.errors import UnreadableAnswer
from wxcoupon.sandbox import Keys, Sandbox


async def test_a_certificate_of_the_platform(sandbox: Sandbox, keys: Keys, merchant: Client[Merchant]) -> None:
    """The certificate opens with the sandbox's APIv3 key, is of its key, and is what is said of it."""
    (listed,) = (await merchant.call(ListCertificates())).data
    pem = listed.open(sandbox.apiv3_key)
    certificate = x509.load_pem_x509_certificate(pem.encode())

    assert f"{certificate.serial_number:X}" == listed.serial_no
    assert (certificate.not_valid_before_utc, certificate.not_valid_after_utc) == (
        listed.effective_time,
        listed.expire_time,
    )
    assert crypto.public_pem(keys.platform) == crypto.public_pem(crypto.load_public_key(pem))
    certificate.verify_directly_issued_by(certificate)


async def test_one_certificate_for_everyone(merchant: Client[Merchant], partner: Client[Partner]) -> None:
    """Merchant and partner get the same certificate, however often they ask."""
    asked = [await client.call(ListCertificates()) for client in (merchant, partner, merchant)]

    assert asked == [asked[0]] * 3


async def test_each_sandbox_has_its_own(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """Two sandboxes have two certificates, and one does not open with the key of the other."""
    (listed,) = (await partner.call(ListCertificates())).data
    async with (
        Sandbox(rate_limits="off") as other,
        Client(other.partner, other.platform_keys, base_url=other.base_url) as elsewhere,
    ):
        (theirs,) = (await elsewhere.call(ListCertificates())).data

        assert listed.serial_no != theirs.serial_no
        with pytest.raises(UnreadableAnswer, match="apiv3_key"):
            theirs.open(sandbox.apiv3_key)
