"""Sensitive members: which a model has, and how they leave.

What is marked :data:`~wxcoupon.model.SEALED` is encrypted for WeChat Pay when it is sent, with the key that the same
request announces in ``Wechatpay-Serial``, and comes back encrypted for the API certificate of whoever asked.

https://pay.weixin.qq.com/doc/v3/merchant/4013053257
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeAlias, TypeVar, get_args

import attrs

from . import crypto
from .errors import Fault, InvalidRequest
from .model import SEALED, Model, fields, hints, marks

M = TypeVar("M", bound=Model)
_Plan: TypeAlias = tuple[tuple[str, bool], ...]
"""The members that are sealed, or hold models with such members; the flag says which."""

_PLANS: Final[dict[type[Any], _Plan]] = {}


def is_sealed(cls: type[Any]) -> bool:
    """Whether a model has sensitive members, at any depth; of anything else, False. Found once for each class."""
    return bool(_plan(cls))


def _plan(cls: type[Any]) -> _Plan:
    if (plan := _PLANS.get(cls)) is not None:
        return plan
    if not (isinstance(cls, type) and issubclass(cls, Model)):  # pyright: ignore[reportUnnecessaryIsInstance]
        return ()
    known = hints(cls)
    members = [(field.name, known[field.name]) for field in fields(cls)]
    plan = tuple(
        (name, SEALED in marks(kind)) for name, kind in members if SEALED in marks(kind) or _holds_sealed(kind)
    )
    _PLANS[cls] = plan
    return plan


def _holds_sealed(annotation: Any) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, Model):
        return is_sealed(annotation)
    return any(_holds_sealed(part) for part in get_args(annotation))


def members(value: Model) -> Iterator[tuple[str, str]]:
    """Every sensitive member of *value* that is text: its path, and its text."""
    yield from ((where, part) for where, part, leaf in _parts(value, "$") if leaf and isinstance(part, str))


def _parts(value: Model, path: str) -> Iterator[tuple[str, Any, bool]]:
    """Every part that is sensitive, and everything else that stands where such a part could be; the flag says which."""
    for name, leaf in _plan(type(value)):
        member = getattr(value, name)
        listed = isinstance(member, list)
        for index, part in enumerate(member if listed else [member]):
            where = f"{path}.{name}[{index}]" if listed else f"{path}.{name}"
            if isinstance(part, Model) and not leaf:
                yield from _parts(part, where)
            elif part is not None:
                yield where, part, leaf


def replaced(value: M, texts: Iterator[str]) -> M:
    """The same model with other texts for its sensitive members, in the order of :func:`members`."""
    changed: dict[str, Any] = {}
    for name, leaf in _plan(type(value)):
        member = getattr(value, name)
        parts = [
            next(texts)
            if leaf and isinstance(part, str)
            else replaced(part, texts)
            if isinstance(part, Model)
            else part
            for part in (member if isinstance(member, list) else [member])
        ]
        changed[name] = parts if isinstance(member, list) else parts[0]
    made: M = attrs.evolve(value, **changed)  # type: ignore[misc]
    return made


def seal(value: M, key: crypto.PublicKey) -> M:
    """Seal every sensitive member for the owner of *key*.

    Raises:
        InvalidRequest: one is no text, stands in something that is no object, or is too long to be sealed. It is
            refused whatever the checks are: what cannot be sealed may not leave open.
    """
    if found := [
        Fault(where, f"has to be {'text, because it is' if leaf else 'an object, because members of it are'} sealed")
        for where, part, leaf in _parts(value, "$")
        if not (leaf and isinstance(part, str))
    ]:
        raise InvalidRequest(found)
    return replaced(value, iter([_sealed(path, text, key) for path, text in members(value)]))


def _sealed(path: str, text: str, key: crypto.PublicKey) -> str:
    try:
        sealed = crypto.seal_oaep(key, text.encode())
    except UnicodeEncodeError:
        raise InvalidRequest([Fault(path, "holds half of a surrogate pair, which is no character")]) from None
    if sealed is None:
        raise InvalidRequest([Fault(path, "is too long to be sealed: 214 bytes of UTF-8 are the most")])
    return sealed
