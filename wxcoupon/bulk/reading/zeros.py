"""Which numbers of an .xlsx workbook are shown with zeros in front that are not in them.

A number format of zeros alone shows 123 as 00000123. The zeros are in the format, and not in the cell.
"""

from __future__ import annotations

import re
import zipfile
from bisect import bisect_right
from collections.abc import Mapping
from typing import Final

import attrs

_MOST: Final = 16 << 20
"""Bytes of the styles that are looked at."""
_FORMATS: Final = re.compile(rb"<(?:\w+:)?numFmt\s([^<>]*)>")
_CELL_STYLES: Final = re.compile(rb"<(?:\w+:)?cellXfs\b(.*?)</(?:\w+:)?cellXfs>", re.DOTALL)
_STYLE: Final = re.compile(rb"<(?:\w+:)?xf\b([^<>]*)>")
_NUMBER: Final = re.compile(rb"\bnumFmtId=[\"'](\d{1,6})[\"']")
_ZEROS: Final = re.compile(rb"\bformatCode=[\"'](0{2,99})(?:;[^\"']*)?[\"']")
_USED: Final = re.compile(rb"\bs=[\"'](\d{1,6})[\"']")


@attrs.define
class Zeros:
    """The cells with such a format, column by column in runs of rows.

    Attributes:
        styles: how many digits are shown at least, by the number of the style.
        runs: how many there are.
    """

    styles: Mapping[int, int]
    runs: int = 0
    _columns: dict[int, list[tuple[int, int, int]]] = attrs.field(factory=dict[int, list[tuple[int, int, int]]])

    def take(self, row: int, column: int, said: bytes) -> None:
        """Remember a cell with these attributes, if it has such a format; rows come in order."""
        found = _USED.search(said)
        digits = self.styles.get(int(found[1]), 0) if found else 0
        if not digits:
            return
        runs = self._columns.setdefault(column, [])
        if runs and runs[-1][1] == row - 1 and runs[-1][2] == digits:
            runs[-1] = (runs[-1][0], row, digits)
        else:
            runs.append((row, row, digits))
            self.runs += 1

    def digits(self, row: int, column: int) -> int:
        """How many digits a cell shows at least; 0 where its format does not say so."""
        runs = self._columns.get(column, [])
        at = bisect_right(runs, row, key=_first) - 1
        return runs[at][2] if at >= 0 and row <= runs[at][1] else 0


def _first(run: tuple[int, int, int]) -> int:
    return run[0]


def zero_styles(archive: zipfile.ZipFile) -> Mapping[int, int]:
    """The styles of a workbook of which the number format is of zeros alone, with how many zeros."""
    try:
        with archive.open("xl/styles.xml") as stream:
            data = stream.read(_MOST)
    except KeyError:
        return {}
    zeros = {
        number[1]: len(code[1])
        for said in _FORMATS.findall(data)
        if (number := _NUMBER.search(said)) and (code := _ZEROS.search(said))
    }
    styles = _CELL_STYLES.search(data) if zeros else None
    if styles is None:
        return {}
    found = (_NUMBER.search(said) for said in _STYLE.findall(styles[1]))
    return {at: zeros[number[1]] for at, number in enumerate(found) if number and number[1] in zeros}
