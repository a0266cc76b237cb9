"""``wxcoupon config show``: the settings in force."""

from __future__ import annotations

from ..settings import TABLE
from .options import USUAL, Connection
from .text import emit


def show(*, connection: Connection = USUAL) -> None:
    """Show the settings in force and where each comes from.

    Args:
        connection: Settings.
    """
    settings = connection.settings()
    shown = {row.name: _shown(getattr(settings, row.name), secret=row.secret) for row in TABLE}
    origins = {name: origin.place for name, origin in settings.origins.items()}
    if connection.json:
        emit({name: {"value": value, "origin": origins.get(name)} for name, value in shown.items()}, indent=2)
        return
    for row in TABLE:
        value = shown[row.name]
        origin = f"  ({origins[row.name]})" if row.name in origins else ""
        print(f"{row.name:<18} {'-' if value is None else value}{origin}  # {row.meaning}")


def _shown(value: object, *, secret: bool) -> object:
    return "(set, not shown)" if secret and value is not None else value
