"""Callbacks: sealed, signed, and sent again until somebody says that they arrived.

Rule 1: each kind is repeated on the schedule that is documented for it, freshly signed every time.
Rule 2: a probe, whose signature is wrong on purpose, has not arrived whatever it is answered with; what comes next is
        signed properly, because a repetition is never a probe.

https://pay.weixin.qq.com/doc/v3/partner/4015780862
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from random import Random
from typing import Any, Final

import aiohttp

from .. import wire
from ..errors import ConfigurationError
from .callers import Keys
from .certificates import Signers
from .envelopes import BRAND_SEND, PARTNER_SEND, Event, as_probe, envelope
from .world import World

_PATIENCE: Final = aiohttp.ClientTimeout(total=5)
_log = logging.getLogger("wxcoupon.sandbox")


def _rate(name: str, value: float) -> float:
    if not 0 <= value <= 1:
        raise ConfigurationError(f"{name} is the part of callbacks, from 0 for none to 1 for all, not {value}")
    return value


class Odds:
    """How often callbacks leave otherwise than they should.

    Args:
        probes: the part of them that is probed first.
        duplicates: the part that is delivered twice, at the same time.
        seed: what chance begins with; None for another beginning every time.

    Raises:
        ConfigurationError: one is no part of a whole.
    """

    def __init__(self, probes: float, duplicates: float, seed: int | None) -> None:
        self.probes = _rate("probe_callbacks", probes)
        self.duplicates = _rate("duplicate_callbacks", duplicates)
        self._random = Random(seed)  # noqa: S311 - it decides what a test sees, and is to be repeatable

    def draw(self) -> tuple[bool, bool]:
        """Whether the next callback is probed, and whether it comes twice."""
        return self._random.random() < self.probes, self._random.random() < self.duplicates


class Callbacks:
    """Sends callbacks in the background.

    Args:
        keys: the key that data is sealed with.
        signers: who signs.
        schedule: seconds before each repetition, whatever the callback; None for the documented ones.
        clock: seconds since 1970.
        odds: how often one is probed or comes twice.
    """

    def __init__(
        self, keys: Keys, signers: Signers, schedule: Sequence[float] | None, clock: Callable[[], float], odds: Odds
    ) -> None:
        self._keys = keys
        self._signers = signers
        self._schedule = None if schedule is None else tuple(schedule)
        self._clock = clock
        self._odds = odds
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.delivered = 0
        self.given_up = 0

    @property
    def pending(self) -> int:
        """How many are on their way or waiting for their next repetition."""
        return len(self._tasks)

    def send(self, url: str, event: Event, resource: Mapping[str, Any]) -> None:
        """Begin to deliver a callback; this returns at once."""
        body = envelope(event, resource, self._keys.apiv3_key, self._clock())
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_PATIENCE, cookie_jar=aiohttp.DummyCookieJar())
        pauses = event.schedule if self._schedule is None else self._schedule
        probed, twice = self._odds.draw()
        self._begin(self._deliver(self._session, url, body, pauses, probed=probed))
        if twice:
            self._begin(self._deliver(self._session, url, body, pauses, counted=False))

    def _begin(self, delivering: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(delivering)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settled(self) -> None:
        """Wait until nothing is on its way any more."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """Give up what is still on its way."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def _deliver(
        self,
        session: aiohttp.ClientSession,
        url: str,
        body: bytes,
        pauses: Sequence[float],
        *,
        probed: bool = False,
        counted: bool = True,
    ) -> None:
        for attempt, pause in enumerate((*pauses, None)):
            probe = probed and attempt == 0
            if await self._post(session, url, body, probe=probe) and not probe:
                self.delivered += counted
                return
            if pause is not None:
                await asyncio.sleep(pause)
        self.given_up += counted
        _log.warning("a callback was given up after %d attempts", len(pauses) + 1)

    async def _post(self, session: aiohttp.ClientSession, url: str, body: bytes, *, probe: bool) -> bool:
        signer = self._signers.of_callbacks(self._clock())
        headers = wire.sign_answer(
            signer.key, signer.serial, body, timestamp=int(self._clock()), nonce=wire.new_nonce()
        )
        if probe:
            headers = as_probe(headers)
        headers |= {"Content-Type": "application/json", "Request-ID": wire.new_nonce()}
        try:
            async with session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                return answer.status in {200, 204}
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            _log.info("a callback did not arrive: %s", type(error).__name__)
            return False


class Outbox:
    """Where what happens in the world leaves its callbacks.

    Attributes:
        callbacks: what sends them; None before the sandbox has started.
    """

    def __init__(self) -> None:
        self.callbacks: Callbacks | None = None


def tell(world: World, subject: tuple[str, str], event: Event, resource: Mapping[str, Any]) -> None:
    """Begin to deliver a callback about product coupons to a caller; to nowhere when it has set no address."""
    config = world.notify_urls.get(subject)
    tell_at(world, None if config is None else config.url, event, resource)


def tell_at(world: World, url: str | None, event: Event, resource: Mapping[str, Any]) -> None:
    """Begin to deliver a callback to the address that was set for it; None for that of whoever sets none."""
    where, callbacks = url or world.default_notify_url, world.room(Outbox).callbacks
    if where is not None and callbacks is not None:
        callbacks.send(where, event, resource)


def tell_sent(world: World, subject: tuple[str, str], resource: Mapping[str, Any]) -> None:
    """Begin to tell a caller that a user has a new coupon."""
    tell(world, subject, PARTNER_SEND if subject[0] == "mchid" else BRAND_SEND, resource)
