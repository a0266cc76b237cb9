"""From when to when a claimed coupon may be used."""

from datetime import datetime
from typing import Any

import pytest

from wxcoupon.sandbox.validity import CHINA, in_window, validity

SPAN = {"available_begin_time": "2027-03-01T00:00:00+08:00", "available_end_time": "2027-03-31T23:59:59+08:00"}
WINDOWS = [
    {"begin_time": "2027-03-05T00:00:00+08:00", "end_time": "2027-03-06T00:00:00+08:00"},
    {"begin_time": "2027-03-10T00:00:00+08:00", "end_time": "2027-03-12T00:00:00+08:00"},
]


def _at(text: str) -> float:
    return datetime.fromisoformat(f"2027-{text}").replace(tzinfo=CHINA).timestamp()


@pytest.mark.parametrize(
    ("period", "claimed", "begin", "end"),
    [
        ({}, "03-04T15:00:00", "03-04T15:00:00", "03-31T23:59:59"),
        ({}, "02-04T15:00:00", "03-01T00:00:00", "03-31T23:59:59"),
        ({"available_days": 1}, "03-04T15:00:00", "03-04T15:00:00", "03-04T23:59:59"),
        ({"available_days": 3}, "02-04T15:00:00", "03-01T00:00:00", "03-03T23:59:59"),
        ({"available_days": 9}, "03-30T15:00:00", "03-30T15:00:00", "03-31T23:59:59"),
        (
            {"available_days": 2, "wait_days_after_receive": 1},
            "03-04T15:00:00",
            "03-05T00:00:00",
            "03-06T23:59:59",
        ),
        ({"available_seconds": 3600}, "03-04T15:00:00", "03-04T15:00:00", "03-04T16:00:00"),
        ({"available_seconds": 7200}, "03-31T23:00:00", "03-31T23:00:00", "03-31T23:59:59"),
        ({"irregular_available_period_list": WINDOWS}, "03-02T00:00:00", "03-05T00:00:00", "03-12T00:00:00"),
        ({"irregular_available_period_list": WINDOWS}, "03-11T00:00:00", "03-11T00:00:00", "03-12T00:00:00"),
    ],
)
def test_validity(period: dict[str, Any], claimed: str, begin: str, end: str) -> None:
    """Validity counts from the claim, in calendar days of UTC+8 or in seconds, and never leaves the stock's span."""
    assert (_at(begin), _at(end)) == validity(SPAN | period, _at(claimed))


@pytest.mark.parametrize(
    ("period", "moment", "allowed"),
    [
        ({}, "03-04T15:00:00", True),
        ({"irregular_available_period_list": WINDOWS}, "03-05T12:00:00", True),
        ({"irregular_available_period_list": WINDOWS}, "03-08T12:00:00", False),
        ({"weekly_available_period": {"day_list": ["MONDAY"]}}, "03-01T00:00:00", True),
        ({"weekly_available_period": {"day_list": ["MONDAY"]}}, "03-02T00:00:00", False),
    ],
)
def test_windows(period: dict[str, Any], moment: str, *, allowed: bool) -> None:
    """Days of the week and explicit windows say whether a moment is allowed."""
    assert allowed == in_window(SPAN | period, _at(moment))
