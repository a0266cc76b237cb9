"""A workbook: .xlsx, .xlsm, .xlsb, .xls or .ods, of which one sheet is read.

Rule 1: Excel keeps 15 digits of a number. A code that was entered as a longer one is damaged already, and is refused;
        a shorter one is taken, and said to have lost what zeros it began with.
Rule 2: an empty row is not a row, and a row keeps its number. A cell in which a formula failed is not empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from ...errors import ConfigurationError
from .. import headings
from .archive import MOST_BYTES, measure, sheet_parts
from .items import Item
from .rows_file import First, shortened
from .spool import Spool

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
        first: what was made of its first row because nobody named a column.
        said: what a person should know of it.
    """

    sheet: str
    first: First | None
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
    errors = _failed_cells(path, name)
    try:
        with CalamineWorkbook.from_path(path) as book:
            chosen, table = _choose(book, name, sheet)
            left = 0 if table is None or table.start is None else table.start[1]
            rows = _Rows(name, chosen, left, errors.get(chosen, set()))
            for number, cells in enumerate(() if table is None else table.iter_rows(), 1):
                rows.take(number, cells, column, columns, spool)
            rows.flush(spool)
            return Found(chosen, rows.first, rows.said())
    except BaseException as error:
        # What calamine raises where its own code fails derives from BaseException, and has no name to import.
        if type(error).__module__.startswith(("python_calamine", "_python_calamine", "pyo3")):
            raise ConfigurationError(
                f"{name} cannot be read as a workbook ({error}); save it again, without a password, or as csv (UTF-8)"
            ) from None
        raise


def _failed_cells(path: Path, name: str) -> dict[str, set[tuple[int, int]]]:
    """Check a workbook before it is read, and find the cells of each sheet in which a formula failed."""
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
    return {sheet: extents[part].errors for sheet, part in parts.items() if part in extents}


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
    """The rows of a sheet, on their way into a spool."""

    def __init__(
        self, name: str, sheet: str, left: int, failed: set[tuple[int, int]] | frozenset[tuple[int, int]]
    ) -> None:
        self.first: First | None = None
        self.header: list[str] | None = None
        self._name = name
        self._sheet = sheet
        self._left = left
        self._failed = failed
        self._column = 0
        self._lines = bytearray()
        self._written = 0
        self._numbers = 0
        self._first_number = ""

    def take(self, number: int, cells: Sequence[Any], column: str | None, columns: Sequence[str], spool: Spool) -> None:
        """Take the next row."""
        texts = [self._text(cell) for cell in cells]
        if not any(texts) and not any((number, self._left + at + 1) in self._failed for at in range(len(texts))):
            return
        if self.header is None and self._is_heading(number, texts, [column] if column is not None else columns):
            return
        item = self._item(number, cells, texts, by_name=bool(columns))
        self._lines += b"\n" * (number - 1 - self._written) + item.written()
        self._written = number
        if len(self._lines) > _ENOUGH:
            self.flush(spool)

    def flush(self, spool: Spool) -> None:
        """Write what there is."""
        spool.write(bytes(self._lines))
        self._lines.clear()

    def said(self) -> list[str]:
        """What a person should know."""
        if not self._numbers:
            return []
        more = f" and {self._numbers - 1} more" if self._numbers > 1 else ""
        which = f"{self._first_number}{more} of {self._name}"
        return [f"{which}: a number, which has no leading zeros; if the codes have some, {_AGAIN}"]

    def _is_heading(self, number: int, texts: list[str], wanted: Sequence[str]) -> bool:
        name = f"sheet {self._sheet!r} of {self._name}"
        self.header = []
        if wanted:
            self._column = headings.columns_named(name, texts, wanted)[0]
        else:
            column = headings.column_of_codes(name, texts)
            self.first = (number, "data" if column is None else "heading")
            if column is None:
                return False
            self._column = column
        self.header = texts
        return True

    def _item(self, number: int, cells: Sequence[Any], texts: list[str], *, by_name: bool) -> Item:
        if not by_name:
            text = texts[self._column] if self._column < len(texts) else ""
            problem = self._problem(number, self._column, cells[self._column]) if self._column < len(cells) else ""
            text, too_long = shortened(text)
            return Item(text, problem=problem or too_long)
        named = {header: at for at, header in enumerate(self.header or ()) if header and at < len(texts)}
        problem = next((said for at in named.values() if (said := self._problem(number, at, cells[at]))), "")
        text, too_long = shortened(texts[self._column] if self._column < len(texts) else "")
        return Item(text, {header: texts[at] for header, at in named.items()}, problem or too_long)

    def _problem(self, number: int, at: int, cell: object) -> str:
        """Why a cell cannot be taken; a number that can is counted."""
        column = self._left + at + 1
        problem = "is a formula that failed; mend it" if (number, column) in self._failed else _why_not(cell)
        where = f"cell {_letters(column)}{number} of sheet {self._sheet!r}"
        if problem:
            return f"{where} (row {number}, column {_letters(column)}) {problem}"
        if isinstance(cell, (int, float)):
            self._numbers += 1
            self._first_number = self._first_number or where
        return ""

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
