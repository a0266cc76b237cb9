"""Platform certificates of the sandbox: real ones, that follow one another and sign where a migration lets them."""

from typing import get_args

import aiohttp
import pytest
from cryptography import x509

from wxcoupon import Client, ConfigurationError, Merchant, Partner, crypto
from wxcoupon.certificate import ListCertificates
from wxcoupon.errors import ApiError, UnreadableAnswer
from wxcoupon.sandbox import Keys, Sandbox
from wxcoupon.sandbox.certificates import Mode


async def test_a_certificate_of_the_platform(sandbox: Sandbox, keys: Keys, merchant: Client[Merchant]) -> None:
    """The certificate opens with the sandbox's APIv3 key, is of its certificate's key, and is what is said of it."""
    (listed,) = (await merchant.call(ListCertificates())).data
    pem = listed.open(sandbox.apiv3_key)
    certificate = x509.load_pem_x509_certificate(pem.encode())

    assert crypto.serial_text(certificate.serial_number) == listed.serial_no
    assert (certificate.not_valid_before_utc, certificate.not_valid_after_utc) == (
        listed.effective_time,
        listed.expire_time,
    )
    assert crypto.public_pem(keys.certificate) == crypto.public_pem(crypto.load_public_key(pem))
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


async def _serial(sandbox: Sandbox, named: str | None) -> str:
    """What an answer is signed with when the request names that."""
    headers = {} if named is None else {"Wechatpay-Serial": named}
    async with aiohttp.ClientSession() as session, session.get(sandbox.base_url + "/v3/x", headers=headers) as answer:
        return answer.headers["Wechatpay-Serial"]


async def test_who_signs(sandbox: Sandbox, keys: Keys, merchant: Client[Merchant]) -> None:
    """The kind that a request names signs its answer; where it names none, or has no such header, the mode says."""
    (listed,) = (await merchant.call(ListCertificates())).data
    public, certificate = keys.platform_id, listed.serial_no
    signed = {}
    for mode in get_args(Mode):
        sandbox.mode = mode
        named = (None, public, f"00{certificate.lower()}", "PUB_KEY_ID_0")
        signed[mode] = [await _serial(sandbox, serial) for serial in named]

    assert {
        "both": [certificate, public, certificate, public],
        "certificate": [certificate, public, certificate, certificate],
        "public-key": [public] * 4,
    } == signed


async def test_rotation(sandbox: Sandbox, merchant: Client[Merchant]) -> None:
    """A new certificate signs at once, also where the one before is named, which stays listed."""
    (before,) = (await merchant.call(ListCertificates())).data
    serial = await sandbox.rotate_certificate()
    listed = (await merchant.call(ListCertificates())).data

    assert [before.serial_no, serial] == [one.serial_no for one in listed]
    assert before == listed[0]
    assert listed[0].open(sandbox.apiv3_key) != listed[1].open(sandbox.apiv3_key)
    assert serial == await _serial(sandbox, before.serial_no)


async def test_certificates_end(keys: Keys) -> None:
    """An ended certificate is listed no more and signs nothing; there is always one that does."""
    now = 1_795_000_000.0
    async with Sandbox(rate_limits="off", keys=keys, mode="certificate", clock=lambda: now) as sandbox:
        first = await _serial(sandbox, None)
        second = await sandbox.rotate_certificate(days=1)
        now += 86400.0
        third = await _serial(sandbox, None)

        assert 3 == len({first, second, third})
        async with Client(
            sandbox.merchant, sandbox.platform_keys, base_url=sandbox.base_url, clock=lambda: now
        ) as client:
            assert [first, third] == [one.serial_no for one in (await client.call(ListCertificates())).data]


async def test_no_certificates(sandbox: Sandbox, merchant: Client[Merchant]) -> None:
    """A merchant that has the public key alone is told that there are no certificates."""
    sandbox.mode = "public-key"

    with pytest.raises(ApiError) as caught:
        await merchant.call(ListCertificates())

    assert (404, "RESOURCE_NOT_EXISTS", True) == (caught.value.status, caught.value.code, caught.value.verified)


async def test_certificates_of_a_caller_with_its_own_key(sandbox: Sandbox, merchant: Client[Merchant]) -> None:
    """Certificates are sealed with the APIv3 key of whoever asks."""
    sandbox.enrol(sandbox.merchant, apiv3_key="k" * 32)
    (listed,) = (await merchant.call(ListCertificates())).data

    assert listed.open("k" * 32)
    with pytest.raises(UnreadableAnswer, match="apiv3_key"):
        listed.open(sandbox.apiv3_key)


async def test_modes_that_are_none(sandbox: Sandbox) -> None:
    """A mode that there is not, or a rotation before there is anything to rotate, is refused."""
    with pytest.raises(ConfigurationError, match="mode is one of both, certificate, public-key"):
        Sandbox(mode="none")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="mode is one of"):
        sandbox.mode = "none"  # type: ignore[assignment]
    with pytest.raises(ConfigurationError, match="has not started"):
        await Sandbox().rotate_certificate()
