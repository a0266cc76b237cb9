"""Places for calls under way: a call that pauses before a repetition lends its place to another.

Otherwise a few calls that fail again and again would hold up all the others. As many calls may pause as there are
places, so what is held in memory stays bounded. A call that waits for its turn below the documented rate keeps its
place: the others of its kind would wait for the same.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Future

from ..retry import Pause


class Places:
    """So many places; whoever waits for one gets it in order of arrival.

    Attributes:
        resting: how many calls are in a pause.
    """

    def __init__(self, count: int) -> None:
        self._free = asyncio.Semaphore(count)
        self._lent: Future[None] = Future()
        self.resting = 0

    def lent(self) -> Future[None]:
        """Done when the next place is lent, for a thread that waits for one."""
        self._lent = Future()
        return self._lent

    async def take(self) -> None:
        """Take a place."""
        await self._free.acquire()

    def give(self) -> None:
        """Give one back."""
        self._free.release()

    async def spend(self, pause: Pause) -> None:
        """Wait for a pause to end."""
        self.resting += 1
        if not self._lent.done():
            self._lent.set_result(None)
        try:
            await pause()
        finally:
            self.resting -= 1


class Place:
    """The place of whoever makes one call after the other; ``async with`` holds it."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._held = False

    async def __aenter__(self) -> None:
        await self._places.take()
        self._held = True

    async def __aexit__(self, *_: object) -> None:
        self._give()

    def _give(self) -> None:
        if self._held:  # not so when the call was cancelled in its pause
            self._held = False
            self._places.give()

    async def rest(self, pause: Pause) -> None:
        """Lend the place to another call while the pause lasts, and wait for one behind it."""
        self._give()
        await self._places.spend(pause)
        await self.__aenter__()
