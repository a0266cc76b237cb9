"""A file of codes as people have them, and what has to become of each of its lines."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs

from wxcoupon.bulk.verdicts import Ending

_ILLEGAL: Final = ("has space", "优惠码", "x" * 41, "semi;colon", "é", "a.b", "٣", "=1+1", "tab\tinside")
_LEGAL: Final = re.compile("[0-9A-Za-z_-]{1,40}")


@attrs.frozen
class Lines:
    """A file, and what is known of it.

    Attributes:
        path: where it is.
        rows: line number, text and outcome of every line that is not blank.
        codes: every legal code once, in the order in which they come first.
    """

    path: Path
    rows: list[tuple[int, str, Ending]] = attrs.field(repr=False)
    codes: list[str] = attrs.field(repr=False)

    def count(self, ending: Ending) -> int:
        """How many lines have that outcome."""
        return sum(outcome is ending for _, _, outcome in self.rows)


def _written(count: int, chance: random.Random) -> Iterator[str]:
    """So many new codes, and among them lines that repeat one, are blank, or hold no code."""
    new = 0
    while new < count:
        kind = chance.random()
        if kind < 0.9 or not new:
            yield f"K{new:07d}{chance.randrange(10**6):06d}"
            new += 1
        elif kind < 0.92:
            yield chance.choice(("", "", " ", "\t "))
        elif kind < 0.95:
            yield chance.choice(_ILLEGAL)
        else:
            yield "again"


def write(path: Path, count: int, seed: int) -> Lines:
    """Write a file with so many distinct legal codes, in no tidy way; the same seed writes the same file."""
    chance = random.Random(seed)  # noqa: S311 - the same file every time
    seen: dict[str, None] = {}
    codes: list[str] = []
    rows: list[tuple[int, str, Ending]] = []
    with path.open("w", encoding="utf-8", newline="") as file:
        number = 0
        for number, drawn in enumerate(_written(count, chance), 1):
            text = chance.choice(codes) if drawn == "again" else drawn
            is_padded = chance.random() < 0.05
            file.write(f" {text}\t" if is_padded else text)
            file.write("\r\n" if chance.random() < 0.3 else "\n")
            text = text.strip()
            if not text:
                continue
            if not _LEGAL.fullmatch(text):
                rows.append((number, text, Ending.INVALID))
            elif text in seen:
                rows.append((number, text, Ending.DUPLICATE))
            else:
                seen[text] = None
                codes.append(text)
                rows.append((number, text, Ending.DONE))
        file.write(codes[0])  # a last line that does not end
        rows.append((number + 1, codes[0], Ending.DUPLICATE))
    return Lines(path, rows, codes)
