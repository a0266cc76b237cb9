"""``wxcoupon notify decrypt``: a stored callback, opened."""

from __future__ import annotations

import io
import json as jsonlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from ..errors import ConfigurationError
from ..notify.headers import proving
from .aside import abandonable
from .notify_opening import opener, shown, unproven
from .options import USUAL, Connection
from .text import STDIN, emit, say

Stored = Annotated[Path, Parameter(allow_leading_hyphen=True)]


async def decrypt(file: Stored, /, *, headers: Path | None = None, connection: Connection = USUAL) -> None:
    """Open a stored callback.

    Args:
        file: The body exactly as it came; - is the standard input.
        headers: File with its headers, to prove whose it is: "Name: value" lines, or a JSON object.
        connection: Settings.
    """
    settings = connection.settings()
    body = await abandonable(lambda: _read(file))
    if headers is None:
        notification = unproven(settings, body)
        say("opened, and not proven: whoever has the APIv3 key may have made it; --headers proves it")
    else:
        found = proving(await abandonable(lambda: _headers(headers)))
        async with opener(settings) as opening:
            notification = await opening.proven(found, body, lambda: _signed_at(found))
        say("proven: WeChat Pay signed it")
    emit(shown(notification), indent=None if connection.json else 2)


def _read(file: Path) -> bytes:
    if str(file) == STDIN:
        if sys.stdin is None:
            raise ConfigurationError("the standard input is closed; pipe the body in, or name its file")
        return io.FileIO(0, closefd=False).readall()
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read ({error.strerror})") from None


def _headers(file: Path) -> Mapping[str, str] | list[tuple[str, str]]:
    try:
        text = file.read_text("utf-8-sig").strip()
        if text.startswith("{"):
            found: Mapping[str, str] = jsonlib.loads(text)
            return found
    except OSError as error:
        raise ConfigurationError(f"--headers {file} cannot be read ({error.strerror})") from None
    except ValueError:
        raise ConfigurationError(f"--headers {file} is neither JSON nor lines of text in UTF-8") from None
    lines = (line.partition(":") for line in text.splitlines() if ":" in line)
    return [(name.strip(), value.strip()) for name, _, value in lines]


def _signed_at(headers: Mapping[str, str]) -> float:
    """When it was signed: what is stored is old, so the window is no matter here."""
    try:
        return float(int(headers.get("Wechatpay-Timestamp", "0")))
    except ValueError:
        return 0.0  # which is refused for what it is
