"""Running a job to its end, however it ends, and what that makes of the command."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import attrs
from cyclopts import Parameter

from ..bulk.engine import Run
from ..bulk.outcomes import Settled
from ..bulk.verdicts import Ending
from ..client import Client
from ..errors import LocalError, UnreachableError, WxCouponError
from .failure import Interrupted, PartDone, exit_status
from .ledgers import DEFAULT, LedgerFile
from .options import Count, Flag
from .showing import Mode, showing
from .text import number_of, say
from .words import Words

R = TypeVar("R")

_AGAIN: Final = "run the same command again: the job goes on where it ended, and nothing is doubled"
_UNTOUCHED: Final = "nothing was sent; run the same command again"


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class Running:
    """How a job is run.

    Attributes:
        ledger: SQLite file in which jobs are remembered; made when it is not there.
        concurrency: Calls under way at once.
        rate: Calls a second (0.5 is one in two), instead of 95 % of the documented limit; in whole calls a minute.
        progress: How much stderr shows.
        dry_run: Send nothing and remember nothing: look at the whole file, count, and say how long the job will take.
    """

    ledger: LedgerFile = DEFAULT
    concurrency: Count = 8
    rate: float | None = None
    progress: Mode = "auto"
    dry_run: Flag = False


AS_USUAL: Final = Running()
"""Everything by its default."""


async def _nothing() -> None:
    pass


async def carry_out(
    client: Client[Any],
    work: Run[R],
    words: Words,
    *,
    title: str,
    mode: str,
    begin: Callable[[], Awaitable[None]] = _nothing,
    tell: Callable[[Settled[R]], None] = lambda _: None,
) -> Exception | None:
    """Run a job to its end.

    Args:
        client: its client, which is closed afterwards.
        work: the job.
        words: what its outcomes are called.
        title: what it does.
        mode: how its progress is shown.
        begin: called once before the first call's end is looked at.
        tell: called with every call that ended.

    Returns:
        What the command has to end with once everything is told; None when all was done.

    Raises:
        WxCouponError: the job was not begun, and nothing was sent.
        Interrupted: it was interrupted before it was begun.
    """
    is_begun = is_sent = False
    fault: Exception | None = None
    try:
        async with showing(work.progress, mode, title, words), client, work:
            is_begun = True
            await begin()
            async for settled in work:
                is_sent = is_sent or not isinstance(settled.error, LocalError)
                tell(settled)
    except asyncio.CancelledError:
        if (task := asyncio.current_task()) is not None:
            task.uncancel()  # what is left is to say what became of the job
        if not is_begun:
            raise Interrupted(_UNTOUCHED) from None
        fault = Interrupted(_AGAIN)
    except WxCouponError as error:
        if not is_begun:
            raise
        # Where a call ended the job, it is known whether any was sent; where the ledger or the file did, one may be.
        is_sent = is_sent or error is not work.stopped
        fault = PartDone(error) if is_sent and exit_status(error) == exit_status(LocalError()) else error
    for settled in work.rest:
        tell(settled)
    return fault


def say_what_is_left(work: Run[Any], words: Words, fault: Exception | None) -> None:
    """Say that a job is not over and what it waits for, or that it was over before.

    Args:
        work: the job.
        words: what its outcomes are called.
        fault: what it ended with.
    """
    progress = work.progress
    left = f"{number_of(progress.left, words.row)} {'is' if progress.left == 1 else 'are'} not sent yet"
    if work.stopped is not None and work.stopped is fault:
        if isinstance(fault, UnreachableError):
            say(f"no connection was made, so what is counted as {Ending.FAILED} without an answer was not sent either")
        if progress.left:
            say(f"{left}: what stopped the job, below, holds for all of them")
        return
    # What was settled without an answer or an error was under way when the run was left.
    doubtful = sum(settled.chunk.tally.unknown for settled in work.rest if settled.error is None)
    if isinstance(fault, Interrupted) and doubtful:
        were = "was in a call" if doubtful == 1 else "were in calls"
        say(f"{number_of(doubtful, words.row)} {were} under way when interrupted; the next run learns the outcome")
    if progress.left:
        say(f"{left}; run the same command again to go on")
    elif progress.earlier == progress.rows > progress.tally.invalid:
        say(f"job {work.job!r} was finished before; nothing was sent now")
