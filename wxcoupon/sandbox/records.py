"""What the world is made of: product coupons, their stocks, users, and tokens."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs

from .handlers import Owner
from .merchant_stocks import MerchantStock
from .validity import ends

TOKEN_SECONDS: Final = 300
"""How long a pre-send token can be claimed."""


@attrs.define(eq=False)
class ProductCoupon:
    """A product coupon: what was sent to create it, and when its review ends.

    Attributes:
        deactivated: who deactivated it when and why, as answers show it; None while nobody did.
    """

    product_coupon_id: str
    owner: Owner
    members: Mapping[str, Any] = attrs.field(repr=False)
    reviewed_at: float
    deactivated: Mapping[str, str] | None = None

    def state(self, now: float) -> str:
        """AUDITING until its review, then EFFECTIVE, and DEACTIVATED for good."""
        if self.deactivated is not None:
            return "DEACTIVATED"
        return "AUDITING" if now < self.reviewed_at else "EFFECTIVE"


@attrs.define(eq=False)
class Stock:
    """A stock: its settings as answers show them, its codes, and what was sent from it.

    Attributes:
        codes: all codes uploaded to it, in order.
        free: those that no user has yet.
        stock_bundle_id: the bundle it is of; None for a stock by itself.
        round_index: its round in the bundle, from 0.
        stores: the stores associated with it, each with a number that later ones exceed.
        store_numbers: where those come from.
        changed_at: when it was last changed; a change is reviewed as a new stock is.
        paused: whether someone holds it back: no call does, a test may.
        deactivated: who deactivated it when and why, as answers show it; None while nobody did.
    """

    stock_id: str
    product_coupon: ProductCoupon
    settings: Mapping[str, Any] = attrs.field(repr=False)
    reviewed_at: float
    codes: dict[str, None] = attrs.field(factory=dict[str, None], repr=False)
    free: list[str] = attrs.field(factory=list[str], repr=False)
    sent: int = 0
    sent_by_day: Counter[str] = attrs.field(factory=Counter[str], repr=False)
    sent_by_user: Counter[str] = attrs.field(factory=Counter[str], repr=False)
    stock_bundle_id: str | None = None
    round_index: int = 0
    stores: dict[str, int] = attrs.field(factory=dict[str, int], repr=False)
    store_numbers: Iterator[int] = attrs.field(factory=itertools.count, repr=False)
    changed_at: float | None = None
    paused: bool = False
    deactivated: Mapping[str, str] | None = None

    @property
    def owner(self) -> Owner:
        """Whose it is."""
        return self.product_coupon.owner

    @property
    def mode(self) -> str:
        """Where its codes come from."""
        return str(self.settings["coupon_code_mode"])

    @property
    def max_count(self) -> int:
        """How many coupons it may ever send, and how many codes it takes."""
        return int(self.settings["stock_send_rule"]["max_count"])

    @property
    def period(self) -> Mapping[str, Any]:
        """Its ``coupon_available_period``, from whichever rule has it."""
        for rule in ("single_usage_rule", "progressive_bundle_usage_rule", "sequential_usage_rule"):
            if rule in self.settings:
                period: Mapping[str, Any] = self.settings[rule]["coupon_available_period"]
                return period
        raise TypeError(f"stock {self.stock_id} has no rule")

    def state(self, now: float) -> str:
        """AUDITING until its review, then SENDING or PAUSED, and STOPPED after its end; DEACTIVATED for good."""
        if self.deactivated is not None:
            return "DEACTIVATED"
        if now < self.reviewed_at:
            return "AUDITING"
        if now > ends(self.period):
            return "STOPPED"
        return "PAUSED" if self.paused else "SENDING"


@attrs.define(eq=False)
class User:
    """A person, with one openid for every appid."""

    unionid: str = attrs.field(repr=False)
    openids: dict[str, str] = attrs.field(factory=dict[str, str], repr=False)


@attrs.frozen
class Token:
    """A pre-send token: what the user gets who claims it.

    Attributes:
        sender: who pre-sent it.
        stock: a stock of a product coupon, or of a merchant coupon.
        until: seconds since 1970 after which it is worth nothing.
    """

    sender: tuple[str, str]
    stock: Stock | MerchantStock
    user: User
    send_request_no: str
    coupon_code: str | None = attrs.field(repr=False)
    attach: str | None = attrs.field(repr=False)
    until: float


@attrs.frozen
class NotifyUrl:
    """Where a caller's callbacks go, and since when."""

    url: str
    update_time: str
