"""Positions in a list, written in a few bytes: ``0-3,7`` for 0, 1, 2, 3 and 7.

Rule 1: positions are written in rising order, each once, so that equal sets are equal texts.
"""

from __future__ import annotations

from collections.abc import Iterable


def written(positions: Iterable[int]) -> str:
    """Write positions, given in rising order."""
    parts: list[str] = []
    begin = end = -1
    for position in positions:
        if position == end + 1 and begin >= 0:
            end = position
            continue
        if begin >= 0:
            parts.append(str(begin) if begin == end else f"{begin}-{end}")
        begin = end = position
    if begin >= 0:
        parts.append(str(begin) if begin == end else f"{begin}-{end}")
    return ",".join(parts)


def read(text: str) -> list[int]:
    """Read what :func:`written` wrote.

    Raises:
        ValueError: it did not.
    """
    positions: list[int] = []
    for part in text.split(",") if text else ():
        begin, _, end = part.partition("-")
        positions.extend(range(int(begin), int(end or begin) + 1))
    return positions
