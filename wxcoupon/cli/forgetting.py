"""``wxcoupon codes forget``: a job, or all top-ups of a watch, taken out of a ledger."""

from __future__ import annotations

import json as json_format
import re
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from ..bulk.aside import aside
from ..bulk.ledger import JobRecord, Ledger
from ..bulk.spools import remove_job
from .inspecting import Seen, look_at, no_such_job
from .ledgers import DEFAULT, LedgerFile, ledger_to_read
from .options import Json, Name
from .text import emit, number_of, say
from .words import words_of


async def forget(job: Name, /, *, ledger: LedgerFile = DEFAULT, json: Json = False) -> int:
    """Take a job out of the ledger.

    Args:
        job: The job, or the name of a watch, which stands for all its top-ups.
        ledger: SQLite file in which jobs are remembered.
        json: Write JSON to stdout and nothing else there.
    """
    done: list[dict[str, Any]] = []
    async with ledger_to_read(ledger) as book, AsyncExitStack() as stack:
        records = _named(job, await book.jobs())
        if records[0].name != job:
            for stock in {json_format.loads(record.target)["stock_id"] for record in records}:
                await stack.enter_async_context(book.hold(f"watch {stock}"))
        for record in records:
            seen = await look_at(book, record)
            removed = await _remove(book, record)
            done.append(seen.document() | {"removed": removed})
            if not json:
                print(_as_text(seen, removed), flush=True)
    if json:
        emit({"ledger": ledger, "jobs": done})
    if any(one["state"] != "unplanned" for one in done):
        say("what was sent stays with WeChat Pay; the same rows under that name are sent once more, and done once")
    return 0


def _named(name: str, records: list[JobRecord]) -> list[JobRecord]:
    """The job of that name, or the top-ups of that watch, the last first: what is left begins where it began."""
    if found := [record for record in records if record.name == name]:
        return found
    top_up = re.compile(rf"{re.escape(name)} #([0-9]+)")
    numbered = [(int(match[1]), record) for record in records if (match := top_up.fullmatch(record.name))]
    if not numbered:
        raise no_such_job(name, records)
    return [record for _, record in sorted(numbered, key=lambda pair: -pair[0])]


async def _remove(ledger: Ledger, record: JobRecord) -> str | None:
    """Remove a job; gives the file of the ledger that went with it."""
    path: str | None = json_format.loads(record.source).get("path")
    if path is None:
        await remove_job(ledger, record.name)
        return None
    was_there = await aside(lambda _: Path(path).exists())
    await remove_job(ledger, record.name)
    return path if was_there and not await aside(lambda _: Path(path).exists()) else None


def _as_text(seen: Seen, removed: str | None) -> str:
    record, words = seen.record, words_of(seen.record.kind)
    counts = ", ".join(f"{count:,} {word}" for word, count in words.counts(seen.tally).items() if count)
    said = f"job {record.name} is forgotten"
    if record.planned:
        said += f": {number_of(record.rows, words.row)}" + (f", {counts}" if counts else "")
    return f"{said}\n  removed {removed}, which kept its rows" if removed else said
