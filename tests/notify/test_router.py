"""The router: what is handed to whom, how often, and what is answered."""

import asyncio
import json
import random
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wxcoupon import ConfigurationError, brand_card, delivery_plan
from wxcoupon import product_coupon as pc
from wxcoupon.brand_card import UserCard
from wxcoupon.errors import UnreadableAnswer
from wxcoupon.keys import KeyRing
from wxcoupon.notify import Counts, Event, MemoryStore, Notification, Reply, Router, Store, Tenant, UnknownEvent
from wxcoupon.notify.claims import Claimed

from .callbacks import APIV3_KEY, NOW, Platform, coupon, envelope
from .test_receive import FUZZED, JUNK

ACKNOWLEDGED = Reply(204, {}, b"")
SHORT = 0.5
"""Seconds in which what waits for an event of a test is not done, however fast the machine is."""


def failed(reply: Reply) -> tuple[int, str]:
    """The status and the reason of a failure, which is otherwise as documented."""
    said = json.loads(reply.body)
    assert {"code", "message"} == set(said)
    assert "FAIL" == said["code"]
    assert 0 < len(said["message"]) <= 64
    assert {"Content-Type": "application/json"} == reply.headers
    return reply.status, said["message"]


def counted(router: Router) -> dict[str, int]:
    """What was counted, without what was not."""
    return {name: count for name, count in attrs.asdict(router.counts).items() if count}


Make = Callable[..., Router]


@pytest.fixture
async def make(ring: KeyRing) -> AsyncIterator[Make]:
    """Makes routers of one tenant, and closes them."""
    made: list[Router] = []

    def one(*tenants: Tenant, **options: Any) -> Router:
        made.append(Router(*(tenants or [Tenant(APIV3_KEY, keys=ring)]), **{"clock": lambda: NOW, **options}))
        return made[-1]

    yield one
    for router in made:
        await router.close(seconds=1)  # a test that fails leaves handlers behind


async def test_an_event_is_handed_to_its_handler(platform: Platform, make: Make) -> None:
    """A genuine callback is handled and acknowledged with 204 without a body."""
    router, came = make(), list[Notification[pc.CouponSent]]()

    @router.on(pc.CouponSent)
    async def record(notification: Notification[pc.CouponSent]) -> None:
        came.append(notification)

    assert ACKNOWLEDGED == await router.handle(*platform.told(coupon()))
    assert ["CODE-000001"] == [notification.event.coupon_code for notification in came]
    assert {"received": 1, "handled": 1} == counted(router)
    assert {pc.CouponSent} == set(router.events)


async def test_a_function_is_called_in_a_thread(platform: Platform, make: Make) -> None:
    """A handler that is no coroutine function does not hold up the event loop; what it returns is awaited."""
    router, threads = make(), list[Any]()

    @router.on(pc.CouponSent)
    def record(notification: Notification[pc.CouponSent]) -> object:
        threads.append(threading.current_thread())

        async def later() -> None:
            threads.append(notification.event.coupon_code)

        return later()

    assert ACKNOWLEDGED == await router.handle(*platform.told(coupon()))
    assert threading.main_thread() is not threads[0]
    assert "CODE-000001" == threads[1]


class _Recorder:
    """A handler that is an object."""

    def __init__(self) -> None:
        self.came: list[Notification[Any]] = []

    async def __call__(self, notification: Notification[Any]) -> None:
        self.came.append(notification)


async def test_the_nearest_class_is_asked(platform: Platform, make: Make) -> None:
    """An event goes to the handlers of its class, or of the nearest that it is derived from; several go in order."""
    router, order = make(), list[str]()
    card, every, unknown = _Recorder(), _Recorder(), _Recorder()
    router.on(UserCard)(card)
    router.on(Event)(every)
    router.on(UnknownEvent)(unknown)
    for name in ("first", "second"):

        async def record(_: Notification[pc.CouponSent], name: str = name) -> None:
            order.append(name)

        router.on(pc.CouponSent)(record)

    for resource, event_type in (
        (coupon(), "PRODUCT_COUPON.SEND"),
        ({"modify_time": "1"}, "BRAND_MEMBER_CARD_SP.USER_CARD.DELETE"),
        ({"plan_id": "1"}, "DELIVERY_PLAN.CHANGE"),
        ({"a": 1}, "NOBODY.KNOWS"),
    ):
        assert ACKNOWLEDGED == await router.handle(*platform.told(resource, event_type=event_type))

    assert ["first", "second"] == order
    assert [[brand_card.UserCardDeleted], [delivery_plan.PlanChanged], [UnknownEvent]] == [
        [type(notification.event) for notification in recorder.came] for recorder in (card, every, unknown)
    ]
    assert {"received": 4, "handled": 4, "unknown": 1} == counted(router)


