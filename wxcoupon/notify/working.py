"""One occurrence at work: claimed, handled, and its claim made lasting or given up.

Rule 1: whoever else brings the same occurrence meanwhile waits for this work, and is told how it ended.
Rule 2: the claim lapses unless it is prolonged, which is done as long as the handlers run, and by nobody after a crash.
Rule 3: a failing handler gives up the claim, so that the next delivery is handled.
Rule 4: what ended well is not handled again, whatever happens to the write that says so: it is written again until it
        is kept, and known as done in this process meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import sys
import types
from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from enum import Enum
from pathlib import PurePath
from typing import Any, Final, TypeAlias

import attrs

from ..event import Event
from .claims import Store
from .handlers import Awaited
from .receive import Notification

OnError: TypeAlias = Callable[[BaseException, Notification[Event] | None], object]
"""Told of what went wrong, and with which notification, where there is one. It may hold what is personal."""

_NONE: Final = ()
_LAST: Final = 5.0
"""Seconds that what is still to be written may take when all is closed."""
_MOST_UNWRITTEN: Final = 1000
"""How many that ended well, and could not be kept as done, are known to have; the oldest is forgotten first."""
_EAGER: Final[Mapping[str, Any]] = {"eager_start": True} if sys.version_info >= (3, 12) else {}
"""A handler that waits for nothing is done at once, without a turn of the event loop, where Python can do that."""

log: Final = logging.getLogger("wxcoupon.notify")


@types.coroutine
def _turn() -> Generator[None, None, None]:
    """Let the event loop turn once; what :func:`asyncio.sleep` does beside that is not needed here."""
    yield


class Ending(Enum):
    """How a delivery ended."""

    HANDLED = "handled"
    """Its handlers ended well."""
    DUPLICATE = "duplicate"
    """It was handled before."""
    BUSY = "busy"
    """Another process is at it."""
    FAILED = "failed"
    """A handler failed, or the store did."""


@attrs.define
class Counts:
    """What came and what became of it, since the router was made.

    Attributes:
        received: deliveries, whatever they were.
        handled: occurrences whose handlers ended well.
        failed: occurrences whose handlers failed, or the store, and deliveries that have to be handled and have no
            handler; each may come again and be handled.
        duplicates: deliveries of what was handled already, or was being handled.
        unhandled: deliveries that no handler takes; they are acknowledged.
        unfinished: deliveries that were answered with a failure because they were not done by the deadline.
        forged: deliveries that are not proven, are too large or too slow, or were sent to a tenant that is not here.
        unserved: proven deliveries for a brand that no tenant has, or more than one; each is logged as an error.
        stale: deliveries of another time, as when somebody plays old ones back.
        probes: deliveries with a deliberately wrong signature.
        unreadable: proven deliveries that could not be opened or read.
        unknown: deliveries of a type that this version does not know, whatever became of them.
    """

    received: int = 0
    handled: int = 0
    failed: int = 0
    duplicates: int = 0
    unhandled: int = 0
    unfinished: int = 0
    forged: int = 0
    unserved: int = 0
    stale: int = 0
    probes: int = 0
    unreadable: int = 0
    unknown: int = 0


@attrs.define(eq=False)
class Work:
    """An occurrence at work.

    Attributes:
        key: what it is claimed under.
        holder: who claims it.
        notification: the delivery that began it.
        claimed: set when the claim is on disk, or was refused.
        task: what does it.
        held: whether the claim is ours at present, and is to be prolonged.
        well: whether its handlers ended well.
        ending: how it ended; None before.
    """

    key: str
    holder: str
    notification: Notification[Event]
    claimed: asyncio.Event | None
    task: asyncio.Task[None] = attrs.field(init=False)
    held: bool = False
    well: bool = False
    ending: Ending | None = None

    async def settled(self, until: float) -> Ending | None:
        """Wait for the claim, up to that moment: how it ended, or as good as handled when the claim is ours."""
        if self.claimed is not None:
            try:
                async with asyncio.timeout_at(until):
                    await self.claimed.wait()
            except TimeoutError:
                return None
        if self.held:
            return Ending.HANDLED
        return await self.within(until)

    async def within(self, until: float) -> Ending | None:
        """Wait for the end, up to that moment of the loop's time; None when it goes on."""
        if not self.task.done():
            await _turn()  # enough for most, and cheaper than a timer
        if not self.task.done():
            await self._waited(until)
        if self.task.done() and self.ending is None:
            return Ending.FAILED  # it was cancelled
        return self.ending

    async def _waited(self, until: float) -> None:
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()

        def wake(_: object = None) -> None:
            if not waiter.done():
                waiter.set_result(None)

        timer = loop.call_at(until, wake)
        self.task.add_done_callback(wake)
        try:
            await waiter
        finally:
            timer.cancel()
            self.task.remove_done_callback(wake)


