"""From what a job was given to its rows."""

from __future__ import annotations

import io
import stat
import sys
from collections.abc import AsyncIterable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ...errors import ConfigurationError
from ..aside import aside
from ..pieces import Source
from .csv_rows import CsvFile
from .excel import ENDINGS, read_workbook
from .items import ItemsFile
from .spool import copied, each_awaited, each_of, filled
from .text import TextFile

STDIN: Final = "-"
"""The name of the standard input."""


async def open_source(
    given: str | Path | Iterable[object] | AsyncIterable[object],
    *,
    column: str | None = None,
    columns: Sequence[str] = (),
    sheet: str | None = None,
    folder: Path | None = None,
) -> Source:
    """Open what rows are in, so that they can be read again from any place.

    A text or csv file is read where it is. Anything else is read to its end first, into a file of ours.

    Args:
        given: the path of a file, ``"-"`` for the standard input; or texts, one a row, or mappings from column to text,
            from any iterable or async iterable. What ends in ``.csv`` is csv, ``.xlsx``, ``.xlsm``, ``.xlsb``, ``.xls``
            and ``.ods`` are workbooks, and anything else is text; the standard input is csv when columns are named. An
            iterable is read in a thread of its own; what is bound to the thread that made it is given as an async one.
        column: of a table, the column to read, which its heading has to name; or of one without a heading its number,
            from 1. By default it is the only column, or the only one whose heading says that it has codes; see
            :mod:`wxcoupon.bulk.reading.headings`.
        columns: of a table, columns its heading has to name; the rows then have all their cells by column.
        sheet: of a workbook, the sheet to read; by default the only one that is not empty.
        folder: where a file of ours is kept, for its owner alone; None: nowhere, and it is gone with the source.

    Returns:
        The rows. Closing it is the caller's.

    Raises:
        ConfigurationError: it cannot be opened, is not what its name says, lacks a column, or does not say which of its
            columns or sheets to read.
        LedgerError: there is no room for the file of ours.
        Exception: what the iterable raises.
    """
    columns = tuple(columns)
    if isinstance(given, (str, Path)):
        return await _from_path(given, column, columns, sheet, folder)
    _require_table(sheet is None, "rows that are no workbook", sheet)
    wanted = (column, *columns) if column is not None else columns
    name = "the rows that were given"
    how: Mapping[str, object] = {"columns": list(wanted)}
    if isinstance(given, AsyncIterable):
        file, path = await each_awaited(given, wanted, folder, name)
    elif isinstance(given, (bytes, bytearray, Mapping)) or not hasattr(given, "__iter__"):
        kind = type(given).__name__
        raise ConfigurationError(f"rows are a path, or texts that can be iterated, and not of type {kind}")
    else:
        file, path, _ = await filled(each_of(given, wanted), folder, name)
    return ItemsFile(file, name, path, how=how)


async def _from_path(
    given: str | Path, column: str | None, columns: Sequence[str], sheet: str | None, folder: Path | None
) -> Source:
    is_stdin = str(given) == STDIN
    name = "the standard input" if is_stdin else str(given)
    ending = "" if is_stdin else Path(given).suffix.lower()
    as_csv = bool(column or columns) if is_stdin else ending == ".csv"
    _require_table(sheet is None or ending in ENDINGS, name, sheet)
    if column is not None and not as_csv and ending not in ENDINGS:
        raise ConfigurationError(
            f"{name} is read as text, which has no column {column!r}; only .csv files have columns, and workbooks"
        )
    if is_stdin:
        if sys.stdin is None:
            raise ConfigurationError("the standard input is closed; pipe the rows in, or give a file")
        return await _from_pipe(0, name, column if as_csv else None, columns, folder, as_csv=as_csv)
    path = Path(given)
    try:
        mode = path.stat().st_mode  # noqa: ASYNC240 - one look, and the file is read in a thread
    except OSError as error:
        raise _refused(name, error) from None
    if ending in ENDINGS and stat.S_ISREG(mode):
        return await _from_workbook(path, name, column, columns, sheet, folder)
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        return await _from_pipe(path, name, column, columns, folder, as_csv=as_csv)
    return await _in_thread(lambda: _open(_file(path, name), name, path, column, columns, as_csv=as_csv))


