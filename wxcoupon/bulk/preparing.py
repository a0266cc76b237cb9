"""Getting a job ready to run: planned now, or found as an earlier run planned it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from ..client import Client
from ..errors import ConfigurationError, WxCouponError
from . import planning
from .aside import aside, to_its_end
from .drafting import Draft
from .ledger import JobRecord, Ledger, NewJob
from .pieces import Source
from .progress import Progress
from .reading import SourceChangedError
from .spools import drop_spool, sweep_spools
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
    try:
        about = await aside(lambda _: source.about())
        target = _target(task, client)
        old = await ledger.find(task.job)
        if old is not None and old.planned:
            _compare(old, task, target, source, about)
            return old
        await aside(lambda _: task.require(source))
        new = NewJob(task.job, task.kind, json.dumps(target, sort_keys=True), json.dumps(about))
        record = await ledger.add(new)
    except BaseException:  # a cancellation too: what its rows were kept in is nobody's then
        await to_its_end(_give_up(ledger, source))
        raise
    if old is not None:
        await drop_spool(ledger, json.loads(old.source))
    await sweep_spools(ledger)

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


def _target(task: Task[Any], client: Client[Any]) -> dict[str, object]:
    """What a job is aimed at: what its task says, who calls, and where."""
    target: dict[str, object] = dict(task.target)
    for name in ("mchid", "brand_id"):
        if (value := getattr(client.identity, name, None)) is not None:
            target[name] = value
    return target | {"host": client.host}


async def _give_up(ledger: Ledger, source: Source) -> None:
    with suppress(WxCouponError):  # it may stay, then
        await drop_spool(ledger, await aside(lambda _: source.about()))


def _compare(
    old: JobRecord, task: Task[Any], target: Mapping[str, object], source: Source, about: Mapping[str, object]
) -> None:
    if old.kind != task.kind:
        raise ConfigurationError(f"job {task.job!r} is another kind of job ({old.kind}); give this one another name")
    before = {"host": target["host"], **json.loads(old.target)}  # which jobs of earlier versions do not name
    differing = sorted(name for name in before.keys() | target.keys() if before.get(name) != target.get(name))
    if differing == ["host"]:
        raise ConfigurationError(
            f"job {task.job!r} was begun with the host {before['host']}, and this client calls {target['host']}; go on "
            "with it there. Under another name, or after it was removed, all of its rows are sent here, also what was "
            "done there"
        )
    if differing:
        raise ConfigurationError(
            f"job {task.job!r} was begun with another {' and '.join(differing)}; give this one another name"
        )
    if {**json.loads(old.source), **_IRRELEVANT} != {**about, **_IRRELEVANT}:
        raise SourceChangedError(
            f"{source.name} is not what job {task.job!r} was begun with; finish that job with its rows as they were, "
            "read in the same way, or give another name to a job with these"
        )
