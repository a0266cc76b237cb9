"""What WeChat Pay documents as wrong, found before it is sent: every fault of a request at once, with its path.

A field's own limits come from its type. What goes with what comes from a method ``check`` that a model may have:
it yields ``(path below the model, problem)``. Limits drift, so a client may have them only warn, or leave them off.

Where WeChat Pay's own sources disagree, or only its guides say something, nothing is refused: a method ``advise`` of
the same form says what may go wrong, and a client passes it on as a :class:`RequestAdvice`.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from inspect import currentframe
from types import UnionType
from typing import Annotated, Any, Final, Literal, TypeAlias, Union, get_args, get_origin

import attrs

from .convert import write_time
from .endpoint import AnyEndpoint
from .errors import ConfigurationError, Fault, InvalidRequest
from .model import Items, Model, Sealed, Text, Whole, fields, hints, is_required, marks

Checks: TypeAlias = Literal["on", "warn", "off"]
"""Whether a faulty request is refused, sent with a :class:`RequestWarning`, or sent as given, without advice too."""

_Problems: TypeAlias = Sequence[tuple[str, str, bool]]
"""Where below the field, what, and whether the value is of its type all the same."""
_Inspect: TypeAlias = Callable[[Any], _Problems]
_Rule: TypeAlias = Callable[[Any], Iterator[tuple[str, str]]]
_A_TIME: Final = "a time as RFC 3339, like 2025-08-01T00:00:00+08:00"
_RFC_3339: Final = re.compile(r"\d{4}(?:-\d\d){2}T(?:\d\d:){2}\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_ANY_NUMBER: Final = Whole(min=-(10**18))


def level(checks: Checks) -> Checks:
    """What happens to a faulty request, as it was given.

    Raises:
        ConfigurationError: there is no such level.
    """
    if checks not in {"on", "warn", "off"}:
        raise ConfigurationError(f"checks is 'on', 'warn' or 'off', not {checks!r}")
    return checks


@attrs.frozen
class _Plan:
    """How the values of a class are gone through, found once: its fields and, where it has them, its methods."""

    members: tuple[tuple[str, bool, _Inspect, bool], ...]
    check: _Rule | None
    advise: _Rule | None


_PLANS: Final[dict[type[Model], _Plan]] = {}


class RequestWarning(UserWarning):
    """A request was sent that breaks documented rules, because the client's checks only warn."""


class RequestAdvice(UserWarning):
    """A request was sent that breaks no documented rule, and may still not do what is wanted of it."""


@attrs.define  # made for every call: a frozen one takes three times as long to make
class Findings:
    """What was found in a request, each in the order of its fields.

    Attributes:
        faults: every documented rule that it breaks.
        advice: what WeChat Pay's guides advise against, or only some of its pages.
    """

    faults: list[Fault]
    advice: list[Fault]


def examine(request: Model, *, unknown: bool = False) -> Findings:
    """Find the faults of *request* and the advice about it, in one go.

    Args:
        request: what is to be sent.
        unknown: whether a member nobody declared is a fault too.
    """
    found = Findings([], [])
    _walk(request, "$", found, unknown=unknown)
    return found


def faults(request: Model, *, unknown: bool = False) -> list[Fault]:
    """Every documented rule that *request* breaks, in the order of its fields; see :func:`examine`."""
    return examine(request, unknown=unknown).faults


def advice(request: Model) -> list[Fault]:
    """What is better not done though no documented rule forbids it, in the order of the fields of *request*."""
    return examine(request).advice


def refuse(request: AnyEndpoint, found: Findings) -> None:
    """Refuse a request in which faults were found.

    Raises:
        InvalidRequest: with every fault, its path and the page.
    """
    if found.faults:
        error = InvalidRequest(found.faults, request.route.page or None)
        error.about(request.route.call)
        raise error


def require(request: AnyEndpoint, *, unknown: bool = False) -> None:
    """Refuse a request that breaks documented rules.

    Raises:
        InvalidRequest: with every fault, its path and the page.
    """
    refuse(request, examine(request, unknown=unknown))


def enforce(request: AnyEndpoint, checks: Checks) -> None:
    """Do what *checks* says about a request that is about to be sent.

    Raises:
        InvalidRequest: documented rules are broken, and *checks* is ``"on"``.
    """
    if checks == "off":
        return
    found = examine(request)
    if checks == "on":
        refuse(request, found)
    if found.faults or found.advice:
        level = _first_frame_outside()
        for fault in found.faults:
            warnings.warn(f"{request.name}: {fault}", RequestWarning, stacklevel=level)
        for fault in found.advice:
            warnings.warn(f"{request.name}: {fault}", RequestAdvice, stacklevel=level)


