"""Callbacks: sealed, signed, and sent again until somebody says that they arrived.

https://pay.weixin.qq.com/doc/v3/partner/4015780862
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import aiohttp
import attrs

from .. import crypto, jsontext, wire
from .callers import Keys
from .certificates import Signers
from .validity import written
from .world import World

SCHEDULE: Final = (10.0, 14.0, 27.0, 60.0, 150.0, 394.0, 1053.0, 2831.0, 7620.0, 20580.0)
"""Seconds before each repetition of a callback that was not acknowledged, as documented in May 2026."""

_PATIENCE: Final = aiohttp.ClientTimeout(total=5)
_log = logging.getLogger("wxcoupon.sandbox")


@attrs.frozen
class Event:
    """What kind of callback it is."""

    event_type: str
    associated_data: str
    original_type: str
    summary: str


PARTNER_SEND: Final = Event("PRODUCT_COUPON_SP.SEND", "product_coupon_sp", "coupon", "a product coupon was sent")
BRAND_SEND: Final = Event("PRODUCT_COUPON.SEND", "product_coupon", "coupon", "a product coupon was sent")
IMAGE_GENERATION: Final = Event(
    "PRODUCT_COUPON_SP.IMAGE_GENERATION", "product_coupon_sp", "product_coupon", "an image task has ended"
)


class Callbacks:
    """Sends callbacks in the background.

    Args:
        keys: the key that data is sealed with.
        signers: who signs.
        schedule: seconds before each repetition.
        clock: seconds since 1970.
    """

    def __init__(self, keys: Keys, signers: Signers, schedule: Sequence[float], clock: Callable[[], float]) -> None:
        self._keys = keys
        self._signers = signers
        self._schedule = tuple(schedule)
        self._clock = clock
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
        body = self._body(event, resource)
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_PATIENCE, cookie_jar=aiohttp.DummyCookieJar())
        task = asyncio.create_task(self._deliver(self._session, url, body))
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

    def _body(self, event: Event, resource: Mapping[str, Any]) -> bytes:
        nonce = secrets.token_hex(6)
        key = self._keys.apiv3_key.encode()
        return jsontext.dump(
            {
                "id": str(uuid.uuid4()),
                "create_time": written(self._clock()),
                "event_type": event.event_type,
                "resource_type": "encrypt-resource",
                "summary": event.summary,
                "resource": {
                    "original_type": event.original_type,
                    "algorithm": "AEAD_AES_256_GCM",
                    "ciphertext": crypto.seal_gcm(key, nonce, event.associated_data, jsontext.dump(dict(resource))),
                    "associated_data": event.associated_data,
                    "nonce": nonce,
                },
            }
        )

    async def _deliver(self, session: aiohttp.ClientSession, url: str, body: bytes) -> None:
        for pause in (*self._schedule, None):
            if await self._post(session, url, body):
                self.delivered += 1
                return
            if pause is not None:
                await asyncio.sleep(pause)
        self.given_up += 1
        _log.warning("a callback was given up after %d attempts", len(self._schedule) + 1)

    async def _post(self, session: aiohttp.ClientSession, url: str, body: bytes) -> bool:
        signer = self._signers.of_callbacks(self._clock())
        headers = wire.sign_answer(
            signer.key, signer.serial, body, timestamp=int(self._clock()), nonce=wire.new_nonce()
        )
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
    """Begin to deliver a callback to a caller; to nowhere when it has set no address."""
    config, callbacks = world.notify_url(subject), world.room(Outbox).callbacks
    if config is not None and callbacks is not None:
        callbacks.send(config.url, event, resource)


def tell_sent(world: World, subject: tuple[str, str], resource: Mapping[str, Any]) -> None:
    """Begin to tell a caller that a user has a new coupon."""
    tell(world, subject, PARTNER_SEND if subject[0] == "mchid" else BRAND_SEND, resource)
