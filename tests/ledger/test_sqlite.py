"""What can happen to a file, a thread and an event loop."""

# ruff: noqa: ASYNC240 - nothing else is going on in these event loops

import asyncio
import gc
import sqlite3
import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import attrs
import pytest

from wxcoupon.bulk.ledger import LedgerError, State
from wxcoupon.bulk.ledgers.sqlite_ledger import SqliteLedger
from wxcoupon.bulk.ledgers.sqlite_schema import VERSION

from .other_process import LOCK, outcome, running, said
from .planning import DONE, ROWS, SPRING, chunk, done, places, planned

_SMALL_DISK = """
import asyncio, resource, sys
from tests.ledger.planning import SPRING, chunk
from wxcoupon.bulk.ledger import LedgerError
from wxcoupon.bulk.ledgers.sqlite_ledger import SqliteLedger
async def main():
    async with SqliteLedger(sys.argv[1]) as ledger:
        job = await ledger.add(SPRING)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
        good = 0
        try:
            while True:
                await ledger.plan(job.id, [chunk(good + number) for number in range(50)])
                good += 50
        except LedgerError as error:
            print(error)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        found = await ledger.find("spring")
        await ledger.plan(job.id, [chunk(good)])
        print(found.chunks == good, good > 0)
asyncio.run(main())
"""
_NOBODY = """
import asyncio, os, sys
from wxcoupon.bulk.ledger import LedgerError
from wxcoupon.bulk.ledgers.sqlite_ledger import SqliteLedger
if not os.getuid():
    os.setuid(65534)
async def main():
    for path in sys.argv[1:]:
        try:
            await SqliteLedger.open(path)
        except LedgerError as error:
            print(error)
asyncio.run(main())
"""
_NEVER_CLOSED = """
import asyncio, sys
from wxcoupon.bulk.ledgers.sqlite_ledger import SqliteLedger
async def main():
    global ledger
    ledger = await SqliteLedger.open(sys.argv[1])
    print(await ledger.number("a"))
    asyncio.ensure_future(ledger.number("a"))
asyncio.run(main())
"""


