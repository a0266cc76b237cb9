"""The ten kinds of product coupon: each is let through as it should be, and refused with its discount elsewhere."""

from typing import Any

import pytest

from wxcoupon.checks import faults

from .kinds import GONE, KINDS, WHERE, changed, in_json, wrong_places

ELSEWHERE = [
    pytest.param(kind, wrong, path, id=f"{kind} in {wrong}")
    for kind in KINDS
    for wrong, path in wrong_places(kind).items()
]


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


@pytest.mark.parametrize(("kind", "wrong", "path"), ELSEWHERE)
def test_a_second_discount_elsewhere(kind: str, wrong: str, path: str) -> None:
    """A second discount is refused where it is, though the right one is there too."""
    assert _paths(changed(KINDS[kind], {wrong: in_json(wrong)})) == [path]


@pytest.mark.parametrize(("kind", "wrong", "path"), ELSEWHERE)
def test_the_discount_elsewhere(kind: str, wrong: str, path: str) -> None:
    """A discount in another place instead is refused there and missed where it should be."""
    request = changed(KINDS[kind], {WHERE[kind]: GONE, wrong: in_json(wrong)})

    assert sorted(_paths(request)) == sorted([f"$.{WHERE[kind]}", path])
