"""When a claimed merchant coupon may be redeemed. Days are calendar days in UTC+8."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Final

from ..model import Items, Model, Time, Whole, model

__all__ = ["AvailableWeek", "CouponAvailableTime", "IrregularTime", "TimeOfDayRange"]

_A_YEAR: Final = timedelta(days=366)  # the longest there is: "one year" is documented without its days
_MOST_DAYS: Final = 365
_BEGIN_AFTER_END: Final = "has to be later than the begin"


@model
class TimeOfDayRange(Model):
    """A slot of each day."""

    begin_time: Annotated[int, Whole(0, 86399, unit="seconds of day")] | None = None
    """Where it begins, in seconds after 00:00:00: 0 to 86399."""
    end_time: Annotated[int, Whole(0, 86399, unit="seconds of day")] | None = None
    """Where it ends, in seconds after 00:00:00: 0 to 86399 (86399 is 23:59:59)."""

    def advise(self) -> Iterator[tuple[str, str]]:
        """A slot that ends before it begins is nowhere forbidden, and can hardly be meant."""
        if self.begin_time is not None and self.end_time is not None and self.begin_time >= self.end_time:
            yield "end_time", _BEGIN_AFTER_END


@model
class AvailableWeek(Model):
    """Days of the week, and slots of those days."""

    week_day: list[Annotated[int, Whole(0, 6, unit="for Sunday to Saturday")]] | None = None
    """Days on which the coupon may be used, 0 for Sunday to 6 for Saturday; some answers show them as text."""
    available_day_time: Annotated[list[TimeOfDayRange], Items(0, 2)] | None = None
    """Up to 2 slots of each of these days; only together with ``week_day``."""

    def check(self) -> Iterator[tuple[str, str]]:
        """Slots are slots of named days."""
        if self.available_day_time and not self.week_day:
            yield "week_day", "is required when available_day_time is given"


@model
class IrregularTime(Model):
    """A window from one moment to another."""

    begin_time: Time | None = None
    """Where it begins."""
    end_time: Time | None = None
    """Where it ends."""

    def advise(self) -> Iterator[tuple[str, str]]:
        """A window that ends before it begins is nowhere forbidden, and can hardly be meant."""
        if self.begin_time is not None and self.end_time is not None and self.begin_time >= self.end_time:
            yield "end_time", _BEGIN_AFTER_END


@model
class CouponAvailableTime(Model):
    """When coupons of a stock may be redeemed."""

    available_begin_time: Time
    """Start of the stock: no coupon is usable before it."""
    available_end_time: Time
    """End of the stock, at most one year after its start: no coupon is usable after it."""
    available_day_after_receive: Annotated[int, Whole(1, None, unit="days")] | None = None
    """Usable for that many days, the one on which it becomes effective included: 1 or more, 365 in one description."""
    available_week: AvailableWeek | None = None
    """Usable only on these days of the week."""
    irregulary_avaliable_time: list[IrregularTime] | None = None
    """Usable only in these windows; this spelling is what WeChat Pay takes."""
    wait_days_after_receive: Annotated[int, Whole(0, 30, unit="days")] | None = None
    """Effective that many days after the claim: up to 30; only together with ``available_day_after_receive``."""
    available_second_after_receive: Annotated[int, Whole(unit="seconds")] | None = None
    """Usable for that many seconds from the claim; only one description of 2025 has it, and no official SDK."""

    def check(self) -> Iterator[tuple[str, str]]:
        """The stock ends after it begins, within a year; waiting days go with usable days."""
        if self.available_begin_time >= self.available_end_time:
            yield "available_end_time", _BEGIN_AFTER_END
        elif self.available_end_time - self.available_begin_time > _A_YEAR:
            yield "available_end_time", "has to be at most one year after the begin"
        if self.wait_days_after_receive is not None and self.available_day_after_receive is None:
            yield "wait_days_after_receive", "has to be left out without available_day_after_receive"

    def advise(self) -> Iterator[tuple[str, str]]:
        """Descriptions disagree whether there is a most, and a stock ends within a year in any case."""
        if self.available_day_after_receive is not None and self.available_day_after_receive > _MOST_DAYS:
            yield "available_day_after_receive", f"is at most {_MOST_DAYS} in one description; a stock ends in a year"
