"""Carrying out a job over a file: every outcome is told, those too that nobody was there to iterate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from ..bulk.job import Ended, Job
from ..client import Client

O_contra = TypeVar("O_contra", bound=Ended, contravariant=True)
O = TypeVar("O", bound=Ended)  # noqa: E741 - an outcome


class Tell(Protocol[O_contra]):
    """Says what became of one thing."""

    def __call__(self, outcome: O_contra, /, *, late: bool = False) -> None:
        """Tell of it; *late*: the job is over, and its end says more than its single outcomes."""


async def carry_out(client: Client[Any], work: Job[O], advance: Callable[[int], None], tell: Tell[O]) -> None:
    """Run *work* to its end, however it ends, and tell of each outcome once.

    Raises:
        WxCouponError: what stopped the job, after everything was told.
    """
    try:
        async with client, work:
            async for outcome in work:
                advance(1)
                tell(outcome)
    finally:
        for outcome in work.rest:
            tell(outcome, late=True)
