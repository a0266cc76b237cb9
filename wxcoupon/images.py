"""An image to upload: what its form says of it, and whether it is one that WeChat Pay takes.

https://pay.weixin.qq.com/doc/v3/partner/4015781275
"""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

from .model import Model, Text, model

__all__ = ["ImageMeta"]

LARGEST: Final = 2 * 1024 * 1024
"""Bytes an image may have."""
_BEGINS: Final = {".jpg": b"\xff\xd8\xff", ".bmp": b"BM", ".png": b"\x89PNG\r\n\x1a\n"}
_SUFFIX: Final = re.compile(r"(?i).+(\.(?:jpg|bmp|png))", re.DOTALL)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


@model
class ImageMeta(Model):
    """What is said, and signed, of an image."""

    filename: Annotated[str, Text(1, pattern=r"(?i).+\.(jpg|bmp|png)", like="tea.png")]
    """Its name, which ends in jpg, bmp or png."""
    sha256: Annotated[str, Text(64, 64, pattern="[0-9a-fA-F]{64}", like="e3b0c442…")]
    """SHA-256 of its bytes, in hexadecimal."""


def described(filename: str, content: bytes) -> ImageMeta:
    """What is to be said of an image with this name and these bytes."""
    return ImageMeta(filename=Path(filename).name, sha256=hashlib.sha256(content).hexdigest())


def faults(meta: ImageMeta, file: bytes) -> Iterator[tuple[str, str]]:
    """What is wrong with an image, with where and why: its size, its kind, its name, its hash."""
    if _CONTROL.search(meta.filename):
        yield "meta.filename", "has control characters"
    if not file:
        yield "file", "is empty"
        return
    if len(file) > LARGEST:
        yield "file", f"has to be at most 2 MB ({LARGEST} bytes); it has {len(file)}"
    kind = next((kind for kind, begin in _BEGINS.items() if file.startswith(begin)), None)
    suffix = _SUFFIX.fullmatch(meta.filename)
    if kind is None:
        yield "file", "has to be a JPG, BMP or PNG; its first bytes are those of none"
    elif suffix and suffix[1].lower() != kind:
        yield "meta.filename", f"has to end in {kind}, which is what the bytes are"
    if hashlib.sha256(file).hexdigest() != meta.sha256.lower():
        yield "meta.sha256", "is not the SHA-256 of the file"
