"""``wxcoupon config show``: the settings in force."""

from __future__ import annotations

from inspect import signature
from typing import Any

from ..client import Client
from ..delivery import BACKUP_HOST, MAIN_HOST
from ..settings import TABLE, Settings
from .options import USUAL, Connection
from .text import emit


def show(*, connection: Connection = USUAL) -> None:
    """Show the settings in force and where each comes from.

    Args:
        connection: Settings.
    """
    settings = connection.settings()
    values = {row.name: getattr(settings, row.name) for row in TABLE}
    origins = {name: origin.place for name, origin in settings.origins.items()}
    for name, value in _defaults(settings).items():
        values[name], origins[name] = value, "default"
    shown = {row.name: _shown(values[row.name], secret=row.secret) for row in TABLE}
    if connection.json:
        emit({name: {"value": value, "origin": origins.get(name)} for name, value in shown.items()}, indent=2)
        return
    lines = [
        (row.name, "-" if shown[row.name] is None else str(shown[row.name]), origins.get(row.name, "-"), row.meaning)
        for row in TABLE
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(3)]
    for line in lines:
        print("  ".join([*(f"{cell:<{width}}" for cell, width in zip(line[:3], widths, strict=True)), line[3]]))


def _defaults(settings: Settings) -> dict[str, Any]:
    """What a client does where these settings say nothing."""
    declared = signature(Client).parameters
    known = {name: declared[name].default for name in ("base_url", "timeout") if getattr(settings, name) is None}
    if settings.backup_url is None and (settings.base_url or MAIN_HOST) == MAIN_HOST:
        known["backup_url"] = BACKUP_HOST
    if settings.by_certificates:
        known["platform_key_id"] = "none: platform certificates, fetched with apiv3_key"
    return known


def _shown(value: object, *, secret: bool) -> object:
    return "(set, not shown)" if secret and value is not None else value
