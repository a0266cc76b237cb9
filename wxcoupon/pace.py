"""Calls spread evenly below the documented rate, before WeChat Pay has to refuse them.

Every call reserves the next free moment of its (caller, endpoint) and sleeps until then: one step, in order of
arrival, with no bursts. All clients of a process share one pacer, because they share one quota.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Hashable, Mapping
from difflib import get_close_matches
from typing import Final

from .endpoint import Rate, registry
from .errors import ConfigurationError

SHARE: Final = 0.95
"""The part of a documented rate that is used: sleeping is not exact, and 100 % of 20/s made 21 in some seconds."""


class Pacer:
    """Reserves a moment for every call.

    Args:
        rates: for an endpoint's name (``product_coupon.upload_coupon_codes``) the rate to keep instead of 95 % of the
            documented one: ``"10/s"``, ``"1000/min"``, or None for no limit.
        share: the part of a documented rate to use, above 0 and up to 1.
        clock: seconds, never going back.
        sleep: waits that many seconds.

    Raises:
        ConfigurationError: a rate or the share is not one.
    """

    def __init__(
        self,
        rates: Mapping[str, str | None] | None = None,
        *,
        share: float = SHARE,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        if not 0 < share <= 1:
            raise ConfigurationError(f"share is a part of the documented rate, above 0 and up to 1, not {share}")
        self._own = {_known(name): None if text is None else _parse(name, text) for name, text in (rates or {}).items()}
        self._share = share
        self._clock = clock
        self._sleep = sleep
        self._next: dict[Hashable, float] = {}
        self._barred: dict[Hashable, float] = {}
        self._queues: dict[asyncio.AbstractEventLoop, dict[Hashable, asyncio.Lock]] = {}
        self._lock = threading.Lock()  # clients in several threads, each with its loop, share one quota

    def _interval(self, name: str, documented: Rate | None) -> float:
        if name in self._own:
            own = self._own[name]
            return 0.0 if own is None else own.seconds / own.count
        return 0.0 if documented is None else documented.seconds / (documented.count * self._share)

    async def wait(self, caller: Hashable, name: str, documented: Rate | None) -> None:
        """Sleep until *caller*'s turn to ask the endpoint *name*."""
        interval = self._interval(name, documented)
        key = (caller, name)
        if not interval and key not in self._barred:
            return
        # Only the first of the queue holds a turn, so that those who give up waiting leave none behind.
        async with self._queue(key):
            while (turn := self._reserve(key, interval)) is not None:
                try:
                    await self._sleep(turn - self._clock())
                except asyncio.CancelledError:
                    self._give_back(key, turn, interval)
                    raise
                if self._barred.get(key, 0.0) <= turn:
                    return  # otherwise a 429 came meanwhile: take a new turn behind it

    def _queue(self, key: Hashable) -> asyncio.Lock:
        loop = asyncio.get_running_loop()
        if (queues := self._queues.get(loop)) is None:
            with self._lock:
                # A lock that was waited for holds its loop, so weak references would keep every loop there ever was.
                for other in [other for other in self._queues if other.is_closed()]:
                    del self._queues[other]
                queues = self._queues[loop] = {}
        return queues.setdefault(key, asyncio.Lock())

    def _reserve(self, key: Hashable, interval: float) -> float | None:
        """Take the next turn; None when it is now."""
        with self._lock:
            now = self._clock()
            if self._barred.get(key, now) < now:
                del self._barred[key]
            turn = max(self._next.get(key, 0.0), self._barred.get(key, 0.0), now)
            if interval:
                self._next[key] = turn + interval
        return turn if turn > now else None

    def _give_back(self, key: Hashable, turn: float, interval: float) -> None:
        with self._lock:
            if self._next.get(key) == turn + interval:
                self._next[key] = turn

    def bar(self, caller: Hashable, name: str, seconds: float) -> None:
        """Let nobody ask the endpoint for that long: it has just answered 429."""
        key = (caller, name)
        with self._lock:
            self._barred[key] = max(self._clock() + seconds, self._barred.get(key, 0.0))


def _known(name: str) -> str:
    """Check the name of an endpoint; that of an untyped call is ``METHOD /path``."""
    if " " not in name and name not in (known := registry()):
        close = get_close_matches(name, known, 1)
        hint = f"did you mean {close[0]}?" if close else "the command `wxcoupon endpoints` lists them"
        raise ConfigurationError(f"rates: there is no endpoint {name!r}; {hint}")
    return name


def _parse(name: str, text: str) -> Rate:
    try:
        rate = Rate.parse(text)
    except (ValueError, KeyError):
        rate = Rate(0, 1)
    if rate.count < 1:
        raise ConfigurationError(f"rates[{name!r}]: {text!r} is no rate; write it as '10/s' or '1000/min'")
    return rate


SHARED: Final = Pacer()
"""The pacer of every client of this process that is not given one of its own."""
