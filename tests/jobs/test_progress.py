"""How far a job is, and what is known of its rows before it is over."""

import pytest

from wxcoupon.bulk.account import every_row
from wxcoupon.bulk.ledger import Tally
from wxcoupon.bulk.ledgers.sqlite_ledger import SqliteLedger
from wxcoupon.bulk.progress import Phase, Progress
from wxcoupon.bulk.reading import open_source
from wxcoupon.bulk.verdicts import Ending

from .shop import JOB, Shop, codes, counts, through


class _Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_rate_and_end() -> None:
    """The rate is that of this run, of late, and says when the rest will be done."""
    clock = _Clock()
    progress = Progress(clock)
    assert (None, None) == (progress.rate, progress.eta)

    progress.begin(10_000, Tally(done=2_000))
    assert (Phase.SENDING, None, None, 8_000) == (progress.phase, progress.rate, progress.eta, progress.left)
    for _ in range(10):
        clock.now += 1
        progress.note(Tally(done=190, failed=10), 2)

    assert (200.0, 30.0) == (progress.rate, progress.eta)
    assert (10, 10, 6_000, 2_000) == (progress.calls, progress.repeats, progress.left, progress.earlier)
    assert Tally(done=3_900, failed=100) == progress.tally


def test_the_rate_follows() -> None:
    """After half a minute of another speed, the rate is that one."""
    clock = _Clock()
    progress = Progress(clock)
    progress.begin(1_000_000, Tally())
    for rows in [100] * 40 + [10] * 40:
        clock.now += 1
        progress.note(Tally(done=rows), 1)

    assert progress.rate == pytest.approx(10, rel=0.1)
    clock.now += 300
    assert progress.rate is not None
    assert 1.5 > progress.rate


def test_many_calls_at_one_moment() -> None:
    """What ends in one moment is counted, and the rate is not said of no time at all."""
    clock = _Clock()
    progress = Progress(clock)
    progress.begin(600, Tally())
    for _ in range(3):
        progress.note(Tally(done=200), 1)
    assert (None, 0) == (progress.rate, progress.left)

    clock.now += 2
    assert (300.0, 0.0) == (progress.rate, progress.eta)


async def test_phases(shop: Shop) -> None:
    """A job is read, sent, and ended; what was read is counted."""
    run = shop.run(shop.file([*codes(300), "no code"]))
    phases = [run.progress.phase]

    async with run:
        phases.append(run.progress.phase)
        async for _ in run:
            pass
    phases.append(run.progress.phase)

    assert [Phase.READING, Phase.SENDING, Phase.ENDED] == phases
    assert (301, 301, 0, 0) == (run.progress.read, run.progress.rows, run.progress.left, run.progress.earlier)
    assert {"done": 300, "invalid": 1} == counts(run)


async def test_rows_of_a_job_that_is_not_over(shop: Shop) -> None:
    """Rows that have no outcome yet are told with none; those that have one keep it."""
    path = shop.file([*codes(7), "no code", "C00000", *codes(20)[7:]])
    async with shop.few(path, shop.path, concurrency=1) as run:
        await anext(aiter(run))
    known = run.progress.tally.total

    rows = await shop.account(path)

    assert list(range(1, 23)) == [row.line for row in rows]
    assert known == sum(row.ending is not None for row in rows)
    assert None is rows[-1].ending
    assert {""} == {row.reason for row in rows if row.ending is None}


async def test_only_what_is_in_trouble(shop: Shop) -> None:
    """On request calls of which every row was done are left out."""
    path = shop.file([*codes(9), "no code", *codes(30)[9:]])
    await through(shop.few(path, shop.path))

    async with SqliteLedger(shop.path) as ledger:
        record = await ledger.find(JOB)
        assert record is not None
        source = await open_source(path)
        rows = [row async for row in every_row(ledger, record, source, troubled=True)]
        source.close()

    assert 5 > len(rows)
    assert [Ending.INVALID] == [row.ending for row in rows if row.ending is not Ending.DONE]
