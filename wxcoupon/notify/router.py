"""Callbacks in, answers out: each is proven, opened, claimed and handled once, and acknowledged in time."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from types import TracebackType
from typing import Final, Literal, Self, TypeAlias, TypeVar

from .. import event, wire
from ..errors import ClockSkew, ConfigurationError, ProbeSignature, UnreadableAnswer, UntrustedAnswer, WxCouponError
from ..event import Event, UnknownEvent
from . import replies
from .claims import KEPT, MemoryStore, Store
from .handlers import Handlers
from .headers import Headers, proving
from .receive import MOST_BYTES, Notification, raw
from .refusals import CannotOpen, TooLarge, UnservedBrand
from .replies import Reply, failure
from .tenants import Tenant, Tenants
from .working import Counts, Ending, OnError, Works, log, occurrence

E = TypeVar("E", bound=Event)
R = TypeVar("R")
Mode: TypeAlias = Literal["wait", "early"]

SECONDS: Final = 4.5
"""Seconds in which a callback is answered, of the 5 that WeChat Pay waits."""
LEASE: Final = 30.0
"""Seconds after which whoever was killed while it handled something no longer has it."""

_ENDINGS: Final = {
    Ending.HANDLED: replies.DONE,
    Ending.DUPLICATE: replies.DONE,
    Ending.BUSY: replies.BUSY,
    Ending.FAILED: replies.FAILED,
}
_SEEN: Final = frozenset({Ending.DUPLICATE, Ending.BUSY})
_PROBED: Final = "the signature is not proven"
_MOST_TOLD: Final = 100
"""How many types without a handler are told of."""


class Router:
    """Takes callbacks for one tenant or many, and gives each occurrence to its handlers once.

    ::

        router = Router(Tenant(apiv3_key, client=client), store=SqliteStore("claims.db"))

        @router.on(product_coupon.CouponSent)
        async def record(notification: Notification[product_coupon.CouponSent]) -> None: ...

        reply = await router.handle(request.headers, await request.read())

    With ``mode="wait"`` a callback is acknowledged when its handlers have ended well. What is not done by the deadline
    goes on, and is answered with a failure, so that it comes again and is found done. With ``mode="early"`` it is
    acknowledged as soon as the claim is kept, and handled behind that: if the process is killed meanwhile or the
    handler fails, WeChat Pay does not send it again, so whoever takes this mode has to reconcile by query.

    Use it as ``async with router``, or call :meth:`close` at the end; the store and the clients stay open.

    Args:
        tenants: whose callbacks are taken.
        store: keeps what was handled; by default in memory, so for one process, and until it ends.
        mode: when a callback is acknowledged.
        seconds: in which each is answered; WeChat Pay waits 5.
        lease: seconds after which what somebody was handling when it was killed is handled by the next delivery.
        kept: seconds that is remembered what is done.
        window: seconds that a timestamp may be away from this machine's clock.
        probe_status: what a probe, whose signature is wrong on purpose, is answered with: a failure, or 200 or 204.
        most_bytes: bytes that a body may have.
        clock: this machine's time, seconds since 1970.
        on_error: called with every error of a handler, of the store or of a proven callback that cannot be opened or is
            for a brand that no tenant has, and with the notification where there is one. Neither is logged, because
            both may hold what is personal.
        ignored: classes of events that have to be handled, as ``product_coupon.CouponSent``, and are acknowledged here
            all the same when no handler takes them, because another service does.

    Raises:
        ConfigurationError: an argument cannot be used; the message says which one and why.

    https://pay.weixin.qq.com/doc/v3/merchant/4012071382
    """

    def __init__(  # noqa: PLR0913 - settings of a service, all by keyword
        self,
        *tenants: Tenant,
        store: Store | None = None,
        mode: Mode = "wait",
        seconds: float = SECONDS,
        lease: float = LEASE,
        kept: float = KEPT,
        window: float = wire.WINDOW,
        probe_status: int = 401,
        most_bytes: int = MOST_BYTES,
        clock: Callable[[], float] = time.time,
        on_error: OnError | None = None,
        ignored: Collection[type[Event]] = (),
    ) -> None:
        if mode not in {"wait", "early"}:
            raise ConfigurationError(f"mode is 'wait' or 'early', not {mode!r}")
        for name, value in {"seconds": seconds, "lease": lease, "kept": kept, "window": window}.items():
            if not 0 < value < float("inf"):
                raise ConfigurationError(f"{name} is a number of seconds above 0, not {value}")
        if probe_status not in {200, 204} and not 400 <= probe_status <= 599:
            raise ConfigurationError(f"probe_status is 200, 204 or 400 to 599, not {probe_status}")
        # Not isinstance: from Python 3.12 on it does not see a method that __getattr__ passes on.
        if store is not None and not all(callable(getattr(store, name, None)) for name in ("claim", "release")):
            raise ConfigurationError(f"store needs the methods claim and release, which {type(store).__name__} has not")
        for kind in ignored:
            if not (isinstance(kind, type) and issubclass(kind, Event)):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise ConfigurationError(f"ignored is a list of classes of events, not {ignored!r:.80}")
        self._ignored = frozenset(ignored)
        self._tenants = Tenants(tenants)
        self._early = mode == "early"
        self._seconds = seconds
        self._window = window
        self._most_bytes = most_bytes
        self._clock = clock
        self._probed = Reply(probe_status) if probe_status < 400 else failure(probe_status, _PROBED)
        self._handlers = Handlers()
        self._closed = False
        self._told: set[str] = set()
        self._holders = map((secrets.token_hex(8) + "-{}").format, itertools.count())
        self.counts: Final = Counts()
        """What came and what became of it."""
        self._works = Works(
            MemoryStore() if store is None else store, lease=lease, kept=kept, counts=self.counts, on_error=on_error
        )
        event.registry()  # now, and not while the first callback waits

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def tenants(self) -> Mapping[str, Tenant]:
        """The tenants by their names, as ``notification.tenant`` has them."""
        return self._tenants.by_name

    @property
    def events(self) -> Collection[type[Event]]:
        """The classes of events that handlers were given for."""
        return self._handlers.kinds

    def on(self, kind: type[E]) -> Callable[[Callable[[Notification[E]], R]], Callable[[Notification[E]], R]]:
        """Make a function the handler of a class of events.

        It may be called again for an occurrence that it has not ended well with, so it has to bear that. The handlers
        of one class are called one after the other, as they were given. A class that has none is handled by those of a
        class it is derived from: ``on(Event)`` takes what nobody else does, and ``on(UnknownEvent)`` what this version
        has no class for. What no handler takes at all is acknowledged, counted, and logged once for each type;
        but an event that has to be handled (``product_coupon.CouponSent``: an unconfirmed coupon is lost) is then
        answered with 500 and logged as an error each time, unless the router was told that it is ``ignored``.

        Args:
            kind: the class, as ``product_coupon.CouponSent``.

        Returns:
            What takes the handler: a coroutine function, or a function, which is called in a thread. It is given the
            notification, and what it raises is a failure, after which the callback comes again.

        Raises:
            ConfigurationError: it is no class of events, or the handler cannot be called.
        """

        def add(handler: Callable[[Notification[E]], R]) -> Callable[[Notification[E]], R]:
            self._handlers.add(kind, handler)
            return handler

        return add

    async def close(self, seconds: float | None = None) -> None:
        """Take no more callbacks, and wait for the handlers that run; one that calls this does not wait for itself.

        Args:
            seconds: to wait at the most; then what still runs is cancelled, and its claim is given up. None for no end.
                A handler that is a plain function runs in a thread, which cannot be cancelled: it is waited for beyond
                them, so one that hangs makes this hang. Give what it waits for time-outs of its own. What is to be
                written to the store after that has 5 seconds more.
        """
        self._closed = True
        await self._works.close(seconds)

    async def handle(self, headers: Headers, body: bytes, tenant: str | None = None) -> Reply:
        """Take one callback; whatever it is, there is an answer.

        Args:
            headers: its HTTP headers, as the framework has them.
            body: its raw bytes.
            tenant: the name of the tenant it was sent to, where the path says so. It has to be the one it is for.

        Returns:
            What to answer, to the byte. The caller may be cancelled while it waits; the handlers go on.
        """
        until = asyncio.get_running_loop().time() + self._seconds
        self.counts.received += 1
        if self._closed:
            return replies.CLOSING
        try:
            raw(body, self._most_bytes)
            found, asked = proving(headers), self._tenants.addressed(tenant)
            serial = found.get("Wechatpay-Serial", "")
            if not asked[0].keys.holds(serial) and not any(each.keys.holds(serial) for each in asked):
                wire.presented(found, now=self._clock(), window=self._window, what="callback")
                await self._learn(asked, found, until)
            notification = self._tenants.told(asked, found, body, now=self._clock(), window=self._window)
        except UntrustedAnswer as error:
            return self._refused(error)
        except Exception as error:  # noqa: BLE001 - whatever came, there is an answer
            return self._not_read(error)
        try:
            return await self._answered(notification, until)
        except Exception as error:  # noqa: BLE001 - ours would be the fault, and it comes again
            self.counts.failed += 1
            self._works.report("the router", error, notification)
            return replies.FAILED

    async def _learn(self, asked: Sequence[Tenant], found: Mapping[str, str], until: float) -> None:
        """Let the clients fetch the certificate that is missing; whether it came, the proof says."""
        serial = found.get("Wechatpay-Serial", "")
        rings = {id(each.keys): each.client for each in asked if each.client is not None and each.keys.lacks(serial)}
        with contextlib.suppress(WxCouponError, TimeoutError):
            async with asyncio.timeout_at(until):
                await asyncio.gather(*(client.learn(found) for client in rings.values()))

    async def _answered(self, notification: Notification[Event], until: float) -> Reply:
        kind = type(notification.event)
        if kind is UnknownEvent:
            self.counts.unknown += 1
        handlers = self._handlers.of(kind)
        if not handlers:
            return self._unhandled(notification)
        if self._closed:
            return replies.CLOSING
        key = occurrence(notification)
        if self._works.finished(key):
            self.counts.duplicates += 1
            return replies.DONE
        work = self._works.get(key)
        first = work is None
        if work is None:
            work = self._works.begin(key, next(self._holders), notification, handlers, early=self._early)
        else:
            self.counts.duplicates += 1
        ending = await (work.settled(until) if self._early and first else work.within(until))
        if ending is None:
            self.counts.unfinished += 1
            return replies.NOT_DONE
        if first and ending in _SEEN:
            self.counts.duplicates += 1
        return _ENDINGS[ending]

    def _unhandled(self, notification: Notification[Event]) -> Reply:
        event_type = notification.event_type
        if not self._handlers:
            self.counts.failed += 1
            log.error("notification %s: the router has no handler yet; give it some with on(…)", notification.id)
            return replies.FAILED
        kind = type(notification.event)
        if kind.must and kind not in self._ignored:
            self.counts.failed += 1
            error = ConfigurationError(
                f"notification {notification.id!r:.80}: {kind.__name__} has to be handled, or what it tells of is "
                f"lost, and the router has no handler for it; give it one with on({kind.__name__}), or, where another "
                f"service handles it, Router(ignored=[{kind.__name__}])"
            )
            log.error("%s", error)
            self._works.tell(error, notification)
            return replies.FAILED
        self.counts.unhandled += 1
        if event_type not in self._told and len(self._told) < _MOST_TOLD:
            self._told.add(event_type)
            log.warning("%.64s has no handler, so it is acknowledged and nothing else; on(Event) takes all", event_type)
        return replies.DONE

    def _refused(self, error: UntrustedAnswer) -> Reply:
        if isinstance(error, UnservedBrand):
            self.counts.unserved += 1
            log.error("a callback was refused: %s", error)
            self._works.tell(error, None)
            return replies.NOT_PROVEN
        log.info("a callback was refused: %s", error)
        if isinstance(error, ProbeSignature):
            self.counts.probes += 1
            return self._probed
        if isinstance(error, ClockSkew):
            self.counts.stale += 1
            return replies.STALE
        self.counts.forged += 1
        return replies.TOO_LARGE if isinstance(error, TooLarge) else replies.NOT_PROVEN

    def _not_read(self, error: Exception) -> Reply:
        if isinstance(error, UnreadableAnswer):
            self.counts.unreadable += 1
            self._works.tell(error, None)
            log.error("%s", error)
            return replies.CANNOT_OPEN if isinstance(error, CannotOpen) else replies.UNREADABLE
        self.counts.failed += 1
        if isinstance(error, ConfigurationError):
            self._works.tell(error, None)
            log.error("%s", error)
        else:
            self._works.report("the router", error, None)
        return replies.FAILED
