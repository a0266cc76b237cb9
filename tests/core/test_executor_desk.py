"""The work of private keys in an executor: handed over together, and nobody pays for anybody else."""

import asyncio
import base64
import contextlib
import gc
import logging
import random
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future, ThreadPoolExecutor
from typing import Any

import pytest

from wxcoupon import crypto
from wxcoupon.errors import ClientStateError
from wxcoupon.executor_desk import Aside

KEY = crypto.new_private_key()
LONG = 30.0
"""Seconds, for what comes at once or never."""


class Counting(ThreadPoolExecutor):
    """Threads that remember what they were asked for."""

    def __init__(self, threads: int) -> None:
        super().__init__(threads)
        self.asked: list[Future[Any]] = []

    def submit(self, work: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        """Take it and remember it."""
        self.asked.append(super().submit(work, *args, **named))
        return self.asked[-1]


class Telling(Aside):
    """A desk that counts how often it wakes its loop."""

    told = 0

    def _tell(self, loop: asyncio.AbstractEventLoop, what: Callable[[], object]) -> None:
        self.told += 1
        super()._tell(loop, what)


class Held:
    """A piece of work that goes on when it is let go."""

    def __init__(self) -> None:
        self.begun, self.let_go = threading.Event(), threading.Event()

    def __call__(self) -> str:
        """Wait."""
        self.begun.set()
        assert self.let_go.wait(LONG)
        return "held"

    async def begins(self) -> None:
        """Wait until it is under way."""
        assert await asyncio.to_thread(self.begun.wait, LONG)


async def put(desk: Aside, *works: Callable[[], Any]) -> list[asyncio.Task[Any]]:
    """Ask for all of these in one turn of the loop."""
    tasks = [asyncio.create_task(desk.run(work)) for work in works]
    await asyncio.sleep(0)
    return tasks


async def ended(tasks: list[asyncio.Task[Any]]) -> list[Any]:
    """What became of them."""
    async with asyncio.timeout(LONG):
        return await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("threads", [1, 2, 4])
async def test_everybody_gets_their_own_signature(threads: int) -> None:
    """Of many that are made at the same time each goes to who asked for it."""
    messages = [f"message {number}".encode() for number in range(60)]
    with ThreadPoolExecutor(threads) as executor:
        desk = Aside(executor)
        signatures = await asyncio.gather(*(desk.run(crypto.sign, KEY, message) for message in messages))

    assert all(map(crypto.verifies, [KEY.public_key()] * 60, messages, signatures))


@pytest.mark.parametrize("threads", [2, 3])
async def test_every_thread_works(threads: int) -> None:
    """Pieces that can only end together do end: each thread has one, though all were asked for in one turn."""
    together = threading.Barrier(threads, timeout=LONG)
    with ThreadPoolExecutor(threads) as executor:
        done = await ended(await put(Aside(executor), *[together.wait] * threads))

    assert set(range(threads)) == set(done)


async def test_a_thread_that_is_free_takes_what_comes_later() -> None:
    """Who asks while another signature is being made does not wait for it."""
    held = Held()
    with ThreadPoolExecutor(2) as executor:
        desk = Aside(executor)
        (first,) = await put(desk, held)
        await held.begins()
        later = await ended(await put(desk, *[lambda: "at once"] * 40))
        held.let_go.set()

        assert ["at once"] * 40 == later
        assert "held" == await first


async def test_what_is_ready_together_is_handed_over_together() -> None:
    """The executor is asked once for sixteen pieces, and not for each."""
    held = Held()
    with Counting(1) as executor:
        executor.submit(held)
        tasks = await put(Aside(executor), *[lambda: None] * 100)
        held.let_go.set()
        await ended(tasks)

    assert len(executor.asked) - 1 <= 8


async def test_results_of_one_turn_wake_the_loop_once() -> None:
    """While the loop is not there to look, what is done waits for it together."""
    held, last = Held(), Held()
    with ThreadPoolExecutor(1) as executor:
        desk = Telling(executor)
        tasks = await put(desk, held, *[lambda: None] * 10, last)
        await held.begins()
        before = desk.told
        held.let_go.set()
        assert last.begun.wait(LONG)  # meanwhile the loop stands still

        assert 1 == desk.told - before
        last.let_go.set()
        await ended(tasks)


async def test_a_result_waits_for_three_others_at_the_most() -> None:
    """Who is done is told with the fourth, though the same shift has more to do, and who is alone is told at once."""
    busy, held = Held(), Held()
    with ThreadPoolExecutor(1) as executor:
        executor.submit(busy)  # so that one shift has all of them
        desk = Aside(executor)
        *first, last = await put(desk, *[lambda: "first"] * 4, held)
        busy.let_go.set()
        assert ["first"] * 4 == await ended(first)
        assert not last.done()
        held.let_go.set()
        assert ["held", "alone"] == [await last, await desk.run(lambda: "alone")]


async def test_others_have_their_turn_in_the_thread() -> None:
    """A shift leaves the thread after sixteen pieces to whoever else waits for it."""
    busy, held, done = Held(), Held(), list[str]()
    with Counting(1) as executor:
        executor.submit(busy)
        tasks = await put(Aside(executor), held, *[lambda: done.append("ours")] * 60)
        executor.submit(done.append, "another's")
        busy.let_go.set()
        while len(executor.asked) < 4:  # noqa: ASYNC110 - the desk asks again when its shift has begun
            await asyncio.sleep(0)
        held.let_go.set()
        await ended(tasks)

    assert 61 == len(done)
    assert 15 == done.index("another's")


async def test_two_desks_at_one_thread() -> None:
    """Both get what they asked for."""
    with ThreadPoolExecutor(1) as executor:
        tasks = [await put(Aside(executor), *[lambda n=number: n] * 50) for number in (1, 2)]

        assert [[1] * 50, [2] * 50] == [await ended(some) for some in tasks]


async def test_who_is_cancelled_leaves() -> None:
    """Work that had not begun is not done, the result of what had is dropped, and the others get theirs."""
    held, done = Held(), list[int]()
    with ThreadPoolExecutor(1) as executor:
        desk = Aside(executor)
        (under_way,) = await put(desk, held)
        await held.begins()
        tasks = await put(desk, *[lambda n=number: done.append(n) for number in range(6)])
        for task in (under_way, tasks[0], tasks[3], tasks[5]):
            task.cancel()
        cancelled = await ended([under_way, tasks[0], tasks[3], tasks[5]])
        held.let_go.set()
        rest = await ended([tasks[1], tasks[2], tasks[4]])

    assert [asyncio.CancelledError] * 4 == [type(each) for each in cancelled]
    assert [None] * 3 == rest
    assert [1, 2, 4] == done


class Odd(BaseException):
    """What no work raises."""


def failing(error: BaseException) -> Callable[[], None]:
    """Work that fails."""

    def work() -> None:
        raise error

    return work


@pytest.mark.parametrize(
    "error",
    [ValueError("x"), RuntimeError("x"), IndexError("x"), Odd("x"), asyncio.CancelledError("x")],
    ids=lambda error: type(error).__name__,
)
async def test_an_error_is_its_callers_alone(error: BaseException) -> None:
    """Whatever a piece of work raises, as it is, and those beside it and behind it go on."""
    with ThreadPoolExecutor(1) as executor:
        desk = Aside(executor)
        before, failed, behind = await put(desk, lambda: 1, failing(error), lambda: 2)
        found = await ended([before, behind])
        with pytest.raises(type(error), match=r"^x$"):
            await failed

        assert [1, 2] == found
        assert 3 == await desk.run(lambda: 3)


async def test_the_end_of_an_iterator_is_an_error_too() -> None:
    """What neither a future nor a coroutine can raise reaches its caller in the words of Python."""
    with ThreadPoolExecutor(1) as executor:
        failed, behind = await ended(await put(Aside(executor), failing(StopIteration()), lambda: 2))

    assert (RuntimeError, StopIteration, 2) == (type(failed), type(failed.__cause__), behind)


async def test_an_executor_that_takes_nothing() -> None:
    """Everybody who asks is told, and nothing of them stays."""
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    desk = Aside(executor)
    for _ in range(2):
        with pytest.raises(ClientStateError, match="takes no work; shut it down after the client is closed") as caught:
            await desk.run(crypto.sign, KEY, b"")

        assert isinstance(caught.value.__cause__, RuntimeError)
    assert not desk._pieces


async def test_an_executor_that_is_shut_down_in_order() -> None:
    """What it had taken is done; who comes later is told, alone."""
    held, executor = Held(), ThreadPoolExecutor(1)
    desk = Aside(executor)
    (under_way,) = await put(desk, held)
    await held.begins()
    executor.shutdown(wait=False)
    (late,) = await ended(await put(desk, lambda: 2))
    held.let_go.set()

    assert isinstance(late, ClientStateError)
    assert "held" == await under_way


async def test_what_is_taken_before_its_shift_is_refused() -> None:
    """A shift that is under way may do what the executor would not have taken any more."""
    held, later = Held(), Held()
    later.let_go.set()

    class Closing(ThreadPoolExecutor):
        def submit(self, work: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
            if not held.begun.is_set():
                return super().submit(work, *args, **named)
            held.let_go.set()
            assert later.begun.wait(LONG)
            raise RuntimeError

    with Closing(1) as executor:
        desk = Aside(executor)
        (first,) = await put(desk, held)
        assert held.begun.wait(LONG)

        assert ["held", "held"] == await ended([first, *await put(desk, later)])


async def test_everybody_behind_a_shift_that_is_given_up_is_told() -> None:
    """An executor that gives up what waits hangs nobody; what is under way goes on; who comes later is told too."""
    held, executor = Held(), Counting(1)
    desk = Aside(executor)
    (under_way,) = await put(desk, held)
    await held.begins()
    gone, *waiting = await put(desk, *[lambda: 1] * 6)
    gone.cancel()
    await ended([gone])
    executor.shutdown(wait=False, cancel_futures=True)
    waiting += await put(desk, lambda: 2)
    told = await ended(waiting)
    with pytest.raises(ClientStateError, match="takes no work"):
        await desk.run(lambda: 3)

    assert [ClientStateError] * 6 == [type(each) for each in told]
    assert 6 == len({id(each) for each in told})
    assert not desk._pieces
    held.let_go.set()
    assert "held" == await under_way


async def test_threads_that_do_not_begin(caplog: pytest.LogCaptureFixture) -> None:
    """Where a thread of the executor fails before any work, everybody is told, with what it was."""
    with ThreadPoolExecutor(1, initializer=failing(ValueError("no smart card"))) as executor:
        told = await ended(await put(Aside(executor), *[lambda: 1] * 3))

    assert [ClientStateError] * 3 == [type(each) for each in told]
    assert all(isinstance(each.__cause__, BrokenExecutor) for each in told)
    assert "no smart card" in caplog.text  # as the executor itself says


@pytest.mark.parametrize("given_up", [False, True], ids=["worked on", "given up"])
def test_a_loop_that_is_closed_meanwhile(caplog: pytest.LogCaptureFixture, *, given_up: bool) -> None:
    """The thread goes on without a word, and nothing is kept for anybody."""
    held, executor = Held(), Counting(1)
    desk = Aside(executor)

    async def work() -> None:
        await put(desk, held)
        await held.begins()
        await put(desk, *[lambda: 1] * 3)  # which are cancelled with the loop

    asyncio.run(work())
    with caplog.at_level(logging.DEBUG):
        executor.shutdown(wait=False, cancel_futures=given_up)
        held.let_go.set()
        executor.shutdown()

    assert "" == caplog.text
    assert [] == [asked for asked in executor.asked if not asked.cancelled() and asked.exception()]
    assert not desk._pieces
    assert not desk._done


def test_nothing_holds_a_loop() -> None:
    """A desk and an executor that outlive a loop let it go, failures or not."""
    with ThreadPoolExecutor(1) as executor:

        async def work() -> tuple[weakref.ref[asyncio.AbstractEventLoop], Aside]:
            desk = Aside(executor)
            await ended(await put(desk, lambda: 1, failing(ValueError()), lambda: 2))
            return weakref.ref(asyncio.get_running_loop()), desk

        kept = [asyncio.run(work()) for _ in range(3)]
        executor.submit(int).result()  # the thread has let go of the last shift
        gc.collect()

        assert [None] * 3 == [loop() for loop, _ in kept]


async def test_an_error_holds_nothing_that_holds_it() -> None:
    """What failed is let go at once, without the collector of cycles, and so is what its caller held."""
    gone: list[weakref.ref[Any]] = []

    class OurError(Exception):
        def __init__(self) -> None:
            gone.append(weakref.ref(self))

    def work() -> None:
        raise OurError

    async def fails(desk: Aside) -> None:
        with contextlib.suppress(OurError):
            await desk.run(work)

    with ThreadPoolExecutor(1) as executor:
        desk = Aside(executor)
        gc.collect()
        gc.disable()
        try:
            await asyncio.gather(*(fails(desk) for _ in range(5)))
            await asyncio.wrap_future(executor.submit(int))  # the thread has let go of the last shift

            assert [None] * 5 == [ref() for ref in gone]
        finally:
            gc.enable()


@pytest.mark.parametrize("threads", [1, 2, 3])
async def test_many_of_every_kind(threads: int) -> None:
    """Thousands that come, fail and are cancelled as chance has it: everybody gets what is theirs."""
    chance, expected, found = random.Random(threads), list[Any](), list[Any]()  # noqa: S311 - no secret

    async def one(desk: Aside, number: int) -> None:
        for _ in range(chance.randrange(8)):
            await asyncio.sleep(0)
        kind = chance.choice(["sign", "fail", "cancel", "value", "value"])
        if kind == "sign" and number % 20 == 0:
            message = str(number).encode()
            assert crypto.verifies(KEY.public_key(), message, await desk.run(crypto.sign, KEY, message))
        elif kind == "fail":
            with pytest.raises(ValueError, match=f"^{number}$"):
                await desk.run(failing(ValueError(str(number))))
        elif kind == "cancel":
            task = asyncio.create_task(desk.run(lambda: number))
            for _ in range(chance.randrange(4)):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled() or number == task.result()
        else:
            expected.append(number)
            found.append(await desk.run(lambda: number))

    with ThreadPoolExecutor(threads) as executor:
        desk = Aside(executor)
        async with asyncio.timeout(LONG), asyncio.TaskGroup() as group:
            for number in range(2000):
                group.create_task(one(desk, number))

    assert sorted(expected) == sorted(found)
    assert not desk._pieces


async def test_opening_through_the_desk() -> None:
    """What was sealed is opened as it is signed; what was sealed for another is None."""
    sealed = crypto.seal_oaep(KEY.public_key(), "张三丰".encode())
    assert sealed is not None
    with ThreadPoolExecutor(1) as executor:
        desk = Aside(executor)
        opened = [await desk.run(crypto.open_oaep, KEY, piece) for piece in (base64.b64decode(sealed), b"\0" * 256)]

    assert ["张三丰".encode(), None] == opened
