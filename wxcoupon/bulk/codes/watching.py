"""Keeping a stock's available codes above a mark.

Rule 1: a top-up that has begun is finished, under its numbers, before another one begins, whoever was killed between.
Rule 2: WeChat Pay may count late. What a top-up stored, or an upload of the same ledger before the watch, is taken as
        available until it is counted, for fifteen minutes at the most; so nothing is topped up twice for the same lack.
        Codes that others upload into the stock within these minutes are taken for those.
Rule 3: a stock is never given more codes than its ``max_count``.
Rule 4: where waiting can help, the watch goes on and says what it waits for; where it cannot, the watch ends.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Final

import attrs

from ...client import Client
from ...errors import ApiError, ConfigurationError, LocalError, UntrustedAnswer, WxCouponError
from ...identity import Brand, Partner
from ...product_coupon import GetStock, StockEntity, StockState
from ..ledger import JobRecord, Ledger, Tally
from ..plan import CODES_PER_CALL
from ..upload import upload_codes
from ..verdicts import Ending
from .generating import Shape
from .reconciling import codes_in_words, uploads_into
from .top_ups import FromFile, Generated, TopUp, TopUps

_LATE: Final = 900.0
"""Seconds in which what was stored is counted: WeChat Pay asks for about ten minutes where it needs time."""
_SPEED: Final = 20.0 * CODES_PER_CALL
"""Codes a second at the documented rate: the least time that an upload took, of which only the beginning is known."""
_OVER: Final = frozenset({StockState.STOPPED, StockState.DEACTIVATED})


class Sign(StrEnum):
    """What a watch has to say."""

    CHECKED = "checked"
    """The stock was looked at."""
    TOPPED_UP = "topped_up"
    """Codes were uploaded."""
    WARNING = "warning"
    """The mark cannot be kept for now; the watch goes on. Said once, until it is something else."""
    ENDED = "ended"
    """The mark cannot be kept any more; this is the last of the watch."""


@attrs.frozen
class WatchEvent:
    """Something that a watch has to say.

    Attributes:
        sign: what it is.
        words: in a sentence.
        available: codes that nobody has, those included that were just stored and are not counted yet.
        total: codes that were put into the stock, counted in the same way.
        job: the name of the top-up's upload job.
        tally: the codes of that job by outcome.
    """

    sign: Sign
    words: str
    available: int | None = None
    total: int | None = None
    job: str | None = None
    tally: Tally | None = None


async def watch_codes(  # noqa: PLR0913 - what a watch is, all by keyword
    client: Client[Partner] | Client[Brand],
    ledger: Ledger,
    *,
    product_coupon_id: str,
    stock_id: str,
    below: int,
    fill: int,
    every: float = 60.0,
    source: str | Path | None = None,
    column: str | None = None,
    shape: Shape | None = None,
    name: str | None = None,
    once: bool = False,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> AsyncGenerator[WatchEvent]:
    """Fill a stock up with codes whenever fewer than a mark are available, until it is cancelled.

    ::

        async for event in watch_codes(client, ledger, product_coupon_id=…, stock_id=…, below=500, fill=2000):
            print(event.sign, event.words)

    Each top-up is an upload job of its own in the ledger, called ``NAME #1``, ``NAME #2`` and so on. A watch that was
    interrupted or killed is started again as it was: it finishes the top-up that had begun, and goes on. The codes of
    top-ups are kept in the ledger's folder, with mode 0600: generated codes are nowhere else.

    Args:
        client: asks for the stock, and uploads.
        ledger: remembers the top-ups; one with a folder.
        product_coupon_id: the product coupon.
        stock_id: its stock, whose ``coupon_code_mode`` is UPLOAD.
        below: the mark: with fewer available codes, the stock is filled.
        fill: how many are available then; at least the mark.
        every: seconds from one look at the stock to the next.
        source: a file of codes, taken in order, to the end of which more may be written while no watch runs. None
            generates them.
        column: of a csv file or a workbook, the column to read.
        shape: how generated codes are made up.
        name: of the watch; by default made of the stock and the source. Another source needs another name.
        once: look once, fill once, and end.
        clock: seconds since the epoch.
        sleep: waits that many seconds.

    Yields:
        What it has to say.

    Raises:
        ConfigurationError: an argument is of no use, the file cannot be read, or the stock takes no codes.
        SourceChangedError: the file does not begin any more with what was taken from it.
        JobHeldError: another watch of this ledger has the stock.
        LedgerError: the ledger cannot be read or written.
        WxCouponError: WeChat Pay refused in a way that waiting does not change, or its answer cannot be trusted.
    """
    folder = _require(ledger, below=below, fill=fill, every=every, source=source)
    if source is None:
        shape = shape or Shape()
        shape.require(fill, numbered=True)
        supply: FromFile | Generated = Generated(ledger, shape)
    else:
        supply = FromFile(source, folder=folder, column=column)
    name = name or f"watch {stock_id} {'generated' if source is None else Path(source).name}"
    top_ups = TopUps(ledger, folder, name, supply)
    watch = _Watch(client, ledger, top_ups, product_coupon_id, stock_id, below, fill, clock)
    async with ledger.hold(f"watch {stock_id}"):
        try:
            await watch.open()
            while True:
                async for event in watch.look():
                    yield event
                    if event.sign is Sign.ENDED:
                        return
                if once:
                    return
                await sleep(every)
        finally:
            top_ups.close()


def _require(ledger: Ledger, *, below: int, fill: int, every: float, source: str | Path | None) -> Path:
    """See that a watch can be; returns the ledger's folder."""
    if not 1 <= below <= fill:
        raise ConfigurationError(f"a watch fills up to at least its mark, and its mark is at least 1: {below}, {fill}")
    if not 0 < every < float("inf"):
        raise ConfigurationError(f"a watch looks every so many seconds, a number above 0, not {every}")
    if source is not None and str(source) == "-":
        raise ConfigurationError("a watch reads a file again when it is started again; the standard input is none")
    if ledger.folder is None:
        raise ConfigurationError("a watch needs a ledger that outlives it, such as an SQLite file, not one in memory")
    return ledger.folder


