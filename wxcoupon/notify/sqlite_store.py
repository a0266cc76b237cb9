"""Claims in a file of SQLite: they outlive the process, and several processes of one machine may share them.

Rule 1: what a method has returned from is on disk, whatever happens to the process or to the machine afterwards.
Rule 2: the event loop never waits for the disk. One thread does all of it, and what is asked while it writes is
        written together with the next commit.
Rule 3: the thread and its connection begin with the first question, because neither outlives a fork: a server that
        loads the service and then forks has a store in every worker.
"""

from __future__ import annotations

import asyncio
import math
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from ..errors import ClientStateError, ConfigurationError
from .claims import Claimed

_SETTINGS: Final = (
    "PRAGMA synchronous = FULL",
    "PRAGMA fullfsync = ON",  # macOS needs to be told
    "PRAGMA journal_size_limit = 4194304",
    "PRAGMA trusted_schema = OFF",
)
_TABLE: Final = """
    CREATE TABLE IF NOT EXISTS wxcoupon_claims (
        key TEXT NOT NULL PRIMARY KEY,
        holder TEXT NOT NULL,
        until REAL NOT NULL,
        done INTEGER NOT NULL
    ) WITHOUT ROWID
"""
_INDEX: Final = "CREATE INDEX IF NOT EXISTS wxcoupon_claims_until ON wxcoupon_claims (until)"
_TOGETHER: Final = 256
"""How many questions one commit answers, at the most."""
_SWEPT: Final = 3600.0
"""Seconds after which claims that have lapsed are swept out."""
_PATIENCE: Final = 3.0
"""Seconds to wait for another process that has the file locked: less than a callback may take."""


class _Asked(NamedTuple):
    """A question to the thread, and where its answer goes."""

    work: Callable[[sqlite3.Connection], Any]
    answer: Future[Any]


