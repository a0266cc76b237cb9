"""What one caller has made, no other one reaches: another partner, another brand, the brand itself, a merchant."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import attrs
import pytest

from wxcoupon import Brand, Merchant, Partner
from wxcoupon.checks import faults
from wxcoupon.convert import from_wire
from wxcoupon.endpoint import registry
from wxcoupon.identity import Identity
from wxcoupon.model import fields
from wxcoupon.sandbox import Keys, Sandbox

from .any_request import START, Things, samples
from .asking import Asking
from .prepared import Preparing

STRANGERS = ("another partner", "the partner for another brand", "the brand", "another brand", "a merchant")


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """What sends."""
    async with aiohttp.ClientSession() as open_session:
        yield open_session


def _stranger(sandbox: Sandbox, keys: Keys, who: str) -> Identity:
    partner = Partner(mchid="1900000555", serial_no="ABCDEF01", private_key=keys.merchant, brand_id="120344")
    others: dict[str, Identity] = {
        "another partner": partner,
        "the partner for another brand": attrs.evolve(sandbox.partner, brand_id="120345"),
        "the brand": sandbox.brand,
        "another brand": Brand(brand_id="120399", serial_no="ABCDEF03", private_key=keys.merchant),
        "a merchant": Merchant(mchid="1900000556", serial_no="ABCDEF02", private_key=keys.merchant),
    }
    if who not in {"the partner for another brand", "the brand"}:
        sandbox.enrol(others[who], ["120344"])
    return others[who]


def _requests(identity: Identity, named: dict[str, Any], family: str) -> list[Any]:
    """Every request that names something there is, as this identity may ask it."""
    found = []
    for name, cls in registry().items():
        names = {field.name for field in fields(cls)} & set(named)
        if name.startswith(family) and isinstance(identity, cls.route.callers) and names & set(cls.route.holes):
            key = {cls.route.key: "stranger-1"} if cls.route.key else {}
            members = samples(cls)[0] | {one: named[one] for one in names} | key
            found.append(from_wire(cls, members))
    return [request for request in found if not faults(request)]


@pytest.mark.parametrize("who", STRANGERS)
async def test_strangers_reach_nothing(keys: Keys, session: aiohttp.ClientSession, who: str) -> None:
    """Whatever a stranger asks about a partner's coupons of any kind, it is told that there is nothing."""
    async with Sandbox(rate_limits="off", keys=keys, clock=START.timestamp) as sandbox:
        things = Things(sandbox.partner.mchid)
        owner = Asking(sandbox, session, sandbox.partner, START.timestamp)
        await Preparing(sandbox, owner, things).everything()
        stranger = Asking(sandbox, session, _stranger(sandbox, keys, who), START.timestamp)
        before, reached, asked = sandbox.world.counted(), [], 0
        # The merchant number is the same for every brand, so what is about no brand is for the same caller.
        family = "product_coupon." if who == "the partner for another brand" else ""
        for named in [one for one in things.together if "coupon_code" in one or "plan_id" in one][-9:]:
            for request in _requests(stranger.identity, named, family):
                if not request.name.startswith("store."):  # a store is its brand's, whoever made it
                    asked += 1
                    status, shown = await stranger.ask(request)
                    nothing = status >= 300 or shown.get("data") == []
                    reached += [] if nothing else [request.name]

    assert reached == []
    assert asked
    assert before == sandbox.world.counted()
