"""``--dry-run``: a job that looks at every row of its source, and does nothing else."""

from __future__ import annotations

import asyncio
import math
from typing import Any

from ..bulk import planning
from ..bulk.aside import aside
from ..bulk.ledger import Tally
from ..bulk.pieces import Source
from ..bulk.progress import Progress
from ..bulk.task import Task
from .failure import Interrupted
from .showing import showing
from .text import conclude, duration, json_text, number_of, say
from .words import Words

NOTHING = 2
"""The exit status where not a single row can be sent."""


async def rehearse(
    source: Source,
    task: Task[Any],
    words: Words,
    *,
    pace: float | None,
    mode: str,
    as_json: bool,
    output: str,
) -> int:
    """Look at all rows, and say what a run would do and how long it would take.

    Args:
        source: the rows; closed afterwards.
        task: what would be done with them.
        words: what its outcomes are called.
        pace: calls a second; None for no limit.
        mode: how the progress is shown.
        as_json: whether the summary is JSON.
        output: what the member is called that names a job's report, null here.

    Returns:
        The exit status: 0, or 2 if nothing can be sent.
    """
    progress = Progress()

    def looked_at(rows: int) -> None:
        progress.read = rows

    try:
        async with showing(progress, mode, "reading", words):
            found = await aside(lambda stop: planning.survey(source, task, watch=looked_at, stop=stop))
    except asyncio.CancelledError:
        raise Interrupted("nothing was sent, and nothing is remembered") from None
    finally:
        source.close()
    calls = math.ceil(found.sendable / task.size)
    seconds = None if pace is None else max(calls - 1, 0) / pace
    counts = words.counts(Tally(invalid=found.invalid, duplicate=found.duplicate))
    if as_json:
        said: dict[str, Any] = {"job": task.job, "counts": counts, f"{words.row}s": found.rows, output: None}
        faults = [{words.row: fault.line, "reason": fault.reason} for fault in found.faults]
        said |= {"dry_run": True, "to_send": found.sendable, "calls": calls, "calls_per_second": pace}
        conclude(json_text(said | {"seconds": None if seconds is None else round(seconds, 1), "faults": faults}))
    else:
        for fault in found.faults:
            say(f"line {fault.line}: invalid: {fault.reason}")
        if found.invalid > len(found.faults):
            say(f"and {number_of(found.invalid - len(found.faults), 'more line')} {_are(found.invalid)} invalid")
        rows = [("to send", found.sendable), ("duplicate", found.duplicate), ("invalid", found.invalid)]
        lines = [f"job {task.job}: {number_of(found.rows, words.row)}; nothing was sent"]
        lines += [f"  {word:<14}{number:>10,}" for word, number in rows]
        conclude("\n".join([*lines, f"  {_how_long(calls, seconds, pace)}"]))
    return 0 if found.sendable else NOTHING


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _how_long(calls: int, seconds: float | None, pace: float | None) -> str:
    if not calls:
        return "nothing of it can be sent"
    if seconds is None or pace is None:
        return f"{number_of(calls, 'call')}; no limit of calls a second is documented"
    return f"{number_of(calls, 'call')} at {pace:,.2f} a second: {duration(seconds)}"
