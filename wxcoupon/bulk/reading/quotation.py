"""Where a csv record ends that is too long to be read at once: a state for each place in it, and what leads out of it.

A state takes a block and a position in it, and gives the next state and position; it is asked for as long as there are
bytes. :func:`ended` and :func:`broken` are given where a record's last line is, before its line end.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, TypeAlias

State: TypeAlias = Callable[[bytes, int], tuple[Any, int]]

_MARK: Final = re.compile(rb"[,\r\n]")


def begin(block: bytes, at: int) -> tuple[State, int]:
    """At the beginning of a cell."""
    return (quoted, at + 1) if block[at] == 0x22 else unquoted(block, at)


def unquoted(block: bytes, at: int) -> tuple[State, int]:
    """In a cell without a quotation."""
    found = _MARK.search(block, at)
    if found is None:
        return unquoted, len(block)
    return (begin, found.end()) if found[0] == b"," else (ended, found.start())


def quoted(block: bytes, at: int) -> tuple[State, int]:
    """In a quotation."""
    end = block.find(b'"', at)
    return (quoted, len(block)) if end < 0 else (behind, end + 1)


def behind(block: bytes, at: int) -> tuple[State, int]:
    """Behind a quotation mark in a quotation, which may end it."""
    match block[at : at + 1]:
        case b'"':
            return quoted, at + 1
        case b",":
            return begin, at + 1
        case b"\r" | b"\n":
            return ended, at
        case _:
            return broken, at


def ended(_: bytes, at: int) -> tuple[State, int]:
    """At the end of the record."""
    return ended, at


def broken(_: bytes, at: int) -> tuple[State, int]:
    """Behind a quotation, where only a comma or the end may be."""
    return broken, at
