"""From when to when a claimed coupon may be used, and whether it may be used right now.

Days are calendar days in UTC+8.

https://pay.weixin.qq.com/doc/v3/partner/4015781289
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, Final

CHINA: Final = timezone(timedelta(hours=8))
DAY: Final = 86400
"""Seconds of a day."""
_OFFSET: Final = 8 * 3600
_FIRST: Final = datetime(1, 1, 2, tzinfo=CHINA).timestamp()
_LAST: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=CHINA).timestamp()
_WEEK: Final = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")


def moment(seconds: float) -> datetime:
    """A time in UTC+8; beyond the years there are, their first or last one."""
    return datetime.fromtimestamp(min(max(seconds, _FIRST), _LAST), CHINA)


def written(seconds: float) -> str:
    """A time of the sandbox's clock as RFC 3339."""
    return moment(seconds).isoformat(timespec="seconds")


def day(seconds: float) -> str:
    """The calendar day of a time of the sandbox's clock."""
    return moment(seconds).date().isoformat()


def midnight(seconds: float) -> float:
    """When the day of a time began, in seconds since 1970."""
    return (seconds + _OFFSET) // DAY * DAY - _OFFSET


def read(text: str) -> float:
    """A time as it was sent, in seconds since 1970, whatever its offset and its year are."""
    return datetime.fromisoformat(text).timestamp()


def ends(period: Mapping[str, Any]) -> float:
    """When the stock of a ``coupon_available_period`` ends, in seconds since 1970."""
    return read(period["available_end_time"])


def validity(period: Mapping[str, Any], received: float) -> tuple[float, float]:
    """The first and the last moment at which a coupon may be used, in seconds since 1970.

    Args:
        period: a ``coupon_available_period``.
        received: when the user claimed the coupon.
    """
    first, last = read(period["available_begin_time"]), read(period["available_end_time"])
    begin, end = max(received, first), last
    if seconds := period.get("available_seconds"):
        end = begin + seconds
    elif windows := period.get("irregular_available_period_list"):
        begin = max(begin, min(read(window["begin_time"]) for window in windows))
        end = max(read(window["end_time"]) for window in windows)
    else:
        if wait := period.get("wait_days_after_receive"):
            begin = max(first, midnight(received) + wait * DAY)
        if days := period.get("available_days"):
            end = midnight(begin) + days * DAY - 1
    return begin, min(end, last)


def in_window(period: Mapping[str, Any], seconds: float) -> bool:
    """Whether the weekly slots or the explicit windows of a period allow this moment."""
    if windows := period.get("irregular_available_period_list"):
        return any(read(window["begin_time"]) <= seconds <= read(window["end_time"]) for window in windows)
    weekly = period.get("weekly_available_period")
    if not weekly:
        return True
    if _WEEK[moment(seconds).weekday()] not in weekly["day_list"]:
        return False
    slots = weekly.get("day_period_list")
    of_day = seconds - midnight(seconds)
    return not slots or any(slot["begin_time"] <= of_day < slot["end_time"] + 1 for slot in slots)
