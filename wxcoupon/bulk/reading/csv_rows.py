"""A csv file, of which one column is read, or all of them by name.

Rule 1: a record begins where a line begins, so the bytes of records are exact, whatever quotations they have in them.
Rule 2: a record whose cells are all empty is not a row. A row of several lines has the number of the first.
Rule 3: what a broken quotation takes with it is one row with a problem that names its lines; the rows behind it begin
        at the next line.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import accumulate, islice
from pathlib import Path
from typing import Final

import attrs

from ..pieces import Piece
from . import headings, quotation, tidy
from .rows_file import BLOCK, LONGEST, Parsed, RowsFile, shortened

_PLAIN: Final = bytes({*range(0x20, 0x7F), 0x09} - {ord('"')})
_SINGLE: Final = bytes({*tidy.PRINTABLE} - {ord('"'), ord(",")})
_WIDE: Final = (
    "there are more cells than columns: a comma too many, or a text with a comma that is not in quotation marks"
)
_FORMULA: Final = re.compile(r'\s*="([^"]*)"\s*')
_BROKEN: Final = "this is no csv: a quotation that begins here is not closed as it should be"


@attrs.frozen
class Record:
    """A record of a csv file.

    Attributes:
        offset: byte at which it begins.
        end: byte behind it.
        line: its first line.
        cells: its cells, without white space around them.
        problem: why it cannot be read; empty when it can.
    """

    offset: int
    end: int
    line: int
    cells: Sequence[str] = attrs.field(repr=False)
    problem: str = ""


class CsvFile(RowsFile):
    """The rows of a csv file.

    Args:
        file: the file, opened without a buffer.
        name: what messages call it.
        path: where it can be opened again; None when nowhere.
        column: the column to read; by default the only one, or the only one whose heading says that it has codes.
        columns: columns that there have to be; the rows then have all their cells by column.

    Raises:
        ConfigurationError: it is no csv, lacks a column, or does not say which of its columns to read.
    """

    kind = "csv"

    def __init__(
        self,
        file: io.FileIO,
        name: str,
        path: str | Path | None = None,
        *,
        column: str | None = None,
        columns: Sequence[str] = (),
    ) -> None:
        super().__init__(file, name, path)
        self._column = 0
        self._width = 1
        self._formula = 0
        self._named = bool(columns)
        self._header: Sequence[str] = ()
        self._more = {"column": column, "columns": list(columns)}
        self._read_heading([column] if column is not None else columns)

    @property
    def header(self) -> Sequence[str]:
        """The columns, where the first row says what they are."""
        return self._header

    @property
    def remarks(self) -> Sequence[str]:
        """What a person should know of how the file is read."""
        if not self._formula:
            return super().remarks
        said = f'line {self._formula} of {self._name} has a text as ="…"; what is in the quotation was taken'
        return [*super().remarks, said]

    def _read_heading(self, wanted: Sequence[str]) -> None:
        records = list(islice(self._all_records(), headings.LOOKED_AT))
        if not records:
            return
        rows = [headings.Row(record.line, record.cells) for record in records]
        headings.require_commas(self._name, rows)
        found = headings.layout(self._name, rows, wanted)
        self._column = found.column
        first = records[found.heading or 0]
        self._width = max(len(first.cells), 1)
        if not self._named:
            self._first = (first.line, "data" if found.heading is None else "heading")
        if found.heading is None:
            return
        if found.heading:
            self._titles = (records[0].line, records[found.heading - 1].line)
        self._header = first.cells
        self._begin, self._line = first.end, first.line + self._count_lines(first.offset, first.end)

    def _all_records(self) -> Iterator[Record]:
        offset, line = self._begin, self._line
        while offset < self._size:
            data = self._at(offset, min(BLOCK, self._size - offset))
            last = offset + len(data) == self._size
            size, lines = tidy.blank(data if last else data[: self._whole_lines(data, offset)])
            records: list[Record] = []
            if not size:
                records, size, lines = self._records(data, offset, line, last=last)
            if not size:
                record, lines = self._long_record(offset, self._size, line)
                records, size = [record], record.end - offset
            yield from records
            offset += size
            line += lines

    def _parse(self, data: bytes, offset: int, line: int, *, last: bool) -> Parsed:
        size = len(data) if last else self._whole_lines(data, offset)
        block = data if size == len(data) else data[:size]
        if (piece := self._tidy(block, offset, line)) is not None:
            return piece, size, len(piece)
        skipped, lines = tidy.blank(block)
        if skipped:
            return None, skipped, lines
        if (size_before := tidy.before_blank(block)) < len(block) and b'"' not in block[:size_before]:
            data = block = block[:size_before]
            size = size_before
        if (regular := self._regular(block, offset, line)) is not None:
            return regular
        records, size, lines = self._records(data, offset, line, last=last)
        return self._piece(records, offset + size), size, lines

    def _tidy(self, block: bytes, offset: int, line: int) -> Piece | None:
        """The rows of a block without quotations, each of which has a text in the column."""
        if self._named or (split := tidy.split(block, offset, _PLAIN)) is None:
            return None
        rows, ends, plain = split
        if plain and not self._column:
            return Piece(offset, ends, range(line, line + len(rows)), rows, plain=plain)
        if b"," not in block:
            texts = rows if not self._column else []
        elif max(row.count(",") for row in rows) >= self._width:
            return None
        else:
            at, splits = self._column, self._column + 1
            try:
                texts = [row.split(",", splits)[at] for row in rows]
            except IndexError:
                return None
        if block.translate(None, _SINGLE + b",\r\n"):  # white space
            texts = [text.strip() for text in texts]
        return Piece(offset, ends, range(line, line + len(rows)), texts) if texts and all(texts) else None

    def _regular(self, block: bytes, offset: int, line: int) -> Parsed | None:
        """The rows of a block in which every line is a record, or is blank."""
        if not block or b"\0" in block:
            return None
        raws = block.splitlines(keepends=True)
        try:
            decoded = [raw.decode() for raw in raws] if block.isascii() else [raw.decode(self.encoding) for raw in raws]
            rows = list(csv.reader(decoded, strict=True))
            if b'="' in block:
                rows = self._without_formulas(rows, line)
        except (UnicodeDecodeError, csv.Error):
            return None
        if len(rows) != len(raws):
            return None
        at, size = self._column, len(block)
        begins = [*accumulate(map(len, raws), initial=offset)]
        lines: Sequence[int] = range(line, line + len(rows))
        texts = [row[at].strip() if at < len(row) else "" for row in rows]
        if not all(texts):
            kept = [number for number, row in enumerate(rows) if any(map(str.strip, row))]
            if not kept:
                return None, size, len(raws)
            begins = [*(begins[number] for number in kept), offset + size]
            lines, texts = [line + number for number in kept], [texts[number] for number in kept]
            rows = [rows[number] for number in kept]
        if max(map(len, texts)) > LONGEST or any(map(self._is_wide, rows)):
            return None
        cells = [dict(zip(self._header, map(str.strip, row), strict=False)) for row in rows] if self._named else ()
        return Piece(begins[0], begins[1:], lines, texts, cells), size, len(raws)

    def _piece(self, records: Sequence[Record], end: int) -> Piece:
        if not records:
            return Piece(end, (), (), ())
        texts: list[str] = []
        problems: dict[int, str] = {}
        for record in records:
            text, too_long = shortened(record.cells[self._column] if self._column < len(record.cells) else "")
            if problem := record.problem or too_long or (_WIDE if self._is_wide(record.cells) else ""):
                problems[len(texts)] = problem
            texts.append(text)
        begins = [record.offset for record in records]
        cells = [dict(zip(self._header, record.cells, strict=False)) for record in records] if self._named else ()
        return Piece(begins[0], [*begins[1:], end], [record.line for record in records], texts, cells, problems)

    def _without_formulas(self, rows: Sequence[list[str]], line: int) -> list[list[str]]:
        """Records with what spreadsheets write as ``="00123"``, to keep its zeros, as the text that is meant."""
        found: list[list[str]] = []
        for number, row in enumerate(rows, line):
            found.append([_meant(cell) for cell in row])
            if not self._formula and found[-1] != row:
                self._formula = number
        return found

    def _is_wide(self, cells: Sequence[str]) -> bool:
        """Whether there is something behind the last column, because of a comma too many; cells may have shifted."""
        return len(cells) > self._width and any(cell.strip() for cell in cells[self._width :])

    def _records(self, data: bytes, offset: int, line: int, *, last: bool) -> tuple[list[Record], int, int]:
        """The whole records of a block, the bytes they take, and their lines."""
        size = len(data) if last else self._whole_lines(data, offset)
        raws = data[:size].splitlines(keepends=True)
        decoded = [self._decoded(raw) for raw in raws]
        found: list[Record] = []
        formulas = b'="' in data
        reader = _Reader([text for text, _ in decoded])
        begin = 0
        while begin < len(raws):
            cells, whole = reader.next()
            if not whole and not last and reader.dry:
                break
            end = reader.taken
            length = sum(map(len, raws[begin:end])) if end > begin + 1 else len(raws[begin])
            problem = next((problem for _, problem in decoded[begin:end] if problem), "")
            if not whole:
                problem = _BROKEN if end == begin + 1 else f"{_BROKEN}; it goes on to line {line + end - 1}"
            if formulas:
                (cells,) = self._without_formulas([cells], line + begin)
            if problem or any(cells):
                found.append(Record(offset, offset + length, line + begin, cells, problem))
            offset += length
            begin = end
        return found, sum(map(len, raws[:begin])), begin

    def _too_long(self, offset: int, stop: int, line: int) -> Parsed:
        record, lines = self._long_record(offset, stop, line)
        text = self._beginning(offset, record.end - offset)
        cells = [dict[str, str]()] if self._named else ()
        return Piece(offset, [record.end], [line], [text], cells, {0: record.problem}), record.end - offset, lines

    def _long_record(self, offset: int, stop: int, line: int) -> tuple[Record, int]:
        end, is_closed = self._record_end(offset, stop)
        lines = self._count_lines(offset, end)
        problem = f"this record has {end - offset} bytes, and one has at most {BLOCK}" if is_closed else _BROKEN
        if lines > 1:
            problem += f"; it goes on to line {line + lines - 1}"
        return Record(offset, end, line, (), problem), lines

    def _record_end(self, offset: int, stop: int) -> tuple[int, bool]:
        """Where a record ends that is longer than a block, and whether its quotations are closed."""
        state: quotation.State = quotation.begin
        for block in self._blocks(offset, stop):
            at = 0
            while at < len(block):
                state, at = state(block, at)
                if state in (quotation.ended, quotation.broken):
                    end = self._line_end(offset + at, stop)
                    return end, state is quotation.ended
            offset += len(block)
        return stop, state is not quotation.quoted


def _meant(cell: str) -> str:
    found = _FORMULA.fullmatch(cell)
    return found[1].strip() if found else cell


class _Reader:
    """Records out of lines, with how many lines were taken for them.

    Attributes:
        taken: lines taken so far.
        dry: whether a line was wanted where there was none left.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        self.taken = 0
        self.dry = False
        self._lines = lines
        self._reader = csv.reader(self._feed(), strict=True)

    def next(self) -> tuple[list[str], bool]:
        """The cells of the next record, and whether it is whole."""
        try:
            return [cell.strip() for cell in next(self._reader)], True
        except csv.Error:
            return [], False

    def _feed(self) -> Iterator[str]:
        for line in self._lines:
            self.taken += 1
            yield line
        self.dry = True
