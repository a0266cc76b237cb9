"""The files of a form, as a command line names them: ``{"file": "@tea.png"}``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..endpoint import AnyEndpoint
from ..errors import ConfigurationError
from ..images import LARGEST, sha256


def with_file(endpoint: type[AnyEndpoint], members: dict[str, Any]) -> dict[str, Any]:
    """Put the bytes of the file that ``file`` names in its place; what is left out of ``meta`` is made of it.

    Raises:
        ConfigurationError: ``file`` names no file that can be read.
    """
    if not endpoint.route.form or "file" not in members:
        return members
    named = members["file"]
    if not isinstance(named, str) or not named.startswith("@"):
        raise ConfigurationError('--data: file has to be the path of an image behind an @, like {"file": "@tea.png"}')
    path = Path(named[1:])
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)  # one byte too many is enough to be refused
    except OSError as error:
        raise ConfigurationError(f"--data: {path} cannot be read ({error.strerror})") from None
    except ValueError:  # a NUL, or half of a surrogate pair
        raise ConfigurationError(f"--data: {str(path)!r} is no path") from None
    meta: Any = members.get("meta", {})
    if isinstance(meta, dict):
        meta = {"filename": path.name, "sha256": sha256(content)} | meta
    return members | {"meta": meta, "file": content}
