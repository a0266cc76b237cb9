"""What a ledger does, as statements in SQLite; who calls them sees to transactions and threads.

Rule 1: nothing of a result is read later: a reader that stays open would keep the log from going back into the file.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from itertools import starmap
from typing import Any, Final

from ..ledger import Chunk, JobRecord, LedgerError, NewJob, Settlement, State, Tally

_JOB: Final = "name, kind, target, source, id, created_at, planned, rows, chunks"
_CHUNK: Final = (
    "seq, offset, length, line, rows, skipped, digest, state, doubt, "
    "done, already, duplicate, failed, invalid, unknown, detail"
)
_TALLY: Final = 9
"""Which column of a chunk is the first of its tally."""
_DETAIL: Final = 15
_ALL: Final = 2**62

_PLAN: Final = f"INSERT INTO chunks (job, {_CHUNK}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"  # noqa: S608
_OPEN: Final = (
    "SELECT seq, offset, length, line, rows, skipped, digest, doubt FROM chunks "
    "WHERE job = ? AND seq >= ? AND state = 0 ORDER BY seq LIMIT ?"
)
_TAKE: Final = "UPDATE chunks SET state = 1 WHERE job = ? AND seq BETWEEN ? AND ? AND state = 0"
_RELEASE: Final = "UPDATE chunks SET state = 0, doubt = ? WHERE job = ? AND seq = ? AND state = 1"
_SETTLE: Final = (
    "UPDATE chunks SET state = ?, doubt = doubt AND ?, "
    "done = ?, already = ?, duplicate = ?, failed = ?, invalid = ?, unknown = ?, detail = ? "
    "WHERE job = ? AND seq = ? AND state = 1 AND rows = ?"
)
_SETTLED: Final = (
    "SELECT state, done, already, duplicate, failed, invalid, unknown, detail, rows FROM chunks "
    "WHERE job = ? AND seq = ?"
)
_REOPEN: Final = (
    "UPDATE chunks SET state = 0, doubt = CASE state WHEN 3 THEN 0 ELSE 1 END, "
    "done = 0, already = 0, duplicate = 0, failed = 0, invalid = 0, unknown = 0, detail = '' "
    "WHERE job = ? AND state IN (1, 3, 4)"
)
_SUMS: Final = (
    "SELECT coalesce(sum(done), 0), coalesce(sum(already), 0), coalesce(sum(duplicate), 0), "
    "coalesce(sum(failed), 0), coalesce(sum(invalid), 0), coalesce(sum(unknown), 0) FROM chunks WHERE job = ?"
)
_SOME: Final = f"SELECT {_CHUNK} FROM chunks WHERE job = ? AND seq > ? ORDER BY seq LIMIT ?"  # noqa: S608
_TROUBLED: Final = (
    f"SELECT {_CHUNK} FROM chunks WHERE job = ? AND seq > ? "  # noqa: S608
    "AND (already > 0 OR duplicate > 0 OR failed > 0 OR invalid > 0 OR unknown > 0) ORDER BY seq LIMIT ?"
)

_NOTHING: Final = Tally()
_STATES: Final = tuple(State)
_ENDS: Final = frozenset({State.SETTLED, State.REFUSED, State.UNKNOWN})


class Tables:
    """The tables of one connection.

    Every method is all or nothing only within a transaction; :meth:`forget` is to be called after one was undone.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self._execute = connection.execute
        self._many = connection.executemany
        self._first: dict[int, int] = {}
        """For a planned job, the chunk before which none is open: 50,000 settled ones are not to be looked through."""
        self._seen = 0

    def forget(self) -> None:
        """Know nothing but what the tables say."""
        self._first.clear()

    def find(self, name: str) -> JobRecord | None:
        """See :meth:`~wxcoupon.bulk.ledger.Ledger.find`."""
        row = self._execute(f"SELECT {_JOB} FROM jobs WHERE name = ?", (name,)).fetchone()  # noqa: S608
        return None if row is None else _job(row)

    def jobs(self) -> list[JobRecord]:
        """See :meth:`~wxcoupon.bulk.ledger.Ledger.jobs`."""
        return [_job(row) for row in self._execute(f"SELECT {_JOB} FROM jobs ORDER BY id").fetchall()]  # noqa: S608

    def add(self, job: NewJob) -> JobRecord:
        """See :meth:`~wxcoupon.bulk.ledger.Ledger.add`."""
        there = self.find(job.name)
        if there is not None:
            if there.planned:
                raise LedgerError(f"there is a job {job.name!r} already; go on with it, or name this one differently")
            self.remove(job.name)
        self._execute(
            "INSERT INTO jobs (name, kind, target, source, created_at) VALUES (?, ?, ?, ?, ?)",
            (job.name, job.kind, job.target, job.source, time.time()),
        )
        added = self.find(job.name)
        assert added is not None  # noqa: S101 - it was just put there, in the same transaction
        return added

    def plan(self, job: int, chunks: Sequence[Chunk]) -> None:
        """See :meth:`~wxcoupon.bulk.ledger.Ledger.plan`."""
        if self._job(job).planned:
            raise LedgerError(f"job {job} of the ledger is planned already, and can have no more chunks")
        try:
            self._many(_PLAN, [_row(job, chunk) for chunk in chunks])
        except sqlite3.IntegrityError as error:
            raise LedgerError(f"job {job} of the ledger has one of these chunks already: {error}") from error
        self._execute("UPDATE jobs SET chunks = chunks + ? WHERE id = ?", (len(chunks), job))

    def planned(self, job: int, rows: int) -> JobRecord:
        """See :meth:`~wxcoupon.bulk.ledger.Ledger.planned`."""
        there = self._job(job)
        (chunks,) = self._execute("SELECT coalesce(max(seq), -1) + 1 FROM chunks WHERE job = ?", (job,)).fetchone()
        if chunks != there.chunks:
            raise LedgerError(f"job {there.name!r} has {there.chunks} chunks, of {chunks}; plan it anew")
        self._execute("UPDATE jobs SET planned = 1, rows = ? WHERE id = ?", (rows, job))
        return self._job(job)

    def reopen(self, job: int) -> int:
        """See :meth:`~wxcoupon.bulk.ledger.Ledger.reopen`."""
        self._job(job)
        self._execute(_REOPEN, (job,))
        self._first.pop(job, None)
        count: int = self._execute("SELECT count(*) FROM chunks WHERE job = ? AND state = 0", (job,)).fetchone()[0]
        return count

    def claim(self, job: int, most: int) -> list[Chunk]:
        """See :meth:`~wxcoupon.bulk.ledger.Ledger.claim`."""
        (version,) = self._execute("PRAGMA data_version").fetchone()
        if version != self._seen:  # another process has written, and may have opened chunks
            self._seen = version
            self._first.clear()
        first = self._first.get(job)
        if first is None:
            if not (there := self._job(job)).planned:
                raise LedgerError(f"job {there.name!r} is not planned, and nothing of it may be sent yet")
            first = 0
        rows = self._execute(_OPEN, (job, first, max(most, 0))).fetchall()
        if rows:
            self._execute(_TAKE, (job, rows[0][0], rows[-1][0]))
            self._first[job] = rows[-1][0] + 1
        elif most > 0:
            self._first[job] = _ALL
        return [
            Chunk(seq, offset, length, line, count, skipped, digest, State.TAKEN, bool(doubt))
            for seq, offset, length, line, count, skipped, digest, doubt in rows
        ]

    def release(self, job: int, chunks: Sequence[Chunk]) -> None:
        """See :meth:`~wxcoupon.bulk.ledger.Ledger.release`."""
        self._many(_RELEASE, [(chunk.doubt, job, chunk.seq) for chunk in chunks])
        if job in self._first:
            self._first[job] = min([self._first[job], *(chunk.seq for chunk in chunks)])

    def settle(self, job: int, settlement: Settlement) -> None:
        """See :meth:`~wxcoupon.bulk.ledger.Ledger.settle`."""
        self.settle_all([(job, settlement)])

    def settle_all(self, settled: Sequence[tuple[int, Settlement]]) -> None:
        """Settle chunks of any jobs, by one statement.

        Raises:
            LedgerError: one of them cannot be settled, so none is to be.
        """
        rows = list(starmap(_settlement, settled))
        if self._many(_SETTLE, rows).rowcount != len(rows):
            for job, settlement in settled:
                self._compare(job, settlement)

    def _compare(self, job: int, settlement: Settlement) -> None:
        """Make sure that a chunk is settled like this: who was cancelled may say it again."""
        there = self._execute(_SETTLED, (job, settlement.seq)).fetchone()
        which = f"chunk {settlement.seq} of job {job} of the ledger"
        if there is None:
            raise LedgerError(f"there is no {which}")
        *said, rows = there
        state, _, *tally, detail, _, _, total = _settlement(job, settlement)
        if rows != total:
            raise LedgerError(f"{which} has {rows} rows, and outcomes of {total}")
        if [state, *tally, detail] != said:
            raise LedgerError(f"{which} was not taken, or was settled differently")

    def tally(self, job: int) -> Tally:
        """See :meth:`~wxcoupon.bulk.ledger.Ledger.tally`."""
        return Tally(*self._execute(_SUMS, (job,)).fetchone())

    def chunks(self, job: int, after: int, most: int, *, troubled: bool) -> list[Chunk]:
        """See :meth:`~wxcoupon.bulk.ledger.Ledger.chunks`."""
        return [_chunk(row) for row in self._execute(_TROUBLED if troubled else _SOME, (job, after, max(most, 0)))]

    def number(self, series: str) -> int:
        """See :meth:`~wxcoupon.bulk.ledger.Ledger.number`."""
        self._execute(
            "INSERT INTO series (name, last) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET last = last + 1", (series,)
        )
        number: int = self._execute("SELECT last FROM series WHERE name = ?", (series,)).fetchone()[0]
        return number

    def remove(self, name: str) -> None:
        """See :meth:`~wxcoupon.bulk.ledger.Ledger.remove`."""
        there = self.find(name)
        if there is not None:
            self._first.pop(there.id, None)
            self._execute("DELETE FROM chunks WHERE job = ?", (there.id,))
            self._execute("DELETE FROM jobs WHERE id = ?", (there.id,))

    def _job(self, job: int) -> JobRecord:
        row = self._execute(f"SELECT {_JOB} FROM jobs WHERE id = ?", (job,)).fetchone()  # noqa: S608
        if row is None:
            raise LedgerError(f"there is no job {job} in the ledger any more; was it removed while it ran?")
        return _job(row)


