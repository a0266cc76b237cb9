"""Blocks of tidy lines, split without an object a row: printable ASCII, one kind of line end, no blank line."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from operator import add
from typing import Final

from .rows_file import LONGEST

PRINTABLE: Final = bytes(range(0x21, 0x7F))
"""What tidy lines of text are made of."""


def split(block: bytes, offset: int, allowed: bytes = PRINTABLE) -> tuple[list[str], Sequence[int]] | None:
    """The lines of a block of whole lines, without their ends.

    Args:
        block: the block.
        offset: byte at which it begins.
        allowed: the bytes that its lines may have.

    Returns:
        The lines, and the byte behind each; None where a line is blank, longer than is sensible, or has other bytes
        in it, or where the last one has no end.
    """
    rest = block.translate(None, allowed)
    count = len(rest)
    if not count:
        return None
    if rest == b"\n" * count:
        end = b"\n"
    elif rest == b"\r\n" * (count // 2) and block.count(b"\r\n") * 2 == count:
        end = b"\r\n"
        count //= 2
    else:
        return None
    size = len(block)
    # The first line tells how long they all are, where they are equally long.
    width = block.index(b"\n") + 1
    even = width * count == size and block[width - 1 :: width] == b"\n" * count
    if width == len(end) or not block.endswith(end) or (not even and end + end in block):
        return None
    texts = block.decode("ascii").split(end.decode())
    texts.pop()
    if (width if even else max(map(len, texts))) > LONGEST:
        return None
    if even:
        return texts, range(offset + width, offset + size + 1, width)
    step = len(end)
    begins = range(offset + step, offset + step * count + 1, step)
    return texts, list(map(add, accumulate(map(len, texts)), begins))
