"""A ledger for a run that need not outlive its process."""

from __future__ import annotations

import asyncio
import weakref
from asyncio import Future
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from ..ledger import JobHeldError, LedgerError
from .group_commit import Store, settle_future
from .sqlite_schema import in_memory
from .sqlite_tables import Tables
from .table_ledger import TableLedger

T = TypeVar("T")
P = ParamSpec("P")


class MemoryLedger(TableLedger):
    """The whole protocol but its second rule: with the process, or with :meth:`close`, everything is gone.

    A job of ten million codes takes some four megabytes. Holds are among the users of this object.
    """

    def __init__(self) -> None:
        self._store = Store("in memory", in_memory)
        self._held: set[str] = set()
        self._closed = False
        weakref.finalize(self, self._store.close)

    def __repr__(self) -> str:
        return f"MemoryLedger({'closed' if self._closed else ''})"

    @property
    def folder(self) -> Path | None:
        """None: nothing is kept."""
        return None

    @asynccontextmanager
    async def hold(self, name: str) -> AsyncGenerator[None]:
        """See the protocol."""
        if name in self._held:
            raise JobHeldError(f"job {name!r} is being run by this process; wait for that run to end, or stop it")
        self._held.add(name)
        try:
            yield
        finally:
            self._held.remove(name)

    async def close(self) -> None:
        """Forget everything."""
        self._closed = True
        self._store.close()

    def _ask(self, method: Callable[Concatenate[Tables, P], T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        if self._closed:
            raise LedgerError("this ledger was closed")
        future: Future[T] = asyncio.get_running_loop().create_future()
        (outcome,) = self._store.run([(future, method, args, kwargs)])
        settle_future(future, outcome)
        return future
