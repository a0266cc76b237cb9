"""A sandbox that runs in a thread of its own, for what has no event loop or starts processes."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from wxcoupon.sandbox import Sandbox


@contextmanager
def running(sandbox: Sandbox) -> Iterator[Sandbox]:
    """Run *sandbox* until the block ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(sandbox.start(), loop).result()
        yield sandbox
        asyncio.run_coroutine_threadsafe(sandbox.stop(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
