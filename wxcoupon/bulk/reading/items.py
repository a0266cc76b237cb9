r"""Rows that came one by one, written to a file so that any part of them can be read again.

Rule 1: every item is a line, and the number of the line is the number of the item. What is tidy is written as it is;
        anything else is ``\x01`` and JSON with its text (``t``), its cells (``c``) and why it cannot be read (``p``).
Rule 2: a line of nothing is no row; it is there so that the lines behind it keep their numbers.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import attrs

from ..pieces import Piece
from . import tidy
from .rows_file import BLOCK, First, Parsed, RowsFile, Titles, shortened

_MARK: Final = "\x01"
_LINE_BREAKS: Final = "\r\n"
_TOO_MUCH: Final = BLOCK // 2


@attrs.frozen
class Item:
    """A row to be written.

    Attributes:
        text: its text.
        cells: all its cells by column, where there are several.
        problem: why it cannot be sent; empty when it can.
    """

    text: str = attrs.field(repr=False)
    cells: Mapping[str, str] | None = attrs.field(default=None, repr=False)
    problem: str = ""

    def written(self) -> bytes:
        """The line of it."""
        text = self.text
        if (
            not self.problem
            and self.cells is None
            and text
            and text.isascii()
            and text.isprintable()
            and " " not in text
        ):
            return text.encode() + b"\n"
        said: dict[str, Any] = {"t": text}
        if self.cells is not None:
            said["c"] = self.cells
        if self.problem:
            said["p"] = self.problem
        line = (_MARK + json.dumps(said) + "\n").encode()
        if len(line) <= _TOO_MUCH:
            return line
        return Item(text, problem=f"this row has {len(line)} bytes, and nothing that is sent has so many").written()


class ItemsFile(RowsFile):
    """The rows of such a file.

    Args:
        file: the file, opened without a buffer.
        name: what messages call where the rows came from.
        path: where the file can be opened again; None when nowhere.
        first: what was made of the first row.
        titles: the lines above the heading that are no rows.
        header: the columns, where there is a heading.
        said: what a person should know of how the rows were found.
        how: how they were found, to be remembered.
    """

    kind = "items"

    def __init__(
        self,
        file: io.FileIO,
        name: str,
        path: str | Path | None = None,
        *,
        first: First | None = None,
        titles: Titles | None = None,
        header: Sequence[str] = (),
        said: Sequence[str] = (),
        how: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(file, name, path)
        self._first = first
        self._titles = titles
        self._header = header
        self._said = said
        self._more = {"how": dict(how or {})}

    @property
    def header(self) -> Sequence[str]:
        """The columns, where they are known."""
        return self._header

    @property
    def remarks(self) -> Sequence[str]:
        """What a person should know of how the rows were found."""
        return [*super().remarks, *self._said]

    def _check(self, head: bytes) -> None:
        """Nothing: what is in the file was put there by us."""

    def _parse(self, data: bytes, offset: int, line: int, *, last: bool) -> Parsed:
        size = len(data) if last else self._whole_lines(data, offset)
        block = data if size == len(data) else data[:size]
        if (split := tidy.split(block, offset)) is not None:
            count = len(split.texts)
            return Piece(offset, split.ends, range(line, line + count), split.texts, plain=split.plain), size, count
        raws = block.splitlines(keepends=True)
        return self._rows(raws, offset, line), size, len(raws)

    def _rows(self, raws: list[bytes], offset: int, line: int) -> Piece:
        begins: list[int] = []
        lines: list[int] = []
        texts: list[str] = []
        cells: dict[int, Mapping[str, str]] = {}
        problems: dict[int, str] = {}
        for number, raw in enumerate(raws, line):
            if row := raw.decode("ascii").rstrip():
                said: dict[str, Any] = json.loads(row[1:]) if row.startswith(_MARK) else {"t": row}
                if "p" in said:
                    problems[len(texts)] = said["p"]
                if "c" in said:
                    cells[len(texts)] = said["c"]
                begins.append(offset)
                lines.append(number)
                texts.append(said["t"])
            offset += len(raw)
        begins.append(offset)
        empty: Mapping[str, str] = {}
        by_row = [cells.get(at, empty) for at in range(len(texts))] if cells else ()
        return Piece(begins[0], begins[1:], lines, texts, by_row, problems)

    def _too_long(self, offset: int, stop: int, line: int) -> Parsed:
        end = self._line_end(offset, stop)
        problem = "this line was not written by this library"
        return Piece(offset, [end], [line], [""], (), {0: problem}), end - offset, 1


def written(items: Sequence[object], wanted: Sequence[str]) -> bytes:
    """The lines of items: texts, or mappings from column to text, of which the first *wanted* one is the row's text."""
    try:
        lines = "\n".join(items).encode("ascii") + b"\n"  # type: ignore[arg-type] # pyright: ignore[reportCallIssue, reportArgumentType]
    except (TypeError, UnicodeEncodeError):
        pass
    else:
        if (split := tidy.split(lines, 0)) is not None and len(split.texts) == len(items):
            return lines
    return b"".join(_item(item, wanted).written() for item in items)


def _item(item: object, wanted: Sequence[str]) -> Item:
    if isinstance(item, str):
        text, problem = _readable(item.strip())
        text, too_long = shortened(text)
        if not problem and any(end in text for end in _LINE_BREAKS):
            problem = "this text has a line break"
        return Item(text, problem=problem or too_long)
    if isinstance(item, Mapping):
        return _from_mapping(item, wanted)
    return Item("", problem=f"this is no text but {_kind(item)}")


def _from_mapping(item: Mapping[Any, Any], wanted: Sequence[str]) -> Item:
    cells: dict[str, str] = {}
    problem = next((f"this row has no column {column!r}" for column in wanted if column not in item), "")
    for column, cell in item.items():
        if cell is not None and not isinstance(cell, str):
            problem = problem or f"the cell in column {column!r} is no text but {_kind(cell)}"
            continue
        cells[str(column)], unreadable = _readable((cell or "").strip())
        problem = problem or unreadable
    text, too_long = shortened(cells.get(wanted[0], "") if wanted else "")
    return Item(text, cells, problem or too_long)


def _readable(text: str) -> tuple[str, str]:
    if "\0" in text:
        return text, "this text has a NUL character"
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode(), "this text has half a character in it"
    return text, ""


def _kind(thing: object) -> str:
    return "None" if thing is None else f"of type {type(thing).__name__}"