def _first_frame_outside() -> int:
    """Which ``stacklevel`` of the caller is the first line outside this package: the one that made the call.

    How many frames are between depends on how the call was made: with ``call``, ``send`` or ``pages``.
    """
    package = f"{__name__.partition('.')[0]}."
    frame, level = currentframe(), 0
    while frame is not None and f"{frame.f_globals.get('__name__', '')}.".startswith(package):
        frame, level = frame.f_back, level + 1
    return level  # this function is one of them, and stacklevel 1 is its caller


def _walk(value: Model, path: str, found: Findings, *, unknown: bool) -> bool:
    """Add what is found in *value*; say whether every member is at least of its type."""
    plan, sound = _plan(type(value)), True
    for name, needed, inspect, descend in plan.members:
        member = getattr(value, name)
        if member is None:
            if needed:
                sound = False
                found.faults.append(Fault(f"{path}.{name}", "is required"))
            continue
        for below, problem, typed in inspect(member):
            sound = sound and typed
            found.faults.append(Fault(f"{path}.{name}{below}", problem))
        if descend:
            for below, part in _parts(member):
                sound = _walk(part, f"{path}.{name}{below}", found, unknown=unknown) and sound
    if value.extra:
        found.faults.extend(_extra(value, path, unknown=unknown))
    if sound:  # a rule about two members can only be asked of members of their types
        if plan.check is not None:
            found.faults.extend(_at(path, plan.check(value)))
        if plan.advise is not None:
            found.advice.extend(_at(path, plan.advise(value)))
    return sound


def _at(path: str, said: Iterator[tuple[str, str]]) -> Iterator[Fault]:
    return (Fault(f"{path}.{below}" if below else path, problem) for below, problem in said)


def _extra(value: Model, path: str, *, unknown: bool) -> Iterator[Fault]:
    known = [field.name for field in fields(type(value))]
    for name, member in value.extra.items():
        if name in known:
            yield Fault(f"{path}.{name}", "is a declared member; give it as a field, not as extra")
        elif unknown:
            yield Fault(f"{path}.{name}", f"there is no such member; known are {', '.join(known)}")
        elif member is None:
            yield Fault(f"{path}.{name}", "is null, which WeChat Pay does not take; leave it out")


def _parts(member: Any) -> Iterator[tuple[str, Model]]:
    if isinstance(member, Model):
        yield "", member
    elif isinstance(member, list):
        for index, part in enumerate(member):
            if isinstance(part, Model):
                yield f"[{index}]", part


def _plan(cls: type[Model]) -> _Plan:
    if (plan := _PLANS.get(cls)) is not None:
        return plan
    known = hints(cls)
    plan = _PLANS[cls] = _Plan(
        tuple((f.name, is_required(f), _inspector(known[f.name]), _holds_models(known[f.name])) for f in fields(cls)),
        getattr(cls, "check", None),
        getattr(cls, "advise", None),
    )
    return plan


def _holds_models(annotation: Any) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, Model):
        return True
    return any(_holds_models(part) for part in get_args(annotation))


def _inspector(annotation: Any) -> _Inspect:
    """How a value of this type is looked at."""
    if get_origin(annotation) is Annotated:
        inner, *found = get_args(annotation)
    else:
        inner, found = annotation, []
    members = [part for part in get_args(inner) if part is not type(None)] if _is_union(inner) else [inner]
    if len(members) == 1 and inner is not members[0]:
        return _inspector(Annotated[(members[0], *found)] if found else members[0])
    if get_origin(members[0]) is list:
        return _list(get_args(members[0])[0], next((mark for mark in found if isinstance(mark, Items)), Items()))
    enum = next((part for part in members if isinstance(part, type) and issubclass(part, StrEnum)), None)
    if enum is not None:
        return _enum(enum)
    if get_origin(members[0]) is Annotated:
        return _inspector(members[0])
    if members[0] is bool:
        return _typed(bool, "true or false")
    if members[0] is int:
        return _whole(next((mark for mark in found if isinstance(mark, Whole)), _ANY_NUMBER))
    if members[0] is str:
        inspect = _text(next((mark for mark in found if isinstance(mark, Text)), Text(min=0)))
        sealed = next((mark for mark in found if isinstance(mark, Sealed)), None)
        return inspect if sealed is None else _sealed(inspect, sealed.max_bytes)
    if isinstance(members[0], type) and issubclass(members[0], datetime):
        return _moment
    return _typed(members[0], "bytes" if members[0] is bytes else f"an object, a {members[0].__name__}")


_TYPES: Final = {
    "str": "text",
    "bytes": "bytes",
    "int": "a whole number",
    "float": "a fraction",
    "bool": "true or false",
}


def _named(value: object) -> str:
    name = type(value).__name__
    return _TYPES.get(name, f"{'an' if name[0] in 'aeiou' else 'a'} {name}")


def _wrong_type(problem: str) -> _Problems:
    return [("", problem, False)]


def _wrong(problem: str) -> _Problems:
    return [("", problem, True)]


