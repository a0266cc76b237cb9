"""Outcomes as a csv file: written row by row, readable for its owner alone."""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from ..errors import ConfigurationError, WxCouponError
from .sources import Table


class ReportError(WxCouponError):
    """A report could not be written to its end: what it was to tell has happened all the same."""


class Report:
    """A csv file under construction; codes and tokens are worth money, so nobody else may read it.

    It is written beside the place where it is to be, and put there at the end of its block, if it has a row: until
    then, and when it cannot be written, a file that is there already stays as it is. What is there and no file, a pipe
    or a device, is written as it comes.

    Args:
        path: where it is to be.
        columns: the header.
        mark: whether it begins with a byte order mark, by which Excel knows that it is UTF-8.
        besides: what is read meanwhile, which has to be another file.

    Attributes:
        path: where it is to be.
        kept: whether it is there, known at the end of its block.

    Raises:
        ConfigurationError: there can be no such file.
    """

    def __init__(self, path: Path, columns: Sequence[str], *, besides: Table | None = None, mark: bool = True) -> None:
        if besides is not None and besides.is_at(path):
            raise ConfigurationError(f"{path} is the file that is read; write to another one")
        self.path = path
        self.kept = False
        self._target = path.resolve()  # a link stays a link
        self._written: Path | None = None
        self._rows = 0
        try:
            descriptor = self._open()
        except OSError as error:
            raise ConfigurationError(f"{path} cannot be written ({error.strerror})") from None
        self._file = os.fdopen(descriptor, "w", encoding="utf-8-sig" if mark else "utf-8", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow(columns)

    def _open(self) -> int:
        if self._target.exists() and not self._target.is_file():
            return os.open(self.path, os.O_WRONLY)
        descriptor, name = tempfile.mkstemp(prefix=f"{self._target.name}.", suffix=".part", dir=self._target.parent)
        self._written = Path(name)
        return descriptor

    def row(self, *cells: object) -> None:
        """Write one row; None is an empty cell.

        Raises:
            ReportError: it cannot be written.
        """
        self._rows += 1
        try:
            self._writer.writerow(cells)
        except OSError as error:
            raise self._failure(error) from error

    def _failure(self, error: OSError) -> ReportError:
        self._rows = 0  # half a report is none
        return ReportError(f"{self.path} could not be written to its end ({error.strerror})")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._file.close()
            if self._written is not None and self._rows:
                self._written.replace(self._target)
            self.kept = self._rows > 0
        except OSError as fault:
            if not isinstance(error, ReportError):
                raise self._failure(fault) from fault
        finally:
            if self._written is not None:
                self._written.unlink(missing_ok=True)
