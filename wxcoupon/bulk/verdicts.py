"""What became of the rows of one call, in a few bytes.

Rule 1: rows of which nothing is written were done. The others are written by outcome and reason, with their positions
        in the chunk, those not sent included: ``[["failed", "INVALID_CODE …", "3-5,9"]]``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

import attrs

from . import positions
from .ledger import Tally


class Ending(StrEnum):
    """What can become of a row; the names are the members of :class:`~wxcoupon.bulk.ledger.Tally`."""

    DONE = "done"
    ALREADY = "already"
    DUPLICATE = "duplicate"
    FAILED = "failed"
    INVALID = "invalid"
    UNKNOWN = "unknown"


@attrs.frozen
class Verdict:
    """One outcome that some rows have.

    Attributes:
        ending: what became of them.
        reason: in words, where there is one to give.
        rows: their positions in the chunk, rising.
    """

    ending: Ending
    reason: str
    rows: Sequence[int]


@attrs.frozen
class Verdicts:
    """What became of all rows of a chunk.

    Attributes:
        apart: the rows that were not simply done.
        answer: of a call for a single row, what is to be remembered of its answer.
    """

    apart: Sequence[Verdict] = ()
    answer: Mapping[str, Any] = attrs.field(factory=dict[str, Any], repr=False)

    def tally(self, rows: int) -> Tally:
        """The rows by outcome; *rows* is how many there are in all."""
        if not self.apart:
            return Tally(rows)
        counts = dict.fromkeys(Ending, 0)
        for verdict in self.apart:
            if verdict.ending is not Ending.DONE:
                counts[verdict.ending] += len(verdict.rows)
        counts[Ending.DONE] = rows - sum(counts.values())
        return Tally(**counts)

    def written(self) -> str:
        """As text; empty when all were simply done."""
        if not self.apart and not self.answer:
            return ""
        apart = [[verdict.ending, verdict.reason, positions.written(verdict.rows)] for verdict in self.apart]
        said: list[Any] = [apart, self.answer] if self.answer else [apart]
        return json.dumps(said, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> Verdicts:
        """Read what :meth:`written` wrote."""
        if not text:
            return cls()
        apart, *answer = json.loads(text)
        verdicts = [Verdict(Ending(ending), reason, positions.read(rows)) for ending, reason, rows in apart]
        return cls(verdicts, answer[0] if answer else {})

    def each(self, rows: int) -> list[tuple[Ending, str]]:
        """Outcome and reason of each of so many rows."""
        found = [(Ending.DONE, "")] * rows
        for verdict in self.apart:
            for position in verdict.rows:
                found[position] = (verdict.ending, verdict.reason)
        return found


def gathered(said: Iterable[tuple[int, Ending, str]]) -> list[Verdict]:
    """Verdicts of single rows, put together by outcome and reason."""
    found: dict[tuple[Ending, str], list[int]] = {}
    for position, ending, reason in said:
        found.setdefault((ending, reason), []).append(position)
    return [Verdict(ending, reason, sorted(rows)) for (ending, reason), rows in found.items()]
