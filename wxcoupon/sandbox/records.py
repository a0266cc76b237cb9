"""What the world is made of: product coupons, their stocks, users, tokens, and the coupons users hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import attrs

from .handlers import Owner
from .merchant_stocks import MerchantStock
from .validity import ends, in_window

TOKEN_SECONDS: Final = 300
"""How long a pre-send token can be claimed."""


@attrs.define(eq=False)
class ProductCoupon:
    """A product coupon: what was sent to create it, and when its review ends."""

    product_coupon_id: str
    owner: Owner
    members: Mapping[str, Any] = attrs.field(repr=False)
    reviewed_at: float


@attrs.define(eq=False)
class Stock:
    """A stock: its settings as answers show them, its codes, and what was sent from it.

    Attributes:
        codes: all codes uploaded to it, in order.
        free: those that no user has yet.
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
        """AUDITING until its review, then SENDING, and STOPPED after its end."""
        if now < self.reviewed_at:
            return "AUDITING"
        return "SENDING" if now <= ends(self.period) else "STOPPED"


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


@attrs.define(eq=False)
class UserCoupon:
    """A coupon in a user's hand."""

    coupon_code: str = attrs.field(repr=False)
    stock: Stock
    user: User
    send_request_no: str
    attach: str | None = attrs.field(repr=False)
    received: float
    begins: float
    ends: float
    confirmed: dict[str, str] | None = None
    used: dict[str, Any] | None = attrs.field(default=None, repr=False)

    def state(self, now: float) -> str:
        """Its ``coupon_state``."""
        if self.used is not None:
            return "USED"
        if self.confirmed is None:
            return "CONFIRMING"
        if now < self.begins:
            return "PENDING"
        return "EFFECTIVE" if now <= self.ends else "EXPIRED"

    def in_window(self, now: float) -> bool:
        """Whether the slots and windows of its stock allow this moment."""
        return in_window(self.stock.period, now)


@attrs.frozen
class NotifyUrl:
    """Where a caller's callbacks go, and since when."""

    url: str
    update_time: str
