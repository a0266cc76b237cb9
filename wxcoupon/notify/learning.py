"""Receiving for clients that fetch platform certificates: what :mod:`.receive` does, and the one wait before it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from .. import wire
from ..event import Event
from ..keys import KeyRing
from .headers import Headers, proving
from .receive import MOST_BYTES, Key, Notification, checked, opened, prove, raw


class Learner(Protocol):
    """Who knows WeChat Pay's keys and can fetch one that is missing: a :class:`~wxcoupon.Client` is one."""

    @property
    def keys(self) -> KeyRing:
        """The keys that callbacks are verified with."""
        ...

    async def learn(self, headers: Mapping[str, str]) -> None:
        """Fetch the platform certificate that *headers* name, if it is not there and may be had."""
        ...


async def receive_with(
    client: Learner,
    headers: Headers,
    body: bytes,
    *,
    apiv3_key: Key | Sequence[Key],
    clock: Callable[[], float] = time.time,
    most_bytes: int = MOST_BYTES,
) -> Notification[Event]:
    """Verify a callback with a client's keys, fetching the certificate it is signed with if it is not there yet.

    It asks in vain once a minute at the most, so forged callbacks do no harm.

    Args:
        client: whose keys they are.
        headers: as :func:`wxcoupon.notify.receive` takes them.
        body: the raw bytes.
        apiv3_key: the APIv3 key, or several.
        clock: this machine's time, seconds since 1970; asked again when nothing is waited for any more.
        most_bytes: bytes that the body may have.

    Returns:
        The notification.

    Raises:
        WxCouponError: as :func:`wxcoupon.notify.receive`.
    """
    raw(body, most_bytes)
    opening, found = checked(apiv3_key), proving(headers)
    wire.presented(found, now=clock(), what="callback")
    await client.learn(found)
    prove(found, body, client.keys, now=clock())
    return opened(body, opening)
