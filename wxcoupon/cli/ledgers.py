"""The ledger of a command line: where jobs are remembered, and what a command may do with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Final, TypeAlias

from cyclopts import Parameter

from ..bulk.aside import aside
from ..bulk.ledger import JobHeldError, JobRecord, Ledger
from ..bulk.ledgers.holding import lock_file
from ..bulk.ledgers.sqlite_ledger import SqliteLedger
from ..bulk.pieces import Source
from ..bulk.spools import drop_spool, remove_job
from ..errors import ConfigurationError
from .failure import UsageError

DEFAULT: Final = "wxcoupon-ledger.sqlite"
"""The ledger when none is named, in the current directory."""


def _no_option(_: type, value: str) -> None:
    if not value.strip():
        raise ValueError("It is empty.")


LedgerFile: TypeAlias = Annotated[str, Parameter(validator=_no_option)]
"""LEDGER: the path of an SQLite file."""


def ledger_path(given: str) -> Path:
    """The file of a ledger.

    Raises:
        UsageError: it is an address. That may hold a password, so it is not repeated.
    """
    if "://" in given:
        scheme = given.partition(":")[0]
        raise UsageError(f"--ledger: {scheme}:// is no ledger here; a ledger is a file on this machine, give its path.")
    return Path(given)


def ledger_to_run(given: str) -> SqliteLedger:
    """The ledger for a job to be run, made when it is not there."""
    return SqliteLedger(ledger_path(given))


def ledger_to_read(given: str) -> SqliteLedger:
    """A ledger that is there.

    Raises:
        ConfigurationError: it is not.
    """
    path = ledger_path(given)
    if not path.is_file():
        raise ConfigurationError(f"there is no ledger {path}; name the one that the job was run with (--ledger PATH)")
    return SqliteLedger(path)


async def forget(ledger: Ledger, record: JobRecord) -> None:
    """Forget a job of which nothing was sent, so that its file may be mended and given again under the same name."""
    await remove_job(ledger, record.name)


async def renew(ledger: Ledger, name: str, source: Source) -> None:
    """Forget a job, if there is one, so that it is done again under the same request numbers.

    Args:
        ledger: what has it.
        name: the job.
        source: the rows it is to be done with, which are kept.
    """
    async with ledger.hold(name):
        if (old := await ledger.find(name)) is None:
            return
        await ledger.remove(name)
        was, about = json.loads(old.source), await aside(lambda _: source.about())
        if was.get("path") != about["path"]:
            await drop_spool(ledger, was)


async def is_running(ledger: Ledger, name: str) -> bool:
    """Whether some process is at the job now."""
    if ledger.folder is not None and not lock_file(ledger.folder, name).exists():
        return False  # nobody is held up by being looked at while he begins
    try:
        async with ledger.hold(name):
            return False
    except JobHeldError:
        return True
