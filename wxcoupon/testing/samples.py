"""A sample of any declared event, made from its declaration alone.

Rule 1: it has every required member, those that tell one occurrence from another, and of events for partners the
        ``brand_id``; no other optional one.
Rule 2: every sample is another occurrence: its numbers and codes are new, in this process and in any other.
"""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

import attrs

from .. import event as events
from ..convert import write_time
from ..errors import ConfigurationError
from ..event import Event
from ..model import Model, Text, Whole, fields, hints, is_required, marks

_CHINA: Final = timezone(timedelta(hours=8))
_RUN: Final = secrets.token_hex(3)
_counted: Final = itertools.count(1)
_ALWAYS: Final[Mapping[str, Any]] = {
    "appid": "wx1234567890abcdef",
    "brand_id": "120344",
    "stock_creator_mchid": "1900000001",
    "send_merchant": "1900000001",
    "consume_mchid": "1900000001",
    "transaction_minimum": 10_000,
    "coupon_amount": 1_000,
    "card_color": "Color010",
}
"""What is the same in every sample, where a member is called so; any other is made from its type."""
_FITTING: Final[Mapping[str, Mapping[str, Any]]] = {
    "COUPON.USE": {"status": "USED"},
    "DELIVERY_PLAN.CHANGE": {"plan_state": "DELIVERING", "audit_state": "PASSED"},
    "PRODUCT_COUPON_SP.IMAGE_GENERATION": {
        "task_state": "SUCCESS",
        "combine_image_result": {"image_url": "https://wxpaylogo.qpic.cn/wxpaylogo/sample/0"},
    },
    "PRODUCT_COUPON_SP.SEND": {"send_channel": "RECEIVE_COMPONENT"},
}
"""By an event's current spelling, what the first of several values would not fit."""


def declared(kind: type[Event] | str) -> tuple[type[Event] | None, str]:
    """The class of an event and the spelling of its type; no class for a type that none is declared for.

    Raises:
        ConfigurationError: the class is none that callbacks are declared for.
    """
    if isinstance(kind, str):
        return events.registry().get(kind), kind
    if not kind.spellings:
        raise ConfigurationError(f"{kind.__name__} is no declared event; give one, as product_coupon.CouponSent")
    return kind, kind.spellings[0]


def sample(kind: type[Event] | str, at: float | None = None) -> dict[str, Any]:
    """What a callback of this kind may tell, under wire names: another occurrence each time.

    Args:
        kind: the class of the event, or its type in one of its spellings.
        at: when it happened, seconds since 1970; now when None.

    Raises:
        ConfigurationError: there is no such event.
    """
    cls, event_type = declared(kind)
    if cls is None:
        raise ConfigurationError(f"there is no event {event_type!r}; known are {', '.join(sorted(events.registry()))}")
    more = {"brand_id"} if "_SP." in event_type else set[str]()
    moment = datetime.fromtimestamp(int(time.time() if at is None else at), _CHINA)
    made = _Sampler(f"{_RUN}-{next(_counted):06}", moment).members(cls, {*cls.told_by, *more})
    return {**made, **_FITTING.get(cls.spellings[0], {})}


@attrs.frozen
class _Sampler:
    """Makes values.

    Attributes:
        number: what is in every text, so that it is new.
        moment: when it happens.
    """

    number: str
    moment: datetime

    def members(self, cls: type[Model], wanted: set[str]) -> dict[str, Any]:
        """The members of a model; *wanted* are the optional ones among them, a dot before those of a part."""
        known, heads = hints(cls), {name.partition(".")[0] for name in wanted}
        return {
            field.name: self._value(
                field.name,
                known[field.name],
                {rest for name in wanted if (rest := name.partition(".")[2]) and name.startswith(f"{field.name}.")},
            )
            for field in fields(cls)
            if is_required(field) or field.name in heads
        }

    def _value(self, name: str, annotation: Any, wanted: set[str]) -> Any:
        if name in _ALWAYS:
            return _ALWAYS[name]
        kind = _bare(annotation)
        if (origin := get_origin(kind)) is not None:
            return [self._value(name, get_args(kind)[0], wanted)] if origin is list else {}
        if kind is str or kind is Any:
            return self._text(name, annotation)
        if issubclass(kind, Model):
            return self.members(kind, wanted)
        return self._single(name, annotation, kind)

    def _single(self, name: str, annotation: Any, kind: type) -> Any:
        if issubclass(kind, StrEnum):
            return next(iter(kind)).value
        if issubclass(kind, datetime):
            return write_time(self.moment + timedelta(days=30 if "end" in name.split("_") else 0))
        if kind is int:
            limits = next((mark for mark in marks(annotation) if isinstance(mark, Whole)), Whole())
            return min(max(limits.min, 100), 100 if limits.max is None else limits.max)
        return 1.0 if kind is float else False

    def _text(self, name: str, annotation: Any) -> str:
        if name.endswith("_url"):
            return f"https://wxpaylogo.qpic.cn/wxpaylogo/{self.number}/0"
        most = next((mark.max for mark in marks(annotation) if isinstance(mark, Text)), None) or 32
        return f"{name}-{self.number}"[-most:].lstrip("-_")


def _bare(annotation: Any) -> Any:
    """The type that a member has where it is there: of an open enum the enum, of a choice the first."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return _bare(next(part for part in get_args(annotation) if part is not type(None)))
    return annotation
