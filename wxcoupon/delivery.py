"""One request to one proven answer: the only place that says the order of the layers.

``repeat( pace( sign( network ) ) )``: every attempt waits its turn and is freshly signed. Pace and repetition
stand around aiohttp, not in it, because they are decided by the endpoint, and because aiohttp's timeout would
count the time a middleware waits.
"""

from __future__ import annotations

import asyncio
import logging
import math
import platform
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

import aiohttp
import attrs
from multidict import CIMultiDict
from yarl import URL

from . import doctor, wire
from .addresses import host, proxy_address
from .attempt import Attempt, Landing, chunks, translated
from .download import API_HOSTS
from .endpoint import Rate
from .errors import (
    ApiError,
    ClientStateError,
    LocalError,
    NetworkError,
    NoAnswerError,
    NoCertificatesError,
    NoTurnError,
    RateLimited,
    SigningError,
    UntrustedAnswer,
    WxCouponError,
)
from .hosts import Hosts
from .identity import Brand, Identity
from .keys import KeyRing
from .middleware import Once, Sign, SignedApart
from .options import Options
from .pace import Pacer
from .signing import Desk
from .skew import Skew, dated
from .wire import Answer, WireRequest

if TYPE_CHECKING:
    from .key_supply import KeySupply

MAIN_HOST, BACKUP_HOST = API_HOSTS

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
        proxy: str | None,
        options: Options,
        pacer: Pacer,
        clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.monotonic,
        nonce: Callable[[], str] = wire.new_nonce,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        desk: Desk,
        correct_clock: bool,
    ) -> None:
        self.keys = keys
        self.clock = clock
        self.nonce = nonce
        self.desk = desk
        self.skew = Skew()
        self.correct_clock = correct_clock
        self.options = options
        self._hosts = Hosts(
            host(base_url, "base_url"), host(backup_url, "backup_url") if backup_url else None, clock=timer
        )
        self._session = session
        self._owned = session is None
        self._proxy = None if proxy is None else proxy_address(proxy)
        self._pacer = pacer
        self._timer = timer
        self._sleep = sleep
        self._loop: asyncio.AbstractEventLoop | None = None
        self._files: set[aiohttp.StreamReader] = set()
        self._closed = False
        self._headers = CIMultiDict(
            {
                "Accept": "application/json",
                "User-Agent": f"wxcoupon aiohttp/{aiohttp.__version__} python/{platform.python_version()}",
            }
        )
        self._headers_by_key: dict[tuple[str | None, bool], CIMultiDict[str]] = {}
        self._supply: KeySupply | None = None

    def _ready(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if self._closed:
            raise ClientStateError("this client, or the one it was made from, is closed; make a new one")
        if self._loop is None:
            self._loop = self._loop_of_session() or loop
        if self._loop is not loop:
            raise ClientStateError(
                f"this client{'' if self._owned else ', or the session it borrowed,'} belongs to another event loop; "
                "make one client for each loop, or use wxcoupon.blocking(…)"
            )
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),  # concurrency is bounded by the caller, not by a queue here
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=self.options.whole,
            )
        if self._session.closed:
            raise ClientStateError("the session this client borrowed is closed; give it an open one")
        return self._session

    def _loop_of_session(self) -> asyncio.AbstractEventLoop | None:
        """The loop of a borrowed session, as far as it says so; in another loop it would hang or fail oddly."""
        return getattr(self._session, "_loop", None)  # its public name is deprecated

    def sign(self, identity: Identity) -> Sign:
        """What signs the requests of *identity*, and proves the answers."""
        supply = self.supply(identity)
        return Sign(identity, self.keys, self.clock, self.nonce, self.desk, self.skew, self.correct_clock, supply)

    def supply(self, identity: Identity) -> KeySupply | None:
        """What brings platform certificates into the ring, asking as *identity*; None where nothing may."""
        if self._supply is None and self.keys.fetches and not isinstance(identity, Brand):
            from . import key_supply  # it brings a family of endpoints with it, which most clients need not

            request, name, rate = key_supply.request(identity)
            plan = Plan(name, rate, repeatable=True)
            sign = key_supply.SignForCertificates(
                identity, self.keys, self.clock, self.nonce, self.desk, self.skew, self.correct_clock
            )
            self._supply = key_supply.KeySupply(self.keys, partial(self.deliver, request, sign, plan))
        return self._supply

    def until(self, options: Options) -> float:
        """When a call that begins now has to be over, by the timer; infinity without a deadline."""
        return self._timer() + (options.retry.deadline or math.inf)

    async def supplied(self, sign: Sign, call: str, until: float) -> None:
        """See to it that there is a certificate to verify answers with, where certificates are announced.

        Args:
            sign: what signs the call that needs it.
            call: that call in words.
            until: when that call has to be over, by the timer.

        Raises:
            NoCertificatesError: there is none, and none can be had, or not before the deadline.
            ClientStateError: this client is closed, or belongs to another event loop.
        """
        if sign.supply is None or not self.keys.due:
            return
        try:
            self._ready()
            async with asyncio.timeout(None if until == math.inf else until - self._timer()):
                await sign.supply.ready()
        except TimeoutError:
            late = NoCertificatesError(NetworkError("they did not come before the call's deadline"))
            late.about(call)
            raise late from None
        except LocalError as error:
            error.about(call)
            raise

    async def close(self) -> None:
        """Close the session, if it was made here; the client cannot be used afterwards.

        Raises:
            ClientStateError: the session is another event loop's, where it has to be closed.
        """
        here = self._loop is asyncio.get_running_loop()
        open_session = self._session if self._owned and self._session is not None and not self._session.closed else None
        if open_session is not None and not here:
            raise ClientStateError(
                "this client belongs to another event loop, and its connections can be closed only there; it stays open"
            )
        self._closed = True
        if self._supply is not None and here:
            await self._supply.close()
        if open_session is not None:
            for file in self._files:  # aiohttp forgets who reads from a connection it closes, and they would wait
                file.set_exception(aiohttp.ClientConnectionError("the client was closed"))
            await open_session.close()

    @property
    def used(self) -> bool:
        """Whether it belongs to an event loop already."""
        return self._loop is not None

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts of this client: what calls go to, and what they go to after no connection was made."""
        return self._hosts.all

    async def deliver(
        self,
        request: WireRequest,
        sign: Sign,
        plan: Plan,
        landing: Landing | None = None,
        options: Options | None = None,
        until: float | None = None,
    ) -> Answer:
        """Send until there is a proven answer or a final error.

        Args:
            request: what to send.
            sign: what signs it.
            plan: how the call is made.
            landing: where a good answer goes, if it is a file; it is then proven by its hash, and empty here.
            options: how long it may take, and how it is repeated; by default as this delivery was made.
            until: when the call has to be over, if it began before; see :meth:`until`.

        Raises:
            WxCouponError: what became of the last attempt, with the call it belongs to; its outcome is unknown when
                that of any attempt was.
        """
        given = options or self.options
        until = self.until(given) if until is None else until
        attempt = faults = 0
        earlier: WxCouponError | None = None
        hosts = plan.hosts or self._hosts.order(repeatable=plan.repeatable)
        caller = ((plan.hosts or self._hosts.all)[0], sign.identity.subject)
        while True:
            attempt += 1
            try:
                self._ready()
                await self.supplied(sign, request.call, until)
                await self._pacer.wait(caller, plan.name, plan.rate, most=max(until - self._timer(), 0.0))
                session = self._ready()  # once more: it may have been closed while the call waited for its turn
                limit = given.within(self._left(until, given), file=landing is not None)
                once = Once(sign, plan.unsigned, file=landing is not None)
                if given.leaves is not None:
                    given.leaves()
                answer = await self._noted(
                    session, Attempt(hosts[faults % len(hosts)], request, once, landing, given, limit)
                )
                if attempt == 1:
                    return answer
                return attrs.evolve(answer, attempts=attempt, repeated=earlier is not None and earlier.outcome_unknown)
            except SigningError as error:
                error.about(request.call)
                failed: WxCouponError = error  # not sent, so what is known of the call is as before
            except LocalError as error:
                error.about(request.call)
                # Closed meanwhile: what is known of the call is what its last attempt ended with.
                raise earlier or error from (error.__cause__ if earlier is None else None)
            except WxCouponError as error:
                error.about(request.call)
                if earlier is not None and earlier.outcome_unknown:
                    error.outcome_unknown = True
                failed = earlier = error
            pause = given.retry.pause(failed, attempt, repeatable=plan.repeatable)
            if pause is None or self._timer() + pause >= until:
                raise earlier or failed
            faults += isinstance(failed, NetworkError)
            kind = type(failed).__name__
            _log.info("%s: attempt %d ended with %s; again in %.2f s", request.call, attempt, kind, pause)
            if isinstance(failed, RateLimited):
                self._pacer.bar(caller, plan.name, plan.rate, pause)
            else:
                await given.rest(partial(self._sleep, pause))

    def _left(self, until: float, options: Options) -> float:
        """Seconds that are left of a call, more than 0.

        Raises:
            NoTurnError: none are.
        """
        left = until - self._timer()
        if left <= 0:
            most = options.retry.deadline or 0.0
            raise NoTurnError(most - left, most)
        return left

    def _usual(self, announced: str | None, with_body: bool) -> CIMultiDict[str]:  # noqa: FBT001 - the key of a cache
        usual = self._headers.copy()
        if announced is not None:
            usual["Wechatpay-Serial"] = announced
        if with_body:
            usual["Content-Type"] = "application/json"
        self._headers_by_key[announced, with_body] = usual
        return usual

    def _headers_of(self, request: WireRequest, options: Options, announced: str | None) -> CIMultiDict[str]:
        key = (announced, bool(request.body) or request.method in _WITH_BODY)
        usual = self._headers_by_key.get(key) or self._usual(*key)
        if not request.headers and not options.headers:
            return usual
        headers = usual.copy()
        headers.update(options.headers)
        headers.update(request.headers)
        return headers

    async def _noted(self, session: aiohttp.ClientSession, attempt: Attempt) -> Answer:
        """Make an attempt, and take down for its host whether an answer came."""
        try:
            answer = await self._send(session, attempt)
        except NetworkError:
            if not (attempt.cut or self._closed):
                self._hosts.note(attempt.base, through=False)
            raise
        except LocalError:
            raise  # nothing was sent
        except WxCouponError:
            self._hosts.note(attempt.base, through=True)
            raise
        self._hosts.note(attempt.base, through=True)
        return answer

    async def _send(self, session: aiohttp.ClientSession, attempt: Attempt) -> Answer:
        base, request, landing = attempt.base, attempt.request, attempt.landing
        data = request.body or None
        try:
            async with session.request(
                request.method,
                URL(base + request.target, encoded=True),
                data=data if data is None or request.signed is None else SignedApart(data, request.signed),
                headers=self._headers_of(request, attempt.options, attempt.once.sign.announced),
                allow_redirects=False,
                raise_for_status=False,
                middlewares=(attempt.once,),
                proxy=self._proxy,
                timeout=attempt.limit,
            ) as response:
                status, headers = response.status, response.headers
                if landing is not None and 200 <= status < 300:
                    body = b""
                    await self._land(response.content, landing, attempt.options.timeout)
                else:
                    body = await response.read()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            failed: WxCouponError = NoAnswerError("the connection was given up while the call was under way")
        except (aiohttp.ClientError, TimeoutError) as error:
            failed = translated(error, attempt)
        else:
            _log.debug("%s: HTTP %d, Request-ID %s", request.call, status, headers.get("Request-ID"))
            if 200 <= status < 300:
                return Answer(status, headers, body)
            doubt = self._doubt(headers, body)
            refused = wire.failure(status, headers, body, verified=doubt is None)
            refused.doubt = doubt if "Wechatpay-Signature" in headers else None
            if status == 401:
                refused.diagnosis = self._diagnosis(refused, attempt.once, headers)
            failed = refused
        raise failed  # outside the except: aiohttp's errors may hold the Authorization and an openid

    async def _land(self, file: aiohttp.StreamReader, landing: Landing, patience: float) -> None:
        self._files.add(file)
        try:
            await landing.land(chunks(file, patience))
        finally:
            self._files.discard(file)

    def _diagnosis(self, error: ApiError, once: Once, headers: Mapping[str, str]) -> str:
        """Why the signature was not accepted, as far as the answer shows."""
        identity, said = once.sign.identity, dated(headers)
        try:
            self.keys.find(identity.serial_no)
        except UntrustedAnswer:
            platforms = False
        else:
            platforms = True
        offset = None if said is None else said - self.clock()
        return doctor.diagnose(error, doctor.Evidence(identity, once.message, offset, self.skew.offset, platforms))

    def _doubt(self, headers: Mapping[str, str], body: bytes) -> str | None:
        """Why an error is not proven, if it is not. Gateways sign none, so this never decides what is raised."""
        try:
            wire.verify(headers, body, self.keys, now=self.clock())
        except UntrustedAnswer as error:
            return str(error)
        return None
