"""An image to upload: whether it is one that WeChat Pay takes, and what is said of it.

https://pay.weixin.qq.com/doc/v3/partner/4015781275
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Final

LARGEST: Final = 2 * 1024 * 1024
"""Bytes an image may have."""
NAME: Final = r"(?i)[^\x00-\x1f\x7f]+\.(jpg|bmp|png)"
"""What the name of an image looks like."""
HASH: Final = r"[0-9a-fA-F]{64}"
"""What a SHA-256 in hexadecimal looks like."""
_BEGINS: Final = {".jpg": b"\xff\xd8\xff", ".bmp": b"BM", ".png": b"\x89PNG\r\n\x1a\n"}


def sha256(content: bytes) -> str:
    """The hash that is said, and signed, of an image."""
    return hashlib.sha256(content).hexdigest()


def faults(filename: str, said: str, content: bytes) -> Iterator[tuple[str, str]]:
    """What is wrong with an image and its ``meta``, with where and why: its size, its kind, its name, its hash.

    Args:
        filename: its name.
        said: the SHA-256 that is said of it, in hexadecimal.
        content: its bytes.
    """
    if not content:
        yield "file", "is empty"
        return
    if len(content) > LARGEST:
        yield "file", f"has to be at most 2 MB ({LARGEST} bytes); it has {len(content)}"
    kind = next((kind for kind, begin in _BEGINS.items() if content.startswith(begin)), None)
    if kind is None:
        yield "file", "has to be a JPG, BMP or PNG; its first bytes are those of none"
    elif re.fullmatch(NAME, filename) and not filename.lower().endswith(kind):
        yield "meta.filename", f"has to end in {kind}, which is what the bytes are"
    if sha256(content) != said.lower():
        yield "meta.sha256", "is not the SHA-256 of the file"
