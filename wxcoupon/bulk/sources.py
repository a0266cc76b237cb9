"""Rows of a text or csv file, one at a time, whatever wrote it.

Rule 1: what is read is UTF-8, with or without a byte order mark, or else GB18030, as a Chinese Excel writes csv.
Rule 2: a line of nothing but white space is not a row. A row keeps the number of its line, counted from 1.
Rule 3: a row that cannot be read is still a row, with a problem, so that no line is lost without a word.
"""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import csv
import io
import os
import queue
import sys
import threading
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import attrs

from ..errors import ConfigurationError
from . import headings

STDIN: Final = "-"
"""The name of the standard input."""

_Record: TypeAlias = tuple[int, list[str], str]
_BLOCK: Final = 1 << 16
_AT_ONCE: Final = 200
_FOREIGN: Final = {
    b"PK\x03\x04": "is an Excel workbook or another archive; save it as csv (UTF-8) and give that",
    b"\xff\xfe": "is UTF-16; save it as csv (UTF-8) and give that",
    b"\xfe\xff": "is UTF-16; save it as csv (UTF-8) and give that",
}


@attrs.frozen
class Row:
    """One line of a file.

    Attributes:
        line: its number, from 1; of a csv row with line breaks in it, the first.
        text: the line, or its cell in the chosen column, without white space around it.
        cells: of a csv file that was opened for several columns, all its cells by column.
        problem: why it cannot be read; empty when it can.
    """

    line: int
    text: str = attrs.field(repr=False)
    cells: Mapping[str, str] = attrs.field(factory=dict[str, str], repr=False)
    problem: str = ""


class Table:
    """The rows of a file, to be iterated once; ``async for`` reads them in a thread, so that a slow pipe blocks nobody.

    Iterating to the end closes the file. Made by :func:`open_table`.

    Attributes:
        name: what messages call the file.
        encoding: ``utf-8`` or ``gb18030``, as found so far.
        header: the columns of a csv file with a header, otherwise empty.
        first: what was made of the first line because nobody named a column: its number, and whether it is a
            ``heading``, which is no row, or ``data``; None where there was nothing to decide, or nothing was read yet.
    """

    def __init__(
        self,
        stream: io.BufferedReader[io.FileIO],
        name: str,
        *,
        as_csv: bool,
        column: str | None,
        columns: Sequence[str],
    ) -> None:
        self.name = name
        self.header: list[str] = []
        self.first: tuple[int, Literal["heading", "data"]] | None = None
        self._stream = stream
        self._thread: threading.Thread | None = None
        self._line = 0
        self._begun = False
        head = stream.peek(_BLOCK)
        for mark, problem in _FOREIGN.items():
            if head.startswith(mark):
                raise ConfigurationError(f"{name} {problem}")
        if (nul := head.find(b"\0")) >= 0:
            number = head.count(b"\n", 0, nul) + 1
            raise ConfigurationError(
                f"{name} is not text: line {number} has a NUL byte; mend that line, or save it as csv (UTF-8)"
            )
        if b"\r" in head and b"\n" not in head and len(head) > _AT_ONCE:
            raise ConfigurationError(f"{name} is not text of one row a line; save it as csv (UTF-8) and give that")
        self.encoding = "utf-8" if _may_be_utf8(head.removeprefix(codecs.BOM_UTF8)) else "gb18030"
        self._reader = csv.reader(self._text(), strict=True) if as_csv else None
        self._records: Iterator[_Record] = self._split()
        self._column = 0
        if as_csv:
            self._begin([column] if column is not None else columns)
        self._named = bool(columns) and as_csv

    def is_at(self, path: str | Path) -> bool:
        """Whether these rows are read from the file at *path*."""
        try:
            return os.path.samestat(os.fstat(self._stream.fileno()), os.stat(path))  # noqa: PTH116 - beside its twin
        except OSError:
            return False

    def close(self) -> None:
        """Close the file; a thread that reads it closes it itself, once it is no longer waiting for a pipe."""
        if self._thread is None or self._thread is threading.current_thread():
            self._stream.close()

    def __iter__(self) -> Iterator[Row]:
        if self._reader is None:
            for written in self._text():
                if (text := written.strip()) and not self._is_heading(text):
                    yield Row(self._line, text)
        else:
            for line, cells, problem in self._records:
                text = cells[self._column] if self._column < len(cells) else ""
                by_name = dict(zip(self.header, cells, strict=False)) if self._named else {}
                yield Row(line, text, by_name, problem)
        self.close()

    def __aiter__(self) -> AsyncIterator[Row]:
        return self._from_thread()

    async def _from_thread(self) -> AsyncIterator[Row]:
        """Read in a thread of its own, a daemon: nobody waits for a pipe that never ends."""
        loop = asyncio.get_running_loop()
        wanted: queue.SimpleQueue[asyncio.Future[list[Row]] | None] = queue.SimpleQueue()

        def answer(future: asyncio.Future[list[Row]], rows: Any, error: BaseException | None) -> None:
            if future.done():
                return
            if error is None:
                future.set_result(rows)
            else:
                future.set_exception(error)

        def read() -> None:
            rows = iter(self)
            while (future := wanted.get()) is not None:
                batch: list[Row] = []
                error: BaseException | None = None
                try:
                    batch = list(islice(rows, _AT_ONCE))
                except Exception as caught:  # noqa: BLE001 - it is raised where the rows are awaited
                    error = caught
                with contextlib.suppress(RuntimeError):  # the loop is closed: nobody awaits the rows any more
                    loop.call_soon_threadsafe(answer, future, batch, error)
            self.close()

        self._thread = threading.Thread(target=read, name="wxcoupon-rows", daemon=True)
        self._thread.start()
        try:
            while True:
                future: asyncio.Future[list[Row]] = loop.create_future()
                wanted.put(future)
                batch = await future
                if not batch:
                    return
                for row in batch:
                    yield row
        finally:
            wanted.put(None)

    def _text(self) -> Iterator[str]:
        while raw := self._stream.readline(_BLOCK):
            self._line += 1
            end = raw
            while len(end) == _BLOCK and not end.endswith(b"\n"):  # what no code can be is not kept whole
                end = self._stream.readline(_BLOCK)
            yield self._decoded(raw.removeprefix(codecs.BOM_UTF8) if self._line == 1 else raw)

    def _decoded(self, raw: bytes) -> str:
        if self.encoding == "utf-8":
            try:
                return raw.decode("utf-8")
            except UnicodeDecodeError:
                self.encoding = "gb18030"
        return raw.decode("gb18030", "replace")

    def _split(self) -> Iterator[_Record]:
        while self._reader is not None:
            line = self._line + 1
            try:
                cells = [cell.strip() for cell in next(self._reader)]
            except StopIteration:
                return
            except csv.Error as error:
                for swallowed in range(line, self._line + 1):  # a quotation that is not closed takes many lines with it
                    yield swallowed, [], f"this is no csv: {error}"
                continue
            if any(cells):
                yield line, cells, ""

    def _begin(self, wanted: Sequence[str]) -> None:
        first = next(self._records, None)
        if first is None:
            return
        line, cells, _ = first
        headings.require_commas(self.name, cells)
        if wanted:
            self.header, self._column = cells, headings.columns_named(self.name, cells, wanted)[0]
            return
        column = headings.column_of_codes(self.name, cells)
        if column is None:
            self.first = (line, "data")
            self._records = chain([first], self._records)
        else:
            self.first = (line, "heading")
            self.header, self._column = cells, column

    def _is_heading(self, text: str) -> bool:
        """Whether a line of text is a heading, which only the first one can be."""
        if self._begun:
            return False
        self._begun = True
        if headings.looks_like_csv(text):
            raise ConfigurationError(
                f"line {self._line} of {self.name} looks like the header of a csv file, and it is read as text; give "
                "it a name that ends in .csv, or name the column (--column NAME)"
            )
        if headings.is_heading(text):
            self.first = (self._line, "heading")
        return self.first is not None


