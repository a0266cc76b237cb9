"""From the cells of a row to the members of a request, by the wire names of the columns.

Rule 1: what a cell cannot be read as stays text, so that the checks of requests say what it has to be.
Rule 2: an empty cell says nothing, and a column that the request has no member for is not read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

import attrs

from ...model import Model, fields, hints, is_required

_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,18}")
_BOOLEANS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@attrs.frozen
class Column:
    """A column that a request has a member for.

    Attributes:
        path: where in the request it is.
        required: whether a request without it is none; of a member of an optional part, False.
        plain: whether it holds one text, and not a number, a list or an object.
        read: makes the member of the text of a cell.
    """

    path: tuple[str, ...]
    required: bool
    plain: bool
    read: Callable[[str], Any] = attrs.field(repr=False)


class Columns:
    """The columns that rows of one kind of request may have.

    A member has a column of its name, a member of a part the name of the part before it: ``stock_id``,
    ``associated_order_info.transaction_id``. Whole numbers are digits, booleans ``true`` or ``false`` (also ``yes``,
    ``no``, ``1``, ``0``), times are RFC 3339. A list is a JSON array, or its items with commas between them; a part may
    also be given whole, as a JSON object in a column of its own name.

    Attributes:
        known: all of them by name, each part before what is in it.
    """

    def __init__(self, request: type[Model]) -> None:
        self.known: Mapping[str, Column] = dict(_columns(request, (), required=True, inside=(request,)))

    def members(self, cells: Mapping[str, str]) -> dict[str, Any]:
        """The members that cells say, under wire names, as JSON would have them."""
        found: dict[str, Any] = {}
        known = self.known
        said = [(known[name], text) for name, text in cells.items() if text and name in known]
        said.sort(key=_depth)  # a part that is given whole comes before single members of it, which win
        for column, text in said:
            *way, last = column.path
            place: Any = found
            for step in way:
                place = place.setdefault(step, {})
                if type(place) is not dict:  # the part is no object, which is said of it
                    break
            else:
                place[last] = column.read(text)
        return found


def _depth(said: tuple[Column, str]) -> int:
    return len(said[0].path)


def _columns(
    cls: type[Model], way: tuple[str, ...], *, required: bool, inside: tuple[type[Model], ...]
) -> Iterator[tuple[str, Column]]:
    known = hints(cls)
    for field in fields(cls):
        path = (*way, field.name)
        needed = required and is_required(field)
        bare = _bare(known[field.name])
        read = _reader(bare)
        yield ".".join(path), Column(path, needed, read is str, read)
        if isinstance(bare, type) and issubclass(bare, Model) and bare not in inside:
            yield from _columns(bare, path, required=False, inside=(*inside, bare))


def _bare(annotation: Any) -> Any:
    """A type without what is annotated on it and without None; of an open enum, text."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        parts = [_bare(part) for part in get_args(annotation) if part is not type(None)]
        return parts[0] if len(parts) == 1 else str
    return annotation


def _reader(bare: Any) -> Callable[[str], Any]:
    if get_origin(bare) is list:
        return _list(_reader(_bare(get_args(bare)[0])))
    if bare is bool:
        return _boolean
    if bare is int:
        return _whole
    return _object if isinstance(bare, type) and issubclass(bare, Model) else str


def _whole(text: str) -> Any:
    return int(text) if _WHOLE.fullmatch(text) else text


def _boolean(text: str) -> Any:
    return _BOOLEANS.get(text.lower(), text)


def _object(text: str) -> Any:
    return _json(text) if text.startswith("{") else text


def _list(item: Callable[[str], Any]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        return _json(text) if text.startswith("[") else [item(part.strip()) for part in text.split(",")]

    return read


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
