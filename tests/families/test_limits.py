"""Every documented limit of everything that is sent: its edge is let through, and one step beyond is refused."""

import re
from typing import Any

import pytest

from wxcoupon.checks import faults
from wxcoupon.convert import from_wire
from wxcoupon.model import Model

from .contracts import TABLES, sent


def _edges(fact: dict[str, Any]) -> list[tuple[Any, Any]]:
    """Pairs of a value that is just allowed and one that is just not."""
    if fact["type"] == "enum":
        values = TABLES[fact["family"]]["enums"][fact["enum"]]
        return [(value, f"{value}_OF_TOMORROW") for value in values]
    shapes = {"text": _texts, "whole": _numbers, "list": _lists, "time": _times, "truth": _truths}
    return shapes[fact["type"]](fact) if fact["type"] in shapes else [({} if fact["type"] == "object" else b"x", "x")]


def _texts(fact: dict[str, Any]) -> list[tuple[Any, Any]]:
    short = "a" * fact.get("min_length", 1)
    edges: list[tuple[Any, Any]] = [(short, 5), (short, f"{short}🎁")]
    if fact.get("max_length"):
        edges.append(("a" * fact["max_length"], "a" * (fact["max_length"] + 1)))
    if fact["required"] or len(short) > 1:
        edges.append((short, short[1:]))
    if fact.get("alphabet"):
        edges.append((short, short + next(mark for mark in "!中" if not re.match(f"[{fact['alphabet']}]", mark))))
    return edges


def _numbers(fact: dict[str, Any]) -> list[tuple[Any, Any]]:
    step, least = fact.get("multiple_of", 1), fact.get("min") or 0
    edges: list[tuple[Any, Any]] = [(least, least - step), (least, "1"), (least, True)]
    if fact.get("max"):
        edges.append((fact["max"], fact["max"] + step))
    if step > 1:
        edges.append((least, least + 1))
    return edges


def _lists(fact: dict[str, Any]) -> list[tuple[Any, Any]]:
    least = fact.get("min_items", 1)
    few, many = _distinct(least), _distinct((fact.get("max_items") or least) + 1)
    edges: list[tuple[Any, Any]] = [(few, "x")]
    if fact.get("max_items"):
        edges.append((many[1:], many))
    if fact["required"] or least > 1:
        edges.append((few, few[1:]))
    if fact.get("unique"):
        edges.append((few, [*few, few[0]]))
    return edges


def _times(_: dict[str, Any]) -> list[tuple[Any, Any]]:
    return [("2026-12-01T00:00:00+08:00", "2026-12-01T00:00:00"), ("2026-12-01T00:00:00.120+08:00", "tomorrow")]


def _truths(_: dict[str, Any]) -> list[tuple[Any, Any]]:
    return [(True, "x"), (False, 0)]


def _distinct(count: int) -> list[str]:
    return [f"code-{number}" for number in range(count)]


def _at(cls: type[Model], name: str, value: Any) -> list[str]:
    """What is wrong with a field by itself ("has to be …"), and not with what stands beside it or in it."""
    found = faults(from_wire(cls, {name: value}))
    own = [fault.problem for fault in found if fault.path == f"$.{name}" and fault.problem.startswith("has ")]
    return [problem for problem in own if not problem.startswith("has to begin ")]  # a rule beside the limits


SENT = {f"{cls.__module__.removeprefix('wxcoupon.')}.{cls.__name__}": (cls, facts) for cls, facts in sent().items()}
CASES = [
    pytest.param(cls, fact["name"], allowed, refused, id=f"{name}.{fact['name']}-{number}")
    for name, (cls, facts) in SENT.items()
    for fact in facts
    if not fact.get("pattern")  # what matches one is for the tests of its rule
    for number, (allowed, refused) in enumerate(_edges(fact))
]


@pytest.mark.parametrize(("cls", "name", "allowed", "refused"), CASES)
def test_edges(cls: type[Model], name: str, allowed: Any, refused: Any) -> None:
    """The last allowed value has no fault, and the first one beyond has one, at the field's own path."""
    assert _at(cls, name, allowed) == []
    assert len(_at(cls, name, refused)) == 1


REQUIRED = [
    pytest.param(cls, [fact["name"] for fact in facts if fact["required"]], id=name)
    for name, (cls, facts) in SENT.items()
]


@pytest.mark.parametrize(("cls", "names"), REQUIRED)
def test_required(cls: type[Model], names: list[str]) -> None:
    """An empty object is refused for exactly the members that are required."""
    problems = {fault.path for fault in faults(from_wire(cls, {})) if fault.problem == "is required"}

    assert {f"$.{name}" for name in names} == problems
