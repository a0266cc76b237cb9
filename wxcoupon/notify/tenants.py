"""Whom a callback is for, where many merchants, partners and brands share one address.

Rule 1: a tenant that is given with the request, from its path say, is the one, and nobody else's keys prove it.
Rule 2: otherwise it is the one whose keys hold ``Wechatpay-Serial``; where several do, as the brands of a partner, the
        one with the ``brand_id`` that is inside, which is read once the callback is proven.
Rule 3: a callback for a brand that is not the tenant's is answered like a forged one, whichever way it was found:
        whoever may send for one brand may not do so for another. As it is proven, it is told as an error all the same:
        a brand that was forgotten in ``brand_ids`` would lose all its callbacks without a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import attrs

from .. import crypto
from ..errors import ConfigurationError, UntrustedAnswer
from ..event import Event
from ..keys import KeyRing
from .learning import Learner
from .receive import Key, Notification, checked, opened, prove
from .refusals import CannotOpen, UnknownTenant, UnservedBrand

_NOBODY: Final = "the callback is for nobody who is served here"


class Tenant:
    """A merchant, partner or brand whose callbacks are taken.

    Args:
        apiv3_key: the APIv3 key, 32 bytes, or several while one takes the place of another.
        client: who makes calls for it: a :class:`~wxcoupon.Client`. It fetches platform certificates that are missing.
        keys: WeChat Pay's keys; those of *client* by default.
        name: what it is called: in the path, and in ``notification.tenant``.
        brand_ids: its brands; empty for any.

    Raises:
        ConfigurationError: there are no keys, or an APIv3 key is not 32 bytes.
    """

    __slots__ = ("brand_ids", "client", "keys", "name", "opening")

    def __init__(
        self,
        apiv3_key: Key | Sequence[Key],
        *,
        client: Learner | None = None,
        keys: KeyRing | None = None,
        name: str = "",
        brand_ids: Iterable[str] = (),
    ) -> None:
        if keys is None:
            if client is None:
                raise ConfigurationError(f"the tenant {name!r} needs keys, or a client that has them")
            keys = client.keys
        if isinstance(brand_ids, str):
            raise ConfigurationError(f"brand_ids of the tenant {name!r} is a list, not text: [{brand_ids!r}]")
        self.client = client
        self.keys: KeyRing = keys
        self.name = name
        self.brand_ids = frozenset(brand_ids)
        self.opening = checked(apiv3_key)
        """The APIv3 keys, ready to open with."""

    def __repr__(self) -> str:
        return f"Tenant(name={self.name!r}, keys={self.keys!r}, brand_ids={sorted(self.brand_ids)!r})"

    def serves(self, notification: Notification[Event]) -> bool:
        """Whether a notification is for one of its brands, or names none."""
        if not self.brand_ids or (brand := notification.resource.get("brand_id")) is None:
            return True
        return isinstance(brand, str) and brand in self.brand_ids


class Tenants:
    """All tenants of one address.

    Raises:
        ConfigurationError: there is none, or two have one name.
    """

    def __init__(self, tenants: Iterable[Tenant]) -> None:
        self.all: tuple[Tenant, ...] = tuple(tenants)
        self.by_name: Mapping[str, Tenant] = {tenant.name: tenant for tenant in self.all}
        if not self.all:
            raise ConfigurationError("a router needs a tenant at least: Tenant(apiv3_key, client=client)")
        if len(self.by_name) < len(self.all):
            raise ConfigurationError("two tenants have the same name; the name is what tells them apart")

    def addressed(self, name: str | None) -> Sequence[Tenant]:
        """Whom a request may be for.

        Args:
            name: the tenant that is given with the request; None where none is.

        Raises:
            UnknownTenant: there is no such tenant.
        """
        if name is None:
            return self.all
        tenant = self.by_name.get(name)
        if tenant is None:
            raise UnknownTenant(_NOBODY)
        return (tenant,)

    def told(
        self, asked: Sequence[Tenant], found: Mapping[str, str], body: bytes, *, now: float, window: float
    ) -> Notification[Event]:
        """Prove a callback, open it, and say whom it is for.

        Args:
            asked: whom it may be for.
            found: the headers that prove it.
            body: its bytes.
            now: this machine's time, seconds since 1970.
            window: seconds that the timestamp may be away from *now*.

        Raises:
            UntrustedAnswer: it is not proven.
            UnservedBrand: it is proven, and for a brand that is not served here, or by more than one tenant.
            UnreadableAnswer: it is proven and cannot be opened or read.
        """
        if len(asked) == 1:
            (tenant,) = asked
            prove(found, body, tenant.keys, now=now, window=window)
            notification = opened(body, tenant.opening, tenant.name)
            if not tenant.serves(notification):
                raise _unserved(notification, f"which is none of brand_ids of the tenant {tenant.name!r}")
            return notification
        serial = found.get("Wechatpay-Serial", "")
        held = [tenant for tenant in asked if tenant.keys.holds(serial)]
        if len(held) == 1:
            return self.told(held, found, body, now=now, window=window)
        return self._sorted_out(_proven(held or asked[:1], found, body, now=now, window=window), body)

    def _sorted_out(self, proven: Sequence[Tenant], body: bytes) -> Notification[Event]:
        """The notification for the one tenant it is for, out of several whose keys prove it."""
        read: dict[tuple[crypto.GcmKey, ...], Notification[Event]] = {}
        serving: list[Tenant] = []
        failure: CannotOpen | None = None
        for tenant in proven:
            if tenant.opening not in read:
                try:
                    read[tenant.opening] = opened(body, tenant.opening)
                except CannotOpen as error:
                    failure = error
                    continue
            serving += [tenant] if tenant.serves(read[tenant.opening]) else []
        if not read and failure is not None:
            raise failure
        named = [tenant for tenant in serving if tenant.brand_ids and read[tenant.opening].brand_id is not None]
        chosen = named or serving
        if not chosen:
            raise _unserved(next(iter(read.values())), "which is in brand_ids of no tenant that its keys prove it for")
        if len(chosen) > 1:
            several = " and ".join(repr(tenant.name) for tenant in chosen[:2])
            raise _unserved(
                read[chosen[0].opening],
                f"which the tenants {several} take both; tell them apart by brand_ids, or by their names in the path",
            )
        return attrs.evolve(read[chosen[0].opening], tenant=chosen[0].name)


def _unserved(notification: Notification[Event], why: str) -> UnservedBrand:
    brand = notification.resource.get("brand_id")
    named = "no brand" if brand is None else f"brand {brand!r:.40}" if isinstance(brand, str | int) else "no brand_id"
    return UnservedBrand(
        f"notification {notification.id!r:.80} ({notification.event_type!r:.80}) is WeChat Pay's and names "
        f"{named}, {why}"
    )


def _proven(
    tenants: Sequence[Tenant], found: Mapping[str, str], body: bytes, *, now: float, window: float
) -> list[Tenant]:
    """The tenants whose keys prove a callback; each ring is asked once.

    Raises:
        UntrustedAnswer: nobody's do.
    """
    rings: dict[int, UntrustedAnswer | None] = {}
    for tenant in tenants:
        if id(tenant.keys) in rings:
            continue
        try:
            prove(found, body, tenant.keys, now=now, window=window)
        except UntrustedAnswer as error:
            rings[id(tenant.keys)] = error
        else:
            rings[id(tenant.keys)] = None
    proven = [tenant for tenant in tenants if rings[id(tenant.keys)] is None]
    if not proven:
        raise next(error for error in rings.values() if error is not None)
    return proven
