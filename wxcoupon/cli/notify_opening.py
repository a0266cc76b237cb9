"""Proving and opening callbacks with the settings in force."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import attrs

from ..errors import ConfigurationError
from ..event import Event
from ..keys import KeyRing
from ..notify import Headers, Notification, receive, receive_with
from ..notify.learning import Learner
from ..notify.receive import checked, opened
from ..settings import Settings


@attrs.frozen
class Opener:
    """Proves callbacks, and opens them.

    Attributes:
        apiv3_key: what they are sealed with.
        keys: what they are proven with.
        client: fetches a platform certificate that is missing; None where there is nobody to ask as.
    """

    apiv3_key: str = attrs.field(repr=False)
    keys: KeyRing
    client: Learner | None

    async def proven(
        self, headers: Headers, body: bytes, clock: Callable[[], float] = time.time
    ) -> Notification[Event]:
        """Prove a callback and open it.

        Raises:
            WxCouponError: as :func:`wxcoupon.notify.receive`.
        """
        if self.client is not None:
            return await receive_with(self.client, headers, body, apiv3_key=self.apiv3_key, clock=clock)
        return receive(headers, body, keys=self.keys, apiv3_key=self.apiv3_key, now=clock())


def unproven(settings: Settings, body: bytes) -> Notification[Event]:
    """Open a callback without asking whose it is.

    Raises:
        ConfigurationError: there is no APIv3 key.
        UnreadableAnswer: it cannot be opened or read.
    """
    return opened(body, checked(apiv3_key(settings)))


@asynccontextmanager
async def opener(settings: Settings) -> AsyncGenerator[Opener, None]:
    """What the settings prove and open callbacks with; where they can make calls, certificates are learned.

    Raises:
        ConfigurationError: settings are missing, all of which the message names, or a key cannot be read.
    """
    key = apiv3_key(settings)
    own = settings.private_key is not None or settings.private_key_file is not None
    if settings.by_certificates or (settings.identity is not None and own):
        async with settings.client() as client:
            yield Opener(key, client.keys, client)
    else:
        yield Opener(key, settings.keys(), None)


def apiv3_key(settings: Settings) -> str:
    """The APIv3 key.

    Raises:
        ConfigurationError: it is not set.
    """
    if settings.apiv3_key is None:
        raise ConfigurationError(
            "missing settings: WXCOUPON_APIV3_KEY, which callbacks are sealed with. Set it in the environment, or "
            "apiv3_key in wxcoupon.toml or the file that --config names"
        )
    return settings.apiv3_key


def shown(notification: Notification[Event]) -> dict[str, Any]:
    """A callback as one JSON object, all that was in it."""
    return {
        "id": notification.id,
        "event_type": notification.event_type,
        "create_time": notification.create_time,
        "resource_type": notification.resource_type,
        "summary": notification.summary,
        "resource": dict(notification.resource),
    }
