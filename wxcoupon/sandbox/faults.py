"""Turns what the checks found wrong with a request into the refusal WeChat Pay answers: of one field, the first."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, get_args

from .. import checks
from ..endpoint import AnyEndpoint
from ..errors import Fault
from ..model import Items, Model, Text, Whole, hints, marks
from .refusals import ILLEGAL, OUT_OF_RANGE, STRUCTURE, TOO_LONG, TOO_SHORT, Refusal, parameter

_STEP: Final = re.compile(r"\.([^.\[]+)|\[(\d+)\]")
_ABSENT: Final = object()


def refuse(request: AnyEndpoint, data: Mapping[str, Any], found: Sequence[Fault]) -> Refusal:
    """The answer to a request with faults.

    Args:
        request: what was read from *data*.
        data: the members as they came.
        found: its faults, at least one.
    """
    fault = found[0]
    steps = [name or int(index) for name, index in _STEP.findall(fault.path)]
    route = request.route
    if steps and steps[0] in route.holes:
        location, field = "url", str(steps[0])
    elif route.method == "GET" or (steps and route.place(str(steps[0])) in {"query", "header"}):
        place = route.place(str(steps[0])) if steps else "query"
        location, field = "header" if place == "header" else "query", str(steps[0]) if steps else ""
    else:
        location, field = "body", "".join(f"/{_escaped(step)}" for step in steps)
    value = _reach(data, steps)
    single = isinstance(value, (str, int, float, bool))
    unknown = fault not in checks.faults(request)
    numeric = STRUCTURE if unknown or value is _ABSENT else _kind(value, _limits(type(request), steps))
    return parameter(field, fault.problem, location=location, numeric=numeric, value=value if single else None)


def _escaped(step: str | int) -> str:
    return str(step).replace("~", "~0").replace("/", "~1")


def _reach(data: Any, steps: Sequence[str | int]) -> Any:
    for step in steps:
        if isinstance(step, int):
            data = data[step] if isinstance(data, list) and step < len(data) else _ABSENT
        else:
            data = data.get(step, _ABSENT) if isinstance(data, Mapping) else _ABSENT
    return data


def _limits(cls: type[Model] | None, steps: Sequence[str | int]) -> tuple[Any, ...]:
    """What is annotated on the field that the steps lead to."""
    found: tuple[Any, ...] = ()
    for step in steps:
        if isinstance(step, int):
            continue
        annotation = hints(cls).get(step) if cls is not None else None
        found = marks(annotation)
        cls = _model_in(annotation)
    return found


def _model_in(annotation: Any) -> type[Model] | None:
    if isinstance(annotation, type) and issubclass(annotation, Model):
        return annotation
    return next((model for part in get_args(annotation) if (model := _model_in(part)) is not None), None)


def _kind(value: Any, limits: Sequence[Any]) -> str:
    for limit in limits:
        if isinstance(limit, Text) and isinstance(value, str):
            beyond = _beyond(limit, len(value))
            return {-1: TOO_SHORT, 0: ILLEGAL, 1: TOO_LONG}[beyond]
        if isinstance(limit, Whole) and isinstance(value, int) and _beyond(limit, value):
            return OUT_OF_RANGE
        if isinstance(limit, Items) and isinstance(value, list) and _beyond(limit, len(value)):
            return OUT_OF_RANGE
    return ILLEGAL


def _beyond(limit: Text | Whole | Items, size: int) -> int:
    """-1 below the least, 1 above the most, 0 between."""
    if size < limit.min:
        return -1
    return int(limit.max is not None and size > limit.max)
