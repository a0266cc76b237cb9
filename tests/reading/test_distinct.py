import os
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wxcoupon.bulk.distinct import Keys
from wxcoupon.bulk.ledger import LedgerError


def _expected(batches: list[list[str]]) -> list[list[int]]:
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


def _found(batches: list[list[str]], **options: Any) -> tuple[int, list[list[int]]]:
    with Keys(**options) as keys:
        for batch in batches:
            keys.add(batch)
        repeats = keys.repeats()
    first = [repeats.among(batch) for batch in batches]
    repeats.restart()
    assert first == [repeats.among(batch) for batch in batches]
    return repeats.total, first


_keys = st.one_of(st.sampled_from(["", "a", "b", "a\nb", "\n", "\x1b", "\x1b[]", "\ud800", "咖"]), st.text(max_size=3))


@settings(max_examples=50)
@given(batches=st.lists(st.lists(_keys, max_size=8), max_size=12))
@pytest.mark.parametrize(
    "options",
    [{}, {"memory": 200}, {"memory": 200, "most": 100}],
    ids=["memory", "disk", "passes"],
)
def test_the_same_as_a_set(options: dict[str, int], batches: list[list[str]]) -> None:
    """Whatever the keys are, and wherever they are kept, what repeats an earlier one is what a set says."""
    expected = _expected(batches)

    assert (sum(map(len, expected)), expected) == _found(batches, **options)


@pytest.mark.parametrize("repeats", [0, 1, 30_000])
def test_many(repeats: int) -> None:
    """Many keys, with none, one or all of them repeated."""
    codes = [f"A{number}" for number in range(30_000)]
    batches = [codes[begin : begin + 7000] for begin in range(0, 30_000, 7000)] + [codes[:repeats]]

    assert (repeats, [[]] * 5 + [list(range(repeats))]) == _found(batches, memory=1 << 20)


@pytest.mark.parametrize("kind", ["equal", "alike"])
def test_hostile_keys(kind: str) -> None:
    """Keys that are all equal, or all in one part, take no more memory than others."""
    alike = [key for key in map(str, range(600_000)) if hash(key) % 256 == 7]
    batches = (
        [["A" * 40] * 2000] * 50 if kind == "equal" else [alike[at : at + 100] for at in range(0, len(alike), 100)]
    )
    tracemalloc.start()
    try:
        with Keys(memory=50_000, most=20_000) as keys:
            for batch in batches:
                keys.add(batch)
            total = keys.repeats().total
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert (99_999 if kind == "equal" else 0) == total
    assert 2 << 20 > peak


def test_few_keys_need_no_disk(tmp_path: Path) -> None:
    """Two hundred thousand codes stay in memory, so it does not matter that there is no disk."""
    with Keys(tmp_path / "none") as keys:
        for begin in range(0, 200_000, 10_000):
            keys.add([f"C{number:019}" for number in range(begin, begin + 10_000)])
        assert 0 == keys.repeats().total


def test_no_disk(tmp_path: Path) -> None:
    """Where there is no room, it is said where and what to do; afterwards nothing is left."""
    with Keys(tmp_path / "none", memory=10) as keys, pytest.raises(LedgerError, match="make room there"):
        keys.add(["A1"])
    with Keys(tmp_path, memory=10) as keys:
        keys.add(["A1", "A2"])
        assert 0 == keys.repeats().total
    assert [] == os.listdir(tmp_path)  # noqa: PTH208 - names are enough


@pytest.mark.parametrize("size", [10_000, 100_000])
def test_memory_is_flat(size: int) -> None:
    """Ten times as many keys take no more memory, where they do not fit."""
    tracemalloc.start()
    try:
        with Keys(memory=1 << 20) as keys:
            for begin in range(0, size, 1000):
                keys.add([f"C{number:019}" for number in range(begin, begin + 1000)])
            keys.repeats()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert 3 << 20 > peak
