"""JSON as it goes over the wire: UTF-8 without white space, the bytes that are signed and sent.

Written with the standard library. One thing is done quicker than it would be there: a long list of plain texts,
as 200 coupon codes are, is joined instead of escaped text by text, which costs a tenth.
"""

from __future__ import annotations

import json
from typing import Any, Final

from .errors import Fault, InvalidRequest

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
_encode: Final = _ENCODER.encode
_read: Final = json.JSONDecoder().raw_decode
"""Reads the value that a text begins with; what :func:`json.loads` does beside that takes as long as a small object."""
_LONG: Final = 16
"""From so many texts on, looking at all of them at once is worth it."""
_PLAIN: Final = bytes(code for code in range(0x20, 0x7F) if chr(code) not in '"\\,')
"""Characters that stand for themselves in JSON; the comma is not among them, so that separators can be counted."""


def dump(data: Any) -> bytes:
    """Write *data* as JSON.

    Raises:
        InvalidRequest: something in it has no JSON form: NaN, a lone surrogate, an object of another kind.
    """
    try:
        return (_by_member(data) or _encode(data)).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidRequest([Fault("$", f"cannot be written as JSON: {error}")]) from error


def _is_long(value: Any) -> bool:
    return type(value) is list and len(value) >= _LONG


def _by_member(data: Any) -> str | None:
    """An object with a long list in it; None when there is no such list to gain from."""
    if type(data) is not dict or not any(map(_is_long, data.values())) or any(type(name) is not str for name in data):
        return None
    written = [
        f"{_encode(name)}:{(_is_long(value) and _plain_texts(value)) or _encode(value)}" for name, value in data.items()
    ]
    return f"{{{','.join(written)}}}"


def _plain_texts(values: list[Any]) -> str | None:
    """A list of plain texts; None when there is anything in it that needs a closer look."""
    try:
        joined = '","'.join(values)
    except TypeError:
        return None
    if joined.encode().translate(None, _PLAIN) != b'","' * (len(values) - 1):
        return None
    return f'["{joined}"]'


def load(body: bytes) -> Any:
    """Read JSON, which is UTF-8 on this wire.

    Raises:
        ValueError: it is not JSON, or not UTF-8.
    """
    text = body.decode()
    try:
        data, end = _read(text)
        if end == len(text):
            return data
    except ValueError:
        pass  # white space in front, or it is not JSON, of which the usual way says where
    except RecursionError:
        raise ValueError("nested too deeply") from None
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
