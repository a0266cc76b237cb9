"""What became of the rows of a job, as a table for people: csv, or a workbook where the name ends in ``.xlsx``."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

from ...errors import ConfigurationError
from .placing import ReportError, Workshop

__all__ = ["Report", "ReportError"]

_FORMULAS: Final = ("=", "+", "-", "@")
"""A csv cell that begins with one of these is reckoned by a spreadsheet, whoever wrote it."""
_OTHER_WORKBOOKS: Final = (".xls", ".xlsm", ".xlsb", ".ods", ".numbers")


class _Written(Protocol):
    """A table that is being written."""

    def row(self, cells: Sequence[object]) -> None: ...

    def finish(self) -> None: ...

    def abandon(self) -> None: ...


class Report:
    """A table under construction, written row by row.

    It is written beside the place where it is to be, and put there at the end of its block, if it has a row: until
    then, and when it cannot be written or the block ends with an error, a file that is there already stays as it is.
    A pipe or a device is written as it comes.

    A csv file is UTF-8. In a workbook every text is text, codes of digits too, and nothing is a formula; what is more
    than a sheet takes goes on in the next one.

    Args:
        path: where it is to be.
        columns: the header.
        besides: other files by path, which it may not be, and what each is in words.
        mark: whether a csv file begins with a byte order mark, by which Excel knows that it is UTF-8.

    Attributes:
        path: where it is to be.
        kept: whether it is there, known at the end of its block.

    Raises:
        ConfigurationError: there can be no such file.
    """

    def __init__(
        self, path: Path, columns: Sequence[str], *, besides: Mapping[Path, str] | None = None, mark: bool = True
    ) -> None:
        if path.suffix.lower() in _OTHER_WORKBOOKS:
            raise ConfigurationError(f"{path} is no kind of file that is written; name one that ends in .xlsx or .csv")
        self.path = path
        self.kept = False
        self._columns = columns
        self._mark = mark
        self._is_workbook = path.suffix.lower() == ".xlsx"
        self._shop = Workshop(path, besides or {})
        if self._is_workbook:
            from . import workbook  # here, because a report as csv needs no xlsxwriter

            workbook.require(self._shop)
        self._written: _Written
        self._rows = 0

    def row(self, *cells: object) -> None:
        """Write one row: texts, numbers, and None for an empty cell.

        Raises:
            ReportError: it cannot be written.
        """
        self._rows += 1
        try:
            self._written.row(cells)
        except OSError as error:
            raise self._shop.failure(error) from error

    def harmless(self, text: str) -> str:
        """A text that anybody may have written, so that no spreadsheet takes it for a formula.

        In a csv file, one that begins with ``=``, ``+``, ``-`` or ``@`` has a ``'`` before it.
        """
        return f"'{text}" if not self._is_workbook and text.startswith(_FORMULAS) else text

    def __enter__(self) -> Self:
        try:
            path = self._shop.open() if self._shop.is_file else self.path
            if self._is_workbook:
                from .workbook import Workbook  # as above

                self._written = Workbook(path, self._columns)
            else:
                self._written = _Csv(path, self._columns, "utf-8-sig" if self._mark else "utf-8")
        except OSError as error:
            self._shop.close()
            raise self._shop.failure(error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is not None or not self._rows:
                self._written.abandon()
                return
            self._written.finish()
            self._shop.place()
            self.kept = True
        except OSError as fault:
            raise self._shop.failure(fault) from fault
        finally:
            self._shop.close()


class _Csv:
    """A csv file."""

    def __init__(self, path: Path, columns: Sequence[str], encoding: str) -> None:
        self._file: TextIOWrapper = path.open("w", encoding=encoding, newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow(columns)

    def row(self, cells: Sequence[object]) -> None:
        self._writer.writerow(cells)

    def finish(self) -> None:
        try:
            self._file.flush()
        finally:
            self.abandon()

    def abandon(self) -> None:
        with suppress(OSError):  # what it could not write before, it tries once more
            self._file.close()
