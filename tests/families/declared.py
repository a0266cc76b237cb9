"""What the classes of the package declare, in the form of ``documented.json``."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, get_args, get_origin

from wxcoupon import endpoint
from wxcoupon.model import Items, Model, Text, Whole, fields, hints, is_required

Facts = dict[str, Any]
LIMITS = frozenset(
    {"alphabet", "max", "max_items", "max_length", "min", "min_items", "min_length", "multiple_of", "unique", "unit"}
)


def facts(cls: type[Model]) -> dict[str, Facts]:
    """What a class declares of each of its fields."""
    known = hints(cls)
    return {field.name: _of(known[field.name]) | {"required": is_required(field)} for field in fields(cls)}


def _of(annotation: Any) -> Facts:
    if get_origin(annotation) is Annotated:
        inner, *found = get_args(annotation)
        return _of(inner) | {name: value for mark in found for name, value in _limits(mark)}
    parts = [part for part in get_args(annotation) if part is not type(None)]
    if get_origin(annotation) is list:
        return {"type": "list", "items": _of(parts[0])}
    if parts:  # an optional, or an open enum: a StrEnum and then str
        return _of(parts[0])
    plain = {str: "text", int: "whole", bool: "truth", datetime: "time"}
    return {"type": plain.get(annotation) or annotation.__name__}


def _limits(mark: Any) -> Iterator[tuple[str, Any]]:
    """The limits of a field that say something: a required text or list is never empty, a number never negative."""
    if isinstance(mark, Text):
        named: Facts = {"min_length": max(mark.min, 1), "max_length": mark.max, "alphabet": mark.alphabet}
    elif isinstance(mark, Whole):
        named = {"min": mark.min, "max": mark.max, "multiple_of": mark.multiple_of, "unit": mark.unit}
    elif isinstance(mark, Items):
        named = {"min_items": max(mark.min, 1), "max_items": mark.max, "unique": mark.unique}
    else:
        return
    silent = {"min_length": 1, "min": 0, "multiple_of": 1, "unit": "", "min_items": 1, "unique": False}
    yield from ((name, value) for name, value in named.items() if value is not None and value != silent.get(name))


def parts(cls: type[Any]) -> dict[str, type[Any]]:
    """Every model and enum that a class reaches through its fields, by name."""
    found: dict[str, type[Any]] = {}
    _collect(cls, found)
    return found


def _collect(annotation: Any, found: dict[str, type[Any]]) -> None:
    if isinstance(annotation, type) and issubclass(annotation, (Model, StrEnum)):
        if annotation.__name__ in found:
            return
        found[annotation.__name__] = annotation
        if issubclass(annotation, Model):
            known = hints(annotation)
            for field in fields(annotation):
                _collect(known[field.name], found)
    for part in get_args(annotation):
        _collect(part, found)


def requested() -> dict[str, type[Model]]:
    """Every model that is part of a request, by name; not the requests themselves."""
    return {
        name: part
        for request in endpoint.registry().values()
        for name, part in parts(request).items()
        if issubclass(part, Model) and part is not request
    }


def answered() -> dict[str, type[Any]]:
    """Every model and enum that is an answer or part of one, by name."""
    return {name: part for request in endpoint.registry().values() for name, part in parts(request.returns).items()}
