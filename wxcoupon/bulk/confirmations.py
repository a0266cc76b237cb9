"""What a ledger remembers of confirmations: the coupons that wait for theirs, and what became of the others.

Rule 1: one row a coupon. What a method has returned from is on disk, as with jobs.
Rule 2: whoever makes a call has *taken* its row until a moment. When that has passed, anybody may take it, so whoever
        was killed holds nothing up, and two that share a ledger divide the work. That a call is made twice now and then
        does no harm: it has the same request number.
Rule 3: the openid and the code are needed to confirm a coupon after a restart, so they are kept, and taken away with
        the same write that says that it is confirmed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import attrs

REOPENED: Final = "it was seen CONFIRMING after it had been confirmed"
"""The reason of one that had ended and waits anew, until it is tried."""


@attrs.frozen
class Confirmation:
    """A coupon, and all that its confirmation takes.

    Attributes:
        key: names the coupon in the ledger, whichever way it became known: up to 40 characters that tell nothing of it.
        request_no: the number of the call.
        caller: who makes it: the identity's subject, as ``mchid=1900000001``.
        brand_id: the brand, as the call says it; empty for a brand itself.
        product_coupon_id: the product coupon.
        stock_id: its stock.
        coupon_code: its code.
        appid: the appid of ``openid``.
        openid: the user, under ``appid``.
        refusals: how often it was refused so far.
        tries: how often it was tried in vain, refusals included.
        reason: why it was not confirmed when it was last tried.
        since: when it was first refused, or, of one that was given up, when that was, in seconds since 1970; 0 where
            it was not.
    """

    key: str
    request_no: str
    caller: str
    brand_id: str
    product_coupon_id: str
    stock_id: str
    coupon_code: str = attrs.field(repr=False)
    appid: str
    openid: str = attrs.field(repr=False)
    refusals: int = 0
    tries: int = 0
    reason: str = ""
    since: float = 0.0


@attrs.frozen
class Taken:
    """What there is to do.

    Attributes:
        confirmations: to be confirmed now, those that waited longest first.
        next_at: when the next one is due, in seconds since 1970; None when nothing waits.
    """

    confirmations: Sequence[Confirmation]
    next_at: float | None


@attrs.frozen
class Stages:
    """How many coupons are how far.

    Attributes:
        waiting: not known to be confirmed yet.
        ended: confirmed, or found past it; those that were forgotten since are not counted.
        given_up: refused for good.
    """

    waiting: int = 0
    ended: int = 0
    given_up: int = 0


class Confirmations(Protocol):
    """Where confirmations are remembered. Every method may raise :class:`~wxcoupon.bulk.ledger.LedgerError`.

    Moments are seconds since 1970, by the clock of whoever asks.
    """

    async def note(
        self, confirmation: Confirmation, now: float, *, again: bool = False, seen: float | None = None
    ) -> bool:
        """Write down that a coupon has to be confirmed.

        One that waits already stays as it is. One that was given up waits anew, with what is said now.

        Args:
            confirmation: the coupon.
            now: from when it is due.
            again: somebody has seen that it is not confirmed. So one that has ended waits anew too, for the reason
                :data:`REOPENED`; and one that waits is due now, and is this caller's from now on.
            seen: when the look at it began; one that ended at that time or later stays ended. By default *now*.

        Returns:
            Whether it was not waiting before, and is now.
        """
        ...

    async def take(
        self, callers: Sequence[str], now: float, until: float, most: int, *, beyond: float = float("inf")
    ) -> Taken:
        """Take what is due of these callers, so many at the most; nobody else is given it before *until*.

        What is due after *beyond* is taken too: it was written by a clock that was wrong.
        """
        ...

    async def postpone(self, confirmation: Confirmation, due: float) -> None:
        """Say when one that waits is to be tried again; its refusals, tries, reason and since are what they are now."""
        ...

    async def end(self, key: str, state: str, now: float) -> bool:
        """Remember that one that waited is confirmed, and forget whose it was and its code.

        Args:
            key: which one.
            state: the ``coupon_state`` that it was found in.
            now: the time.

        Returns:
            Whether it waited until now.
        """
        ...

    async def give_up(self, confirmation: Confirmation, now: float) -> bool:
        """Remember that one that waited cannot be confirmed, and why; its data stays until somebody sees to it.

        Returns:
            Whether it waited until now.
        """
        ...

    async def given_up(self, callers: Sequence[str], *, after: str = "", most: int = 1000) -> list[Confirmation]:
        """Those that were given up, by their keys, from behind the key *after* on."""
        ...

    async def reopen(self, callers: Sequence[str], now: float) -> int:
        """Let all that were given up wait anew; how many there were."""
        ...

    async def stages(self, callers: Sequence[str]) -> Stages:
        """How many there are at each stage."""
        ...

    async def waiting(self) -> Mapping[str, int]:
        """How many wait of each caller, whoever that is; none of those of whom nothing waits."""
        ...

    async def forget(self, keys: Sequence[str]) -> int:
        """Forget single ones, whatever became of them; how many there were."""
        ...

    async def sweep(self, before: float, most: int = 10_000) -> int:
        """Forget those that ended before a moment, so many at the most; how many there were."""
        ...


class ConfirmationLedger(Protocol):
    """A ledger that remembers confirmations: :class:`~wxcoupon.bulk.SqliteLedger` and ``MemoryLedger`` do."""

    @property
    def confirmations(self) -> Confirmations:
        """Where they are."""
        ...
