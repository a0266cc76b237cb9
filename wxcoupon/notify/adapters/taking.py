"""Taking a callback from a framework: its bytes are read, as many as the router takes, and handed over.

Rule 1: who announces too many bytes is refused before any is read.
Rule 2: who announces nothing is read until there are too many, and no further. What comes behind that is the server's
        to drain or to cut off, which all of them do.
Rule 3: a body has :data:`SECONDS` to come. Where there is no event loop, under WSGI, the server's own limit has to do,
        as gunicorn's ``--timeout`` or the one of the proxy before it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Callable
from typing import Final

from .. import replies
from ..headers import Headers
from ..replies import Reply
from ..router import Router
from ..working import log

SECONDS: Final = 5.0
"""Seconds in which a body has to be there, or it is answered with 408; WeChat Pay waits no longer for the answer."""
_PIECE: Final = 1 << 16
"""Bytes that are asked for at once."""


async def taken(
    router: Router,
    headers: Headers,
    announced: int | str | None,
    pieces: AsyncIterable[bytes],
    tenant: str | None,
) -> Reply:
    """Read a body piece by piece, and let the router answer.

    Args:
        router: takes the callback.
        headers: as :meth:`Router.handle` takes them.
        announced: the request's Content-Length; None where it has none.
        pieces: the body.
        tenant: whom it was sent to, where the path says so.
    """
    most = limit(router)
    if exceeds(announced, most):
        return too_large(router)
    body = bytearray()
    try:
        async with asyncio.timeout(SECONDS):
            async for piece in pieces:
                body += piece
                if len(body) > most:
                    return too_large(router)
    except TimeoutError:
        router.counts.received += 1
        router.counts.forged += 1
        log.info("a callback was refused: its body was not there after %g seconds", SECONDS)
        return replies.TOO_SLOW
    return await router.handle(headers, bytes(body), tenant)


def read(router: Router, announced: int | str | None, reading: Callable[[int], bytes]) -> bytes | None:
    """Read a body from what is like a file; None when it is too large.

    Args:
        router: whose limit holds.
        announced: the request's Content-Length; None where it has none.
        reading: gives up to so many of the next bytes, and none at the end.
    """
    most = limit(router)
    if exceeds(announced, most):
        return None
    body = bytearray()
    while piece := reading(min(_PIECE, most + 1 - len(body))):
        body += piece
        if len(body) > most:
            return None
    return bytes(body)


def limit(router: Router) -> int:
    """The bytes that a body may have."""
    return router._most_bytes  # noqa: SLF001 - an adapter is the router's outer half


def exceeds(announced: int | str | None, most: int) -> bool:
    """Whether a Content-Length is too large; what is no number is for the server to refuse."""
    if isinstance(announced, str):
        announced = int(announced) if announced.isdecimal() else None
    return announced is not None and announced > most


def too_large(router: Router) -> Reply:
    """Refuse a body of which not all was read, and count it as the router counts one that was."""
    router.counts.received += 1
    router.counts.forged += 1
    log.info("a callback was refused: it has more than %d bytes", limit(router))
    return replies.TOO_LARGE
