"""Stores of a brand: making, changing, closing and deleting them, and the merchants that receive their money.

A store belongs to its brand, whoever made it. A review takes as long as one of a product coupon, and so does a
merchant's administrator.

https://pay.weixin.qq.com/doc/v3/partner/4015783183
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs

from .handlers import Answer, Asked, Owner, handles
from .refusals import invalid, not_found, parameter, taken
from .world import World

_PARTS: Final = ("store_basics", "store_address", "store_business")
_UNREVIEWED: Final = {
    "store_basics": ("store_reference_id",),
    "store_business": ("service_phone", "business_hours"),
}
_MOST_RECIPIENTS: Final = 3
_ROWS: Final = 20


@attrs.define(eq=False)
class Recipient:
    """A receiving merchant of a store.

    Attributes:
        confirmed_at: when its administrator agrees, seconds since 1970.
        refused: ADMIN_REJECTED or TIMEOUT_REJECTED, where it did not.
    """

    mchid: str
    company_name: str
    confirmed_at: float
    refused: str | None = None

    def shown(self, now: float) -> dict[str, str]:
        """The recipient as answers show it."""
        state = self.refused or ("CONFIRMED" if now >= self.confirmed_at else "CONFIRMING")
        return {"mchid": self.mchid, "company_name": self.company_name, "recipient_state": state}


@attrs.define(eq=False)
class Store:
    """A store, as its last approved review left it.

    Attributes:
        parts: basics, address and business in force, by the name of the member.
        pending: what a review is still to approve of a change, by the same names.
        reviewed_at: when the last review ends or has ended, seconds since 1970.
        created_at: when the review of the creation ends or has ended.
        rejected: why the last review failed; None where it did not.
    """

    store_id: str
    brand_id: str
    parts: dict[str, dict[str, Any]] = attrs.field(repr=False)
    created_at: float
    reviewed_at: float
    pending: dict[str, dict[str, Any]] = attrs.field(factory=dict[str, dict[str, Any]], repr=False)
    rejected: str | None = None
    closed: bool = False
    recipients: dict[str, Recipient] = attrs.field(factory=dict[str, Recipient], repr=False)

    def settle(self, now: float) -> None:
        """Put what a review has approved into force."""
        if now >= self.reviewed_at and self.rejected is None:
            for name, members in self.pending.items():
                self.parts[name] = {**self.parts.get(name, {}), **members}
            self.pending = {}

    def state(self, now: float) -> str:
        """Its ``store_state``; a creation that was rejected stays CREATING."""
        if now < self.created_at:
            return "CREATING"
        return "CLOSED" if self.closed else "OPEN"

    def shown(self, now: float) -> dict[str, Any]:
        """The store as answers show it, but for the brand."""
        audit = "REJECTED" if self.rejected is not None else "SUCCESS" if now >= self.reviewed_at else "PROCESSING"
        return {
            "store_id": self.store_id,
            "store_state": self.state(now),
            "audit_state": audit,
            **({} if self.rejected is None else {"review_reject_reason": self.rejected}),
            **self.parts,
            **({"store_recipient": [one.shown(now) for one in self.recipients.values()]} if self.recipients else {}),
        }


class Stores:
    """All stores, by their number."""

    def __init__(self) -> None:
        self.by_id: dict[str, Store] = {}
        self.numbers = itertools.count(50000001)

    def of(self, owner: Owner) -> Iterator[Store]:
        """The stores of a brand, in the order they were made."""
        return (store for store in self.by_id.values() if store.brand_id == owner.brand_id)

    def reject(self, store_id: str, reason: str) -> None:
        """Play the reviewer who rejects the creation or the last change of a store."""
        store = self.by_id[store_id]
        store.rejected, store.pending = reason, {}
        if store.created_at == store.reviewed_at:
            store.created_at = float("inf")

    def refuse(self, store_id: str, mchid: str, state: str = "ADMIN_REJECTED") -> None:
        """Play the administrator of a receiving merchant who does not agree."""
        self.by_id[store_id].recipients[mchid].refused = state


def _store(world: World, asked: Asked) -> Store:
    store = world.room(Stores).by_id.get(asked.data["store_id"])
    if store is None or store.brand_id != asked.scope.brand_id:
        raise not_found("store_id")
    store.settle(world.now)
    return store


def _entity(world: World, asked: Asked, store: Store) -> dict[str, Any]:
    return {**asked.scope.shown, **store.shown(world.now)}


def _reference(parts: Mapping[str, Any]) -> str | None:
    found: str | None = parts.get("store_basics", {}).get("store_reference_id")
    return found


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two stores are one: by their references, or by name and address where neither has one."""
    reference = _reference(one)
    if reference is not None or _reference(other) is not None:
        return reference == _reference(other)
    return all(one.get(name) == other.get(name) for name in ("store_basics", "store_address"))


