"""The options that several commands share, and what a word has to be to be one of them."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

import attrs
from cyclopts import Parameter, Token

from ..client import Client
from ..settings import Settings

Json: TypeAlias = Annotated[bool, Parameter(negative="", help="Write JSON to stdout and nothing else there.")]

Flag: TypeAlias = Annotated[bool, Parameter(negative="")]
"""An option without a value."""


def _whole(_: type, tokens: Sequence[Token]) -> int:
    if not re.fullmatch("[+-]?[0-9]{1,18}", tokens[0].value):
        raise ValueError("It is a whole number.")
    return int(tokens[0].value)


def _at_least_one(_: type, value: int) -> None:
    if value < 1:
        raise ValueError("It is at least 1.")


def _file(_: type, value: Path | None) -> None:
    if value is not None and str(value) == "-":
        raise ValueError("Give a file; - is not one here.")
    with suppress(OSError):  # no such file yet, or no standard input
        if value is not None and value.is_file() and os.path.samestat(value.stat(), os.fstat(0)):
            raise ValueError("It is what the standard input reads from; give another file.")


def _not_blank(_: type, value: str | None) -> None:
    if value is not None and not value.strip():
        raise ValueError("It is empty.")


Whole: TypeAlias = Annotated[int, Parameter(converter=_whole)]
"""A whole number; 2.7 is none."""
Count: TypeAlias = Annotated[int, Parameter(converter=_whole, validator=_at_least_one)]
"""A whole number of things, at least 1."""
OutFile: TypeAlias = Annotated[Path, Parameter(allow_leading_hyphen=True, validator=_file)]
"""A file to write; stdout is for the summary, and stdin is nothing to write to."""
Name: TypeAlias = Annotated[str, Parameter(validator=_not_blank)]
"""An id or a name: not empty, as a variable that is not set would make it."""


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class Connection:
    """Who to talk to, and as whom.

    Attributes:
        config: TOML file with the settings; by default WXCOUPON_CONFIG or ./wxcoupon.toml.
        base_url: Address of the host, instead of the settings'.
        json: Write JSON to stdout and nothing else there.
    """

    config: Path | None = None
    base_url: str | None = None
    json: Json = False

    def settings(self) -> Settings:
        """The settings in force."""
        return Settings.load(config=self.config, base_url=self.base_url)

    def client(self, **options: Any) -> Client[Any]:
        """A client of them."""
        return self.settings().client(**options)


USUAL: Final = Connection()
"""Everything by its default."""
