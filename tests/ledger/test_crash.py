"""The ledger as it is found after a crash at any moment: its log cut at every write, and inside each."""

# ruff: noqa: ASYNC240 - nothing else is going on in these event loops

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from wxcoupon.bulk.ledger import State
from wxcoupon.bulk.ledgers.sqlite_ledger import SqliteLedger
from wxcoupon.bulk.ledgers.sqlite_schema import opened
from wxcoupon.bulk.ledgers.sqlite_tables import Tables

from .model import Pair

_PAGE = 4096
_HEAD = 32
"""Bytes of the log before its first frame."""
_FRAME = 24 + _PAGE
_STEPS = 280
_EPOCH = 56
"""Steps between checkpoints."""


@attrs.define
class Epoch:
    """What was written from one checkpoint to the next.

    Attributes:
        first: how many steps were done when it began.
        main: the file, which does not change meanwhile.
        old: the log when it began, which is overwritten from its beginning.
        log: the log at its end, as far as it is of this epoch.
        acknowledged: how much of the log there was, and how many steps were done, after each step.
        after: the file when the next checkpoint was through.
    """

    first: int
    main: bytes
    old: bytes
    log: bytes = b""
    acknowledged: list[tuple[int, int]] = attrs.field(factory=list[tuple[int, int]])
    after: bytes = b""

    def least(self, cut: int) -> int:
        """How many steps were acknowledged when so much of the log was written."""
        return max([steps for size, steps in self.acknowledged if size <= cut], default=self.first)


def _written(log: bytes, old: bytes) -> bytes:
    """The part of a log that was written since it was the old one: its frames bear the salt of its head."""
    salt = log[16:24]
    if len(log) < _HEAD or salt == old[16:24]:
        return b""
    end = _HEAD
    while log[end + 8 : end + 16] == salt:
        end += _FRAME
    return log[:end]


def _step(pair: Pair, chance: random.Random) -> tuple[str, tuple[object, ...]]:
    """Something that can be done, mostly what a run does."""
    name = chance.choice(["spring", "autumn"])
    if name not in pair.jobs:
        return "add", (name,)
    if not pair.jobs[name].planned:
        return chance.choice([("plan", (name, 5)), ("plan", (name, 17)), ("planned", (name,))])
    if chance.random() < 0.02 or all(each.state is State.SETTLED for each in pair.jobs[name].chunks):
        return "remove", (name,)
    states = [State.SETTLED, State.SETTLED, State.REFUSED, State.UNKNOWN]
    return chance.choices(
        [
            ("claim", (name, chance.randrange(1, 9))),
            ("settle", (name, chance.randrange(200), chance.choice(states))),
            ("release", (name, chance.randrange(16))),
            ("reopen", (name,)),
            ("number", ()),
        ],
        [6, 6, 1, 1, 1],
    )[0]


async def _history(path: Path) -> tuple[list[list[tuple[object, ...]]], list[Epoch]]:
    """Several hundred steps: the states that they lead through, and what they wrote."""
    chance = random.Random(20)  # noqa: S311 - the same every time
    log = Path(f"{path}-wal")
    async with SqliteLedger(path) as ledger:
        pair = Pair(ledger)
        _checkpoint(path)
        states = [pair.state()]
        epochs = [Epoch(0, path.read_bytes(), log.read_bytes())]
        for number in range(1, _STEPS + 1):
            name, args = _step(pair, chance)
            await getattr(pair, name)(*args)
            states.append(pair.state())
            epoch = epochs[-1]
            epoch.log = _written(log.read_bytes(), epoch.old)
            epoch.acknowledged.append((len(epoch.log), number))
            if number % _EPOCH == 0:
                assert epoch.main == path.read_bytes()
                _checkpoint(path)
                epoch.after = path.read_bytes()
                epochs.append(Epoch(number, epoch.after, log.read_bytes()))
    return states, epochs[:-1]


def _checkpoint(path: Path) -> None:
    connection = opened(path, 5.0)
    busy, there, done = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    connection.close()
    assert (0, there) == (busy, done)


def _cuts(log: bytes) -> Iterator[int]:
    """Every boundary between writes, and places inside each."""
    yield from (0, 1, 20, _HEAD - 1)
    for begin in range(_HEAD, len(log), _FRAME):
        yield from (begin, begin + 12, begin + 24 + _PAGE // 2, begin + _FRAME - 1)
    yield len(log)


def _found(folder: Path, main: bytes, log: bytes) -> list[tuple[object, ...]]:
    """What a process finds after a crash that left this."""
    path = folder / "crashed"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    path.write_bytes(main)
    Path(f"{path}-wal").write_bytes(log)
    connection = opened(path, 5.0)
    try:
        connection.execute("PRAGMA synchronous = OFF")
        assert [("ok",)] == connection.execute("PRAGMA integrity_check").fetchall()
        tables = Tables(connection)
        (last,) = connection.execute("SELECT coalesce(max(last), 0) FROM series").fetchone()
        jobs = [(job, tuple(tables.chunks(job.id, -1, 10**6, troubled=False))) for job in tables.jobs()]
        return [(last,), *((job.name, job.id, job.planned, chunks) for job, chunks in jobs)]
    finally:
        connection.close()


@pytest.mark.slow
@pytest.mark.parametrize("behind", ["nothing", "the old log"])
async def test_a_log_that_was_cut(tmp_path: Path, behind: str) -> None:
    """Wherever the log ends, the ledger is whole, at some step, and no step that was acknowledged is missing."""
    states, epochs = await _history(tmp_path / "ledger")
    count = 0
    for epoch in epochs:
        for cut in _cuts(epoch.log):
            log = epoch.log[:cut] + (epoch.old[cut:] if behind == "the old log" else b"")
            found = _found(tmp_path / "copy", epoch.main, log)
            last = epoch.first + _EPOCH
            assert found in states[epoch.least(cut) : last + 1], f"epoch of step {epoch.first}, cut at {cut}"
            count += 1
    assert count > 4 * _STEPS


async def test_a_checkpoint_that_was_cut(tmp_path: Path) -> None:
    """However much of a checkpoint is in the file, in whatever order, with the log it is the state of its end."""
    states, epochs = await _history(tmp_path / "ledger")
    for epoch in epochs:
        size = max(len(epoch.main), len(epoch.after))
        assert epoch.main != epoch.after
        for cut in range(0, size + 1, _PAGE):
            for main in (epoch.after[:cut] + epoch.main[cut:], epoch.main[:cut] + epoch.after[cut:]):
                if len(main) % _PAGE == 0:
                    found = _found(tmp_path / "copy", main, epoch.log)
                    assert states[epoch.first + _EPOCH] == found, f"epoch of step {epoch.first}, cut at {cut}"
