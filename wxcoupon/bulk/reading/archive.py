"""What is inside a workbook is measured before it is read: a few kilobytes can ask for all the memory there is.

Workbooks but the old .xls are zip archives. What reads them unpacks them into memory, and makes a table of the
rectangle around all cells. So it is counted here, block by block, what comes out of the archive, whatever it says of
itself, and how large that rectangle is.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Final

import attrs

from ...errors import ConfigurationError
from .zeros import Zeros, zero_styles

MOST_BYTES: Final = 100 << 20
"""Bytes that a workbook may have."""
MOST_UNPACKED: Final = 512 << 20
"""Bytes that may come out of it."""
MOST_PARTS: Final = 10_000
"""Files that may be in it."""
MOST_CELLS: Final = 20_000_000
"""Cells that the rectangle around the cells of a sheet may have."""

_MOST_ERRORS: Final = 200_000
_BLOCK: Final = 1 << 18
_TAG: Final = re.compile(rb"<(?:\w+:)?(c|row)(|[\s/][^<>]*)>")
_PLACE: Final = re.compile(rb"\br=[\"']([A-Za-z]{0,3})(\d{1,7})[\"']")
_ERROR: Final = re.compile(rb"\bt=[\"']e[\"']")
_ODS_TAG: Final = re.compile(rb"<(/?)table:(table-row|table-cell|covered-table-cell)\b([^<>]*)>")
_ODS_COLUMNS: Final = re.compile(rb"number-columns-repeated=[\"'](\d{1,9})[\"']")
_ODS_ROWS: Final = re.compile(rb"number-rows-repeated=[\"'](\d{1,9})[\"']")


class _TooLargeError(Exception):
    pass


def _require(fits: bool) -> None:  # noqa: FBT001 - what it is called with says it
    if not fits:
        raise _TooLargeError


@attrs.define
class Extent:
    """The rectangle around cells, by row and column from 1.

    Attributes:
        zeros: cells that are shown with zeros which are not in them.
        errors: cells of a formula that failed, as far as they can be known.
    """

    zeros: Zeros
    rows: int = 0
    columns: int = 0
    top: int = 1 << 30
    errors: set[tuple[int, int]] = attrs.field(factory=set[tuple[int, int]])

    def take(self, row: int, column: int) -> None:
        """Make it large enough for a cell."""
        self.top = min(self.top, row)
        self.rows = max(self.rows, row)
        self.columns = max(self.columns, column)

    def check(self) -> None:
        """Refuse what is too large."""
        _require(self.columns * (self.rows - self.top + 1) <= MOST_CELLS)
        _require(len(self.errors) <= _MOST_ERRORS and self.zeros.runs <= _MOST_ERRORS)


def measure(path: Path, name: str) -> dict[str, Extent]:
    """Look through a workbook that is an archive.

    Args:
        path: where it is.
        name: what messages call it.

    Returns:
        The extent of what is in each of its parts.

    Raises:
        ConfigurationError: it is no archive, or too large in one of these ways.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            _require(len(parts) <= MOST_PARTS and sum(part.file_size for part in parts) <= MOST_UNPACKED)
            extents: dict[str, Extent] = {}
            left = MOST_UNPACKED
            styles = zero_styles(archive)
            for part in parts:
                extents[part.filename] = Extent(Zeros(styles))
                left -= _look_into(archive, part, left, extents[part.filename])
            return extents
    except _TooLargeError:
        raise ConfigurationError(
            f"{name} would take too much memory: a workbook has at most {MOST_UNPACKED >> 20} MiB when it is unpacked, "
            f"and {MOST_CELLS} cells a sheet; save the sheet as csv (UTF-8) and give that"
        ) from None
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise ConfigurationError(f"{name} is damaged, or is no workbook ({error}); save it again") from None


def _look_into(archive: zipfile.ZipFile, part: zipfile.ZipInfo, most: int, extent: Extent) -> int:
    """Make an extent as large as what is in a part: the bytes of it."""
    part.file_size = 1 << 60  # what it says is not believed: reading goes on to where it really ends
    used = 0
    look = _look_for(part.filename)
    with archive.open(part) as stream:

        def blocks() -> Iterator[bytes]:
            nonlocal used
            while block := stream.read(_BLOCK):
                used += len(block)
                _require(used <= most)
                yield block

        look(blocks(), extent)
    extent.check()
    return used


def _look_for(name: str) -> Callable[[Iterator[bytes], Extent], None]:
    if name == "content.xml":
        return _ods
    if name.endswith(".xml"):
        return _xlsx
    if name.endswith(".bin") and "sheet" in name:
        return _xlsb
    return _anything


