"""What does not fit a builder: gathered from all arguments of a call, and refused together.

Each fault has the name of an argument for its path: the caller named no nested object, and hears of none.
"""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from ..errors import Fault, InvalidRequest

T = TypeVar("T")


def listed(argument: str, values: Iterable[T], of: str) -> tuple[list[T], list[Fault]]:
    """Go through *values*, once; where they are one thing and not many, there is a fault instead."""
    if isinstance(values, (str, bytes, Mapping)) or not hasattr(values, "__iter__"):
        return [], [Fault(argument, f"has to be a list of {of}, not {type(values).__name__}")]
    return list(values), []


def misfits(builder: str, given: Mapping[str, Any], settings: type[Any], *arguments: str) -> Iterator[Fault]:
    """Every setting that is missing, and then everything given that is none.

    Args:
        builder: the function that was called.
        given: the keywords of the call that no parameter took.
        settings: the TypedDict of what may be among them.
        arguments: the keywords that parameters take, one of which may be meant.
    """
    names: list[str] = list(settings.__annotations__)
    for name in names:
        if name in settings.__required_keys__ and name not in given:
            yield Fault(name, "is required")
    free = [name for name in (*names, *arguments) if name not in given]
    for name in given:
        if name not in names:
            close = get_close_matches(name, free, 1)
            hint = f"did you mean {close[0]}?" if close else f"help({builder}) lists them all"
            yield Fault(name, f"is no setting; {hint}")


def refuse(builder: str, faults: Iterable[Fault]) -> None:
    """Refuse a call in which faults were found.

    Raises:
        InvalidRequest: with every fault; its ``call`` is the builder.
    """
    if found := list(faults):
        error = InvalidRequest(found)
        error.about(f"{builder}()")
        raise error
