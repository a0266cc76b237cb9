"""Running a job over a ledger: from a source to the outcome of every row, through whatever happens between.

Rule 1: nothing is sent before the job is planned and held.
Rule 2: an outcome is handed out once the ledger has it. Whoever was told of it need not be told again.
Rule 3: leaving a run settles what is known, however often whoever leaves it is cancelled. What the ledger does not take
        then is in doubt, and repeated by the next run.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self, TypeAlias, TypeVar

from typing_extensions import TypeIs

from ..client import Client
from ..errors import ClientStateError, ConfigurationError, WxCouponError
from .aside import to_its_end
from .ledger import JobRecord, Ledger
from .ledgers.memory_ledger import MemoryLedger
from .ledgers.sqlite_ledger import SqliteLedger
from .outcomes import Settled
from .pieces import Source
from .preparing import prepare
from .progress import Progress
from .reading import open_source
from .sending import Sending
from .task import Task

R = TypeVar("R")

Given: TypeAlias = "str | Path | Iterable[Any] | AsyncIterable[Any] | Source"
"""Where rows come from: the path of a file, ``"-"`` for the standard input, the rows themselves, or an open source."""


def _is_source(given: Given) -> TypeIs[Source]:
    return hasattr(given, "pieces")


class Run(Generic[R]):
    """A job under way: enter it, and iterate it once for the calls that end; leaving the block early stops it.

    A call that was refused as a whole (:attr:`~wxcoupon.bulk.ledger.State.REFUSED`) is not made again by this run,
    also when its error is retryable: its repetitions are over by then. The next run of the job makes it again.

    Args:
        client: makes the calls.
        task: what they are.
        given: the rows. An open source is not closed, anything else is opened and closed by the run.
        ledger: where the job is remembered: the path of an SQLite file, or a ledger, which is not closed. None
            remembers nothing beyond the run.
        column: see :func:`wxcoupon.bulk.reading.open_source`, as of the next two.
        columns: as there.
        sheet: as there.
        concurrency: calls under way at once.

    Attributes:
        job: its name.
        progress: how far it is.
        rest: once the block is left, what was settled and nobody iterated.
        source: where the rows come from, once the block is entered.
        record: the job as the ledger has it, once the block is entered.

    Raises:
        ConfigurationError: *concurrency* is not at least 1.
    """

    def __init__(
        self,
        client: Client[Any],
        task: Task[R],
        given: Given,
        *,
        ledger: Ledger | str | Path | None = None,
        column: str | None = None,
        columns: tuple[str, ...] = (),
        sheet: str | None = None,
        concurrency: int = 8,
    ) -> None:
        if concurrency < 1:
            raise ConfigurationError(f"concurrency is at least 1, not {concurrency}")
        self.job = task.job
        self.progress = Progress()
        self.rest: list[Settled[R]] = []
        self.record: JobRecord
        self.source: Source
        self._client = client
        self._task = task
        self._given = given
        self._open = partial(open_source, column=column, columns=columns, sheet=sheet)
        self._named_ledger = ledger
        self._concurrency = concurrency
        self._entered = False
        self._stack = AsyncExitStack()
        self._sending: Sending[R] | None = None

    @property
    def stopped(self) -> WxCouponError | None:
        """The error of a call that stopped the job, because the others would end the same way; None for none."""
        return None if self._sending is None else self._sending.stopped

    async def __aenter__(self) -> Self:
        if self._entered:
            raise ClientStateError("a job is entered once; make a new one to run it again")
        self._entered = True
        async with AsyncExitStack() as stack:
            stack.callback(self.progress.end)
            ledger = await self._open_ledger(stack)
            await stack.enter_async_context(ledger.hold(self.job))
            self.source = await self._open_source(ledger, stack)
            self.record = await prepare(ledger, self._task, self.source, self.progress, self._client)
            await ledger.reopen(self.record.id)
            self.progress.begin(self.record.rows, await ledger.tally(self.record.id))
            stack.push_async_exit(self._leave)
            self._sending = Sending(self._client, self._task, ledger, self.record, self.source, self._concurrency)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)

    async def __aiter__(self) -> AsyncIterator[Settled[R]]:
        if self._sending is None:
            raise ClientStateError("the job is not open; write 'async with … as job', and iterate it there")
        while (settled := await self._sending.next()) is not None:
            self.progress.note(settled.chunk.tally, settled.attempts)
            yield settled
        if self.stopped is not None:
            raise self.stopped

    async def _open_ledger(self, stack: AsyncExitStack) -> Ledger:
        if self._named_ledger is None:
            ledger: Ledger = MemoryLedger()
        elif isinstance(self._named_ledger, (str, Path)):
            ledger = await SqliteLedger.open(self._named_ledger)
        else:
            return self._named_ledger
        stack.push_async_callback(lambda: to_its_end(ledger.close()))
        return ledger

    async def _open_source(self, ledger: Ledger, stack: AsyncExitStack) -> Source:
        if _is_source(self._given):
            return self._given
        source = await self._open(self._given, folder=ledger.folder)
        stack.callback(source.close)
        return source

    async def _leave(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        trouble = await to_its_end(self._settle_rest())
        if trouble is not None and error is None:
            raise trouble

    async def _settle_rest(self) -> BaseException | None:
        if self._sending is None:
            return None
        self.rest, trouble = await self._sending.leave()
        for settled in self.rest:
            self.progress.note(settled.chunk.tally, settled.attempts)
        return trouble
