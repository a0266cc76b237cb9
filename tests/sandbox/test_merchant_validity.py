"""From when to when a merchant coupon may be used."""

from datetime import datetime
from typing import Any

import pytest

from wxcoupon.sandbox.merchant_validity import in_window, stock_ends, validity
from wxcoupon.sandbox.validity import CHINA

SPAN = {"available_begin_time": "2027-03-01T00:00:00+08:00", "available_end_time": "2027-03-31T23:59:59+08:00"}
WINDOWS = [
    {"begin_time": "2027-03-05T00:00:00+08:00", "end_time": "2027-03-06T00:00:00+08:00"},
    {"begin_time": "2027-03-10T00:00:00+08:00"},
]
WORKDAYS = {"week_day": [1, 2, 3, 4, 5]}
MORNINGS = {"week_day": [0, 6], "available_day_time": [{"end_time": 35999}, {"begin_time": 79200}]}


def _at(text: str) -> float:
    return datetime.fromisoformat(f"2027-{text}").replace(tzinfo=CHINA).timestamp()


@pytest.mark.parametrize(
    ("period", "received", "begin", "end"),
    [
        ({}, "03-04T15:00:00", "03-04T15:00:00", "03-31T23:59:59"),
        ({}, "02-04T15:00:00", "03-01T00:00:00", "03-31T23:59:59"),
        ({"available_day_after_receive": 1}, "03-04T15:00:00", "03-04T15:00:00", "03-04T23:59:59"),
        ({"available_day_after_receive": 3}, "02-04T15:00:00", "03-01T00:00:00", "03-03T23:59:59"),
        ({"available_day_after_receive": 9}, "03-30T15:00:00", "03-30T15:00:00", "03-31T23:59:59"),
        (
            {"available_day_after_receive": 2, "wait_days_after_receive": 1},
            "03-04T15:00:00",
            "03-05T00:00:00",
            "03-06T23:59:59",
        ),
        ({"available_second_after_receive": 3600}, "03-04T15:00:00", "03-04T15:00:00", "03-04T16:00:00"),
        ({"available_second_after_receive": 7200}, "03-31T23:00:00", "03-31T23:00:00", "03-31T23:59:59"),
        ({"available_day_after_receive": 10**18}, "03-04T15:00:00", "03-04T15:00:00", "03-31T23:59:59"),
        ({"available_second_after_receive": 10**18}, "03-04T15:00:00", "03-04T15:00:00", "03-31T23:59:59"),
    ],
)
def test_validity(period: dict[str, Any], received: str, begin: str, end: str) -> None:
    """Validity counts from the claim, in calendar days of UTC+8 or in seconds, and never leaves the stock's span."""
    assert (_at(begin), _at(end)) == validity(SPAN | period, _at(received))


@pytest.mark.parametrize(
    ("period", "moment", "allowed"),
    [
        ({}, "03-04T15:00:00", True),
        ({"irregulary_avaliable_time": WINDOWS}, "03-04T23:59:59", False),
        ({"irregulary_avaliable_time": WINDOWS}, "03-05T12:00:00", True),
        ({"irregulary_avaliable_time": WINDOWS}, "03-07T12:00:00", False),
        ({"irregulary_avaliable_time": WINDOWS}, "03-30T12:00:00", True),
        ({"available_week": WORKDAYS}, "03-05T12:00:00", True),
        ({"available_week": WORKDAYS}, "03-06T12:00:00", False),
        ({"available_week": MORNINGS}, "03-07T09:59:59", True),
        ({"available_week": MORNINGS}, "03-07T10:00:00", False),
        ({"available_week": MORNINGS}, "03-06T22:00:00", True),
        ({"available_week": MORNINGS}, "03-08T09:00:00", False),
        ({"available_week": WORKDAYS, "irregulary_avaliable_time": WINDOWS}, "03-13T09:00:00", False),
    ],
)
def test_windows(period: dict[str, Any], moment: str, *, allowed: bool) -> None:
    """Days of the week count from Sunday as 0; slots are of those days; windows may be open at either end."""
    assert allowed == in_window(SPAN | period, _at(moment))


def test_the_end_of_a_stock() -> None:
    """A stock ends when its time does."""
    assert _at("03-31T23:59:59") == stock_ends(SPAN)
