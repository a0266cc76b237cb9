"""What is told of single rows while their job runs: each once, whichever run it is from."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any, Final

from ..bulk.account import every_row, source_of
from ..bulk.aside import aside
from ..bulk.engine import Run
from ..bulk.ledgers.sqlite_ledger import SqliteLedger
from ..bulk.outcomes import RowEnd, Settled
from ..bulk.reports.growing import GrowingTable
from ..bulk.rows.row_task import RowOutcome, RowTask
from ..errors import WxCouponError
from .row_report import error_of
from .text import emit, number_of, say
from .words import TROUBLES

_LISTED: Final = 20


class _Lines:
    """Numbers of lines, in one bit each."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, line: int) -> None:
        place = line >> 3
        if place >= len(self._bits):
            self._bits.extend(bytes(place + 1 - len(self._bits)))
        self._bits[place] |= 1 << (line & 7)

    def __contains__(self, line: int) -> bool:
        place = line >> 3
        return place < len(self._bits) and bool(self._bits[place] >> (line & 7) & 1)


class Telling:
    """Tells what became of single rows: all of them to a file as they come, otherwise those in trouble.

    The calls of a run begin before the rows of earlier runs are told, and some have ended by the time the ledger is
    read for them. So a row that was told from the ledger is not told again when its call is fetched.

    Args:
        task: what is done with them.
        cells: what is written of a row.
        out: where all are written.
        work: the job.
        as_json: whether those in trouble are told as JSON.
    """

    def __init__(
        self,
        task: RowTask[Any],
        cells: Callable[[RowOutcome], Sequence[Any]],
        out: GrowingTable | None,
        work: Run[Any],
        *,
        as_json: bool,
    ) -> None:
        self._task = task
        self._cells = cells
        self._out = out
        self._work = work
        self._as_json = as_json
        self._from_ledger = _Lines()
        self._last = 0
        self._is_mixed = False
        self._listed = 0
        self._expired = 0

    async def earlier(self, ledger: SqliteLedger) -> None:
        """Tell of the rows that have their outcome from an earlier run, or from looking at them."""
        if self._work.progress.tally.total:
            now = datetime.now(UTC)
            async with aclosing(self._rows(ledger)) as rows:
                async for row in rows:
                    if row.ending is not None:
                        self._from_ledger.add(row.line)
                        self._row(row)
                        until = row.answer.get("expires_at")
                        self._expired += until is not None and datetime.fromisoformat(until) <= now
        if self._out is not None and self._work.progress.tally.invalid < self._work.record.rows:
            self._out.place()

    def call(self, settled: Settled[Any]) -> None:
        """Tell of the rows of a call."""
        for row in settled.rows():
            if row.line not in self._from_ledger:
                self._row(row)

    def say_what_expired(self) -> None:
        """Say how many tokens of earlier runs are of no use any more."""
        if self._expired:
            have = "has" if self._expired == 1 else "have"
            say(f"{number_of(self._expired, 'token')} of an earlier run {have} expired; --renew gets new ones")

    async def put_in_order(self, ledger: SqliteLedger) -> None:
        """Write the rows of a job that is over once more, in the order of its source, unless they are in it.

        Where that cannot be, they stay as they came: all of them are there.
        """
        if self._out is None or not self._out.kept or not self._is_mixed or not self._out.begin_again():
            return
        try:
            async with aclosing(self._rows(ledger)) as rows:
                async for row in rows:
                    self._out.row(*self._cells(self._task.outcome(row)))
            self._out.place()
        except WxCouponError:
            return
        except asyncio.CancelledError:
            if (task := asyncio.current_task()) is not None:
                task.uncancel()  # the job is over, and what is left is to say so

    async def _rows(self, ledger: SqliteLedger) -> AsyncGenerator[RowEnd]:
        source = await aside(lambda _: source_of(self._work.record))
        try:
            async with aclosing(every_row(ledger, self._work.record, source)) as rows:
                async for row in rows:
                    yield row
        finally:
            source.close()

    def _row(self, end: RowEnd) -> None:
        row = self._task.outcome(end)
        self._is_mixed = self._is_mixed or row.line < self._last
        self._last = row.line
        if self._out is not None:
            self._out.row(*self._cells(row))
        if row.outcome not in TROUBLES:
            return
        if self._as_json:
            emit({"row": row.line, "outcome": row.outcome, "reason": error_of(row)})
        elif self._work.stopped is None:
            self._listed += 1
            if self._listed <= _LISTED:
                say(f"line {row.line}: {row.outcome}: {error_of(row)}")
            elif self._listed == _LISTED + 1:
                where = f"{self._out.path} says" if self._out is not None else "'wxcoupon codes report' writes"
                say(f"and more rows failed; {where} of each why")