async def test_what_nobody_takes_is_acknowledged(
    platform: Platform, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """It would only come again; once for each type it is said. A router without any handler takes nothing."""
    router = make()
    assert (500, "it could not be handled") == failed(await router.handle(*platform.told(coupon())))
    router.on(pc.ImageGenerated)(_Recorder())
    for number in range(3):
        callback = platform.told(coupon(number), event_type="PRODUCT_COUPON_SP.USE")
        assert ACKNOWLEDGED == await router.handle(*callback)
    assert ACKNOWLEDGED == await router.handle(*platform.told({"a": 1}, event_type="NOBODY.KNOWS"))

    assert {"received": 5, "failed": 1, "unhandled": 4, "unknown": 1} == counted(router)
    assert ["PRODUCT_COUPON_SP.USE has", "NOBODY.KNOWS has"] == [
        record.getMessage().partition(" no handler")[0] for record in caplog.records if record.levelname == "WARNING"
    ]


async def test_what_has_to_be_handled(platform: Platform, make: Make, caplog: pytest.LogCaptureFixture) -> None:
    """A coupon without a handler comes again and is said loudly each time, until there is one or it is opted out."""
    errors, handler = list[Any](), _Recorder()
    router = make(on_error=lambda error, told: errors.append((type(error), told.id if told else None)))
    router.on(pc.ImageGenerated)(_Recorder())
    callback = platform.told(coupon(), number="EV-1")
    assert [(500, "it could not be handled")] * 2 == [failed(await router.handle(*callback)) for _ in range(2)]
    assert [(ConfigurationError, "EV-1")] * 2 == errors
    assert ["ERROR", "ERROR"] == [record.levelname for record in caplog.records]
    assert "CouponSent has to be handled" in caplog.text
    assert "CODE-" not in caplog.text
    router.on(pc.CouponSent)(handler)
    assert ACKNOWLEDGED == await router.handle(*callback)
    assert {"received": 3, "failed": 2, "handled": 1} == counted(router)

    ignoring = make(ignored=[pc.CouponSent])
    ignoring.on(pc.ImageGenerated)(handler)
    assert ACKNOWLEDGED == await ignoring.handle(*callback)
    assert {"received": 1, "unhandled": 1} == counted(ignoring)


async def test_a_duplicate_is_acknowledged_and_not_handled(platform: Platform, make: Make) -> None:
    """The same notification, the same coupon under another id and type: each is handled once."""
    router, handler = make(), _Recorder()
    router.on(pc.CouponSent)(handler)
    for callback in (
        platform.told(coupon(), number="1"),
        platform.told(coupon(), number="1"),
        platform.told(coupon(), number="2"),
        platform.told(coupon(), number="3", event_type="PRODUCT_COUPON.SEND"),
    ):
        assert ACKNOWLEDGED == await router.handle(*callback)

    assert ["1"] == [notification.id for notification in handler.came]
    assert {"received": 4, "handled": 1, "duplicates": 3} == counted(router)


async def test_other_occurrences_are_no_duplicates(platform: Platform, make: Make) -> None:
    """Other coupons, other rounds of a bundle, other states of a task, and events without a name of their own."""
    router, handler = make(), _Recorder()
    router.on(Event)(handler)
    told: list[tuple[dict[str, Any], str]] = [
        (coupon(1), "PRODUCT_COUPON_SP.SEND"),
        (coupon(2), "PRODUCT_COUPON_SP.SEND"),
        (coupon(1, stock_id="round-2"), "PRODUCT_COUPON_SP.SEND"),
        ({"task_id": "t", "task_state": "PROCESSING"}, "PRODUCT_COUPON_SP.IMAGE_GENERATION"),
        ({"task_id": "t", "task_state": "SUCCESS"}, "PRODUCT_COUPON_SP.IMAGE_GENERATION"),
        ({"stock_id": "1", "coupon_id": "2", "consume_information": {"transaction_id": "3"}}, "COUPON.USE"),
        ({"stock_id": "1", "coupon_id": "2", "consume_information": {"transaction_id": "4"}}, "COUPON.USE"),
        ({"stock_id": "1", "coupon_id": "2"}, "COUPON.USE"),
        ({"stock_id": "1", "coupon_id": "2", "consume_information": [1]}, "COUPON.USE"),
        ({"openid": "o"}, "BRAND_MEMBER_CARD_SP.SYNC_USER_POINT"),
        ({"openid": "o"}, "BRAND_MEMBER_CARD_SP.SYNC_USER_POINT"),
        ({"a": 1}, "NOBODY.KNOWS"),
        ({"a": 1}, "NOBODY.KNOWS"),
        ({}, "PRODUCT_COUPON_SP.SEND"),
        ({}, "PRODUCT_COUPON_SP.SEND"),
    ]
    for resource, event_type in told:
        callback = platform.told(resource, event_type=event_type)
        assert [ACKNOWLEDGED] * 2 == [await router.handle(*callback) for _ in range(2)]

    assert len(told) == len(handler.came) == router.counts.duplicates


async def test_a_failing_handler_gives_up_its_claim(
    platform: Platform, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """It is answered with 500, comes again and is handled; nothing that is personal is said, but to the hook."""
    told: list[Any] = []

    def hook(error: BaseException, notification: Notification[Event] | None) -> None:
        told.append((error, notification))
        raise RuntimeError("o-user in a hook")

    router, endings = make(on_error=hook), [ValueError("o-user-000001"), asyncio.CancelledError("o-user"), None]

    @router.on(pc.CouponSent)
    async def record(_: Notification[pc.CouponSent]) -> None:
        if (error := endings.pop(0)) is not None:
            raise error

    callback = platform.told(coupon(), number="EV-1")
    replies = [await router.handle(*callback) for _ in range(3)]

    assert [500, 500, 204] == [reply.status for reply in replies]
    assert "it could not be handled" == failed(replies[0])[1]
    assert {"received": 3, "handled": 1, "failed": 2} == counted(router)
    assert [ValueError, asyncio.CancelledError] == [type(error) for error, _ in told]
    assert ["EV-1"] * 2 == [notification.id for _, notification in told]
    assert (
        "notification EV-1 (PRODUCT_COUPON_SP.SEND): a handler failed with ValueError at test_router.py" in caplog.text
    )
    assert "o-user" not in caplog.text
    assert "CODE-" not in caplog.text


@pytest.mark.parametrize(
    ("what", "status", "count"),
    [
        ("forged", 401, "forged"),
        ("no headers", 401, "forged"),
        ("twice", 401, "forged"),
        ("stale", 401, "stale"),
        ("probe", 401, "probes"),
        ("large", 413, "forged"),
        ("no json", 400, "unreadable"),
        ("other key", 500, "unreadable"),
        ("text", 500, "failed"),
        ("nothing", 500, "failed"),
    ],
)
async def test_what_is_refused(
    platform: Platform, stranger: Platform, make: Make, what: str, status: int, count: str
) -> None:
    """Each refusal has its status and its count, an answer as documented, and reaches no handler."""
    errors: list[BaseException] = []
    router, handler = make(most_bytes=5000, on_error=lambda error, _: errors.append(error)), _Recorder()
    router.on(Event)(handler)
    headers, body = platform.told(coupon())
    ways: dict[str, Callable[[], Any]] = {
        "forged": lambda: stranger.signed(body),
        "no headers": lambda: ({}, body),
        "twice": lambda: ([*headers.items()] * 2, body),
        "stale": lambda: platform.signed(body, at=NOW - 300),
        "probe": lambda: platform.probe((headers, body)),
        "large": lambda: platform.signed(b" " * 5001),
        "no json": lambda: platform.signed(b"[]"),
        "other key": lambda: platform.told(coupon(), key="y" * 32),
        "text": lambda: (headers, body.decode()),
        "nothing": lambda: (None, None),
    }

    assert status == failed(await router.handle(*ways[what]()))[0]
    assert {"received": 1, count: 1} == counted(router)
    assert [] == handler.came
    assert (count in {"unreadable", "failed"}) == bool(errors)


@pytest.mark.parametrize("status", [204, 200, 400, 503])
async def test_how_a_probe_is_answered(platform: Platform, make: Make, status: int) -> None:
    """As configured, and it is never handed on."""
    router, handler = make(probe_status=status), _Recorder()
    router.on(Event)(handler)
    reply = await router.handle(*platform.probe(platform.told(coupon())))

    assert Reply(status) == reply if status < 400 else status == failed(reply)[0]
    assert ([], {"received": 1, "probes": 1}) == (handler.came, counted(router))


async def test_a_handler_that_is_late(platform: Platform, make: Make) -> None:
    """It is answered with a failure by the deadline, goes on, and the next delivery finds it done."""
    router, go, runs = make(seconds=SHORT), asyncio.Event(), list[str]()

    @router.on(pc.CouponSent)
    async def record(notification: Notification[pc.CouponSent]) -> None:
        runs.append(notification.id)
        await go.wait()

    callback = platform.told(coupon())
    first, second = await asyncio.gather(router.handle(*callback), router.handle(*callback))
    assert [(500, "it is not done yet")] * 2 == [failed(first), failed(second)]
    go.set()
    assert ACKNOWLEDGED == await router.handle(*callback)
    assert ACKNOWLEDGED == await router.handle(*callback)
    assert 1 == len(runs)
    assert {"received": 4, "handled": 1, "duplicates": 3, "unfinished": 2} == counted(router)


async def test_duplicates_wait_for_the_first(platform: Platform, make: Make) -> None:
    """What comes while the first is handled is answered as the first is: not before, or a crash would lose it."""
    router, begun, endings = make(), asyncio.Event(), asyncio.Queue[bool]()

    @router.on(pc.CouponSent)
    async def record(_: Notification[pc.CouponSent]) -> None:
        begun.set()
        if not await endings.get():
            raise ValueError

    for fine, answer in ((False, 500), (True, 204)):
        begun.clear()
        tasks = [asyncio.create_task(router.handle(*platform.told(coupon()))) for _ in range(5)]
        await begun.wait()
        for _ in range(3):
            await asyncio.sleep(0)
        assert not any(task.done() for task in tasks)
        endings.put_nowait(fine)
        assert [answer] * 5 == [reply.status for reply in await asyncio.gather(*tasks)]
    assert {"received": 10, "handled": 1, "failed": 1, "duplicates": 8} == counted(router)


async def test_whoever_asks_may_be_cancelled(platform: Platform, make: Make) -> None:
    """A client that hangs up does not end the handler, and the next delivery finds it done."""
    router, begun, go, ended = make(), asyncio.Event(), asyncio.Event(), list[bool]()

    @router.on(pc.CouponSent)
    async def record(_: Notification[pc.CouponSent]) -> None:
        begun.set()
        await go.wait()
        ended.append(True)

    callback = platform.told(coupon())
    task = asyncio.create_task(router.handle(*callback))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go.set()
    assert ACKNOWLEDGED == await router.handle(*callback)
    assert [True] == ended


@pytest.mark.parametrize("turns", [0, 1], ids=["at once", "behind a turn of the loop"])
async def test_a_handler_may_close(platform: Platform, make: Make, turns: int) -> None:
    """It waits for the others and not for itself, so it ends well, and nothing is taken behind it."""
    router = make()

    @router.on(pc.CouponSent)
    async def last(_: Notification[pc.CouponSent]) -> None:
        for _turn in range(turns):
            await asyncio.sleep(0)
        await router.close()

    assert ACKNOWLEDGED == await router.handle(*platform.told(coupon()))
    assert 503 == (await router.handle(*platform.told(coupon(2)))).status
    assert {"received": 2, "handled": 1} == counted(router)


async def test_two_handlers_may_close(platform: Platform, make: Make) -> None:
    """Neither waits for the other, who would wait for it."""
    router, both = make(), asyncio.Barrier(2)

    @router.on(pc.CouponSent)
    async def last(_: Notification[pc.CouponSent]) -> None:
        await both.wait()
        await router.close()

    answers = await asyncio.gather(*(router.handle(*platform.told(coupon(number))) for number in (1, 2)))

    assert [ACKNOWLEDGED] * 2 == answers
    assert {"received": 2, "handled": 2} == counted(router)


async def test_closing_waits_for_handlers(platform: Platform, make: Make) -> None:
    """Handlers that run are awaited, and whatever comes meanwhile is answered with 503."""
    async with make() as router:
        begun, go, ended = asyncio.Event(), asyncio.Event(), list[bool]()

        @router.on(pc.CouponSent)
        async def record(_: Notification[pc.CouponSent]) -> None:
            begun.set()
            await go.wait()
            ended.append(True)

        task = asyncio.create_task(router.handle(*platform.told(coupon())))
        await begun.wait()
        closing = asyncio.create_task(router.close())
        await asyncio.sleep(0)
        assert (503, "the service is stopping") == failed(await router.handle(*platform.told(coupon(2))))
        assert not closing.done()
        go.set()
        await closing
        assert [True] == ended
        assert ACKNOWLEDGED == await task


@pytest.mark.parametrize("kind", ["coroutine", "fails"])
async def test_closing_with_an_end(platform: Platform, make: Make, kind: str) -> None:
    """What still runs then is cancelled and its claim given up; a function in a thread is waited for."""
    store = MemoryStore()
    router, begun, go = make(store=store), asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    async def coroutine(_: Notification[pc.CouponSent]) -> None:
        begun.set()
        await asyncio.Event().wait()

    def function(_: Notification[pc.CouponSent]) -> None:
        loop.call_soon_threadsafe(begun.set)
        go.wait()
        raise ValueError

    handler: Any = coroutine if kind == "coroutine" else function
    router.on(pc.CouponSent)(handler)
    task = asyncio.create_task(router.handle(*platform.told(coupon())))
    await begun.wait()
    closing = asyncio.create_task(router.close(seconds=SHORT))
    loop.call_later(SHORT * 1.5, go.set)
    await closing
    assert 500 == (await task).status
    assert 0 == len(store)


@pytest.mark.parametrize("more", [False, True], ids=["one", "with another behind it"])
async def test_a_function_that_ends_well_behind_the_end(platform: Platform, make: Make, more: bool) -> None:  # noqa: FBT001
    """A thread cannot be cancelled: what it did is done, and not done again, but for what was not begun."""
    store, runs, loop = MemoryStore(), list[str](), asyncio.get_running_loop()
    routers, begun, go = [make(store=store), make(store=store)], asyncio.Event(), threading.Event()

    def function(_: Notification[pc.CouponSent]) -> None:
        loop.call_soon_threadsafe(begun.set)
        go.wait()
        runs.append("first")

    async def behind(_: Notification[pc.CouponSent]) -> None:
        runs.append("second")

    for router in routers:
        router.on(pc.CouponSent)(function)
        if more:
            router.on(pc.CouponSent)(behind)
    task = asyncio.create_task(routers[0].handle(*platform.told(coupon())))
    await begun.wait()
    loop.call_later(SHORT, go.set)
    await routers[0].close(seconds=0.01)
    assert (500 if more else 204) == (await task).status
    assert ACKNOWLEDGED == await routers[1].handle(*platform.told(coupon()))
    assert (["first", "first", "second"] if more else ["first"]) == runs


class _Slow(MemoryStore):
    """A store that waits, or fails, where a test says so."""

    __slots__ = ("came", "fails", "go", "where")

    def __init__(self, where: str, *, fails: bool = False) -> None:
        super().__init__()
        self.where, self.fails = where, fails
        self.came, self.go = asyncio.Event(), asyncio.Event()

    async def claim(self, key: str, holder: str, seconds: float, *, done: bool = False) -> Claimed:
        """Wait or fail where it is to, and claim."""
        if self.where == ("done" if done else "claim"):
            self.came.set()
            if self.fails:
                raise OSError("locked")
            await self.go.wait()
        return await super().claim(key, holder, seconds, done=done)


async def test_cancelled_while_the_end_is_written(platform: Platform, make: Make) -> None:
    """What was handled is acknowledged, and its end is written before the router is closed, so it is not done again."""
    store, handler = _Slow("done"), _Recorder()
    routers = [make(store=store), make(store=store)]
    for router in routers:
        router.on(pc.CouponSent)(handler)
    task = asyncio.create_task(routers[0].handle(*platform.told(coupon())))
    await store.came.wait()
    closing = asyncio.create_task(routers[0].close(seconds=0.01))
    assert ACKNOWLEDGED == await task
    assert not closing.done()
    store.go.set()
    await closing
    assert ACKNOWLEDGED == await routers[1].handle(*platform.told(coupon()))
    assert 1 == len(handler.came)


async def test_cancelled_while_it_is_claimed(platform: Platform, make: Make) -> None:
    """A claim that was under way is given up, so the next process need not wait for it to lapse."""
    store, handler = _Slow("claim"), _Recorder()
    router = make(store=store)
    router.on(pc.CouponSent)(handler)
    task = asyncio.create_task(router.handle(*platform.told(coupon())))
    await store.came.wait()
    await router.close(seconds=0.01)
    assert 500 == (await task).status
    assert (0, []) == (len(store), handler.came)


async def test_an_end_that_cannot_be_written(platform: Platform, make: Make, caplog: pytest.LogCaptureFixture) -> None:
    """It is known in this process at once, and written as soon as the store can."""
    store, handler, errors = _Slow("done", fails=True), _Recorder(), list[BaseException]()
    one, other = make(store=store, lease=0.6, on_error=lambda error, _: errors.append(error)), make(store=store)
    for router in (one, other):
        router.on(pc.CouponSent)(handler)
    assert [ACKNOWLEDGED] * 2 == [await one.handle(*platform.told(coupon())) for _ in range(2)]
    store.came.clear()
    await store.came.wait()  # it is tried again
    assert ACKNOWLEDGED == await one.handle(*platform.told(coupon()))
    store.where = ""
    await one.close()
    assert ACKNOWLEDGED == await other.handle(*platform.told(coupon()))
    assert (1, 1, 2) == (len(handler.came), len(errors), one.counts.duplicates)
    assert "was lost" not in caplog.text


@pytest.mark.parametrize("begun", [False, True], ids=["before it begins", "while it is written"])
async def test_a_claim_that_is_prolonged_behind_a_failure(platform: Platform, make: Make, begun: bool) -> None:  # noqa: FBT001
    """Prolonging that crosses a failure leaves no claim, so the next delivery is handled and not busy."""
    store = _Slow("")
    router = make(store=store)
    go, started, endings = asyncio.Event(), asyncio.Event(), [ValueError(), None]

    @router.on(pc.CouponSent)
    async def record(_: Notification[pc.CouponSent]) -> None:
        started.set()
        await go.wait()
        if (error := endings.pop(0)) is not None:
            raise error

    task = asyncio.create_task(router.handle(*platform.told(coupon())))
    await started.wait()
    store.where = "claim" if begun else ""
    if begun:
        router._works._prolong()
        await store.came.wait()
        go.set()
    else:
        go.set()
        router._works._prolong()
    assert 500 == (await task).status
    store.where = ""
    store.go.set()
    while router._works._writing:
        await asyncio.wait(router._works._writing)
    assert 0 == len(store)
    assert ACKNOWLEDGED == await router.handle(*platform.told(coupon()))


async def test_an_early_acknowledgement(platform: Platform, make: Make) -> None:
    """The callback is acknowledged once the claim is kept; the handler goes on behind it, and is awaited at the end."""
    errors: list[Any] = []
    router = make(mode="early", on_error=lambda error, told: errors.append((type(error), told.id if told else None)))
    go, ended = asyncio.Event(), list[str]()

    @router.on(pc.CouponSent)
    async def record(notification: Notification[pc.CouponSent]) -> None:
        await go.wait()
        if notification.id == "bad" and "bad" not in ended:
            ended.append("bad")
            raise ValueError
        ended.append(notification.event.coupon_code)

    good, bad = platform.told(coupon(1)), platform.told(coupon(2), number="bad")
    assert [ACKNOWLEDGED] * 2 == [await router.handle(*good), await router.handle(*bad)]
    waiting = asyncio.create_task(router.handle(*good))
    await asyncio.sleep(0)
    assert [] == ended
    go.set()
    assert ACKNOWLEDGED == await waiting
    assert ACKNOWLEDGED == await router.handle(*bad)
    await router.close()
    assert ["CODE-000001", "bad", "CODE-000002"] == ended
    assert [(ValueError, "bad")] == errors
    assert {"received": 4, "handled": 2, "failed": 1, "duplicates": 1} == counted(router)


class _Broken:
    """A store whose disk is full, now and then, and which holds some claims for others."""

    def __init__(self) -> None:
        self.fails: set[str] = set()
        self.says: Claimed = "yours"
        self.asked: list[str] = []

    async def claim(self, key: str, holder: str, seconds: float, *, done: bool = False) -> Claimed:  # noqa: ARG002
        """Claim, or fail."""
        await self._ask("done" if done else "claim")
        return self.says

    async def release(self, key: str, holder: str) -> None:  # noqa: ARG002
        """Release, or fail."""
        await self._ask("release")

    async def _ask(self, what: str) -> None:
        self.asked.append(what)
        await asyncio.sleep(0)
        if what in self.fails:
            raise OSError("disk full of o-user")


@pytest.mark.parametrize("mode", ["wait", "early"])
@pytest.mark.parametrize(
    ("fails", "says", "raises", "status", "asked"),
    [
        ({"claim"}, "yours", False, 500, ["claim"]),
        ({"done"}, "yours", False, 204, ["claim", "done", "done"]),
        ({"release"}, "yours", True, 500, ["claim", "release"]),
        (set(), "busy", False, 503, ["claim"]),
        (set(), "done", False, 204, ["claim"]),
    ],
    ids=["claim fails", "done fails", "release fails", "busy", "done before"],
)
async def test_a_store_that_fails(  # noqa: PLR0917 - a row of the table above
    platform: Platform,
    make: Make,
    caplog: pytest.LogCaptureFixture,
    mode: str,
    fails: set[str],
    says: Claimed,
    raises: bool,  # noqa: FBT001
    status: int,
    asked: list[str],
) -> None:
    """What cannot be claimed is not handled and comes again; what was handled is acknowledged all the same."""
    store = _Broken()
    store.fails, store.says = fails, says
    router, runs = make(store=store, mode=mode), list[bool]()

    @router.on(pc.CouponSent)
    async def record(_: Notification[pc.CouponSent]) -> None:
        runs.append(True)
        if raises:
            raise ValueError

    reply = await router.handle(*platform.told(coupon()))
    await router.close()

    assert status == reply.status
    assert asked == store.asked
    assert (len(asked) > 1) == bool(runs)
    assert "o-user" not in caplog.text


async def test_a_claim_is_prolonged_as_long_as_the_handler_runs(platform: Platform, make: Make) -> None:
    """A handler that takes longer than the lease keeps its claim; another process is told that it is busy."""
    store, go = MemoryStore(), asyncio.Event()
    one, other = make(store=store, lease=0.6, seconds=2.5), make(store=store, lease=0.6)
    runs: list[str] = []

    @one.on(pc.CouponSent)
    async def record(_: Notification[pc.CouponSent]) -> None:
        runs.append("one")
        await go.wait()

    @other.on(pc.CouponSent)
    async def again(_: Notification[pc.CouponSent]) -> None:
        runs.append("other")

    first = asyncio.create_task(one.handle(*platform.told(coupon())))
    await asyncio.sleep(1.5)  # more than two leases
    assert (503, "it is being handled") == failed(await other.handle(*platform.told(coupon())))
    go.set()
    assert ACKNOWLEDGED == await first
    assert ACKNOWLEDGED == await other.handle(*platform.told(coupon()))
    assert ["one"] == runs
    assert {"received": 2, "duplicates": 2} == counted(other)


async def test_many_deliveries_at_once(platform: Platform, make: Make) -> None:
    """500 deliveries of 50 coupons at once, with handlers that fail now and then: each ends well exactly once."""
    router, ended, running, chance = make(), Counter[str](), set[str](), random.Random(7)  # noqa: S311

    @router.on(pc.CouponSent)
    async def record(notification: Notification[pc.CouponSent]) -> None:
        code = notification.event.coupon_code
        assert code not in running
        running.add(code)
        await asyncio.sleep(chance.random() / 100)
        running.discard(code)
        if chance.random() < 0.3:
            raise ValueError
        ended[code] += 1

    async def deliver(number: int) -> None:
        while (await router.handle(*platform.told(coupon(number)))).status != 204:  # noqa: ASYNC110
            await asyncio.sleep(0)

    numbers = [number % 50 for number in range(500)]
    chance.shuffle(numbers)
    await asyncio.gather(*map(deliver, numbers))

    assert {f"CODE-{number:06}": 1 for number in range(50)} == ended
    assert 50 == router.counts.handled
    assert router.counts.received == router.counts.handled + router.counts.failed + router.counts.duplicates


@pytest.mark.parametrize(
    "options",
    [
        {"mode": "late"},
        {"seconds": 0},
        {"lease": float("inf")},
        {"kept": -1},
        {"window": float("nan")},
        {"probe_status": 302},
        {"store": object()},
        {"ignored": "SEND"},
    ],
    ids=lambda options: next(iter(options)),
)
def test_options_that_cannot_be(ring: KeyRing, options: dict[str, Any]) -> None:
    """An option that cannot be used is refused by its name."""
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        Router(Tenant(APIV3_KEY, keys=ring), **options)


class _Passing:
    """A store that passes on whatever is asked of it, as wrappers that count or trace calls do."""

    def __init__(self, inner: Store) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


async def test_a_store_may_be_wrapped(platform: Platform, make: Make) -> None:
    """What claims and releases by passing it on is as good as what it wraps."""
    router, handled = make(store=_Passing(MemoryStore())), _Recorder()
    router.on(pc.CouponSent)(handled)

    assert ACKNOWLEDGED == await router.handle(*platform.told(coupon()))
    assert ACKNOWLEDGED == await router.handle(*platform.told(coupon()))
    assert {"received": 2, "handled": 1, "duplicates": 1} == counted(router)


@pytest.mark.parametrize("kind", ["PRODUCT_COUPON_SP.SEND", int, pc.CreateStock], ids=str)
async def test_handlers_that_cannot_be(make: Make, kind: Any) -> None:
    """A handler is given for a class of events, and can be called."""
    with pytest.raises(ConfigurationError, match="class of an event"):
        make().on(kind)(_Recorder())
    with pytest.raises(ConfigurationError, match="cannot be called"):
        make().on(pc.CouponSent)(None)  # type: ignore[arg-type]


@FUZZED
@given(
    headers=JUNK, body=st.binary(max_size=100) | st.none() | st.text(max_size=9), tenant=st.none() | st.text(max_size=9)
)
async def test_junk_is_answered(ring: KeyRing, headers: Any, body: Any, tenant: str | None) -> None:
    """Whatever comes, there is an answer, and it is a failure as documented."""
    async with Router(Tenant(APIV3_KEY, keys=ring), clock=lambda: NOW) as router:
        router.on(Event)(_Recorder())

        assert 400 <= failed(await router.handle(headers, body, tenant))[0] <= 599
        assert 1 == router.counts.received


async def test_the_envelope_is_not_trusted_twice(platform: Platform, make: Make) -> None:
    """A router closed over a proven callback that cannot be read tells its hook why."""
    errors: list[BaseException] = []
    router = make(on_error=lambda error, _: errors.append(error))
    router.on(Event)(_Recorder())
    await router.handle(*platform.signed(envelope(coupon()) | {"id": None}))

    assert [UnreadableAnswer] == [type(error) for error in errors]
    assert isinstance(MemoryStore(), Store)
    assert Counts(received=1, unreadable=1) == router.counts
