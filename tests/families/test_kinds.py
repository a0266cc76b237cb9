"""The ten kinds of product coupon: each is let through as it should be, and refused with its discount elsewhere."""

from typing import Any

import pytest

from wxcoupon.checks import faults
from wxcoupon.convert import to_wire

from .kinds import DISCOUNT, EXCHANGE, GONE, KINDS, NORMAL, ROUNDS, WHERE, changed

PLACES = {
    "single_usage_info.normal_coupon": NORMAL,
    "single_usage_info.discount_coupon": DISCOUNT,
    "stock.single_usage_rule.normal_coupon": NORMAL,
    "stock.single_usage_rule.discount_coupon": DISCOUNT,
    "stock.single_usage_rule.exchange_coupon": EXCHANGE,
    "stock_bundle.progressive_bundle_usage_rule.normal_coupon_list": [NORMAL] * ROUNDS,
    "stock_bundle.progressive_bundle_usage_rule.discount_coupon_list": [DISCOUNT] * ROUNDS,
    "stock_bundle.progressive_bundle_usage_rule.exchange_coupon_list": [EXCHANGE] * ROUNDS,
}
"""Every place that a discount may be in."""


def _json(value: Any) -> Any:
    return [to_wire(rule) for rule in value] if isinstance(value, list) else to_wire(value)


def _paths(request: Any) -> list[str]:
    return [fault.path for fault in faults(request)]


def test_there_are_ten() -> None:
    """Ten kinds are made, and each says where its discount is."""
    assert len(KINDS) == 10
    assert KINDS.keys() == WHERE.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_right(kind: str) -> None:
    """A product coupon with its discount in its place has no fault."""
    assert _paths(KINDS[kind]) == []


@pytest.mark.parametrize("kind", KINDS)
def test_without_its_discount(kind: str) -> None:
    """A discount that is missing is missed where it should be."""
    assert _paths(changed(KINDS[kind], {WHERE[kind]: GONE})) == [f"$.{WHERE[kind]}"]


def _elsewhere() -> list[Any]:
    cases: list[Any] = []
    for kind, right in WHERE.items():
        mode = kind.split()[2]
        for wrong in PLACES:
            same_mode = wrong.startswith("stock_bundle") == (mode == "PROGRESSIVE_BUNDLE")
            if wrong != right and same_mode:
                cases.append(pytest.param(kind, right, wrong, id=f"{kind} in {wrong}"))
    return cases


def _refused_at(right: str, wrong: str) -> str:
    """Where a discount in a wrong place is refused: with scope SINGLE, the whole of single_usage_info is too much."""
    whole = wrong.startswith("single_usage_info") and not right.startswith("single_usage_info")
    return "$.single_usage_info" if whole else f"$.{wrong}"


@pytest.mark.parametrize(("kind", "right", "wrong"), _elsewhere())
def test_a_second_discount_elsewhere(kind: str, right: str, wrong: str) -> None:
    """A second discount is refused where it is, though the right one is there too."""
    assert _paths(changed(KINDS[kind], {wrong: _json(PLACES[wrong])})) == [_refused_at(right, wrong)]


@pytest.mark.parametrize(("kind", "right", "wrong"), _elsewhere())
def test_the_discount_elsewhere(kind: str, right: str, wrong: str) -> None:
    """A discount in another place instead is refused there and missed where it should be."""
    request = changed(KINDS[kind], {right: GONE, wrong: _json(PLACES[wrong])})

    assert sorted(_paths(request)) == sorted([f"$.{right}", _refused_at(right, wrong)])
