"""Work that would hold up the event loop: reading files, looking at millions of rows. And work that has to end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from .ending import outlast

T = TypeVar("T")


async def aside(work: Callable[[threading.Event], T]) -> T:
    """Do *work* in a thread; when nobody waits for it any more it is asked to stop, and waited for.

    Args:
        work: called with an event that is set when it should stop; its error is raised here.
    """
    stop = threading.Event()
    return await to_its_end(asyncio.to_thread(work, stop), cancelled=stop.set)


async def to_its_end(work: Coroutine[Any, Any, T], *, cancelled: Callable[[], object] = lambda: None) -> T:
    """Await *work* until it has ended, however often whoever awaits it is cancelled.

    Args:
        work: what has to end.
        cancelled: called whenever that happens.

    Raises:
        CancelledError: the caller was cancelled meanwhile (a second Ctrl-C, say); the work has ended all the same.
        Exception: what *work* raises.
    """
    task = asyncio.create_task(work)
    if (interruption := await outlast(task, cancelled)) is not None:
        raise interruption
    return task.result()