def reopen_source(about: Mapping[str, Any]) -> Source:
    """Open again what a source said of itself with :meth:`~wxcoupon.bulk.pieces.Source.about`.

    Whether it is what it was then is for the caller to compare.

    Raises:
        ConfigurationError: it is not there any more, or was kept nowhere.
    """
    name, path = about["name"], about["path"]
    if path is None:
        raise ConfigurationError(f"the rows of {name} were not kept, so they cannot be read again")
    if Path(path).exists() and not Path(path).is_file():  # a pipe of that name would hold up whoever opens it
        raise ConfigurationError(f"{path} is no file any more; put {name} back")
    file = _file(Path(path), name)
    if about["format"] == ItemsFile.kind:
        first, titles = about["first"], about.get("titles")
        return ItemsFile(
            file,
            name,
            path,
            first=None if first is None else (first[0], first[1]),
            titles=None if titles is None else (titles[0], titles[1]),
            how=about["how"],
        )
    as_csv = about["format"] == CsvFile.kind
    return _open(file, name, path, about.get("column"), about.get("columns", ()), as_csv=as_csv)


def _require_table(fits: bool, name: str, sheet: str | None) -> None:  # noqa: FBT001 - what it is called with says it
    if not fits:
        raise ConfigurationError(f"there is no sheet {sheet!r} in {name}; only workbooks have sheets")


async def _from_pipe(
    pipe: int | Path, name: str, column: str | None, columns: Sequence[str], folder: Path | None, *, as_csv: bool
) -> Source:
    try:
        file, path, _ = await filled(copied(pipe), folder, name)
    except OSError as error:
        raise _refused(name, error) from None
    return await _in_thread(lambda: _open(file, name, path, column, columns, as_csv=as_csv))


async def _from_workbook(
    path: Path, name: str, column: str | None, columns: Sequence[str], sheet: str | None, folder: Path | None
) -> Source:
    try:
        file, spool, found = await filled(
            lambda spool: read_workbook(path, name, spool, column=column, columns=columns, sheet=sheet), folder, name
        )
    except OSError as error:
        raise _refused(name, error) from None
    how = {"column": column, "columns": list(columns), "sheet": found.sheet}
    source = ItemsFile(
        file, name, spool, first=found.first, titles=found.titles, header=found.header, said=found.said, how=how
    )
    source.origin = path
    return source


async def _in_thread(work: Any) -> Source:
    """Open a source where its long lines hold up nobody."""
    opened: list[Source] = []
    try:
        await aside(lambda _: opened.append(work()))
    except BaseException:
        for source in opened:
            source.close()
        raise
    return opened[0]


def _file(path: Path, name: str) -> io.FileIO:
    try:
        return io.FileIO(str(path))
    except OSError as error:
        raise _refused(name, error) from None


def _refused(name: str, error: OSError) -> ConfigurationError:
    if isinstance(error, FileNotFoundError):
        return ConfigurationError(f"there is no file {name}; give the path of a text or csv file, or of a workbook")
    return ConfigurationError(f"{name} cannot be read ({error.strerror})")


def _open(
    file: io.FileIO, name: str, path: str | Path | None, column: str | None, columns: Sequence[str], *, as_csv: bool
) -> Source:
    try:
        source = CsvFile(file, name, path, column=column, columns=columns) if as_csv else TextFile(file, name, path)
        source.find_encoding()  # here, because that may take as long as reading the file
        return source  # noqa: TRY300 - what was not opened whole is closed
    except BaseException:
        file.close()
        raise
