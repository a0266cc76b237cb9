"""Getting a job ready to run: planned now, or found as an earlier run planned it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from ..client import Client
from ..errors import ConfigurationError
from . import planning
from .aside import aside
from .drafting import Draft
from .ledger import JobRecord, Ledger, LedgerError, NewJob
from .pieces import Source
from .progress import Progress
from .reading import SourceChangedError
from .spools import drop_spool
from .task import Task

_IRRELEVANT: Final[dict[str, object]] = {"name": None, "path": None}
"""What may differ between two runs: where the rows are."""


async def prepare(
    ledger: Ledger, task: Task[Any], source: Source, progress: Progress, client: Client[Any]
) -> JobRecord:
    """The job as the ledger has it, planned now if it was not before.

    Args:
        ledger: what remembers it; the job has to be held.
        task: what it does.
        source: its rows.
        progress: is told how many rows were looked at.
        client: makes its calls: as whom and to which host belongs to what it is aimed at, or a job that was tried with
            a sandbox would be done already when it is run in earnest.

    Raises:
        ConfigurationError: the ledger has another job of that name.
        SourceChangedError: the job was begun with other rows.
    """
    about = await aside(lambda _: source.about())
    target = dict(task.target)
    for name in ("mchid", "brand_id"):
        if (value := getattr(client.identity, name, None)) is not None:
            target[name] = value
    target["host"] = client.host
    old = await ledger.find(task.job)
    if old is not None and old.planned:
        try:
            _compare(old, task, target, source, about)
        except ConfigurationError:
            await drop_spool(ledger, about)
            raise
        return old
    await aside(lambda _: task.require(source))
    new = NewJob(task.job, task.kind, json.dumps(target, sort_keys=True), json.dumps(about))
    try:
        record = await ledger.add(new)
    except LedgerError:
        with suppress(LedgerError):
            await drop_spool(ledger, about)
        raise
    if old is not None:
        await drop_spool(ledger, json.loads(old.source))

    def looked_at(rows: int) -> None:
        progress.read = rows

    with Draft(source, task, about, folder=ledger.folder, watch=looked_at) as draft:
        while chunks := await aside(draft.more):
            await ledger.plan(record.id, chunks)
        found = await aside(draft.found)
    if not found.repeats.none:
        record = await ledger.add(new)  # in place of the draft; the rows are the same, so what keeps them stays
        plan = planning.chunks(source, task, found)
        while cut := await aside(lambda _: next(plan, None)):
            await ledger.plan(record.id, cut)
    return await ledger.planned(record.id, found.rows)


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
