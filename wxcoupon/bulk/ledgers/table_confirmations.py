"""Confirmations in the tables of a ledger: every method of the protocol as one operation, which the ledger does."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Callable, Mapping, Sequence
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from ..confirmations import Confirmation, Stages, Taken
from . import sqlite_confirmations as statements
from .sqlite_tables import Tables

T = TypeVar("T")
P = ParamSpec("P")


class Asking(Protocol):
    """Has something done to the tables."""

    def __call__(self, method: Callable[Concatenate[Tables, P], T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Begin it."""
        ...


class TableConfirmations:
    """The confirmations of a :class:`~wxcoupon.bulk.ledgers.table_ledger.TableLedger`.

    The methods are those of :class:`~wxcoupon.bulk.confirmations.Confirmations`, and are described there.
    """

    def __init__(self, ask: Asking) -> None:
        self._ask = ask

    async def note(
        self, confirmation: Confirmation, now: float, *, again: bool = False, seen: float | None = None
    ) -> bool:
        """See the protocol."""
        return await self._ask(statements.note, confirmation, now, again=again, seen=now if seen is None else seen)

    async def take(
        self, callers: Sequence[str], now: float, until: float, most: int, *, beyond: float = float("inf")
    ) -> Taken:
        """See the protocol."""
        return await self._ask(statements.take, tuple(callers), now, until, most, beyond)

    async def postpone(self, confirmation: Confirmation, due: float) -> None:
        """See the protocol."""
        await self._ask(statements.postpone, confirmation, due)

    async def end(self, key: str, state: str, now: float) -> bool:
        """See the protocol."""
        return await self._ask(statements.end, key, state, now)

    async def give_up(self, confirmation: Confirmation, now: float) -> bool:
        """See the protocol."""
        return await self._ask(statements.give_up, confirmation, now)

    async def given_up(self, callers: Sequence[str], *, after: str = "", most: int = 1000) -> list[Confirmation]:
        """See the protocol."""
        return await self._ask(statements.given_up, tuple(callers), after, most)

    async def reopen(self, callers: Sequence[str], now: float) -> int:
        """See the protocol."""
        return await self._ask(statements.reopen, tuple(callers), now)

    async def stages(self, callers: Sequence[str]) -> Stages:
        """See the protocol."""
        return await self._ask(statements.stages, tuple(callers))

    async def waiting(self) -> Mapping[str, int]:
        """See the protocol."""
        return await self._ask(statements.waiting)

    async def forget(self, keys: Sequence[str]) -> int:
        """See the protocol."""
        return await self._ask(statements.forget, tuple(keys))

    async def sweep(self, before: float, most: int = 10_000) -> int:
        """See the protocol."""
        return await self._ask(statements.sweep, before, most)
