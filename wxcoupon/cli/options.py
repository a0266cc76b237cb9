"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

import attrs
from cyclopts import Parameter

from ..client import Client
from ..settings import Settings

Json: TypeAlias = Annotated[bool, Parameter(negative="", help="Write JSON to stdout and nothing else there.")]


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
