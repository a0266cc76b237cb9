"""Files of rows on a command line: what FILE may be, and what a job over it is called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

from cyclopts import Parameter

from .text import STDIN


def _no_option(_: type, value: str) -> None:
    if not value:
        raise ValueError("Give the path of a file, or - for the standard input.")
    if value.startswith("-") and value != STDIN:
        raise ValueError("There is no such option; a file of that name is given as ./NAME.")


RowsFile: TypeAlias = Annotated[str, Parameter(allow_leading_hyphen=True, validator=_no_option)]
"""FILE: a path, or ``-`` for the standard input."""


def short_name(file: str) -> str:
    """What a job is called after: the file's name without its folder."""
    return "stdin" if file == STDIN else Path(file).name


def read_from(file: str) -> dict[Path, str]:
    """What is read, which nothing may be written over: for messages, by path."""
    return {} if file == STDIN else {Path(file): "the file that is read"}
