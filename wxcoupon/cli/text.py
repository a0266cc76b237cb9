"""What comes in as words and goes out as lines: JSON on stdout, everything else on stderr."""

from __future__ import annotations

import io
import json
import math
import sys
from collections import Counter
from collections.abc import Sequence
from contextvars import ContextVar
from datetime import timedelta, timezone
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from ..bulk.reports.placing import ReportError
from ..errors import ConfigurationError

STDIN: Final = "-"
"""What the standard input is called on a command line."""
CHINA: Final = timezone(timedelta(hours=8))
"""The time that WeChat Pay's documents and platform speak in, whatever the machine's own is."""
_MESSAGES_AS_JSON: Final = ContextVar("messages_as_json", default=False)
_UNITS: Final = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


def emit(value: Any, *, indent: int | None = None) -> None:
    """Write one JSON document to stdout."""
    print(json_text(value, indent=indent))


def json_text(value: Any, *, indent: int | None = None) -> str:
    """A JSON document in the characters stdout can write."""
    plain = "utf" not in (sys.stdout.encoding or "").lower()
    return json.dumps(value, ensure_ascii=plain, indent=indent)


def conclude(text: str) -> None:
    """Write the summary of a job to stdout; where that cannot be, to stderr, because it says what was sent.

    Raises:
        ReportError: stdout cannot be written.
        BrokenPipeError: nobody reads it any more.
    """
    try:
        print(text, flush=True)
    except OSError as error:
        say(text)
        if isinstance(error, BrokenPipeError):
            raise
        raise ReportError(f"the standard output could not be written to its end ({error.strerror})") from error


def has_pair(argv: Sequence[str], option: str, value: str) -> bool:
    """Whether an option has a value on a command line."""
    return f"{option}={value}" in argv or (option, value) in pairwise(argv)


def stderr_as_json(on: bool) -> None:  # noqa: FBT001 - it is nothing else
    """Have every message a JSON object from now on, or a line of text."""
    _MESSAGES_AS_JSON.set(on)


def say(text: str) -> None:
    """Write a message to stderr."""
    said = json.dumps({"message": text}) if _MESSAGES_AS_JSON.get() else text
    print(said, file=sys.stderr, flush=True)


def number_of(count: int, thing: str) -> str:
    """A number of things in words: ``1 line``, ``2,000 lines``."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def duration(seconds: float) -> str:
    """A time in words, in its two largest units: ``2 days 3 hours``, ``42 seconds``."""
    left = max(round(seconds), 0)
    for place, (unit, size) in enumerate(_UNITS):
        if left >= size:
            words = number_of(left // size, unit)
            smaller, size_of_it = _UNITS[min(place + 1, len(_UNITS) - 1)]
            rest = left % size // size_of_it
            return f"{words} {number_of(rest, smaller)}" if rest else words
    return "less than a second"


class _NotJsonError(ValueError):
    """What the decoder takes, and JSON is not."""


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        twice = next(name for name, number in Counter(name for name, _ in pairs).items() if number > 1)
        raise _NotJsonError(f"has the key {twice!r} twice in one object; remove one of them")
    return members


def _no_number(text: str) -> Any:
    raise _NotJsonError(f"has {text}, which is no number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_number(text)


def read_json(word: str, what: str) -> Any:
    """Read a JSON argument: the text itself, ``@FILE``, or ``-`` for the standard input.

    Raises:
        ConfigurationError: it cannot be read or is not JSON; the message says where.
    """
    if word == STDIN:
        if sys.stdin is None:
            raise ConfigurationError(f"{what}: the standard input is closed; pipe the JSON in, or give @FILE")
        # Not sys.stdin: a thread that still waits in it would hold up the interpreter's end.
        raw, origin = io.FileIO(0, closefd=False).readall(), "the standard input"
    elif word.startswith("@"):
        origin = word[1:]
        try:
            raw = Path(origin).read_bytes()
        except OSError as error:
            raise ConfigurationError(f"{what}: {origin} cannot be read ({error.strerror})") from None
    else:
        raw, origin = word.encode(errors="surrogateescape"), "the text given"
    try:
        return json.loads(
            raw.decode("utf-8-sig"), object_pairs_hook=_members, parse_constant=_no_number, parse_float=_finite
        )
    except UnicodeDecodeError:
        raise ConfigurationError(f"{what}: {origin} is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise ConfigurationError(
            f"{what}: {origin} is not JSON: {error.msg} at line {error.lineno} column {error.colno}"
        ) from None
    except _NotJsonError as error:
        raise ConfigurationError(f"{what}: {origin} {error}") from None
    except (RecursionError, ValueError):
        raise ConfigurationError(f"{what}: {origin} is nested too deeply, or has too long a number") from None
