"""What a job remembers of the answer to one row: codes, tokens, states and times, as plain JSON.

Whole answers repeat the product coupon and the stock each time, which a ledger of a million rows has no use for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

from ...convert import to_wire
from ..tokens.token_life import expiry

COUPON: Final = (
    "coupon_code",
    "coupon_state",
    "receive_time",
    "valid_begin_time",
    "valid_end_time",
    "confirm_time",
    "deactivate_time",
)
"""Members of a coupon that are remembered."""
USAGE: Final = ("use_time", "return_time", "saved_amount")
"""Members of what a coupon was used for that are remembered."""
_USAGES: Final = ("single_usage_detail", "progressive_bundle_usage_detail")
_COUPONS: Final = "user_product_coupon_list"
_SENT: Final = "send_coupon_result"


def remembered(result: Any, *, came: float, has_life: bool = False) -> dict[str, Any]:
    """What is kept of an answer.

    - Of a user's product coupon: ``coupon_code``, ``coupon_state``, ``receive_time``, ``valid_begin_time``,
      ``valid_end_time``, ``confirm_time``, ``deactivate_time``, ``use_time``, ``return_time`` and ``saved_amount``.
    - Of a user's bundle: ``user_coupon_bundle_id``, and the same of each coupon in ``coupons``.
    - Of any other answer: its members that are neither lists nor objects, those of ``send_coupon_result`` among them,
      without the user, whom the row names.

    What did not come is left out.

    Args:
        result: the answer, None where there is nothing in it.
        came: when it came, in seconds since 1970.
        has_life: whether it is a token of 300 seconds, which then has its ``expires_at`` too.
    """
    if result is None:
        return {}
    wire: dict[str, Any] = to_wire(result)
    coupons = wire.get(_COUPONS)
    if isinstance(coupons, list):
        bundle = {name: wire[name] for name in ("user_coupon_bundle_id",) if name in wire}
        return bundle | {"coupons": [_coupon(one) for one in coupons if isinstance(one, dict)]}
    if "coupon_code" in wire and "coupon_state" in wire:
        return _coupon(wire)
    inside = wire.get(_SENT)
    kept = _plain(wire) | (_plain(inside) if isinstance(inside, dict) else {})
    if has_life:
        kept["expires_at"] = expiry(came).isoformat()
    return kept


def _coupon(wire: Mapping[str, Any]) -> dict[str, Any]:
    used: dict[str, Any] = {}
    for name in _USAGES:
        detail = wire.get(name)
        if isinstance(detail, dict):
            used |= _some(detail, USAGE)
    return _some(wire, COUPON) | used


def _some(wire: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: _simple(wire[name]) for name in names if name in wire}


def _plain(wire: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _simple(value) for name, value in wire.items() if name != "openid" and not isinstance(value, (dict, list))
    }


def _simple(value: Any) -> Any:
    return value.value if isinstance(value, StrEnum) else value
