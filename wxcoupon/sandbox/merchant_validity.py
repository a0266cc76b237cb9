"""From when to when a merchant coupon may be used, and whether it may be used right now.

The members are other ones than a product coupon's. Days are calendar days in UTC+8.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .validity import DAY, midnight, moment, read


def stock_ends(period: Mapping[str, Any]) -> float:
    """When the stock of a ``coupon_available_time`` ends, in seconds since 1970."""
    return read(period["available_end_time"])


def validity(period: Mapping[str, Any], received: float) -> tuple[float, float]:
    """The first and the last moment at which a coupon may be used, in seconds since 1970.

    Args:
        period: a ``coupon_available_time``.
        received: when the user got the coupon.
    """
    first, last = read(period["available_begin_time"]), read(period["available_end_time"])
    begin, end = max(received, first), last
    if wait := period.get("wait_days_after_receive"):
        begin = max(first, midnight(received) + wait * DAY)
    if days := period.get("available_day_after_receive"):
        end = min(end, midnight(begin) + days * DAY - 1)
    if seconds := period.get("available_second_after_receive"):
        end = min(end, begin + seconds)
    return begin, end


def in_window(period: Mapping[str, Any], seconds: float) -> bool:
    """Whether the weekly slots and the windows of a ``coupon_available_time`` allow this moment."""
    windows = period.get("irregulary_avaliable_time")
    if windows and not any(_within(window, seconds) for window in windows):
        return False
    week = period.get("available_week") or {}
    if (days := week.get("week_day")) and moment(seconds).isoweekday() % 7 not in days:
        return False
    slots = week.get("available_day_time")
    of_day = seconds - midnight(seconds)
    return not slots or any(slot.get("begin_time", 0) <= of_day < slot.get("end_time", 86399) + 1 for slot in slots)


def _within(window: Mapping[str, str], seconds: float) -> bool:
    begin, end = window.get("begin_time"), window.get("end_time")
    return (begin is None or read(begin) <= seconds) and (end is None or seconds <= read(end))
