"""From when to when a claimed coupon may be used."""

from datetime import datetime
from typing import Any

import pytest

from wxcoupon import Client, Partner
from wxcoupon import product_coupon as pc
from wxcoupon.sandbox.validity import CHINA, in_window, validity

from .shapes import APPID, product_coupon

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


FAR = [
    ("0001-01-01T00:00:00+14:00", "0001-03-01T00:00:00+08:00"),
    ("9999-06-01T00:00:00+08:00", "9999-12-31T23:59:59-12:00"),
]


@pytest.mark.parametrize(("begin", "end"), FAR)
async def test_the_first_and_the_last_years(partner: Client[Partner], begin: str, end: str) -> None:
    """A time that a calendar of UTC+8 does not have any more is taken all the same, in spans and in windows."""
    of_that_time = {"available_begin_time": begin, "available_end_time": end}
    made = await partner.call(product_coupon("create_1", period=of_that_time, mode="WECHATPAY"))
    windows = {"irregular_available_period_list": [{"begin_time": begin, "end_time": end}]}
    now = (await partner.call(product_coupon("create_2", period=windows, mode="WECHATPAY"))).stock
    assert made.stock is not None
    assert now is not None

    assert ("STOPPED" if begin < "2" else "SENDING") == made.stock.state
    named: dict[str, Any] = {
        "product_coupon_id": now.product_coupon_id,
        "stock_id": now.stock_id,
        "appid": APPID,
        "openid": "o-1",
    }
    sent = await partner.call(pc.SendCoupon(**named, send_request_no="send_1"))
    assert isinstance(sent.valid_begin_time, datetime)
    assert isinstance(sent.valid_end_time, datetime)
