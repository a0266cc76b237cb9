"""Which failed calls are repeated, when, and why: the whole policy, readable in one place.

========================================== ============================== =====================================
what happened                              repeated                       because
========================================== ============================== =====================================
no connection was made                     always, on the other host      nothing was done
429, or numeric code 270924289             always, after everybody waits  nothing was done
5xx, or no whole answer came               a GET, or a call with a        it may have been done; the same number
                                           request number                 makes it the same call
an answer with a probe signature           the same, once                 a repetition is never probed
an answer that is not proven, or refused   never                          repeating cannot mend it
========================================== ============================== =====================================

A repetition has the same request number and the same bytes, and a fresh timestamp, nonce and signature.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any, Final

import attrs

from .errors import (
    ConfigurationError,
    NoAnswerError,
    ProbeSignature,
    RateLimited,
    ServerError,
    UnreachableError,
    WxCouponError,
)

_MOST_ASKED: Final = 60.0
"""Seconds a Retry-After is followed; it may come from anybody on the way."""


def _number(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    least = 1 if attribute.name == "attempts" else 0
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value < math.inf:
        raise ConfigurationError(
            f"{attribute.name} of a {type(instance).__name__} is a number from {least}, not {value!r}"
        )


@attrs.frozen
class RetryPolicy:
    """How often and after how long a call is repeated.

    Attributes:
        attempts: how many times it is sent at the most, the first time included.
        base: seconds that the first pause is drawn from; each further one from twice as many.
        longest: seconds no pause exceeds.
        draw: picks a number between its two arguments; full jitter by default.
    """

    attempts: int = attrs.field(default=4, validator=_number)
    base: float = attrs.field(default=0.5, validator=_number)
    longest: float = attrs.field(default=8.0, validator=_number)
    draw: Callable[[float, float], float] = attrs.field(default=random.uniform, repr=False)

    def pause(self, error: WxCouponError, attempt: int, *, repeatable: bool) -> float | None:
        """Seconds to wait before sending again; None when *error* is final.

        Args:
            error: what became of the attempt.
            attempt: its number, from 1.
            repeatable: whether the call is a GET or carries a request number.
        """
        if attempt >= self.attempts or not _may_repeat(error, attempt, repeatable=repeatable):
            return None
        if isinstance(error, RateLimited) and error.retry_after is not None:
            return min(error.retry_after, _MOST_ASKED)
        ceiling: float = min(self.longest, self.base * 2 ** (attempt - 1))
        jitter: float = self.draw(0, ceiling)
        if isinstance(error, RateLimited):
            return ceiling + jitter  # nothing is taken before the limit's window has passed, so only the rest is jitter
        return jitter


def _may_repeat(error: WxCouponError, attempt: int, *, repeatable: bool) -> bool:
    if isinstance(error, (UnreachableError, RateLimited)):
        return True
    if isinstance(error, (ServerError, NoAnswerError)):
        return repeatable
    if isinstance(error, ProbeSignature):
        return repeatable and attempt == 1
    return False


NEVER = RetryPolicy(attempts=1)
"""Send once, whatever comes."""
