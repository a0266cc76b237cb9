"""``wxcoupon notify listen``: a service that takes callbacks and prints them."""

from __future__ import annotations

import asyncio
import json as jsonlib
import os
import signal
import sys
from contextlib import suppress
from typing import Final

from aiohttp import web

from ..errors import ClockSkew, UnreadableAnswer, UntrustedAnswer, WxCouponError
from ..notify import CannotOpen, Reply, TooLarge, replies
from ..notify.receive import MOST_BYTES
from .failure import UsageError
from .notify_opening import Opener, opener, shown
from .options import USUAL, Connection, Whole
from .text import json_text, say

_PATIENCE: Final = 1.0
"""Seconds a callback under way may take when the service stops."""
_REPLIES: Final[tuple[tuple[type[WxCouponError], Reply], ...]] = (
    (ClockSkew, replies.STALE),
    (TooLarge, replies.TOO_LARGE),
    (UntrustedAnswer, replies.NOT_PROVEN),
    (CannotOpen, replies.CANNOT_OPEN),
    (UnreadableAnswer, replies.UNREADABLE),
)
"""The first class an error belongs to says what a callback is answered."""


async def listen(*, host: str = "127.0.0.1", port: Whole = 0, path: str = "/", connection: Connection = USUAL) -> None:
    """Take callbacks and print each, until it is stopped.

    Args:
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one.
        path: Path of the address that callbacks are sent to.
        connection: Settings.
    """
    if not 0 <= port <= 65535:
        raise UsageError(f"{port} is no port; it is 0 to 65535.")
    if not path.startswith("/") or "?" in path:
        raise UsageError(f"--path {path!r} is no path; it begins with / and has no query.")
    async with opener(connection.settings()) as opening:
        await _Service(opening, path, as_json=connection.json).serve(host, port)


class _Service:
    """Takes callbacks at one path.

    Args:
        opening: proves and opens them.
        path: where.
        as_json: whether stderr gets JSON.
    """

    def __init__(self, opening: Opener, path: str, *, as_json: bool) -> None:
        self._opening = opening
        self._path = path
        self._as_json = as_json
        self._stopped = asyncio.Event()
        self._unwritten: OSError | None = None

    async def serve(self, host: str, port: int) -> None:
        """Listen, say where, and serve until it is stopped.

        Raises:
            UsageError: it cannot listen there.
            OSError: stdout cannot be written any more.
        """
        with suppress(NotImplementedError):  # on Windows, where being terminated is the end anyway
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._stopped.set)
        app = web.Application(client_max_size=MOST_BYTES)
        app.router.add_route("POST", "/{path:.*}", self._take)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_PATIENCE)
        await runner.setup()
        try:
            try:
                await web.TCPSite(runner, host, port).start()
            except OSError as error:
                raise UsageError(
                    f"cannot listen at {host}:{port} ({error.strerror or error}); give another --host or --port."
                ) from None
            shown_host = f"[{host}]" if ":" in host else host
            url = f"http://{shown_host}:{runner.addresses[0][1]}{self._path}"
            print(jsonlib.dumps({"url": url, "pid": os.getpid()}), flush=True)
            await self._stopped.wait()
        finally:
            await runner.cleanup()
        if self._unwritten is not None:
            raise self._unwritten

    async def _take(self, request: web.Request) -> web.Response:
        if request.path != self._path:
            self._refuse("WrongPath", f"{request.path!r} is not {self._path!r}", 404)
            return web.Response(status=404)
        reply = await self._reply(request)
        return web.Response(status=reply.status, headers=reply.headers, body=reply.body or None)

    async def _reply(self, request: web.Request) -> Reply:
        try:
            body = await request.read()
            notification = await self._opening.proven(request.headers, body)
        except web.HTTPRequestEntityTooLarge:
            self._refuse("TooLarge", f"the callback has more than {MOST_BYTES} bytes", 413)
            return replies.TOO_LARGE
        except WxCouponError as error:
            reply = next((reply for kind, reply in _REPLIES if isinstance(error, kind)), replies.FAILED)
            self._refuse(type(error).__name__, str(error), reply.status)
            return reply
        try:
            print(json_text(shown(notification)), flush=True)
        except OSError as error:
            self._unwritten = error
            self._stopped.set()
            return replies.FAILED
        return replies.DONE

    def _refuse(self, kind: str, message: str, status: int) -> None:
        if self._as_json:
            refused = {"refused": {"type": kind, "message": message, "status": status}}
            print(jsonlib.dumps(refused), file=sys.stderr, flush=True)
        else:
            say(f"refused with {status}: {kind}: {message}")
