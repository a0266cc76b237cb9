"""Ending a task for good, however often whoever ends it is cancelled meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any


async def outlast(
    task: asyncio.Task[Any], cancelled: Callable[[], object] = lambda: None
) -> asyncio.CancelledError | None:
    """Wait until *task* has ended, however often whoever waits is cancelled; its own error is not raised.

    Args:
        task: what has to end.
        cancelled: called whenever the waiting is cancelled.

    Returns:
        The last cancellation, which the caller has to raise; None when there was none.
    """
    interruption: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})  # which, unlike gather, does not hand the cancellation on to the clean-up
        except asyncio.CancelledError as error:
            interruption = error
            cancelled()
    if not task.cancelled():
        task.exception()
    return interruption


async def end(task: asyncio.Task[Any]) -> None:
    """Cancel *task* and wait until it has ended; its own error is not raised.

    Raises:
        CancelledError: the caller was cancelled meanwhile (a second Ctrl-C, say); the task has ended all the same.
    """
    task.cancel()
    if (interruption := await outlast(task)) is not None:
        raise interruption
