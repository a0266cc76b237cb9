"""How an event is declared: once, as the class of what a callback tells.

::

    @event("PRODUCT_COUPON_SP.SEND", "PRODUCT_COUPON.SEND", key=("brand_id", "stock_id", "coupon_code"))
    class CouponSent(Event):
        '''A user has a new coupon …

        https://pay.weixin.qq.com/doc/v3/partner/4015780862
        '''

        coupon_code: HeldCode
        ...

Everything else follows from the declaration by walking :data:`REGISTRY`: what a callback is read into, which handler
gets it, what makes two callbacks the same, and the tests that hold for all events.

Rule 1: the type of an event is the envelope's ``event_type`` alone; ``original_type`` decides nothing, because sources
        disagree about it.
Rule 2: all spellings of a type are one class: those of partners and of brands, and older ones.
Rule 3: ``key`` names the members that tell one occurrence from another, because the same occurrence may be told again
        under another notification id. Without one, or where a member of it did not come, the id does.
Rule 4: an event that is lost to somebody when nobody handles it says ``must=True``: a router that has no handler for it
        refuses it, so that it comes again, and does not acknowledge it.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, TypeVar

from typing_extensions import dataclass_transform

from .model import Model, fields, model

FAMILIES: Final = ("brand_card", "busifavor", "cash_coupon", "delivery_plan", "product_coupon")
"""The packages with a module ``events``."""


@model
class Event(Model):
    """What a callback tells. Unknown members are kept in ``extra``, and one that did not come is None."""

    spellings: ClassVar[tuple[str, ...]] = ()
    """The values of ``event_type`` that mean this event; the current one first."""
    told_by: ClassVar[tuple[str, ...]] = ()
    """The members that tell one occurrence from another; empty where the notification's id does."""
    must: ClassVar[bool] = False
    """Whether it has to be handled: a router without a handler for it does not acknowledge it."""
    page: ClassVar[str] = ""
    """The page of WeChat Pay's documentation, empty where there is none."""


@model
class UnknownEvent(Event):
    """An event of a type that this version does not know, with all that was in it.

    Attributes:
        event_type: its type.
        data: the opened data. Whom or what it names, nobody knows, so it is left out of the repr.
    """

    event_type: str
    data: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"UnknownEvent(event_type={self.event_type!r})"


E = TypeVar("E", bound=Event)
REGISTRY: Final[dict[str, type[Event]]] = {}
"""Every event declared so far, by each of its spellings; :func:`registry` loads all families first."""


@dataclass_transform(frozen_default=True, kw_only_default=True)
def event(*spellings: str, key: tuple[str, ...] = (), must: bool = False) -> Callable[[type[E]], type[E]]:
    """Make a class what callbacks of these types are read into, and put it in the registry.

    Args:
        spellings: the values of ``event_type``; the current one first.
        key: the members that tell one occurrence from another; of a part's member both names, with a dot between.
        must: whether it has to be handled.
    """

    def declare(cls: type[E]) -> type[E]:
        made = model(cls)
        made.spellings, made.told_by, made.must = spellings, key, must
        pages = re.findall(r"https://\S+", made.__doc__ or "")
        made.page = pages[0] if pages else ""
        if lost := {name.partition(".")[0] for name in key} - {field.name for field in fields(made)}:
            raise TypeError(f"{made.__name__} has no member {sorted(lost)}")
        for spelling in spellings:
            if REGISTRY.setdefault(spelling, made) is not made:
                raise TypeError(f"two events are called {spelling}")
        return made

    return declare


_loaded: set[str] = set()
"""The families whose events are in :data:`REGISTRY` for sure."""


def registry() -> Mapping[str, type[Event]]:
    """Every event of every family, by its spelling."""
    if len(_loaded) < len(FAMILIES):
        for family in FAMILIES:
            importlib.import_module(f"wxcoupon.{family}.events")
            _loaded.add(family)
    return REGISTRY
