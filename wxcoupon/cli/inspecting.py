"""``wxcoupon codes status`` and ``codes report``: what a ledger knows of jobs, while they run and afterwards."""

from __future__ import annotations

import json
from contextlib import aclosing
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs

from ..bulk.account import every_row, planned_job, source_of
from ..bulk.aside import aside
from ..bulk.ledger import JobRecord, Ledger, Tally
from ..bulk.reports.report import Report
from ..errors import ConfigurationError
from .codes import COLUMNS, write_report
from .comparing import compare
from .failure import SOME_FAILED
from .ledgers import DEFAULT, LedgerFile, is_running, ledger_path, ledger_to_read
from .options import USUAL, Connection, Flag, Json, Name, OutFile
from .row_report import columns_of, write_rows
from .text import CHINA, conclude, emit, json_text, number_of
from .words import UPLOAD, words_of


async def status(
    job: Name | None = None,
    /,
    *,
    ledger: LedgerFile = DEFAULT,
    reconcile: Flag = False,
    connection: Connection = USUAL,
) -> int:
    """Say how far the jobs of a ledger are.

    Args:
        job: The job; by default all of them.
        ledger: SQLite file in which jobs are remembered.
        reconcile: Ask WeChat Pay what the stocks of the uploads hold, and compare; needs settings, all else does not.
        connection: Settings.
    """
    async with ledger_to_read(ledger) as book:
        records = await book.jobs() if job is None else [await _job(book, job)]
        seen = [await look_at(book, record) for record in records]
        compared = await compare(book, records, connection) if reconcile else []
    if connection.json:
        documents = [one.document() for one in seen]
        said: dict[str, Any] = documents[0] if job is not None else {"ledger": ledger, "jobs": documents}
        if reconcile:
            said |= {"stocks": [one.document() for one in compared]}
        emit(said)
    else:
        print("\n".join(line for one in seen for line in one.lines()) or f"ledger {ledger} has no jobs")
        for one in compared:
            print("\n".join(one.lines()))
    return 0 if all(one.adds_up for one in compared) else SOME_FAILED


async def report(
    job: Name,
    /,
    *,
    report: OutFile,
    ledger: LedgerFile = DEFAULT,
    json: Json = False,
) -> int:
    """Write what became of every row of a job.

    Args:
        job: The job.
        report: Table to write, csv or .xlsx; put in place at the end.
        ledger: SQLite file in which jobs are remembered.
        json: Write JSON to stdout and nothing else there.
    """
    async with ledger_to_read(ledger) as book:
        record = await planned_job(book, job)
        words = words_of(record.kind)
        source = await aside(lambda _: source_of(record))
        try:
            besides = {ledger_path(ledger): "the ledger"}
            if (path := _path(record)) is not None:
                besides[path] = "the file that the job reads"
            columns = COLUMNS if words is UPLOAD else columns_of(record)
            written = Report(report, columns, besides=besides)
            async with aclosing(every_row(book, record, source)) as rows:
                tally = (
                    await write_report(written, rows) if words is UPLOAD else await write_rows(written, record, rows)
                )
        finally:
            source.close()
    counts = words.counts(tally)
    left = record.rows - tally.total
    if json:
        path_said = str(report) if written.kept else None
        said = {"job": job, "counts": counts, f"{words.row}s": record.rows, "left": left, "report": path_said}
        conclude(json_text(said))
    else:
        pending = f", {number_of(left, words.row)} pending" if left else ""
        conclude(f"{report}: {number_of(record.rows, words.row)} of job {job}{pending}")
    return 0


@attrs.frozen
class Seen:
    """A job as a ledger has it at a moment.

    Attributes:
        record: the job.
        tally: its rows by outcome.
        state: running, done, interrupted or unplanned.
    """

    record: JobRecord
    tally: Tally
    state: str

    @property
    def left(self) -> int:
        """Rows without an outcome."""
        return self.record.rows - self.tally.total

    def document(self) -> dict[str, Any]:
        """It as JSON."""
        record, words = self.record, words_of(self.record.kind)
        return {
            "job": record.name,
            "kind": record.kind,
            "state": self.state,
            "target": json.loads(record.target),
            "source": json.loads(record.source)["name"],
            "created_at": self._created().isoformat(),
            "counts": words.counts(self.tally),
            f"{words.row}s": record.rows if record.planned else None,
            "left": self.left if record.planned else None,
        }

    def lines(self) -> list[str]:
        """It in words."""
        record, words = self.record, words_of(self.record.kind)
        target: dict[str, Any] = json.loads(record.target)
        aim = ", ".join(f"{name} {value}" for name, value in target.items() if value is not None)
        found = [f"job {record.name}: {_STATES[self.state]}", f"  {record.kind} of {json.loads(record.source)['name']}"]
        found += [f"  {aim}"] if aim else []
        found.append(f"  begun {self._created():%Y-%m-%d %H:%M:%S %z}")
        if record.planned:
            found.append(f"  {number_of(record.rows, words.row)}, {self.left:,} left")
            found += [f"    {word:<14}{count:>10,}" for word, count in words.counts(self.tally).items()]
        return found

    def _created(self) -> datetime:
        return datetime.fromtimestamp(int(self.record.created_at), CHINA)


_STATES = {
    "running": "running",
    "done": "done",
    "interrupted": "interrupted; run it again to go on",
    "unplanned": "unplanned, because its file was not read to the end and nothing was sent; run it again",
}


async def look_at(ledger: Ledger, record: JobRecord) -> Seen:
    """A job as it is now."""
    # First whether it runs: a job that ends in between is rather said to be running than to be interrupted.
    runs = await is_running(ledger, record.name)
    tally = await ledger.tally(record.id)
    if runs:
        state = "running"
    elif not record.planned:
        state = "unplanned"
    else:
        state = "interrupted" if tally.total < record.rows or tally.unknown else "done"
    return Seen(record, tally, state)


async def _job(ledger: Ledger, name: str) -> JobRecord:
    for record in (records := await ledger.jobs()):
        if record.name == name:
            return record
    raise no_such_job(name, records)


def no_such_job(name: str, records: list[JobRecord]) -> ConfigurationError:
    """The error for a name that is no job's."""
    names = ", ".join(repr(record.name) for record in records)
    return ConfigurationError(
        f"there is no job {name!r} in this ledger; {f'it has {names}' if names else 'it has none'}"
    )


def _path(record: JobRecord) -> Path | None:
    path = json.loads(record.source).get("path")
    return Path(path) if isinstance(path, str) else None
