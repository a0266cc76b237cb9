"""Who handles an occurrence: the store of claims, by which what was handled once is not handled again.

A claim is held for some seconds while the handler runs, is prolonged as long as it does, and is made lasting when it
has ended well. So whoever is killed between claiming and ending leaves a claim that lapses, and the callback that
comes again is handled; a claim that lasted from the first would have taken it for a duplicate, and swallowed it.

Of a store of your own only two methods are asked. In Redis, for one, both are a few lines of a script::

    -- claim: KEYS[1] the key, ARGV[1] the holder, ARGV[2] the seconds, ARGV[3] "1" for lasting
    local had = redis.call("GET", KEYS[1])
    if had and had ~= "h:" .. ARGV[1] then return had:sub(1, 1) == "d" and "done" or "busy" end
    redis.call("SET", KEYS[1], (ARGV[3] == "1" and "d:" or "h:") .. ARGV[1], "EX", ARGV[2])
    return "yours"

    -- release
    if redis.call("GET", KEYS[1]) == "h:" .. ARGV[1] then redis.call("DEL", KEYS[1]) end
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Literal, Protocol, TypeAlias, runtime_checkable

from ..errors import ConfigurationError

Claimed: TypeAlias = Literal["yours", "busy", "done"]
"""What became of a claim: it is yours, somebody else is at it, or it is done."""

KEPT: Final = 30 * 86400.0
"""Seconds that is remembered what is done, unless a router says otherwise; nothing is sent again after a day or two."""


@runtime_checkable
class Store(Protocol):
    """Keeps claims. What it cannot keep it raises, and the callback is answered with a failure, to come again."""

    async def claim(self, key: str, holder: str, seconds: float, *, done: bool = False) -> Claimed:
        """Claim *key* for *holder*, unless another holder has it or it is done; in one step, whoever else asks.

        Args:
            key: up to 64 characters of ASCII; it tells nothing of what it stands for.
            holder: who claims: another for every attempt. One who has the claim already prolongs it.
            seconds: how long the claim holds unless it is prolonged.
            done: what was claimed is done: remember that for *seconds*, which no claim ends, not the holder's either.

        Returns:
            ``"yours"``; or ``"busy"`` and ``"done"``, and nothing was changed.
        """
        ...

    async def release(self, key: str, holder: str) -> None:
        """Give up a claim, so that the next delivery is handled; nothing happens unless *holder* has it, undone."""
        ...


class MemoryStore:
    """Claims in the memory of this process: gone with it, and unknown to other processes.

    After a restart what was handled before may be handled again when it is sent again; :class:`SqliteStore` remembers.

    Args:
        most: how many claims are kept; beyond that the oldest is forgotten.
        clock: seconds, never going back.

    Raises:
        ConfigurationError: *most* is not a number from 1.
    """

    __slots__ = ("_clock", "_held", "_most")

    def __init__(self, most: int = 100_000, clock: Callable[[], float] = time.monotonic) -> None:
        if most < 1:
            raise ConfigurationError(f"most is how many claims are kept, 1 at least, not {most}")
        self._most = most
        self._clock = clock
        self._held: OrderedDict[str, tuple[str, float, bool]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    async def claim(self, key: str, holder: str, seconds: float, *, done: bool = False) -> Claimed:
        """See :meth:`Store.claim`."""
        held, now = self._held, self._clock()
        there = held.get(key)
        if there is not None and now < there[1] and (there[2] or there[0] != holder):
            return "done" if there[2] else "busy"
        held[key] = (holder, now + seconds, done)
        if len(held) > self._most:
            held.popitem(last=False)
        return "yours"

    async def release(self, key: str, holder: str) -> None:
        """See :meth:`Store.release`."""
        there = self._held.get(key)
        if there is not None and there[0] == holder and not there[2]:
            del self._held[key]
