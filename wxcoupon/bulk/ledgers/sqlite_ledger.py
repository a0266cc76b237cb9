"""The ledger of a machine: one SQLite file, and a folder beside it.

Rule 1: a caller returns when its change is on disk (write-ahead log, flushed at every commit). What comes while a
        commit is under way goes into the next one, all together.
"""

from __future__ import annotations

import asyncio
import math
import os
import weakref
from asyncio import AbstractEventLoop, Future, TimerHandle
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, Self, TypeVar

from ..ledger import Chunk, LedgerError
from .group_commit import Ask, Store, settle_future
from .holding import held, made
from .sqlite_schema import opened
from .sqlite_tables import Tables
from .table_ledger import TableLedger
from .writer_thread import WriterThread

T = TypeVar("T")
P = ParamSpec("P")

PATIENCE: Final = 5.0
"""Seconds that a change waits for another process that has the ledger locked."""

COMPANY: Final = 0.05
"""Seconds between commits that only settle: each costs more than what is in it, and who settles is in no hurry."""
CROWD: Final = 128
"""So many wait no longer."""


class SqliteLedger(TableLedger):
    """A ledger in an SQLite file, which is made where there is none, with mode 0600.

    Used either way, in one event loop::

        async with SqliteLedger("coupons.ledger") as ledger: ...
        ledger = await SqliteLedger.open("coupons.ledger")

    Several processes may use the file at once, each for its own jobs. The file has to be on a local disk; beside it
    are, while it is used, ``-wal`` and ``-shm``, which belong to it, and the folder ``coupons.ledger.d``.

    A call that raises :class:`~wxcoupon.bulk.ledger.LedgerError` has changed nothing, except that after an I/O error
    its change may be found later; the next call tries anew, so the ledger is of use again when the cause has gone. A
    call that is cancelled may have been carried out nevertheless; chunks that a cancelled ``claim`` took are released.

    Args:
        path: the file.
        patience: seconds that a change waits for another process that has the ledger locked.
    """

    def __init__(self, path: str | os.PathLike[str], *, patience: float = PATIENCE) -> None:
        self.path = Path(path).resolve()  # a link has no locks of its own
        self._store = Store(str(self.path), partial(opened, self.path, patience), self.path)
        self._thread: WriterThread | None = None
        self._loop: AbstractEventLoop | None = None
        self._waiting: list[Ask] = []
        self._under_way = False
        """Whether a group is being written, or about to be sent."""
        self._timer: TimerHandle | None = None
        """What sends those that wait for company; None while there are none."""
        self._sent_at = -math.inf
        self._urgent = False
        """Whether somebody waits for something else than that a chunk is settled."""
        self._closing: Future[None] | None = None

    def __repr__(self) -> str:
        return f"SqliteLedger({str(self.path)!r})"

    @classmethod
    async def open(cls, path: str | os.PathLike[str], *, patience: float = PATIENCE) -> Self:
        """Open a ledger; the arguments are those of the class.

        Raises:
            LedgerError: the file is no ledger, or one of a newer version, or cannot be opened or made.
        """
        ledger = cls(path, patience=patience)
        try:
            await ledger.find("")
        except BaseException:
            await ledger.close()
            raise
        return ledger

    async def __aenter__(self) -> Self:
        try:
            await self.find("")
        except BaseException:
            await self.close()
            raise
        return self

    @property
    def folder(self) -> Path | None:
        """The folder beside the file, with mode 0700; it is made when it is first asked for.

        Raises:
            LedgerError: it cannot be made.
        """
        return made(self._folder)

    @property
    def _folder(self) -> Path:
        return self.path.with_name(f"{self.path.name}.d")

    @asynccontextmanager
    async def hold(self, name: str) -> AsyncGenerator[None]:
        """See the protocol."""
        with held(made(self._folder), name):
            yield

    async def claim(self, job: int, most: int) -> list[Chunk]:
        """See the protocol."""
        future = self._ask(Tables.claim, job, most)
        try:
            return await future
        except asyncio.CancelledError:
            if not future.cancelled() and future.exception() is None:  # they came, and nobody was there any more
                self._give_back(job, future.result())
            raise

    async def close(self) -> None:
        """Finish what was asked for, and let go of the file; more than once is once."""
        if self._closing is None:
            loop = asyncio.get_running_loop()
            if self._thread is not None and loop is not self._loop:
                raise LedgerError(f"ledger {self.path} belongs to another event loop; close it there")
            self._closing = loop.create_future()
            if self._waiting and not self._under_way:
                self._schedule()
            elif not self._under_way:
                self._end()
        if not self._closing.done():
            await asyncio.shield(self._closing)

    def _ask(self, method: Callable[Concatenate[Tables, P], T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        loop = asyncio.get_running_loop()
        if self._closing is not None:
            raise LedgerError(f"ledger {self.path} was closed")
        if loop is not self._loop:
            self._start(loop)
        future: Future[T] = loop.create_future()
        self._put((future, method, args, kwargs))
        return future

    def _start(self, loop: AbstractEventLoop) -> None:
        if self._loop is not None:
            raise LedgerError(f"ledger {self.path} belongs to another event loop; open it once more in this one")
        self._loop = loop
        self._thread = WriterThread(self._store, f"ledger {self.path.name}")
        weakref.finalize(self, self._thread.abandon).atexit = False

    def _put(self, ask: Ask) -> None:
        self._waiting.append(ask)
        if ask[1] is not Tables.settle:
            self._urgent = True
        if not self._under_way:
            self._schedule()

    def _schedule(self) -> None:
        """Send what waits: with whatever else is asked for in this turn of the loop, or if it can, a moment later."""
        assert self._loop is not None  # noqa: S101 - who asks has started it
        if not self._urgent and self._closing is None and len(self._waiting) < CROWD:
            due = self._sent_at + COMPANY
            if due > self._loop.time():
                if self._timer is None:
                    self._timer = self._loop.call_at(due, self._send)
                return
        self._under_way = True
        if self._timer is not None:
            self._timer.cancel()
        self._loop.call_soon(self._send)

    def _send(self) -> None:
        assert self._thread is not None  # noqa: S101 - who asks has started it
        assert self._loop is not None  # noqa: S101
        self._under_way = True
        self._timer = None
        self._urgent = False
        self._sent_at = self._loop.time()
        asks, self._waiting = self._waiting, []
        self._thread.send(self._loop, asks, self._told)

    def _told(self, asks: Sequence[Ask], outcomes: list[Any]) -> None:
        self._under_way = False
        for (future, method, args, _), outcome in zip(asks, outcomes, strict=True):
            if method is Tables.claim and future.cancelled() and isinstance(outcome, list):
                self._give_back(args[0], outcome)
            else:
                settle_future(future, outcome)
        if self._under_way:
            return
        if self._waiting:
            self._schedule()
        elif self._closing is not None:
            self._end()

    def _give_back(self, job: int, chunks: Sequence[Chunk]) -> None:
        """Open chunks again whose claim was cancelled; if that fails, they are in doubt, which is what they may be."""
        if chunks and self._loop is not None and not (self._closing is not None and self._closing.done()):
            unheard = self._loop.create_future()
            unheard.cancel()
            self._put((unheard, Tables.release, (job, tuple(chunks)), {}))

    def _end(self) -> None:
        assert self._closing is not None  # noqa: S101 - it is what ends it
        if self._thread is None or self._loop is None:
            self._closing.set_result(None)
        else:
            self._thread.stop(self._loop, partial(settle_future, self._closing, None))
