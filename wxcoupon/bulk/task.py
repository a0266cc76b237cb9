"""What a kind of job is to the engine that runs it: which rows make a call, and what its answer says of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

import attrs

from ..endpoint import Endpoint
from ..errors import ConfigurationError, WxCouponError
from .pieces import Piece, Source
from .verdicts import Verdicts

R = TypeVar("R")


@attrs.frozen
class Examined:
    """What looking at rows says of them.

    Attributes:
        faults: why a row cannot be sent, by its position.
        keys: what a row is the same by as another one, one for each row; those with a fault do not matter.
    """

    faults: Mapping[int, str]
    keys: Sequence[str] = attrs.field(repr=False)


class Task(ABC, Generic[R]):
    """One kind of job, aimed at something.

    Attributes:
        kind: its name in a ledger.
        size: rows one call takes.
        most: rows a chunk has at most, those included that are not sent.
        proven: whether rows without faults make calls that break no documented rule, unless what is the same in all of
            them does. Then only the first call of a run is checked before it is sent.
        job: the name of the job.
        target: what it is aimed at, which may not change while the job lasts.
    """

    kind: ClassVar[str]
    size: ClassVar[int] = 1
    most: ClassVar[int] = 1
    proven: ClassVar[bool] = False

    def __init__(self, job: str, target: Mapping[str, str | None]) -> None:
        if not job:
            raise ConfigurationError("a job has a name, by which it is found when it is run again; give it one")
        self.job = job
        self.target = dict(target)

    def require(self, source: Source) -> None:
        """Look whether a source has what the rows need.

        Raises:
            ConfigurationError: it has not.
        """

    @abstractmethod
    def examine(self, piece: Piece) -> Examined:
        """Look at rows of the source."""

    @abstractmethod
    def digest(self, sent: Piece) -> bytes:
        """16 bytes that name exactly what is sent for these rows."""

    @abstractmethod
    def request(self, sent: Piece, digest: bytes) -> Endpoint[R, Any]:
        """The call for rows that have no faults, the same whenever it is made; *digest* is theirs."""

    @abstractmethod
    def judge(self, sent: Piece, places: Sequence[int], result: R, *, repeated: bool) -> Verdicts:
        """What an answer says of the rows that were sent.

        Args:
            sent: the rows.
            places: the position of each in its chunk, in which the verdicts speak.
            result: the answer.
            repeated: whether the call may have been made before, so that what it finds done may be its own doing.
        """

    @abstractmethod
    def holds_for_all(self, error: WxCouponError, sent: Piece, *, first: bool) -> bool:
        """Whether the other calls of the job would end the same way; *first*: none has ended well or otherwise yet."""
