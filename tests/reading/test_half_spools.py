import os
import time
from pathlib import Path

from wxcoupon.bulk.reading import open_source


async def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    """A half-filled file that nobody has written to for a day goes; a younger one may be somebody's."""
    old, young = tmp_path / "wxcoupon-old.part", tmp_path / "wxcoupon-young.part"
    for left in (old, young):
        left.write_text("half")
    two_days_ago = time.time() - 172_800
    os.utime(old, (two_days_ago, two_days_ago))

    (await open_source(["A1"], folder=tmp_path)).close()

    assert (False, True) == (old.exists(), young.exists())
