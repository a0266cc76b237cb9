"""Blocks of tidy lines, split without an object a row: printable ASCII, one kind of line end, no blank line."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from operator import add
from typing import Final, NamedTuple

from .rows_file import LONGEST

PRINTABLE: Final = bytes(range(0x21, 0x7F))
"""What tidy lines of text are made of."""

CODES: Final = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-"
"""What codes are made of; :attr:`~wxcoupon.bulk.pieces.Piece.plain` speaks of them."""

_FEW: Final = 64
_ENDS: Final = (b"\n" * 4096, b"\r" * 4096, b"\r\n" * 2048)
"""What a long run of blank lines has in it."""


class Lines(NamedTuple):
    """The lines of a block.

    Attributes:
        texts: the lines without their ends.
        ends: the byte behind each.
        plain: characters of the longest, where all of them are of 0-9 A-Z a-z _ and -; 0 otherwise.
    """

    texts: list[str]
    ends: Sequence[int]
    plain: int


def blank(block: bytes) -> tuple[int, int]:
    """The bytes of the blank lines that a block of whole lines begins with, and how many there are.

    A few are nothing: they are as quickly read as others.
    """
    rest = len(block.lstrip(b" \t\r\n"))
    if len(block) - rest < _FEW:
        return 0, 0
    size = len(block) - rest
    if rest:
        size = max(block.rfind(b"\n", 0, size), block.rfind(b"\r", 0, size)) + 1
    skipped = block[:size]
    count = skipped.count(b"\n") + skipped.count(b"\r") - skipped.count(b"\r\n")
    return size, count + (size > 0 and not skipped.endswith((b"\n", b"\r")))


def before_blank(block: bytes) -> int:
    """The bytes of a block up to the first long run of blank lines."""
    found = [at + (2 if run[:2] == b"\r\n" else 1) for run in _ENDS if (at := block.find(run)) >= 0]
    return min(found, default=len(block))


def split(block: bytes, offset: int, allowed: bytes = PRINTABLE) -> Lines | None:
    """The lines of a block of whole lines.

    Args:
        block: the block.
        offset: byte at which it begins.
        allowed: the bytes that its lines may have, those of codes among them.

    Returns:
        The lines; None where one is blank, longer than is sensible, or has other bytes in it, or where the last one
        has no end.
    """
    rest = block.translate(None, CODES)
    is_plain = not rest.translate(None, b"\r\n")
    if not is_plain:
        rest = rest.translate(None, allowed)
    count = len(rest)
    if not count:
        return None
    if rest == b"\n" * count:
        end = b"\n"
    elif rest == b"\r\n" * (count // 2) and block.count(b"\r\n") * 2 == count:
        end = b"\r\n"
        count //= 2
    elif rest == b"\r" * count:
        end = b"\r"
    else:
        return None
    size = len(block)
    # The first line tells how long they all are, where they are equally long.
    mark = end[-1:]
    width = block.index(mark) + 1
    even = width * count == size and block[width - 1 :: width] == mark * count
    if width == len(end) or not block.endswith(end) or (not even and end + end in block):
        return None
    texts = block.decode("ascii").split(end.decode())
    texts.pop()
    longest = width - len(end) if even else max(map(len, texts))
    if longest > LONGEST:
        return None
    plain = longest if is_plain else 0
    if even:
        return Lines(texts, range(offset + width, offset + size + 1, width), plain)
    step = len(end)
    begins = range(offset + step, offset + step * count + 1, step)
    return Lines(texts, list(map(add, accumulate(map(len, texts)), begins)), plain)
