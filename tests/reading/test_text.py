import os
import tracemalloc
from pathlib import Path

import pytest

from wxcoupon import ConfigurationError
from wxcoupon.bulk.pieces import SourceChangedError
from wxcoupon.bulk.reading import open_source, reopen_source
from wxcoupon.bulk.reading.rows_file import BLOCK

from .conftest import Write
from .rows import opened, read_in_parts, rows, texts


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "mark"])
async def test_text(write: Write, mark: bytes) -> None:
    """One value a line, white space removed, blank lines not counted, line numbers kept, with or without a mark."""
    path = write("codes.txt", mark + b"A1\r\n\r\n  A2\t\n \nA3")

    assert [(1, "A1"), (3, "A2"), (5, "A3")] == await texts(path)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("begin", ["", "é\n", " "], ids=["tidy", "other", "space"])
async def test_line_ends(write: Write, end: str, begin: str) -> None:
    """Each of the three line ends ends a line, wherever the blocks of the file end."""
    codes = [f"A{number}" for number in range(40_000)]
    path = write("codes.txt", begin + end.join(codes))
    expected = [(line, code) for line, code in enumerate(codes, 1 + begin.count("\n"))]

    found = await texts(path)

    assert expected == found[begin.count("\n") :]


async def test_mixed_line_ends(write: Write) -> None:
    """Line ends of all kinds may be mixed, and a carriage return never joins two codes."""
    path = write("codes.txt", b"A1\rA2\r\nA3\n\rA4\r\r\nA5\n\nA6\r")

    assert [(1, "A1"), (2, "A2"), (3, "A3"), (5, "A4"), (7, "A5"), (9, "A6")] == await texts(path)


@pytest.mark.parametrize("spare", range(4))
async def test_a_line_end_on_the_edge(write: Write, spare: int) -> None:
    """A line end that a block's end goes through is one line end."""
    path = write("codes.txt", b"A" * 30 + b"\n" + b"B" * (BLOCK - 32 - 2 + spare) + b"\r\nC\r\n")

    assert [1, 2, 3] == [line for line, _ in await texts(path)]


@pytest.mark.parametrize("heading", ["券码", " Coupon Code ", "voucher-code", "SN", "id", "openid", "编码"])
@pytest.mark.parametrize("name", ["codes.csv", "codes.txt"])
async def test_a_heading_is_never_data(write: Write, name: str, heading: str) -> None:
    """A first line that is a known word of a heading is no row of a csv or text file, and said to be a heading."""
    async with opened(write(name, f"\n{heading}\n\nA1\nid\n")) as source:
        assert [(4, "A1", ""), (5, "id", "")] == rows(source)
        assert [2, "heading"] == source.about()["first"]
        assert [f"line 2 of {source.name} was taken as a heading, and not sent"] == source.remarks


async def test_a_csv_file_called_text(write: Write) -> None:
    """Text that begins with the heading of a table is refused before its first row."""
    with pytest.raises(ConfigurationError, match=r"line 1 of .*users\.txt looks like the header of a csv file"):
        await open_source(write("users.txt", "openid,attach\no-1,x\n"))


async def test_a_nul_byte(write: Write) -> None:
    """A NUL byte is refused with its line; one that comes late is a problem of its line."""
    with pytest.raises(ConfigurationError, match="line 3 has a NUL byte"):
        await open_source(write("codes.txt", b"A1\nA2\nA\x003\n"))
    async with opened(write("late.txt", b"A1\n" * 50_000 + b"A\x002\nA3\n")) as source:
        assert [("A\0002", "this line has a NUL byte"), ("A3", "")] == [row[1:] for row in rows(source)[-2:]]


async def test_column_of_text(write: Write) -> None:
    """A text file has no columns and no sheets."""
    path = write("codes.txt", "A1\n")
    with pytest.raises(ConfigurationError, match=r"only \.csv files have columns"):
        await open_source(path, column="code")
    with pytest.raises(ConfigurationError, match="only workbooks have sheets"):
        await open_source(path, sheet="codes")


@pytest.mark.parametrize(
    ("first", "encoding"), [("咖啡".encode(), "utf-8"), ("咖啡".encode("gb18030"), "gb18030")], ids=["utf-8", "gb18030"]
)
async def test_one_encoding(write: Write, first: bytes, encoding: str) -> None:
    """The first line that is not ASCII says what the file is; what is not that is a problem, never garbled."""
    lines = [b"A1", first, "咖啡".encode(), "咖啡".encode("gb18030")]
    async with opened(write("codes.txt", b"A\n" * 100_000 + b"\n".join(lines))) as source:
        found = rows(source)[100_001:]
        assert encoding == source.about()["encoding"]
        assert any("read as GB18030" in remark for remark in source.remarks) == (encoding == "gb18030")
        assert read_in_parts(source, [50_000, 1, 2]) == rows(source)
    good = [text for _, text, problem in found if not problem]
    assert "咖啡" == good[0]
    if encoding == "utf-8":
        assert ["this line is not UTF-8, as the rest of the file is"] == [problem for *_, problem in found if problem]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04rest", "Excel workbook"),
        (b"\xd0\xcf\x11\xe0rest", "Excel workbook"),
        ("A1\n".encode("utf-16"), "UTF-16"),
        (b"\x00\x01\x02", "not text"),
    ],
    ids=["xlsx", "xls", "utf-16", "nul"],
)
@pytest.mark.parametrize("name", ["codes.csv", "codes.txt"])
async def test_other_files(write: Write, name: str, content: bytes, words: str) -> None:
    """A workbook, UTF-16, or what is no text is refused with what to do."""
    with pytest.raises(ConfigurationError, match=words) as caught:
        await open_source(write(name, content))
    assert "save it as csv" in str(caught.value)


