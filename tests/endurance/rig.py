"""A client, a sandbox, and a faulty way between them, with time that passes by itself."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import attrs

from tests.fault_proxy import FaultProxy, Passage
from tests.sandbox.any_request import samples
from wxcoupon import Client, Pacer, RetryPolicy, busifavor, crypto, store, wire
from wxcoupon.convert import from_wire
from wxcoupon.endpoint import registry
from wxcoupon.sandbox import Keys, Sandbox

ATTEMPTS = 3


class Time:
    """Both machines' time, which passes when somebody looks, and sleep that takes none of it.

    Attributes:
        step: seconds the client's clock goes on whenever it looks.
        ahead: seconds the server's clock is ahead.
        pauses: what was slept before repetitions and for turns.
    """

    def __init__(self) -> None:
        self._seen = int(time.time())
        self._slept = 0.0
        self.step = 1
        self.ahead = 0.0
        self.pauses: list[float] = []

    def clients(self) -> float:
        """The client's time: a *step* later whenever it looks."""
        self._seen += self.step
        return self._seen

    def servers(self) -> float:
        """The server's time, *ahead* of what the client saw last."""
        return self._seen + self.ahead

    def turns(self) -> float:
        """The pacer's time."""
        return self._slept

    async def sleep(self, seconds: float) -> None:
        """Note that somebody wants to sleep, and let it be over."""
        self.pauses.append(round(seconds, 3))
        self._slept += seconds


def _longest(_: float, most: float) -> float:
    return most


@attrs.define
class Rig:
    """Everything of one test.

    Attributes:
        sandbox: the server.
        proxy: the way to it.
        time: the time of both.
        keys: the secrets of both.
    """

    sandbox: Sandbox
    proxy: FaultProxy
    time: Time
    keys: Keys
    numbers: count[int] = attrs.field(factory=lambda: count(1))

    def client(self, **options: Any) -> Client[Any]:
        """A client whose pauses are the longest that may be drawn, and take no time."""
        given: dict[str, Any] = {
            "base_url": self.proxy.base_url,
            "retry": RetryPolicy(attempts=ATTEMPTS, draw=_longest),
            "pacer": Pacer(dict.fromkeys(registry()), clock=self.time.turns, sleep=self.time.sleep),
            "clock": self.time.clients,
            "sleep": self.time.sleep,
        }
        given |= options
        identity = given.pop("identity", self.sandbox.partner)
        return Client(identity, given.pop("platform_keys", self.sandbox.platform_keys), **given)

    def with_number(self) -> busifavor.SendCoupon:
        """A call with a request number, which is done once however often it comes."""
        number = f"number-{next(self.numbers)}"
        return busifavor.SendCoupon(stock_id="100089", openid="o-somebody", appid="wx1", out_request_no=number)

    def sent(self) -> int:
        """How many coupons the sandbox has sent."""
        return self.sandbox.world.merchant_stocks["100089"].sent

    def repeated_alike(self, seen: Sequence[Passage]) -> bool:
        """Whether these are attempts of one call: the same but for time, nonce and signature, each of them good."""
        signatures = [passage.authorization for passage in seen]
        for passage, pairs in zip(seen, signatures, strict=True):
            message = wire.request_message(
                passage.method, passage.target, pairs["timestamp"], pairs["nonce_str"], passage.body
            )
            assert crypto.verifies(self.keys.partner.public_key(), message, pairs["signature"])
        fresh = all(
            len({pairs[name] for pairs in signatures}) == len(seen) for name in ("timestamp", "nonce_str", "signature")
        )
        rest = {
            (
                passage.method,
                passage.target,
                passage.body,
                *sorted((name, value) for name, value in passage.headers.items() if name != "Authorization"),
            )
            for passage in seen
        }
        return fresh and len(rest) == 1


WITHOUT_NUMBER = from_wire(store.CreateBrandStore, samples(store.CreateBrandStore)[0])
"""A call that carries no request number: done as often as it comes."""
READING = busifavor.ListUserCoupons(openid="o-somebody", appid="wx1", sender_merchant="1900000109")
"""A call that changes nothing."""
NOTHING_TO_SAY = busifavor.ModifyStock(stock_id="100088", out_request_no="change", comment="别的")
"""A call that is answered with 204."""


@asynccontextmanager
async def rig(keys: Keys) -> AsyncIterator[Rig]:
    """Put everything together for one test."""
    now = Time()
    async with (
        Sandbox(rate_limits="off", keys=keys, clock=now.servers) as sandbox,
        FaultProxy(sandbox.base_url) as proxy,
    ):
        yield Rig(sandbox, proxy, now, keys)
