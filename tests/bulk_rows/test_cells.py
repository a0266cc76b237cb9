"""Cells of rows as members of requests."""

import json
from typing import Any, Final

import pytest

from wxcoupon import busifavor
from wxcoupon import product_coupon as pc
from wxcoupon.bulk.rows.cells import Columns
from wxcoupon.endpoint import AnyEndpoint, registry

from ..sandbox.any_request import samples

_NUMBERED: Final = [
    (endpoint, number)
    for endpoint in registry().values()
    if endpoint.route.key is not None
    for number in range(len(samples(endpoint)))
]


def _cells(wire: dict[str, Any], before: str = "") -> dict[str, str]:
    cells: dict[str, str] = {}
    for name, value in wire.items():
        if isinstance(value, dict):
            cells |= _cells(value, f"{before}{name}.")
        else:
            cells[before + name] = value if isinstance(value, str) else json.dumps(value)
    return cells


@pytest.mark.parametrize(("endpoint", "number"), _NUMBERED, ids=lambda part: getattr(part, "name", str(part)))
def test_every_request_can_be_a_row(endpoint: type[AnyEndpoint], number: int) -> None:
    """The members of any request with a number can be said in cells, and come back as they were."""
    wire = samples(endpoint)[number]
    assert wire == Columns(endpoint).members(_cells(wire))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1", True), ("TRUE", True), ("yes", True), ("0", False), ("false", False), ("No", False), ("maybe", "maybe")],
)
def test_booleans(text: str, *, expected: bool | str) -> None:
    """Booleans may be spelt as spreadsheets and people do; anything else stays text, to be refused."""
    assert {"subsidy": expected} == Columns(busifavor.CreateStock).members({"subsidy": text})


@pytest.mark.parametrize(
    ("text", "expected"),
    [("12", 12), ("-1", -1), ("0012", 12), ("12.0", "12.0"), ("1,000", "1,000"), ("9" * 5000, "9" * 5000)],
    ids=["plain", "negative", "zeros in front", "fraction", "with a comma", "endless"],
)
def test_whole_numbers(text: str, expected: int | str) -> None:
    """Whole numbers are digits; anything else stays text, to be refused."""
    assert {"saved_amount": expected} == Columns(pc.UseCoupon).members({"saved_amount": text})


@pytest.mark.parametrize(
    "text", ["MEMBER,FOLLOW", "MEMBER, FOLLOW", '["MEMBER","FOLLOW"]'], ids=["commas", "spaces", "json"]
)
def test_lists(text: str) -> None:
    """A list is a JSON array, or has commas between its items."""
    found = Columns(pc.SendCoupon).members({"coupon_tag_info.coupon_tag_list": text})
    assert {"coupon_tag_info": {"coupon_tag_list": ["MEMBER", "FOLLOW"]}} == found


def test_a_part_as_a_whole() -> None:
    """A part may be given as a JSON object; a column of one of its members wins, wherever it stands."""
    cells = {
        "associated_order_info.mchid": "1900000009",
        "associated_order_info": '{"out_trade_no": "t-1", "mchid": "1900000001"}',
    }
    expected = {"associated_order_info": {"out_trade_no": "t-1", "mchid": "1900000009"}}
    assert expected == Columns(pc.UseCoupon).members(cells)


@pytest.mark.parametrize("text", ["{no json", '{"a":' * 100_000, "none"], ids=["broken", "endless", "text"])
def test_a_part_that_is_none(text: str) -> None:
    """What is no object stays text, to be refused, whatever is said of its members beside it."""
    cells = {"associated_order_info": text, "associated_order_info.mchid": "1900000009"}
    assert {"associated_order_info": text} == Columns(pc.UseCoupon).members(cells)


def test_what_says_nothing() -> None:
    """Empty cells, and columns the request has no member for, are not read."""
    assert {} == Columns(pc.UseCoupon).members({"openid": "", "name": "Ann", "": "x", "associated_order_info.x": "1"})
