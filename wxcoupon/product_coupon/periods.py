"""When a claimed coupon may be redeemed.

All limits of a :class:`CouponAvailablePeriod` hold together; days are calendar days in UTC+8.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Final, TypeVar

from ..model import Items, Model, Time, Whole, model
from . import advice
from .enums import WeekEnum

__all__ = ["CouponAvailablePeriod", "FixedWeekPeriod", "PeriodOfTheDay", "TimePeriod"]

_Moment = TypeVar("_Moment", int, datetime)
_LONGEST: Final = timedelta(days=365)
_DAYS: Final = ("available_days", "wait_days_after_receive", "weekly_available_period")
_BEGIN_AFTER_END: Final = "has to be later than the begin"


@model
class PeriodOfTheDay(Model):
    """A slot of each day."""

    begin_time: Annotated[int, Whole(0, 86399, unit="seconds of day")]
    """Where it begins, in seconds after 00:00:00: 0 to 86399, and less than ``end_time``."""
    end_time: Annotated[int, Whole(0, 86399, unit="seconds of day")]
    """Where it ends, in seconds after 00:00:00: 0 to 86399 (86399 is 23:59:59)."""

    def check(self) -> Iterator[tuple[str, str]]:
        """A slot ends after it begins."""
        if self.begin_time >= self.end_time:
            yield "end_time", _BEGIN_AFTER_END


@model
class TimePeriod(Model):
    """A window from one moment to another."""

    begin_time: Time
    """Where it begins."""
    end_time: Time
    """Where it ends; later than ``begin_time``."""

    def check(self) -> Iterator[tuple[str, str]]:
        """A window ends after it begins."""
        if self.begin_time >= self.end_time:
            yield "end_time", _BEGIN_AFTER_END


def _overlaps(slots: list[tuple[_Moment, _Moment]]) -> list[int]:
    """Which slots overlap another one, of two the one listed later; one may begin where the other ends."""
    found: set[int] = set()
    latest: int | None = None  # the one that ends last, of those that begin before
    for index in sorted(range(len(slots)), key=slots.__getitem__):
        if latest is not None and slots[index][0] < slots[latest][1]:
            found.add(max(latest, index))
        if latest is None or slots[index][1] > slots[latest][1]:
            latest = index
    return sorted(found)


@model
class FixedWeekPeriod(Model):
    """Days of the week, and slots of those days."""

    day_list: Annotated[list[WeekEnum | str], Items(1)]
    """Days on which the coupon may be used, at least one; they repeat every week."""
    day_period_list: Annotated[list[PeriodOfTheDay], Items(0, 3)] | None = None
    """Up to 3 slots of each of these days, which may not overlap; the whole day when left out."""

    def check(self) -> Iterator[tuple[str, str]]:
        """Slots do not overlap."""
        slots = [(slot.begin_time, slot.end_time) for slot in self.day_period_list or []]
        for index in _overlaps(slots):
            yield f"day_period_list[{index}]", "may not overlap another slot"


@model
class CouponAvailablePeriod(Model):
    """When a claimed coupon may be redeemed."""

    available_begin_time: Time
    """Start of the stock: no coupon is usable before it."""
    available_end_time: Time
    """End of the stock, at most 365 days after its start; going to shake for offers takes more than 5 days."""
    available_days: Annotated[int, Whole(1, 365, unit="calendar days")] | None = None
    """Usable for that many calendar days, 1 to 365: the first is when it gets effective, or when the stock begins."""
    wait_days_after_receive: Annotated[int, Whole(1, 30, unit="calendar days")] | None = None
    """Effective at 00:00 that many calendar days after the claim: 1 to 30; only together with ``available_days``."""
    weekly_available_period: FixedWeekPeriod | None = None
    """Usable only on these days of the week."""
    irregular_available_period_list: Annotated[list[TimePeriod], Items(0, 2)] | None = None
    """Usable only in these windows, up to 2, which may not overlap; instead of any limit in days or seconds."""
    available_seconds: Annotated[int, Whole(3600, 86400, 3600, unit="seconds")] | None = None
    """Usable for that many seconds from the claim: whole hours, 3600 to 86400; instead of every other limit."""

    def check(self) -> Iterator[tuple[str, str]]:
        """The stock ends after it begins, within 365 days; limits that exclude each other are not given together."""
        if self.available_begin_time >= self.available_end_time:
            yield "available_end_time", _BEGIN_AFTER_END
        elif self.available_end_time - self.available_begin_time > _LONGEST:
            yield "available_end_time", "has to be at most 365 days after the begin"
        windows = self.irregular_available_period_list or []
        for other, given in (
            ("irregular_available_period_list", bool(windows)),
            ("available_seconds", self.available_seconds is not None),
        ):
            for name in _DAYS if given else ():
                if getattr(self, name) is not None:
                    yield name, f"has to be left out beside {other}"
        if windows and self.available_seconds is not None:
            yield "available_seconds", "has to be left out beside irregular_available_period_list"
        for index in _overlaps([(window.begin_time, window.end_time) for window in windows]):
            yield f"irregular_available_period_list[{index}]", "may not overlap another window"

    def advise(self) -> Iterator[tuple[str, str]]:
        """A stock lasts long enough for every way of handing it out."""
        yield from advice.span(self.available_begin_time, self.available_end_time)
