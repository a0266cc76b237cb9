"""An upload that is killed at any moment, and begun again, on a way that loses answers: the result is exact."""

from pathlib import Path

import pytest

from wxcoupon.sandbox import Keys

from .upload import upload


@pytest.mark.slow
@pytest.mark.parametrize(
    ("codes", "kills", "lost", "forgets"),
    [
        pytest.param(40_000, 20, 0.02, True, id="a server that does a repetition anew"),
        pytest.param(10_000, 10, 0.1, False, id="a server that answers as it did before"),
    ],
)
async def test_many_kills(tmp_path: Path, keys: Keys, codes: int, kills: int, lost: float, forgets: bool) -> None:  # noqa: FBT001
    """Killed many times, with answers lost, the job ends with every code stored once and every line told once."""
    proven = await upload(tmp_path, keys, codes=codes, kills=kills, lost=lost, seed=7, forgets=forgets)

    assert (codes, kills) == (proven.codes, len(proven.moments))
    assert proven.lost > 0
    assert forgets == (proven.marked > 0)
