"""Trouble that a test asks for, as plain requests see it."""

import aiohttp
import pytest

from wxcoupon import Client, Partner, RetryPolicy
from wxcoupon import product_coupon as pc
from wxcoupon.errors import BadSignature, ClockSkew, MissingSignature, ProbeSignature, UnknownSerial
from wxcoupon.sandbox import Sandbox

from .knocking import knock
from .shapes import product_coupon


async def test_a_failure_leaves_no_effect_or_all_of_it(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """A failed request is carried out exactly if that was asked for; its repetition gets its answer."""
    for after_effect in (False, True):
        before = len(sandbox.world.stocks)
        creation = product_coupon(f"create_{after_effect}")  # made once: it says when it was made
        sandbox.fail_next(after_effect=after_effect)
        once = Client(sandbox.partner, sandbox.platform_keys, base_url=sandbox.base_url, retry=RetryPolicy(attempts=1))
        async with once:
            with pytest.raises(Exception, match="HTTP 500 SYSTEM_ERROR"):
                await once.call(creation)
        assert before + after_effect == len(sandbox.world.stocks)

        await partner.call(creation)

        assert before + 1 == len(sandbox.world.stocks)


async def test_a_failure_looks_as_asked(sandbox: Sandbox) -> None:
    """Status, code, number and Retry-After of a failure are the given ones, for so many requests."""
    sandbox.fail_next(429, "RATELIMIT_EXCEEDED", times=2, numeric="270924289", retry_after=7)

    replies = [await knock(sandbox, sandbox.partner) for _ in range(3)]

    assert [429, 429, 404] == [reply.status for reply in replies]
    assert ("RATELIMIT_EXCEEDED", "270924289", "7") == (
        replies[0].json["code"],
        replies[0].numeric,
        replies[0].headers["Retry-After"],
    )


async def test_a_dropped_connection_has_no_answer(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """A dropped request gets no answer, and is carried out exactly if that was asked for."""
    for after_effect in (False, True):
        before = len(sandbox.world.stocks)
        sandbox.drop_next(after_effect=after_effect)
        target = "/v3/marketing/partner/product-coupon/notify-configs"
        body = {"notify_url": f"https://example.com/{after_effect}"}

        with pytest.raises(aiohttp.ClientError):
            await knock(sandbox, sandbox.partner, target=target, body=body)

        assert before == len(sandbox.world.stocks)
        assert after_effect == (sandbox.partner.subject in sandbox.world.notify_urls)
    assert "https://example.com/True" == (await partner.call(pc.GetNotifyConfig())).notify_url


@pytest.mark.parametrize(
    ("signature", "error"),
    [
        ("bad", BadSignature),
        ("probe", ProbeSignature),
        ("missing", MissingSignature),
        ("unknown-serial", UnknownSerial),
        ("old", ClockSkew),
    ],
)
async def test_an_answer_can_be_signed_wrongly(sandbox: Sandbox, signature: str, error: type[Exception]) -> None:
    """Each wrong signature is wrong in its own way, once."""
    sandbox.answer_next(signature)  # type: ignore[arg-type] # one of the literals

    with pytest.raises(error):
        await knock(sandbox, sandbox.partner)
    assert 404 == (await knock(sandbox, sandbox.partner)).status


def test_an_unknown_signature_is_refused() -> None:
    """A misspelt kind of signature is an error at once."""
    with pytest.raises(ValueError, match="probe"):
        Sandbox().answer_next("wrong")  # type: ignore[arg-type]
