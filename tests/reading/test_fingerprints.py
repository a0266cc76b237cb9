import os
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wxcoupon.bulk.fingerprints import Fingerprints, Suspects
from wxcoupon.bulk.ledger import LedgerError


def _alike(key: str) -> int:
    """Few fingerprints, some of them negative, and most of them in one part."""
    return (len(key) % 3 - 1) << 8


def _suspects(batches: Sequence[Sequence[str]], **options: Any) -> Suspects | None:
    with Fingerprints(**options) as fingerprints:
        for batch in batches:
            fingerprints.add(batch)
        return fingerprints.suspects()


def _expected(batches: Sequence[Sequence[str]]) -> list[list[int]]:
    seen: set[str] = set()
    found: list[list[int]] = []
    for batch in batches:
        repeated: list[int] = []
        for position, key in enumerate(batch):
            if key in seen:
                repeated.append(position)
            seen.add(key)
        found.append(repeated)
    return found


_keys = st.one_of(st.sampled_from(["", "a", "b", "a\nb", "\ud800", "咖"]), st.text(max_size=3))


@settings(max_examples=50)
@given(batches=st.lists(st.lists(_keys, max_size=8), max_size=12))
@pytest.mark.parametrize("memory", [1 << 20, 40], ids=["memory", "disk"])
@pytest.mark.parametrize("fingerprint", [hash, _alike], ids=["hash", "alike"])
def test_the_same_as_a_set(fingerprint: Callable[[str], int], memory: int, batches: list[list[str]]) -> None:
    """Whatever the keys and their fingerprints are, what repeats an earlier one is what a set says, each time."""
    suspects = _suspects(batches, memory=memory, fingerprint=fingerprint)

    assert suspects is not None
    expected = _expected(batches)
    assert suspects.none <= (not any(expected))
    for _ in range(2):
        suspects.restart()
        assert expected == [suspects.among(batch) for batch in batches]


@pytest.mark.parametrize("memory", [1 << 20, 10_000], ids=["memory", "disk"])
def test_distinct_keys_are_certain(memory: int) -> None:
    """Of keys that all differ no fingerprint is left to be compared."""
    batches = [[f"A{at}" for at in range(begin, begin + 1000)] for begin in range(0, 9000, 1000)]
    suspects = _suspects(batches, memory=memory)

    assert suspects is not None
    assert (True, []) == (suspects.none, suspects.among(["A1", "A1"]))


@pytest.mark.parametrize("memory", [1 << 20, 10_000], ids=["memory", "disk"])
def test_too_many(memory: int) -> None:
    """Where more keys are suspected than are to be kept, or a part is too big, nothing is said."""
    codes = [f"A{number}" for number in range(2000)]

    few = _suspects([codes, codes[:7]], memory=memory, few=7)
    assert few is not None
    assert [[], list(range(7))] == [few.among(codes), few.among(codes[:7])]
    assert _suspects([codes, codes[:8]], memory=memory, few=7) is None
    assert _suspects([codes, ["A0"] * 8], memory=memory, few=7) is None
    assert _suspects([codes], memory=memory, fingerprint=lambda key: int(key[1:]) << 8, most=1999) is None
    assert _suspects([codes], memory=memory, fingerprint=lambda key: int(key[1:]) << 8, most=2000) is not None


def test_stopped_between_parts() -> None:
    """Who asks is called in between, and may end it."""
    with Fingerprints() as fingerprints, pytest.raises(ZeroDivisionError):
        fingerprints.suspects(lambda: 1 // 0)


def test_a_million_keys_need_no_disk(tmp_path: Path) -> None:
    """Fingerprints of a million keys stay in memory, so it does not matter that there is no disk."""
    batch = [f"C{number:019}" for number in range(10_000)]
    with Fingerprints(tmp_path / "none") as fingerprints:
        for _ in range(100):
            fingerprints.add(batch)
        assert fingerprints.suspects() is None


def test_no_disk(tmp_path: Path) -> None:
    """Where there is no room, it is said where and what to do; afterwards nothing is left."""
    with Fingerprints(tmp_path / "none", memory=10) as none, pytest.raises(LedgerError, match="make room there"):
        none.add(["A1", "A2"])
    with Fingerprints(tmp_path, memory=10) as fingerprints:
        fingerprints.add(["A1", "A2"])
        assert fingerprints.suspects() is not None
    assert [] == os.listdir(tmp_path)  # noqa: PTH208 - names are enough


@pytest.mark.parametrize("size", [50_000, 500_000])
def test_memory_is_flat(size: int) -> None:
    """Ten times as many keys take no more memory, where they do not fit."""
    tracemalloc.start()
    try:
        with Fingerprints(memory=1 << 18) as fingerprints:
            for begin in range(0, size, 5000):
                fingerprints.add([f"C{number:019}" for number in range(begin, begin + 5000)])
            fingerprints.suspects()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert 2 << 20 > peak
