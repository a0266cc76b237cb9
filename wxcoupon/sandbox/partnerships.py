"""Partnerships (合作关系): whom a merchant or partner lets use a stock. Whom they may be made with is not checked.

https://pay.weixin.qq.com/doc/v3/merchant/4012380498
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import attrs

from .handlers import Answer, Asked, handles
from .refusals import Refusal, invalid, no_auth
from .validity import written
from .world import World

_Who: TypeAlias = tuple[str, str]
"""The type of a partner, and its appid or merchant number."""
_What: TypeAlias = tuple[str, str | None]
"""The type of what is authorised, and its number."""
_PAGE: Final = 20


@attrs.define(eq=False)
class Partnership:
    """A partnership: its two parts as they were sent, and its times, in seconds since 1970."""

    partner: Mapping[str, Any] = attrs.field(repr=False)
    authorized_data: Mapping[str, Any] = attrs.field(repr=False)
    created: float
    built: float
    changed: float
    terminated: float | None = None


class Partnerships:
    """All partnerships, by who made them, with whom, and about what."""

    def __init__(self) -> None:
        self.kept: dict[tuple[tuple[str, str], _Who, _What], Partnership] = {}

    def let(self, stock_id: str, mchid: str, appid: str | None) -> bool:
        """Whether somebody lets this merchant, or this appid, use a stock of merchant coupons."""
        return any(
            what == ("BUSIFAVOR_STOCK", stock_id)
            and who in {("MERCHANT", mchid), ("APPID", appid)}
            and kept.terminated is None
            for (_, who, what), kept in self.kept.items()
        )


@handles("busifavor.build_partnership")
def build_partnership(world: World, asked: Asked) -> Answer:
    """Make a partnership; one that holds already is shown as it is, one that has ended holds again."""
    partner, authorized = asked.data["partner"], asked.data["authorized_data"]
    if authorized["business_type"] == "BUSIFAVOR_STOCK":  # stocks of cash coupons are another family's
        stock = world.merchant_stocks.get(authorized["stock_id"])
        if stock is None:
            raise _missing("stock_id")
        if not stock.open_to(asked.identity.subject):
            raise no_auth("the stock is another merchant's")
    now = world.now
    kept = world.room(Partnerships).kept
    key = (asked.identity.subject, _who(partner), _what(authorized))
    found = kept.get(key)
    if found is None:
        found = kept[key] = Partnership(partner, authorized, now, now, now)
    elif found.terminated is not None:
        found.built = found.changed = now
        found.terminated = None
    shown = _shown(found)
    return {
        "partner": shown.pop("partner"),
        "authorized_data": shown.pop("authorized_data"),
        "state": _state(found),
    } | (shown)


@handles("busifavor.terminate_partnership")
def terminate_partnership(world: World, asked: Asked) -> Answer:
    """End a partnership that holds."""
    key = (asked.identity.subject, _who(asked.data["partner"]), _what(asked.data["authorized_data"]))
    found = world.room(Partnerships).kept.get(key)
    if found is None or found.terminated is not None:
        raise _missing("the partnership")
    found.terminated = found.changed = world.now
    return {"terminate_time": written(found.terminated)}


@handles("busifavor.list_partnerships")
def list_partnerships(world: World, asked: Asked) -> Answer:
    """Show the caller's partnerships, ended ones too; to have none of the kind is an error."""
    data = asked.data
    partner = data.get("partner")
    found = [
        _shown(kept)
        for (subject, who, what), kept in world.room(Partnerships).kept.items()
        if subject == asked.identity.subject
        and what == _what(data["authorized_data"])
        and (partner is None or who == _who(partner))
    ]
    if not found:
        raise invalid("there is no such partnership")
    offset, limit = data.get("offset", 0), data.get("limit", _PAGE)
    page = found[offset * limit : (offset + 1) * limit]
    answer = {"data": page, "limit": limit, "offset": offset}
    return answer | {"total_count": len(found)} if offset == 0 or not page else answer


def _who(partner: Mapping[str, Any]) -> _Who:
    return (partner["type"], partner["appid"] if partner["type"] == "APPID" else partner["merchant_id"])


def _what(authorized: Mapping[str, Any]) -> _What:
    return (authorized["business_type"], authorized.get("stock_id"))


def _state(kept: Partnership) -> str:
    return "ESTABLISHED" if kept.terminated is None else "TERMINATED"


def _shown(kept: Partnership) -> dict[str, Any]:
    shown = {
        "partner": kept.partner,
        "authorized_data": kept.authorized_data,
        "build_time": written(kept.built),
        "create_time": written(kept.created),
        "update_time": written(kept.changed),
    }
    return shown if kept.terminated is None else shown | {"terminate_time": written(kept.terminated)}


def _missing(what: str) -> Refusal:
    return Refusal(404, "RESOURCE_NOT_EXISTS", f"{what} does not exist")
