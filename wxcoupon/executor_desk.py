"""The work of a private key in an executor: what is ready together is handed over together.

To hand a piece of work to a thread and its result back costs a fifth of a signature, most of it where the two threads
take the interpreter from each other. So pieces wait in a queue. What runs in the executor is a shift, which takes one
after the other until there are none, and wakes the event loop for four results at once, or when nothing is left to do:
one piece alone waits for no company. A result that does wait, waits for three signatures at the most.

Only the event loop asks for shifts. It does so while none is about to begin, so each free thread gets one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

import attrs

from .errors import ClientStateError

T = TypeVar("T")

_SHUT_DOWN: Final = "the executor that was given as signing takes no work; shut it down after the client is closed"
_MOST: Final = 16
"""Pieces after which a shift leaves the rest to the next one: others may be waiting for the same thread."""
_TOGETHER: Final = 4
"""Results for which a shift wakes the event loop: with fewer the threads disturb each other, more gain nothing."""


class Outcome(NamedTuple):
    """What became of a piece of work."""

    value: Any
    error: BaseException | None


Waiter: TypeAlias = asyncio.Future[Outcome]
"""Who waits for an outcome. An error is part of it: a future refuses some, and logs what nobody takes."""


@attrs.define(eq=False)
class Shift:
    """What the executor was asked for.

    Attributes:
        begun: False while it is waiting for a thread, and will see whatever is put into the queue.
    """

    begun: bool = False


class Aside:
    """In an executor, which its owner shuts down. For one event loop, as a client is."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._latest = Shift(begun=True)
        self._pieces: deque[tuple[Waiter, Callable[..., Any], tuple[object, ...]]] = deque()
        self._done: deque[tuple[Waiter, Outcome]] = deque()
        self._waking = False

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Do *work* in the executor. Who is cancelled leaves, and work that had not begun is not done.

        Raises:
            ClientStateError: the executor takes no more work.
        """
        value, error = await self._put(work, args)
        if error is None:
            done: T = value
            return done
        try:
            raise error
        finally:
            del error  # which holds this frame

    def _put(self, work: Callable[..., Any], args: tuple[object, ...]) -> Waiter:
        waiter: Waiter = asyncio.get_running_loop().create_future()
        self._pieces.append((waiter, work, args))
        try:
            self._ask()
        except RuntimeError as error:
            try:
                self._pieces.pop()  # this one: it is the last, and if a shift has taken it, that took all before it too
            except IndexError:
                return waiter
            raise ClientStateError(_SHUT_DOWN) from error
        return waiter

    def _ask(self) -> None:
        """Have a shift waiting for a thread."""
        if self._latest.begun:
            shift, loop = Shift(), asyncio.get_running_loop()
            asked = self._executor.submit(self._work, shift, loop)
            self._latest = shift  # not before it is sure to come, as others leave their work to it
            asked.add_done_callback(partial(self._ended, shift, loop))

    def _work(self, shift: Shift, loop: asyncio.AbstractEventLoop) -> None:
        shift.begun = True
        if len(self._pieces) > 1:
            self._tell(loop, self._ask_again)
        taken = 0
        while self._pieces and (taken < _MOST or self._latest.begun):
            taken += 1
            try:
                # Nothing of a piece stays in this frame: its error would hold the frame, and so itself.
                self._done.append(_done(*self._pieces.popleft()))
            except IndexError:  # another shift took the last
                break
            if taken % _TOGETHER == 0:
                self._wake(loop)
        self._wake(loop)

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._done and not self._waking:
            self._waking = True
            self._tell(loop, self._deliver)

    def _ask_again(self) -> None:
        """Another thread may be free for what one shift cannot do at the same time."""
        if self._pieces:
            try:
                self._ask()
            except RuntimeError:  # the shift that saw them does them all
                return

    def _deliver(self) -> None:
        self._waking = False  # first, so that a result that comes too late for this wakes the loop again
        while self._done:
            waiter, outcome = self._done.popleft()
            if not waiter.done():
                waiter.set_result(outcome)

    def _ended(self, shift: Shift, loop: asyncio.AbstractEventLoop, asked: Future[None]) -> None:
        if not shift.begun:
            cause = None if asked.cancelled() else asked.exception()
            self._tell(loop, partial(self._give_up, shift, cause))

    def _give_up(self, shift: Shift, cause: BaseException | None) -> None:
        """The executor gave up a shift that it had taken, to which everything in the queue was left."""
        shift.begun = True  # or the next would wait for it
        while self._pieces:
            try:
                waiter, _, _ = self._pieces.popleft()
            except IndexError:
                return
            if not waiter.done():
                error = ClientStateError(_SHUT_DOWN)
                error.__cause__ = cause
                waiter.set_result(Outcome(None, error))

    def _tell(self, loop: asyncio.AbstractEventLoop, what: Callable[[], object]) -> None:
        try:
            loop.call_soon_threadsafe(what)
        except RuntimeError:  # the loop is closed, so nobody waits any more
            self._pieces.clear()
            self._done.clear()


def _done(waiter: Waiter, work: Callable[..., Any], args: tuple[object, ...]) -> tuple[Waiter, Outcome]:
    try:
        return waiter, Outcome(None if waiter.done() else work(*args), None)
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is its caller's
        return waiter, Outcome(None, error)
    finally:
        del waiter  # which will hold the error, which holds this frame
