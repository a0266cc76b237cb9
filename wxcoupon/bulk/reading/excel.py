"""A workbook: .xlsx, .xlsm, .xlsb, .xls or .ods, of which one sheet is read.

Rule 1: Excel keeps 15 digits of a number. A code that was entered as a longer one is damaged already, and is refused;
        a shorter one is taken, and said to have lost what zeros it began with; where it is shown with zeros, it is
        refused as well.
Rule 2: an empty row is not a row, and a row keeps its number. A cell in which a formula failed is not empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from ...errors import ConfigurationError
from . import headings
from .archive import MOST_BYTES, Extent, measure, sheet_parts
from .items import Item
from .rows_file import First, Titles, shortened
from .spool import Spool
from .zeros import Zeros

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

ENDINGS: Final = frozenset({".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"})
"""What the names of workbooks end in."""

_OLD: Final = b"\xd0\xcf\x11\xe0"
_ZIP: Final = b"PK\x03\x04"
_DIGITS: Final = 10**15
_ENOUGH: Final = 1 << 18
_AGAIN: Final = "format the column as text, and enter it again"


@attrs.frozen
class Found:
    """What was found in a workbook.

    Attributes:
        sheet: the sheet that was read.
        first: what was made of its first row, or the heading below titles.
        titles: the rows above the heading that are no rows.
        header: the columns, where there is a heading.
        said: what a person should know of it.
    """

    sheet: str
    first: First | None
    titles: Titles | None
    header: Sequence[str]
    said: Sequence[str]


def read_workbook(
    path: Path, name: str, spool: Spool, *, column: str | None, columns: Sequence[str], sheet: str | None
) -> Found:
    """Write the rows of a workbook into a spool, each into the line of its number.

    Args:
        path: where it is.
        name: what messages call it.
        spool: what the rows are written into.
        column: the column to read; by default the only one, or the only one whose heading says that it has codes.
        columns: columns that there have to be; the rows then have all their cells by column.
        sheet: the sheet to read; by default the only one that is not empty.

    Raises:
        ConfigurationError: ``python-calamine`` is not installed, the workbook cannot be read, or it does not say which
            sheet or which column to read.
        LedgerError: there is no room for the rows.
    """
    try:
        from python_calamine import CalamineWorkbook
    except ImportError:
        raise ConfigurationError(
            f"{name} is a workbook; to read it, pip install 'wxcoupon[excel]', or save it as csv (UTF-8) and give that"
        ) from None
    extents = _extents(path, name)
    try:
        with CalamineWorkbook.from_path(path) as book:
            chosen, table = _choose(book, name, sheet)
            left = 0 if table is None or table.start is None else table.start[1]
            extent = extents.get(chosen, Extent(Zeros({})))
            rows = _Rows(name, chosen, left, extent, [column] if column is not None else columns, bool(columns))
            for number, cells in enumerate(() if table is None else table.iter_rows(), 1):
                rows.take(number, cells, spool)
            rows.end(spool)
            return Found(chosen, rows.first, rows.titles, rows.header, rows.said())
    except BaseException as error:
        # What calamine raises where its own code fails derives from BaseException, and has no name to import.
        if type(error).__module__.startswith(("python_calamine", "_python_calamine", "pyo3")):
            raise ConfigurationError(
                f"{name} cannot be read as a workbook ({error}); save it again, without a password, or as csv (UTF-8)"
            ) from None
        raise


def _extents(path: Path, name: str) -> dict[str, Extent]:
    """Check a workbook before it is read, and find what each sheet has that cannot be seen when it is read."""
    if path.stat().st_size > MOST_BYTES:
        raise ConfigurationError(
            f"{name} is larger than a workbook may be ({MOST_BYTES >> 20} MiB); save it as csv (UTF-8) and give that"
        )
    with path.open("rb") as stream:
        head = stream.read(4)
    old = path.suffix.lower() == ".xls"
    if head == _OLD and not old:
        raise ConfigurationError(
            f"{name} is protected with a password, or is an .xls workbook under another name; save it again without a "
            "password, or as csv (UTF-8)"
        )
    if head != (_OLD if old else _ZIP):
        raise ConfigurationError(
            f"{name} is no {path.suffix.lower()} workbook, whatever it is called; give it the ending of its kind, or "
            "save it again"
        )
    if old:
        return {}
    extents = measure(path, name)
    parts = sheet_parts(path)
    return {sheet: extents[part] for sheet, part in parts.items() if part in extents}


def _choose(book: CalamineWorkbook, name: str, sheet: str | None) -> tuple[str, CalamineSheet | None]:
    names = book.sheet_names
    if sheet is not None:
        if sheet not in names:
            raise ConfigurationError(f"{name} has no sheet {sheet!r}; its sheets are: {', '.join(names)}")
        return sheet, book.get_sheet_by_name(sheet)
    filled = [name for name in names if book.get_sheet_by_name(name).start is not None]
    if len(filled) > 1:
        raise ConfigurationError(f"{name} has several sheets: {', '.join(filled)}; name the one to read (--sheet NAME)")
    if not filled:
        return names[0] if names else "", None
    return filled[0], book.get_sheet_by_name(filled[0])


class _Rows:
    """The rows of a sheet, on their way into a spool; the first ones wait until it is known which is the heading."""

    def __init__(
        self,
        name: str,
        sheet: str,
        left: int,
        extent: Extent,
        wanted: Sequence[str],
        by_name: bool,  # noqa: FBT001
    ) -> None:
        self.first: First | None = None
        self.titles: Titles | None = None
        self.header: list[str] = []
        self._name = name
        self._sheet = sheet
        self._left = left
        self._extent = extent
        self._wanted = wanted
        self._by_name = by_name
        self._column = 0
        self._width = 1
        self._waiting: list[tuple[int, Sequence[Any], list[str]]] | None = []
        self._lines = bytearray()
        self._written = 0
        self._numbers = 0
        self._first_number = ""

    def take(self, number: int, cells: Sequence[Any], spool: Spool) -> None:
        """Take the next row."""
        texts = [self._text(cell) for cell in cells]
        failed = self._extent.errors
        if not any(texts) and not (failed and any((number, self._left + at + 1) in failed for at in range(len(texts)))):
            return
        if self._waiting is None:
            self._add(number, cells, texts, spool)
            return
        self._waiting.append((number, cells, texts))
        if len(self._waiting) == headings.LOOKED_AT:
            self._begin(spool)

    def end(self, spool: Spool) -> None:
        """Write what is left."""
        self._begin(spool)
        self._flush(spool)

    def _begin(self, spool: Spool) -> None:
        """Find the heading, and write the rows below it."""
        waiting, self._waiting = self._waiting, None
        if not waiting:
            return
        rows = [headings.Row(number, texts) for number, _, texts in waiting]
        found = headings.layout(f"sheet {self._sheet!r} of {self._name}", rows, self._wanted, left=self._left)
        self._column = found.column
        if not self._by_name:
            self.first = (rows[found.heading or 0].line, "data" if found.heading is None else "heading")
        if found.heading is None:
            self._width = len(rows[0].cells) if self._wanted else max(rows[0].width, 1)
        else:
            self.header = [*rows[found.heading].cells]
            self._width = rows[found.heading].width
            waiting = waiting[found.heading + 1 :]
            if found.heading:
                self.titles = (rows[0].line, rows[found.heading - 1].line)
        for number, cells, texts in waiting:
            self._add(number, cells, texts, spool)

    def _add(self, number: int, cells: Sequence[Any], texts: list[str], spool: Spool) -> None:
        self._lines += b"\n" * (number - 1 - self._written) + self._item(number, cells, texts).written()
        self._written = number
        if len(self._lines) > _ENOUGH:
            self._flush(spool)

    def _flush(self, spool: Spool) -> None:
        spool.write(bytes(self._lines))
        self._lines.clear()

    def said(self) -> list[str]:
        """What a person should know."""
        if not self._numbers:
            return []
        more = f" and {self._numbers - 1} more" if self._numbers > 1 else ""
        which = f"{self._first_number}{more} of {self._name}"
        return [f"{which}: a number, which has no leading zeros; if the codes have some, {_AGAIN}"]

    def _item(self, number: int, cells: Sequence[Any], texts: list[str]) -> Item:
        wide = next((at for at, text in enumerate(texts) if text and at >= self._width), None)
        behind = "" if wide is None else self._said(number, wide, "is behind the last column of the table; empty it")
        text, too_long = shortened(texts[self._column] if self._column < len(texts) else "")
        if not self._by_name:
            problem = self._problem(number, self._column, cells[self._column]) if self._column < len(cells) else ""
            return Item(text, problem=problem or behind or too_long)
        named = {header: at for at, header in enumerate(self.header) if header and at < len(texts)}
        problem = next((said for at in named.values() if (said := self._problem(number, at, cells[at]))), "")
        return Item(text, {header: texts[at] for header, at in named.items()}, problem or behind or too_long)

    def _problem(self, number: int, at: int, cell: object) -> str:
        """Why a cell cannot be taken; a number that can is counted."""
        column = self._left + at + 1
        problem = "is a formula that failed; mend it" if (number, column) in self._extent.errors else _why_not(cell)
        is_number = isinstance(cell, (int, float))
        if not problem and is_number and self._extent.zeros.digits(number, column) > len(self._text(cell)):
            problem = f"is a number that is shown with zeros which are not in it; {_AGAIN}, with its zeros"
        if problem:
            return self._said(number, at, problem)
        if is_number:
            self._numbers += 1
            self._first_number = self._first_number or self._where(number, at)
        return ""

    def _where(self, number: int, at: int) -> str:
        return f"cell {_letters(self._left + at + 1)}{number} of sheet {self._sheet!r}"

    def _said(self, number: int, at: int, problem: str) -> str:
        return f"{self._where(number, at)} (row {number}, column {_letters(self._left + at + 1)}) {problem}"

    @staticmethod
    def _text(cell: object) -> str:
        if isinstance(cell, str):
            return cell.strip().replace("\0", "")
        if isinstance(cell, bool):
            return str(cell).upper()
        if isinstance(cell, float) and cell.is_integer() and abs(cell) < _DIGITS:
            return str(int(cell))
        return str(cell)


def _why_not(cell: object) -> str:
    if isinstance(cell, str):
        return ""
    if isinstance(cell, bool):
        return f"is a boolean, and not text; {_AGAIN}"
    if isinstance(cell, (int, float)):
        if abs(cell) >= _DIGITS:
            return f"is a number of more than 15 digits, the last of which Excel has lost; {_AGAIN}"
        return (
            "" if isinstance(cell, int) or cell.is_integer() else f"is a number with a fraction, and not text; {_AGAIN}"
        )
    return f"is a {'date' if isinstance(cell, (date, datetime)) else 'time'}, and not text; {_AGAIN}"


def _letters(column: int) -> str:
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
