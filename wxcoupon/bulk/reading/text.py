"""A text file of one row a line.

Rule 1: a line of nothing but white space is not a row. A row keeps the number of its line, counted from 1.
Rule 2: a line that cannot be read is still a row, with a problem, so that no line is lost without a word.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from ...errors import ConfigurationError
from ..pieces import Piece
from . import headings, tidy
from .rows_file import BLOCK, Parsed, RowsFile, shortened


class TextFile(RowsFile):
    """The lines of a text file.

    Args:
        file: the file, opened without a buffer.
        name: what messages call it.
        path: where it can be opened again; None when nowhere.

    Raises:
        ConfigurationError: it is no text, or begins with the heading of a table.
    """

    kind = "text"

    def __init__(self, file: io.FileIO, name: str, path: str | Path | None = None) -> None:
        super().__init__(file, name, path)
        self._unlike = 0
        self._skip_heading()

    def _skip_heading(self) -> None:
        piece = next(self._scan(self._begin, self._size, self._line), None)
        if piece is None or piece.problems.get(0):
            return
        line, text = piece.lines[0], piece.texts[0]
        if headings.looks_like_csv(text):
            raise ConfigurationError(
                f"line {line} of {self._name} looks like the header of a csv file, and it is read as text; give "
                "it a name that ends in .csv, or name the column (--column NAME)"
            )
        if headings.is_heading(text):
            self._first = (line, "heading")
            self._begin, self._line = piece.ends[0], line + self._count_lines(piece.offset, piece.ends[0])
        elif headings.is_unlike(text, piece.texts[1 : headings.LOOKED_AT]):
            self._unlike = line

    @property
    def remarks(self) -> Sequence[str]:
        """What a person should know of how the file is read."""
        if not self._unlike:
            return super().remarks
        said = f"line {self._unlike} of {self._name} was taken as a code; delete it there if it is a heading"
        return [said, *super().remarks]

    def _parse(self, data: bytes, offset: int, line: int, *, last: bool) -> Parsed:
        size = len(data) if last else self._whole_lines(data, offset)
        block = data if size == len(data) else data[:size]
        if (split := tidy.split(block, offset)) is not None:
            count = len(split.texts)
            return Piece(offset, split.ends, range(line, line + count), split.texts, plain=split.plain), size, count
        skipped, lines = tidy.blank(block)
        if skipped:
            return None, skipped, lines
        if (size := tidy.before_blank(block)) < len(block):
            block = block[:size]
        raws = block.splitlines(keepends=True)  # of bytes: exactly the three line ends
        return self._rows(raws, offset, line), size, len(raws)

    def _rows(self, raws: list[bytes], offset: int, line: int) -> Piece:
        begins: list[int] = []
        lines: list[int] = []
        texts: list[str] = []
        problems: dict[int, str] = {}
        for number, raw in enumerate(raws, line):
            text, problem = self._row(raw)
            if text or problem:
                if problem:
                    problems[len(texts)] = problem
                begins.append(offset)
                lines.append(number)
                texts.append(text)
            offset += len(raw)
        begins.append(offset)
        return Piece(begins[0], begins[1:], lines, texts, (), problems)

    def _row(self, raw: bytes) -> tuple[str, str]:
        text, problem = self._decoded(raw)
        text, too_long = shortened(text.strip())
        return text, problem or too_long

    def _too_long(self, offset: int, stop: int, line: int) -> Parsed:
        end = self._line_end(offset, stop)
        problem = f"this line has {end - offset} bytes, and a line has at most {BLOCK}"
        return Piece(offset, [end], [line], [self._beginning(offset, end - offset)], (), {0: problem}), end - offset, 1
