"""Rows that stand together in a source, column by column, because a job of ten million rows cannot make an object each.

Rule 1: a source does not change while a job lasts, and any piece of it can be read again from its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Protocol

import attrs

from ..errors import ConfigurationError


class SourceError(ConfigurationError):
    """A source cannot be read any more; the message says why. Nothing is lost: run the job again once it can."""


class SourceChangedError(SourceError):
    """A source says something else than it did when the job was begun."""


@attrs.frozen
class Piece:
    """Consecutive rows of a source.

    Attributes:
        offset: byte at which the first one begins.
        ends: byte at which the next row begins, for each row, counted from the beginning of the source; behind the
            last row, where nothing more belongs to it. So blank lines behind a row are a part of it.
        lines: the number of each row's line, from 1; of a row of several lines, the first.
        texts: each row: its line, or its cell in the chosen column, without white space around it.
        cells: all cells of each row by column, of a source that was opened for several columns; otherwise empty.
        problems: why a row cannot be read, by its position.
        plain: characters of the longest text, where it is known that all of them are of 0-9 A-Z a-z _ and -, and none
            is empty; 0 where it is not known.
    """

    offset: int
    ends: Sequence[int]
    lines: Sequence[int]
    texts: Sequence[str] = attrs.field(repr=False)
    cells: Sequence[Mapping[str, str]] = attrs.field(default=(), repr=False)
    problems: Mapping[int, str] = attrs.field(factory=dict[int, str])
    plain: int = attrs.field(default=0, eq=False)

    def __len__(self) -> int:
        return len(self.texts)

    def part(self, begin: int, end: int) -> Piece:
        """The rows from the position *begin* on, up to the one before *end*."""
        if begin == 0 and end >= len(self.texts):
            return self
        problems = {at - begin: why for at, why in self.problems.items() if begin <= at < end} if self.problems else {}
        return Piece(
            self.ends[begin - 1] if begin else self.offset,
            self.ends[begin:end],
            self.lines[begin:end],
            self.texts[begin:end],
            self.cells[begin:end],
            problems,
        )

    def without(self, positions: Iterable[int]) -> Piece:
        """The other rows."""
        gone = set(positions)
        if not gone:
            return self
        kept = [position for position in range(len(self)) if position not in gone]
        return Piece(
            self.offset,
            [self.ends[position] for position in kept],
            [self.lines[position] for position in kept],
            [self.texts[position] for position in kept],
            [self.cells[position] for position in kept] if self.cells else (),
            {number: self.problems[old] for number, old in enumerate(kept) if old in self.problems},
        )


def joined(pieces: Sequence[Piece]) -> Piece:
    """Pieces that follow each other, of which there is at least one, as a single one."""
    if len(pieces) == 1:
        return pieces[0]
    problems: dict[int, str] = {}
    before = 0
    empty: Mapping[str, str] = {}
    cells: list[Mapping[str, str]] = []
    if any(piece.cells for piece in pieces):
        cells = [row for piece in pieces for row in piece.cells or [empty] * len(piece)]
    for piece in pieces:
        problems |= {before + at: why for at, why in piece.problems.items()}
        before += len(piece)
    return Piece(
        pieces[0].offset,
        [end for piece in pieces for end in piece.ends],
        [line for piece in pieces for line in piece.lines],
        [text for piece in pieces for text in piece.texts],
        cells,
        problems,
    )


class Source(Protocol):
    """Rows that can be read again from any place, by one thread at a time."""

    @property
    def name(self) -> str:
        """What messages call it."""
        ...

    @property
    def remarks(self) -> Sequence[str]:
        """What a person should know of how it is read: a heading that was left out, an encoding that was found."""
        ...

    def about(self) -> dict[str, object]:
        """Its name, path, size in bytes, digest, and how it is read: what a job remembers of it, as JSON.

        Equal sources say the same in all but name and path. Reads the source whole, unless it was read before and has
        not changed.

        Raises:
            SourceError: it cannot be read any more.
            SourceChangedError: it is not what it was when it was read before.
        """
        ...

    def is_at(self, path: str | Path) -> bool:
        """Whether it is read from the file at *path*."""
        ...

    def pieces(self) -> Iterator[Piece]:
        """All rows, in pieces of bounded size, from the beginning; blank lines and a heading are no rows.

        Raises:
            SourceError: it cannot be read any more.
            SourceChangedError: at the end, that it is not what it was when it was read before.
        """
        ...

    def read(self, offset: int, length: int, line: int) -> Piece:
        """The rows in a part of the source, which begins with a row at that line and ends where a row ends.

        They are what :meth:`pieces` gave, whichever rows the part begins and ends with.

        Raises:
            SourceError: it cannot be read any more.
        """
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


def header_of(source: Source) -> Sequence[str]:
    """The columns of a source: as its first row has them, else as its first rows of data do; none of single texts."""
    written: Sequence[str] | None = getattr(source, "header", None)
    if written:
        return written
    return list(dict.fromkeys(name for piece in islice(source.pieces(), 1) for row in piece.cells for name in row))
