"""Files of rows on a command line: what FILE may be, and what is said of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final, TypeAlias

from cyclopts import Parameter

from ..bulk.sources import STDIN, Table


def _no_option(_: type, value: str) -> None:
    if not value:
        raise ValueError("Give the path of a file, or - for the standard input.")
    if value.startswith("-") and value != STDIN:
        raise ValueError("There is no such option; a file of that name is given as ./NAME.")


RowsFile: TypeAlias = Annotated[str, Parameter(allow_leading_hyphen=True, validator=_no_option)]
"""FILE: a path, or ``-`` for the standard input."""

_MADE_OF: Final = {
    "heading": "line {line} of {name} was taken as a heading, and not sent",
    "data": "line {line} of {name} was taken as a code; name the column with --column if it is a header",
}


def remarks(table: Table) -> list[str]:
    """What the user should know of how a file was read."""
    found: list[str] = []
    if table.first is not None:
        line, what = table.first
        found.append(_MADE_OF[what].format(line=line, name=table.name))
    if table.encoding != "utf-8":
        found.append(f"{table.name} was read as {table.encoding.upper()}, because it is not UTF-8")
    return found


def short_name(file: str) -> str:
    """What a job is called after: the file's name without its folder."""
    return "stdin" if file == STDIN else Path(file).name


def count_lines(file: str) -> int | None:
    """How many lines a progress bar has to show; None where that cannot be known, or nobody sees it."""
    path = Path(file)
    if not sys.stderr.isatty() or file == STDIN or not path.is_file():
        return None
    with path.open("rb") as stream:
        return sum(block.count(b"\n") for block in iter(lambda: stream.read(1 << 20), b""))
