"""The life of a service: what its handlers need is opened before the first callback and closed behind the last."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, Final, TypeAlias

from ..router import Router

GRACE: Final = 20.0
"""Seconds in which handlers may end when the service stops; most supervisors kill after 30."""

Needed: TypeAlias = AbstractAsyncContextManager[Any]
"""What ``async with`` takes: a :class:`~wxcoupon.Client`, a :class:`~wxcoupon.notify.SqliteStore`, a ``Confirmer``."""


@asynccontextmanager
async def serving(router: Router, needed: Sequence[Needed], seconds: float | None) -> AsyncGenerator[None]:
    """Serve callbacks while the block lasts.

    Args:
        router: closed first at the end.
        needed: entered before, in the order given, and left behind it, the last first; one that fails to close stops
            none of the others.
        seconds: in which handlers may end; then they are cancelled, and their claims given up. None for no end.
    """
    async with AsyncExitStack() as stack:
        for each in needed:
            await stack.enter_async_context(each)
        stack.push_async_callback(router.close, seconds)
        yield
