"""The files of ours that hold rows which are in no plain file, for as long as a job of their ledger needs them.

A job needs them to go on, and when it is over for its report. So they stay until the job is removed.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from .aside import aside
from .ledger import Ledger

_DAY: Final = 86_400
"""Seconds after which nobody is about to begin a job with a file of rows."""


async def remove_job(ledger: Ledger, name: str) -> None:
    """Forget a job, and remove the file that its rows were kept in, if the ledger has one and no other job needs it.

    A file that the job was given stays. Where there is no such job, nothing happens.

    Raises:
        JobHeldError: it is being run.
        LedgerError: the ledger cannot be read or written.
    """
    async with ledger.hold(name):
        record = await ledger.find(name)
        if record is not None:
            await ledger.remove(name)
            await drop_spool(ledger, json.loads(record.source))


async def drop_spool(ledger: Ledger, about: Mapping[str, Any]) -> None:
    """Remove the file that rows were kept in, if it is the ledger's own and no job needs it.

    Args:
        ledger: whose it may be.
        about: what the source says of itself.
    """
    path, folder = about.get("path"), ledger.folder
    if path is None or folder is None or not _is_in(path, folder):
        return
    if not any(json.loads(job.source).get("path") == path for job in await ledger.jobs()):
        await aside(lambda _: _unlink(Path(path)))


async def sweep_spools(ledger: Ledger) -> None:
    """Remove the ledger's files of rows that no job needs and that a day has passed over.

    They are left by whoever was killed or cancelled before there was a job. A younger one may be about to have its job.
    A job needs what has its file's name, wherever that was: a ledger may be moved, and moved back.
    """
    folder = ledger.folder
    if folder is None:
        return
    paths = [json.loads(job.source).get("path") for job in await ledger.jobs()]
    needed = {Path(path).name for path in paths if path is not None}
    await aside(lambda _: _sweep(folder, needed))


def _sweep(folder: Path, needed: Collection[str]) -> None:
    young = time.time() - _DAY
    for path in folder.glob("*.rows"):
        with suppress(OSError):
            if path.name not in needed and path.stat().st_mtime < young:
                path.unlink()


def _is_in(path: str, folder: Path) -> bool:
    return Path(path).parent == Path(os.path.abspath(folder))  # noqa: PTH100 - a link stays a link, as in sources


def _unlink(path: Path) -> None:
    with suppress(OSError):  # one that is open cannot be removed everywhere
        path.unlink()
