"""Ending a task for good, however often whoever ends it is cancelled meanwhile."""

from __future__ import annotations

import asyncio
from typing import Any


async def end(task: asyncio.Task[Any]) -> None:
    """Cancel *task* and wait until it has ended; its own error is not raised.

    Raises:
        CancelledError: the caller was cancelled meanwhile (a second Ctrl-C, say); the task has ended all the same.
    """
    task.cancel()
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})  # which, unlike gather, does not hand the cancellation on to the clean-up
        except asyncio.CancelledError as error:
            cancelled = error
    if not task.cancelled():
        task.exception()
    if cancelled is not None:
        raise cancelled
