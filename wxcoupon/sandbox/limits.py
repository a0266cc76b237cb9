"""The documented rates, exactly: at most so many requests in any window of that many seconds."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable

from ..endpoint import Rate


class Limits:
    """Counts the requests of every (subject, endpoint) in a sliding window.

    A request that is refused for its rate does not count, so waiting a window always helps.

    Args:
        clock: seconds since 1970.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._taken: defaultdict[Hashable, deque[float]] = defaultdict(deque)

    def take(self, key: Hashable, rate: Rate) -> bool:
        """Count a request; False when it would be one more than *rate* allows."""
        now = self._clock()
        taken = self._taken[key]
        while taken and now - taken[0] >= rate.seconds:
            taken.popleft()
        if len(taken) >= rate.count:
            return False
        taken.append(now)
        return True
