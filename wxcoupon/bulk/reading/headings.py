"""Whether the first line of a file is data, or says what the columns are.

Rule 1: a known word of a heading is never data: nobody's coupon code is ``code``, and uploading one cannot be undone.
Rule 2: among several columns, the codes are in the one whose heading says so. Where none or several do, the file is
        refused, because a column of something else would become coupon codes.
Rule 3: what may be data is in no message.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NoReturn

import attrs

from ...errors import ConfigurationError
from .heading_words import CODES, OTHERS, PERHAPS, UNCERTAIN

LOOKED_AT: Final = 10
"""The first rows among which the heading is looked for."""

_MAY_BE_CODE: Final = re.compile(r"[!-~]*[0-9][!-~]*")
_SEPARATORS: Final = {";": "';'", "\t": "tabs"}


@attrs.frozen
class Row:
    """One of the first rows of a table.

    Attributes:
        line: its line.
        cells: its cells, without white space around them.
    """

    line: int
    cells: Sequence[str] = attrs.field(repr=False)

    @property
    def filled(self) -> int:
        """How many cells are not empty."""
        return sum(map(bool, self.cells))

    @property
    def width(self) -> int:
        """The number of the last column that is not empty."""
        return max((number for number, cell in enumerate(self.cells, 1) if cell), default=0)


@attrs.frozen
class Layout:
    """How a table begins.

    Attributes:
        heading: which of the first rows is the heading; None where the first one is data. What is above is a title.
        column: the column to read.
    """

    heading: int | None
    column: int


def is_heading(cell: str) -> bool:
    """Whether a cell is a known word of a heading."""
    return _plain(cell) in CODES | PERHAPS | OTHERS


def is_unlike(first: str, others: Sequence[str]) -> bool:
    """Whether the first of several texts has no digit, and all of the others have: it may be a heading nobody knows."""
    return bool(others) and not re.search(r"\d", first) and all(re.search(r"\d", text) for text in others)


def looks_like_csv(line: str) -> bool:
    """Whether a line of text is the heading of a table rather than one value."""
    cells = re.split("[,;\t]", line)
    return len(cells) > 1 and any(is_heading(cell) for cell in cells)


def require_commas(name: str, rows: Sequence[Row]) -> None:
    """Refuse a csv file of which a first line was not split because its separator is not the comma.

    Raises:
        ConfigurationError: another separator is seen in the first row, or in a heading below it.
    """
    for at, row in enumerate(rows):
        if len(row.cells) == 1 and (at == 0 or looks_like_csv(row.cells[0])):
            for separator, spelt in _SEPARATORS.items():
                if separator in row.cells[0]:
                    raise ConfigurationError(f"the columns of {name} are separated by {spelt}; save it with commas")


def layout(name: str, rows: Sequence[Row], wanted: Sequence[str], *, left: int = 0) -> Layout:
    """Find the heading and the column to read among the first rows of a table.

    The heading is the first row, or one below rows with fewer cells that are filled, which are a title.

    Args:
        name: what messages call the table.
        rows: its first rows that are not empty; at least one, at most :data:`LOOKED_AT`.
        wanted: the columns that there have to be, the one to read first. A single number of a column, from 1, is also
            taken, for a table without a heading.
        left: columns in front of the first cell.

    Raises:
        ConfigurationError: a column is not there, or there twice; or none was named, and it is not clear which one
            has the codes; or what would be a title may be a code.
    """
    found = _layout(name, rows, wanted, left)
    for row in rows[: found.heading or 0]:
        if row.filled == 1 and _MAY_BE_CODE.fullmatch(max(row.cells)):
            raise ConfigurationError(
                f"line {row.line} of {name} is above the heading in line {rows[found.heading or 0].line}, and may be a "
                "code; delete it if it is a title, or move it below the heading"
            )
    return found


def _layout(name: str, rows: Sequence[Row], wanted: Sequence[str], left: int) -> Layout:
    if wanted:
        if _is_number(wanted) and (numbered := _numbered(name, rows, wanted[0], left)) is not None:
            return numbered
        named = (at for at in _below_titles(rows) if all(column in rows[at].cells for column in wanted))
        at = next(named, max(_below_titles(rows)))
        return Layout(at, columns_named(name, rows[at].cells, wanted)[0])
    for at in _below_titles(rows):
        if (at == 0 or rows[at].filled > 1) and _of_codes(rows[at].cells):
            if rows[0].filled == 1 and at == 0 and any(_of_codes(row.cells) for row in _wider(rows)):
                continue  # a title that is a word of a heading
            return Layout(at, column_of_codes(name, rows[at]) or 0)
    column = column_of_codes(name, rows[0])
    if column is None:
        _require_single(name, rows)
    return Layout(None if column is None else 0, column or 0)


def _below_titles(rows: Sequence[Row]) -> list[int]:
    """The rows above which all others have fewer cells that are filled."""
    return [at for at, row in enumerate(rows) if all(above.filled < row.filled for above in rows[:at])]


def _wider(rows: Sequence[Row]) -> list[Row]:
    return [rows[at] for at in _below_titles(rows)[1:] if rows[at].filled > 1]


def _is_number(wanted: Sequence[str]) -> bool:
    return len(wanted) == 1 and re.fullmatch("[1-9][0-9]{0,3}", wanted[0]) is not None


def _numbered(name: str, rows: Sequence[Row], column: str, left: int) -> Layout | None:
    """The layout of a table of which a column was given by its number; None where a heading is called so."""
    at = int(column) - 1 - left
    first = rows[0]
    if column in first.cells:
        if 0 <= at < len(first.cells) and first.cells[at] == column and first.cells.count(column) == 1:
            return None
        raise ConfigurationError(
            f"line {first.line} of {name} has a cell {column} in another column than column {column}, so it is not "
            f"clear which one is meant; give the file a heading, and name the column by it"
        )
    below = _below_titles(rows)
    heading = next((row for row in below if (_of_codes if row else _has_heading)(rows[row].cells)), None)
    if heading is None and (wider := _wider(rows)):
        _refuse_title(name, first.line, wider[0].line)
    cells = rows[heading or 0].cells
    if not 0 <= at < len(cells):
        raise ConfigurationError(f"{name} has no column {column}; it has {len(cells) + left} columns")
    return Layout(heading, at)


def _has_heading(cells: Sequence[str]) -> bool:
    return any(_plain(cell) in (CODES | PERHAPS | OTHERS) - UNCERTAIN for cell in cells)


def _require_single(name: str, rows: Sequence[Row]) -> None:
    """Refuse a table of one column of which a later row says that the first one is a title."""
    first = rows[0].line
    if wider := _wider(rows):
        _refuse_title(name, first, wider[0].line)
    for row in rows[1:]:
        if row.cells and _plain(row.cells[0]) in CODES:
            raise ConfigurationError(
                f"line {row.line} of {name} is a heading of codes, and there are other lines above it; delete those "
                f"that are a title, or line {row.line} if they are codes"
            )


def _refuse_title(name: str, first: int, wider: int) -> NoReturn:
    raise ConfigurationError(
        f"line {wider} of {name} has more cells than line {first}, and no heading says which ones are the codes; if "
        f"line {first} is a title, delete it; and name the column that has the codes (--column NAME)"
    )


def _of_codes(cells: Sequence[str]) -> list[int]:
    """The columns whose heading says that they have codes."""
    plain = [_plain(cell) for cell in cells]
    return [at for at, cell in enumerate(plain) if cell in CODES] or [
        at for at, cell in enumerate(plain) if cell in PERHAPS
    ]


def column_of_codes(name: str, row: Row) -> int | None:
    """Find the codes by the heading of a table, or its first row, if no column was named.

    Returns:
        The column whose heading the row has; None when the row is data of the only column.

    Raises:
        ConfigurationError: there are several columns, and not exactly one has a heading of codes.
    """
    if row.width <= 1:
        return 0 if row.cells and is_heading(row.cells[0]) else None
    columns = _of_codes(row.cells)
    if len(columns) != 1:
        raise ConfigurationError(
            f"{name} has several columns, and line {row.line} does not say which one has the codes: "
            f"{spelt(row.cells)}; name the column (--column NAME, or --column 2 for the second one of a file without "
            "a heading), or give a file of one column"
        )
    return columns[0]


def columns_named(name: str, cells: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Where the *wanted* columns are.

    Raises:
        ConfigurationError: one is not there, or there twice.
    """
    for column in wanted:
        if column not in cells:
            raise ConfigurationError(f"{name} has no column {column!r}; its columns are: {spelt(cells)}")
        if cells.count(column) > 1:
            raise ConfigurationError(f"{name} has {cells.count(column)} columns called {column!r}; rename the others")
    return [cells.index(column) for column in wanted]


def spelt(cells: Sequence[str]) -> str:
    """The cells of a heading, for a message; what may be data is not shown, but counted."""
    if not _has_heading(cells):
        shown = [cell for cell in cells if is_heading(cell)]
    else:
        shown = [cell for cell in cells if is_heading(cell) or not re.search(r"\d", cell)]
    if not shown:
        return "one cell, no known heading" if len(cells) == 1 else f"{len(cells)} cells, none of them a known heading"
    more = len(cells) - len(shown)
    return ", ".join(shown) + (f", and {more} more" if more else "")


def _plain(cell: str) -> str:
    bare = re.sub(r"[*:：＊]|[(（][^()（）]*[)）]$", "", cell.strip())
    return re.sub(r"[\s-]+", "_", bare.strip().lower())
