"""One sending of a request: what it is made of, how a file comes in, and what an error of aiohttp means for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final, Protocol

import aiohttp
import attrs

from .errors import NoAnswerError, SigningError, UnreachableError, WxCouponError
from .middleware import Once
from .options import Options
from .wire import WireRequest

_CHUNK: Final = 256 * 1024
"""Bytes of a file that are taken from the wire at once, at the most."""

_SLOWEST: Final = 1024
"""Bytes a second below which a file that keeps coming is given up, once the time of one silence is used up too."""


class Landing(Protocol):
    """Where a file goes that is not kept in memory, as any answer is, and not signed, as every answer is."""

    async def land(self, chunks: AsyncIterator[bytes]) -> None:
        """Take a file from its first byte, once for every attempt that brings one.

        Raises:
            WrongHash: it is not the file that was announced.
        """


@attrs.frozen(eq=False)
class Attempt:
    """One sending of a request.

    Attributes:
        base: the host it goes to.
        limit: how long it may take.
    """

    base: str
    request: WireRequest
    once: Once
    landing: Landing | None
    options: Options
    limit: aiohttp.ClientTimeout

    @property
    def cut(self) -> bool:
        """Whether it has less time than usual, because the deadline of the call is near."""
        return self.limit is not self.options.whole and self.limit is not self.options.silence


async def chunks(file: aiohttp.StreamReader, patience: float) -> AsyncIterator[bytes]:
    """The bytes of a file as they come.

    Raises:
        NoAnswerError: they stopped coming, or a few come now and then. aiohttp's own timeout for silence ends with
            a connection that is closed on this side, and begins anew with every byte.
    """
    now = asyncio.get_running_loop().time
    came, left = 0, patience
    while True:
        asked = now()
        try:
            async with asyncio.timeout(min(patience, left + came / _SLOWEST)):
                chunk = await file.read(_CHUNK)
        except TimeoutError:
            raise NoAnswerError(
                f"the file stopped coming, or came too slowly, after {came} bytes; timeout, or WXCOUPON_TIMEOUT "
                f"(now {patience} s), makes the wait longer"
            ) from None
        if not chunk:
            return
        left -= now() - asked
        came += len(chunk)
        yield chunk


def translated(error: Exception, attempt: Attempt) -> WxCouponError:
    """What an error of aiohttp means: was the request seen or not?"""
    base = attempt.base
    if isinstance(error, TimeoutError) and attempt.once.left and not attempt.once.message:
        limit = round(attempt.limit.total or attempt.options.timeout, 2)
        return SigningError(f"no signature within {limit} s, so nothing was sent; see to what makes it")
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return UnreachableError(f"the proxy made no connection to {base} (HTTP {error.status}); check proxy")
    reason = _reason(error, attempt)
    if isinstance(error, (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)):
        return UnreachableError(f"no connection to {base} ({reason}); check base_url, proxy and network")
    return NoAnswerError(f"the request left and no whole answer came ({reason})")


def _reason(error: Exception, attempt: Attempt) -> str:
    if isinstance(error, TimeoutError):
        if attempt.cut:
            return f"nothing within the {attempt.limit.total:.1f} s that were left of the deadline"
        return f"nothing within {attempt.options.timeout} s; timeout, or WXCOUPON_TIMEOUT, makes it longer"
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error.strerror or str(error.os_error) or type(error.os_error).__name__
    if isinstance(error, aiohttp.ClientResponseError):
        return type(error).__name__  # its text has the URL, and that an openid
    return " ".join(str(error).split()) or type(error).__name__
