"""A csv file that others read while it grows: what is in it is there at once, row by row."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self

from ...errors import ConfigurationError
from .placing import Workshop

_WORKBOOKS: Final = (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".numbers")


class GrowingTable:
    """A csv file, readable for its owner alone, to which rows are added as they are known.

    Rows that are known before :meth:`place` come into it all at once: until then, what is at the path stays as it is.
    The first row after it is put in place at once, and every further one is there when it is written.

    Args:
        path: where it is to be.
        columns: the header.
        besides: other files by path, which it may not be, and what each is in words.

    Attributes:
        path: where it is to be.
        kept: whether it is there.

    Raises:
        ConfigurationError: there can be no such file.
    """

    def __init__(self, path: Path, columns: Sequence[str], *, besides: Mapping[Path, str] | None = None) -> None:
        if path.suffix.lower() in _WORKBOOKS:
            raise ConfigurationError(
                f"{path} would be a workbook, to which no rows can be added one by one; name one that ends in .csv"
            )
        self.path = path
        self.kept = False
        self._columns = columns
        self._shop = Workshop(path, besides or {})
        self._file: TextIOWrapper | None = None
        self._writer: Any = None
        self._is_live = False

    def row(self, *cells: object) -> None:
        """Write one row; None is an empty cell.

        Raises:
            ReportError: it cannot be written.
        """
        try:
            if self._file is None:
                self._use(self._shop.open() if self._shop.is_file else self.path, "w")
                self._writer.writerow(self._columns)
            self._writer.writerow(cells)
            if self._is_live and not self.kept:
                self._put()
        except OSError as error:
            raise self._shop.failure(error) from error

    def place(self) -> None:
        """Put what is there in place, and every further row as soon as it is written.

        Raises:
            ReportError: it cannot be written.
        """
        self._is_live = True
        try:
            if self._file is not None:
                self._put()
        except OSError as error:
            raise self._shop.failure(error) from error

    def begin_again(self) -> bool:
        """Begin anew, beside what is there and stays until :meth:`place`; False where that cannot be.

        Raises:
            ReportError: it cannot be written.
        """
        if not self._shop.is_file:
            return False
        self._is_live = False
        try:
            if self._file is not None:
                self._file.close()
            self._use(self._shop.open(), "w")
            self._writer.writerow(self._columns)
        except OSError as error:
            raise self._shop.failure(error) from error
        return True

    def _use(self, path: Path, mode: Literal["w", "a"]) -> None:
        file = path.open(mode, buffering=1, encoding="utf-8", newline="")  # every row is written at its line end
        self._file, self._writer = file, csv.writer(file)

    def _put(self) -> None:
        if self._shop.is_file and self._file is not None:
            self._file.close()  # some systems do not rename an open file
            self._shop.place()
            self._shop.close()
            self._use(self.path, "a")
        self.kept = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            with suppress(OSError):  # every row that was written has been written
                self._file.close()
        self._shop.close()
