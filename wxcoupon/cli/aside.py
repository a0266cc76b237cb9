"""Reading what may say nothing for long, a pipe or a terminal, so that Ctrl-C and SIGTERM are heard meanwhile."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


async def abandonable(read: Callable[[], T]) -> T:
    """Call *read* in a thread of its own and return what it returns; once nobody waits for it, it is left alone.

    The thread is a daemon, because the loop's own threads are waited for at its end, and this one may never end.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def answer(result: Any, error: Exception | None) -> None:
        if future.done():
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    def run() -> None:
        result: T | None = None
        fault: Exception | None = None
        try:
            result = read()
        except Exception as error:  # noqa: BLE001 - it is raised where the result is awaited
            fault = error
        with suppress(RuntimeError):  # the loop is closed: the command was interrupted
            loop.call_soon_threadsafe(answer, result, fault)

    threading.Thread(target=run, name="wxcoupon-aside", daemon=True).start()
    return await future
