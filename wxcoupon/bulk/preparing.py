"""Getting a job ready to run: planned now, or found as an earlier run planned it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from ..errors import ConfigurationError
from ..identity import Identity
from . import planning
from .aside import aside
from .ledger import JobRecord, Ledger, LedgerError, NewJob
from .pieces import Source
from .progress import Progress
from .reading import SourceChangedError
from .spools import drop_spool
from .task import Task

_IRRELEVANT: Final[dict[str, object]] = {"name": None, "path": None}
"""What may differ between two runs: where the rows are."""


async def prepare(ledger: Ledger, task: Task[Any], source: Source, progress: Progress, caller: Identity) -> JobRecord:
    """The job as the ledger has it, planned now if it was not before.

    Args:
        ledger: what remembers it; the job has to be held.
        task: what it does.
        caller: who makes its calls, which belongs to what it is aimed at.
        source: its rows.
        progress: is told how many rows were looked at.

    Raises:
        ConfigurationError: the ledger has another job of that name.
        SourceChangedError: the job was begun with other rows.
    """
    about = await aside(lambda _: source.about())
    target = dict(task.target)
    target |= {name: value for name in ("mchid", "brand_id") if (value := getattr(caller, name, None)) is not None}
    old = await ledger.find(task.job)
    if old is not None and old.planned:
        try:
            _compare(old, task, target, source, about)
        except ConfigurationError:
            await drop_spool(ledger, about)
            raise
        return old
    await aside(lambda _: task.require(source))
    try:
        record = await ledger.add(NewJob(task.job, task.kind, json.dumps(target, sort_keys=True), json.dumps(about)))
    except LedgerError:
        with suppress(LedgerError):
            await drop_spool(ledger, about)
        raise
    if old is not None:
        await drop_spool(ledger, json.loads(old.source))

    def looked_at(rows: int) -> None:
        progress.read = rows

    surveyed = await aside(lambda stop: planning.survey(source, task, folder=ledger.folder, watch=looked_at, stop=stop))
    plan = planning.chunks(source, task, surveyed)
    while chunks := await aside(lambda _: next(plan, None)):
        await ledger.plan(record.id, chunks)
    return await ledger.planned(record.id, surveyed.rows)


def _compare(
    old: JobRecord, task: Task[Any], target: Mapping[str, object], source: Source, about: Mapping[str, object]
) -> None:
    if old.kind != task.kind:
        raise ConfigurationError(f"job {task.job!r} is another kind of job ({old.kind}); give this one another name")
    before = json.loads(old.target)
    if before != target:
        differing = sorted(name for name in before.keys() | target.keys() if before.get(name) != target.get(name))
        raise ConfigurationError(
            f"job {task.job!r} was begun with another {' and '.join(differing)}; give this one another name"
        )
    if {**json.loads(old.source), **_IRRELEVANT} != {**about, **_IRRELEVANT}:
        raise SourceChangedError(
            f"{source.name} is not what job {task.job!r} was begun with; finish that job with its rows as they were, "
            "read in the same way, or give another name to a job with these"
        )
