import asyncio
import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wxcoupon import ConfigurationError
from wxcoupon.bulk.sources import Row, open_table

Write: TypeAlias = Callable[[str, bytes | str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file of this name with this content."""

    def write(name: str, content: bytes | str) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def _texts(path: Path, column: str | None = None) -> list[tuple[int, str]]:
    return [(row.line, row.text) for row in open_table(path, column=column)]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_text(write: Write, mark: bytes) -> None:
    """One value a line, white space removed, blank lines not counted, line numbers kept, with or without a mark."""
    path = write("codes.txt", mark + b"A1\r\n\r\n  A2\t\n \nA3")

    assert [(1, "A1"), (3, "A2"), (5, "A3")] == _texts(path)


def test_the_only_column(write: Write) -> None:
    """Without a column, a csv file of one is read by it, and a first line that is no heading is data and said so."""
    table = open_table(write("codes.csv", "A1\n A2 ,\n,\n,z\n"))

    assert [(1, "A1"), (2, "A2"), (4, "")] == [(row.line, row.text) for row in table]
    assert (1, "data") == table.first


@pytest.mark.parametrize("heading", ["券码", " Coupon Code ", "voucher-code", "SN", "id", "openid", "编码"])
@pytest.mark.parametrize("name", ["codes.csv", "codes.txt"])
def test_a_heading_is_never_data(write: Write, name: str, heading: str) -> None:
    """A first line that is a known word of a heading is no row of a csv or text file, and said to be a heading."""
    table = open_table(write(name, f"\n{heading}\nA1\nid\n"))

    assert [Row(3, "A1"), Row(4, "id")] == list(table)
    assert (2, "heading") == table.first


@pytest.mark.parametrize("first", ["A1,x", "name,number", "code,voucher", "id,openid"])
def test_which_column(write: Write, first: str) -> None:
    """Of several columns none is guessed: where not exactly one says that it has codes, one has to be named."""
    with pytest.raises(ConfigurationError, match=f"several columns.*{first.replace(',', ', ')}.*--column"):
        open_table(write("codes.csv", f"{first}\nA1,x\n"))


def test_the_column_that_says_codes(write: Write) -> None:
    """Of several columns, the only one whose heading says that it has codes is read."""
    assert [Row(2, "A1")] == list(open_table(write("codes.csv", "id,name,Coupon Code\n1,x,A1\n")))


@pytest.mark.parametrize(("separator", "words"), [(";", "separated by ';'"), ("\t", "separated by tabs")])
def test_other_separators(write: Write, separator: str, words: str) -> None:
    """A csv file with another separator than the comma is refused with what to do."""
    with pytest.raises(ConfigurationError, match=f"{words}; save it with commas"):
        open_table(write("codes.csv", f"code{separator}name\nA1{separator}x\n"))


def test_a_csv_file_called_text(write: Write) -> None:
    """Text that begins with the heading of a table is refused before its first row."""
    with (
        closing(open_table(write("users.txt", "openid,attach\no-1,x\n"))) as table,
        pytest.raises(ConfigurationError, match=r"line 1 of .*users\.txt looks like the header of a csv file"),
    ):
        list(table)


@pytest.mark.parametrize("options", [{"column": "code"}, {"columns": ["code"]}])
def test_a_column_that_is_there_twice(write: Write, options: dict[str, Any]) -> None:
    """A column whose name several have is refused; other names may repeat."""
    with pytest.raises(ConfigurationError, match="has 2 columns called 'code'"):
        open_table(write("codes.csv", "code,n,code\nA1,x,A2\n"), **options)
    assert [Row(2, "A1")] == list(open_table(write("other.csv", "n,code,n\nx,A1,y\n"), column="code"))


def test_a_nul_byte(write: Write) -> None:
    """A NUL byte is refused with its line."""
    with pytest.raises(ConfigurationError, match="line 3 has a NUL byte"):
        open_table(write("codes.txt", b"A1\nA2\nA\x003\n"))


@pytest.mark.parametrize("header", ["code,name", "\ufeffCoupon_Code,name", "券码,名称"])
def test_header_that_names_codes(write: Write, header: str) -> None:
    """A first line that calls its first column a code is a header, even if no column was asked for."""
    table = open_table(write("codes.csv", f"{header}\nA1,x\n"))

    assert [Row(2, "A1")] == list(table)
    assert header.removeprefix("\ufeff").split(",") == table.header


def test_named_column(write: Write) -> None:
    """A column is found by its name in the header; a row too short for it has no text."""
    path = write("codes.csv", 'name,code\nx,A1\n"y\ny", A2 \nz\n')

    assert [(2, "A1"), (3, "A2"), (5, "")] == _texts(path, "code")


def test_columns(write: Write) -> None:
    """With several columns every row has its cells by name."""
    table = open_table(write("u.csv", "attach,openid\n,o-1\nx,o-2\n"), columns=["openid"])

    assert [{"attach": "", "openid": "o-1"}, {"attach": "x", "openid": "o-2"}] == [dict(row.cells) for row in table]


def test_wrong_column(write: Write) -> None:
    """A column that is not there is refused with those that are."""
    with pytest.raises(ConfigurationError, match=r"codes\.csv has no column 'code'; its columns are: name, 券码"):
        open_table(write("codes.csv", "name,券码\nx,A1\n"), column="code")


def test_column_of_text(write: Write) -> None:
    """A text file has no columns."""
    with pytest.raises(ConfigurationError, match=r"only \.csv files have columns"):
        open_table(write("codes.txt", "A1\n"), column="code")


def test_gb18030(write: Write) -> None:
    """What is not UTF-8 is GB18030, also where that shows only far behind the beginning."""
    early = open_table(write("early.csv", "名称,code\n咖啡,A1\n".encode("gb18030")), column="code")
    late = open_table(write("late.csv", b"A,\n" * 40_000 + "B,咖啡\n".encode("gb18030")))

    assert ("gb18030", ["名称", "code"], [Row(2, "A1")]) == (early.encoding, early.header, list(early))
    assert "utf-8" == late.encoding
    assert (40_001, "B") == [(row.line, row.text) for row in late][-1]
    assert "gb18030" == late.encoding


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04rest", "Excel workbook"),
        ("A1\n".encode("utf-16"), "UTF-16"),
        (b"\x00\x01\x02", "not text"),
        (b"A1\r" * 100, "not text"),
    ],
)
def test_other_files(write: Write, content: bytes, words: str) -> None:
    """A workbook, UTF-16, or what is no text is refused with what to do."""
    with pytest.raises(ConfigurationError, match=words) as caught:
        open_table(write("codes.csv", content))
    assert "save it as csv" in str(caught.value)


def test_no_file(tmp_path: Path) -> None:
    """A file that is not there, or is a directory, is named."""
    with pytest.raises(ConfigurationError, match="there is no file"):
        open_table(tmp_path / "codes.txt")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        open_table(tmp_path)


def test_broken_quotation(write: Write) -> None:
    """Every line that an unclosed quotation swallows is a row with a problem, so none is lost."""
    rows = list(open_table(write("codes.csv", 'A1\n"A2\nA3\nA4\n')))

    assert [(1, "A1", False), (2, "", True), (3, "", True), (4, "", True)] == [
        (row.line, row.text, bool(row.problem)) for row in rows
    ]


def test_long_line(write: Write) -> None:
    """A line that no code can be is cut, and the next line is the next line."""
    rows = list(open_table(write("codes.txt", b"A" * 200_000 + b"\nA2\n")))

    assert [1, 2] == [row.line for row in rows]
    assert 40 < len(rows[0].text) < 200_000


@pytest.mark.parametrize("name", ["empty.txt", "empty.csv"])
def test_empty(write: Write, name: str) -> None:
    """A file without rows has none."""
    assert [] == list(open_table(write(name, "\n \n")))


@given(lines=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n\r\0"), max_size=20), max_size=30))
def test_every_line_but_blank_ones_is_a_row(lines: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever text a file has, each line that is not blank is one row with that line's number."""
    path = tmp_path_factory.getbasetemp() / f"any-{os.getpid()}.txt"
    path.write_text("#\n" + "".join(f"{line}\n" for line in lines), "utf-8")

    expected = [(number, line.strip()) for number, line in enumerate(lines, 2) if line.strip()]

    assert [(1, "#"), *expected] == _texts(path)


async def test_async_for_reads_the_same_rows(write: Write) -> None:
    """Rows are the same whether they are read here or in a thread."""
    path = write("codes.txt", "".join(f"A{number}\n" for number in range(1001)))

    assert list(open_table(path)) == [row async for row in open_table(path)]


async def test_a_silent_pipe_blocks_nobody(tmp_path: Path) -> None:
    """While a pipe says nothing, other tasks run, and the reader can be cancelled."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = os.open(pipe, os.O_RDWR)
    os.write(writer, b"A1\n")
    rows = aiter(open_table(pipe))

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await anext(rows)

    os.close(writer)
