"""Who has an APIv3 key and nothing else: before, in and after a migration to the public key, and with a poor cache."""

import logging
from pathlib import Path

import pytest

from tests.core.certified import CALL, LIST, Clock, asked, calling, certificate, ring_of, signer
from wxcoupon import Client, KeyRing, Partner
from wxcoupon.certificate import ListCertificates
from wxcoupon.errors import ConfigurationError, NoCertificatesError, UnknownSerial
from wxcoupon.keys import RENEWAL
from wxcoupon.sandbox import Keys, Sandbox


async def test_a_sandbox_as_it_is(keys: Keys, clock: Clock) -> None:
    """With the APIv3 key of a sandbox that was told nothing, calls are made and proven by its certificate."""
    async with Sandbox(keys=keys, clock=clock) as sandbox:
        ring = ring_of(sandbox)
        async with calling(sandbox, ring) as client:
            answer = await client.send(CALL)

        assert signer(sandbox) == answer.headers["Wechatpay-Serial"] == ring.announced
        assert 1 == asked(sandbox)


async def test_a_public_key_beside_it(keys: Keys, clock: Clock) -> None:
    """Who gives the public key too goes on being answered with it, and asks for no certificate."""
    async with Sandbox(keys=keys, clock=clock) as sandbox:
        async with calling(sandbox, ring_of(sandbox, keys=sandbox.platform_keys)) as client:
            answer = await client.send(CALL)

        assert keys.platform_id == answer.headers["Wechatpay-Serial"]
        assert 0 == asked(sandbox)


async def test_after_the_switch(certified: Sandbox, keys: Keys) -> None:
    """A list that the public key signs is not believed; it is said that this key is to be given, and how."""
    async with calling(certified, ring_of(certified, keys=certified.platform_keys)) as client:
        listed = (await client.send(ListCertificates())).json()
    certified.mode = "public-key"
    certified.reply_next(listed)

    async with calling(certified, ring_of(certified)) as client:
        with pytest.raises(NoCertificatesError, match="answers this merchant with its public key now") as caught:
            await client.call(CALL)

    assert isinstance(caught.value.reason, UnknownSerial)
    assert f"KeyRing({{'{keys.platform_id}': Path(…)}})" in str(caught.value)
    assert "WXCOUPON_PLATFORM_KEY_ID and WXCOUPON_PLATFORM_KEY_FILE" in str(caught.value)
    assert [LIST] == list(certified.state()["requests"])


async def test_given_after_the_switch(certified: Sandbox) -> None:
    """Who does what the message says is answered again."""
    certified.mode = "public-key"
    async with calling(certified, ring_of(certified, keys=certified.platform_keys)) as client:
        await client.call(CALL)

    assert [CALL.name] == list(certified.state()["requests"])


@pytest.mark.parametrize("named", ["0A1B2C", "0a1b2c", "A1B2C", "a1b2c", "000A1B2C"])
def test_serials_are_numbers(named: str) -> None:
    """A certificate is found by its number, whatever the case and the zeros it begins with."""
    serial, pem = certificate(0xA1B2C)
    ring = KeyRing({named: pem}, clock=Clock())

    assert "0A1B2C" == serial
    assert all(ring.find(one) is ring.find(named) for one in ("0A1B2C", "0a1b2c", "A1B2C", "00a1b2c"))
    with pytest.raises(UnknownSerial):
        ring.find("A1B2C0")
    with pytest.raises(ConfigurationError, match="this is the certificate 0A1B2C"):
        KeyRing({"A1B2C0": pem})


async def test_a_serial_with_a_leading_zero_over_the_wire(sandbox: Sandbox) -> None:
    """A caller whose certificate's number is known without its first zero is let in."""
    other = Partner("1900000109", "A1B2C", sandbox.partner.private_key, "120344")
    sandbox.enrol(Partner("1900000109", "0A1B2C", sandbox.partner.private_key, "120344"), ["120344"])

    async with Client(other, sandbox.platform_keys, base_url=sandbox.base_url) as client:
        assert (await client.call(ListCertificates())).data


async def test_a_cache_that_cannot_be_written(
    certified: Sandbox, clock: Clock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is a warning with the path and the reason, once for each ring, and every call is made."""
    cache = tmp_path / "nowhere" / "certificates"
    with caplog.at_level(logging.INFO, "wxcoupon"):
        for _ in range(2):
            ring = ring_of(certified, cache=cache)
            async with calling(certified, ring) as client:
                await client.call(CALL)
                clock.now += RENEWAL
            async with calling(certified, ring) as client:
                await client.call(CALL)
                await client.learn({"Wechatpay-Serial": "AB"})
                clock.now += RENEWAL
    told = [record for record in caplog.records if "cannot be written" in record.getMessage()]

    assert 4 <= asked(certified)
    assert [logging.WARNING] * 2 == [record.levelno for record in told]
    assert f"{cache} cannot be written (No such file or directory)" in told[0].getMessage()
