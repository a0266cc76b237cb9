"""Tokens of the claim component for a web service: few calls, none for nothing, and none beyond what can be borne.

Rule 1: whoever asks for the same at the same time waits for one call. It is given up when nobody waits any more.
Rule 2: a token is handed out again for a moment, and never once it was used. An error is told to all who wait for it,
        and is not kept.
Rule 3: at most so many calls are under way, and so many wait for their turn, in order. Beyond that one is refused at
        once, because a queue that is longer than users are patient serves nobody.

What WeChat Pay says of tokens, and what it does not: every call answers another token, each is good for 5 minutes, and
all that were asked for with the same user, stock and number lead to one coupon: the component shows "received" to who
has it. So it is right to hand the same token to the same user twice, as when a page is loaded again, and to hand out
another one just as well. Whether a token opens the component a second time is not documented. So it is handed out again
for a short while only, and :meth:`TokenService.used` ends that once the component was opened with it, for the user to
get a new one.

https://pay.weixin.qq.com/doc/v3/partner/4016434365
https://pay.weixin.qq.com/doc/v3/partner/4016434346
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable
from datetime import datetime
from types import TracebackType
from typing import Any, ClassVar, Final, Self

import attrs

from ...client import Client
from ...errors import ClientStateError, ConfigurationError, LocalError
from ...identity import Brand, Partner
from ...product_coupon import PreSendCoupon
from ..ending import end
from ..places import Place, Places
from .kept_tokens import KeptTokens
from .token_life import LIFETIME, expiry

_CLOSED: Final = "the token service is closed, or was not entered; use it as 'async with TokenService(…) as service'"


class TokensBusyError(LocalError):
    """As many tokens are being asked for as may be; nothing was sent for this one. Ask again after a moment.

    Attributes:
        most: how many calls may be under way or wait for their turn.
    """

    _retryable: ClassVar[bool] = True

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(
            f"{most} pre-sends are under way or wait for their turn, which is the most; answer 503 and let the page "
            "ask again, or allow more with concurrency and max_waiting"
        )


@attrs.frozen
class ServedToken:
    """A token for the claim component of a mini program.

    Attributes:
        token: pass it to ``wx.openBusinessView``.
        expires_at: until when it can be used, in whole seconds at +08:00. It is counted from the answer, so take a
            second off.
        send_request_no: the number of the sending it is for.
    """

    token: str = attrs.field(repr=False)
    expires_at: datetime
    send_request_no: str


@attrs.define(eq=False)
class _Flight:
    """A call that one or more wait for."""

    call: asyncio.Task[ServedToken]
    waiting: int = 0


class TokenService:
    """Hands out pre-send tokens to the users of a web service; one for each process, for all its requests.

    ::

        async with TokenService(client, product_coupon_id=…, stock_id=…, appid=…) as service:
            served = await service.token(openid=openid, send_request_no=f"spring_{user_id}")

    The same ``send_request_no`` gives the same user one coupon, so make it of the occasion and the user, never anew for
    each page. How long a single call may take is the client's to say: ``client.with_options(deadline=3)``.

    Args:
        client: makes the calls; it is not closed.
        product_coupon_id: the product coupon of whoever names none.
        stock_id: the stock of whoever names none.
        appid: the appid of whoever names none.
        concurrency: calls under way at once; one that pauses before it is repeated is not counted.
        max_waiting: calls that may wait for their turn.
        reuse: seconds after it came for which a token is handed out again to who asks for the very same, less than
            300; 0 for never. A token of the default has 240 seconds left at least.
        keep: tokens kept for that at once.
        clock: seconds since 1970.
        timer: seconds, never going back.

    Raises:
        ConfigurationError: a number is out of its range.
    """

    def __init__(  # noqa: PLR0913 - settings of a service, all by keyword
        self,
        client: Client[Partner] | Client[Brand],
        *,
        product_coupon_id: str | None = None,
        stock_id: str | None = None,
        appid: str | None = None,
        concurrency: int = 32,
        max_waiting: int = 1000,
        reuse: float = 60.0,
        keep: int = 10_000,
        clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        if concurrency < 1 or max_waiting < 0 or keep < 1:
            raise ConfigurationError("concurrency and keep are at least 1, and max_waiting is at least 0")
        if not 0 <= reuse < LIFETIME.total_seconds():
            raise ConfigurationError(
                f"reuse is a number of seconds from 0 to less than {LIFETIME.total_seconds():.0f}, not {reuse}"
            )
        self._client: Client[Any] = client
        self._defaults = {"product_coupon_id": product_coupon_id, "stock_id": stock_id, "appid": appid}
        self._places = Places(concurrency)
        self._most = concurrency + max_waiting
        self._clock = clock
        # By this machine's time too: a timer may stand still while a machine sleeps. expires_at is rounded down.
        self._least = LIFETIME.total_seconds() - reuse - 1
        self._kept: KeptTokens[ServedToken] = KeptTokens(reuse, keep, timer)
        self._flights: dict[Hashable, _Flight] = {}
        self._calls: set[asyncio.Task[ServedToken]] = set()
        self._open = False

    async def __aenter__(self) -> Self:
        self._open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Give up the calls under way, and hand out nothing more; who waits is told with a ClientStateError."""
        self._open = False
        self._kept.clear()
        self._flights.clear()
        for call in self._calls:
            call.cancel()
        for call in list(self._calls):
            await end(call)

    async def token(
        self,
        *,
        openid: str,
        send_request_no: str,
        product_coupon_id: str | None = None,
        stock_id: str | None = None,
        appid: str | None = None,
        coupon_code: str | None = None,
        attach: str | None = None,
    ) -> ServedToken:
        """A token for a user: one that came a moment ago, one that is on its way to another request, or a new one.

        Being cancelled cancels the call only if nobody else waits for it.

        Args:
            openid: the user, under the appid.
            send_request_no: the number of the sending.
            product_coupon_id: the product coupon, unless the service has it.
            stock_id: the stock, unless the service has it.
            appid: the appid, unless the service has it.
            coupon_code: the code to give, exactly when the stock's ``coupon_code_mode`` is API_ASSIGN.
            attach: free text, echoed in queries and callbacks.

        Raises:
            TokensBusyError: too many wait already; nothing was sent.
            ConfigurationError: an id is neither given here nor to the service.
            ClientStateError: the service is closed, or closed meanwhile.
            WxCouponError: as of :meth:`wxcoupon.Client.call`, the same for all who wait for the call.
        """
        request = PreSendCoupon(
            openid=openid,
            product_coupon_id=self._known("product_coupon_id", product_coupon_id),
            stock_id=self._known("stock_id", stock_id),
            appid=self._known("appid", appid),
            send_request_no=send_request_no,
            coupon_code=coupon_code,
            attach=attach,
        )
        if not self._open:
            raise ClientStateError(_CLOSED)
        asked = _asked(request)
        kept = self._kept.find(asked)
        if kept is not None and kept.expires_at.timestamp() - self._clock() >= self._least:
            return kept
        return await self._wait(asked, self._flights.get(asked) or self._begin(asked, request))

    def _known(self, name: str, value: str | None) -> str:
        known = value or self._defaults[name]
        if known is None:
            raise ConfigurationError(f"no {name} is known: give it to token(), or to the service for all")
        return known

    def _begin(self, asked: Hashable, request: PreSendCoupon) -> _Flight:
        if len(self._flights) >= self._most:
            raise TokensBusyError(self._most)
        call = asyncio.create_task(self._fetch(asked, request), name="wxcoupon-token")
        self._calls.add(call)
        flight = self._flights[asked] = _Flight(call)
        call.add_done_callback(lambda done: self._ended(asked, done))
        return flight

    async def _fetch(self, asked: Hashable, request: PreSendCoupon) -> ServedToken:
        place = Place(self._places)
        async with place:
            came = await self._client.resting(place.rest).call(request)
        served = ServedToken(came.token, expiry(self._clock()), request.send_request_no)
        self._kept.keep(asked, request.openid, served)
        return served

    def _ended(self, asked: Hashable, call: asyncio.Task[ServedToken]) -> None:
        self._calls.discard(call)
        flight = self._flights.get(asked)
        if flight is not None and flight.call is call:
            del self._flights[asked]
        if not call.cancelled():
            call.exception()  # it is nobody's when who waited for it was cancelled in the same turn of the loop

    async def _wait(self, asked: Hashable, flight: _Flight) -> ServedToken:
        flight.waiting += 1
        try:
            await asyncio.wait({flight.call})  # which, unlike shield, does not mistake its cancellation for ours
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.call.done():
                flight.call.cancel()
                if self._flights.get(asked) is flight:
                    del self._flights[asked]  # who asks from now on begins anew
        if flight.call.cancelled():
            raise ClientStateError(_CLOSED)
        return flight.call.result()

    def used(self, token: str) -> None:
        """Say that the component was opened with a token: it is not handed out again."""
        self._kept.used(token)

    def forget(self, *, openid: str, send_request_no: str | None = None) -> None:
        """Hand out none of a user's tokens again, as when the coupon was claimed.

        Args:
            openid: the user, as the tokens were asked for.
            send_request_no: only tokens of this sending; None for all.
        """
        for asked in self._kept.asked_by(openid):
            kept = self._kept.find(asked)
            if kept is None or send_request_no in {None, kept.send_request_no}:
                self._kept.forget(asked)


def _asked(request: PreSendCoupon) -> Hashable:
    return (
        request.openid,
        request.send_request_no,
        request.product_coupon_id,
        request.stock_id,
        request.appid,
        request.coupon_code,
        request.attach,
    )