async def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    """The file and what SQLite puts beside it have mode 0600."""
    async with SqliteLedger(tmp_path / "ledger") as ledger:
        await planned(ledger, 1)

        assert {"ledger", "ledger-wal", "ledger-shm"} == {path.name for path in tmp_path.iterdir()}
        assert {0o600} == {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert ["ledger"] == [path.name for path in tmp_path.iterdir()]


async def test_locked_by_another_process(tmp_path: Path) -> None:
    """Changes fail with a clear error, reading goes on, and when the lock is gone so is the error."""
    path = tmp_path / "ledger"
    async with SqliteLedger(path, patience=0.5) as ledger:
        job = await planned(ledger, 2)
        await ledger.claim(job.id, 2)
        async with running(LOCK, path) as process:
            settling = asyncio.gather(*(ledger.settle(job.id, done(seq)) for seq in (0, 1)), return_exceptions=True)
            errors = [str(error) for error in await settling]
            assert [f"ledger {path} is locked by another process"] * 2 == [text.split(";")[0] for text in errors]
            assert job == await ledger.find("spring")
            assert process.stdin is not None
            process.stdin.write(b"\n")
            assert "free" == await said(process)

            await ledger.settle(job.id, done(0))

        assert DONE == await ledger.tally(job.id)


async def test_who_waits_long_enough_gets_the_lock(tmp_path: Path) -> None:
    """A lock that ends in time is no error."""
    path = tmp_path / "ledger"
    async with SqliteLedger(path, patience=30) as ledger, running(LOCK, path) as process:
        number = asyncio.ensure_future(ledger.number("a"))
        await asyncio.sleep(0)
        assert process.stdin is not None
        process.stdin.write(b"\n")

        assert 1 == await number


async def test_a_new_ledger_that_many_open_at_once(tmp_path: Path) -> None:
    """They all find one ledger."""
    ledgers = await asyncio.gather(*(SqliteLedger.open(tmp_path / "ledger") for _ in range(6)))

    assert [1, 2, 3, 4, 5, 6] == sorted(await asyncio.gather(*(ledger.number("a") for ledger in ledgers)))

    for ledger in ledgers:
        await ledger.close()


async def test_two_who_have_one_job(tmp_path: Path) -> None:
    """What one opened again behind the other's back, the other claims."""
    async with SqliteLedger(tmp_path / "ledger") as one, SqliteLedger(tmp_path / "ledger") as two:
        job = await planned(one, 4)
        first = await one.claim(job.id, 2)
        assert [2, 3] == places(await two.claim(job.id, 4))
        assert [] == await two.claim(job.id, 4)
        await one.release(job.id, first)

        assert [0, 1] == places(await two.claim(job.id, 4))
        assert [] == await one.claim(job.id, 4)


async def test_no_room_left(tmp_path: Path) -> None:
    """What does not fit is not there, what fitted is, and with more room the job goes on."""
    async with SqliteLedger(tmp_path / "ledger") as ledger:
        job = await ledger.add(SPRING)
        await ledger.plan(job.id, [chunk(seq) for seq in range(100)])
        await ledger._ask(lambda tables: tables.connection.execute("PRAGMA max_page_count = 8").fetchall())

        with pytest.raises(LedgerError, match="is full; make room"):
            await ledger.plan(job.id, [chunk(seq) for seq in range(100, 1000)])

        assert 100 == len(await ledger.chunks(job.id))
        await ledger._ask(lambda tables: tables.connection.execute("PRAGMA max_page_count = 800").fetchall())
        await ledger.plan(job.id, [chunk(seq) for seq in range(100, 1000)])
        assert 1000 == (await ledger.planned(job.id, 1000 * ROWS)).chunks


async def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    """Where the operating system refuses to write, the error says so and nothing that was acknowledged is lost."""
    status, output = await outcome(_SMALL_DISK, tmp_path / "ledger")

    said, after = output.splitlines()
    assert "disk is full, broken or gone" in said
    assert (0, "True True") == (status, after)


async def test_what_is_no_ledger(tmp_path: Path) -> None:
    """Whatever else is under the name is refused in words, and left as it is."""
    other = sqlite3.connect(tmp_path / "other")
    other.execute("CREATE TABLE mine (x)")
    other.close()
    (tmp_path / "text").write_text("SQLite it is not, and long enough to see that it is not." * 20)
    (tmp_path / "folder").mkdir()
    before = {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    refused = {
        "other": "is the database of another program; name another file",
        "text": "is no ledger; name another file",
        "folder": "is a folder; name a file in it",
        "gone/ledger": "there is no folder",
        "text/ledger": "there is no folder",
    }

    for name, why in refused.items():
        with pytest.raises(LedgerError, match=why):
            await SqliteLedger.open(tmp_path / name)
    assert before == {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}


async def test_a_newer_ledger(tmp_path: Path) -> None:
    """A ledger of a later version is refused, and both versions are named."""
    await (await SqliteLedger.open(tmp_path / "ledger")).close()
    newer = sqlite3.connect(tmp_path / "ledger")
    newer.execute(f"PRAGMA user_version = {VERSION + 1}")
    newer.close()

    with pytest.raises(
        LedgerError, match=f"newer wxcoupon: it has version {VERSION + 1}, and this one knows {VERSION};"
    ):
        await SqliteLedger.open(tmp_path / "ledger")


async def test_an_empty_file_is_a_new_ledger(tmp_path: Path) -> None:
    """A process that was killed when it had made the file is no obstacle."""
    (tmp_path / "ledger").touch()

    async with SqliteLedger(tmp_path / "ledger") as ledger:
        assert [] == await ledger.jobs()


async def test_a_damaged_ledger(tmp_path: Path) -> None:
    """A file with rubbish in it says that it is damaged; it comes back when the file is mended."""
    path = tmp_path / "ledger"
    async with SqliteLedger(path) as ledger:
        job = await planned(ledger, 3000)
    good = path.read_bytes()
    path.write_bytes(good[:4096] + b"\xff" * (len(good) - 4096))

    async with SqliteLedger(tmp_path / "other"), _unopened(path) as ledger:
        with pytest.raises(LedgerError, match="is damaged"):
            await ledger.tally(job.id)
        path.write_bytes(good)
        assert 0 == (await ledger.tally(job.id)).total


def _unopened(path: Path) -> SqliteLedger:
    class Late(SqliteLedger):
        async def __aenter__(self) -> Self:
            return self

    return Late(path)


async def test_no_permission() -> None:
    """A ledger that cannot be written, or made, is refused in words."""
    with TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "read-only").touch(0o444)
        (folder / "read-only").chmod(0o444)
        folder.chmod(0o555)

        status, output = await outcome(_NOBODY, folder / "read-only", folder / "new")

        folder.chmod(0o755)
    assert [
        f"ledger {folder}/read-only cannot be written; give yourself the right to, or name another file",
        f"ledger {folder}/new cannot be made: Permission denied; name another file, or mend its folder",
    ] == output.splitlines()
    assert 0 == status


async def test_a_ledger_that_is_taken_away(tmp_path: Path) -> None:
    """A change in a deleted file is nowhere, which is said at once; a new file in its place is not taken for it."""
    path = tmp_path / "ledger"
    ledger = await SqliteLedger.open(path)
    path.rename(tmp_path / "elsewhere")

    for _ in range(2):
        with pytest.raises(LedgerError, match="was moved, replaced or deleted"):
            await ledger.number("a")
    (tmp_path / "elsewhere").rename(path)
    assert await ledger.number("a")
    await ledger.close()


async def test_a_process_that_never_closes_it(tmp_path: Path) -> None:
    """It ends like any other, at once and with no warning, and what was acknowledged is there."""
    assert (0, "1\n") == await outcome(_NEVER_CLOSED, tmp_path / "ledger")

    async with SqliteLedger(tmp_path / "ledger") as ledger:
        assert await ledger.number("a") in {2, 3}


async def test_a_ledger_that_nobody_has_any_more(tmp_path: Path) -> None:
    """Its thread ends with it."""
    ledger = await SqliteLedger.open(tmp_path / "ledger")
    (thread,) = [thread for thread in threading.enumerate() if thread.name == "ledger ledger"]
    await asyncio.sleep(0)

    del ledger
    gc.collect()
    await asyncio.to_thread(thread.join, 30)

    assert not thread.is_alive()


async def test_another_event_loop(tmp_path: Path) -> None:
    """A ledger is of one event loop; another one is told so, and the first is not disturbed."""
    async with SqliteLedger(tmp_path / "ledger") as ledger:

        def elsewhere() -> list[str]:
            async def both() -> list[str]:
                said = await asyncio.gather(ledger.number("a"), ledger.close(), return_exceptions=True)
                return [f"{type(error).__name__} {error}" for error in said]

            with asyncio.Runner() as runner:
                return runner.run(both())

        errors = await asyncio.to_thread(elsewhere)

        assert [f"LedgerError ledger {tmp_path}/ledger belongs to another event loop"] * 2 == [
            text.split(";")[0] for text in errors
        ]
        assert 1 == await ledger.number("a")


async def test_storms_of_cancellation(tmp_path: Path) -> None:
    """Whoever gives up at whatever moment, nothing breaks, and no chunk is taken by nobody."""
    async with SqliteLedger(tmp_path / "ledger") as ledger:
        job = await planned(ledger, 300)
        mine: list[int] = []

        async def work() -> None:
            claimed = [chunk.seq for chunk in await ledger.claim(job.id, 3)]
            mine.extend(claimed)  # at once: whoever is cancelled with the first has the others too
            for seq in claimed:
                await ledger.settle(job.id, done(seq))

        for turns in range(40):
            tasks = [asyncio.ensure_future(work()) for _ in range(4)]
            for task in tasks:
                for _ in range(turns % 7):
                    await asyncio.sleep(0)
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if turns % 5 == 0:
                await work()
        await ledger.find("spring")
        chunks = await ledger.chunks(job.id)

        assert len(mine) == len(set(mine))
        assert {each.seq for each in chunks if each.state is State.TAKEN} <= set(mine)
        assert any(each.state is State.SETTLED for each in chunks)


@pytest.mark.parametrize("turns", range(8), ids=str)
async def test_a_cancelled_claim_is_given_back(tmp_path: Path, turns: int) -> None:
    """Chunks that nobody heard of are open again, and in no doubt, when the ledger is closed."""
    async with SqliteLedger(tmp_path / "ledger") as ledger:
        job = await planned(ledger, 3)
        task = asyncio.ensure_future(ledger.claim(job.id, 3))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        heard = (await asyncio.gather(task, return_exceptions=True))[0]

    async with SqliteLedger(tmp_path / "ledger") as ledger:
        state = State.TAKEN if isinstance(heard, list) else State.OPEN
        assert [attrs.evolve(chunk(seq), state=state) for seq in range(3)] == await ledger.chunks(job.id)


async def test_the_log_stays_small(tmp_path: Path) -> None:
    """However much is written, the log goes back into the file, also while somebody reads page by page."""
    async with SqliteLedger(tmp_path / "ledger") as ledger, SqliteLedger(tmp_path / "ledger") as reader:
        job = await planned(ledger, 2000)
        seen = -1
        for _ in range(12):
            claimed = await ledger.claim(job.id, 2000)
            await ledger.release(job.id, claimed)
            await reader.reopen(job.id)
            if page := await reader.chunks(job.id, after=seen, most=100):
                seen = page[-1].seq
            for number in range(40):
                await ledger.plan((await ledger.add(attrs.evolve(SPRING, name=str(number)))).id, [chunk(0)])

        assert 8_000_000 > Path(f"{ledger.path}-wal").stat().st_size


async def test_size_on_disk(tmp_path: Path) -> None:
    """State takes less than one byte a code, for chunks of 200."""
    async with SqliteLedger(tmp_path / "ledger") as ledger:
        job = await planned(ledger, 5000)
        while claimed := await ledger.claim(job.id, 500):
            await asyncio.gather(*(ledger.settle(job.id, done(each.seq)) for each in claimed))

    assert (tmp_path / "ledger").stat().st_size < 5000 * ROWS * 0.5
