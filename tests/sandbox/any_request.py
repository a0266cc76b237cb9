"""Requests of every kind, made from their declared types: the same ones for the same seed.

A request begins as a sample. Members are put in, changed and left out at random as long as nothing breaks a documented
rule, and then named after things that are there: what an answer showed together is asked for together.
"""

import base64
import json
import re
from collections.abc import Collection
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from pathlib import Path
from random import Random
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

from wxcoupon.checks import faults
from wxcoupon.convert import from_wire
from wxcoupon.endpoint import AnyEndpoint
from wxcoupon.model import Items, Model, Text, Whole, fields, hints, is_required

_SAMPLES: Final = Path(__file__).parent.parent / "families" / "samples"
_ODD: Final = "aZ09 _-~/?#%&=+:;,.'\"\\|é茶\x00\n\u2028"
_HUGE: Final = 10**18
START: Final = datetime(2027, 1, 15, 10, tzinfo=timezone(timedelta(hours=8)))
"""When it all begins: a Friday."""
_NAMES: Final = ("id", "code", "no", "number", "openid", "_merchant")
_MERCHANTS: Final = ("mchid", "_merchant")
_TIMES: Final = (
    "0001-01-01T00:00:00+08:00",
    "1970-01-01T00:00:00Z",
    "2026-12-01T08:00:00.125+08:00",
    "9999-12-31T23:59:59-11:00",
)


def samples(request: type[AnyEndpoint]) -> list[dict[str, Any]]:
    """The members of every sample of a request."""
    found = [
        json.loads(path.read_text("utf-8"))["request"]
        for path in sorted(_SAMPLES.glob(f"{request.name}*.json"))
        if path.stem.split(".")[:2] == request.name.split(".")
    ]
    is_bytes = {name for name, hint in hints(request).items() if _is_bytes(hint)}
    return [
        {name: base64.b64decode(value) if name in is_bytes else value for name, value in one.items()} for one in found
    ]


class Things:
    """What answers have shown: by wire name, and what was shown together."""

    def __init__(self, number: str) -> None:
        self.number = number
        self.together: list[dict[str, Any]] = []

    def learn(self, *shown: Any) -> None:
        """Keep what is named at the top of requests and answers, and one object below."""
        flat: dict[str, Any] = {}
        for one in shown:
            if isinstance(one, dict):
                below = (value[-1] if isinstance(value, list) and value else value for value in one.values())
                for inner in below:
                    flat |= _texts(inner) if isinstance(inner, dict) else {}
                flat |= _texts(one)
        if flat:
            self.together.append(flat)


def _texts(shown: dict[str, Any]) -> dict[str, str]:
    return {name: value for name, value in shown.items() if isinstance(value, str) and name.endswith(_NAMES)}


