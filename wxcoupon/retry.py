"""Which failed calls are repeated, when, and why: the whole policy, readable in one place.

=========================================== =========================== ==========================================
what happened                               repeated                    because
=========================================== =========================== ==========================================
no connection was made                      always, on the other host   nothing was done
the signer gave no signature                always                      nothing was sent
no whole answer came                        what may be, on the other   it may have been done; the same number makes
                                            host                        it the same call
5xx; 408                                    what may be                 the same
429, or numeric code 270924289              always, after everybody     nothing was done
                                            waits
refused for the moment: the coupon is       always                      nothing was done
locked by another call
an answer with a probe signature            what may be, once           a repetition is never probed
an answer that is not proven                never                       another would be as wrong
any other answer: 400, 401, 403, 404, 409,  never                       repeating cannot mend it
a redirect
=========================================== =========================== ==========================================

What may be repeated is a GET, a call with a request number, and one that sets what is set. Any answer of 200 to 299 is
a good one, 202 too. A repetition has the same request number and the same bytes, and a fresh timestamp, nonce and
signature.

Pauses are full jitter: from nothing up to half a second, a second, two. After a refusal they are that long at least,
and up to twice as long. A Retry-After wins over both, for a minute at most.
"""

from __future__ import annotations

import math
import random
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

import attrs

from .errors import ApiError, ConfigurationError, LocalError, ProbeSignature, ServerError, SigningError, WxCouponError

Pause: TypeAlias = Callable[[], Awaitable[object]]
"""What is awaited before a repetition; it ends when the pause is over."""

_MOST_ASKED: Final = 60.0
"""Seconds a Retry-After is followed; it may come from anybody on the way."""


def _number(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    least = 1 if attribute.name == "attempts" else 0
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value < math.inf:
        raise ConfigurationError(
            f"{attribute.name} of a {type(instance).__name__} is a number from {least}, not {value!r}"
        )


def _deadline(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    if value is not None and (
        isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf
    ):
        raise ConfigurationError(
            f"{attribute.name} of a {type(instance).__name__} is a number of seconds above 0, or None for no end, "
            f"not {value!r}"
        )


@attrs.frozen
class RetryPolicy:
    """How often and after how long a call is repeated.

    Attributes:
        attempts: how many times it is sent at the most, the first time included.
        base: seconds that the first pause is drawn from; each further one from twice as many.
        longest: seconds no pause exceeds, except one after a Retry-After and one after a refusal, which is up to
            twice as long.
        deadline: seconds the whole call may take: all attempts, the pauses between them, and waiting for its turn
            below the documented rate. None for no end but that of the attempts. What would end later is not begun:
            the call then ends with the error of its last attempt.
        draw: picks a number between its two arguments; full jitter by default.
    """

    attempts: int = attrs.field(default=4, validator=_number)
    base: float = attrs.field(default=0.5, validator=_number)
    longest: float = attrs.field(default=8.0, validator=_number)
    deadline: float | None = attrs.field(default=None, validator=_deadline)
    draw: Callable[[float, float], float] = attrs.field(default=random.uniform, repr=False)

    def pause(self, error: WxCouponError, attempt: int, *, repeatable: bool) -> float | None:
        """Seconds to wait before sending again; None when *error* is final.

        Args:
            error: what became of the attempt.
            attempt: its number, from 1.
            repeatable: whether the call may be sent again when its outcome is unknown.
        """
        if attempt >= self.attempts or not _may_repeat(error, attempt, repeatable=repeatable):
            return None
        if isinstance(error, ApiError) and error.retry_after is not None:
            return min(error.retry_after, _MOST_ASKED)
        ceiling: float = min(self.longest, self.base * 2.0 ** min(attempt - 1, 64))
        jitter: float = self.draw(0, ceiling)
        if isinstance(error, ApiError) and not isinstance(error, ServerError):
            return ceiling + jitter  # nothing is taken before a limit's window has passed, or a lock is released
        return jitter


def _may_repeat(error: WxCouponError, attempt: int, *, repeatable: bool) -> bool:
    if not error.retryable or (isinstance(error, LocalError) and not isinstance(error, SigningError)):
        return False
    if isinstance(error, ProbeSignature) and attempt > 1:
        return False
    return repeatable or not error.outcome_unknown


NEVER = RetryPolicy(attempts=1)
"""Send once, whatever comes."""
