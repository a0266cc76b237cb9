"""The end of a service: handlers that run are awaited, and what they need is closed behind them."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from wxcoupon import ConfigurationError
from wxcoupon import product_coupon as pc
from wxcoupon.errors import ClientStateError
from wxcoupon.keys import KeyRing
from wxcoupon.notify import Notification, Router, SqliteStore, Tenant
from wxcoupon.notify.adapters import django_views
from wxcoupon.notify.adapters.serving import serving
from wxcoupon.notify.adapters.threaded import Threaded, _begin_all

from ..notify.callbacks import APIV3_KEY, NOW, Platform, coupon
from .services import EVERY, NOTIFY
from .speaking import posted, statuses

FRAMEWORKS = ("aiohttp", "django", "fastapi", "flask", "quart", "starlette", "werkzeug")


class _Watched(Router):
    """A router that tells when it is closed."""

    def __init__(self, *tenants: Tenant, **options: Any) -> None:
        super().__init__(*tenants, **options)
        self.closing = threading.Event()

    async def close(self, seconds: float | None = None) -> None:
        self.closing.set()
        await super().close(seconds)


class _Closed:
    """What is entered before the first callback and left behind the router, and fails at that if it is told to."""

    def __init__(self, order: list[str], name: str, *, fails: bool = False) -> None:
        self._order = order
        self._name = name
        self._fails = fails

    async def __aenter__(self) -> None:
        self._order.append(f"open {self._name}")

    async def __aexit__(self, *_: object) -> None:
        self._order.append(self._name)
        if self._fails:
            raise OSError(self._name)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("mode", ["wait", "early"])
async def test_a_handler_that_runs_is_awaited(name: str, mode: str, ring: KeyRing, platform: Platform) -> None:
    """What has begun ends, is answered where it still is to be, and only then are the client and the store closed."""
    order: list[str] = []
    begun, go = threading.Event(), threading.Event()
    router = _Watched(Tenant(APIV3_KEY, keys=ring), clock=lambda: NOW, mode=mode)

    @router.on(pc.CouponSent)
    def record(notification: Notification[pc.CouponSent]) -> None:
        begun.set()
        assert go.wait(10)
        order.append(notification.event.coupon_code)

    entered, leave = asyncio.Event(), asyncio.Event()
    ports: list[int] = []

    async def serve() -> None:
        async with EVERY[name](router, _Closed(order, "store"), _Closed(order, "client")) as port:
            ports.append(port)
            entered.set()
            await leave.wait()

    serves = asyncio.create_task(serve())
    await entered.wait()
    asked = asyncio.create_task(posted(ports[0], NOTIFY, platform.told(coupon())))
    assert await asyncio.to_thread(begun.wait, 10)
    if mode == "early":
        assert [204] == statuses(await asked)
    leave.set()
    if mode == "early":
        assert await asyncio.to_thread(router.closing.wait, 10)
    assert ["open store", "open client"] == order
    go.set()
    assert [204] == statuses(await asked)
    await serves
    assert ["open store", "open client", "CODE-000001", "client", "store"] == order


async def test_what_fails_to_close_stops_nothing(ring: KeyRing) -> None:
    """Everything is closed in the order given, and the failure is told at the end."""
    order: list[str] = []
    with pytest.raises(OSError, match="client"):
        async with serving(
            Router(Tenant(APIV3_KEY, keys=ring)),
            [_Closed(order, "store"), _Closed(order, "client", fails=True)],
            None,
        ):
            order.append("serves")
    assert ["open store", "open client", "serves", "client", "store"] == order


async def test_a_handler_that_does_not_end_is_cancelled(ring: KeyRing, platform: Platform) -> None:
    """After the seconds of grace its claim is given up, so that another process can take it."""
    router = Router(Tenant(APIV3_KEY, keys=ring), clock=lambda: NOW, mode="early")
    cancelled = asyncio.Event()

    @router.on(pc.CouponSent)
    async def record(_: Notification[pc.CouponSent]) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async with EVERY["starlette"](router) as port:
        assert [204] == statuses(await posted(port, NOTIFY, platform.told(coupon())))
        async with serving(router, [], 0.01):
            pass
        assert cancelled.is_set()
        assert [503] == statuses(await posted(port, NOTIFY, platform.told(coupon())))
    assert 1 == router.counts.failed


def test_a_threaded_router_closes_once(ring: KeyRing, platform: Platform, tmp_path: Path) -> None:
    """It takes callbacks from any thread; closed, it says that it stops; unused, it closes the others all the same."""
    order: list[str] = []
    store = SqliteStore(tmp_path / "claims.db")
    router = Router(Tenant(APIV3_KEY, keys=ring), clock=lambda: NOW, store=store)

    @router.on(pc.CouponSent)
    async def record(notification: Notification[pc.CouponSent]) -> None:
        order.append(f"{notification.event.coupon_code} in {threading.current_thread().name}")

    with Threaded(router, store, _Closed(order, "client")) as callbacks:
        assert 204 == callbacks.handle(*platform.told(coupon())).status
    callbacks.close()
    assert 503 == callbacks.handle(*platform.told(coupon())).status
    assert ["open client", "CODE-000001 in wxcoupon-notify", "client"] == order
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("wxcoupon")]
    with Threaded(Router(Tenant(APIV3_KEY, keys=ring)), _Closed(order, "unused")):
        pass
    assert "unused" == order[-1]


class _Late:
    """What cannot be entered at first."""

    def __init__(self) -> None:
        self.entered = 0
        self.left = 0

    async def __aenter__(self) -> None:
        self.entered += 1
        if self.entered == 1:
            raise sqlite3.OperationalError("database is locked by o-user")

    async def __aexit__(self, *_: object) -> None:
        self.left += 1


def test_what_is_needed_is_entered_again(ring: KeyRing, platform: Platform, caplog: pytest.LogCaptureFixture) -> None:
    """What fails once is said, and left; the next callback enters all of it anew, and is handled."""
    order, late = list[str](), _Late()
    router = Router(Tenant(APIV3_KEY, keys=ring), clock=lambda: NOW)
    router.on(pc.CouponSent)(lambda notification: order.append(notification.event.coupon_code))
    with Threaded(router, _Closed(order, "store"), late) as callbacks:
        assert [500, 204, 204] == [callbacks.handle(*platform.told(coupon())).status for _ in range(3)]

    assert ["open store", "store", "open store", "CODE-000001", "store"] == order
    assert (2, 1, 3, 1) == (late.entered, late.left, router.counts.received, router.counts.failed)
    assert "what the callbacks need failed with OperationalError at test_stopping.py" in caplog.text
    assert "o-user" not in caplog.text


def test_a_forked_process_is_told(ring: KeyRing, platform: Platform) -> None:
    """A thread stays behind at a fork: an error says so, where otherwise the answer would be waited for for ever."""
    with Threaded(Router(Tenant(APIV3_KEY, keys=ring), clock=lambda: NOW)) as callbacks:
        assert 500 == callbacks.handle(*platform.told(coupon())).status
        running = callbacks._thread
        callbacks._thread = threading.Thread()  # as a child finds it: not alive
        with pytest.raises(ClientStateError, match="before the process was forked"):
            callbacks.handle(*platform.told(coupon()))
        callbacks.close()
        callbacks._thread = running


@pytest.mark.parametrize(
    ("kind", "waits", "following"),
    [
        ("def", "go.wait(); time.sleep(0.3)", "def"),
        ("async def", "await asyncio.to_thread(go.wait); await asyncio.sleep(0.3)", "async def"),
        ("async def", "await asyncio.sleep(0.3)", "async def"),
        ("async def", "await asyncio.sleep(0.3)", "def"),
    ],
    ids=["functions", "coroutine functions", "coroutine functions without a thread", "a thread needed at the end"],
)
def test_a_threaded_router_is_closed_with_the_interpreter(
    kind: str, waits: str, following: str, tmp_path: Path
) -> None:
    """Nobody has to call close: handlers that run may end, those behind them may begin, and the store is closed."""
    script = f"""
        import asyncio, threading, time
        from tests.notify.callbacks import APIV3_KEY, NOW, Platform, coupon
        from wxcoupon.notify import Event, Router, SqliteStore, Tenant
        from wxcoupon.notify.adapters.threaded import Threaded
        from wxcoupon.sandbox import Keys

        class Client:
            async def __aenter__(self):
                pass

            async def __aexit__(self, *_):
                print("closed")

        platform, store = Platform(Keys.generate().platform), SqliteStore({str(tmp_path / "claims.db")!r})
        router = Router(Tenant(APIV3_KEY, keys=platform.ring()), store=store, clock=lambda: NOW, mode="early")

        @router.on(Event)
        {kind} first(notification):
            {waits}
            print("first")

        @router.on(Event)
        {following} second(notification):
            print("second")

        callbacks, go = Threaded(router, store, Client()), threading.Event()
        print(callbacks.handle(*platform.told(coupon())).status)
        go.set()
    """
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True)
    assert ("", ["204", "first", "second", "closed"]) == (ended.stderr, ended.stdout.split())


def test_the_threads_of_a_pool_begin_together() -> None:
    """Where Python begins no thread at its end, every thread is there before it is needed."""
    with ThreadPoolExecutor(3, "begun-together") as pool:
        _begin_all(pool, 3)
        assert 3 == sum(thread.name.startswith("begun-together") for thread in threading.enumerate())


def test_nothing_is_imported_until_it_is_used() -> None:
    """Whoever has none of the frameworks can import every adapter."""
    script = f"""
        import sys
        from wxcoupon.notify.adapters import aiohttp_web, asgi, django_views, flask_views, quart_views, starlette_web
        print([name for name in {FRAMEWORKS} if name in sys.modules])
    """
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True)
    assert "[]\n" == ended.stdout


async def test_the_async_view_of_django_needs_asgi(ring: KeyRing) -> None:
    """Under WSGI every request has another event loop, so the first one says which view to take."""
    view = django_views.view(Router(Tenant(APIV3_KEY, keys=ring)))
    with pytest.raises(ConfigurationError, match="blocking_view"):
        await view(object())
