"""What users hold of product coupons: coupons by themselves, and coupons in bundles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from .records import Stock, User
from .validity import in_window


@attrs.frozen
class Sending:
    """What a coupon was sent with, or all coupons of a bundle.

    Attributes:
        channel: its ``send_channel``.
        tags: its ``coupon_tag_info``.
    """

    user: User
    send_request_no: str
    channel: str
    attach: str | None = attrs.field(default=None, repr=False)
    tags: Mapping[str, Any] | None = attrs.field(default=None, repr=False)


@attrs.define(eq=False)
class UserCoupon:
    """A coupon in a user's hand.

    Attributes:
        bundle: what it is a round of; None for a coupon by itself.
        confirmed: number and time of its confirmation, as answers show them.
        used: how it was redeemed, as answers show it; None again once it is returned.
        returned: number and time of its last return, as answers show them.
        deactivated: number, time and reason of its deactivation, as answers show them.
        deleted: whether its user has deleted it, which no endpoint does.
        spent: the numbers of redemptions and returns that are over.
    """

    coupon_code: str = attrs.field(repr=False)
    stock: Stock
    sending: Sending
    received: float
    begins: float
    ends: float
    bundle: UserBundle | None = None
    confirmed: dict[str, str] | None = None
    used: dict[str, Any] | None = attrs.field(default=None, repr=False)
    returned: dict[str, str] | None = None
    deactivated: dict[str, str] | None = None
    deleted: bool = False
    spent: set[tuple[str, str]] = attrs.field(factory=set[tuple[str, str]])

    @property
    def user(self) -> User:
        """Who has it."""
        return self.sending.user

    def state(self, now: float) -> str:
        """Its ``coupon_state``. What becomes of one that is never confirmed is not documented: here it stays."""
        for state, holds in (
            ("DELETED", self.deleted),
            ("DEACTIVATED", self.deactivated is not None),
            ("USED", self.used is not None),
            ("CONFIRMING", self.confirmed is None),
            ("PENDING", now < self.begins),
            ("EXPIRED", now > self.ends),
        ):
            if holds:
                return state
        return "EFFECTIVE"

    def in_window(self, now: float) -> bool:
        """Whether the slots and windows of its stock allow this moment."""
        return in_window(self.stock.period, now)


@attrs.define(eq=False)
class UserBundle:
    """A bundle in a user's hand: the next coupon comes when the one before it is redeemed.

    Attributes:
        stocks: one for each round.
        codes: one for each round, taken when the bundle was sent, so that no round can be without.
        received: when the user got the bundle, from which the validity of every round counts.
        coupons: those the user has so far.
        used_count: rounds redeemed; a return takes none back.
        next_use: seconds since 1970 before which the next round cannot be redeemed.
    """

    user_coupon_bundle_id: str
    stocks: Sequence[Stock]
    codes: Sequence[str] = attrs.field(repr=False)
    sending: Sending
    received: float
    coupons: list[UserCoupon] = attrs.field(factory=list[UserCoupon])
    used_count: int = 0
    next_use: float = 0.0