class Maker:
    """Makes requests of one class.

    Args:
        request: the class.
        random: what decides.
        things: what is there.
    """

    def __init__(self, request: type[AnyEndpoint], random: Random, things: Things) -> None:
        self.request = request
        self._random = random
        self._things = things
        self._samples = samples(request)

    def make(self, *, right: bool = True) -> dict[str, Any]:
        """The members of a request, without a fault where *right* is wanted."""
        members = dict(self._random.choice(self._samples))
        if self._random.random() < 0.8:
            members = self._better(members, self._named(members), right=right)
        for _ in range(self._random.choice((0, 0, 1, 2, 5))):
            members = self._better(members, self._changed(self.request, members), right=right)
        if (key := self.request.route.key) and self._random.random() < 0.8:
            members = self._better(members, {**members, key: f"n{self._random.randrange(10**9)}x"}, right=True)
        return members

    def otherwise(self, members: dict[str, Any], kept: Collection[str]) -> dict[str, Any] | None:
        """Another request without a fault that has the members *kept* too; None where none is found."""
        for _ in range(10):
            changed = self._changed(self.request, members)
            same = all(changed.get(name) == members.get(name) for name in kept)
            if same and changed != members and not faults(from_wire(self.request, changed)):
                return changed
        return None

    def _better(self, before: dict[str, Any], after: dict[str, Any], *, right: bool) -> dict[str, Any]:
        return before if right and faults(from_wire(self.request, after)) else after

    def _named(self, members: dict[str, Any]) -> dict[str, Any]:
        names = {field.name for field in fields(self.request)}
        known = [one for one in self._things.together if names & set(one)]
        most = max((len(names & set(one)) for one in known), default=0)
        best = [one for one in known if len(names & set(one)) == most]
        chosen = self._random.choice(best if self._random.random() < 0.8 else known) if known else {}
        return members | {name: chosen[name] for name in sorted(names & set(chosen))} | self._mine(names)

    def _mine(self, names: set[str]) -> dict[str, str]:
        number = self._things.number
        return {name: number for name in sorted(names) if name.endswith(_MERCHANTS) and self._random.random() < 0.8}

    def _changed(self, cls: type[Model], members: dict[str, Any]) -> dict[str, Any]:
        known = hints(cls)
        field = self._random.choice(fields(cls)) if fields(cls) else None
        if field is None or _is_bytes(known[field.name]):
            return members
        if field.name in members and self._random.random() < 0.4:
            inner = _model(known[field.name])
            value = members[field.name]
            if inner is not None and isinstance(value, dict):
                return members | {field.name: self._changed(inner, value)}
            if not is_required(field):
                return {name: value for name, value in members.items() if name != field.name}
        return members | {field.name: self.value(known[field.name])}

    def value(self, annotation: Any) -> Any:
        """Any value of a declared type, within the limits of each member by itself, as JSON."""
        marks: tuple[Any, ...] = ()
        if get_origin(annotation) is Annotated:
            annotation, *found = get_args(annotation)
            marks = tuple(found)
        parts = [part for part in get_args(annotation) if part is not type(None)]
        if get_origin(annotation) in (Union, UnionType):
            enum = next((part for part in parts if isinstance(part, type) and issubclass(part, StrEnum)), None)
            inner = parts[0] if enum is None else enum
            return self.value(Annotated[inner, *marks] if marks else inner)
        if get_origin(annotation) is list:
            limits = next((mark for mark in marks if isinstance(mark, Items)), Items())
            most = min(limits.min + 3, limits.max or 1000)
            return [self.value(parts[0]) for _ in range(self._random.randint(limits.min, most))]
        return self._plain(annotation, marks)

    def _plain(self, cls: Any, marks: tuple[Any, ...]) -> Any:
        random = self._random
        if cls is bool:
            return random.random() < 0.5
        if cls is int:
            limits = next((mark for mark in marks if isinstance(mark, Whole)), Whole())
            most = _HUGE if limits.max is None else limits.max
            found = random.choice((limits.min, limits.min + 1, limits.min + 7, most, most - 1))
            return max(limits.min, found - found % limits.multiple_of)
        if cls is str:
            return self._text(next((mark for mark in marks if isinstance(mark, Text)), Text(min=0)))
        if issubclass(cls, datetime):
            near = START + timedelta(days=random.choice((-400, -1, 1, 3, 40)))
            return random.choice((*_TIMES, *[near.isoformat()] * 5))
        if issubclass(cls, StrEnum):
            return random.choice([member.value for member in cls])
        known = hints(cls)
        return {
            field.name: self.value(known[field.name])
            for field in fields(cls)
            if is_required(field) or random.random() < 0.4
        }

    def _text(self, limits: Text) -> str:
        if limits.like and self._random.random() < 0.7:
            return limits.like
        most = min(limits.max or 400, 400)
        letters = "".join(chr(code) for code in range(33, 127) if _allowed(limits.alphabet, chr(code)))
        size = self._random.choice((limits.min, min(limits.min + 1, most), min(20, most), most))
        return "".join(self._random.choice(letters if limits.alphabet else _ODD) for _ in range(size))


def _allowed(alphabet: str | None, letter: str) -> bool:
    return alphabet is None or re.fullmatch(f"[{alphabet}]", letter) is not None


def _is_bytes(annotation: Any) -> bool:
    return annotation is bytes or any(_is_bytes(part) for part in get_args(annotation))


def _model(annotation: Any) -> type[Model] | None:
    if isinstance(annotation, type) and issubclass(annotation, Model):
        return annotation
    if get_origin(annotation) is list:
        return None
    return next((found for part in get_args(annotation) if (found := _model(part)) is not None), None)
