"""What keeps claims: in memory and in a file, both by the same rules, and after a crash."""

import asyncio
import sqlite3
import stat
import sys
import textwrap
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from wxcoupon import ConfigurationError
from wxcoupon import product_coupon as pc
from wxcoupon.errors import ClientStateError
from wxcoupon.notify import MemoryStore, Notification, Router, SqliteStore, Store, Tenant

from .callbacks import APIV3_KEY, NOW, Platform, coupon

ROOT = Path(__file__).parents[2]


class _Clock:
    """A clock that is set."""

    now = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
def clock() -> _Clock:
    """A clock of one test."""
    return _Clock()


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path, clock: _Clock) -> AsyncIterator[Store]:
    """A store of each kind."""
    if request.param == "memory":
        yield MemoryStore(clock=clock)
    else:
        async with SqliteStore(tmp_path / "claims.db", clock=clock) as made:
            yield made


async def test_the_life_of_a_claim(store: Store, clock: _Clock) -> None:
    """Claimed by one it is busy for others, prolonged by its holder, and done for good."""
    assert "yours" == await store.claim("k", "one", 30)
    assert "busy" == await store.claim("k", "other", 30)
    assert "yours" == await store.claim("other key", "other", 30)
    clock.now += 20
    assert "yours" == await store.claim("k", "one", 30)
    clock.now += 20
    assert "busy" == await store.claim("k", "other", 30)
    assert "yours" == await store.claim("k", "one", 1000, done=True)
    assert ["done", "done"] == [await store.claim("k", holder, 30) for holder in ("other", "one")]
    await store.release("k", "one")
    assert "done" == await store.claim("k", "other", 30)
    clock.now += 1000
    assert "yours" == await store.claim("k", "other", 30)


async def test_a_claim_that_is_given_up(store: Store) -> None:
    """Its holder gives it up, and nobody else does."""
    assert "yours" == await store.claim("k", "one", 30)
    await store.release("k", "other")
    assert "busy" == await store.claim("k", "other", 30)
    await store.release("k", "one")
    assert "yours" == await store.claim("k", "other", 30)
    await store.release("nothing", "one")


async def test_a_claim_that_lapses(store: Store, clock: _Clock) -> None:
    """Whoever is killed leaves a claim that lapses; one that comes back late does not take it from the next."""
    assert "yours" == await store.claim("k", "killed", 30)
    clock.now += 30
    assert "yours" == await store.claim("k", "next", 30)
    assert "busy" == await store.claim("k", "killed", 30, done=True)
    await store.release("k", "killed")
    assert "busy" == await store.claim("k", "third", 30)


async def test_many_ask_at_once(store: Store) -> None:
    """Of many who claim one key at once, one has it."""
    said = await asyncio.gather(*(store.claim("k", f"holder {number}", 30) for number in range(300)))

    assert 1 == said.count("yours")
    assert 299 == said.count("busy")


async def test_memory_is_bounded() -> None:
    """Beyond so many the oldest is forgotten."""
    store = MemoryStore(most=10)
    for number in range(25):
        assert "yours" == await store.claim(f"{number}", "one", 30, done=True)

    assert 10 == len(store)
    assert ["yours", "done"] == [await store.claim(key, "two", 30) for key in ("14", "24")]
    with pytest.raises(ConfigurationError, match="most"):
        MemoryStore(most=0)


async def test_a_file_is_remembered(tmp_path: Path, clock: _Clock) -> None:
    """What is done is known to the next process; the file is its owner's alone, and is swept of what has lapsed."""
    path = tmp_path / "claims.db"
    async with SqliteStore(path, clock=clock) as store:
        assert "yours" == await store.claim("old", "one", 10, done=True)
        assert "yours" == await store.claim("k", "one", 10_000, done=True)
    clock.now += 20
    async with SqliteStore(path, clock=clock) as store, SqliteStore(path, clock=clock) as other:
        assert ["done", "done"] == [await each.claim("k", "two", 30) for each in (store, other)]
        assert str(path) in repr(store)
    connection = sqlite3.connect(path)
    assert [("k",)] == connection.execute("SELECT key FROM wxcoupon_claims").fetchall()
    connection.close()
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)


