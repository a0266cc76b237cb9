"""How a benchmark says what it found: one JSON object, or a table."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
from collections.abc import Callable, Iterable, Mapping
from typing import Any


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def about(*packages: str) -> dict[str, Any]:
    """What the numbers depend on: versions (None where a package is not installed) and the machine."""
    return {
        "wxcoupon": _version("wxcoupon"),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "packages": {name: _version(name) for name in packages},
    }


def show(report: Mapping[str, Any], table: Callable[[Mapping[str, Any]], Iterable[str]], *, as_json: bool) -> None:
    """Print the report on stdout."""
    print(json.dumps(report, indent=None) if as_json else "\n".join(table(report)), flush=True)
