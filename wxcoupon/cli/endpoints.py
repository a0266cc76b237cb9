"""``wxcoupon endpoints``: every declared endpoint."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final, get_args

from ..endpoint import AnyEndpoint, Rate, registry, required, type_name
from ..identity import Partner
from ..model import Model, fields, hints, marks
from .options import Json
from .text import emit

_A_FILE: Final = "in --data the path of an image behind an @, like @tea.png; meta may then be left out"


def endpoints(*, json: Json = False) -> None:
    """List every typed endpoint.

    Args:
        json: Write JSON to stdout and nothing else there.
    """
    declared = registry()
    if json:
        emit([_entry(endpoint) for endpoint in declared.values()], indent=2)
        return
    width = max(map(len, declared), default=0)
    for name, endpoint in declared.items():
        callers = "/".join(caller.kind for caller in endpoint.route.callers)
        print(f"{name:<{width}}  {callers:<16}  {endpoint.route.method:<6} {endpoint.route.path}")


def _entry(endpoint: type[AnyEndpoint]) -> dict[str, Any]:
    route = endpoint.route
    return {
        "name": endpoint.name,
        "family": endpoint.name.partition(".")[0],
        "summary": (endpoint.__doc__ or "").partition("\n")[0],
        "method": route.method,
        "paths": {caller.kind: caller.path(route.path) for caller in route.callers},
        "fields": _fields(endpoint),
        "types": _types(endpoint),
        "rate_limit": _rate_limit(endpoint),
        "idempotency_key": route.key,
        "doc": route.page or None,
    }


def _fields(endpoint: type[AnyEndpoint]) -> list[dict[str, Any]]:
    route = endpoint.route
    listed: list[dict[str, Any]] = [
        {
            "name": field.name,
            "place": route.place(field.name),
            "required": required(endpoint, field.name),
            "type": type_name(endpoint, field.name),
            "rule": _A_FILE if route.form and field.name == "file" else _rule(hints(endpoint)[field.name]),
        }
        for field in fields(endpoint)
    ]
    if route.brand_scoped and Partner in route.callers:
        listed.append(
            {
                "name": "brand_id",
                "place": route.brand_place,
                "required": True,
                "type": "str",
                "rule": "by default the brand of the settings",
                "identities": ["partner"],
            }
        )
    return listed


def _types(endpoint: type[AnyEndpoint]) -> dict[str, Any]:
    """What the names in the fields' types stand for, and the names in theirs."""
    found: dict[str, Any] = {}
    todo = _named(endpoint)
    while todo:
        cls = todo.pop()
        if cls.__name__ in found:
            continue
        if issubclass(cls, StrEnum):
            found[cls.__name__] = {"values": [member.value for member in cls]}
            continue
        found[cls.__name__] = {
            "fields": [
                {
                    "name": field.name,
                    "required": required(cls, field.name),
                    "type": type_name(cls, field.name),
                    "rule": _rule(hints(cls)[field.name]),
                }
                for field in fields(cls)
            ]
        }
        todo += _named(cls)
    return dict(sorted(found.items()))


def _named(cls: type[Model]) -> list[type[Model | StrEnum]]:
    """The models and enums in the types of a model's fields."""
    known = hints(cls)
    todo: list[Any] = [known[field.name] for field in fields(cls)]
    named: list[type[Model | StrEnum]] = []
    while todo:
        part = todo.pop()
        if isinstance(part, type) and issubclass(part, (Model, StrEnum)):
            named.append(part)
        todo += get_args(part)
    return named


def _rule(annotation: Any) -> str | None:
    return next((mark.rule for mark in marks(annotation) if hasattr(mark, "rule")), None)


def _rate_limit(endpoint: type[AnyEndpoint]) -> str | dict[str, str | None] | None:
    def words(rate: Rate | None) -> str | None:
        return None if rate is None else str(rate)

    rates = {caller.kind: words(endpoint.route.rates.get(caller)) for caller in endpoint.route.callers}
    different = set(rates.values())
    return different.pop() if len(different) == 1 else rates
