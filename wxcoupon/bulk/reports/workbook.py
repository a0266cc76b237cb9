"""A report as an Excel workbook, written row by row in memory that does not grow with it.

Rule 1: a text is written as text, whatever it looks like: a code of 20 digits keeps all of them, ``=1+1`` stays that.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from ...errors import ConfigurationError
from .placing import Workshop

MOST: Final = 1_048_575
"""Rows of a sheet below its header."""


def require(shop: Workshop) -> None:
    """Make sure that there can be a workbook.

    Raises:
        ConfigurationError: it would be no file, or the package that writes workbooks is not there.
    """
    if not shop.is_file:
        raise ConfigurationError(f"{shop.path} is no file, so it cannot be a workbook; name one that ends in .csv")
    if find_spec("xlsxwriter") is None:
        raise ConfigurationError(
            f"{shop.path} would be a workbook, which needs the extra 'excel' (pip install 'wxcoupon[excel]'); "
            "a name that ends in .csv needs nothing"
        )


class _Noting(io.FileIO):
    """A file to which everything can be written: what goes wrong is noted, and the rest is dropped.

    A zip file that cannot be written is closed once more by the collector, which would complain of the same again.
    """

    fault: OSError | None = None

    def write(self, data: Any, /) -> int:
        if self.fault is None:
            try:
                return _write_all(super().write, memoryview(data))
            except OSError as error:
                self.fault = error
        return len(data)


def _write_all(write: Any, data: memoryview) -> int:
    done = 0
    while done < len(data):
        done += write(data[done:])
    return done


class Workbook:
    """A workbook under construction; its temporary files are beside it.

    Args:
        path: the file, which is there and empty.
        columns: the header of each of its sheets.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        import xlsxwriter  # an extra, which only workbooks need

        self._file = _Noting(path, "w")
        self._book: Any = xlsxwriter.Workbook(
            self._file, {"constant_memory": True, "tmpdir": str(path.parent), "use_zip64": True}
        )
        self._columns = columns
        self._sheet: Any = None
        self._line = MOST
        self._next_sheet()

    def _next_sheet(self) -> None:
        self._sheet = self._book.add_worksheet()
        self._sheet.freeze_panes(1, 0)
        self._line = 0
        self._write(self._columns)

    def row(self, cells: Sequence[object]) -> None:
        """Write one row."""
        self._line += 1
        if self._line > MOST:
            self._next_sheet()
            self._line = 1
        self._write(cells)

    def _write(self, cells: Sequence[object]) -> None:
        sheet, line = self._sheet, self._line
        for column, cell in enumerate(cells):
            if isinstance(cell, int) and not isinstance(cell, bool):
                sheet.write_number(line, column, cell)
            elif cell is not None and cell != "":
                sheet.write_string(line, column, str(cell))

    def finish(self) -> None:
        """Write the file.

        Raises:
            OSError: it cannot be written.
        """
        from xlsxwriter.exceptions import FileCreateError  # as above

        try:
            self._book.close()
        except FileCreateError as error:
            raise error.args[0] from None
        finally:
            self.abandon()
        if self._file.fault is not None:
            raise self._file.fault

    def abandon(self) -> None:
        """Close all files."""
        for sheet in self._book.worksheets():
            with suppress(OSError):  # what it could not write before, it tries once more
                sheet.row_data_fh.close()
        self._file.close()
