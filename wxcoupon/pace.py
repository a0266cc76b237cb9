"""Calls spread evenly below the documented rate, before WeChat Pay has to refuse them.

Every call reserves the next free moment of its (caller, endpoint) and sleeps until then: one step, in order of
arrival, with no bursts. All clients of a process share one pacer, because they share one quota.

A 429 bars everybody for a while and halves the pace; from then on every second (or every minute, where the rate is one
a minute) gives a tenth of the pace back, until it is whole.
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Hashable, Mapping
from difflib import get_close_matches
from typing import Final, NamedTuple

import attrs

from .endpoint import REGISTRY, Rate, registry
from .errors import ConfigurationError, NoTurnError

_LATEST: Final = 0.02
"""Seconds that a call may be late and keep its place in the row, where the unused share leaves room for it."""
_LEAST: Final = 0.1
"""The part of the pace that is left however often 429 comes."""
_BACK: Final = 0.1
"""The part of the pace that comes back in each period of the rate."""

_BEYOND: Final = 1.0
"""Seconds that a turn may be later than expected and still be waited for, at the most: sleeping is not exact."""

SHARE: Final = 0.95
"""The part of a documented rate that is used: sleeping is not exact, and 100 % of 20/s made 21 in some seconds."""


class Spacing(NamedTuple):
    """How far the calls of an endpoint are apart.

    Attributes:
        interval: seconds from one call to the next; 0 for no limit.
        period: seconds that the rate counts in.
        late: seconds that a turn may be in the past, so that what a sleeper wakes late by is not lost.
    """

    interval: float
    period: float
    late: float


_FREE: Final = Spacing(0.0, 1.0, 0.0)


class Pacer:
    """Reserves a moment for every call.

    Args:
        rates: for an endpoint's name (``product_coupon.upload_coupon_codes``) the rate to keep instead of 95 % of the
            documented one: ``"10/s"``, ``"1000/min"``, or None for no limit.
        share: the part of a documented rate to use, above 0 and up to 1.
        max_wait: seconds a call may wait for its turn; one that would wait longer is refused at once. None for no end.
        clock: seconds, never going back.
        sleep: waits that many seconds.

    Raises:
        ConfigurationError: a rate, the share or max_wait is not one.
    """

    def __init__(
        self,
        rates: Mapping[str, str | None] | None = None,
        *,
        share: float = SHARE,
        max_wait: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        if not 0 < share <= 1:
            raise ConfigurationError(f"share is a part of the documented rate, above 0 and up to 1, not {share}")
        if max_wait is not None and not 0 <= max_wait < math.inf:
            raise ConfigurationError(f"max_wait is a number of seconds from 0, or None for no end, not {max_wait}")
        self._max_wait = math.inf if max_wait is None else max_wait
        self._own = {_known(name): None if text is None else _parse(name, text) for name, text in (rates or {}).items()}
        self._share = share
        # So many calls more in a second are below the whole rate still.
        self._late = min(_LATEST, (1 / share - 1) * 0.4)
        self._clock = clock
        self._sleep = sleep
        self._next: dict[Hashable, float] = {}
        self._barred: dict[Hashable, float] = {}
        self._slowed: dict[Hashable, _Slowed] = {}
        self._waiting: Counter[Hashable] = Counter()
        self._queues: dict[asyncio.AbstractEventLoop, dict[Hashable, asyncio.Lock]] = {}
        self._lock = threading.Lock()  # clients in several threads, each with its loop, share one quota

    def _spacing(self, name: str, documented: Rate | None) -> Spacing:
        """How far the calls of an endpoint are apart."""
        if name in self._own:
            own = self._own[name]
            return _FREE if own is None else Spacing(own.seconds / own.count, own.seconds, 0.0)
        if documented is None:
            return _FREE
        return Spacing(documented.seconds / (documented.count * self._share), documented.seconds, self._late)

    async def wait(self, caller: Hashable, name: str, documented: Rate | None, *, most: float = math.inf) -> None:
        """Sleep until *caller*'s turn to ask the endpoint *name*.

        Args:
            caller: whose quota it is.
            name: the endpoint.
            documented: its documented rate.
            most: seconds this call may wait, if that is less than ``max_wait``.

        Raises:
            NoTurnError: its turn would come later than that, so nothing was sent. It did not wait, unless the turn
                was put off while it waited, because somebody was answered 429.
        """
        spacing = self._spacing(name, documented)
        key = (caller, name)
        if not spacing.interval and key not in self._barred:
            return
        most = min(most, self._max_wait)
        began = self._join(key, spacing, most)
        try:
            # Those behind the first learn of a turn that was put off when they become the first, or by the timeout.
            async with asyncio.timeout(None if most == math.inf else most + min(spacing.interval, _BEYOND)):
                await self._first(key, spacing, began + most)
        except TimeoutError:
            with self._lock:
                expected = self._expected(key, spacing, self._clock())
            raise NoTurnError(expected, most) from None
        finally:
            self._leave(key)

    async def _first(self, key: Hashable, spacing: Spacing, limit: float) -> None:
        """Become the first of the queue, and sleep until its turn.

        Only the first holds a turn, so that those who give up waiting leave none behind.
        """
        async with self._queue(key):
            while (reserved := self._reserve(key, spacing)) is not None:
                turn, following = reserved
                if turn > limit + min(spacing.interval, _BEYOND):
                    self._give_back(key, turn, following)
                    now = self._clock()
                    raise NoTurnError(turn - now, max(limit - now, 0.0))
                try:
                    await self._sleep(turn - self._clock())
                except asyncio.CancelledError:
                    self._give_back(key, turn, following)
                    raise
                if self._barred.get(key, 0.0) <= turn:
                    return  # otherwise a 429 came meanwhile: take a new turn behind it

    def _join(self, key: Hashable, spacing: Spacing, most: float) -> float:
        """Stand in the queue, if it is not too long; gives the time."""
        with self._lock:
            now = self._clock()
            if most < math.inf and (expected := self._expected(key, spacing, now)) > most:
                raise NoTurnError(expected, most)
            self._waiting[key] += 1
        return now

    def _expected(self, key: Hashable, spacing: Spacing, now: float) -> float:
        """Seconds until whoever comes now has its turn."""
        first = max(self._next.get(key, 0.0), self._barred.get(key, 0.0), now)
        ahead = max(self._waiting[key] - 1, 0)  # the first of the queue has its turn reserved already
        return first - now + ahead * self._slower(key, spacing, now)

    def _leave(self, key: Hashable) -> None:
        with self._lock:
            self._waiting[key] -= 1
            if not self._waiting[key]:
                del self._waiting[key]

    def _slower(self, key: Hashable, spacing: Spacing, now: float) -> float:
        """The seconds from one call to the next while the pace has not come back whole after a 429."""
        slowed = self._slowed.get(key)
        if slowed is None:
            return spacing.interval
        part = slowed.at(now, spacing)
        if part >= 1:
            del self._slowed[key]
            return spacing.interval
        return spacing.interval / part

    def _queue(self, key: Hashable) -> asyncio.Lock:
        loop = asyncio.get_running_loop()
        if (queues := self._queues.get(loop)) is None:
            with self._lock:
                # A lock that was waited for holds its loop, so weak references would keep every loop there ever was.
                for other in [other for other in self._queues if other.is_closed()]:
                    del self._queues[other]
                queues = self._queues[loop] = {}
        return queues.setdefault(key, asyncio.Lock())

    def _reserve(self, key: Hashable, spacing: Spacing) -> tuple[float, float] | None:
        """Take the next turn, and say when the one after it is; None when the turn is now."""
        with self._lock:
            now = self._clock()
            if self._barred.get(key, now) < now:
                del self._barred[key]
            # A sleeper wakes late. In a row of calls that is not lost, or a fast rate would never be used up.
            planned = self._next.get(key, 0.0)
            late = spacing.late if now - planned < spacing.period else 0.0
            turn = following = max(planned, self._barred.get(key, 0.0), now - late)
            if spacing.interval:
                following = self._next[key] = turn + self._slower(key, spacing, turn)
        return (turn, following) if turn > now else None

    def _give_back(self, key: Hashable, turn: float, following: float) -> None:
        with self._lock:
            if self._next.get(key) == following:
                self._next[key] = turn

    def bar(self, caller: Hashable, name: str, documented: Rate | None, seconds: float) -> None:
        """Let nobody ask the endpoint for that long, and more slowly afterwards: it has just answered 429."""
        spacing = self._spacing(name, documented)
        key = (caller, name)
        with self._lock:
            now = self._clock()
            until = self._barred.get(key, 0.0)
            self._barred[key] = max(now + seconds, until)
            if not spacing.interval:
                return
            slowed = self._slowed.get(key)
            part = 1.0 if slowed is None else slowed.at(now, spacing)
            if until <= now:  # the others that were under way are answered 429 too, and are the same one
                part = max(part / 2, _LEAST)
            self._slowed[key] = _Slowed(part, self._barred[key])


@attrs.frozen
class _Slowed:
    """A pace that is not whole: *part* of it is left at the moment *since*."""

    part: float
    since: float

    def at(self, now: float, spacing: Spacing) -> float:
        """The part that is back by *now*, at most all of it."""
        return min(1.0, self.part + _BACK * max(now - self.since, 0.0) / spacing.period)


def _known(name: str) -> str:
    """Check the name of an endpoint; that of an untyped call is ``METHOD /path``."""
    # What is loaded already needs no look at the other families.
    if " " not in name and name not in REGISTRY and name not in (known := registry()):
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
