"""A ledger in tables: every method of the protocol as one operation, which somebody carries out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from asyncio import Future
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Concatenate, ParamSpec, Self, TypeVar

from ..ledger import Chunk, JobRecord, NewJob, Settlement, Tally
from .sqlite_tables import Tables
from .table_confirmations import TableConfirmations

T = TypeVar("T")
P = ParamSpec("P")


class TableLedger(ABC):
    """What :class:`~wxcoupon.bulk.ledgers.sqlite_ledger.SqliteLedger` and ``MemoryLedger`` have in common.

    The methods are those of :class:`~wxcoupon.bulk.ledger.Ledger`, and are described there.
    """

    @abstractmethod
    def _ask(self, method: Callable[Concatenate[Tables, P], T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have something done.

        Raises:
            LedgerError: nothing can be asked of this ledger, or not from here.
        """

    @abstractmethod
    async def close(self) -> None:
        """See the protocol."""

    @property
    def confirmations(self) -> TableConfirmations:
        """What is remembered of confirmations; see :class:`~wxcoupon.bulk.confirmations.Confirmations`."""
        return TableConfirmations(self._ask)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def find(self, name: str) -> JobRecord | None:
        """See the protocol."""
        return await self._ask(Tables.find, name)

    async def jobs(self) -> list[JobRecord]:
        """See the protocol."""
        return await self._ask(Tables.jobs)

    async def add(self, job: NewJob) -> JobRecord:
        """See the protocol."""
        return await self._ask(Tables.add, job)

    async def plan(self, job: int, chunks: Sequence[Chunk]) -> None:
        """See the protocol."""
        await self._ask(Tables.plan, job, tuple(chunks))

    async def planned(self, job: int, rows: int) -> JobRecord:
        """See the protocol."""
        return await self._ask(Tables.planned, job, rows)

    async def reopen(self, job: int) -> int:
        """See the protocol."""
        return await self._ask(Tables.reopen, job)

    async def claim(self, job: int, most: int) -> list[Chunk]:
        """See the protocol."""
        return await self._ask(Tables.claim, job, most)

    async def release(self, job: int, chunks: Iterable[Chunk]) -> None:
        """See the protocol."""
        await self._ask(Tables.release, job, tuple(chunks))

    def settle(self, job: int, settlement: Settlement) -> Future[None]:
        """See the protocol."""
        return self._ask(Tables.settle, job, settlement)

    async def tally(self, job: int) -> Tally:
        """See the protocol."""
        return await self._ask(Tables.tally, job)

    async def chunks(self, job: int, *, after: int = -1, most: int = 1000, troubled: bool = False) -> list[Chunk]:
        """See the protocol."""
        return await self._ask(Tables.chunks, job, after, most, troubled=troubled)

    async def number(self, series: str) -> int:
        """See the protocol."""
        return await self._ask(Tables.number, series)

    async def remove(self, name: str) -> None:
        """See the protocol."""
        await self._ask(Tables.remove, name)
