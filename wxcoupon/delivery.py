"""One request to one proven answer: the only place that says the order of the layers.

``repeat( pace( sign( network ) ) )``: every attempt waits its turn and is freshly signed. Pace and repetition
stand around aiohttp, not in it, because they are decided by the endpoint, and because aiohttp's timeout would
count the time a middleware waits.
"""

from __future__ import annotations

import asyncio
import logging
import platform
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Final, Protocol

import aiohttp
import attrs
from multidict import CIMultiDict
from yarl import URL

from . import wire
from .download import API_HOSTS
from .endpoint import Rate
from .errors import (
    ClientStateError,
    ConfigurationError,
    LocalError,
    NoAnswerError,
    RateLimited,
    UnreachableError,
    UntrustedAnswer,
    WxCouponError,
)
from .keys import KeyRing
from .middleware import Once, Sign, SignedApart
from .pace import Pacer
from .retry import RetryPolicy
from .wire import Answer, WireRequest

MAIN_HOST, BACKUP_HOST = API_HOSTS

_CHUNK: Final = 256 * 1024
"""Bytes of a file that are taken from the wire at once, at the most."""

_SLOWEST: Final = 1024
"""Bytes a second below which a file that keeps coming is given up, once the time of one silence is used up too."""
_WITH_BODY: Final = frozenset({"POST", "PATCH", "PUT"})
"""Methods whose requests are JSON with a body or without; of one without, aiohttp would say octet-stream."""

_log = logging.getLogger("wxcoupon")


@attrs.frozen
class Plan:
    """What an endpoint's declaration says of how a call is made.

    Attributes:
        name: the endpoint's name, by which its pace is kept.
        rate: its documented rate for this caller, None when none is documented.
        repeatable: whether it may be sent again after an unknown outcome.
        unsigned: whether its answer may come without a signature.
        hosts: where it goes, where that is not for the client to say.
    """

    name: str
    rate: Rate | None
    repeatable: bool
    unsigned: bool = False
    hosts: tuple[str, ...] = ()


class Landing(Protocol):
    """Where a file goes that is not kept in memory, as any answer is, and not signed, as every answer is."""

    async def land(self, chunks: AsyncIterator[bytes]) -> None:
        """Take a file from its first byte, once for every attempt that brings one.

        Raises:
            WrongHash: it is not the file that was announced.
        """


def host(url: str, what: str) -> str:
    """Check the address of a host and take it without its last slash.

    Raises:
        ConfigurationError: it is not an http(s) address of a host and nothing more.
    """
    try:
        parsed = URL(url)
        fits = parsed.scheme in {"http", "https"} and bool(parsed.host) and parsed.path in {"", "/"}
    except (ValueError, TypeError):
        parsed, fits = URL(), False
    if not fits or parsed.user is not None or "?" in url or "#" in url:
        shown = "what was given" if "@" in str(url) else repr(url)  # a password may stand before the @
        raise ConfigurationError(f"{what}: {shown} is no address of a host alone; it looks like {MAIN_HOST}")
    return url.rstrip("/")


def proxy_address(url: str) -> str:
    """Check the address of an HTTP proxy, which may hold a user and a password.

    Raises:
        ConfigurationError: it is not one; the message does not repeat it.
    """
    try:
        fits = URL(url).scheme in {"http", "https"} and bool(URL(url).host)
    except (ValueError, TypeError):
        fits = False
    if not fits:
        raise ConfigurationError("proxy: this is no address of an HTTP proxy; it looks like http://127.0.0.1:3128")
    return url


