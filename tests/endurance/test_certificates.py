"""Platform certificates through a faulty way: whatever becomes of the list, a call is proven or not made.

What may be in the list, and how certificates follow one another, is in ``tests/core/test_certificates.py``.
"""

from typing import Any

import pytest

from tests.fault_proxy import Edit, Fault
from wxcoupon import Client, KeyRing
from wxcoupon.errors import NoCertificatesError

from . import edits
from .rig import ATTEMPTS, Rig

LIST = "/v3/certificates"


def _certified(rig: Rig) -> Client[Any]:
    """A client that has no key of WeChat Pay's, and has to fetch certificates."""
    rig.sandbox.mode = "certificate"
    return rig.client(platform_keys=KeyRing(apiv3_key=rig.sandbox.apiv3_key, clock=rig.time.clients))


FAULTS: dict[str, Fault | Edit] = {
    "reset": Fault.RESET,
    "truncated": Fault.TRUNCATE,
    "late": Fault.DELAY,
    "lost": Fault.LOSE,
    "a gateway's 502": edits.instead(502, b"<html>bad gateway</html>"),
    "too many": edits.instead(429, b""),
    "a probe": edits.with_header("Wechatpay-Signature", "WECHATPAY/SIGNTEST/aaaa"),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_the_first_list_comes_at_last(rig: Rig, fault: str) -> None:
    """A list that did not come, or was a probe, is asked for again, freshly signed; then the call is made, once."""
    rig.proxy.then(FAULTS[fault])
    async with _certified(rig) as client:
        await client.call(rig.with_number())

    lists = [passage for passage in rig.proxy.seen if passage.target == LIST]
    assert 1 == rig.sent()
    assert 1 <= len(lists) <= 2
    assert rig.repeated_alike(lists)
    assert rig.proxy.seen[-1].target != LIST


@pytest.mark.parametrize("fault", ["reset", "truncated", "lost", "a gateway's 502"])
async def test_no_list_no_call(rig: Rig, fault: str) -> None:
    """Without a certificate nothing could prove an answer, so the call does not leave, and the error says so."""
    rig.proxy.then(*[FAULTS[fault]] * ATTEMPTS)
    async with _certified(rig) as client:
        with pytest.raises(NoCertificatesError) as caught:
            await client.call(rig.with_number())

    assert {LIST} == {passage.target for passage in rig.proxy.seen}
    assert ATTEMPTS == len(rig.proxy.seen)
    assert 0 == rig.sent()
    assert caught.value.outcome_unknown is False


@pytest.mark.parametrize("fault", ["reset", "truncated", "lost", "a gateway's 502"])
async def test_a_rotation_through_faults(rig: Rig, fault: str) -> None:
    """An answer by a new certificate is proven though its list needed a second attempt; the call is not repeated."""
    async with _certified(rig) as client:
        await client.call(rig.with_number())
        await rig.sandbox.rotate_certificate()
        before = len(rig.proxy.seen)
        rig.proxy.then(Fault.PASS, FAULTS[fault])
        await client.call(rig.with_number())

    later = [passage.target for passage in rig.proxy.seen[before:]]
    assert 2 == rig.sent()
    assert [LIST, LIST] == later[1:]
    assert LIST != later[0]
