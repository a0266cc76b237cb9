"""Reads what WeChat Pay documents (``contract/*.json``), and says where a declaration is otherwise.

A table holds, for every endpoint, its method, paths, rates, request number and members, each with its place, type,
limits and whether it is required; objects and enums are named as in the tables, and compared by what is in them, so
that a class of the package may have another name. An id in a request is given the length that answers document for
it, and an openid that of other families; the vendor prints none there.
"""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from wxcoupon.endpoint import AnyEndpoint, Rate, registry
from wxcoupon.model import Items, Model, Text, Whole, fields, hints, is_required

Facts = dict[str, Any]
TABLES: dict[str, Facts] = {
    path.stem: json.loads(path.read_text("utf-8"))
    for path in sorted((Path(__file__).parent / "contract").glob("*.json"))
    if path.stem != "differences"
}
ENDPOINTS: dict[str, Facts] = {name: facts for table in TABLES.values() for name, facts in table["endpoints"].items()}
DIFFERENCES: dict[str, dict[str, str]] = json.loads(
    (Path(__file__).parent / "contract" / "differences.json").read_text("utf-8")
)
"""Where a declaration says otherwise on purpose, by family, and why."""

_PLAIN = {str: "text", int: "whole", bool: "truth", datetime: "time", bytes: "file"}
_SILENT = {"min_length": 1, "min": 0, "min_items": 1, "multiple_of": 1}
_CHARACTERS = [chr(code) for code in range(32, 127)]


def route_problems(name: str, request: type[AnyEndpoint]) -> Iterator[str]:
    """Where the route of an endpoint is not the documented one."""
    facts, route = ENDPOINTS[name], request.route
    found = {
        "method": route.method,
        "paths": {caller.kind: caller.path(route.path) for caller in route.callers},
        "rates": {caller.kind: str(rate) for caller, rate in route.rates.items()},
        "key": route.key,
        "harmless": route.harmless,
        "brand_place": route.brand_place,
    }
    for fact, value in found.items():
        documented = facts[fact]
        if fact == "rates":
            documented = {caller: str(Rate.parse(text)) for caller, text in documented.items()}
        if value != documented:
            yield f"{name}: {fact} is {value}, documented {documented}"
    pages = re.findall(r"https://\S+", request.__doc__ or "")
    for page in facts["pages"]:
        if page not in pages:
            yield f"{name}: the page {page} is not named"
    for place in ("path", "query", "header", "body"):
        declared = [field.name for field in fields(request) if route.place(field.name) == place]
        documented = [field["name"] for field in facts[place]]
        if place == "path" and route.brand_place == "path":
            documented = [field for field in documented if field != "brand_id"]
        for lost in sorted(set(documented) - set(declared)):
            yield f"{name}: {lost} is not in the {place}"
        for more in sorted(set(declared) - set(documented)):
            yield f"{name}: {more} in the {place} is not documented"


class Comparison:
    """Compares classes with documented objects, each pair once."""

    def __init__(self, family: str) -> None:
        self._table = TABLES[family]
        self._seen: set[tuple[type[Any], str, bool]] = set()

    def request(self, name: str, request: type[AnyEndpoint]) -> Iterator[str]:
        """Where the members of a request are otherwise."""
        facts = ENDPOINTS[name]
        documented = [field for place in ("path", "query", "header", "body") for field in facts[place]]
        known = {field.name for field in fields(request)}
        yield from self._members(name, request, [field for field in documented if field["name"] in known], sent=True)

    def answer(self, name: str, returns: Any) -> Iterator[str]:
        """Where the members of an answer are otherwise; limits are nothing to an answer."""
        documented = ENDPOINTS[name]["answer"]
        if documented is None or returns in {None, type(None)}:
            if (documented is None) != (returns in {None, type(None)}):
                yield f"{name}: the answer is {returns}, documented {documented}"
            return
        if isinstance(documented, str):
            yield from self._object(documented, returns, sent=False)
        else:
            yield from self._object_of(f"{name} answer", documented, returns, sent=False)

    def _object(self, documented: str, cls: Any, *, sent: bool) -> Iterator[str]:
        if not (isinstance(cls, type) and issubclass(cls, Model)):
            yield f"{documented}: is declared {cls}"
        elif (cls, documented, sent) not in self._seen:
            self._seen.add((cls, documented, sent))
            yield from self._object_of(documented, self._table["objects"][documented], cls, sent=sent)

    def _object_of(self, where: str, documented: list[Facts], cls: type[Model], *, sent: bool) -> Iterator[str]:
        names = [field["name"] for field in documented]
        known = {field.name for field in fields(cls)}
        for lost in sorted(set(names) - known):
            yield f"{where}: {lost} is not declared"
        for more in sorted(known - set(names)):
            yield f"{where}: {more} is not documented"
        yield from self._members(where, cls, [field for field in documented if field["name"] in known], sent=sent)

    def _members(self, where: str, cls: type[Model], documented: list[Facts], *, sent: bool) -> Iterator[str]:
        known = hints(cls)
        needed = {field.name: is_required(field) for field in fields(cls)}
        for field in documented:
            name = f"{where}.{field['name']}"
            if needed[field["name"]] != field["required"]:
                yield f"{name}: is {'required' if needed[field['name']] else 'optional'}, documented otherwise"
            yield from self._value(name, known[field["name"]], field, sent=sent)

    def _value(self, name: str, annotation: Any, documented: Facts, *, sent: bool) -> Iterator[str]:
        inner, found = _split(annotation)
        kind = documented["type"]
        if kind == "list":
            if get_origin(inner) is not list:
                yield f"{name}: is declared {inner}, documented a list"
                return
            yield from self._value(f"{name}[]", get_args(inner)[0], documented["items"], sent=sent)
        elif kind == "object":
            yield from self._object(documented["object"], inner, sent=sent)
        elif kind == "enum":
            yield from self._enum(name, inner, documented["enum"])
        elif _PLAIN.get(inner) != kind:
            yield f"{name}: is declared {inner}, documented {kind}"
        if sent:
            yield from _limits(name, found, documented)

    def _enum(self, name: str, inner: Any, documented: str) -> Iterator[str]:
        if not (isinstance(inner, type) and issubclass(inner, StrEnum)):
            yield f"{name}: is declared {inner}, documented one of {documented}"
            return
        values = set(self._table["enums"][documented])
        declared = {member.value for member in inner}
        if not values <= declared <= values | set(self._table["enum_extras"].get(documented, [])):
            yield f"{documented}: has {sorted(declared)}, documented {sorted(values)}"


