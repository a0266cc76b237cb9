"""What the outcomes of rows are called on a command line, by kind of job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from ..bulk.ledger import Tally
from ..bulk.upload import UploadTask
from ..bulk.verdicts import Ending

TROUBLES: Final = (Ending.FAILED, Ending.INVALID, Ending.UNKNOWN)
"""Outcomes that somebody has to look at."""
PENDING: Final = "pending"
"""What a row without an outcome is called."""


@attrs.frozen
class Words:
    """The words of a kind of job.

    Attributes:
        row: what a row of its source is called.
        outcomes: what its outcomes are called, in the order in which they are shown.
    """

    row: str
    outcomes: Mapping[Ending, str]

    def counts(self, tally: Tally) -> dict[str, int]:
        """How many rows there are of each outcome."""
        numbers = attrs.asdict(tally)
        return {word: numbers[ending] for ending, word in self.outcomes.items()}

    def outcome(self, ending: Ending | None) -> str:
        """What an outcome is called."""
        return PENDING if ending is None else self.outcomes.get(ending, ending)


UPLOAD: Final = Words(
    "line",
    {
        Ending.DONE: "uploaded",
        Ending.ALREADY: "already_exist",
        Ending.DUPLICATE: "duplicate",
        Ending.FAILED: "failed",
        Ending.INVALID: "invalid",
        Ending.UNKNOWN: "unknown",
    },
)
ROWS: Final = Words("row", {ending: ending.value for ending in Ending if ending is not Ending.ALREADY})
"""Jobs of one call a row: of a repeated call nobody can say that another one did it before."""


def words_of(kind: str) -> Words:
    """The words of a job of that kind."""
    return UPLOAD if kind == UploadTask.kind else ROWS


def has_trouble(tally: Tally) -> bool:
    """Whether a row has an outcome that somebody has to look at."""
    return bool(tally.failed or tally.invalid or tally.unknown)
