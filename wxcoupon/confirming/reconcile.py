"""Coupons whose callback never came: found by query, recorded and confirmed.

A callback is sent eleven times within nine hours, and then never again. WeChat Pay lists coupons by user alone, so who
may have some has to be known: the users that coupons or tokens were sent to, or all users of the mini program.

https://pay.weixin.qq.com/doc/v3/partner/4015781590
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from datetime import datetime
from typing import Any, Final, TypeAlias

import attrs

from ..client import Client
from ..errors import ApiError, ConfigurationError, InvalidRequest, LocalError, NoTurnError, WxCouponError
from ..notify.handlers import Awaited, Handlers
from ..notify.receive import Notification
from ..product_coupon import CouponSent, ListUserCoupons, UserProductCouponEntity, UserProductCouponState
from .confirmer import Confirmer
from .holders import Holder
from .missed import told
from .naming import brand_of

Holders: TypeAlias = Iterable[Holder] | AsyncIterable[Holder]
Record: TypeAlias = Callable[[Notification[CouponSent]], object]
"""Records a coupon: the very handler that the router has for them."""
OnTrouble: TypeAlias = Callable[[BaseException, Holder], object]
"""Told of a user who could not be asked about, or a coupon of theirs that could not be recorded."""

GRACE: Final = 60.0
"""Seconds that a callback has to arrive before its coupon is taken for one that was missed."""
_PAGE: Final = 50

log: Final = logging.getLogger("wxcoupon.confirming")


@attrs.define
class Reconciled:
    """What a reconciliation found.

    Attributes:
        users: users that were asked about.
        unanswered: users of whom WeChat Pay gave no answer, or refused it; ask about them again.
        found: coupons that were CONFIRMING for longer than the grace.
        unrecorded: those of them whose record failed, or that lack what a confirmation has to say, so that they were
            not confirmed either.
        noted: those that were recorded and are confirmed now.
        known: those that were recorded and whose confirmation was waiting already.
    """

    users: int = 0
    unanswered: int = 0
    found: int = 0
    unrecorded: int = 0
    noted: int = 0
    known: int = 0


async def reconcile_confirms(  # noqa: PLR0913 - what is looked for, all by keyword
    confirmer: Confirmer,
    holders: Holders,
    record: Record,
    *,
    tenant: str = "",
    brand_id: str | None = None,
    product_coupon_id: str | None = None,
    stock_id: str | None = None,
    grace: float = GRACE,
    concurrency: int = 8,
    clock: Callable[[], float] | None = None,
    on_trouble: OnTrouble | None = None,
) -> Reconciled:
    """Find coupons that are CONFIRMING still, record each as the callback would have, and have it confirmed.

    It may be run at any time, beside the service too: it leads to the same confirmations under the same numbers. When
    it returns they are written down; ``await confirmer.settled()`` waits until they are made.

    Args:
        confirmer: confirms them, and says who asks; it runs.
        holders: the users, who are asked about one by one: :func:`holders_of_job` gives those of a job.
        record: records a coupon, as the handler of a callback does, and is given the same: a notification, whose event
            has no ``unionid`` and no ``phone_number``, because no query tells them. It may be given what is recorded
            already. A function that is no coroutine function is called in a thread. What it raises leaves the coupon
            unconfirmed.
        tenant: whose coupons, of a confirmer with several clients.
        brand_id: the brand, of a partner; by default that of the client.
        product_coupon_id: only coupons of this product coupon.
        stock_id: only coupons of this stock.
        grace: seconds since a coupon was received in which its callback may still be on its way.
        concurrency: users asked about at once.
        clock: this machine's time, seconds since 1970; the confirmer's by default.
        on_trouble: called with what went wrong with a user, who is named in no log.

    Returns:
        What was found.

    Raises:
        ConfigurationError: an argument cannot be used.
        LedgerError: a confirmation could not be written down; what was done so far holds.
        WxCouponError: nobody can be asked about, because of the identity or the settings: 401, 403 NO_AUTH or a
            fault here.
    """
    if concurrency < 1 or not 0 <= grace < float("inf"):
        raise ConfigurationError("concurrency is a number from 1, and grace a number of seconds from 0")
    client = confirmer.client(tenant, brand_id)
    handlers = Handlers()
    handlers.add(CouponSent, record)
    (recorded,) = handlers.of(CouponSent)
    query = {"product_coupon_id": product_coupon_id, "stock_id": stock_id}
    before = (clock or confirmer.clock)() - grace
    search = _Search(confirmer, client, tenant, query, before, recorded, on_trouble)
    source = _each(holders)
    turn = asyncio.Lock()

    async def ask() -> None:
        while True:
            async with turn:  # an async iterator is asked for one item at a time
                holder = await anext(source, None)
            if holder is None:
                return
            await search.look(holder)

    tasks = [asyncio.create_task(ask()) for _ in range(concurrency)]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return search.counts


@attrs.define
class _Search:
    """One reconciliation."""

    confirmer: Confirmer
    client: Client[Any]
    tenant: str
    query: dict[str, Any]
    before: float
    record: Awaited
    on_trouble: OnTrouble | None
    counts: Reconciled = attrs.field(factory=Reconciled)

    async def look(self, holder: Holder) -> None:
        """Ask about one user, and see to what is found."""
        self.counts.users += 1
        seen = self.confirmer.clock()
        request = ListUserCoupons(
            openid=holder.openid,
            appid=holder.appid,
            coupon_state=UserProductCouponState.CONFIRMING,
            page_size=_PAGE,
            **self.query,
        )
        try:
            # All pages before anything is confirmed: what is confirmed leaves the list, and the rest would move up.
            coupons = [coupon async for coupon in self.client.pages(request)]
        except WxCouponError as error:
            if _holds_for_all(error):
                raise
            self.counts.unanswered += 1
            self._tell(error, holder)
            return
        for coupon in coupons:
            if self._is_missed(coupon):
                await self._see_to(coupon, holder, seen)

    def _is_missed(self, coupon: UserProductCouponEntity) -> bool:
        received: Any = coupon.receive_time  # text, where it is no time
        return coupon.coupon_state == UserProductCouponState.CONFIRMING and not (
            isinstance(received, datetime) and received.timestamp() > self.before
        )

    async def _see_to(self, coupon: UserProductCouponEntity, holder: Holder, seen: float) -> None:
        self.counts.found += 1
        identity = self.client.identity
        try:
            notification = told(identity, brand_of(identity, None), holder, coupon, self.tenant)
        except Exception as error:  # noqa: BLE001 - an answer that is not as documented, in any way
            self._unrecorded("a coupon that lacks what it should say", error, holder)
            return
        try:
            await self.record(notification)
        except Exception as error:  # noqa: BLE001 - whatever a handler raises
            self._unrecorded(f"coupon {notification.id}", error, holder)
            return
        try:
            is_new = await self.confirmer.confirm_again(notification, seen=seen)
        except (ConfigurationError, InvalidRequest) as error:
            self._unrecorded(f"coupon {notification.id}", error, holder)
            return
        if is_new:
            self.counts.noted += 1
        else:
            self.counts.known += 1

    def _unrecorded(self, what: str, error: Exception, holder: Holder) -> None:
        self.counts.unrecorded += 1
        log.error("%s could not be recorded: %s", what, type(error).__name__)
        self._tell(error, holder)

    def _tell(self, error: BaseException, holder: Holder) -> None:
        if self.on_trouble is not None:
            try:
                self.on_trouble(error, holder)
            except Exception as failed:  # noqa: BLE001 - a hook that fails stops nothing
                log.error("on_trouble failed with %s", type(failed).__name__)  # noqa: TRY400 - it may be personal


def _holds_for_all(error: WxCouponError) -> bool:
    """Whether asking about any other user would end the same way."""
    if isinstance(error, ApiError):
        return error.status == 401 or (error.status == 403 and error.code == "NO_AUTH")
    return isinstance(error, LocalError) and not isinstance(error, NoTurnError)


async def _each(holders: Holders) -> AsyncIterator[Holder]:
    if isinstance(holders, AsyncIterable):
        async for holder in holders:
            yield holder
    else:
        for holder in holders:
            yield holder
