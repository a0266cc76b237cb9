"""The calls of a run: chunks are taken from the ledger and read, sent, and settled.

Rule 1: no chunk is sent before the ledger has it as taken.
Rule 2: what is sent is what was planned: a source that reads otherwise by now ends the run before the call is made.
Rule 3: the first call goes alone. Refused for a reason that holds for all of them, it is the last.
Rule 4: after an answer that cannot be trusted, and where no connection is made, nothing more is begun; the calls that
        are under way have their outcomes.
Rule 5: what is known when the run is left is settled. A call that had left may have been acted on, so its chunk is
        unknown; a chunk that was taken and whose call waited for its turn is open again, in no more doubt than before.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing
from typing import Any, Final, Generic, TypeVar

import attrs

from ..client import Client
from ..endpoint import Endpoint
from ..errors import WxCouponError
from . import positions
from .aside import aside
from .ending import end
from .ledger import Chunk, JobRecord, Ledger, Settlement, State
from .outcomes import Settled
from .pieces import Piece, Source
from .reading import SourceChangedError
from .run import Done, Failed, bulk
from .task import Task
from .verdicts import Ending, Verdict, Verdicts, gathered

R = TypeVar("R")

_INTERRUPTED: Final = "interrupted before an answer came; run the same job again"
_LEAST_AHEAD: Final = 128
"""Calls that may have ended without being fetched, however few are under way: a ledger settles them together."""
_BRISK: Final = 0.1
"""Seconds that chunks claimed together should last: each time takes two changes of thread, which cost more than a call.
What was claimed and not settled when a process is killed is in doubt, so there is no more of it than that."""
_MOST_AT_ONCE: Final = 128
"""Chunks that are claimed together, unless there are places for more."""


@attrs.define
class _UnderWay:
    """A chunk whose call is under way, or about to be; the request is kept so that nothing else has its identity.

    Attributes:
        has_left: whether it may have been sent; until then it waits for a place or for its turn.
    """

    chunk: Chunk
    piece: Piece
    sent: Piece
    places: range | list[int]
    request: Endpoint[Any, Any]
    has_left: bool = False


class Sending(Generic[R]):
    """The calls of one run, which begin at once; made in an event loop, and left at the end.

    Args:
        client: makes them.
        task: what they are.
        ledger: what has the job, held, planned and opened for this run.
        record: the job.
        source: its rows.
        concurrency: calls under way at once.

    Attributes:
        stopped: the error of a call that holds for all of them, None while there is none.
    """

    def __init__(
        self, client: Client[Any], task: Task[R], ledger: Ledger, record: JobRecord, source: Source, concurrency: int
    ) -> None:
        self.stopped: WxCouponError | None = None
        self._client = client
        self._task = task
        self._ledger = ledger
        self._record = record
        self._source = source
        self._concurrency = concurrency
        self._most = max(4 * concurrency, _LEAST_AHEAD)
        self._is_first = True
        self._at_once = 2 * concurrency
        self._fetched_at = -math.inf
        self._claimed: dict[int, Chunk] = {}
        self._under_way: dict[int, _UnderWay] = {}
        self._settling: deque[tuple[asyncio.Future[None], Settled[R]]] = deque()
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._failure: Exception | None = None
        self._fetching: asyncio.Task[list[_UnderWay]] | None = None
        self._running = asyncio.create_task(self._run())
        self._running.add_done_callback(lambda _: self._news.set())

    async def next(self) -> Settled[R] | None:
        """The next call that ended, once the ledger has it; None when there are no more.

        Raises:
            LedgerError: the ledger did not take it, so the next run repeats it.
            Exception: at the end, what ended the run before it was through.
        """
        while not self._settling:
            if self._running.done():
                if self._failure is not None:
                    raise self._failure
                return None
            self._news.clear()
            await self._news.wait()
        known, settled = self._settling[0]
        if not known.done():
            await asyncio.wait({known})  # which, unlike awaiting it, does not hand a cancellation on
        self._settling.popleft()
        self._room.set()
        known.result()
        return settled

    async def leave(self) -> tuple[list[Settled[R]], BaseException | None]:
        """Cancel the calls under way, settle what they were, and give back what was not sent.

        Returns:
            What was settled and not fetched, and what the ledger did not take, if there is such.
        """
        await end(self._running)
        for work in self._under_way.values():
            if not work.has_left:
                self._claimed[work.chunk.seq] = work.chunk
                continue
            said = Verdicts([*self._not_sent(work), Verdict(Ending.UNKNOWN, _INTERRUPTED, work.places)])
            self._keep(work, State.UNKNOWN, said, None, None, 1)
        self._under_way.clear()
        if self._fetching is not None:
            await asyncio.gather(self._fetching, return_exceptions=True)  # its error was raised, or nobody needs it
        last = [self._ledger.release(self._record.id, list(self._claimed.values()))] if self._claimed else []
        said_of = await asyncio.gather(*(known for known, _ in self._settling), *last, return_exceptions=True)
        rest = [settled for (_, settled), error in zip(self._settling, said_of, strict=False) if error is None]
        self._settling.clear()
        return rest, next((error for error in said_of if error is not None), None)

    async def _run(self) -> None:
        try:
            async with aclosing(self._requests()) as requests:
                if (first := await anext(requests, None)) is None:
                    return
                await self._make([first], self._client, 1)
                # All rows were found legal before, and what else a request says is the same in all.
                others = self._client.with_options(checks="off") if self._task.proven else self._client
                await self._make(requests, others, self._concurrency)
        except Exception as error:  # noqa: BLE001 - it is raised to whoever fetches, after the outcomes
            self._failure = error

    async def _make(
        self, requests: Iterable[Endpoint[R, Any]] | AsyncGenerator[Endpoint[R, Any]], client: Client[Any], most: int
    ) -> None:
        ended: AsyncIterator[Done[R] | Failed[R]] | None = None
        try:
            async with bulk(client, requests, concurrency=most, leaving=self._leaves) as ended:
                async for one in ended:
                    self._settle(one)
                    while len(self._settling) >= self._most:
                        self._room.clear()
                        await self._room.wait()
        finally:
            if ended is not None:
                async for one in ended:  # what came while the run was left
                    self._settle(one)

    async def _requests(self) -> AsyncGenerator[Endpoint[R, Any]]:
        self._fetching = asyncio.create_task(self._fetch())
        while block := await asyncio.shield(self._fetching):
            self._fetching = asyncio.create_task(self._fetch())
            for work in block:
                if self.stopped is not None:
                    return
                del self._claimed[work.chunk.seq]
                self._under_way[id(work.request)] = work
                yield work.request

    async def _fetch(self) -> list[_UnderWay]:
        """Claim chunks, and make their calls in one go; never cancelled, so that it is known what was claimed."""
        chunks = await self._ledger.claim(self._record.id, self._wanted())
        self._claimed.update((chunk.seq, chunk) for chunk in chunks)
        return await aside(lambda _: [self._made(chunk) for chunk in chunks]) if chunks else []

    def _wanted(self) -> int:
        """How many chunks to claim: more than the last time if those did not last, fewer if they lasted too long."""
        now, least = asyncio.get_running_loop().time(), 2 * self._concurrency
        factor = 2 if now - self._fetched_at < _BRISK else 0.5
        self._at_once = max(least, min(int(factor * self._at_once), _MOST_AT_ONCE))
        self._fetched_at = now
        return self._at_once

    def _made(self, chunk: Chunk) -> _UnderWay:
        """A chunk as the source has it, and its call.

        Raises:
            SourceError: the source cannot be read any more.
            SourceChangedError: there is something else now than was planned.
        """
        piece = sent = self._source.read(chunk.offset, chunk.length, chunk.line)
        places: range | list[int] = range(len(piece))
        if chunk.skipped:
            skipped = set(positions.read(chunk.skipped))
            places = [place for place in places if place not in skipped]
            sent = piece.without(skipped)
        if len(piece) != chunk.rows or sent.problems or self._task.digest(sent) != chunk.digest:
            raise SourceChangedError(
                f"{self._source.name} is no longer what job {self._record.name!r} was begun with: what is there from "
                f"line {chunk.line} on was something else; put the file back as it was, and run the job again"
            )
        return _UnderWay(chunk, piece, sent, places, self._task.request(sent, chunk.digest))

    def _leaves(self, request: Endpoint[R, Any]) -> None:
        self._under_way[id(request)].has_left = True

    def _settle(self, one: Done[R] | Failed[R]) -> None:
        work = self._under_way[id(one.request)]
        if isinstance(one, Done):
            repeated = work.chunk.doubt or one.answer.repeated
            said = self._task.judge(work.sent, work.places, one.result, repeated=repeated)
            state, result, error, attempts = State.SETTLED, one.result, None, one.answer.attempts
        else:
            if self._task.holds_for_all(one.error, work.sent, first=self._is_first):
                self.stopped = self.stopped or one.error
            is_unknown = one.error.outcome_unknown or work.chunk.doubt
            state = State.UNKNOWN if is_unknown else State.REFUSED
            result, error, attempts = None, one.error, 1
            ending = Ending.UNKNOWN if is_unknown else Ending.FAILED
            said = Verdicts([Verdict(ending, str(one.error), work.places)])
        self._is_first = False
        if work.chunk.skipped:
            said = Verdicts([*self._not_sent(work), *said.apart], said.answer)
        del self._under_way[id(one.request)]
        self._keep(work, state, said, result, error, attempts)

    def _not_sent(self, work: _UnderWay) -> list[Verdict]:
        """What is to be said of the rows of a chunk that are not sent: a ledger has only their positions."""
        if not (skipped := positions.read(work.chunk.skipped)):
            return []
        faults = {**self._task.examine(work.piece).faults, **work.piece.problems}
        return gathered(
            (at, Ending.INVALID, faults[at]) if at in faults else (at, Ending.DUPLICATE, "") for at in skipped
        )

    def _keep(
        self,
        work: _UnderWay,
        state: State,
        verdicts: Verdicts,
        result: R | None,
        error: WxCouponError | None,
        attempts: int,
    ) -> None:
        old = work.chunk
        tally, detail = verdicts.tally(old.rows), verdicts.written()
        chunk = Chunk(
            old.seq,
            old.offset,
            old.length,
            old.line,
            old.rows,
            old.skipped,
            old.digest,
            state,
            old.doubt and state is not State.REFUSED,
            tally,
            detail,
        )
        try:
            begun = self._ledger.settle(self._record.id, Settlement(old.seq, state, tally, detail))
            known: asyncio.Future[None] = asyncio.ensure_future(begun)
        except WxCouponError as fault:
            known = asyncio.get_running_loop().create_future()
            known.set_exception(fault)
        self._settling.append((known, Settled(chunk, work.piece, verdicts, result, error, attempts)))
        self._news.set()
