"""What became of a job, row by row and in the order of its source, as far as its ledger knows."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from ..errors import ConfigurationError
from .aside import aside
from .ledger import Chunk, JobRecord, Ledger, State
from .outcomes import RowEnd, row_ends
from .pieces import Source
from .reading import SourceChangedError, reopen_source
from .verdicts import Verdicts

_AT_ONCE = 50
"""Chunks that are read at once."""


async def planned_job(ledger: Ledger, name: str) -> JobRecord:
    """The job of that name.

    Raises:
        ConfigurationError: there is none, or it ended before it had sent anything.
    """
    record = await ledger.find(name)
    if record is None:
        names = ", ".join(repr(job.name) for job in await ledger.jobs())
        raise ConfigurationError(
            f"there is no job {name!r} in this ledger; {f'it has {names}' if names else 'it has none'}"
        )
    if not record.planned:
        raise ConfigurationError(f"job {name!r} ended while its source was read, and sent nothing; run it again")
    return record


def source_of(record: JobRecord) -> Source:
    """The source of a job, to be read again.

    Raises:
        SourceChangedError: it is not what it was.
        ConfigurationError: it is not there any more.
    """
    about: Mapping[str, Any] = json.loads(record.source)
    source = reopen_source(about)
    try:
        is_same = source.about()["digest"] == about["digest"]
    except BaseException:
        source.close()
        raise
    if not is_same:
        source.close()
        raise SourceChangedError(
            f"{source.name} is not what job {record.name!r} was begun with; put the file back as it was"
        )
    return source


async def every_row(
    ledger: Ledger, record: JobRecord, source: Source, *, troubled: bool = False
) -> AsyncGenerator[RowEnd]:
    """Every row of a job with its outcome, which is None where there is none yet.

    Args:
        ledger: what has the job.
        record: the job.
        source: its source, as it was.
        troubled: leave out whole calls of which every row was done.
    """
    after = -1
    while chunks := await ledger.chunks(record.id, after=after, most=_AT_ONCE, troubled=troubled):
        after = chunks[-1].seq
        for rows in await aside(lambda _, chunks=chunks: [_rows(source, chunk) for chunk in chunks]):  # type: ignore[misc]
            for row in rows:
                yield row
    # A file that was written to meanwhile tells of codes that nobody sent.
    await aside(lambda _: source.about())


def _rows(source: Source, chunk: Chunk) -> list[RowEnd]:
    piece = source.read(chunk.offset, chunk.length, chunk.line)
    return row_ends(piece, Verdicts.read(chunk.detail), pending=chunk.state in {State.OPEN, State.TAKEN})
