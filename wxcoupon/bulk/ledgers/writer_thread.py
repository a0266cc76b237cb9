"""The one thread that has an SQLite ledger's connection.

Rule 1: it is a daemon and knows nothing of the ledger between groups, so that a ledger that nobody closed neither keeps
        the process from ending nor outlives its last user.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from typing import Any

from ..ledger import LedgerError
from .group_commit import Ask, Problem, Store

Tell = Callable[[Sequence[Ask], list[Any]], object]
"""Told in the event loop what became of a group."""
Group = tuple[asyncio.AbstractEventLoop, Sequence[Ask], Tell]
Last = tuple[asyncio.AbstractEventLoop, Callable[[], object]]


class WriterThread:
    """Carries out one group after the other.

    Args:
        store: not to be used by anybody else from now on.
        name: of the thread.
    """

    def __init__(self, store: Store, name: str) -> None:
        self._groups: SimpleQueue[Group | Last | None] = SimpleQueue()
        self._thread = threading.Thread(target=_serve, args=(store, self._groups), name=name, daemon=True)
        self._thread.start()

    def send(self, loop: asyncio.AbstractEventLoop, asks: Sequence[Ask], tell: Tell) -> None:
        """Have a group done; *tell* is called in the loop, once, however it ends, unless the loop is closed."""
        self._groups.put((loop, asks, tell))

    def stop(self, loop: asyncio.AbstractEventLoop, tell: Callable[[], object]) -> None:
        """Let it end when it is through with what was sent; whatever is sent later is never done.

        Args:
            loop: where to say so.
            tell: called in the loop when the connection is closed.
        """
        self._groups.put((loop, tell))

    def abandon(self) -> None:
        """Let it end when it is through with what was sent, and tell nobody."""
        self._groups.put(None)


def _serve(store: Store, groups: SimpleQueue[Group | Last | None]) -> None:
    while (group := groups.get()) is not None:
        if len(group) == 2:
            store.close()
            _tell(group[0], group[1])
            return
        loop, asks, tell = group
        try:
            outcomes = store.run(asks)
        except BaseException as error:  # noqa: BLE001 - a bug of ours, which must not leave them waiting for ever
            outcomes = [Problem(LedgerError(f"a bug in the ledger: {error!r}")) for _ in asks]
        _tell(loop, partial(tell, asks, outcomes))
        # While it waits for the next one it must not keep the ledger from being collected.
        del group, loop, asks, tell, outcomes
    store.close()


def _tell(loop: asyncio.AbstractEventLoop, tell: Callable[[], object]) -> None:
    with suppress(RuntimeError):  # the loop is closed, so nobody waits
        loop.call_soon_threadsafe(tell)
