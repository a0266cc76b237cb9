"""The work of a confirmer: takes what is due out of the ledger, makes the calls, and writes down what came of them.

Rule 1: nothing is known but by the ledger: a call whose outcome could not be written is made again.
Rule 2: a coupon is under way once in this process, however long its call takes.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections import deque
from collections.abc import Callable
from typing import Final, TypeAlias

import attrs

from ..bulk.confirmations import Confirmation, Confirmations, Taken
from ..bulk.ending import end
from ..bulk.ledger import LedgerError
from ..errors import ConfigurationError
from .clients import ByTenant
from .counting import ConfirmCounts
from .making import Attempt, Outcome, attempt
from .naming import acting

OnGivenUp: TypeAlias = Callable[[Confirmation], object]
"""Told of a coupon that was given up; its ``reason`` says why."""

_RELOOK: Final = 30.0
"""Seconds after which the ledger is looked at, whatever it said before: another process may have written there."""
_MOST_ASKED: Final = 3600.0
"""Seconds that are waited at the most because an answer asks for it; it may come from anybody on the way."""
_TROUBLE: Final = 1.0
"""Seconds after which a ledger is asked again that could not be read."""

log: Final = logging.getLogger("wxcoupon.confirming")


@attrs.frozen(kw_only=True)
class Settings:
    """How a confirmer works; see :class:`~wxcoupon.confirming.Confirmer`."""

    concurrency: int
    pause: float
    longest: float
    refusals: int
    refused_for: float
    lease: float
    clock: Callable[[], float]
    draw: Callable[[float, float], float]
    on_given_up: OnGivenUp | None

    def after(self, tries: int, wait: float) -> float:
        """Seconds until the next attempt after so many in vain, of which the last was asked to wait so long."""
        longest = min(self.longest, self.pause * 2.0 ** min(tries - 1, 64))
        return max(min(wait, _MOST_ASKED), self.draw(longest / 2, longest))

    def is_over(self, refused: Confirmation, now: float) -> bool:
        """Whether one was refused often enough, and for long enough."""
        return refused.refusals >= self.refusals and now - refused.since >= self.refused_for


class Work:
    """What goes on from entering a confirmer until it is closed."""

    def __init__(
        self, confirmations: Confirmations, clients: ByTenant, settings: Settings, counts: ConfirmCounts
    ) -> None:
        self.confirmations = confirmations
        self.closed = False
        self._clients = clients
        self._settings = settings
        self._counts = counts
        self._ready: deque[Confirmation] = deque()
        self._under_way: dict[str, Confirmation] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()
        self._ended = asyncio.Event()
        self._more = True
        """Whether more may be due in the ledger than was taken."""
        self._loop = asyncio.create_task(self._run())

    def wake(self) -> None:
        """Look at the ledger now."""
        self._news.set()

    async def note(self, confirmation: Confirmation, *, again: bool = False, seen: float | None = None) -> bool:
        """Write a coupon down; whether it was not waiting already."""
        is_new = await self.confirmations.note(confirmation, self._settings.clock(), again=again, seen=seen)
        if is_new:
            self._counts.noted += 1
        else:
            self._counts.known += 1
        if is_new or again:
            self.wake()
        return is_new

    async def settled(self) -> None:
        """Wait until nothing waits any more; what other processes do is looked for now and then."""
        while True:
            self._ended.clear()
            waiting = (await self.confirmations.stages(self._clients.callers)).waiting
            if not waiting and (self.closed or not self._under_way):  # whose end may be written, but not counted yet
                return
            try:
                async with asyncio.timeout(_TROUBLE):
                    await self._ended.wait()
            except TimeoutError:
                pass

    async def close(self, seconds: float | None) -> None:
        """Take nothing more, wait so long for what is under way, and give the rest back."""
        if self.closed:
            return
        self.closed = True
        await end(self._loop)
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        left = [*self._under_way.values(), *self._ready]
        try:
            await asyncio.gather(*(self.confirmations.postpone(one, self._settings.clock()) for one in left))
        except LedgerError as error:
            log.warning("what was not confirmed goes on when its lease has ended: %s", error)

    async def _run(self) -> None:
        while True:
            self._news.clear()
            wait = _RELOOK
            try:
                wait = await self._take()
            except Exception as error:  # noqa: BLE001 - whatever a ledger of one's own raises, the work goes on
                log.error("confirming waits for the ledger: %s", error)  # noqa: TRY400 - its text says all
                wait = _TROUBLE
            self._start()
            try:
                async with asyncio.timeout(wait):
                    await self._news.wait()
            except TimeoutError:
                pass

    async def _take(self) -> float:
        """Take what is due, unless there is enough; seconds until there may be more."""
        settings = self._settings
        if len(self._ready) >= settings.concurrency:
            self._more = True
            return _RELOOK
        now, most = settings.clock(), 2 * settings.concurrency - len(self._ready)
        taking = asyncio.ensure_future(self._due(now, most))
        try:
            taken = await asyncio.shield(taking)
        except asyncio.CancelledError:  # what it took is to be given back, not to wait for the end of its lease
            await asyncio.gather(taking, return_exceptions=True)
            if not taking.cancelled() and taking.exception() is None:
                self._ready.extend(taking.result().confirmations)
            raise
        self._more = len(taken.confirmations) >= most
        known = self._under_way.keys() | {one.key for one in self._ready}
        self._ready.extend(one for one in taken.confirmations if one.key not in known)
        if taken.next_at is None:
            return _RELOOK
        return min(_RELOOK, max(taken.next_at - settings.clock(), 0.0))

    async def _due(self, now: float, most: int) -> Taken:
        settings = self._settings
        # Nothing waits for longer than this, so what is due behind it was written by a clock that was ahead.
        beyond = now + max(settings.longest, _MOST_ASKED, settings.lease)
        return await self.confirmations.take(self._clients.callers, now, now + settings.lease, most, beyond=beyond)

    def _start(self) -> None:
        while self._ready and len(self._under_way) < self._settings.concurrency:
            one = self._ready.popleft()
            self._under_way[one.key] = one
            task = asyncio.create_task(self._confirm(one))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _confirm(self, one: Confirmation) -> None:
        try:
            try:
                client = acting(self._clients.of_caller(one.caller), one.brand_id)
            except ConfigurationError as error:  # the brand is none, which no repetition mends
                came = Attempt(Outcome.NEVER, str(error))
            else:
                came = await attempt(client, one)
            await self._keep(one, came)
        except LedgerError as error:
            log.error("the confirmation %s is repeated, as its end could not be kept: %s", one.request_no, error)  # noqa: TRY400
        except Exception as error:  # noqa: BLE001 - a bug, which must neither end the others nor be repeated at once
            log.error("the confirmation %s failed with %s", one.request_no, type(error).__name__)  # noqa: TRY400
        del self._under_way[one.key]  # but not when it was cancelled: then it is given back
        self._ended.set()
        if not self.closed:
            self._start()
            if self._more and len(self._ready) < self._settings.concurrency:
                self.wake()

    async def _keep(self, one: Confirmation, came: Attempt) -> None:
        settings, counts = self._settings, self._counts
        now = settings.clock()
        if came.outcome in {Outcome.CONFIRMED, Outcome.FOUND}:
            if await self.confirmations.end(one.key, came.text, now):
                if came.outcome is Outcome.CONFIRMED:
                    counts.confirmed += 1
                else:
                    counts.found += 1
                    log.info("the confirmation %s found its coupon %s", one.request_no, came.text)
            return
        refused = came.outcome is not Outcome.TROUBLE
        # A first refusal in the future was written by a clock that was ahead.
        since = now if refused and not 0 < one.since <= now else one.since
        tried = attrs.evolve(one, tries=one.tries + 1, refusals=one.refusals + refused, reason=came.text, since=since)
        if came.outcome is Outcome.NEVER or (refused and settings.is_over(tried, now)):
            if await self.confirmations.give_up(tried, now):
                counts.given_up += 1
                log.error("the confirmation %s is given up; its reason is in the ledger", one.request_no)
                await self._tell(attrs.evolve(tried, since=now))
            return
        pause = settings.after(tried.tries, came.wait)
        await self.confirmations.postpone(tried, now + pause)
        self.wake()  # it may be due before what the work sleeps for
        counts.postponed += 1
        log.warning("the confirmation %s is tried again in %.1f s", one.request_no, pause)

    async def _tell(self, one: Confirmation) -> None:
        hook = self._settings.on_given_up
        if hook is None:
            return
        try:
            said = hook(one)
            if inspect.isawaitable(said):
                await said
        except Exception as error:  # noqa: BLE001 - a hook that fails stops nothing
            log.error("on_given_up failed with %s", type(error).__name__)  # noqa: TRY400 - its text may be personal
