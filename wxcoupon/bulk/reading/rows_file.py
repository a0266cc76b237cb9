r"""A file of rows that is read in place: block by block from its beginning, or any part of it again.

Rule 1: ``\n``, ``\r\n`` and a ``\r`` alone each end a line, as in Python's text files: a ``\r`` between two codes
        would otherwise make one of them.
Rule 2: reading begins where a row begins, and what a row is depends on nothing before it. So a part gives the same rows
        wherever it begins.
Rule 3: no more than a block is in memory. A row that is longer than a block is one row with a problem.
Rule 4: the encoding is one for the whole file: UTF-8 with a byte order mark, or where the first line that is not ASCII
        is UTF-8; GB18030 otherwise. What cannot be decoded is a row with a problem.
"""

from __future__ import annotations

import codecs
import hashlib
import io
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Literal, TypeAlias

from ...errors import ConfigurationError
from ..pieces import Piece, SourceChangedError, SourceError, joined

BLOCK: Final = 1 << 17
"""Bytes that are read at once, and the most that a row may have."""

LONGEST: Final = 1024
"""The most characters a text may have; nothing that is sent is longer."""

SHOWN: Final = 100
"""Characters that are kept of a text that is longer."""

Parsed: TypeAlias = tuple[Piece | None, int, int]
"""The rows of a block, the bytes that were used, and the lines in them; no bytes when not a single row was whole."""

First: TypeAlias = tuple[int, Literal["heading", "data"]]
"""What was made of the first row below titles: its line, and what it was taken for."""

Titles: TypeAlias = tuple[int, int]
"""The first and the last line above the heading of a table that are no rows."""

_FOREIGN: Final = {
    b"PK\x03\x04": "is an Excel workbook or another archive; give it the ending of its kind, or save it as csv (UTF-8)",
    b"\xd0\xcf\x11\xe0": "is an Excel workbook or another old Office file; call it .xls, or save it as csv (UTF-8)",
    b"\xff\xfe": "is UTF-16; save it as csv (UTF-8) and give that",
    b"\xfe\xff": "is UTF-16; save it as csv (UTF-8) and give that",
}
_LINE_END: Final = re.compile(rb"\r\n?|\n")
_NOT_ASCII: Final = re.compile(rb"[\x80-\xff]")