@attrs.define
class _Watch:
    """One watch, look by look.

    Attributes:
        begun: the top-up that has begun and is not finished.
        expected: what WeChat Pay will count once it has counted the last top-up.
        until: when that is not waited for any longer.
        warned: the warnings of the last look.
        missing: codes that were stored, and are not counted yet.
    """

    client: Client[Partner] | Client[Brand]
    ledger: Ledger
    top_ups: TopUps
    product_coupon_id: str
    stock_id: str
    below: int
    fill: int
    clock: Callable[[], float]
    begun: TopUp | None = None
    expected: int = 0
    until: float = 0.0
    warned: set[str] = attrs.field(factory=set[str])
    missing: int = 0

    async def open(self) -> None:
        """Find out where an earlier run of the watch has ended, and what is to be counted still."""
        for upload in await uploads_into(self.ledger, self.product_coupon_id, self.stock_id):
            self.expected += (await self.ledger.tally(upload.id)).done
            self.until = max(self.until, upload.created_at + upload.rows / _SPEED + _LATE)
        if (last := await self.top_ups.open()) is None:
            return
        top_up, job = last
        if not await self.top_ups.is_whole(job):
            self.begun = top_up
            return
        with suppress(OSError):  # without its file nothing is known of it, and it is long over
            self._expect(top_up, await self.ledger.tally(job.id), top_up.path.stat().st_mtime)

    def _expect(self, top_up: TopUp, tally: Tally, since: float) -> None:
        self.expected = max(self.expected, top_up.before + tally.done)
        self.until = max(self.until, since + _LATE)

    async def look(self) -> AsyncIterator[WatchEvent]:
        """Look at the stock once, and do what is to be done."""
        warned, self.warned = self.warned, set()
        async for event in self._look():
            if event.sign is Sign.WARNING:
                what, _, _ = event.words.partition(":")  # behind that an error may have another Request-ID each time
                self.warned.add(what)
                if what in warned:
                    continue
            yield event

    async def _look(self) -> AsyncIterator[WatchEvent]:
        try:
            stock = await self._ask()
            if (obstacle := self._obstacle(stock)) is not None:
                yield obstacle
                return
            if self.begun is not None:
                async for event in self._carry_out(self.begun):
                    yield event
                if self._is_busy():
                    return
                stock = await self._ask()
        except WxCouponError as error:
            if _is_final(error):
                raise
            yield WatchEvent(Sign.WARNING, f"the stock could not be looked at, and is asked for again: {error}")
            return
        async for event in self._fill(stock):
            yield event

    def _is_busy(self) -> bool:
        return self.begun is not None

    async def _ask(self) -> StockEntity:
        return await self.client.call(GetStock(product_coupon_id=self.product_coupon_id, stock_id=self.stock_id))

    def _obstacle(self, stock: StockEntity) -> WatchEvent | None:
        """Why a stock takes no codes."""
        if stock.coupon_code_count_info is None:
            raise ConfigurationError(
                f"stock {self.stock_id} takes no codes: its coupon_code_mode is {stock.coupon_code_mode}, not UPLOAD"
            )
        if stock.state in _OVER:
            rest = f"; job {self.begun.job!r} is left unfinished" if self.begun is not None else ""
            return WatchEvent(Sign.ENDED, f"the stock is {stock.state}, and takes no more codes{rest}")
        if stock.state == StockState.AUDITING:
            return WatchEvent(Sign.WARNING, "the stock is AUDITING, and takes no codes yet")
        return None

    async def _fill(self, stock: StockEntity) -> AsyncIterator[WatchEvent]:
        counted = stock.coupon_code_count_info
        assert counted is not None  # noqa: S101 - otherwise there was an obstacle
        self.missing = max(self.expected - counted.total_count, 0)
        if self.missing and self.clock() >= self.until:
            yield WatchEvent(
                Sign.WARNING,
                f"long after the last top-up WeChat Pay counts {codes_in_words(counted.total_count)}, {self.missing:,} "
                "fewer than were uploaded; it is taken at its word from now on",
            )
            self.expected, self.missing = 0, 0
        available, total = counted.available_count + self.missing, counted.total_count + self.missing
        lack = self.fill - available if available < self.below else 0
        room = stock.stock_send_rule.max_count - total
        late = f", {self.missing:,} of them just uploaded and not counted yet" if self.missing else ""
        yield WatchEvent(Sign.CHECKED, f"{codes_in_words(available)} available{late}", available, total)
        if not lack:
            return
        if room < lack:
            yield WatchEvent(
                Sign.WARNING,
                f"the stock has room for {codes_in_words(max(room, 0))} more, and lacks {lack:,}: its max_count is "
                f"{stock.stock_send_rule.max_count:,}; raise it with product_coupon.update_stock_budget",
                available,
                total,
            )
        if room > 0:
            async for event in self._top_up(min(lack, room), available, total):
                yield event

    async def _top_up(self, count: int, available: int, total: int) -> AsyncIterator[WatchEvent]:
        self.begun = await self.top_ups.begin(count, total)
        if self.begun is None:
            words = f"the source has no more codes, and the stock lacks {count:,}"
            yield WatchEvent(Sign.ENDED, words, available, total)
            return
        if self.begun.rows < count:
            words = f"the source has only {codes_in_words(self.begun.rows)} more, and the stock lacks {count:,}"
            yield WatchEvent(Sign.WARNING, words, available, total)
        async for event in self._carry_out(self.begun, available):
            yield event

    async def _carry_out(self, top_up: TopUp, available: int | None = None) -> AsyncIterator[WatchEvent]:
        """Upload a top-up, or what is left of it."""
        job, stopped = await self._upload(top_up)
        tally = await self.ledger.tally(job.id)
        if not await self.top_ups.is_whole(job):
            if stopped is not None and _is_final(stopped):
                raise stopped
            reason = f": {stopped}" if stopped is not None else ""
            yield WatchEvent(
                Sign.WARNING, f"job {top_up.job!r} could not be finished, and is run again{reason}", job=job.name
            )
            return
        self.begun = None
        ended = self.clock()
        with suppress(OSError):  # whoever took it away takes the chance that a watch begun anew is too early
            os.utime(top_up.path, (ended, ended))
        self._expect(top_up, tally, ended)
        known = None if available is None else available + tally.done
        words = f"{codes_in_words(tally.done)} uploaded{_others(tally)}"
        yield WatchEvent(Sign.TOPPED_UP, words, known, top_up.before + tally.done, job.name, tally)
        if tally.failed == tally.total and self.top_ups.finite:
            words = f"WeChat Pay refused every code of job {job.name!r}; see its report before more of them are used up"
            yield WatchEvent(Sign.ENDED, words, job=job.name, tally=tally)
        elif tally.failed:
            words = f"{codes_in_words(tally.failed)} of job {job.name!r} refused; see its report"
            yield WatchEvent(Sign.WARNING, words, job=job.name, tally=tally)

    async def _upload(self, top_up: TopUp) -> tuple[JobRecord, WxCouponError | None]:
        """Run the upload job of a top-up to its end; returns it, and what stopped it."""
        work = upload_codes(
            self.client,
            top_up.path,
            product_coupon_id=self.product_coupon_id,
            stock_id=self.stock_id,
            job=top_up.job,
            ledger=self.ledger,
        )
        async with work:
            try:
                async for _ in work:
                    pass
            except WxCouponError as error:
                if work.stopped is not error:
                    raise
        return work.record, work.stopped


def _others(tally: Tally) -> str:
    """What became of codes that were not uploaded."""
    counts = {
        "that WeChat Pay had already": tally.already,
        "repeated": tally.duplicate,
        "that are none": tally.invalid,
        Ending.FAILED.value: tally.failed,
    }
    parts = [f"{count:,} {what}" for what, count in counts.items() if count]
    return f", beside {', '.join(parts)}" if parts else ""


def _is_final(error: WxCouponError) -> bool:
    """Whether waiting does not help."""
    if isinstance(error, LocalError):
        return not error.retryable
    return isinstance(error, UntrustedAnswer) or (isinstance(error, ApiError) and error.status in {401, 403, 404})