@handles("store.create_brand_store")
def create_brand_store(world: World, asked: Asked) -> Answer:
    """Make a store, unless the brand has it already."""
    room = world.room(Stores)
    parts = {name: dict(asked.data[name]) for name in _PARTS if name in asked.data}
    if any(_same(parts, other.parts) for other in room.of(asked.scope)):
        raise taken("the brand has this store already")
    ends = world.now + world.review_seconds
    store = Store(f"{next(room.numbers)}", asked.scope.brand_id, parts, ends, ends)
    room.by_id[store.store_id] = store
    return _entity(world, asked, store)


@handles("store.list_brand_stores")
def list_brand_stores(world: World, asked: Asked) -> Answer:
    """Show some of the brand's stores, in the order they were made."""
    state = asked.data.get("store_state")
    now = world.now
    found = [store for store in world.room(Stores).of(asked.scope) if state in {None, store.state(now)}]
    offset, limit = asked.data.get("offset", 0), asked.data.get("limit", _ROWS)
    rows = found[offset : offset + limit]
    for store in rows:
        store.settle(now)
    return {
        "brand_id": asked.scope.brand_id,
        "data": [_entity(world, asked, store) for store in rows],
        "offset": offset,
        "limit": limit,
        "total_count": len(found),
    }


@handles("store.get_brand_store")
def get_brand_store(world: World, asked: Asked) -> Answer:
    """Show a store."""
    return _entity(world, asked, _store(world, asked))


@handles("store.update_brand_store")
def update_brand_store(world: World, asked: Asked) -> Answer:
    """Change a store: some members at once, the others after a review."""
    store = _store(world, asked)
    now = world.now
    if store.state(now) == "CREATING":
        raise parameter("store_id", "the store is CREATING and takes no changes", location="url")
    changes = {name: asked.data[name] for name in _PARTS if name in asked.data}
    reference = _reference(changes)
    others = (other for other in world.room(Stores).of(asked.scope) if other is not store)
    if reference is not None and reference in {_reference(other.parts) for other in others}:
        raise parameter("/store_basics/store_reference_id", "belongs to another store")
    reviewed: dict[str, dict[str, Any]] = {}
    for part, members in changes.items():
        for name, value in members.items():
            at_once = name in _UNREVIEWED.get(part, ())
            place = store.parts if at_once else reviewed
            place.setdefault(part, {})[name] = value
    if reviewed:
        store.pending = {part: {**store.pending.get(part, {}), **members} for part, members in reviewed.items()} | {
            part: members for part, members in store.pending.items() if part not in reviewed
        }
        store.reviewed_at, store.rejected = now + world.review_seconds, None
    store.settle(now)
    return _entity(world, asked, store)


@handles("store.delete_brand_store")
def delete_brand_store(world: World, asked: Asked) -> Answer:
    """Delete a store, for good."""
    store = _store(world, asked)
    del world.room(Stores).by_id[store.store_id]
    return None


def _changed(world: World, asked: Asked, *, closed: bool) -> Answer:
    store = _store(world, asked)
    wanted = "OPEN" if closed else "CLOSED"
    if store.state(world.now) != wanted:
        raise invalid(f"the store is {store.state(world.now)}, not {wanted}")
    store.closed = closed
    return {
        "brand_id": asked.scope.brand_id,
        "store_id": store.store_id,
        "store_state": store.state(world.now),
    }


@handles("store.close_brand_store")
def close_brand_store(world: World, asked: Asked) -> Answer:
    """Suspend an open store."""
    return _changed(world, asked, closed=True)


@handles("store.resume_brand_store")
def resume_brand_store(world: World, asked: Asked) -> Answer:
    """Open a suspended store again."""
    return _changed(world, asked, closed=False)


@handles("store.bind_store_recipient")
def bind_store_recipient(world: World, asked: Asked) -> Answer:
    """Bind a receiving merchant; one that was refused before is asked again."""
    store = _store(world, asked)
    mchid = asked.data["mchid"]
    recipient = store.recipients.get(mchid)
    if recipient is None and len(store.recipients) >= _MOST_RECIPIENTS:
        raise invalid(f"a store has at most {_MOST_RECIPIENTS} receiving merchants")
    if recipient is None or recipient.refused is not None:
        recipient = Recipient(mchid, asked.data["company_name"], world.now + world.review_seconds)
        store.recipients[mchid] = recipient
    return {**asked.scope.shown, "store_id": store.store_id, **recipient.shown(world.now)}


@handles("store.unbind_store_recipient")
def unbind_store_recipient(world: World, asked: Asked) -> Answer:
    """Take a confirmed merchant from a store; any other failure is said in an answer of 200, as WeChat Pay does."""
    store = _store(world, asked)
    recipient = store.recipients.get(asked.data["mchid"])
    if recipient is None:
        return {"failed_reason": "the merchant is not bound to the store"}
    if (state := recipient.shown(world.now)["recipient_state"]) != "CONFIRMED":
        return {"failed_reason": f"the binding is {state}, not CONFIRMED"}
    del store.recipients[recipient.mchid]
    return {}
