"""The table of what is repeated."""

from typing import Any

import pytest

from wxcoupon import RetryPolicy
from wxcoupon.errors import (
    ApiError,
    BadSignature,
    ClockSkew,
    ConfigurationError,
    InvalidRequest,
    MissingSignature,
    NoAnswerError,
    NoTurnError,
    ProbeSignature,
    RateLimited,
    ServerError,
    SigningError,
    UnknownSerial,
    UnreachableError,
    UnreadableAnswer,
    WrongHash,
    WxCouponError,
)
from wxcoupon.wire import failure


def _longest(low: float, high: float) -> float:
    del low
    return high


POLICY = RetryPolicy(draw=_longest)


LOCKED = ApiError(status=400, code="INVALID_REQUEST", request_id="08F7-272756746", verified=True)
"""Another call is redeeming the coupon."""


def _unproven(status: int) -> WxCouponError:
    return failure(status, {}, b"", verified=False)


@pytest.mark.parametrize(
    ("error", "when_repeatable", "else_"),
    [
        (UnreachableError(), True, True),
        (NoAnswerError(), True, False),
        (ServerError(status=500), True, False),
        (ServerError(status=503, verified=True), True, False),
        (_unproven(502), True, False),
        (_unproven(408), True, False),
        (RateLimited(status=429), True, True),
        (_unproven(429), True, True),
        (LOCKED, True, True),
        (ProbeSignature(), True, False),
        (BadSignature(), False, False),
        (MissingSignature(), False, False),
        (ClockSkew("", 400), False, False),
        (UnknownSerial(), False, False),
        (WrongHash(), False, False),
        (UnreadableAnswer(), False, False),
        (_unproven(302), False, False),
        (_unproven(400), False, False),
        (_unproven(401), False, False),
        (_unproven(403), False, False),
        (_unproven(404), False, False),
        (_unproven(409), False, False),
        (ApiError(status=409, verified=True), False, False),
        (ApiError(status=400, verified=True), False, False),
        (InvalidRequest([]), False, False),
        (NoTurnError(2, 1), False, False),
        (SigningError(), True, True),
    ],
    ids=lambda value: f"{type(value).__name__}-{getattr(value, 'status', '')}" if isinstance(value, Exception) else "",
)
def test_what_is_repeated(error: WxCouponError, when_repeatable: bool, else_: bool) -> None:  # noqa: FBT001
    """Only what was not done, or may safely be done again, is repeated."""
    assert when_repeatable == (POLICY.pause(error, 1, repeatable=True) is not None)
    assert else_ == (POLICY.pause(error, 1, repeatable=False) is not None)


@pytest.mark.parametrize(
    "error",
    [UnreachableError(), NoAnswerError(), ServerError(status=500), _unproven(408), RateLimited(status=429), LOCKED],
    ids=lambda error: f"{type(error).__name__}-{getattr(error, 'status', '')}",
)
def test_what_is_repeated_says_that_it_may_be(error: WxCouponError) -> None:
    """An error that the library repeats is one whose ``retryable`` says so to the caller."""
    assert error.retryable


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


@pytest.mark.parametrize("status", [429, 500, 503], ids=str)
def test_retry_after_wins_over_every_pause(status: int) -> None:
    """Whoever asks to wait is waited for, after a 503 as after a 429."""
    error = failure(status, {"Retry-After": "3"}, b"", verified=False)

    assert 3.0 == POLICY.pause(error, 3, repeatable=True)


def test_a_lock_is_waited_for() -> None:
    """A refusal for the moment is never repeated at once, and each time later."""
    assert [1.0, 2.0, 4.0] == [POLICY.pause(LOCKED, attempt, repeatable=False) for attempt in (1, 2, 3)]


def test_any_number_of_attempts() -> None:
    """However often a call is repeated, a pause is a number and no longer than the longest."""
    policy = RetryPolicy(attempts=10**9, draw=_longest)

    assert 8.0 == policy.pause(NoAnswerError(), 10**8, repeatable=True)


@pytest.mark.parametrize(
    "options",
    [
        {"attempts": 0},
        {"base": -1},
        {"longest": "8"},
        {"base": float("inf")},
        {"deadline": 0},
        {"deadline": float("nan")},
        {"deadline": "5"},
        {"deadline": True},
    ],
    ids=str,
)
def test_policy_that_is_none(options: dict[str, Any]) -> None:
    """Numbers that make no policy are refused by name."""
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        RetryPolicy(**options)


def test_rate_limit_waits_at_least_the_base() -> None:
    """A 429 without Retry-After is never repeated at once."""
    policy = RetryPolicy(draw=lambda low, high: low + 0 * high)

    assert policy.pause(RateLimited(status=429), 1, repeatable=True) == 0.5
