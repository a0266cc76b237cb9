import asyncio
import json
import os
import stat
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wxcoupon import ConfigurationError
from wxcoupon.bulk.ledger import LedgerError
from wxcoupon.bulk.reading import open_source, reopen_source

from .rows import opened, read_in_parts, rows


async def _awaited(items: Any) -> AsyncIterator[Any]:
    for item in items:
        await asyncio.sleep(0)
        yield item


def _in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


@pytest.mark.parametrize("count", [3, 10_001])
async def test_any_iterable(tmp_path: Path, count: int) -> None:
    """Rows of an iterable and of an async one are the same file of ours, for its owner alone, numbered."""
    codes = [f"A{number}" for number in range(count)]
    async with opened(iter(codes), folder=tmp_path) as one, opened(_awaited(codes), folder=tmp_path) as other:
        assert [(line, code, "") for line, code in enumerate(codes, 1)] == rows(one) == rows(other)
        assert one.about() == other.about()
        about = one.about()

    (path,) = _in(tmp_path)
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert str(path) == about["path"]
    again = reopen_source(json.loads(json.dumps(about)))
    try:
        assert count == len(rows(again))
    finally:
        again.close()


async def test_items_of_all_kinds() -> None:
    """Every item is a row; what cannot be sent is one with a problem."""
    items = ["A1", "", " A2 ", "券", "A\n3", "A\0", "\ud800", 7, None, "A" * 2000, "\x01{}", "A4\r", "a b"]
    async with opened(items) as source:
        found = rows(source)
        assert found == read_in_parts(source, [1, 2])

    assert list(range(1, len(items) + 1)) == [line for line, *_ in found]
    assert ["A1", "", "A2", "券"] == [text for _, text, _ in found[:4]]
    assert [False] * 4 + [True] * 6 + [False] * 3 == [bool(problem) for *_, problem in found]
    assert ["this is no text but of type int", "this is no text but None"] == [found[7][2], found[8][2]]
    assert ["\x01{}", "A4", "a b"] == [text for _, text, _ in found[10:]]


@given(items=st.lists(st.one_of(st.text(max_size=5), st.none(), st.integers(), st.text(st.characters(codec="ascii")))))
async def test_every_item_is_a_row(items: list[Any]) -> None:
    """Whatever the items are, each is one row, and any part of them is read again as it was."""
    async with opened(items) as source:
        found = rows(source)
        assert found == read_in_parts(source, [3, 1])

    assert list(range(1, len(items) + 1)) == [line for line, *_ in found]
    for item, (_, text, problem) in zip(items, found, strict=True):
        assert problem or item.strip() == text


async def test_mappings() -> None:
    """Rows by column have all their cells, of which the first wanted one is the text; what is missing is a problem."""
    items: list[Any] = [
        {"openid": "o-1", "attach": "a\nb"},
        {"openid": "o-2", "attach": None},
        {"attach": "x"},
        {"openid": 7},
        "o-5",
        {"openid": "o", "attach": "x" * 200_000},
    ]
    async with opened(items, columns=["openid"]) as source:
        (piece,) = source.pieces()

    assert ["o-1", "o-2", "", "", "o-5", "o"] == list(piece.texts)
    assert [items[0], {"openid": "o-2", "attach": ""}, items[2], {}, {}, {}] == list(piece.cells)
    assert {
        2: "this row has no column 'openid'",
        3: "the cell in column 'openid' is no text but of type int",
        5: piece.problems[5],
    } == piece.problems
    assert "bytes" in piece.problems[5]


@pytest.mark.parametrize("given", [7, b"A1", {"a": "b"}], ids=["number", "bytes", "mapping"])
async def test_what_is_no_rows(given: Any) -> None:
    """What cannot be rows is refused."""
    with pytest.raises(ConfigurationError, match="rows are a path, or texts"):
        await open_source(given)


async def test_an_iterable_that_fails(tmp_path: Path) -> None:
    """What an iterable raises comes out as it is, and nothing is left on the disk."""

    def failing() -> Iterator[str]:
        yield from ("A1", "A2")
        raise KeyError("mine")

    for items in (failing(), _awaited(failing())):
        with pytest.raises(KeyError, match="mine"):
            await open_source(items, folder=tmp_path)
    assert [] == _in(tmp_path)


async def test_a_silent_pipe_blocks_nobody(tmp_path: Path) -> None:
    """While a pipe says nothing, other tasks run, and the reader can be cancelled; nothing of it is left then."""
    pipe, folder = tmp_path / "pipe", tmp_path / "ledger"
    os.mkfifo(pipe)
    writer = os.open(pipe, os.O_RDWR)
    os.write(writer, b"A1\n")

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await open_source(pipe, folder=folder)

    assert [] == _in(folder)
    os.close(writer)


async def test_a_pipe(tmp_path: Path) -> None:
    """A pipe is read to its end, and then like a file of its kind."""
    pipe = tmp_path / "codes.csv"
    os.mkfifo(pipe)
    opening = asyncio.create_task(open_source(pipe, column="code"))

    await asyncio.to_thread(pipe.write_text, "n,code\n1,A1\n\n2,A2\n")

    source = await opening
    try:
        assert [(2, "A1", ""), (4, "A2", "")] == rows(source)
        assert str(pipe) == source.name
        assert source.about()["path"] is None
        with pytest.raises(ConfigurationError, match="were not kept"):
            reopen_source(source.about())
    finally:
        source.close()


async def test_the_standard_input(tmp_path: Path) -> None:
    """The standard input is text, with the heading left out, and csv when a column is named."""
    program = """
import asyncio, json, sys
from pathlib import Path
from wxcoupon.bulk.reading import open_source
async def main():
    source = await open_source("-", column=sys.argv[1] or None, folder=Path(sys.argv[2]))
    texts = [text for piece in source.pieces() for text in piece.texts]
    print(json.dumps([source.about()["format"], source.name, texts]))
    source.close()
asyncio.run(main())
"""
    for column, piped, expected in (("", b"code\nA1\nA2", ["A1", "A2"]), ("code", b"code,n\nA1,1\n", ["A1"])):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            program,
            column,
            str(tmp_path),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await process.communicate(piped)
        assert ["csv" if column else "text", "the standard input", expected] == json.loads(said)
    assert 2 == len(_in(tmp_path))


async def test_no_room() -> None:
    """Where a file of ours cannot be, it is said where and what to do."""
    with pytest.raises(LedgerError, match="make room there"):
        await open_source(["A1"], folder=Path("/dev/null/none"))
