"""The file that keeps a merchant's platform certificates for the next process: the answer as it came, sealed.

Whoever reads it proves it anew, by its signature and with the APIv3 key; so nobody who can write it can put another
certificate into it.
"""

from __future__ import annotations

import json
import logging
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import attrs

_HEADERS: Final = (
    "Wechatpay-Timestamp",
    "Wechatpay-Nonce",
    "Wechatpay-Serial",
    "Wechatpay-Signature",
    "Wechatpay-Signature-Type",
)
_STAMP: Final = re.compile(r"[0-9]{1,12}")
_LARGEST: Final = 1024 * 1024
"""Bytes: many times what a list of certificates has."""

_log = logging.getLogger("wxcoupon")


@attrs.frozen
class Cached:
    """An answer as it came.

    Attributes:
        headers: those its signature needs.
        body: its bytes.
        asked: when it was signed, seconds since 1970.
    """

    headers: Mapping[str, str] = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)
    asked: float


def read(path: Path) -> Cached | None:
    """Read the file; None when it is no file, or is not what was written, which is logged and nothing more."""
    try:
        if not path.is_file():
            return None  # from a pipe that somebody put there, reading would never end
        with path.open("rb") as file:
            saved = json.loads(file.read(_LARGEST))
        headers, body = saved["headers"], saved["body"].encode()
        stamp = headers["Wechatpay-Timestamp"]
        fits = all(isinstance(headers[name], str) for name in headers) and _STAMP.fullmatch(stamp)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        _log.info("the cache of platform certificates %s cannot be read (%s)", path, type(error).__name__)
        return None
    return Cached(headers, body, float(stamp)) if fits else None


def write(path: Path, headers: Mapping[str, str], body: bytes) -> str | None:
    """Replace the file as a whole, readable for its owner alone; None, or in words why it cannot be written."""
    beside: str | None = None
    try:
        saved = {"headers": {name: headers[name] for name in _HEADERS if name in headers}, "body": body.decode()}
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # of mode 0600
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(saved, file)
        Path(beside).replace(path)
    except (OSError, ValueError) as error:  # the answer may be JSON of another encoding
        if beside is not None:
            Path(beside).unlink(missing_ok=True)
        return getattr(error, "strerror", None) or type(error).__name__
    return None
