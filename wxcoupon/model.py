"""What a piece of a request or of an answer is: a frozen value whose fields carry their wire names.

A field's limits stand in its type, as ``Annotated[str, Text(...)]``, next to what it means. They are data:
:mod:`wxcoupon.checks` reads them before a request is sent, and nothing reads them on the way back, because
answers are taken as they come.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, TypeAlias, TypeVar, get_type_hints

import attrs
from typing_extensions import dataclass_transform

T = TypeVar("T")


@attrs.frozen
class Text:
    """Limits of a text, in characters.

    Attributes:
        min: the fewest characters.
        max: the most characters, None for no documented limit.
        alphabet: the characters allowed, as the inside of a regular expression's brackets.
        pattern: a regular expression that the whole text matches.
        like: a text that matches it, for people.
    """

    min: int = 1
    max: int | None = None
    alphabet: str | None = None
    pattern: str | None = None
    like: str = ""

    @property
    def rule(self) -> str:
        """All of the rule in words."""
        if self.form and self.max is None and self.min <= 1:
            return f"text {self.form}"
        return f"{self.size}{' ' + self.form if self.form else ''}"

    @property
    def size(self) -> str:
        """How long the text may be, in words."""
        size = f"{self.min} to {self.max}" if self.max is not None else f"at least {self.min}"
        return f"{size} character{'s' if self.max is not None or self.min != 1 else ''}"

    @property
    def form(self) -> str:
        """What may be in it, in words; empty for anything."""
        if self.like:
            return f"like {self.like}"
        return f"of {_plain(self.alphabet)}" if self.alphabet else ""


def _plain(alphabet: str) -> str:
    """The inside of a regular expression's brackets in words: ranges, characters, and the space by its name."""
    parts = re.findall(r".-.|\\.|.", alphabet)
    shown = (part[1] if len(part) == 2 else part for part in parts)
    return " ".join("space" if part == " " else part for part in shown)


@attrs.frozen
class Whole:
    """Limits of a whole number.

    Attributes:
        min: the least value allowed.
        max: the greatest value allowed, None for no documented limit.
        multiple_of: the value has to be a multiple of this.
        unit: what is counted: fen, days, seconds, coupons.
    """

    min: int = 0
    max: int | None = None
    multiple_of: int = 1
    unit: str = ""

    @property
    def rule(self) -> str:
        """The rule in words, for an error message."""
        size = f"{self.min} to {self.max}" if self.max is not None else f"at least {self.min}"
        step = f", a multiple of {self.multiple_of}" if self.multiple_of > 1 else ""
        return f"{size}{' ' + self.unit if self.unit else ''}{step}"


@attrs.frozen
class Items:
    """Limits of a list.

    Attributes:
        min: the fewest items.
        max: the most items, None for no documented limit.
        unique: no item may appear twice.
    """

    min: int = 0
    max: int | None = None
    unique: bool = False

    @property
    def rule(self) -> str:
        """The rule in words, for an error message."""
        return f"{self.min} to {self.max} items" if self.max is not None else f"at least {self.min} items"


@attrs.frozen
class Private:
    """Marks a field that says who a user is or is worth money: it is left out of every repr."""


@attrs.frozen
class Sealed:
    """Marks a text that travels encrypted, both ways; it is left out of every repr.

    Attributes:
        max_bytes: the most bytes of UTF-8 that can be sealed, with a key of 2048 bits.
    """

    max_bytes: int = 214


PRIVATE: Final = Private()
SEALED: Final = Sealed()
_WORD: Final = r"0-9A-Za-z_\-"

RequestNo: TypeAlias = Annotated[str, Text(6, 40, _WORD)]
"""A request number of the caller's choosing: 6 to 40 digits, letters, underscores and hyphens."""
SendRequestNo: TypeAlias = Annotated[str, Text(6, 128, _WORD)]
"""A number of one sending: 6 to 128 digits, letters, underscores and hyphens."""
CouponCode: TypeAlias = Annotated[str, Text(1, 40, _WORD), PRIVATE]
"""A coupon code: 1 to 40 digits, letters, underscores and hyphens."""
OpenId: TypeAlias = Annotated[str, Text(1, 128), PRIVATE]
"""A user's OpenID under the appid of the same request."""
Fen: TypeAlias = Annotated[int, Whole(0, None, unit="fen")]
"""An amount of money in fen, a hundredth of a yuan."""


def hints(cls: type) -> dict[str, Any]:
    """The types of a model's fields, with what is annotated on them."""
    return get_type_hints(cls, include_extras=True)


def marks(annotation: Any) -> tuple[Any, ...]:
    """What is annotated on a type, on the members of an optional, and on the items of a list."""
    here: tuple[Any, ...] = getattr(annotation, "__metadata__", ())
    inside = [mark for part in getattr(annotation, "__args__", ()) for mark in marks(part)]
    return (*here, *inside)


def _hide(cls: type, fields: list[attrs.Attribute[Any]]) -> list[attrs.Attribute[Any]]:
    known = hints(cls)
    return [
        field.evolve(repr=False) if field.name == "extra" or _secret(known.get(field.name)) else field
        for field in fields
    ]


def _secret(annotation: Any) -> bool:
    found = marks(annotation)
    return PRIVATE in found or SEALED in found


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(attrs.field,))
def model(cls: type[T]) -> type[T]:
    """Make a class a frozen value with keyword-only fields; private ones stay out of its repr."""
    return attrs.frozen(kw_only=True, field_transformer=_hide)(cls)


_NOTHING_MORE: Final[Mapping[str, Any]] = {}  # one for all: nearly every value has nothing more


@model
class Model:
    """The root of every request, answer and their parts."""

    extra: Mapping[str, Any] = _NOTHING_MORE
    """Members this version does not know, under their wire names: kept from answers, sent with requests."""


def fields(cls: type[Any]) -> tuple[attrs.Attribute[Any], ...]:
    """The declared fields of a model, in order, without ``extra``."""
    declared: tuple[attrs.Attribute[Any], ...] = attrs.fields(cls)
    return tuple(field for field in declared if field.name != "extra")


def is_required(field: attrs.Attribute[Any]) -> bool:
    """Whether a model cannot be made without this field."""
    return field.default is attrs.NOTHING


Time: TypeAlias = datetime
"""A moment: aware when it is sent; the offset is kept, and is normally +08:00."""
