"""The table of what is repeated."""

from typing import Any

import pytest

from wxcoupon import RetryPolicy
from wxcoupon.errors import (
    ApiError,
    BadSignature,
    ConfigurationError,
    InvalidRequest,
    NoAnswerError,
    ProbeSignature,
    RateLimited,
    ServerError,
    UnreachableError,
    UnreadableAnswer,
    WxCouponError,
)


def _longest(low: float, high: float) -> float:
    del low
    return high


POLICY = RetryPolicy(draw=_longest)


@pytest.mark.parametrize(
    ("error", "repeatable", "repeated"),
    [
        (UnreachableError(), False, True),
        (UnreachableError(), True, True),
        (RateLimited(status=429), False, True),
        (ServerError(status=500), True, True),
        (ServerError(status=500), False, False),
        (NoAnswerError(), True, True),
        (NoAnswerError(), False, False),
        (ProbeSignature(), True, True),
        (ProbeSignature(), False, False),
        (BadSignature(), True, False),
        (UnreadableAnswer(), True, False),
        (ApiError(status=400), True, False),
        (ApiError(status=401), True, False),
        (InvalidRequest([]), True, False),
    ],
)
def test_what_is_repeated(error: WxCouponError, repeatable: bool, repeated: bool) -> None:  # noqa: FBT001
    """Only what was not done, or may safely be done again, is repeated."""
    assert repeated == (POLICY.pause(error, 1, repeatable=repeatable) is not None)


def test_pauses_double() -> None:
    """The pauses are drawn from 0.5, 1 and 2 seconds, and the fourth attempt is the last."""
    error = ServerError(status=500)

    assert [0.5, 1.0, 2.0, None] == [POLICY.pause(error, attempt, repeatable=True) for attempt in (1, 2, 3, 4)]


def test_pauses_are_bounded() -> None:
    """No pause exceeds the longest."""
    policy = RetryPolicy(attempts=20, longest=3, draw=_longest)

    assert policy.pause(NoAnswerError(), 10, repeatable=True) == 3


def test_pauses_are_jittered() -> None:
    """Without a draw of one's own, pauses differ, so that callers that failed together do not come back together."""
    pauses = {RetryPolicy().pause(NoAnswerError(), 3, repeatable=True) for _ in range(20)}

    assert len(pauses) > 1
    assert all(pause is not None and 0 <= pause <= 2 for pause in pauses)


def test_probe_is_repeated_once() -> None:
    """A repetition is never probed, so a second probe is not one."""
    assert POLICY.pause(ProbeSignature(), 2, repeatable=True) is None


def test_retry_after_wins() -> None:
    """What the answer asks for is waited, neither more nor less."""
    error = RateLimited(status=429)
    error.retry_after = 7.0

    assert POLICY.pause(error, 1, repeatable=False) == 7.0


def test_retry_after_is_followed_for_a_minute_at_most() -> None:
    """A Retry-After may come from anybody on the way, so it cannot stop a program for a day."""
    error = RateLimited(status=429)
    error.retry_after = 86_400.0

    assert POLICY.pause(error, 1, repeatable=False) == 60.0


@pytest.mark.parametrize("options", [{"attempts": 0}, {"base": -1}, {"longest": "8"}, {"base": float("inf")}])
def test_policy_that_is_none(options: dict[str, Any]) -> None:
    """Numbers that make no policy are refused by name."""
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        RetryPolicy(**options)


def test_rate_limit_waits_at_least_the_base() -> None:
    """A 429 without Retry-After is never repeated at once."""
    policy = RetryPolicy(draw=lambda low, high: low + 0 * high)

    assert policy.pause(RateLimited(status=429), 1, repeatable=True) == 0.5