def _split(annotation: Any) -> tuple[Any, list[Any]]:
    """A type without ``None``, without what is annotated on it, and an open enum without ``str``; and the limits."""
    found: list[Any] = []
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *more = get_args(annotation)
            found += more
            continue
        parts = [part for part in get_args(annotation) if part is not type(None)]
        if parts and get_origin(annotation) is not list:
            annotation = parts[0]
            continue
        return annotation, found


def _limits(name: str, found: list[Any], documented: Facts) -> Iterator[str]:
    declared: Facts = {}
    for mark in found:
        if isinstance(mark, Text):
            declared |= {"min_length": mark.min, "max_length": mark.max, "alphabet": mark.alphabet}
            declared["pattern"] = mark.pattern
        elif isinstance(mark, Whole):
            declared |= {"min": mark.min, "max": mark.max, "multiple_of": mark.multiple_of}
            declared["unit"] = "fen" if mark.unit == "fen" else None
        elif isinstance(mark, Items):
            declared |= {"min_items": mark.min, "max_items": mark.max}
    for limit in ("min_length", "max_length", "min", "max", "multiple_of", "min_items", "max_items", "unit"):
        ours = declared.get(limit)
        ours = None if ours == _SILENT.get(limit) or (limit.startswith("min") and ours == 0) else ours
        if ours != documented.get(limit):
            yield f"{name}: {limit} is {ours}, documented {documented.get(limit)}"
    for limit in ("alphabet", "pattern"):
        if bool(declared.get(limit)) != bool(documented.get(limit)):
            yield f"{name}: {limit} is {declared.get(limit)}, documented {documented.get(limit)}"
    if declared.get("alphabet") and documented.get("alphabet"):
        ours, theirs = (
            set(re.findall(f"[{facts['alphabet']}]", "".join(_CHARACTERS))) for facts in (declared, documented)
        )
        if ours != theirs:
            yield f"{name}: the alphabet is {declared['alphabet']}, documented {documented['alphabet']}"


def sent() -> dict[type[Model], list[Facts]]:
    """Every class that is sent, requests and their parts, with what is documented of its members.

    What is declared otherwise on purpose is given as it is declared, so that it can be tested too.
    """
    found: dict[type[Model], list[Facts]] = {}
    for name, request in registry().items():
        family, facts = name.partition(".")[0], ENDPOINTS[name]
        documented = [field for place in ("path", "query", "header", "body") for field in facts[place]]
        known = {field.name for field in fields(request)}
        _gather(family, name, request, [field for field in documented if field["name"] in known], found)
    return found


def _gather(
    family: str, where: str, cls: type[Model], documented: list[Facts], found: dict[type[Model], list[Facts]]
) -> None:
    if cls in found:
        return
    found[cls] = [_as_declared(family, where, field) for field in documented]
    known = hints(cls)
    for field in documented:
        inner, _ = _split(known[field["name"]])
        value = field
        while value["type"] == "list":
            inner, value = _split(get_args(inner)[0])[0], value["items"]
        if value["type"] == "object":
            name = value["object"]
            _gather(family, name, inner, TABLES[family]["objects"][name], found)


def _as_declared(family: str, where: str, field: Facts) -> Facts:
    """A member's facts, with the known differences put in."""
    facts = dict(field) | {"family": family}
    for problem in DIFFERENCES.get(family, {}):
        what = problem.removeprefix(f"{where}.{field['name']}: ")
        if what == problem:
            continue
        if what.endswith("documented otherwise"):
            facts["required"] = what.startswith("is required")
        elif (limit := re.fullmatch(r"(\w+) is (.+), documented .*", what)) and limit[1] != "pattern":
            facts[limit[1]] = int(limit[2]) if limit[2].isdecimal() else None if limit[2] == "None" else limit[2]
    return facts