class RowsFile(ABC):
    """Rows of a seekable plain file; a :class:`~wxcoupon.bulk.pieces.Source`, which closes the file.

    Args:
        file: the file, opened without a buffer.
        name: what messages call it.
        path: where it can be opened again; None when nowhere.

    Attributes:
        origin: the file that its rows were copied from, which no report may take the place of.
    """

    kind: str
    origin: Path | None = None

    def __init__(self, file: io.FileIO, name: str, path: str | Path | None = None) -> None:
        self._file = file
        self._name = name
        self._size = os.fstat(file.fileno()).st_size
        self._found_encoding: str | None = None
        self._digest: str | None = None
        self._digest_of: tuple[int, int, int] | None = None
        self._first: First | None = None
        self._titles: Titles | None = None
        self._path = None if path is None else os.path.abspath(path)  # noqa: PTH100 - a link stays a link
        self._more: dict[str, object] = {}
        head = self._at(0, min(BLOCK, self._size))
        self._check(head)
        self._begin, self._line = (len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0), 1

    @property
    def name(self) -> str:
        """What messages call it."""
        return self._name

    @property
    def encoding(self) -> str:
        """``utf-8`` or ``gb18030``."""
        return self._found_encoding or self.find_encoding()

    def find_encoding(self) -> str:
        """Look for the first line that is not ASCII, which says what the encoding is."""
        self._found_encoding = "utf-8" if self._is_utf8() else "gb18030"
        return self._found_encoding

    @property
    def first(self) -> First | None:
        """What was made of the first line, or the heading below titles: its number, and what it was taken for."""
        return self._first

    @property
    def remarks(self) -> Sequence[str]:
        """What a person should know of how the file is read."""
        found = titles_said(self._name, self._titles)
        if self._first is not None:
            line, what = self._first
            found.append(
                f"line {line} of {self._name} was taken as a heading, and not sent"
                if what == "heading"
                else f"line {line} of {self._name} was taken as a code; name the column with --column if it is a header"
            )
        if self.encoding != "utf-8":
            found.append(f"{self._name} was read as {self.encoding.upper()}, because it is not UTF-8")
        return found

    def about(self) -> dict[str, object]:
        """Its name, path, size in bytes, digest, and how it is read: what :func:`reopen_source` takes."""
        state = self._state()
        if self._digest is None or self._digest_of != state:
            hasher = hashlib.blake2b(digest_size=16)
            self._hash(hasher, 0, self._size)
            self._known(hasher.hexdigest(), state)
        said: dict[str, object] = {"name": self._name, "path": self._path, "size": self._size, "digest": self._digest}
        first = list(self._first) if self._first else None
        titles = {"titles": list(self._titles)} if self._titles else {}
        return said | {"format": self.kind, "encoding": self.encoding, "first": first} | titles | self._more

    def is_at(self, path: str | Path) -> bool:
        """Whether these rows are read from the file at *path*."""
        try:
            status = os.stat(path)  # noqa: PTH116 - beside its twin
            mine = [os.fstat(self._file.fileno()), *([self.origin.stat()] if self.origin is not None else [])]
            return any(os.path.samestat(one, status) for one in mine)
        except (OSError, ValueError):
            return False

    def pieces(self) -> Iterator[Piece]:
        """All rows, from the beginning."""
        state = self._state()
        hasher = hashlib.blake2b(digest_size=16)
        self._hash(hasher, 0, self._begin)
        yield from self._scan(self._begin, self._size, self._line, hasher)
        self._known(hasher.hexdigest(), state)

    def read(self, offset: int, length: int, line: int) -> Piece:
        """The rows in a part of the file, which begins with a row at that line."""
        pieces = list(self._scan(offset, offset + length, line))
        return joined(pieces) if pieces else Piece(offset, (), (), ())

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    @abstractmethod
    def _parse(self, data: bytes, offset: int, line: int, *, last: bool) -> Parsed:
        """The whole rows at the beginning of a block; *last*: nothing follows it, so that all of them are whole."""

    @abstractmethod
    def _too_long(self, offset: int, stop: int, line: int) -> Parsed:
        """A row that is longer than a block."""

    def _scan(self, offset: int, stop: int, line: int, hasher: hashlib.blake2b | None = None) -> Iterator[Piece]:
        while offset < stop:
            data = self._at(offset, min(BLOCK, stop - offset))
            piece, size, lines = self._parse(data, offset, line, last=offset + len(data) == stop)
            if not size:
                piece, size, lines = self._too_long(offset, stop, line)
            if hasher is not None:
                if size <= len(data):
                    hasher.update(memoryview(data)[:size])
                else:
                    self._hash(hasher, offset, offset + size)
            if piece is not None and len(piece):
                yield piece
            offset += size
            line += lines

    def _at(self, offset: int, length: int) -> bytes:
        try:
            self._file.seek(offset)
            data = self._file.read(length)
        except (OSError, ValueError) as error:
            raise SourceError(f"{self._name} cannot be read any more ({error})") from None
        if data is None or len(data) < length:
            raise SourceChangedError(f"{self._name} is shorter than it was; give the file as it was, and run again")
        return data

    def _blocks(self, offset: int, stop: int) -> Iterator[bytes]:
        while offset < stop:
            block = self._at(offset, min(BLOCK, stop - offset))
            yield block
            offset += len(block)

    def _hash(self, hasher: hashlib.blake2b, offset: int, stop: int) -> None:
        for block in self._blocks(offset, stop):
            hasher.update(block)

    def _known(self, digest: str, state: tuple[int, int, int]) -> None:
        """Note the digest of what was read; *state* is from before, so that what changed behind it is read again."""
        if self._state()[0] != self._size or self._digest not in {None, digest}:
            raise SourceChangedError(f"{self._name} has changed while it was read; run again when nobody writes to it")
        self._digest, self._digest_of = digest, state

    def _state(self) -> tuple[int, int, int]:
        try:
            status = os.fstat(self._file.fileno())
        except (OSError, ValueError) as error:
            raise SourceError(f"{self._name} cannot be read any more ({error})") from None
        return status.st_size, status.st_mtime_ns, status.st_ino

    def _whole_lines(self, data: bytes, offset: int) -> int:
        """The bytes of a block up to its last line end."""
        alone = data.rfind(b"\r")
        if alone == len(data) - 1 and offset + len(data) < self._size and self._at(offset + len(data), 1) == b"\n":
            alone = data.rfind(b"\r", 0, alone)
        return max(data.rfind(b"\n"), alone) + 1

    def _line_end(self, offset: int, stop: int) -> int:
        """Where the next line begins."""
        for block in self._blocks(offset, stop):
            feed = block.find(b"\n")
            alone = block.find(b"\r", 0, None if feed < 0 else feed)
            if alone >= 0:
                end = offset + alone + 1
                return end + 1 if end < stop and self._at(end, 1) == b"\n" else end
            if feed >= 0:
                return offset + feed + 1
            offset += len(block)
        return stop

    def _count_lines(self, offset: int, stop: int) -> int:
        """Lines in a part of the file, the last one of which may have no end."""
        count, before = 0, b"\n"
        for block in self._blocks(offset, stop):
            count += block.count(b"\n") + block.count(b"\r") - block.count(b"\r\n")
            count -= before.endswith(b"\r") and block.startswith(b"\n")
            before = block
        return count + (not before.endswith((b"\n", b"\r")))

    def _decoded(self, raw: bytes) -> tuple[str, str]:
        """The text of a line, and why it is none."""
        problem = "this line has a NUL byte" if b"\0" in raw else ""
        try:
            return raw.decode("ascii" if raw.isascii() else self.encoding), problem
        except UnicodeDecodeError:
            name = self.encoding.upper()
            return raw.decode(self.encoding, "backslashreplace"), f"this line is not {name}, as the rest of the file is"

    def _beginning(self, offset: int, length: int) -> str:
        """The text at the beginning of what is too long."""
        decoder = codecs.getincrementaldecoder(self.encoding)("backslashreplace")
        return decoder.decode(self._at(offset, min(length, 4 * SHOWN)))[:SHOWN].strip() + "…"

    def _is_utf8(self) -> bool:
        if self._at(0, min(3, self._size)) == codecs.BOM_UTF8:
            return True
        offset = 0
        for block in self._blocks(0, self._size):
            if not block.isascii():
                found = _NOT_ASCII.search(block)
                offset += found.start() if found else 0
                break
            offset += len(block)
        end = self._line_end(offset, self._size)
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            for block in self._blocks(offset, end):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
        return True

    def _check(self, head: bytes) -> None:
        for mark, problem in _FOREIGN.items():
            if head.startswith(mark):
                raise ConfigurationError(f"{self._name} {problem}")
        if (nul := head.find(b"\0")) >= 0:
            number = len(_LINE_END.findall(head, 0, nul)) + 1
            raise ConfigurationError(
                f"{self._name} is not text: line {number} has a NUL byte; mend that line, or save it as csv (UTF-8)"
            )


def titles_said(name: str, titles: Titles | None) -> list[str]:
    """What a person should know of the lines above a heading."""
    if titles is None:
        return []
    first, last = titles
    which = f"line {first} of {name} was" if first == last else f"lines {first} to {last} of {name} were"
    return [f"{which} taken as a title above the heading, and not sent"]


def shortened(text: str) -> tuple[str, str]:
    """A text, and why it cannot be one: nothing that is sent is so long."""
    if len(text) <= LONGEST:
        return text, ""
    return text[:SHOWN] + "…", f"this has {len(text)} characters, and nothing that is sent has more than {LONGEST}"
