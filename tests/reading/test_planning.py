import json
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wxcoupon import ConfigurationError
from wxcoupon.bulk import planning
from wxcoupon.bulk.ledger import Chunk, State
from wxcoupon.bulk.pieces import Source, SourceChangedError
from wxcoupon.bulk.positions import read
from wxcoupon.bulk.reading import reopen_source
from wxcoupon.bulk.verdicts import Ending, Verdicts

from .conftest import Write
from .lines_task import Lines
from .rows import of_piece, opened, rows


def _plan(source: Source, task: Lines) -> tuple[planning.Surveyed, list[Chunk]]:
    surveyed = planning.survey(source, task)
    return surveyed, [chunk for chunks in planning.chunks(source, task, surveyed) for chunk in chunks]


def _sent(source: Source, task: Lines, chunks: Sequence[Chunk]) -> list[list[str]]:
    """What is sent for each chunk, read again from the source, and what becomes of all rows."""
    found: list[list[str]] = []
    for chunk in chunks:
        piece = source.read(chunk.offset, chunk.length, chunk.line)
        sent = piece.without(read(chunk.skipped))
        assert (chunk.rows, chunk.line) == (len(piece), piece.lines[0])
        assert chunk.digest == (task.digest(sent) if len(sent) else b"")
        found.append(list(sent.texts))
    return found


async def test_codes_alone(write: Write) -> None:
    """Tidy codes are cut into calls of 200, the chunks follow each other, and nothing is to be remembered of rows."""
    codes = [f"A{number}" for number in range(100_050)]
    task = Lines()
    async with opened(write("codes.txt", "\n".join(codes))) as source:
        surveyed, chunks = _plan(source, task)
        sent = _sent(source, task, chunks)

    assert (100_050, 100_050, 0, 0) == (surveyed.rows, surveyed.sendable, surveyed.invalid, surveyed.duplicate)
    assert [codes[begin : begin + 200] for begin in range(0, 100_050, 200)] == sent
    assert list(range(501)) == [chunk.seq for chunk in chunks]
    assert [chunk.offset + chunk.length for chunk in chunks[:-1]] == [chunk.offset for chunk in chunks[1:]]
    assert {("", "", State.OPEN)} == {(chunk.skipped, chunk.detail, chunk.state) for chunk in chunks}


async def test_what_is_not_sent(write: Write) -> None:
    """What is invalid or there twice is in a chunk that says so, and not sent; a chunk may be of nothing else."""
    content = "A1\n?\nA2\nA1\n\nA3\nA4\n?\n?\n?\n?\n?\nA2\nA5\n"
    task = Lines(size=2, most=4)
    async with opened(write("codes.txt", content)) as source:
        surveyed, chunks = _plan(source, task)
        sent = _sent(source, task, chunks)

    assert (13, 5, 6, 2) == (surveyed.rows, surveyed.sendable, surveyed.invalid, surveyed.duplicate)
    assert [planning.LineFault(2, "no code"), planning.LineFault(8, "no code")] == list(surveyed.faults[:2])
    assert [["A1", "A2"], ["A3", "A4"], [], ["A5"]] == sent
    assert ["1", "0", "0-3", "0-1"] == [chunk.skipped for chunk in chunks]
    assert [(Ending.DUPLICATE, ""), (Ending.DONE, ""), (Ending.DONE, "")] == Verdicts.read(chunks[1].detail).each(3)
    assert [(Ending.INVALID, "no code")] * 4 == Verdicts.read(chunks[2].detail).each(4)
    assert [State.OPEN, State.OPEN, State.SETTLED, State.OPEN] == [chunk.state for chunk in chunks]
    assert [0, 0, 4, 0] == [chunk.tally.total for chunk in chunks]
    assert 4 == chunks[2].tally.invalid


@given(
    lines=st.lists(st.sampled_from(["A", "B", "C", "D", "?", "", "é", "E" * 30]), max_size=60),
    size=st.integers(1, 4),
    spare=st.integers(0, 4),
)
async def test_every_row_once(
    lines: list[str], size: int, spare: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever the rows are, each is in one chunk, the distinct good ones are sent in order, and the counts add up."""
    path = tmp_path_factory.getbasetemp() / "plan.txt"
    path.write_text("".join(f"{line}\n" for line in lines))
    task = Lines(size=size, most=size + spare)
    async with opened(path) as source:
        surveyed, chunks = _plan(source, task)
        sent = _sent(source, task, chunks)
        again = [row for chunk in chunks for row in of_piece(source.read(chunk.offset, chunk.length, chunk.line))]
        assert rows(source) == again

    good = list(dict.fromkeys(line for line in lines if line.isascii() and line.isalnum()))
    assert good == [code for codes in sent for code in codes]
    assert all(len(codes) <= size for codes in sent)
    assert all(1 <= chunk.rows <= size + spare for chunk in chunks)
    assert surveyed.rows == surveyed.sendable + surveyed.invalid + surveyed.duplicate == sum(c.rows for c in chunks)
    assert len(good) == surveyed.sendable


@pytest.mark.parametrize("name", ["codes.csv", "codes.txt"])
async def test_planned_from_what_was_remembered(write: Write, name: str) -> None:
    """A source that is opened again from what a job remembers of it is cut into the same chunks."""
    path = write(name, "code\n" + "".join(f"A{number % 700}\n\n" for number in range(1000)))
    async with opened(path) as source:
        surveyed, chunks = _plan(source, Lines())
    again = reopen_source(json.loads(json.dumps(surveyed.about)))
    try:
        assert chunks == _plan(again, Lines())[1]
    finally:
        again.close()


@pytest.mark.parametrize("size", [0, 1])
async def test_changed_between_the_passes(write: Write, size: int) -> None:
    """A source that changes between the passes is refused at the end of the second one."""
    path = write("codes.txt", "A1\nA2\n")
    async with opened(path) as source:
        surveyed = planning.survey(source, Lines())
        path.write_text("A1\nA3\n" + "A4\n" * size)
        with pytest.raises(SourceChangedError):
            list(planning.chunks(source, Lines(), surveyed))


async def test_stopped(write: Write) -> None:
    """Planning stops between two pieces when it is asked to, and says how far it is."""
    told: list[int] = []
    stop = threading.Event()

    def watch(count: int) -> None:
        told.append(count)
        stop.set()

    async with opened(write("codes.txt", "".join(f"A{number}\n" for number in range(50_000)))) as source:
        with pytest.raises(planning.PlanningStopped):
            planning.survey(source, Lines(), watch=watch, stop=stop)
        stop.clear()
        surveyed = planning.survey(source, Lines())
        with pytest.raises(planning.PlanningStopped):
            list(planning.chunks(source, Lines(), surveyed, watch=watch, stop=stop))
    assert 2 == len(told)
    assert 0 < told[0] == told[1] < 50_000


async def test_nothing(tmp_path: Path) -> None:
    """A source without rows has no chunks."""
    path = tmp_path / "codes.txt"
    path.write_text("\n")
    async with opened(path) as source:
        assert [] == _plan(source, Lines())[1]
        with pytest.raises(ConfigurationError, match="at most 1 rows"):
            _plan(source, Lines(size=2, most=1))
