"""Between models and JSON: the only file that imports ``cattrs``.

Rule 1: nothing that came is lost. A member nobody declared is kept in ``extra``; an enum value nobody knows
        stays text; a value of another type than documented stays what it is; a required member that did not
        come is None. What is read and written again is equal to what came.
Rule 2: ``None`` is never written, because WeChat Pay refuses ``null``.
Rule 3: limits are not looked at here; :mod:`wxcoupon.checks` does that, and only for requests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import attrs
import cattrs

from .model import Model, fields, hints, is_required

T = TypeVar("T")
_Hook = Callable[[Any], Any]

_converter = cattrs.Converter()


class _WireTime(datetime):
    """A moment that remembers how it was written, where writing it anew would spell it otherwise."""

    text: str | None = None  # what is reckoned from it, a day later say, is of this class too and has no spelling yet


def _read_time(value: Any, _: Any = None) -> Any:
    return _moment(value) if type(value) is str else value


@lru_cache(maxsize=4096)  # the coupons of a stock begin and end together, and a moment never changes
def _moment(text: str) -> datetime | str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    if (write_time(moment) if moment.microsecond else moment.isoformat()) == text:
        return moment
    kept = _WireTime.fromisoformat(text)
    kept.text = text
    return kept


def write_time(moment: datetime) -> str:
    """Write a moment as RFC 3339, with fractions of a second only where it has them."""
    if isinstance(moment, _WireTime) and moment.text is not None:
        return moment.text
    return moment.isoformat(
        timespec="auto" if moment.microsecond % 1000 else "milliseconds" if moment.microsecond else "seconds"
    )


def _bare(annotation: Any) -> Any:
    """A type without what is annotated on it, and without ``None``."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        members = [_bare(part) for part in get_args(annotation) if part is not type(None)]
        return members[0] if len(members) == 1 else tuple(members)
    return annotation


def _reader(annotation: Any) -> _Hook | None:
    """How a value of this type is read; None when it is taken as it is."""
    bare = _bare(annotation)
    if isinstance(bare, tuple):  # an open enum, ``Kind | str``: a member where the value is known
        enum = next((part for part in bare if isinstance(part, type) and issubclass(part, StrEnum)), None)
        if enum is None:
            return None
        known: Mapping[str, StrEnum] = {member.value: member for member in enum}
        return lambda value: known.get(value, value) if isinstance(value, str) else value
    if get_origin(bare) is list:
        item = _reader(get_args(bare)[0])
        if item is None:
            return None
        return lambda values: [item(value) for value in values] if isinstance(values, list) else values
    if bare is datetime:
        return _read_time
    if isinstance(bare, type) and (issubclass(bare, datetime) or attrs.has(bare)):
        hook = _converter.get_structure_hook(bare)
        return lambda value: hook(value, bare)
    return None


def _structure(cls: type[Model]) -> Callable[[Any, Any], Any]:
    known = hints(cls)
    readers = [(f.name, read) for f in fields(cls) if (read := _reader(known[f.name])) is not None]
    needed = frozenset(f.name for f in fields(cls) if is_required(f))
    names = frozenset(f.name for f in fields(cls))

    def structure(data: Any, _: Any) -> Any:
        if type(data) is not dict:
            return data
        values: dict[str, Any] = data.copy()
        if not names.issuperset(data):
            values = {name: value for name, value in data.items() if name in names}
            values["extra"] = {name: value for name, value in data.items() if name not in names}
        for name, read in readers:
            if (value := values.get(name)) is not None:
                values[name] = read(value)
        if not needed <= values.keys():
            values = dict.fromkeys(needed) | values
        return cls(**values)

    return structure


def _writer(annotation: Any) -> _Hook | None:
    bare = _bare(annotation)
    if get_origin(bare) is list:
        item = _writer(get_args(bare)[0])
        return (
            None
            if item is None
            else lambda values: [item(value) for value in values] if isinstance(values, list) else values
        )
    if isinstance(bare, type) and issubclass(bare, datetime):
        return lambda value: write_time(value) if isinstance(value, datetime) else value
    if isinstance(bare, type) and attrs.has(bare):
        return lambda value: to_wire(value) if isinstance(value, Model) else value
    return None


def _unstructure(cls: type[Model]) -> Callable[[Any], dict[str, Any]]:
    known = hints(cls)
    plan = [(f.name, _writer(known[f.name])) for f in fields(cls)]

    def unstructure(value: Any) -> dict[str, Any]:
        wire: dict[str, Any] = {}
        for name, write in plan:
            member = getattr(value, name)
            if member is not None:
                wire[name] = member if write is None else write(member)
        if value.extra:
            wire.update(value.extra)
        return wire

    return unstructure


_converter.register_structure_hook(datetime, _read_time)
_converter.register_structure_hook_factory(lambda cls: isinstance(cls, type) and issubclass(cls, Model), _structure)
_converter.register_unstructure_hook_factory(lambda cls: isinstance(cls, type) and issubclass(cls, Model), _unstructure)


def to_wire(value: Model) -> Any:
    """Write a model as JSON members; what is None is left out."""
    return _converter.unstructure(value)


def from_wire(cls: type[T], data: Any) -> T:
    """Read JSON members into a model, losing nothing and refusing nothing."""
    return _converter.structure(data, cls)


def reader(cls: type[T]) -> Callable[[Any], T]:
    """What :func:`from_wire` does for one class, found once; for what is read again and again."""
    structure = _converter.get_structure_hook(cls)
    return lambda data: structure(data, cls)


def register(cls: type[Any], structure: Callable[[Any, _Hook], Any], unstructure: Callable[[Any, _Hook], Any]) -> None:
    """Give a model a second spelling on the wire; both functions are handed the ordinary one to fall back on."""
    read, write = _structure(cls), _unstructure(cls)
    _converter.register_structure_hook(cls, lambda data, _: structure(data, lambda value: read(value, cls)))
    _converter.register_unstructure_hook(cls, lambda value: unstructure(value, write))
