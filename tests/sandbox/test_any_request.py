"""Whatever is asked of the sandbox, it answers as documented: never with a 500, never with what is not declared."""

from datetime import timedelta
from random import Random
from typing import Any

import aiohttp
import pytest

from wxcoupon import Brand, Merchant, Partner
from wxcoupon.convert import from_wire
from wxcoupon.endpoint import FAMILIES, registry
from wxcoupon.errors import InvalidRequest, WxCouponError
from wxcoupon.identity import Identity
from wxcoupon.sandbox import Keys, Sandbox
from wxcoupon.sandbox.handlers import HANDLERS

from .any_request import START, Maker, Things
from .asking import Asking, WrongAnswerError
from .prepared import Preparing

ROUNDS = 8
KINDS: tuple[type[Identity], ...] = (Merchant, Partner, Brand)
CASES = [
    pytest.param(kind, family, id=f"{family} by {kind.kind}")
    for family in FAMILIES
    for kind in KINDS
    if any(kind in cls.route.callers for name, cls in registry().items() if name.startswith(f"{family}."))
]


@pytest.mark.parametrize(("kind", "family"), CASES)
async def test_any_request_is_answered_as_declared(keys: Keys, kind: type[Identity], family: str) -> None:
    """Right requests and wrong ones, about things that are there and things that are not, now and days later."""
    assert await bombard(keys, kind, family, rounds=ROUNDS) == []


async def bombard(keys: Keys, kind: type[Identity], family: str, *, rounds: int, seed: int = 1) -> list[str]:
    """What is wrong with the answers to so many rounds of requests of a family, one for each of its endpoints."""
    now = [START.timestamp()]
    random = Random(f"{kind.kind} {family} {seed}")  # noqa: S311 - the same requests every time
    found: list[str] = []
    async with (
        Sandbox(rate_limits="off", keys=keys, clock=lambda: now[0]) as sandbox,
        aiohttp.ClientSession() as session,
    ):
        identities: dict[str, Identity] = {one.kind: one for one in (sandbox.merchant, sandbox.partner, sandbox.brand)}
        identity = identities[kind.kind]
        asking = Asking(sandbox, session, identity, lambda: now[0])
        things = Things(identity.subject[1])
        await Preparing(sandbox, asking, things).everything()
        makers = [
            Maker(cls, random, things)
            for name, cls in registry().items()
            if name.startswith(f"{family}.") and kind in cls.route.callers
        ]
        for turn in range(rounds):
            if turn == rounds // 2:
                now[0] += timedelta(days=4).total_seconds()
            for maker in makers:
                try:
                    await _turn(asking, maker, things, right=random.random() < 0.85)
                except InvalidRequest:
                    continue  # what cannot be written cannot be asked
                except (WrongAnswerError, WxCouponError, aiohttp.ClientError) as broken:
                    found.append(f"{maker.request.name}: {broken!r}")
    return found


async def _turn(asking: Asking, maker: Maker, things: Things, *, right: bool) -> None:
    """Ask once; what was done under a number is then asked once more, and with other data."""
    members = maker.make(right=right)
    request = from_wire(maker.request, members)
    status, shown = await asking.ask(request)
    if status >= 300:
        return
    things.learn(members, shown)
    key = request.route.key
    if key is None or members.get(key) is None:
        return
    again = await asking.ask(request)
    if again != (status, shown) and "token" not in (shown or {}):
        raise WrongAnswerError(f"the same number is answered {again} after {shown}")
    other = maker.otherwise(members, (key, *HANDLERS[request.name].scope))
    if other is not None:
        refused: tuple[int, Any] = await asking.ask(from_wire(maker.request, other))
        if refused[0] != 400 or "other data" not in refused[1].get("message", ""):
            raise WrongAnswerError(f"other data is answered {refused}")
