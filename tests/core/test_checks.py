"""What is found wrong with a request before it is sent."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import pytest

from wxcoupon import product_coupon as pc
from wxcoupon.checks import faults, require
from wxcoupon.convert import from_wire
from wxcoupon.errors import InvalidRequest
from wxcoupon.model import Items, Model, Text, Time, Whole, model


class Colour(StrEnum):
    """Colours."""

    RED = "RED"
    BLUE = "BLUE"


@model
class Part(Model):
    """A part."""

    count: Annotated[int, Whole(2, 8, multiple_of=2, unit="pieces")]


@model
class Thing(Model):
    """Every kind of field."""

    name: Annotated[str, Text(1, 5)]
    colour: Colour | str
    parts: Annotated[list[Part], Items(1, 2)]
    when: Time | None = None
    part: Part | None = None
    flag: bool | None = None
    words: list[str] | None = None

    def check(self) -> Any:
        """A blue thing has no flag."""
        if self.colour == Colour.BLUE and self.flag is not None:
            yield "flag", "a BLUE thing has none"


GOOD: dict[str, Any] = {"name": "n", "colour": "RED", "parts": [{"count": 2}]}


def _found(**members: Any) -> list[tuple[str, str]]:
    return [(fault.path, fault.problem) for fault in faults(from_wire(Thing, GOOD | members), unknown=True)]


def test_nothing_wrong() -> None:
    """A request within its limits has no faults."""
    assert [] == _found(when="2025-08-01T00:00:00+08:00", part={"count": 8}, flag=True, words=["a"])


@pytest.mark.parametrize(
    ("members", "path", "problem"),
    [
        ({"name": ""}, "$.name", "1 to 5 characters"),
        ({"name": "sixsix"}, "$.name", "it has 6"),
        ({"name": None}, "$.name", "required"),
        ({"name": 7}, "$.name", "has to be text, not a whole number"),
        ({"name": "a🎟"}, "$.name", "emoji"),
        ({"colour": "GREEN"}, "$.colour", "RED, BLUE"),
        ({"colour": 1}, "$.colour", "RED, BLUE"),
        ({"parts": []}, "$.parts", "1 to 2 items"),
        ({"parts": [{"count": 2}] * 3}, "$.parts", "it has 3"),
        ({"parts": "x"}, "$.parts", "has to be a list"),
        ({"parts": ["x"]}, "$.parts[0]", "has to be an object, a Part"),
        ({"parts": [{"count": 2}, {"count": 3}]}, "$.parts[1].count", "multiple of 2"),
        ({"parts": [{"count": 1}]}, "$.parts[0].count", "2 to 8 pieces"),
        ({"parts": [{"count": True}]}, "$.parts[0].count", "whole number, not true or false"),
        ({"parts": [{"count": 10}]}, "$.parts[0].count", "it is 10"),
        ({"parts": [{}]}, "$.parts[0].count", "required"),
        ({"parts": [{"count": 2, "cuont": 2}]}, "$.parts[0].cuont", "known are count"),
        ({"when": "yesterday"}, "$.when", "RFC 3339"),
        ({"when": "2025-08-01T00:00:00"}, "$.when", "offset"),
        ({"when": "2025-08-01 00:00:00+08:00"}, "$.when", "RFC 3339"),
        ({"when": "20250801T000000+0800"}, "$.when", "RFC 3339"),
        ({"when": "2025-W31-5T00:00+08"}, "$.when", "RFC 3339"),
        ({"part": "x"}, "$.part", "has to be an object, a Part"),
        ({"flag": "yes"}, "$.flag", "true or false"),
        ({"words": [1]}, "$.words[0]", "has to be text"),
        ({"colour": "BLUE", "flag": True}, "$.flag", "a BLUE thing has none"),
        ({"nmae": 1}, "$.nmae", "known are name"),
    ],
)
def test_one_fault(members: dict[str, Any], path: str, problem: str) -> None:
    """Each wrong member is named by its path, with what would be right."""
    found = _found(**members)

    assert [path] == [where for where, _ in found]
    assert problem in found[0][1]


def test_all_faults_at_once() -> None:
    """Every fault of a request is reported together, in the order of its fields."""
    found = _found(name="", colour="GREEN", parts=[{"count": 1}], when="x")

    assert ["$.name", "$.colour", "$.parts[0].count", "$.when"] == [path for path, _ in found]


def test_a_limit_does_not_hide_what_goes_with_what() -> None:
    """A fault of one member's limit does not keep the faults between members for the next try."""
    assert ["$.name", "$.flag"] == [path for path, _ in _found(name="", colour="BLUE", flag=True)]


def test_extra_members_may_be_sent_on_purpose() -> None:
    """A member given as extra in code is the caller's own decision, and no fault."""
    assert [] == faults(Thing(name="n", colour="RED", parts=[Part(count=2)], extra={"new": 1}))


@pytest.mark.parametrize(("extra", "problem"), [({"parts": 1}, "declared member"), ({"new": None}, "null")])
def test_extra_members_cannot_undo_the_checks(extra: dict[str, Any], problem: str) -> None:
    """An extra member may neither take the place of a declared one nor be null."""
    (fault,) = faults(Thing(name="n", colour="RED", parts=[Part(count=2)], extra=extra))

    assert f"$.{next(iter(extra))}" == fault.path
    assert problem in fault.problem


def test_time_of_another_offset() -> None:
    """Any offset will do, as long as there is one."""
    assert [] == faults(Thing(name="n", colour="RED", parts=[Part(count=2)], when=datetime(2025, 8, 1, tzinfo=UTC)))


@pytest.mark.parametrize(
    ("codes", "paths"),
    [
        (["a", "b" * 40, "0_-"], []),
        (["a", "b" * 41], ["$.code_list[1]"]),
        (["a", ""], ["$.code_list[1]"]),
        (["a\nb"], ["$.code_list[0]"]),
        (["a\n"], ["$.code_list[0]"]),
        (["é"], ["$.code_list[0]"]),
        (["\u0661"], ["$.code_list[0]"]),
        (["a b", "c", "d,"], ["$.code_list[0]", "$.code_list[2]"]),
        (["a", "b", "a"], ["$.code_list"]),
        ([str(n) for n in range(201)], ["$.code_list"]),
        ([], ["$.code_list"]),
        (["a", 5, None], ["$.code_list[1]", "$.code_list[2]"]),
    ],
)
def test_codes(codes: list[Any], paths: list[str]) -> None:
    """The quick look at a list of codes finds exactly what the slow one names."""
    request = pc.UploadCouponCodes(product_coupon_id="1", stock_id="2", out_request_no="number", code_list=codes)

    assert paths == [fault.path for fault in faults(request)]


def test_the_error_names_the_call_and_the_page() -> None:
    """The error says which call, every fault, and where the rules are written; and never a code."""
    request = pc.UploadCouponCodes(product_coupon_id="1", stock_id="", out_request_no="x", code_list=["secret code"])

    with pytest.raises(InvalidRequest) as caught:
        require(request)

    text = str(caught.value)
    assert "POST /product-coupon/product-coupons" in text
    assert "$.stock_id" in text
    assert "$.out_request_no" in text
    assert "https://pay.weixin.qq.com/" in text
    assert "secret" not in text