class Delivery:
    """A session, and everything needed to bring a request to WeChat Pay and a proven answer back.

    It makes its session when it is first used, and closes only the session it made.
    """

    def __init__(
        self,
        *,
        keys: KeyRing,
        base_url: str,
        backup_url: str | None,
        session: aiohttp.ClientSession | None,
        timeout: float,
        proxy: str | None,
        retry: RetryPolicy,
        pacer: Pacer,
        clock: Callable[[], float] = time.time,
        nonce: Callable[[], str] = wire.new_nonce,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.keys = keys
        self.clock = clock
        self.nonce = nonce
        self._hosts = [host(base_url, "base_url")]
        if backup_url:
            self._hosts.append(host(backup_url, "backup_url"))
        self._session = session
        self._owned = session is None
        # Connecting may not take all of the time, or the other host is never tried.
        connect = min(5.0, timeout / 2)
        self._timeout = aiohttp.ClientTimeout(total=timeout, sock_connect=connect)
        # A file may be long in coming, but not silent for long.
        self._patience = aiohttp.ClientTimeout(total=None, connect=timeout, sock_connect=connect, sock_read=timeout)
        self._proxy = None if proxy is None else proxy_address(proxy)
        self._retry = retry
        self._pacer = pacer
        self._sleep = sleep
        self._loop: asyncio.AbstractEventLoop | None = None
        self._files: set[aiohttp.StreamReader] = set()
        self._patient = timeout
        self._closed = False
        self._headers = CIMultiDict(
            {
                "Accept": "application/json",
                "User-Agent": f"wxcoupon aiohttp/{aiohttp.__version__} python/{platform.python_version()}",
                "Wechatpay-Serial": keys.announced,
            }
        )
        self._headers_with_body = CIMultiDict(self._headers, **{"Content-Type": "application/json"})

    def _ready(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if self._closed:
            raise ClientStateError("this client is closed; make a new one")
        if self._session is not None and self._session.closed:
            raise ClientStateError("the session this client borrowed is closed; give it an open one")
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),  # concurrency is bounded by the caller, not by a queue here
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=self._timeout,
            )
        if self._loop is None:
            self._loop = loop
        elif self._loop is not loop:
            raise ClientStateError(
                "this client belongs to another event loop; make one client for each loop, or use wxcoupon.blocking(…)"
            )
        return self._session

    async def close(self) -> None:
        """Close the session, if it was made here; the client cannot be used afterwards."""
        self._closed = True
        if self._owned and self._session is not None:
            for file in self._files:  # aiohttp forgets who reads from a connection it closes, and they would wait
                file.set_exception(aiohttp.ClientConnectionError("the client was closed"))
            await self._session.close()

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts of this client: what calls go to, and what they go to after no connection was made."""
        return tuple(self._hosts)

    async def deliver(self, request: WireRequest, sign: Sign, plan: Plan, landing: Landing | None = None) -> Answer:
        """Send until there is a proven answer or a final error.

        Args:
            request: what to send.
            sign: what signs it.
            plan: how the call is made.
            landing: where a good answer goes, if it is a file; it is then proven by its hash, and empty here.

        Raises:
            WxCouponError: what became of the last attempt, with the call it belongs to; its outcome is unknown when
                that of any attempt was.
        """
        attempt = unreachable = 0
        earlier: WxCouponError | None = None
        hosts = plan.hosts or self._hosts
        caller = (hosts[0], sign.identity.subject)
        while True:
            attempt += 1
            try:
                self._ready()
                await self._pacer.wait(caller, plan.name, plan.rate)
                session = self._ready()  # once more: it may have been closed while the call waited for its turn
                once = Once(sign, plan.unsigned, file=landing is not None)
                return await self._attempt(session, hosts[unreachable % len(hosts)], request, once, landing)
            except LocalError as error:
                error.about(request.call)
                # Closed meanwhile: what is known of the call is what its last attempt ended with.
                raise earlier or error from None
            except WxCouponError as error:
                error.about(request.call)
                if earlier is not None and earlier.outcome_unknown:
                    error.outcome_unknown = True
                earlier = error
            pause = self._retry.pause(earlier, attempt, repeatable=plan.repeatable)
            if pause is None:
                raise earlier
            unreachable += isinstance(earlier, UnreachableError)
            kind = type(earlier).__name__
            _log.info("%s: attempt %d ended with %s; again in %.2f s", request.call, attempt, kind, pause)
            if isinstance(earlier, RateLimited):
                self._pacer.bar(caller, plan.name, plan.rate, pause)
            else:
                await self._sleep(pause)

    def _headers_of(self, request: WireRequest) -> CIMultiDict[str]:
        usual = self._headers_with_body if request.body or request.method in _WITH_BODY else self._headers
        if not request.headers:
            return usual
        headers = usual.copy()
        headers.update(request.headers)
        return headers

    async def _attempt(
        self, session: aiohttp.ClientSession, base: str, request: WireRequest, once: Once, landing: Landing | None
    ) -> Answer:
        data = request.body or None
        try:
            async with session.request(
                request.method,
                URL(base + request.target, encoded=True),
                data=data if data is None or request.signed is None else SignedApart(data, request.signed),
                headers=self._headers_of(request),
                allow_redirects=False,
                raise_for_status=False,
                middlewares=(once,),
                proxy=self._proxy,
                timeout=self._timeout if landing is None else self._patience,
            ) as response:
                status, headers = response.status, response.headers
                if landing is not None and 200 <= status < 300:
                    body = b""
                    await self._land(response.content, landing)
                else:
                    body = await response.read()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            failed: WxCouponError = NoAnswerError("the connection was given up while the call was under way")
        except (aiohttp.ClientError, TimeoutError) as error:
            failed = self._translated(error, base)
        else:
            _log.debug("%s: HTTP %d, Request-ID %s", request.call, status, headers.get("Request-ID"))
            if 200 <= status < 300:
                return Answer(status, headers, body)
            failed = wire.failure(status, headers, body, verified=self._proven(headers, body))
        raise failed  # outside the except: aiohttp's errors may hold the Authorization and an openid

    async def _land(self, file: aiohttp.StreamReader, landing: Landing) -> None:
        self._files.add(file)
        try:
            await landing.land(self._chunks(file))
        finally:
            self._files.discard(file)

    async def _chunks(self, file: aiohttp.StreamReader) -> AsyncIterator[bytes]:
        """The bytes of a file as they come.

        Raises:
            NoAnswerError: they stopped coming, or a few come now and then. aiohttp's own timeout for silence ends with
                a connection that is closed on this side, and begins anew with every byte.
        """
        now = asyncio.get_running_loop().time
        came, left = 0, self._patient
        while True:
            asked = now()
            try:
                async with asyncio.timeout(min(self._patient, left + came / _SLOWEST)):
                    chunk = await file.read(_CHUNK)
            except TimeoutError:
                raise NoAnswerError(
                    f"the file stopped coming, or came too slowly, after {came} bytes; timeout, or WXCOUPON_TIMEOUT "
                    f"(now {self._patient} s), makes the wait longer"
                ) from None
            if not chunk:
                return
            left -= now() - asked
            came += len(chunk)
            yield chunk

    def _translated(self, error: Exception, base: str) -> WxCouponError:
        """What an error of aiohttp means: was the request seen or not?"""
        if isinstance(error, aiohttp.ClientHttpProxyError):
            return UnreachableError(f"the proxy made no connection to {base} (HTTP {error.status}); check proxy")
        reason = self._reason(error)
        if isinstance(error, (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)):
            return UnreachableError(f"no connection to {base} ({reason}); check base_url, proxy and network")
        return NoAnswerError(f"the request left and no whole answer came ({reason})")

    def _reason(self, error: Exception) -> str:
        if isinstance(error, TimeoutError):
            return f"nothing within {self._timeout.total} s; timeout, or WXCOUPON_TIMEOUT, makes it longer"
        if isinstance(error, aiohttp.ClientConnectorError):
            return error.os_error.strerror or str(error.os_error) or type(error.os_error).__name__
        if isinstance(error, aiohttp.ClientResponseError):
            return type(error).__name__  # its text has the URL, and that an openid
        return " ".join(str(error).split()) or type(error).__name__

    def _proven(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether an error is signed. Gateways answer without, so this never decides what is raised."""
        try:
            wire.verify(headers, body, self.keys, now=self.clock())
        except UntrustedAnswer:
            return False
        return True