async def test_no_file(tmp_path: Path) -> None:
    """A file that is not there, or is a directory, is named."""
    for name in ("codes.txt", "codes.xlsx"):
        with pytest.raises(ConfigurationError, match="there is no file"):
            await open_source(tmp_path / name)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        await open_source(tmp_path)


@pytest.mark.parametrize("name", ["empty.txt", "empty.csv"])
@pytest.mark.parametrize("content", ["", "\n \n", "\ufeff", "code\n"], ids=["nothing", "blank", "mark", "heading"])
async def test_empty(write: Write, name: str, content: str) -> None:
    """A file without rows has none."""
    async with opened(write(name, content)) as source:
        assert [] == rows(source)
        assert 0 == len(source.read(0, 0, 1))


@pytest.mark.parametrize("name", ["codes.txt", "codes.csv"])
@pytest.mark.parametrize("begin", ["A", "é", '"A', "A,"], ids=["ascii", "other", "quotation", "cells"])
async def test_a_line_that_never_ends(tmp_path: Path, name: str, begin: str) -> None:
    """A line of many megabytes is one row with a problem, read without being held, and the next is the next."""
    path = tmp_path / name
    with path.open("wb") as file:
        file.write(b"A1\n" + begin.encode() + b"A" * BLOCK)
        file.seek(16 << 20)  # a hole: nothing of it is on the disk
        file.write(b'"\nA2\n')
    tracemalloc.start()
    try:
        async with opened(path) as source:
            found = rows(source)
            again = read_in_parts(source, [1])
            source.about()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert [(1, "A1", ""), (3, "A2", "")] == [found[0], found[-1]]
    assert found == again
    assert 3 == len(found)
    assert f"has {(16 << 20) + 2 - 3} bytes" in found[1][2]
    assert len(found[1][1]) < 200
    assert 4 << 20 > peak


@pytest.mark.parametrize("length", [1026, BLOCK, BLOCK + 1, 3 * BLOCK])
@pytest.mark.parametrize("name", ["codes.txt", "codes.csv"])
async def test_long_lines(write: Write, name: str, length: int) -> None:
    """A line that no code can be is cut, and the next line is the next line."""
    async with opened(write(name, b"A" * (length - 1) + b"\nA2\n")) as source:
        (line, text, problem), second = rows(source)
        assert rows(source) == read_in_parts(source, [1]) == read_in_parts(source, [2])

    assert (1, 101, (2, "A2", "")) == (line, len(text), second)
    assert ("bytes" in problem) == (length > BLOCK)
    assert problem


@pytest.mark.parametrize("change", [b"B1\n", b"A1\nA2\nA3\n", b"A1\n"], ids=["other", "longer", "shorter"])
async def test_a_file_that_changes(write: Write, change: bytes) -> None:
    """A file that changes is not what it was: its digest is another, and reading it to the end says so."""
    path = write("codes.txt", b"A1\nA2\n")
    async with opened(path) as source:
        digest = source.about()["digest"]
        with path.open("r+b") as file:
            file.write(change)
            file.truncate(max(len(change), 3))

        with pytest.raises(SourceChangedError, match=r"codes\.txt"):
            rows(source)
    async with opened(path) as source:
        assert digest != source.about()["digest"]


async def test_a_file_that_vanishes(write: Write) -> None:
    """A file that is removed is read to its end all the same, and cannot be opened again."""
    path = write("codes.txt", b"A1\nA2\n")
    async with opened(path) as source:
        about = source.about()
        assert source.is_at(path)
        path.unlink()
        assert not source.is_at(path)
        assert [(1, "A1", ""), (2, "A2", "")] == rows(source)
    with pytest.raises(ConfigurationError, match="there is no file"):
        reopen_source(about)


@pytest.mark.parametrize("name", ["codes.txt", "codes.csv"])
async def test_opened_again(write: Write, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a source says of itself opens it again, from any folder."""
    path = write(name, "code\nA1\nA2\n")
    monkeypatch.chdir(path.parent)
    async with opened(name) as source:
        about, found = source.about(), rows(source)
    monkeypatch.chdir(os.sep)
    again = reopen_source(about)
    try:
        assert (about, found) == (again.about(), rows(again))
    finally:
        again.close()
