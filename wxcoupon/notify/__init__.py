"""Callbacks (通知): proven to be WeChat Pay's, opened, typed, handled once and acknowledged in time.

:func:`receive` does no I/O and may be used by itself; a :class:`Router` does everything between a web framework and the
functions that handle events. The classes of events are those of the families: ``product_coupon.CouponSent``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from ..event import Event, UnknownEvent
from .claims import Claimed, MemoryStore, Store
from .headers import Headers
from .receive import Notification, receive
from .refusals import CannotOpen, TooLarge, UnknownTenant, UnservedBrand

if TYPE_CHECKING:
    from .learning import receive_with
    from .replies import Reply
    from .router import Router
    from .sqlite_store import SqliteStore
    from .tenants import Tenant
    from .unsealing import unsealed
    from .working import Counts

__all__ = [
    "CannotOpen",
    "Claimed",
    "Counts",
    "Event",
    "Headers",
    "MemoryStore",
    "Notification",
    "Reply",
    "Router",
    "SqliteStore",
    "Store",
    "Tenant",
    "TooLarge",
    "UnknownEvent",
    "UnknownTenant",
    "UnservedBrand",
    "receive",
    "receive_with",
    "unsealed",
]

_LATER: Final = {
    "Counts": "working",
    "Reply": "replies",
    "Router": "router",
    "SqliteStore": "sqlite_store",
    "Tenant": "tenants",
    "receive_with": "learning",
    "unsealed": "unsealing",
}
"""What is loaded when it is first asked for, and where it is: receiving by itself needs neither asyncio nor SQLite."""

if not TYPE_CHECKING:  # a checker would take any misspelt name for one that is loaded later

    def __getattr__(name: str) -> Any:
        if name in _LATER:
            return getattr(import_module(f".{_LATER[name]}", __name__), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
