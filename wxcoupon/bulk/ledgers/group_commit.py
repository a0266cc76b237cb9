"""Operations on tables in groups: one transaction for all that wait, because each one costs a write to the disk.

Rule 1: an operation that fails by its own fault fails alone; the others of its group are done again, one by one.
Rule 2: an error of the ledger's own (locked, full, unreadable) is everybody's. The next group tries anew, so that the
        ledger is of use again as soon as the cause has gone.
Rule 3: what only reads takes no lock, so that a job can be looked at while another process writes.
"""

from __future__ import annotations

import os
import sqlite3
from asyncio import Future
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import attrs

from .sqlite_confirmations import given_up, stages
from .sqlite_errors import by_itself, lasts, moved, translated
from .sqlite_tables import Tables

Ask = tuple[Future[Any], Callable[..., Any], tuple[Any, ...], dict[str, Any]]
"""What is awaited, the method of :class:`Tables`, and its arguments."""

_READS: Final[frozenset[Callable[..., Any]]] = frozenset(
    {Tables.find, Tables.jobs, Tables.tally, Tables.chunks, stages, given_up}
)


@attrs.frozen
class Problem:
    """Why an operation was not done."""

    error: Exception


class Store:
    """A connection that is opened when it is needed, and what is done with it; one thread at a time.

    Args:
        name: what messages call it.
        connect: opens it.
        path: the file, which has to stay where it is; None for none.
    """

    def __init__(self, name: str, connect: Callable[[], sqlite3.Connection], path: Path | None = None) -> None:
        self._name = name
        self._connect = connect
        self._path = path
        self._tables: Tables | None = None
        self._file: os.stat_result | None = None

    def run(self, asks: Sequence[Ask]) -> list[Any]:
        """Do what is asked, in order, but what only reads at the end.

        Returns:
            For each what came of it, or its :class:`Problem`. What is written is on disk.
        """
        try:
            tables = self._opened()
        except Exception as error:  # noqa: BLE001 - it is given to whoever asked
            return [Problem(translated(error, self._name)) for _ in asks]
        if all(ask[1] not in _READS for ask in asks):
            return self._write(tables, asks)
        outcomes: list[Any] = [None] * len(asks)
        writing = [place for place, ask in enumerate(asks) if ask[1] not in _READS]
        if writing:
            for place, outcome in zip(writing, self._write(tables, [asks[place] for place in writing]), strict=True):
                outcomes[place] = outcome
        for place, (_, method, args, named) in enumerate(asks):
            if method in _READS:
                try:
                    outcomes[place] = method(tables, *args, **named)
                except Exception as error:  # noqa: BLE001 - it is given to whoever asked
                    outcomes[place] = self._problem(error)
        return outcomes

    def close(self) -> None:
        """Let go of it; it is opened again when it is needed."""
        tables, self._tables = self._tables, None
        if tables is not None:
            with suppress(sqlite3.Error):  # what was committed is on disk, wherever the log is
                tables.connection.close()

    def _opened(self) -> Tables:
        if self._tables is None:
            if self._file is not None and not self._is_there():  # instead of a new one, which knows of no job
                raise moved(self._name)
            self._tables = Tables(self._connect())
            if self._path is not None and self._file is None:
                self._file = self._path.stat()
        return self._tables

    def _write(self, tables: Tables, asks: Sequence[Ask]) -> list[Any]:
        try:
            outcomes = self._commit(tables, asks)
        except Exception as error:  # noqa: BLE001 - it is given to whoever asked
            if len(asks) == 1 or not by_itself(error):
                return [self._problem(error) for _ in asks]
        else:
            if self._is_there():
                return outcomes
            return [Problem(moved(self._name)) for _ in asks]
        return [outcome for ask in asks for outcome in self._write(tables, [ask])]

    def _commit(self, tables: Tables, asks: Sequence[Ask]) -> list[Any]:
        execute = tables.connection.execute
        execute("BEGIN IMMEDIATE")
        try:
            outcomes: list[Any] = []
            for method, same in groupby(asks, itemgetter(1)):
                if method is Tables.settle:
                    settled = [ask[2] for ask in same]
                    tables.settle_all(settled)
                    outcomes += [None] * len(settled)
                else:
                    outcomes += [method(tables, *args, **named) for _, _, args, named in same]
            execute("COMMIT")
        except BaseException:
            tables.forget()
            if tables.connection.in_transaction:
                with suppress(sqlite3.Error):
                    execute("ROLLBACK")
            raise
        return outcomes

    def _problem(self, error: Exception) -> Problem:
        # A connection may remember what was wrong with the file; a new one looks at it anew.
        if isinstance(error, sqlite3.Error) and not by_itself(error) and not lasts(error):
            self.close()
        return Problem(translated(error, self._name))

    def _is_there(self) -> bool:
        """Whether the file still has its name: SQLite goes on writing to one that was deleted, which nobody sees."""
        if self._path is None:
            return True
        try:
            return self._file is not None and os.path.samestat(self._file, self._path.stat())
        except OSError:
            return False


def settle_future(future: Future[Any], outcome: object) -> None:
    """Wake whoever waits, unless it was cancelled meanwhile."""
    if future.done():
        return
    if isinstance(outcome, Problem):
        future.set_exception(outcome.error)
    else:
        future.set_result(outcome)