def open_table(source: str | Path, *, column: str | None = None, columns: Sequence[str] = ()) -> Table:
    """Open a file of one code a line, or a csv file.

    Args:
        source: the path, ``"-"`` for the standard input. What ends in ``.csv`` is csv, and the standard input is when
            columns are named; anything else is text.
        column: of a csv file, the column to read, which its header has to name. By default it is the only column, or
            the only one whose heading says that it has codes; see :mod:`wxcoupon.bulk.headings`.
        columns: of a csv file, columns its header has to name; the rows then have all their cells by column.

    Returns:
        The rows, not read yet.

    Raises:
        ConfigurationError: the file cannot be opened, is neither text nor csv, lacks a column, or does not say which
            of its columns to read.
    """
    is_stdin = str(source) == STDIN
    name = "the standard input" if is_stdin else str(source)
    as_csv = bool(column or columns) if is_stdin else Path(source).suffix.lower() == ".csv"
    if column is not None and not as_csv:
        raise ConfigurationError(
            f"{name} is read as text, which has no column {column!r}; only .csv files have columns"
        )
    if is_stdin and sys.stdin is None:
        raise ConfigurationError("the standard input is closed; pipe the rows in, or give a file")
    try:
        # The descriptor is wrapped anew: a thread that still waits in sys.stdin would hold up the interpreter's end.
        file = io.FileIO(0 if is_stdin else str(source), closefd=not is_stdin)
    except FileNotFoundError:
        raise ConfigurationError(f"there is no file {name}; give the path of a text or csv file") from None
    except OSError as error:
        raise ConfigurationError(f"{name} cannot be read ({error.strerror})") from None
    stream = io.BufferedReader(file, _BLOCK)
    try:
        return Table(stream, name, as_csv=as_csv, column=column, columns=columns)
    except BaseException:
        stream.close()
        raise


def _may_be_utf8(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True