class SqliteStore:
    """Claims in a file of SQLite, in a table of their own.

    The file may be one that you have already; it is switched to WAL then, and stays so, with all that is in it: a file
    ``-wal`` and one ``-shm`` are beside it while it is open, and belong into every copy that is made of it meanwhile.

    It may be made before a server forks its workers, and be used in each of them.

    Use it as ``async with SqliteStore("claims.db") as store``, or call :meth:`close` at the end.

    Args:
        path: the file; one that is not there is made, for its owner alone. Keep it on a local disk.
        clock: this machine's time, seconds since 1970.

    Raises:
        ConfigurationError: the file cannot be made or is no database of SQLite.
    """

    def __init__(self, path: str | Path, *, clock: Callable[[], float] = time.time) -> None:
        self._path = Path(path)
        self._clock = clock
        self._swept = -math.inf
        self._asked: queue.SimpleQueue[_Asked | None] = queue.SimpleQueue()
        self._closed = False
        self._lock = threading.Lock()
        self._process: int | None = None
        self._thread: threading.Thread | None = None
        self._connection: sqlite3.Connection | None = None
        try:
            self._opened().close()  # what cannot be opened is said at once, and nothing stays open over a fork
        except (OSError, sqlite3.Error) as error:
            raise ConfigurationError(
                f"the store {self._path} cannot be opened ({error}); name a file on a local disk that you may write"
            ) from error

    def __repr__(self) -> str:
        return f"SqliteStore({str(self._path)!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def claim(self, key: str, holder: str, seconds: float, *, done: bool = False) -> Claimed:
        """See :meth:`wxcoupon.notify.Store.claim`.

        Raises:
            ClientStateError: the store is closed, or was used before this process was forked.
            sqlite3.Error: the claim cannot be kept: the disk is full, or another process has the file locked.
        """

        def work(connection: sqlite3.Connection) -> Claimed:
            now = self._clock()
            found = connection.execute(
                "SELECT done FROM wxcoupon_claims WHERE key = ? AND until > ? AND (done OR holder <> ?)",
                (key, now, holder),
            ).fetchone()
            if found is not None:
                return "done" if found[0] else "busy"
            connection.execute(
                "INSERT OR REPLACE INTO wxcoupon_claims VALUES (?, ?, ?, ?)", (key, holder, now + seconds, done)
            )
            return "yours"

        claimed: Claimed = await self._ask(work)
        return claimed

    async def release(self, key: str, holder: str) -> None:
        """See :meth:`wxcoupon.notify.Store.release`.

        Raises:
            ClientStateError: the store is closed, or was used before this process was forked.
            sqlite3.Error: it cannot be written.
        """
        await self._ask(
            lambda connection: connection.execute(
                "DELETE FROM wxcoupon_claims WHERE key = ? AND holder = ? AND done = 0", (key, holder)
            )
        )

    async def close(self) -> None:
        """Answer what was asked, and close the file."""
        if self._forked():
            return  # it is the parent's
        with self._lock:
            first, self._closed = not self._closed, True
            thread = self._thread
            if first:
                self._asked.put(None)
        if thread is not None:
            await asyncio.to_thread(thread.join)

    async def _ask(self, work: Callable[[sqlite3.Connection], Any]) -> Any:
        answer: Future[Any] = Future()
        if self._forked():  # before the lock, which a thread that is no more may have
            raise ClientStateError(
                f"the store {self._path} was used before the process was forked, which SQLite does not bear; use it "
                "in the workers alone, or make it there"
            )
        with self._lock:
            if self._closed:
                raise ClientStateError(f"the store {self._path} is closed; close the router before it")
            if self._thread is None:
                self._process = os.getpid()
                self._thread = threading.Thread(target=self._serve, name="wxcoupon-claims", daemon=True)
                self._thread.start()
            self._asked.put(_Asked(work, answer))
        return await asyncio.wrap_future(answer)

    def _forked(self) -> bool:
        return self._process not in {None, os.getpid()}

    def _opened(self) -> sqlite3.Connection:
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(self._path, timeout=_PATIENCE, isolation_level=None)
        try:
            _log_ahead(connection)
            for setting in _SETTINGS:
                connection.execute(setting)
            connection.execute(_TABLE)
            connection.execute(_INDEX)
        except BaseException:
            connection.close()
            raise
        return connection

    def _serve(self) -> None:
        try:
            while (first := self._asked.get()) is not None:
                asked = [first]
                last = False
                while len(asked) < _TOGETHER and not last and not self._asked.empty():
                    following = self._asked.get()
                    if following is None:
                        last = True
                    else:
                        asked.append(following)
                self._answer(asked)
                if last:
                    return
        finally:
            if self._connection is not None:
                self._connection.close()

    def _answer(self, asked: list[_Asked]) -> None:
        """Do what was asked in one transaction, and say so when it is on disk."""
        connection = self._connection
        try:
            if connection is None:
                connection = self._connection = self._opened()
            connection.execute("BEGIN IMMEDIATE")
            results = [each.work(connection) for each in asked]
            self._sweep(connection)
            connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - whoever asked is told, whatever it is
            if connection is not None and connection.in_transaction:
                connection.execute("ROLLBACK")
            for each in asked:
                _settle(each.answer, error=error)
            return
        for each, result in zip(asked, results, strict=True):
            _settle(each.answer, result)

    def _sweep(self, connection: sqlite3.Connection) -> None:
        now = self._clock()
        if not 0 <= now - self._swept < _SWEPT:
            self._swept = now
            connection.execute("DELETE FROM wxcoupon_claims WHERE until <= ?", (now,))


def _log_ahead(connection: sqlite3.Connection) -> None:
    """Write ahead to a log, so that one commit is one flush; two who make a file at once get into each other's way."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError:
            if time.monotonic() >= until:
                raise
            time.sleep(0.02)
        else:
            return


def _settle(answer: Future[Any], result: Any = None, *, error: Exception | None = None) -> None:
    """Answer, unless whoever asked was cancelled meanwhile."""
    if not answer.set_running_or_notify_cancel():
        return
    if error is None:
        answer.set_result(result)
    else:
        answer.set_exception(error)
