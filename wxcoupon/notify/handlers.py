"""Which handlers an event has, and how they are called.

Rule 1: the handlers of the event's own class are called, one after the other in the order they were given; where it
        has none, those of the nearest class it is derived from, ``Event`` last.
Rule 2: a coroutine function is awaited in the event loop. Any other function may wait for a database or a file, so it
        is called in a thread, and the event loop goes on meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, TypeAlias, cast

from ..errors import ConfigurationError
from ..event import Event
from .receive import Notification

AnyHandler: TypeAlias = Callable[[Notification[Any]], object]
Awaited: TypeAlias = Callable[[Notification[Any]], Awaitable[object]]


class Handlers:
    """Handlers by the class of event."""

    __slots__ = ("_found", "_given")

    def __init__(self) -> None:
        self._given: dict[type[Event], list[Awaited]] = {}
        self._found: dict[type[Event], Sequence[Awaited]] = {}

    def __bool__(self) -> bool:
        return bool(self._given)

    @property
    def kinds(self) -> Collection[type[Event]]:
        """The classes of events that have handlers of their own."""
        return self._given.keys()

    def add(self, kind: object, handler: AnyHandler) -> None:
        """Add a handler for a class of event.

        Raises:
            ConfigurationError: it is no class of event, or the handler cannot be called.
        """
        if not (isinstance(kind, type) and issubclass(kind, Event)):
            raise ConfigurationError(f"on takes the class of an event, as product_coupon.CouponSent, not {kind!r}")
        if not callable(handler):
            raise ConfigurationError(f"the handler of {kind.__name__} cannot be called; decorate a function")
        awaited = cast("Awaited", handler) if _awaits(handler) else functools.partial(_in_a_thread, handler)
        self._given.setdefault(kind, []).append(awaited)
        self._found.clear()

    def of(self, kind: type[Event]) -> Sequence[Awaited]:
        """The handlers of an event of this class; empty where nobody takes it."""
        found = self._found.get(kind)
        if found is None:
            found = next((tuple(self._given[base]) for base in kind.__mro__ if base in self._given), ())
            self._found[kind] = found
        return found


def _awaits(handler: object) -> bool:
    """Whether a handler is a coroutine function, or an object that is called like one."""
    called: object = getattr(type(handler), "__call__", None)  # noqa: B004 - not whether, but how it is called
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(called)


async def _in_a_thread(handler: AnyHandler, notification: Notification[Any]) -> None:
    doing = asyncio.ensure_future(asyncio.to_thread(handler, notification))
    try:
        result = await asyncio.shield(doing)
    except asyncio.CancelledError:
        await _over(doing)  # a thread cannot be stopped, so its claim holds until then
        if doing.exception() is not None or inspect.isawaitable(doing.result()):
            raise
        return  # it ended well after all, and must not be called again
    if inspect.isawaitable(result):
        await result


async def _over(doing: asyncio.Future[object]) -> None:
    while not doing.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait([doing])
