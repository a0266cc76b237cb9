"""The client: an identity, and a delivery that may be shared with others."""

from __future__ import annotations

import asyncio
import copy
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self, overload

import aiohttp
import attrs
from typing_extensions import TypeVar

from . import addresses, crypto, download, paging, wire
from . import checks as rules
from .chain import Chain, compose
from .checks import Checks
from .delivery import BACKUP_HOST, MAIN_HOST, Delivery, Plan
from .download import Downloadable
from .endpoint import AnyEndpoint, Endpoint, Listing
from .errors import ConfigurationError, Fault, InvalidRequest, UnreadableAnswer
from .identity import Brand, Identity, Merchant, Partner
from .keys import KeyRing
from .landing import Disk, Memory
from .model import Model
from .options import Options, seconds
from .pace import SHARED, Pacer
from .retry import Pause, RetryPolicy
from .sealing import is_sealed
from .signing import Signing, desk, unseal
from .wire import Answer, Answered, WireRequest

R = TypeVar("R")
Item = TypeVar("Item")
Who = TypeVar("Who", bound=Merchant | Partner | Brand, default=Any)
Kind = TypeVar("Kind", bound=Merchant | Partner | Brand)


def _kind(identity: Identity) -> type[Identity]:
    return type(identity)


class Client(Generic[Who]):
    """Makes calls as one identity.

    Use it as ``async with Client(…) as client``, or call :meth:`close` at the end. One client serves any number of
    concurrent calls of one event loop.

    Args:
        identity: who asks: a :class:`Merchant`, :class:`Partner` or :class:`Brand`.
        platform_keys: the WeChat Pay public keys answers are verified with: ``{"PUB_KEY_ID_…": Path(…)}`` or a ring.
            A merchant that has platform certificates instead gives ``KeyRing(apiv3_key=…)``, which fetches them.
        checks: what happens to a request that breaks documented rules: ``"on"`` refuses it before anything is sent,
            ``"warn"`` sends it with a :class:`~wxcoupon.checks.RequestWarning`, ``"off"`` sends it as given. What
            is only advised against is sent with a :class:`~wxcoupon.checks.RequestAdvice`, except with ``"off"``.
        base_url: the host.
        backup_url: the host that a call goes to after no connection was made to the first; None for no other.
        timeout: seconds one attempt may take, the connection included.
        proxy: address of an HTTP proxy.
        retry: which failed calls are repeated, how often and when.
        pacer: what keeps calls below the documented rates; by default one for the whole process.
        session: an aiohttp session to borrow; it is not closed, and its own middlewares are not used, because
            nothing may change a request once it is signed.
        clock: this machine's time, seconds since 1970.
        nonce: makes the random text of a signature.
        timer: seconds, never going back: deadlines and the health of the hosts are measured with it.
        sleep: waits that many seconds before a repetition.
        signing: where the work of the private key is done: ``"inline"``, in the event loop, one signature a turn;
            ``"eager"``, there too, but at once; or an executor of ``concurrent.futures``, which is not shut down.
        correct_clock: whether requests are dated by WeChat Pay's clock, as answers show it (:attr:`clock_offset`), and
            not by this machine's. Answers are held against this machine's clock all the same, and refused when they are
            300 seconds away or more, so a clock that is so wrong has to be set.

    Raises:
        ConfigurationError: an argument cannot be used; the message says which one and why.
    """

    def __init__(
        self,
        identity: Who,
        platform_keys: KeyRing | Mapping[str, crypto.KeySource | crypto.PublicKey],
        *,
        checks: Checks = "on",
        base_url: str = MAIN_HOST,
        backup_url: str | None = None,
        timeout: float = 15.0,
        proxy: str | None = None,
        retry: RetryPolicy | None = None,
        pacer: Pacer = SHARED,
        session: aiohttp.ClientSession | None = None,
        clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.monotonic,
        nonce: Callable[[], str] = wire.new_nonce,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        signing: Signing = "inline",
        correct_clock: bool = False,
    ) -> None:
        self._checks: Checks = rules.level(checks)
        self._options = Options(seconds(timeout, "timeout"), retry or RetryPolicy())
        if not isinstance(identity, (Merchant, Partner, Brand)):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigurationError(f"identity is a Merchant, Partner or Brand, not a {type(identity).__name__}")
        if backup_url is None and base_url == MAIN_HOST:
            backup_url = BACKUP_HOST
        self.identity = identity
        self._delivery = Delivery(
            keys=platform_keys if isinstance(platform_keys, KeyRing) else KeyRing(platform_keys, clock=clock),
            base_url=base_url,
            backup_url=backup_url,
            session=session,
            proxy=proxy,
            options=self._options,
            pacer=pacer,
            clock=clock,
            timer=timer,
            nonce=nonce,
            sleep=sleep,
            desk=desk(signing),
            correct_clock=correct_clock,
        )
        self._owns_delivery = True
        self._plans: dict[type[AnyEndpoint], Plan] = {}  # one for all brands: what they say depends on the kind alone
        self._sign = self._delivery.sign(identity)

    @overload
    @classmethod
    def from_env(cls, kind: type[Kind], *, config: str | None = None, **options: Any) -> Client[Kind]: ...
    @overload
    @classmethod
    def from_env(cls, kind: None = None, *, config: str | None = None, **options: Any) -> Client[Any]: ...
    @classmethod
    def from_env(cls, kind: type[Any] | None = None, *, config: str | None = None, **options: Any) -> Client[Any]:
        """Make a client from the environment and the settings file, as the command line does.

        Args:
            kind: the identity the settings have to name, so that a type checker knows it too: ``from_env(Partner)``.
            config: the settings file; by default ``WXCOUPON_CONFIG`` or ``./wxcoupon.toml``, if there is one.
            options: further arguments of :class:`Client`, which win over the settings.

        Raises:
            ConfigurationError: a setting is missing or cannot be used; the message names it and where it came from.
        """
        from .settings import Settings  # settings make clients, so clients cannot need settings

        client = Settings.load(config=config).client(**options)
        if kind is not None and not isinstance(client.identity, kind):
            raise ConfigurationError(
                f"WXCOUPON_IDENTITY is {client.identity.kind}, and this program needs a {kind.__name__}"
            )
        return client

    @property
    def clock_offset(self) -> float | None:
        """Seconds that WeChat Pay's clock is ahead of this machine's, as proven answers show; None before the first."""
        return self._delivery.skew.offset

    @property
    def host(self) -> str:
        """The name of the host that calls go to, without its port; WeChat Pay's own, main and backup, have one."""
        return addresses.name(self._delivery.hosts[0])

    def __repr__(self) -> str:
        return f"Client({self.identity!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the session this client made; a borrowed one stays open.

        Clients of :meth:`for_brand` and :meth:`with_options` end with it; closing one of those closes nothing.

        Raises:
            ClientStateError: its session is another event loop's, where it has to be closed.
        """
        if self._owns_delivery:
            await self._delivery.close()

    def for_brand(self: Client[Partner], brand_id: str) -> Client[Partner]:
        """The same partner, session and quota, acting for another brand."""
        other = copy.copy(self)
        other.identity = attrs.evolve(self.identity, brand_id=brand_id)
        other._owns_delivery = False  # noqa: SLF001
        other._sign = self._delivery.sign(other.identity)  # noqa: SLF001 - a copy of this very client
        return other

    def with_options(
        self,
        *,
        timeout: float | None = None,
        deadline: float | None = None,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
        checks: Checks | None = None,
    ) -> Self:
        """The same client, session, keys and quota, whose calls are made otherwise: for one call, or for many.

        ::

            codes = await client.with_options(deadline=5).call(request)

        What is not said stays as it is, a deadline too when a *retry* without one is given.

        Args:
            timeout: seconds one attempt may take, the connection included.
            deadline: seconds a whole call may take: all attempts, the pauses between them, and waiting for its turn;
                see :class:`RetryPolicy`. Infinity takes one away. A *timeout* that is as long leaves no time for a
                second attempt.
            retry: which failed calls are repeated, how often and when.
            headers: headers to add to every request, as ``{"Accept-Language": "en"}`` (the language of messages:
                ``zh-CN``, ``en``, ``zh-HK`` or ``zh-TW``). One that the request itself has wins. An ``Idempotency-Key``
                makes no call repeatable that was not.
            checks: what happens to a request that breaks documented rules; see :class:`Client`.

        Raises:
            ConfigurationError: an argument cannot be used, or a header is the client's own to set, as
                ``Authorization``, ``Content-Type`` and ``Wechatpay-Serial``; the message says which one and why.
        """
        other = copy.copy(self)
        other._owns_delivery = False  # noqa: SLF001
        other._options = self._options.but(timeout=timeout, deadline=deadline, retry=retry, headers=headers)  # noqa: SLF001
        if checks is not None:
            other._checks = rules.level(checks)  # noqa: SLF001
        return other

    def resting(self, rest: Callable[[Pause], Awaitable[object]], leaves: Callable[[], object] | None = None) -> Self:
        """The same client, whose calls spend their pauses in *rest*, which awaits the pause it is given.

        *leaves* is called before each request, when its turn has come. For :func:`wxcoupon.bulk` and its like.
        """
        other = copy.copy(self)
        other._owns_delivery = False  # noqa: SLF001
        other._options = attrs.evolve(self._options, rest=rest, leaves=leaves)  # noqa: SLF001
        return other

    @property
    def keys(self) -> KeyRing:
        """The keys answers are verified with, as :func:`wxcoupon.notify.receive` takes them too."""
        return self._delivery.keys

    async def learn(self, headers: Mapping[str, str]) -> None:
        """Fetch the platform certificate that a callback is signed with, if it is not there and may be had.

        Await it before :func:`wxcoupon.notify.receive` where certificates may sign callbacks; whether the key came,
        *receive* says. It asks in vain once a minute at the most, so forged callbacks do no harm.

        Args:
            headers: the HTTP headers of the callback, their names in any case.
        """
        serial = next((value for name, value in headers.items() if name.lower() == "wechatpay-serial"), None)
        if serial is not None and self._sign.supply is not None:
            await self._sign.supply.missed(serial)

    async def call(self, request: Endpoint[R, Who]) -> R:
        """Make a typed call.

        Args:
            request: an instance of an endpoint's class.

        Returns:
            The answer, as the endpoint declares it; None where WeChat Pay answers 204.

        Raises:
            InvalidRequest: documented rules are broken; nothing was sent.
            NotAllowedError: this identity may not make this call; nothing was sent.
            ApiError: WeChat Pay refused.
            UntrustedAnswer: an answer came that is not proven to be WeChat Pay's.
            NetworkError: no answer came; ``outcome_unknown`` says whether it may have acted.
        """
        return (await self.call_with_answer(request)).result

    async def call_with_answer(self, request: Endpoint[R, Who]) -> Answered[R]:
        """Make a typed call, and keep the answer it was read from: status, headers, bytes and ``request_id``.

        Returns:
            What :meth:`call` returns as its ``result``, and the answer as its ``answer``.

        Raises:
            WxCouponError: as :meth:`call`.
        """
        answer = await self.send(request)
        try:
            result = wire.decode(request, answer)
            if isinstance(result, Model) and is_sealed(type(result)):
                result = await unseal(self._delivery.desk, self.identity, result)
            return Answered(result, answer)
        except UnreadableAnswer as error:
            error.about(request.route.call)
            raise

    async def pages(self, request: Listing[R, Item, Who]) -> AsyncGenerator[Item]:
        """Go through everything a listing has, page after page, from the page that *request* asks for.

        A listing that leads back to a page it had before is an :class:`UnreadableAnswer`, not an endless one.

        Args:
            request: a listing; its page size is kept for all pages.

        Yields:
            What is listed, one by one, as the endpoint declares it. A page is asked for when the one before is
            used up; what changes meanwhile may be missed or come twice.

        Raises:
            WxCouponError: as :meth:`call`, for any page.
        """
        walk = paging.Walk(request)
        while walk.request is not None:
            for item in walk.arrive(await self.call(walk.request)):
                yield item

    async def send(self, request: Endpoint[Any, Who]) -> Answer:
        """Make a typed call and return its answer as it came: status, headers and bytes, proven but not read.

        Raises:
            WxCouponError: as :meth:`call`.
        """
        if not isinstance(request, Endpoint):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidRequest([Fault("$", "has to be a request, an instance of one of the endpoints' classes")])
        rules.enforce(request, self._checks)
        until = self._delivery.until(self._options)
        if is_sealed(type(request)):  # a certificate may be what it is sealed with; any other call waits in deliver
            await self._delivery.supplied(self._sign, request.route.call, until)
        encoded = wire.encode(request, self.identity, self._delivery.keys)
        plan = self._plans.get(type(request)) or self._planned(type(request))
        return await self._delivery.deliver(encoded, self._sign, plan, options=self._options, until=until)

    def _planned(self, kind: type[AnyEndpoint]) -> Plan:
        route = kind.route
        rate = route.rates.get(_kind(self.identity))
        plan = self._plans[kind] = Plan(kind.name, rate, route.repeatable, route.unsigned)
        return plan

    @overload
    async def download(self, flow: Downloadable, to: None = None) -> bytes: ...
    @overload
    async def download(self, flow: Downloadable, to: str | Path) -> Path: ...
    async def download(self, flow: Downloadable, to: str | Path | None = None) -> bytes | Path:
        """Fetch the file that an answer announces with a link and a hash.

        The request is signed, paced and repeated like any other; the file is not signed, and believed by its hash.
        A link is followed to WeChat Pay's documented hosts and to this client's own alone. With another ``base_url``,
        of a sandbox or a proxy, a link to WeChat Pay's API is followed there; one to its file service never is.

        A file may be long in coming, so the client's *timeout* bounds each silence, and not the whole: what comes more
        slowly than 1 KiB a second is given up in the end. ``asyncio.timeout(…)`` around it bounds the whole.

        Args:
            flow: the answer. Its link lives 30 seconds, so ask for it right before.
            to: the file to write, or to replace. It is there whole and proven, or not at all; None keeps it in memory.

        Returns:
            The bytes of the file; with *to*, its path.

        Raises:
            InvalidRequest: the link leads to another host; nothing was sent.
            ConfigurationError: *to* is no file, or is in no directory; nothing was sent.
            WrongHash: what came is not the file that was announced; ask for a new link.
            WxCouponError: as :meth:`call`. An ApiError usually says that the link has expired.
            OSError: the file cannot be written.
        """
        if not isinstance(flow, Downloadable):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidRequest([Fault("$", "has to be an answer with a download, as of cash_coupon.GetUseFlow")])
        link = flow.download
        way = download.way(link, self._delivery.hosts)
        proof = download.Proof(link)
        landing = Memory(proof) if to is None else Disk(proof, Path(to))
        request = WireRequest("GET", way.target, b"", way.call, {"Accept": "*/*", "Accept-Encoding": "identity"})
        plan = Plan(way.call, None, repeatable=True, hosts=way.hosts)
        await self._delivery.deliver(request, self._sign, plan, landing, options=self._options)
        return landing.content if isinstance(landing, Memory) else landing.target

    async def request(
        self, method: str, path: str, *, json: Any = None, params: Mapping[str, Any] | None = None, **holes: Any
    ) -> Any:
        """Make an untyped call, signed, verified and paced like any other.

        Args:
            method: the HTTP method.
            path: the absolute path, ``/v3/…`` or ``/brand/…``; ``{holes}`` are filled by keyword.
            json: the body.
            params: the query.
            holes: values for the path's holes, percent-encoded as one segment each.

        Returns:
            The answer's JSON, None for 204.

        Raises:
            WxCouponError: as :meth:`call`.
        """
        return await self.deliver(compose(method.upper(), path, json=json, params=params, holes=holes))

    async def deliver(self, request: WireRequest) -> Any:
        """Send an untyped request that is written already, and return the answer's JSON; see :meth:`request`."""
        # A number of whatever kind may be inside the body or not, so only a GET is repeated after an unknown outcome.
        plan = Plan(request.call, None, request.method == "GET")
        return (await self._delivery.deliver(request, self._sign, plan, options=self._options)).json()

    def __getitem__(self, path: str) -> Chain:
        """Begin an untyped call at a URI template: ``client["v3/…/{openid}/…"].post(openid=…, json=…)``."""
        return Chain(self.deliver, "")[path]

    @property
    def v3(self) -> Chain:
        """Begin an untyped call at ``/v3``: ``client.v3.marketing.busifavor.coupons.send.post(json=…)``."""
        return self["v3"]

    @property
    def brand(self) -> Chain:
        """Begin an untyped call at ``/brand``."""
        return self["brand"]