def _anything(blocks: Iterator[bytes], _: Extent) -> None:
    for _block in blocks:
        pass


def _tags(blocks: Iterator[bytes], pattern: re.Pattern[bytes]) -> Iterator[re.Match[bytes]]:
    """The tags in a text that comes in blocks."""
    rest = b""
    for block in blocks:
        data = rest + block
        yield from pattern.finditer(data)
        begun = data.rfind(b"<")
        rest = data[begun:] if begun > data.rfind(b">") and len(data) - begun < _BLOCK else b""


def _xlsx(blocks: Iterator[bytes], extent: Extent) -> None:
    row = column = 0
    for tag in _tags(blocks, _TAG):
        place = _PLACE.search(tag[2])
        if tag[1] == b"row":
            row, column = int(place[2]) if place and not place[1] else row + 1, 0
            continue
        column = column + 1
        if place and place[1]:
            row, column = int(place[2]), _column(place[1])
        extent.take(row, column)
        if _ERROR.search(tag[2]):
            extent.errors.add((row, column))
            extent.check()
        elif extent.zeros.styles:
            extent.zeros.take(row, column, tag[2])


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _ods(blocks: Iterator[bytes], extent: Extent) -> None:
    times, column, filled, row = 1, 0, 0, 0
    for tag in _tags(blocks, _ODS_TAG):
        said = tag[3]
        if tag[2] == b"table-row":
            if not tag[1]:
                found = _ODS_ROWS.search(said)
                times, column, filled = int(found[1]) if found else 1, 0, 0
            if (tag[1] or said.endswith(b"/")) and filled:
                row += times
                extent.take(1, 1)
                extent.take(row, filled)
                extent.check()
        elif not tag[1]:
            found = _ODS_COLUMNS.search(said)
            column += int(found[1]) if found else 1
            if not said.endswith(b"/"):
                filled = column


def _xlsb(blocks: Iterator[bytes], extent: Extent) -> None:
    row = 0
    for kind, body in _records(_Stream(blocks)):
        if kind == 0 and len(body) >= 4:
            row = struct.unpack_from("<I", body)[0] + 1
        elif 1 <= kind <= 11 and len(body) >= 4:
            column = struct.unpack_from("<I", body)[0] + 1
            extent.take(row, column)


class _Stream:
    """Bytes that come in blocks, taken as they are needed."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._data = b""
        self._at = 0

    def take(self, size: int) -> bytes:
        """The next bytes, or what is left."""
        while len(self._data) - self._at < size and (block := next(self._blocks, b"")):
            self._data = self._data[self._at :] + block
            self._at = 0
        taken = self._data[self._at : self._at + size]
        self._at += len(taken)
        return taken


def _records(stream: _Stream) -> Iterator[tuple[int, bytes]]:
    """Kind and body of each record of a binary sheet."""
    while first := stream.take(1):
        kind = first[0]
        if kind & 0x80:
            kind = kind & 0x7F | (stream.take(1) or b"\0")[0] << 7
        size = 0
        for shift in (0, 7, 14, 21):
            byte = (stream.take(1) or b"\0")[0]
            size |= (byte & 0x7F) << shift
            if not byte & 0x80:
                break
        yield kind, stream.take(size)


def sheet_parts(archive_path: Path) -> dict[str, str]:
    """The part of the archive that each sheet of an .xlsx workbook is in; nothing where it does not say."""
    with zipfile.ZipFile(archive_path) as archive:
        return _sheet_parts(archive)


def _sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    try:
        book, rels = archive.read("xl/workbook.xml"), archive.read("xl/_rels/workbook.xml.rels")
    except KeyError:
        return {}
    sheets = re.findall(r"<(?:\w+:)?sheet\s([^<>]*)>", book.decode("utf-8", "replace"))
    links = re.findall(r"<(?:\w+:)?Relationship\s([^<>]*)>", rels.decode("utf-8", "replace"))
    targets = {_said(link, "Id"): _said(link, "Target") for link in links}
    found: dict[str, str] = {}
    for sheet in sheets:
        target = targets.get(_said(sheet, r"\w+:id"), "")
        found[unescape(_said(sheet, "name"))] = target[1:] if target.startswith("/") else f"xl/{target}"
    return found


def _said(attributes: str, name: str) -> str:
    found = re.search(rf"(?:^|\s){name}=[\"']([^\"']*)[\"']", attributes)
    return found[1] if found else ""
