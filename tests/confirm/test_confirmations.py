"""What a ledger keeps of confirmations, in a file and in memory; and ledgers of the version before."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import attrs
import pytest

from wxcoupon.bulk import MemoryLedger, SqliteLedger
from wxcoupon.bulk.confirmations import REOPENED, Confirmation, Confirmations, Stages, Taken
from wxcoupon.bulk.ledger import NewJob
from wxcoupon.bulk.ledgers.sqlite_schema import _STEPS, VERSION

ALICE, BOB = "mchid=1", "brand_id=2"


def coupon(number: int = 1, caller: str = ALICE) -> Confirmation:
    """A coupon to confirm."""
    return Confirmation(f"key-{number}", f"no-{number}", caller, "b", "p", "s", f"CODE-{number}", "wx", f"o-{number}")


@pytest.fixture(params=["sqlite", "memory"])
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Confirmations]:
    """The confirmations of an empty ledger of each kind."""
    async with SqliteLedger(tmp_path / "ledger") if request.param == "sqlite" else MemoryLedger() as ledger:
        yield ledger.confirmations


async def test_a_coupon_is_noted_once(kept: Confirmations) -> None:
    """What waits is not noted again, and what is confirmed only if somebody has seen that it is not."""
    assert await kept.note(coupon(), 10.0)
    assert not await kept.note(coupon(), 11.0)
    assert not await kept.note(coupon(), 11.0, again=True)
    assert await kept.end("key-1", "EFFECTIVE", 12.0)
    assert not await kept.note(coupon(), 13.0)
    assert not await kept.note(coupon(), 13.0, again=True, seen=12.0)
    assert await kept.note(attrs.evolve(coupon(), request_no="no-2"), 14.0, again=True)

    expected = attrs.evolve(coupon(), request_no="no-2", reason=REOPENED)
    assert Taken([expected], 30.0) == await kept.take([ALICE], 14.0, 30.0, 9)


async def test_what_is_seen_again_is_due_now(kept: Confirmations) -> None:
    """A coupon that waits is due when it is seen, for whoever saw it, and keeps its number."""
    await kept.note(coupon(), 10.0)
    await kept.postpone(attrs.evolve(coupon(), tries=1), 500.0)
    assert {ALICE: 1} == await kept.waiting()
    seen = attrs.evolve(coupon(caller=BOB), request_no="no-2", appid="other")

    assert [False, False] == [await kept.note(seen, 20.0), await kept.note(seen, 20.0, again=True)]
    assert {BOB: 1} == await kept.waiting()
    assert Taken([], None) == await kept.take([ALICE], 20.0, 60.0, 9)
    assert Taken([attrs.evolve(coupon(caller=BOB), tries=1)], 60.0) == await kept.take([BOB], 20.0, 60.0, 9)


async def test_a_clock_that_was_ahead_holds_nothing_up(kept: Confirmations) -> None:
    """What is due later than anything can be is due, and what ended in the future is begun anew."""
    await kept.note(coupon(), 9e9)
    assert Taken([], 9e9) == await kept.take([ALICE], 10.0, 60.0, 9, beyond=9e9)
    assert Taken([coupon()], 60.0) == await kept.take([ALICE], 10.0, 60.0, 9, beyond=8e9)
    await kept.end("key-1", "EFFECTIVE", 9e9)

    assert await kept.note(coupon(), 14.0, again=True)


async def test_what_is_due_is_taken(kept: Confirmations) -> None:
    """What waited longest comes first, of those callers alone, and nobody is given it before the lease ends."""
    for number, (caller, due) in enumerate([(ALICE, 30.0), (ALICE, 10.0), (BOB, 20.0), (ALICE, 40.0), ("c", 1.0)]):
        await kept.note(coupon(number, caller), due)

    assert Taken([], None) == await kept.take([], 50.0, 60.0, 9)
    assert Taken([coupon(1), coupon(2, BOB)], 30.0) == await kept.take([ALICE, BOB], 35.0, 60.0, 2)
    assert Taken([coupon(0)], 40.0) == await kept.take([ALICE, BOB], 35.0, 61.0, 9)
    assert Taken([], 40.0) == await kept.take([BOB, ALICE], 39.0, 70.0, 9)
    assert Taken([coupon(2, BOB)], 90.0) == await kept.take([BOB], 60.0, 90.0, 9)


async def test_one_is_tried_again(kept: Confirmations) -> None:
    """What is postponed is due then, and knows what became of it."""
    await kept.note(coupon(), 10.0)
    (taken,) = (await kept.take([ALICE], 10.0, 60.0, 9)).confirmations
    tried = attrs.evolve(taken, tries=2, refusals=1, reason="busy")
    await kept.postpone(tried, 20.0)

    assert Taken([], 20.0) == await kept.take([ALICE], 19.0, 60.0, 9)
    assert Taken([tried], 60.0) == await kept.take([ALICE], 20.0, 60.0, 9)


async def test_what_has_ended_stays_ended(kept: Confirmations) -> None:
    """Whoever comes late, with whatever news, changes nothing."""
    await kept.note(coupon(), 10.0)
    assert await kept.end("key-1", "USED", 11.0)
    await kept.postpone(coupon(), 12.0)

    assert not await kept.end("key-1", "EFFECTIVE", 12.0)
    assert not await kept.give_up(coupon(), 12.0)
    assert not await kept.end("key-9", "EFFECTIVE", 12.0)
    assert Taken([], None) == await kept.take([ALICE], 99.0, 100.0, 9)
    assert Stages(ended=1) == await kept.stages([ALICE, BOB])


async def test_what_is_given_up_is_kept(kept: Confirmations) -> None:
    """What is given up keeps its data and its reason, and waits anew when it is noted, or when all are reopened."""
    for number in range(3):
        await kept.note(coupon(number), 10.0)
        assert await kept.give_up(attrs.evolve(coupon(number), tries=3, refusals=2, reason="no"), 11.0)

    assert Stages(given_up=3) == await kept.stages([ALICE])
    given_up = await kept.given_up([ALICE], most=2)
    assert [("key-0", "no", "o-0", 3), ("key-1", "no", "o-1", 3)] == [
        (one.key, one.reason, one.openid, one.tries) for one in given_up
    ]
    assert ["key-2"] == [one.key for one in await kept.given_up([ALICE], after="key-1")]
    assert [] == await kept.given_up([BOB])
    assert await kept.note(coupon(), 12.0)
    assert 1 == await kept.forget(["key-2", "key-9"])
    assert [0, 1] == [await kept.reopen([BOB], 13.0), await kept.reopen([ALICE], 13.0)]
    assert Taken([coupon(1), attrs.evolve(coupon(0), reason="no")], 60.0) == await kept.take([ALICE], 13.0, 60.0, 9)


async def test_what_ended_long_ago_is_forgotten(kept: Confirmations) -> None:
    """What ended before a moment is swept out, so many at once; nothing else is."""
    for number in range(5):
        await kept.note(coupon(number), 10.0)
    for number in range(3):
        await kept.end(f"key-{number}", "EFFECTIVE", 20.0 + number)
    await kept.give_up(coupon(3), 1.0)

    assert [1, 1, 0] == [await kept.sweep(22.0, 1) for _ in range(3)]
    assert Stages(waiting=1, ended=1, given_up=1) == await kept.stages([ALICE])


async def test_nothing_personal_is_left(tmp_path: Path) -> None:
    """The file is its owner's alone, and what is confirmed leaves neither code nor openid in it."""
    path = tmp_path / "ledger"
    async with SqliteLedger(path) as ledger:
        for number in range(50):
            await ledger.confirmations.note(coupon(number), 10.0)
        await ledger.confirmations.sweep(0.0)
    before = path.read_bytes()
    async with SqliteLedger(path) as ledger:
        for number in range(50):
            await ledger.confirmations.end(f"key-{number}", "EFFECTIVE", 11.0)

    after = path.read_bytes()
    assert 0o600 == path.stat().st_mode & 0o777
    assert (True, True) == (b"CODE-1" in before, b"no-1" in after)
    assert (False, False) == (b"CODE-" in after, b"o-1wx" in after or b"wxo-" in after)


async def test_a_ledger_of_the_version_before_is_taken_on(tmp_path: Path) -> None:
    """A ledger that knows jobs alone keeps them, and knows confirmations from then on."""
    path = tmp_path / "ledger"
    before = sqlite3.connect(path)
    for statement in _STEPS[0]:
        before.execute(statement)
    before.execute("PRAGMA user_version = 1")
    before.execute("INSERT INTO jobs (name, kind, target, source, created_at) VALUES ('spring', 'upload', '', '', 1.0)")
    before.commit()
    before.close()

    async with SqliteLedger(path) as ledger:
        assert ["spring"] == [job.name for job in await ledger.jobs()]
        assert await ledger.confirmations.note(coupon(), 10.0)
        await ledger.add(NewJob("summer", "upload", "", ""))
    after = sqlite3.connect(path)
    assert [(VERSION,)] == after.execute("PRAGMA user_version").fetchall()
    after.close()
