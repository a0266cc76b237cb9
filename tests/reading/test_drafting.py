import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wxcoupon import ConfigurationError
from wxcoupon.bulk import planning
from wxcoupon.bulk.drafting import Draft
from wxcoupon.bulk.ledger import Chunk
from wxcoupon.bulk.pieces import Source, SourceChangedError
from wxcoupon.bulk.reading import rows_file

from .conftest import Write
from .lines_task import Lines
from .rows import opened


def _drafted(source: Source, task: Lines) -> tuple[planning.Found, list[Chunk]]:
    chunks: list[Chunk] = []
    with Draft(source, task, source.about()) as draft:
        while more := draft.more():
            chunks += more
        return draft.found(), chunks


def _again(source: Source, task: Lines, found: planning.Found) -> list[Chunk]:
    return [chunk for chunks in planning.chunks(source, task, found) for chunk in chunks]


def _codes(count: int) -> list[str]:
    return [f"A{number}" for number in range(count)]


def _content(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


@given(
    lines=st.lists(
        st.one_of(st.sampled_from(["A", "B", "?", "", "é", "E" * 30]), st.integers(0, 999).map("C{}".format)),
        max_size=60,
    ),
    size=st.integers(1, 4),
    spare=st.integers(0, 4),
    name=st.sampled_from(["draft.txt", "draft.csv"]),
)
async def test_the_same_chunks_as_in_two_passes(
    lines: list[str], size: int, spare: int, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Where nothing repeats the draft is the plan, and otherwise what was found while drafting leads to the plan."""
    path = tmp_path_factory.getbasetemp() / name
    path.write_text(_content(["code", *lines]))
    task = Lines(size=size, most=size + spare)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows_file, "BLOCK", 64)
        async with opened(path) as source:
            surveyed = planning.survey(source, task)
            expected = _again(source, task, surveyed)
            found, chunks = _drafted(source, task)
            planned = _again(source, task, found)

    assert (surveyed.rows, surveyed.invalid) == (found.rows, found.invalid)
    assert (surveyed.duplicate == 0) is found.repeats.none
    assert expected == planned
    assert (expected == chunks) is found.repeats.none


@pytest.mark.parametrize("repeated", [0, 1, 10_000, 10_001], ids=["none", "one", "few", "many"])
async def test_repeats(write: Write, repeated: int) -> None:
    """However many rows are there twice, each is sent once, and the others are counted."""
    codes = _codes(10_100)
    path = write("codes.txt", _content([*codes, "?", *codes[:repeated]]))
    async with opened(path) as source:
        found, chunks = _drafted(source, Lines())
        planned = _again(source, Lines(), found)
        surveyed = planning.survey(source, Lines())

    assert (10_101 + repeated, 1) == (found.rows, found.invalid)
    assert (10_100, repeated) == (surveyed.sendable, surveyed.duplicate)
    assert found.repeats.none is (chunks == planned) is (repeated == 0)
    assert {chunk.digest for chunk in chunks[:50]} == {chunk.digest for chunk in planned[:50]}


async def test_a_few_chunks_at_once(write: Write) -> None:
    """Chunks are handed out while the source is read, some hundred at a time, however many rows a call takes."""
    async with opened(write("codes.txt", _content(_codes(60_000)))) as source:
        told: list[int] = []
        with Draft(source, Lines(size=10, most=10), source.about(), watch=told.append) as draft:
            first = draft.more()
            assert 500 <= len(first) < 6000
            assert 0 < told[-1] < 60_000
            while draft.more():
                pass
        assert 60_000 == told[-1]


@pytest.mark.parametrize("at", [0, -2], ids=["behind", "before"])
async def test_changed_while_drafted(write: Write, at: int) -> None:
    """A source that changes while it is drafted is refused, also where it changes behind the place that is read."""
    content = bytearray(_content(_codes(150_000)).encode())
    path = write("codes.txt", bytes(content))
    async with opened(path) as source:
        with Draft(source, Lines(), source.about()) as draft:
            assert draft.more()
            content[at] = ord("Z")
            path.write_bytes(content)
            with pytest.raises(SourceChangedError):  # noqa: PT012 - where it is known is not what is asked
                while draft.more():
                    pass
                draft.found()


async def test_another_source_than_the_job_began_with(write: Write) -> None:
    """What was drafted is compared with what the source said of itself before."""
    async with opened(write("codes.txt", "A1\n")) as source:
        with Draft(source, Lines(), {**source.about(), "digest": "0" * 32}) as draft:
            assert draft.more()
            with pytest.raises(SourceChangedError, match="has changed while job 'spring' was planned"):
                draft.found()


async def test_stopped(write: Write) -> None:
    """A draft stops between two pieces when it is asked to, and before it looks for repeats."""
    stop = threading.Event()
    told: list[int] = []

    def watch(count: int) -> None:
        told.append(count)
        stop.set()

    async with opened(write("codes.txt", _content(_codes(50_000)))) as source:
        with Draft(source, Lines(), source.about(), watch=watch) as draft:
            with pytest.raises(planning.PlanningStopped):
                draft.more(stop)
            with pytest.raises(planning.PlanningStopped):
                draft.found(stop)
    assert 1 == len(told)
    assert 0 < told[0] < 50_000


async def test_nothing(tmp_path: Path) -> None:
    """A source without rows has no chunks, and what cannot be cut is said before anything is read."""
    path = tmp_path / "codes.txt"
    path.write_text("\n")
    async with opened(path) as source:
        found, chunks = _drafted(source, Lines())
        assert (0, True, []) == (found.rows, found.repeats.none, chunks)
        with pytest.raises(ConfigurationError, match="at most 1 rows"):
            _drafted(source, Lines(size=2, most=1))