async def test_a_table_in_a_file_of_ones_own(tmp_path: Path) -> None:
    """A file that is there already gets a table more, and keeps what it has."""
    path = tmp_path / "shop.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE orders (id)")
    connection.commit()
    async with SqliteStore(path) as store:
        assert "yours" == await store.claim("k", "one", 30)
    assert {"orders", "wxcoupon_claims"} == {
        name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    }
    connection.close()


async def test_a_file_that_cannot_be(tmp_path: Path) -> None:
    """A file that cannot be opened is refused with its name; a closed store says that it is."""
    (tmp_path / "text.db").write_text("this is no database" * 100)
    for path in (tmp_path, tmp_path / "nowhere" / "claims.db", tmp_path / "text.db"):
        with pytest.raises(ConfigurationError, match="cannot be opened"):
            SqliteStore(path)

    store = SqliteStore(tmp_path / "claims.db")
    await store.close()
    await store.close()
    with pytest.raises(ClientStateError, match="is closed"):
        await store.claim("k", "one", 30)


_FORKED = """
    import asyncio, os, sys
    from tests.notify.callbacks import APIV3_KEY, NOW, Platform, coupon
    from wxcoupon.notify import Event, Router, SqliteStore, Tenant
    from wxcoupon.notify.adapters.threaded import Threaded
    from wxcoupon.sandbox import Keys

    path, when = sys.argv[1:]
    platform, store = Platform(Keys.generate().platform), SqliteStore(path)
    router = Router(Tenant(APIV3_KEY, keys=platform.ring()), store=store, clock=lambda: NOW)
    callbacks = Threaded(router, store)

    @router.on(Event)
    def record(notification):
        print("handled", flush=True)

    if when == "used":
        print(asyncio.run(store.claim("k", "one", 30)), flush=True)
    child = os.fork()
    if child == 0:
        print(callbacks.handle(*platform.told(coupon())).status, flush=True)
        callbacks.close()
        os._exit(0)
    os.waitpid(child, 0)
    if when == "used":
        print(asyncio.run(store.claim("k", "two", 30)))
    print(callbacks.handle(*platform.told(coupon())).status)
"""


@pytest.mark.parametrize(
    ("when", "says", "logs"),
    [
        ("made", "handled 204 204", ""),
        ("used", "yours 500 busy handled 204", "the store failed with ClientStateError"),
    ],
)
async def test_a_store_and_a_fork(tmp_path: Path, when: str, says: str, logs: str) -> None:
    """Made before a server forks, it serves every worker; used before, it says so, and the parent goes on."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "ignore", "-c", textwrap.dedent(_FORKED), tmp_path / "claims.db", when),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, logged = await process.communicate()

    assert says.split() == said.decode().split()
    assert logs in logged.decode()
    assert bool(logs) == bool(logged)


async def test_a_locked_file_is_an_error_and_not_a_claim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who cannot write a claim has none; when the file is free again, all goes on."""
    monkeypatch.setattr("wxcoupon.notify.sqlite_store._PATIENCE", 0.1)
    async with SqliteStore(tmp_path / "claims.db") as store:
        connection = sqlite3.connect(tmp_path / "claims.db", isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError):
            await store.claim("k", "one", 30)
        connection.execute("COMMIT")
        connection.close()
        assert "yours" == await store.claim("k", "one", 30)


async def test_a_service_that_is_killed_while_it_handles(platform: Platform, tmp_path: Path) -> None:
    """Killed between claim and end, a service swallows nothing: the coupon is busy for its lease, and then handled."""
    path = tmp_path / "claims.db"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.notify.hold_a_claim", path, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert b"claimed\n" == await process.stdout.readline()
    process.kill()
    assert -9 == await process.wait()

    handled: list[str] = []
    statuses: list[int] = []
    async with (
        SqliteStore(path) as store,
        Router(Tenant(APIV3_KEY, keys=platform.ring()), store=store, clock=lambda: NOW) as router,
    ):

        @router.on(pc.CouponSent)
        async def record(notification: Notification[pc.CouponSent]) -> None:
            handled.append(notification.event.coupon_code)

        while not statuses or statuses[-1] != 204:
            statuses.append((await router.handle(*platform.told(coupon()))).status)
            await asyncio.sleep(0.05)
        again = await router.handle(*platform.told(coupon()))

    assert (["CODE-000001"], 204) == (handled, again.status)
    assert {503, 204} >= set(statuses)