def _is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, UnionType)


def _typed(cls: type, words: str) -> _Inspect:
    def inspect(value: Any) -> _Problems:
        return () if isinstance(value, cls) else _wrong_type(f"has to be {words}, not {_named(value)}")

    return inspect


def _text(limits: Text) -> _Inspect:
    full = re.compile(limits.pattern or f"[{limits.alphabet}]*") if limits.pattern or limits.alphabet else None
    longest = math.inf if limits.max is None else limits.max

    def inspect(value: Any) -> _Problems:
        if not isinstance(value, str):
            return _wrong_type(f"has to be text, not {_named(value)}")
        if not limits.min <= len(value) <= longest:
            return _wrong(f"has to be {limits.rule} (it has {len(value)})")
        if full and not full.fullmatch(value):
            return _wrong(f"has to be text {limits.form}")
        if not value.isascii() and any(char > "\uffff" or "\ud800" <= char <= "\udfff" for char in value):
            return _wrong("has a character of four UTF-8 bytes (an emoji, say), which WeChat Pay does not take")
        return ()

    return inspect


def _sealed(inspect: _Inspect, most: int) -> _Inspect:
    """How a text is looked at that is encrypted when it is sent: RSA takes few bytes."""

    def look(value: Any) -> _Problems:
        problems = inspect(value)
        if problems:
            return problems
        size = len(value.encode())
        return () if size <= most else _wrong(f"has to be at most {most} bytes of UTF-8 to be sealed (it has {size})")

    return look


def _whole(limits: Whole) -> _Inspect:
    most = math.inf if limits.max is None else limits.max

    def inspect(value: Any) -> _Problems:
        if not isinstance(value, int) or isinstance(value, bool):
            return _wrong_type(f"has to be a whole number, not {_named(value)}")
        if not limits.min <= value <= most or value % limits.multiple_of:
            return _wrong(f"has to be {limits.rule} (it is {value})")
        return ()

    return inspect


def _enum(enum: type[StrEnum]) -> _Inspect:
    known = {member.value for member in enum}
    listed = ", ".join(member.value for member in enum)

    def inspect(value: Any) -> _Problems:
        if not isinstance(value, str):
            return _wrong_type(f"has to be one of {listed}, not {_named(value)}")
        return () if value in known else _wrong(f"has to be one of {listed} (it is {str(value)!r})")

    return inspect


def _moment(value: Any) -> _Problems:
    if not isinstance(value, datetime):
        return _wrong_type(f"has to be {_A_TIME}")
    if not value.tzinfo:
        return _wrong_type("has to be a time with its offset, normally +08:00")
    return () if _RFC_3339.fullmatch(write_time(value)) else _wrong(f"has to be {_A_TIME}")


def _list(item: Any, limits: Items) -> _Inspect:
    one = _inspector(item)
    fine = _all_fine(next((mark for mark in marks(item) if isinstance(mark, Text)), None))
    most = math.inf if limits.max is None else limits.max

    def inspect(values: Any) -> _Problems:
        if not isinstance(values, list):
            return _wrong_type(f"has to be a list, not {_named(values)}")
        found: list[tuple[str, str, bool]] = []
        if not limits.min <= len(values) <= most:
            found += _wrong(f"has to have {limits.rule} (it has {len(values)})")
        if not fine(values):
            found += [
                (f"[{index}]", problem, typed) for index, part in enumerate(values) for _, problem, typed in one(part)
            ]
        if limits.unique and (repeats := _repeats(values)):
            found += _wrong(f"has to have each item once; repeated at {repeats}")
        return found

    return inspect


def _all_fine(limits: Text | None) -> Callable[[list[Any]], bool]:
    """Say of a whole list of texts at once that nothing is wrong with any of them: the usual case of 200 codes.

    Item by item, 200 codes would cost as much as an RSA verification; at once, they cost a tenth of that.
    """
    if limits is None or limits.alphabet is None or limits.max is None or limits.pattern is not None:
        return lambda _: False
    letter = re.compile(f"[{limits.alphabet}]")
    allowed = bytes(code for code in range(128) if letter.fullmatch(chr(code)))
    least, most = limits.min, limits.max

    def fine(values: list[Any]) -> bool:
        try:
            sizes = set(map(len, values))
            return least <= min(sizes) and max(sizes) <= most and not "".join(values).encode().translate(None, allowed)
        except (TypeError, ValueError):  # something is no text, or there is nothing
            return False

    return fine


def _repeats(values: list[Any]) -> str:
    """Where a list repeats itself; empty when it does not, or when its items cannot be compared."""
    try:
        if len(set(values)) == len(values):
            return ""
    except TypeError:
        return ""
    seen: set[Any] = set()
    where: list[str] = []
    for index, value in enumerate(values):
        if value in seen:
            where.append(f"[{index}]")
        seen.add(value)
    return ", ".join(where[:5])