def occurrence(notification: Notification[Event]) -> str:
    """What tells an occurrence from others, for one tenant: the members its class names, else the notification's id.

    It is a digest, because a store keeps it, and coupon codes are nobody's business there.
    """
    event, resource = notification.event, notification.resource
    members: tuple[object, ...] = tuple(map(resource.get, event.told_by)) if event.told_by else _NONE
    for member in members:
        if type(member) is not str or not member:
            members = tuple([_member(resource, name) for name in event.told_by])
            break
    if members and None not in members:
        told = (notification.tenant, event.spellings[0], *members)
    else:
        told = (notification.tenant, notification.event_type, "", notification.id)
    return hashlib.sha256(repr(told).encode()).hexdigest()


def _member(data: Any, name: str) -> str | int | None:
    """A member that may tell occurrences apart; None when it did not come."""
    if "." in name:
        first, _, name = name.partition(".")
        data = data.get(first)
        if type(data) is not dict:
            return None
    value = data.get(name)
    return value if value and isinstance(value, str | int) else None


class Works:
    """All occurrences at work in this process.

    Args:
        store: keeps the claims.
        lease: seconds that a claim holds without being prolonged.
        kept: seconds that is remembered what is done.
        counts: what is counted.
        on_error: told of what went wrong.
    """

    def __init__(self, store: Store, *, lease: float, kept: float, counts: Counts, on_error: OnError | None) -> None:
        self.counts = counts
        self._store = store
        self._lease = lease
        self._kept = kept
        self._on_error = on_error
        self._running: dict[str, Work] = {}
        self._unwritten: dict[str, Work] = {}
        self._writing: set[asyncio.Task[None]] = set()
        self._closers: set[asyncio.Task[Any] | None] = set()
        self._keeper: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._running)

    def get(self, key: str) -> Work | None:
        """The work that goes on under a key."""
        return self._running.get(key)

    def finished(self, key: str) -> bool:
        """Whether what goes by a key ended well, and the store could not be told so yet."""
        return key in self._unwritten

    def begin(
        self, key: str, holder: str, notification: Notification[Event], handlers: Sequence[Awaited], *, early: bool
    ) -> Work:
        """Begin to handle an occurrence; with *early*, ``claimed`` tells of the claim."""
        work = Work(key, holder, notification, asyncio.Event() if early else None)
        self._running[key] = work
        loop = asyncio.get_running_loop()
        work.task = asyncio.Task(self._run(work, handlers), loop=loop, **_EAGER)
        self._keep()
        return work

    async def close(self, seconds: float | None) -> None:
        """Wait for what goes on, so many seconds at the most, and cancel the rest of it.

        A function that runs in a thread cannot be cancelled: it is waited for, however long it takes. A handler that
        calls this does not wait for itself, nor for another one that does.
        """
        self._closers.add(asyncio.current_task())
        tasks = {work.task for work in self._running.values()} - self._closers
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        if self._keeper is not None:
            self._keeper.cancel()
            self._keeper = None
        for work in self._unwritten.values():
            self._write(self._rewritten(work))
        if self._writing:
            _, stuck = await asyncio.wait(self._writing, timeout=_LAST)
            for each in stuck:
                each.cancel()
            await asyncio.gather(*stuck, return_exceptions=True)

    async def _run(self, work: Work, handlers: Sequence[Awaited]) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - this is a coroutine
        work.task = task  # begun eagerly, it runs before whoever began it has it
        try:
            work.ending = await self._ended(work, handlers)
        finally:
            work.held = False
            del self._running[work.key]
            if work.claimed is not None:
                work.claimed.set()

    async def _ended(self, work: Work, handlers: Sequence[Awaited]) -> Ending:
        store, notification = self._store, work.notification
        try:
            claimed = await store.claim(work.key, work.holder, self._lease)
        except Exception as error:  # noqa: BLE001 - whatever a store of one's own raises
            self.counts.failed += 1
            self.report("the store", error, notification)
            return Ending.FAILED
        except asyncio.CancelledError:
            self._write(self._released(work))  # it may have been claimed all the same
            raise
        if claimed != "yours":
            return Ending.DUPLICATE if claimed == "done" else Ending.BUSY
        work.held = True
        if work.claimed is not None:
            work.claimed.set()
        try:
            for handler in handlers:
                _go_on()
                await handler(notification)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - whatever a handler raises
            self.counts.failed += 1
            self.report("a handler", error, notification)
            work.held = False
            await self._released(work)
            return Ending.FAILED
        self.counts.handled += 1
        work.well = True
        try:
            await store.claim(work.key, work.holder, self._kept, done=True)
        except asyncio.CancelledError:  # the handlers were not, so it is handled; only its end is to be written yet
            self._unwrite(work)
            self._write(self._rewritten(work))
        except Exception as error:  # noqa: BLE001 - whatever a store of one's own raises
            self.report("the store", error, notification)
            self._unwrite(work)
        return Ending.HANDLED

    async def _released(self, work: Work) -> None:
        try:
            await self._store.release(work.key, work.holder)
        except Exception as error:  # noqa: BLE001 - whatever a store of one's own raises
            self.report("the store", error, work.notification)  # the claim lapses

    def _unwrite(self, work: Work) -> None:
        """Know what ended well as done, until the store does."""
        self._unwritten[work.key] = work
        if len(self._unwritten) > _MOST_UNWRITTEN:
            del self._unwritten[next(iter(self._unwritten))]

    async def _rewritten(self, work: Work) -> None:
        """Say once more that it is done; when that fails too, it is said again later."""
        with contextlib.suppress(Exception):  # the first one that failed was told of
            claimed = await self._store.claim(work.key, work.holder, self._kept, done=True)
            self._unwritten.pop(work.key, None)
            if claimed == "busy":
                self._lost(work)

    def _keep(self) -> None:
        """Look again after a third of the lease, unless nothing goes on."""
        if self._keeper is None:
            self._keeper = asyncio.get_running_loop().call_later(self._lease / 3, self._prolong)

    def _prolong(self) -> None:
        self._keeper = None
        if self._running or self._unwritten:
            self._keep()
        for work in self._running.values():
            if work.held:
                self._write(self._prolonged(work))
        for work in self._unwritten.values():
            self._write(self._rewritten(work))

    def _write(self, writing: Coroutine[Any, Any, None]) -> None:
        """Write behind what goes on; closing waits for it."""
        task = asyncio.create_task(writing)
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _prolonged(self, work: Work) -> None:
        if not work.held:
            return  # it ended before this began
        try:
            claimed = await self._store.claim(work.key, work.holder, self._lease)
        except Exception as error:  # noqa: BLE001 - whatever a store of one's own raises
            self.report("the store", error, work.notification)
            return
        if claimed == "yours":
            if not work.held and not work.well:
                await self._released(work)  # it failed meanwhile, and this came behind its release
        elif work.held and not (work.well and claimed == "done"):
            self._lost(work)

    def _lost(self, work: Work) -> None:
        log.warning("notification %s: its claim was lost while it was handled", work.notification.id)

    def report(self, who: str, error: BaseException, notification: Notification[Event] | None) -> None:
        """Log that something failed, without a word of what it was about, and tell whoever wants to know all."""
        what = "a callback" if notification is None else f"notification {notification.id} ({notification.event_type})"
        log.error("%s: %s failed with %s", what, who, _place(error))
        self.tell(error, notification)

    def tell(self, error: BaseException, notification: Notification[Event] | None) -> None:
        """Tell whoever wants to know all."""
        if self._on_error is not None:
            try:
                self._on_error(error, notification)
            except Exception as failed:  # noqa: BLE001 - a hook that fails stops nothing
                log.error("on_error failed with %s", _place(failed))  # noqa: TRY400 - its text may be personal


def _go_on() -> None:
    """Begin no further handler once the work was cancelled, even where the one before ended well all the same."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _place(error: BaseException) -> str:
    """The kind of an error and where it was raised; its text may be personal."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    return f"{type(error).__name__} at {PurePath(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
