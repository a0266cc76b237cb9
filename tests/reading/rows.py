"""What tests ask of a source."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from wxcoupon.bulk.pieces import Piece, Source
from wxcoupon.bulk.reading import open_source


@asynccontextmanager
async def opened(given: Any, **options: Any) -> AsyncIterator[Source]:
    """A source that is closed at the end."""
    source = await open_source(given, **options)
    try:
        yield source
    finally:
        source.close()


async def texts(path: Path, **options: Any) -> list[tuple[int, str]]:
    """Line and text of every row of a file."""
    async with opened(path, **options) as source:
        return [(line, text) for line, text, _ in rows(source)]


def rows(source: Source) -> list[tuple[int, str, str]]:
    """Line, text and problem of every row."""
    return [row for piece in source.pieces() for row in of_piece(piece)]


def of_piece(piece: Piece) -> list[tuple[int, str, str]]:
    """Line, text and problem of every row of a piece."""
    return [
        (line, text, piece.problems.get(at, ""))
        for at, (line, text) in enumerate(zip(piece.lines, piece.texts, strict=True))
    ]


def read_in_parts(source: Source, sizes: Sequence[int]) -> list[tuple[int, str, str]]:
    """The same, read again in parts of so many rows each, over and over."""
    begins: list[tuple[int, int]] = []
    ends: list[int] = []
    for piece in source.pieces():
        begins += zip([piece.offset, *piece.ends[:-1]], piece.lines, strict=True)
        ends += piece.ends
    found: list[tuple[int, str, str]] = []
    at = turn = 0
    while at < len(ends):
        last = min(at + sizes[turn % len(sizes)], len(ends)) - 1
        offset, line = begins[at]
        found += of_piece(source.read(offset, ends[last] - offset, line))
        at, turn = last + 1, turn + 1
    return found
