"""Which public key proves an answer, over real HTTP; for platform certificates see ``test_certificates``."""

import json

import pytest

from wxcoupon import crypto
from wxcoupon.errors import BadSignature, UnknownSerial
from wxcoupon.sandbox import Keys

from . import edits
from .rig import READING, Rig

OTHER = "PUB_KEY_ID_0110000002"


@pytest.fixture(scope="module")
def other() -> crypto.PrivateKey:
    """Another key of WeChat Pay's."""
    return crypto.new_private_key()


@pytest.mark.parametrize("first", [True, False], ids=["announced", "held"])
async def test_the_serial_chooses(rig: Rig, keys: Keys, other: crypto.PrivateKey, first: bool) -> None:  # noqa: FBT001
    """Of two public keys the answer's serial chooses, whichever is announced; the first one is announced."""
    ring = {OTHER: other.public_key(), **rig.sandbox.platform_keys}
    ring = ring if first else dict(reversed(ring.items()))
    rig.proxy.then(edits.signed(other, OTHER))
    async with rig.client(platform_keys=ring) as client:
        await client.call(READING)
        await client.call(READING)

    announced = {passage.headers["Wechatpay-Serial"] for passage in rig.proxy.seen}
    assert {OTHER if first else keys.platform_id} == announced


async def test_no_other_key_is_tried(rig: Rig, keys: Keys, other: crypto.PrivateKey) -> None:
    """An answer that is good by another key than the one it names is not believed."""
    ring = {OTHER: other.public_key(), **rig.sandbox.platform_keys}
    rig.proxy.then(edits.signed(other, keys.platform_id), edits.signed(keys.platform, OTHER))
    async with rig.client(platform_keys=ring) as client:
        for _ in range(2):
            with pytest.raises(BadSignature):
                await client.call(READING)

    assert 2 == len(rig.proxy.seen)


@pytest.mark.parametrize("named", ["PUB_KEY_ID_", "", "pub_key_id_x", f"{OTHER}0", "0110000002"])
async def test_a_serial_is_compared_whole(rig: Rig, other: crypto.PrivateKey, named: str) -> None:
    """What only looks like a key that is there is not that key, and what was announced is no answer's key."""
    rig.proxy.then(edits.signed(other, named))
    async with rig.client(platform_keys={OTHER: other.public_key()}) as client:
        with pytest.raises(UnknownSerial) as caught:
            await client.call(READING)

    assert OTHER in str(caught.value)
    assert 1 == len(rig.proxy.seen)


async def test_a_brand_announces_its_key(rig: Rig, keys: Keys) -> None:
    """Every call of a brand names the public key, which is checked against the brand."""
    from wxcoupon import product_coupon as pc

    async with rig.client(identity=rig.sandbox.brand) as client:
        await client.call(pc.SetNotifyConfig(notify_url="https://tea.example/callbacks"))
    (passage,) = rig.proxy.seen

    assert keys.platform_id == passage.headers["Wechatpay-Serial"]
    assert passage.headers["Authorization"].startswith("WECHATPAY-BRAND-SHA256-RSA2048 brand_id=")
    assert {"notify_url": "https://tea.example/callbacks"} == json.loads(passage.body)
