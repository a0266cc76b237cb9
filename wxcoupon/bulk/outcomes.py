"""What a job says of its rows: call by call while it runs, and row by row afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import attrs

from ..errors import WxCouponError
from .ledger import Chunk
from .pieces import Piece
from .verdicts import Ending, Verdicts

R = TypeVar("R")


@attrs.frozen
class RowEnd:
    """What became of one row.

    Attributes:
        line: its number in the source, from 1.
        text: the row as it stands there: a code, an openid.
        cells: its cells by column, of a source with several.
        ending: what became of it; None while nothing has.
        reason: in words, where there is one to give.
        answer: what is remembered of its answer, of calls for single rows.
    """

    line: int
    text: str = attrs.field(repr=False)
    cells: Mapping[str, str] = attrs.field(repr=False)
    ending: Ending | None
    reason: str = ""
    answer: Mapping[str, Any] = attrs.field(factory=dict[str, Any], repr=False)


@attrs.frozen
class Settled(Generic[R]):
    """A call that ended, and what became of its rows.

    Attributes:
        chunk: the rows' place in the job, as the ledger has it now.
        piece: the rows, those not sent included.
        verdicts: what became of them.
        result: the answer, None when there is none.
        error: what came instead of an answer.
        attempts: how many requests were made for it; 1 where no answer came, because that is not known.
    """

    chunk: Chunk
    piece: Piece = attrs.field(repr=False)
    verdicts: Verdicts
    result: R | None = attrs.field(default=None, repr=False)
    error: WxCouponError | None = None
    attempts: int = 1

    def rows(self) -> list[RowEnd]:
        """Every row with its outcome."""
        return row_ends(self.piece, self.verdicts)


def row_ends(piece: Piece, verdicts: Verdicts, *, pending: bool = False) -> list[RowEnd]:
    """Rows with their outcomes; *pending*: they have none yet."""
    answer, cells = verdicts.answer, piece.cells or [{}] * len(piece)
    return [
        RowEnd(
            line,
            text,
            cell,
            None if pending else ending,
            "" if pending else reason,
            answer if ending is Ending.DONE and not pending else {},
        )
        for line, text, cell, (ending, reason) in zip(
            piece.lines, piece.texts, cells, verdicts.each(len(piece)), strict=True
        )
    ]
