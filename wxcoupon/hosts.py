"""Which host a call goes to first: the main one, or the backup while the main one is ailing.

What counts is whether an answer came, whatever it said. While fewer than nine tenths of the calls of the last ten
minutes got through to the main host, calls begin with the backup; a few still begin with the main host, so that it is
seen to recover. The pages give these numbers as guidance.

https://pay.weixin.qq.com/doc/v3/merchant/4012075113
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import Final

_KEPT: Final = 100
"""How many results of the main host are looked at, the latest."""
_FRESH: Final = 600.0
"""Seconds after which a result says nothing any more."""
_LEAST: Final = 10
"""How many results it takes to judge."""
_WELL: Final = 0.9
"""The part of them that gets through to a host that is well."""
_JUDGED_FOR: Final = 60.0
"""Seconds that a judgement holds."""
_ONE_IN: Final = 20
"""Of the calls that may be repeated, one in so many begins with an ailing host."""

_log = logging.getLogger("wxcoupon")


class Hosts:
    """The hosts of one client, and how the main one has been.

    Args:
        main: the host that calls go to.
        backup: the host for what does not get through to the main one; None for none.
        clock: seconds, never going back.

    Attributes:
        main: the main host.
        all: the main host, and behind it the backup if there is one.
    """

    def __init__(self, main: str, backup: str | None, *, clock: Callable[[], float]) -> None:
        self.main = main
        self.all = (main,) if backup is None else (main, backup)
        self._turned = self.all[::-1]
        self._clock = clock
        self._results: deque[tuple[float, bool]] = deque(maxlen=_KEPT)
        self._judged: float | None = None
        self._well = True
        self._asked = 0

    def order(self, *, repeatable: bool) -> tuple[str, ...]:
        """The hosts in the order in which one call tries them.

        Args:
            repeatable: whether the call may be sent again after an unknown outcome. No other call is risked to see
                whether an ailing host has recovered.
        """
        if len(self.all) == 1:
            return self.all
        now = self._clock()
        if self._judged is None or now - self._judged >= _JUDGED_FOR:
            self._judge(now)
        if self._well:
            return self.all
        if repeatable:
            self._asked += 1
            if self._asked % _ONE_IN == 0:
                return self.all
        return self._turned

    def note(self, host: str, *, through: bool) -> None:
        """Take down how an attempt ended.

        Args:
            host: where it went; only the main host is kept account of.
            through: whether an answer came, of whatever kind.
        """
        if len(self.all) > 1 and host == self.main:
            self._results.append((self._clock(), through))

    def _judge(self, now: float) -> None:
        self._judged = now
        while self._results and self._results[0][0] <= now - _FRESH:
            self._results.popleft()
        through = sum(result for _, result in self._results)
        well = len(self._results) < _LEAST or through >= _WELL * len(self._results)
        if well != self._well:
            self._well = well
            first = self.all[0] if well else self._turned[0]
            _log.warning(
                "%d of %d calls got through to %s: now %s first", through, len(self._results), self.main, first
            )