def _job(row: Sequence[Any]) -> JobRecord:
    name, kind, target, source, number, created_at, planned, rows, chunks = row
    return JobRecord(name, kind, target, source, number, created_at, bool(planned), rows, chunks)


def _row(job: int, chunk: Chunk) -> tuple[Any, ...]:
    tally = chunk.tally
    if chunk.state is not State.OPEN and tally.total != chunk.rows:
        raise LedgerError(f"chunk {chunk.seq} comes with {chunk.rows} rows, and outcomes of {tally.total}")
    return (
        job,
        chunk.seq,
        chunk.offset,
        chunk.length,
        chunk.line,
        chunk.rows,
        chunk.skipped,
        chunk.digest,
        chunk.state,
        chunk.doubt,
        tally.done,
        tally.already,
        tally.duplicate,
        tally.failed,
        tally.invalid,
        tally.unknown,
        _text(chunk.detail),
    )


def _chunk(row: Sequence[Any]) -> Chunk:
    seq, offset, length, line, rows, skipped, digest, state, doubt = row[:_TALLY]
    counts = row[_TALLY:_DETAIL]
    tally = Tally(*counts) if any(counts) else _NOTHING
    return Chunk(seq, offset, length, line, rows, skipped, digest, _STATES[state], bool(doubt), tally, row[_DETAIL])


def _settlement(job: int, settlement: Settlement) -> tuple[Any, ...]:
    state = settlement.state
    if state not in _ENDS:
        raise LedgerError(f"chunk {settlement.seq} cannot be settled as {state.name}")
    tally = settlement.tally
    done, already, duplicate = tally.done, tally.already, tally.duplicate
    failed, invalid, unknown = tally.failed, tally.invalid, tally.unknown
    return (
        int(state),
        state is not State.REFUSED,
        done,
        already,
        duplicate,
        failed,
        invalid,
        unknown,
        _text(settlement.detail),
        job,
        settlement.seq,
        done + already + duplicate + failed + invalid + unknown,
    )


def _text(text: str) -> str:
    """Text of WeChat Pay's may hold half a character, which JSON can write and UTF-8 cannot."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
