"""Confirms coupons in the background: each is written down first, and repeated until it is known to be done."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Final, Self

from ..bulk.confirmations import Confirmation, ConfirmationLedger, Confirmations, Stages
from ..bulk.ledger import LedgerError
from ..bulk.ledgers.sqlite_ledger import SqliteLedger
from ..client import Client
from ..errors import ClientStateError, ConfigurationError
from ..notify import Notification
from ..notify.router import Router
from ..product_coupon import CouponSent
from .clients import ByTenant, Clients
from .counting import ConfirmCounts
from .naming import acting, brand_of, confirmation_of
from .working import OnGivenUp, Settings, Work

KEPT: Final = 30 * 86400.0
"""Seconds that a ledger remembers what is confirmed, unless a confirmer says otherwise."""
_SWEPT: Final = 3600.0
_SWEPT_AT_ONCE: Final = 10_000

log: Final = logging.getLogger("wxcoupon.confirming")


class Confirmer:
    """Confirms the coupons that callbacks tell of.

    ::

        async with (
            Client(partner, keys) as client,
            SqliteStore("claims.db") as store,
            Confirmer(client, "wxcoupon.ledger") as confirmer,
            Router(Tenant(apiv3_key, client=client), store=store) as router,
        ):
            router.on(CouponSent)(record)
            confirmer.attach(router)

    The order is what matters: a coupon is recorded, then its confirmation is written to the ledger, then the callback
    is acknowledged, then the call is made. Whoever is killed in between is told again, or goes on with what is written.
    With a router of ``mode="early"`` the acknowledgement comes first, so a coupon can get lost; then reconcile.

    Each coupon is confirmed under one number that is derived from what names it, with the appid and openid it was told
    with, and repeated after growing pauses until it is known to be done: see :mod:`wxcoupon.confirming.making`. What
    will never succeed is given up and stays in the ledger with its reason.

    Several processes may share one ledger, each with a confirmer: they divide the work. To confirm after a restart the
    ledger has to keep the openid, the appid and the code, in a file of mode 0600; they are overwritten with the write
    that says that the coupon is confirmed, after which only digests and the ids of coupon and stock are left. The log
    beside the file may hold them until it starts over, at 4 MB or when the last user closes the file. Those that were
    given up keep them until :meth:`forget`.

    Args:
        clients: who confirms: a partner's or brand's client, or one for each tenant by its name. A partner's acts for
            the brand that the event names. They stay open.
        ledger: where it is written down: a path, or a ledger, which stays open.
        concurrency: calls under way at once. The documented rates are kept by the clients.
        pause: seconds before the first repetition, twice as many before each further one, less up to half by chance.
        longest: seconds that no pause exceeds, except where an answer asks for more, up to an hour.
        refusals: how often a coupon is refused, at the least, before it is given up.
        refused_for: seconds for which it is refused, at the least, before it is given up.
        lease: seconds after which what somebody was confirming when it was killed is taken up by another.
        kept: seconds that is remembered what is confirmed.
        clock: this machine's time, seconds since 1970.
        draw: picks a number between its two arguments.
        on_given_up: called with each coupon that is given up, once the ledger has it; a coroutine function is awaited.

    Attributes:
        counts: what became of what, since it was made.

    Raises:
        ConfigurationError: an argument cannot be used; the message says which one and why.

    https://pay.weixin.qq.com/doc/v3/partner/4015781575
    """

    def __init__(  # noqa: PLR0913 - settings of a service, all by keyword
        self,
        clients: Clients,
        ledger: ConfirmationLedger | str | os.PathLike[str],
        *,
        concurrency: int = 32,
        pause: float = 1.0,
        longest: float = 600.0,
        refusals: int = 6,
        refused_for: float = 3600.0,
        lease: float = 60.0,
        kept: float = KEPT,
        clock: Callable[[], float] = time.time,
        draw: Callable[[float, float], float] = random.uniform,
        on_given_up: OnGivenUp | None = None,
    ) -> None:
        self._clients = ByTenant(clients)
        self._given: ConfirmationLedger | None = None if isinstance(ledger, str | os.PathLike) else ledger
        self._path = ledger if isinstance(ledger, str | os.PathLike) else None
        for name, value in {"pause": pause, "longest": longest, "lease": lease, "kept": kept}.items():
            if not 0 < value < float("inf"):
                raise ConfigurationError(f"{name} is a number of seconds above 0, not {value}")
        if not 0 <= refused_for < float("inf"):
            raise ConfigurationError(f"refused_for is a number of seconds from 0, not {refused_for}")
        for name, count in {"concurrency": concurrency, "refusals": refusals}.items():
            if count < 1:
                raise ConfigurationError(f"{name} is a number from 1, not {count}")
        self._settings = Settings(
            concurrency=concurrency,
            pause=pause,
            longest=longest,
            refusals=refusals,
            refused_for=refused_for,
            lease=lease,
            clock=clock,
            draw=draw,
            on_given_up=on_given_up,
        )
        self._kept = kept
        self._stack = AsyncExitStack()
        self._work: Work | None = None
        self._sweeping: asyncio.Task[None] | None = None
        self.counts: Final = ConfirmCounts()

    async def __aenter__(self) -> Self:
        """Go on with what was written down before.

        Raises:
            LedgerError: the ledger cannot be read.
            ClientStateError: it was entered before.
        """
        if self._work is not None:
            raise ClientStateError("a confirmer is entered once; make another one")
        async with AsyncExitStack() as stack:
            ledger = self._given
            if ledger is None:
                assert self._path is not None  # noqa: S101 - one of both was given
                ledger = await stack.enter_async_context(SqliteLedger(self._path))
            others = self._unserved(await ledger.confirmations.waiting())
            self._stack = stack.pop_all()
        for caller, count in others.items():
            log.warning(
                "%d coupons in the ledger wait for a confirmer of %s, which this one is not; if no other process is, "
                "give it that client, or reconcile",
                count,
                caller,
            )
        self._work = Work(ledger.confirmations, self._clients, self._settings, self.counts)
        self._sweeping = asyncio.create_task(self._sweep(ledger.confirmations))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self, seconds: float | None = 5.0) -> None:
        """Begin no more calls, and wait for those under way. What is not done by then, the next confirmer goes on with.

        Args:
            seconds: to wait at the most; None for no end.
        """
        try:
            if self._sweeping is not None:
                self._sweeping.cancel()
                await asyncio.gather(self._sweeping, return_exceptions=True)
            if self._work is not None:
                await self._work.close(seconds)
        finally:
            await self._stack.aclose()

    def attach(self, router: Router) -> None:
        """Let every coupon that a router takes be confirmed, after the handlers that it has for it already.

        Raises:
            ConfigurationError: the router has no handler that records coupons yet, or a tenant without a client here.
        """
        if CouponSent not in router.events:
            raise ConfigurationError(
                "a coupon is recorded before it is confirmed: give the router your handler with "
                "router.on(product_coupon.CouponSent) first, and attach the confirmer after it"
            )
        self._clients.require(router.tenants)
        router.on(CouponSent)(self.confirm_later)

    async def confirm_later(self, notification: Notification[CouponSent]) -> None:
        """Write down that a coupon has to be confirmed; it is on disk when this returns, and confirmed later.

        Args:
            notification: what tells of it. Its coupon has been recorded.

        Raises:
            ConfigurationError: there is no client for its tenant or its brand.
            InvalidRequest: it lacks something that a confirmation has to say.
            LedgerError: it cannot be written down.
            ClientStateError: the confirmer does not run.
        """
        await self._running.note(self._confirmation(notification))

    async def confirm_again(self, notification: Notification[CouponSent], *, seen: float | None = None) -> bool:
        """As :meth:`confirm_later`, of a coupon that was just seen CONFIRMING, whatever the ledger says of it.

        One that waits is tried at once, and by the client of this tenant, whoever it waited for.

        Args:
            notification: what tells of it. Its coupon has been recorded.
            seen: when the query began that showed it, by the confirmer's clock: a coupon whose confirmation ended at
                that time or later stays confirmed. By default now.

        Returns:
            Whether it was not waiting already.

        Raises:
            WxCouponError: as :meth:`confirm_later`.
        """
        return await self._running.note(self._confirmation(notification), again=True, seen=seen)

    def client(self, tenant: str = "", brand_id: str | None = None) -> Client[Any]:
        """Who confirms the coupons of a tenant and, of a partner, of a brand.

        Raises:
            ConfigurationError: nobody does.
        """
        client = self._clients.of_tenant(tenant)
        return acting(client, brand_of(client.identity, brand_id))

    async def settled(self) -> None:
        """Wait until no coupon waits for its confirmation any more: of these clients, in this ledger.

        Raises:
            LedgerError: the ledger cannot be read.
            ClientStateError: the confirmer does not run.
        """
        await self._running.settled()

    async def stages(self) -> Stages:
        """How many coupons wait, are confirmed and were given up: of these clients, in this ledger.

        Raises:
            WxCouponError: as :meth:`settled`.
        """
        return await self._confirmations.stages(self._clients.callers)

    async def unserved(self) -> dict[str, int]:
        """How many coupons in this ledger wait for others than these clients, by who that is: ``mchid=1900000001``.

        They wait until somebody enters a confirmer with that client, or until :meth:`confirm_again`.

        Raises:
            WxCouponError: as :meth:`settled`.
        """
        return self._unserved(await self._confirmations.waiting())

    async def given_up(self, *, after: str = "", most: int = 1000) -> list[Confirmation]:
        """The coupons that were given up, with their reasons, from behind the key *after* on.

        Raises:
            WxCouponError: as :meth:`settled`.
        """
        return await self._confirmations.given_up(self._clients.callers, after=after, most=most)

    async def try_again(self) -> int:
        """Begin anew with all coupons that were given up, when their reason has been seen to; how many there were.

        Raises:
            WxCouponError: as :meth:`settled`.
        """
        count = await self._confirmations.reopen(self._clients.callers, self._settings.clock())
        self._running.wake()
        return count

    async def forget(self, *confirmations: Confirmation) -> int:
        """Forget coupons that were given up, and whose they were; how many there were.

        Raises:
            WxCouponError: as :meth:`settled`.
        """
        return await self._confirmations.forget([one.key for one in confirmations])

    @property
    def clock(self) -> Callable[[], float]:
        """This machine's time, seconds since 1970."""
        return self._settings.clock

    def _unserved(self, waiting: Mapping[str, int]) -> dict[str, int]:
        return {caller: count for caller, count in waiting.items() if caller not in self._clients.callers}

    def _confirmation(self, notification: Notification[CouponSent]) -> Confirmation:
        client = self._clients.of_tenant(notification.tenant)
        one = confirmation_of(client.identity, notification.event)
        acting(client, one.brand_id)  # whether the call can be made for that brand at all
        return one

    @property
    def _running(self) -> Work:
        if self._work is None or self._work.closed:
            raise ClientStateError("the confirmer does not run; use it as: async with Confirmer(…) as confirmer")
        return self._work

    @property
    def _confirmations(self) -> Confirmations:
        return self._running.confirmations

    async def _sweep(self, confirmations: Confirmations) -> None:
        while True:
            try:
                while await confirmations.sweep(self._settings.clock() - self._kept) >= _SWEPT_AT_ONCE:
                    pass
            except LedgerError as error:
                log.warning("what was confirmed long ago could not be forgotten: %s", error)
            await asyncio.sleep(_SWEPT)
