"""Outcomes as a csv file: written row by row, readable for its owner alone."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from ..errors import ConfigurationError
from .sources import Table


class Report:
    """A csv file under construction; codes and tokens are worth money, so nobody else may read it.

    Args:
        path: where; a file that is there already is overwritten.
        columns: the header.
        mark: whether it begins with a byte order mark, by which Excel knows that it is UTF-8.
        besides: what is read meanwhile, which has to be another file.

    Raises:
        ConfigurationError: the file cannot be written.
    """

    def __init__(self, path: Path, columns: Sequence[str], *, besides: Table, mark: bool = True) -> None:
        if besides.is_at(path):
            raise ConfigurationError(f"{path} is the file that is read; write to another one")
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        except OSError as error:
            raise ConfigurationError(f"{path} cannot be written ({error.strerror})") from None
        self._file = os.fdopen(descriptor, "w", encoding="utf-8-sig" if mark else "utf-8", newline="")
        if hasattr(os, "fchmod"):  # a file that was there keeps its mode otherwise
            os.fchmod(descriptor, 0o600)
        self._writer = csv.writer(self._file)
        self.row(*columns)

    def row(self, *cells: object) -> None:
        """Write one row; None is an empty cell."""
        self._writer.writerow(cells)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
