import asyncio
import os
import sys
import time
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from wxcoupon.bulk.reading import open_source, spool

_FILL = """
import asyncio, sys
from pathlib import Path
from wxcoupon.bulk.reading import open_source

def rows():
    while True:
        yield "A1"
        print("filling", flush=True)
        sys.stdin.readline()

asyncio.run(open_source(rows(), folder=Path(sys.argv[1])))
"""


def _halves(folder: Path) -> list[Path]:
    return list(folder.glob("*.part"))


async def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    """A half-filled file goes with the next run once the process that filled it is dead, and not before."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", _FILL, str(tmp_path), stdin=PIPE, stdout=PIPE)
    try:
        assert process.stdout is not None
        await process.stdout.readline()
        (half,) = _halves(tmp_path)
        (await open_source(["A1"], folder=tmp_path)).close()
        assert half.exists()
    finally:
        process.kill()
        await process.communicate()
    (await open_source(["A1"], folder=tmp_path)).close()
    assert not half.exists()


async def test_where_files_cannot_be_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There, a half-filled file that nobody has written to for a day goes; a younger one may be somebody's."""
    monkeypatch.setattr(spool, "fcntl", None)
    old, young = tmp_path / "wxcoupon-old.part", tmp_path / "wxcoupon-young.part"
    for left in (old, young):
        left.write_text("half")
    two_days_ago = time.time() - 172_800
    os.utime(old, (two_days_ago, two_days_ago))

    (await open_source(["A1"], folder=tmp_path)).close()

    assert (False, True) == (old.exists(), young.exists())
