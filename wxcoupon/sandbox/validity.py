"""From when to when a claimed coupon may be used, and whether it may be used right now.

Days are calendar days in UTC+8.

https://pay.weixin.qq.com/doc/v3/partner/4015781289
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, Final

CHINA: Final = timezone(timedelta(hours=8))
_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)
_WEEK: Final = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")


def moment(seconds: float) -> datetime:
    """A time of the sandbox's clock, in UTC+8."""
    return datetime.fromtimestamp(seconds, CHINA)


def written(seconds: float) -> str:
    """A time of the sandbox's clock as RFC 3339."""
    return moment(seconds).isoformat(timespec="seconds")


def day(seconds: float) -> str:
    """The calendar day of a time of the sandbox's clock."""
    return moment(seconds).date().isoformat()


def _midnight(time: datetime) -> datetime:
    return time.replace(hour=0, minute=0, second=0, microsecond=0)


def _read(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(CHINA)


def ends(period: Mapping[str, Any]) -> float:
    """When the stock of a ``coupon_available_period`` ends, in seconds since 1970."""
    return _read(period["available_end_time"]).timestamp()


def validity(period: Mapping[str, Any], received: float) -> tuple[float, float]:
    """The first and the last moment at which a coupon may be used, in seconds since 1970.

    Args:
        period: a ``coupon_available_period``.
        received: when the user claimed the coupon.
    """
    first, last = _read(period["available_begin_time"]), _read(period["available_end_time"])
    claimed = moment(received)
    begin, end = max(claimed, first), last
    if seconds := period.get("available_seconds"):
        end = begin + timedelta(seconds=seconds)
    elif windows := period.get("irregular_available_period_list"):
        begin = max(begin, min(_read(window["begin_time"]) for window in windows))
        end = max(_read(window["end_time"]) for window in windows)
    else:
        if wait := period.get("wait_days_after_receive"):
            begin = max(first, _midnight(claimed) + wait * _DAY)
        if days := period.get("available_days"):
            end = _midnight(begin) + days * _DAY - _SECOND
    return begin.timestamp(), min(end, last).timestamp()


def in_window(period: Mapping[str, Any], seconds: float) -> bool:
    """Whether the weekly slots or the explicit windows of a period allow this moment."""
    now = moment(seconds)
    if windows := period.get("irregular_available_period_list"):
        return any(_read(window["begin_time"]) <= now <= _read(window["end_time"]) for window in windows)
    weekly = period.get("weekly_available_period")
    if not weekly:
        return True
    if _WEEK[now.weekday()] not in weekly["day_list"]:
        return False
    slots = weekly.get("day_period_list")
    of_day = (now - _midnight(now)).total_seconds()
    return not slots or any(slot["begin_time"] <= of_day < slot["end_time"] + 1 for slot in slots)
