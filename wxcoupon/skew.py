"""How far WeChat Pay's clock is from this machine's, learned from answers that are proven.

An answer is dated in whole seconds, and was written after its request had left and before it came here itself. So the
offset lies between *dated - came* and *dated + 1 - left*; what several answers agree on is narrower than any of them.

Rule 1: only a proven answer counts. Whoever can make an unproven one must not set our clock.
Rule 2: proofs are held against this machine's own clock, never against the corrected one, and are refused from 300
        seconds on. An old proven answer that is played back can so move the estimate, but never add up with another.
Rule 3: for the same reason a clock that is 300 seconds or more wrong cannot be corrected from here, as no answer is
        proven then. What the answers say of it stands in the error, for whoever sets the clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

_DRIFT: Final = 0.0005
"""Seconds by which two clocks may part in a second: what was learned long ago is believed less."""
_MOST: Final = 300.0
"""Seconds that signing is corrected at the most."""


class Skew:
    """What proven answers say of the difference between the clocks."""

    def __init__(self) -> None:
        self._low = self._high = self._learned = 0.0
        self._known = False

    def __repr__(self) -> str:
        return f"Skew({self.offset})"

    def learn(self, dated: int, left: float, came: float) -> None:
        """Take note of a proven answer.

        Args:
            dated: its ``Wechatpay-Timestamp``.
            left: this machine's time right before its request left, seconds since 1970.
            came: this machine's time when all of it had come.
        """
        if came < left:
            return  # the clock was set back meanwhile
        low, high = dated - came, dated + 1 - left
        if self._known:
            slack = _DRIFT * abs(came - self._learned)
            both = max(low, self._low - slack), min(high, self._high + slack)
            if both[0] <= both[1]:  # otherwise one of the clocks was set: the newest answer knows best
                low, high = both
        self._low, self._high, self._learned, self._known = low, high, came, True

    @property
    def offset(self) -> float | None:
        """Seconds that WeChat Pay's clock is ahead of this machine's, behind if negative; None before any answer.

        Within half a second, and half the time that the fastest answer took.
        """
        return round((self._low + self._high) / 2, 3) if self._known else None

    def corrected(self, now: float) -> float:
        """WeChat Pay's time when this machine's is *now*; *now* itself while nothing is known."""
        return now + max(-_MOST, min(_MOST, self.offset or 0.0))


def dated(headers: Mapping[str, str]) -> float | None:
    """When an answer says that it was written, proven or not, seconds since 1970: for the text of errors alone.

    Args:
        headers: the answer's headers; names compare without case. Where there is no ``Wechatpay-Timestamp``, ``Date``
            is taken, which any gateway sets.
    """
    stamp = headers.get("Wechatpay-Timestamp", "")
    if stamp.isascii() and stamp.isdecimal() and len(stamp) <= 12:
        return float(stamp)
    try:
        return parsedate_to_datetime(headers["Date"]).timestamp()
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
