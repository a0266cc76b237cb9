"""What the sandbox remembers of cash coupons (代金券): stocks, the coupons users have, and what was paid with them."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

import attrs

from .handlers import Answer, Asked
from .records import User
from .refusals import Refusal
from .validity import read, written
from .world import World

T = TypeVar("T")


@attrs.define(eq=False)
class CashStock:
    """A stock of cash coupons: what was sent to create it, and what became of it.

    Attributes:
        creator: the merchant that created it.
        members: what was sent to create it.
        reviewed_at: when its review ends, in seconds since 1970.
        items: codes of the goods its coupons can be used for.
        senders: further merchants that may send it. No call authorises one, so a test puts them here.
    """

    stock_id: str
    creator: str
    members: Mapping[str, Any] = attrs.field(repr=False)
    created_at: float
    reviewed_at: float
    items: list[str] = attrs.field(repr=False)
    senders: set[str] = attrs.field(factory=set[str])
    started_at: float | None = None
    paused_at: float | None = None
    restarted_at: float | None = None
    stopped_at: float | None = None
    sent: int = 0
    sent_by_day: Counter[str] = attrs.field(factory=Counter[str], repr=False)
    sent_by_user: Counter[str] = attrs.field(factory=Counter[str], repr=False)

    @property
    def rule(self) -> Mapping[str, Any]:
        """How many coupons are sent, and to whom."""
        found: Mapping[str, Any] = self.members["stock_use_rule"]
        return found

    @property
    def value(self) -> Mapping[str, int]:
        """What a coupon takes off, and off what."""
        found: Mapping[str, int] = self.members["coupon_use_rule"]["fixed_normal_coupon"]
        return found

    @property
    def merchants(self) -> Sequence[str]:
        """Where its coupons can be used."""
        found: Sequence[str] = self.members["coupon_use_rule"]["available_merchants"]
        return found

    @property
    def ends_at(self) -> float:
        """When its coupons can be used no more, in seconds since 1970."""
        return read(self.members["available_end_time"])

    @property
    def description(self) -> str:
        """The terms of use."""
        return str(self.members.get("pattern_info", {}).get("description", ""))

    def status(self, now: float) -> str:
        """Its state; one that was started ends by itself."""
        if self.stopped_at is not None or (self.started_at is not None and now > self.ends_at):
            return "stoped"
        if self.started_at is None:
            return "audit" if now < self.reviewed_at else "unactivated"
        return "running" if self.paused_at is None else "paused"

    def knows(self, mchid: str) -> bool:
        """Whether a merchant created it or may send it."""
        return mchid == self.creator or mchid in self.senders


@attrs.define(eq=False)
class CashCoupon:
    """A cash coupon in a user's hand."""

    coupon_id: str
    stock: CashStock
    user: User = attrs.field(repr=False)
    sender: str
    out_request_no: str
    received: float
    used: Payment | None = None

    def status(self, now: float) -> str:
        """Its state."""
        if self.used is not None:
            return "USED"
        return "SENDED" if now <= self.stock.ends_at else "EXPIRED"


@attrs.define(eq=False)
class Payment:
    """What a user paid with a coupon.

    Attributes:
        total: the amount of the order in fen, before anything was taken off.
        refunded_at: when all of it was paid back; None while it was not.
    """

    transaction_id: str
    mchid: str
    total: int
    paid_at: float
    refunded_at: float | None = None
    refund_id: str = ""

    @property
    def shown(self) -> dict[str, Any]:
        """Its ``consume_information``."""
        return {
            "consume_time": written(self.paid_at),
            "consume_mchid": self.mchid,
            "transaction_id": self.transaction_id,
        }


class CashRoom:
    """Every cash coupon of a sandbox.

    Attributes:
        stocks: by number.
        coupons: by number, in the order they were sent.
        callbacks: where callbacks go, by merchant.
    """

    def __init__(self) -> None:
        self.stocks: dict[str, CashStock] = {}
        self.coupons: dict[str, CashCoupon] = {}
        self.callbacks: dict[str, str] = {}
        self.numbers: Iterator[int] = itertools.count(1)

    def named(self, asked: Asked) -> CashStock:
        """The stock that a request is about, which names its creator.

        Raises:
            Refusal: there is none for this caller, or another merchant created it.
        """
        stock = self.stocks.get(asked.data["stock_id"])
        known = stock is not None and stock.knows(asked.identity.subject[1])
        if stock is None or not known or asked.data.get("stock_creator_mchid", stock.creator) != stock.creator:
            raise no_stock()
        return stock

    def own(self, asked: Asked) -> CashStock:
        """The stock that a request is about, which its creator alone may make.

        Raises:
            Refusal: there is none for this caller, or another merchant created it.
        """
        stock = self.named(asked)
        if stock.creator != asked.identity.subject[1]:
            raise blocked("only the merchant that created the stock may do this")
        return stock


def room(world: World) -> CashRoom:
    """The cash coupons of a world."""
    return world.room(CashRoom)


def no_stock() -> Refusal:
    """The stock is not there for this caller."""
    return Refusal(404, "RESOURCE_NOT_EXISTS", "the stock does not exist, or another merchant created it")


def blocked(message: str) -> Refusal:
    """A rule of the business is against it."""
    return Refusal(403, "REQUEST_BLOCKED", message)


def page(found: Sequence[T], asked: Asked, show: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A page of what was found, as every list of this family is: pages are counted from 0."""
    offset, limit = asked.data.get("offset", 0), asked.data.get("limit", 20)
    listed = list(found[offset * limit : (offset + 1) * limit])
    return {"total_count": len(found), "data": listed, "offset": offset, "limit": limit, **(show or {})}


def answer(stock: CashStock, name: str, at: float) -> Answer:
    """What a change of a stock answers: when, and of which."""
    return {name: written(at), "stock_id": stock.stock_id}
