"""Holds of the operating system: across processes, and gone with the process."""

# ruff: noqa: ASYNC240 - nothing else is going on in these event loops

from pathlib import Path

import pytest

from wxcoupon.bulk.ledger import JobHeldError, LedgerError
from wxcoupon.bulk.ledgers.holding import held, lock_file
from wxcoupon.bulk.ledgers.sqlite_ledger import SqliteLedger

from .other_process import outcome, running

_HOLD = """
import asyncio, sys
from wxcoupon.bulk.ledgers.sqlite_ledger import SqliteLedger
async def main():
    async with SqliteLedger(sys.argv[1]) as ledger, ledger.hold("spring"):
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
asyncio.run(main())
"""
_RACE = """
import sys
from pathlib import Path
from wxcoupon.bulk.ledgers.holding import held
from wxcoupon.bulk.ledger import JobHeldError
folder, times = Path(sys.argv[1]), int(sys.argv[2])
count = folder / "count"
while times:
    try:
        with held(folder, "spring"):
            count.write_text(str(int(count.read_text()) + 1))
            times -= 1
    except JobHeldError:
        pass
"""


async def test_another_process_holds_the_job(tmp_path: Path) -> None:
    """The second runner is told who holds it, and has it when that one was killed."""
    path = tmp_path / "ledger"
    async with SqliteLedger(path) as ledger, running(_HOLD, path) as process:
        with pytest.raises(JobHeldError, match=f"'spring' is being run by process {process.pid}"):
            async with ledger.hold("spring"):
                pass
        async with ledger.hold("other"):
            pass

        process.kill()
        await process.wait()

        async with ledger.hold("spring"):
            pass


async def test_two_ledgers_of_one_process(tmp_path: Path) -> None:
    """A hold counts among all who have the file."""
    async with SqliteLedger(tmp_path / "ledger") as one, SqliteLedger(tmp_path / "ledger") as two:
        async with one.hold("spring"):
            with pytest.raises(JobHeldError, match="by this process"):
                async with two.hold("spring"):
                    pass
        async with two.hold("spring"):
            pass


async def test_a_hold_ends_with_its_block(tmp_path: Path) -> None:
    """However the block ends, nobody holds the job afterwards, and no file stays behind."""
    with pytest.raises(ZeroDivisionError), held(tmp_path, "spring"):
        raise ZeroDivisionError

    assert [] == list(tmp_path.iterdir())
    with held(tmp_path, "spring"):
        assert lock_file(tmp_path, "spring").exists()


async def test_a_lock_file_that_was_left_behind(tmp_path: Path) -> None:
    """What a killed process left there holds nothing."""
    lock_file(tmp_path, "spring").write_text("99999999")

    with held(tmp_path, "spring"):
        pass


async def test_holders_that_come_and_go(tmp_path: Path) -> None:
    """However lock files come and go, never do two hold the job at once: no step of a counter is lost."""
    (tmp_path / "count").write_text("0")
    script = f"import subprocess, sys\nraise SystemExit(max(p.wait() for p in [subprocess.Popen([sys.executable, '-c', {_RACE!r}, *sys.argv[1:]]) for _ in range(3)]))"  # noqa: E501

    assert (0, "") == await outcome(script, tmp_path, 100)

    assert "300" == (tmp_path / "count").read_text()


async def test_a_folder_that_is_none(tmp_path: Path) -> None:
    """Where the folder beside the ledger cannot be made, the error says what it is for."""
    (tmp_path / "ledger.d").write_text("")
    async with SqliteLedger(tmp_path / "ledger") as ledger:
        with pytest.raises(LedgerError, match=r"ledger\.d cannot be made"):
            async with ledger.hold("spring"):
                pass


async def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    """Where no lock file can be, the error says so."""
    with pytest.raises(LedgerError, match="nobody can hold a job"), held(tmp_path / "gone", "spring"):
        pass


async def test_a_folder_for_its_owner(tmp_path: Path) -> None:
    """The folder beside the ledger is its owner's alone, and is there when it is asked for."""
    async with SqliteLedger(tmp_path / "ledger") as ledger:
        folder = ledger.folder

    assert tmp_path / "ledger.d" == folder
    assert 0o700 == folder.stat().st_mode & 0o777


async def test_a_link_to_a_ledger_has_its_locks(tmp_path: Path) -> None:
    """Whoever opens a ledger through a link meets the one who holds its job."""
    link = tmp_path / "link"
    async with SqliteLedger(tmp_path / "ledger") as ledger:
        link.symlink_to(tmp_path / "ledger")
        async with ledger.hold("spring"), SqliteLedger(link) as linked:
            with pytest.raises(JobHeldError):
                async with linked.hold("spring"):
                    pass
