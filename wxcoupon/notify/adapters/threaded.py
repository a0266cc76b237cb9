"""Callbacks for code without an event loop, as views of Flask and of Django under WSGI.

The locks of a router, what it does behind an answer and the client its handlers use belong to one event loop. Under
WSGI there is none, so they get one, in a thread of its own, which serves all threads of the process.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import sys
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from ...errors import ClientStateError
from .. import replies
from ..headers import Headers
from ..replies import Reply
from ..router import Router
from ..working import log
from .serving import GRACE, Needed, serving

R = TypeVar("R")

_open: Final[set[Threaded]] = set()
_at_end: Final[Callable[[Callable[[], None]], object]] = getattr(threading, "_register_atexit", atexit.register)
"""What calls at the end of the interpreter: where Python has it, what it has for its pools of threads, which calls last
what was registered first. Theirs was, as they are imported above; behind it no handler could get a thread any more."""
_NO_NEW_THREADS: Final = (3, 12) <= sys.version_info < (3, 12, 3)
"""Whether this Python begins no thread once the interpreter ends, though handlers and stores need some yet. Python
3.12.3 and 3.13 do again what 3.11 did: https://github.com/python/cpython/issues/113964."""
_MOST: Final = min(32, (os.cpu_count() or 1) + 4)
"""Functions that may run at once, as many as asyncio has threads for by itself."""


class Threaded:
    """A router in an event loop of its own, for any number of threads.

    ::

        callbacks = Threaded(Router(Tenant(apiv3_key, client=client), store=store), client, store)
        reply = callbacks.handle(request.environ, request.get_data())

    The thread begins with the first callback, so a server that forks before it serves may load the service first. The
    router and the client must not be used in another event loop. Handlers that are coroutine functions run in this
    loop; the others run in further threads.

    Where what is needed cannot be entered, as when a database is locked, that is logged, the callback is answered with
    500, to come again, and the next one tries anew.

    It is closed when the interpreter ends, as it does when a server stops its workers in order, or by :meth:`close`.

    Args:
        router: takes the callbacks.
        needed: what is entered before the first callback, in this order, and left behind it: the client, the store, a
            confirmer.
        seconds: in which handlers may end when it is closed; then they are cancelled. None for no end.
    """

    def __init__(self, router: Router, *needed: Needed, seconds: float | None = GRACE) -> None:
        self.router = router
        self._needed = needed
        self._seconds = seconds
        self._serving: AbstractAsyncContextManager[None] | None = None
        self._serves: asyncio.Task[AbstractAsyncContextManager[None]] | None = None
        self._lock = threading.Lock()
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._pool = ThreadPoolExecutor(_MOST, "wxcoupon-handler")
        self._asked: set[asyncio.Task[Any]] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def handle(self, headers: Headers, body: bytes, tenant: str | None = None) -> Reply:
        """Take one callback and wait for its answer; see :meth:`wxcoupon.notify.Router.handle`.

        Raises:
            ClientStateError: it took callbacks before this process was forked off.
        """
        with self._lock:
            if self._closed:
                return replies.CLOSING
            if self._forked():
                raise ClientStateError(
                    "this took callbacks before the process was forked, which leaves the thread behind"
                )
            asked = self._submit(self._answered(headers, body, tenant))
        try:
            return asked.result()
        except CancelledError:
            return replies.CLOSING

    def close(self) -> None:
        """Take no more callbacks, wait for the handlers that run, close the others, and end the thread."""
        with self._lock:
            if self._closed or self._forked():
                return
            self._closed = True
            ending = self._submit(self._end())
            loop, thread = self._loop, self._thread
        assert loop is not None and thread is not None  # noqa: S101, PT018 - what submits has begun both
        _open.discard(self)
        try:
            ending.result()
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()
            self._pool.shutdown()

    def _forked(self) -> bool:
        return self._thread is not None and not self._thread.is_alive()

    def _submit(self, work: Coroutine[Any, Any, R]) -> Future[R]:
        if self._loop is None:
            if _NO_NEW_THREADS:
                _begin_all(self._pool, _MOST)
            self._loop = asyncio.new_event_loop()
            self._loop.set_default_executor(self._pool)
            self._thread = threading.Thread(target=self._loop.run_forever, name="wxcoupon-notify", daemon=True)
            self._thread.start()
            _open.add(self)
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _answered(self, headers: Headers, body: bytes, tenant: str | None) -> Reply:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - this is a coroutine
        self._asked.add(task)
        try:
            if self._serving is None:
                try:
                    await self._entered()
                except Exception as error:  # noqa: BLE001 - whatever what is needed raises; it may do better next time
                    self.router.counts.received += 1
                    self.router.counts.failed += 1
                    self.router._works.report("what the callbacks need", error, None)  # noqa: SLF001 - its outer half
                    return replies.FAILED
            return await self.router.handle(headers, body, tenant)
        finally:
            self._asked.discard(task)

    async def _entered(self) -> None:
        """Enter what is needed, once for all who wait for it; after a failure whoever comes next begins anew."""
        if self._serves is None:
            self._serves = asyncio.create_task(self._enter())
        serves = self._serves
        try:
            self._serving = await asyncio.shield(serves)
        finally:
            if serves.done() and self._serves is serves:
                self._serves = None

    async def _enter(self) -> AbstractAsyncContextManager[None]:
        # A context of this kind is entered once, so a new one is made for every attempt.
        entering = serving(self.router, self._needed, self._seconds)
        await entering.__aenter__()
        return entering

    async def _end(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            if self._serving is None:
                await self._entered()
            assert self._serving is not None  # noqa: S101 - it is entered
            await self._serving.__aexit__(None, None, None)
        finally:
            await asyncio.gather(*self._asked, return_exceptions=True)  # they wait for nothing any more
            rest = asyncio.all_tasks() - {asyncio.current_task()}
            for task in rest:
                task.cancel()
            await asyncio.gather(*rest, return_exceptions=True)
            await loop.shutdown_asyncgens()


def _begin_all(pool: ThreadPoolExecutor, most: int) -> None:
    """Begin every thread of a pool now, so that it needs no other one later."""
    all_here = threading.Barrier(most + 1)
    try:
        for _ in range(most):
            pool.submit(all_here.wait)
        all_here.wait()
    except BaseException:
        all_here.abort()
        raise


def _close_all() -> None:
    for callbacks in tuple(_open):
        try:
            callbacks.close()
        except Exception as error:  # noqa: BLE001 - the others are to be closed too
            log.error("a router did not close in order: %s", type(error).__name__)


_at_end(_close_all)
