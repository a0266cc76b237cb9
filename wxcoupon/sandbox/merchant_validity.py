"""From when to when a merchant coupon may be used, and whether it may be used right now.

The members are other ones than a product coupon's. Days are calendar days in UTC+8.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from .validity import CHINA, moment

_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)


def _read(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(CHINA)


def _midnight(time: datetime) -> datetime:
    return time.replace(hour=0, minute=0, second=0, microsecond=0)


def stock_ends(period: Mapping[str, Any]) -> float:
    """When the stock of a ``coupon_available_time`` ends, in seconds since 1970."""
    return _read(period["available_end_time"]).timestamp()


def validity(period: Mapping[str, Any], received: float) -> tuple[float, float]:
    """The first and the last moment at which a coupon may be used, in seconds since 1970.

    Args:
        period: a ``coupon_available_time``.
        received: when the user got the coupon.
    """
    first, last = _read(period["available_begin_time"]), _read(period["available_end_time"])
    claimed = moment(received)
    begin, end = max(claimed, first), last
    if wait := period.get("wait_days_after_receive"):
        begin = max(first, _midnight(claimed) + wait * _DAY)
    if days := period.get("available_day_after_receive"):
        end = min(end, _midnight(begin) + days * _DAY - _SECOND)
    if seconds := period.get("available_second_after_receive"):
        end = min(end, begin + timedelta(seconds=seconds))
    return begin.timestamp(), end.timestamp()


def in_window(period: Mapping[str, Any], seconds: float) -> bool:
    """Whether the weekly slots and the windows of a ``coupon_available_time`` allow this moment."""
    now = moment(seconds)
    windows = period.get("irregulary_avaliable_time")
    if windows and not any(_within(window, now) for window in windows):
        return False
    week = period.get("available_week") or {}
    if (days := week.get("week_day")) and now.isoweekday() % 7 not in days:
        return False
    slots = week.get("available_day_time")
    of_day = (now - _midnight(now)).total_seconds()
    return not slots or any(slot.get("begin_time", 0) <= of_day < slot.get("end_time", 86399) + 1 for slot in slots)


def _within(window: Mapping[str, str], now: datetime) -> bool:
    begin, end = window.get("begin_time"), window.get("end_time")
    return (begin is None or _read(begin) <= now) and (end is None or now <= _read(end))
