"""What every job over a file is to whoever runs it: a block to enter, outcomes to iterate, and counts that add up.

Rule 1: whatever was read has exactly one outcome, however the job ends.
Rule 2: what was not iterated by the time the block is left is in :attr:`Job.rest`, and in the counts too.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

from ..errors import ClientStateError, WxCouponError
from .settle import Outcomes


class Ended(Protocol):
    """What became of something, of one kind among a few."""

    @property
    def outcome(self) -> StrEnum:
        """Its kind."""
        ...


O = TypeVar("O", bound=Ended)  # noqa: E741 - an outcome


class Job(ABC, Generic[O]):
    """A job under way: iterate it once for its outcomes, in no particular order.

    The iteration ends with the error that stopped the job, if one did.

    Attributes:
        counts: outcomes so far by kind; complete once the block is left, however that happens.
        whole: whether everything was read.
        stopped: the error that stopped the job, None while there is none.
        rest: once the block is left, the outcomes that were not iterated; they are in *counts* too.
    """

    def __init__(self, kinds: type[StrEnum], settling: AbstractAsyncContextManager[Outcomes[O]]) -> None:
        self.counts: dict[StrEnum, int] = dict.fromkeys(kinds, 0)
        self.whole = False
        self.stopped: WxCouponError | None = None
        self.rest: list[O] = []
        self._outcomes: Outcomes[O] | None = None
        self._settling = settling

    @abstractmethod
    def _left_over(self) -> list[O]:
        """Outcomes of what was read and is not settled, now that nothing more is done."""

    async def __aenter__(self) -> Self:
        if self._outcomes is not None:
            raise ClientStateError("a job is entered once; make a new one to run it again")
        self._outcomes = await self._settling.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._settling.__aexit__(kind, error, trace)
        finally:
            if self._outcomes is not None:
                self.rest = [*self._outcomes.rest(), *self._left_over()]
                for outcome in self.rest:
                    self.counts[outcome.outcome] += 1

    async def __aiter__(self) -> AsyncIterator[O]:
        if self._outcomes is None:
            raise ClientStateError("the job is not open; write 'async with … as job', and iterate it there")
        async for outcome in self._outcomes:
            self.counts[outcome.outcome] += 1
            yield outcome
        if self.stopped is not None:
            raise self.stopped
