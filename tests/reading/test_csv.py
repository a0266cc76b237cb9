from typing import Any

import pytest

from wxcoupon import ConfigurationError
from wxcoupon.bulk.reading import open_source
from wxcoupon.bulk.reading.rows_file import BLOCK

from .conftest import Write
from .rows import opened, read_in_parts, rows, texts


async def test_the_only_column(write: Write) -> None:
    """Without a column, a csv file of one is read by it, and a first line that is no heading is data and said so."""
    async with opened(write("codes.csv", "A1\n A2 ,\n,\n,z\n")) as source:
        found = rows(source)
        assert [(1, "A1"), (2, "A2"), (4, "")] == [row[:2] for row in found]
        assert [False, False, True] == ["more cells than columns" in problem for *_, problem in found]
        assert [1, "data"] == source.about()["first"]
        assert ["line 1", "taken as a code"] == [
            part for part in ("line 1", "taken as a code") if part in str(source.remarks)
        ]


@pytest.mark.parametrize(
    ("first", "shown"),
    [
        ("A1,x", "2 cells, none of them a known heading"),
        ("SECRET,no", "no, and 1 more"),
        ("name,number", "number, and 1 more"),
        ("code,voucher", "code, voucher"),
        ("id,openid", "id, openid"),
        ("name,openid,A1", "name, openid, and 1 more"),
    ],
)
async def test_which_column(write: Write, first: str, shown: str) -> None:
    """Of several columns none is guessed, and the message shows no data, where not exactly one says it has codes."""
    with pytest.raises(ConfigurationError, match=f"several columns.*codes: {shown}; .*--column"):
        await open_source(write("codes.csv", f"{first}\nA1,x\n"))


async def test_the_column_that_says_codes(write: Write) -> None:
    """Of several columns, the only one whose heading says that it has codes is read."""
    assert [(2, "A1")] == await texts(write("codes.csv", "id,name,Coupon Code\n1,x,A1\n"))


@pytest.mark.parametrize(("separator", "words"), [(";", "separated by ';'"), ("\t", "separated by tabs")])
async def test_other_separators(write: Write, separator: str, words: str) -> None:
    """A csv file with another separator than the comma is refused with what to do."""
    with pytest.raises(ConfigurationError, match=f"{words}; save it with commas"):
        await open_source(write("codes.csv", f"code{separator}name\nA1{separator}x\n"))


@pytest.mark.parametrize("options", [{"column": "code"}, {"columns": ["code"]}], ids=["column", "columns"])
async def test_a_column_that_is_there_twice(write: Write, options: dict[str, Any]) -> None:
    """A column whose name several have is refused; other names may repeat."""
    with pytest.raises(ConfigurationError, match="has 2 columns called 'code'"):
        await open_source(write("codes.csv", "code,n,code\nA1,x,A2\n"), **options)
    assert [(2, "A1")] == await texts(write("other.csv", "n,code,n\nx,A1,y\n"), column="code")


@pytest.mark.parametrize("header", ["code,name", "\ufeffCoupon_Code,name", "券码,名称"])
async def test_header_that_names_codes(write: Write, header: str) -> None:
    """A first line that calls its first column a code is a header, even if no column was asked for."""
    assert [(2, "A1")] == await texts(write("codes.csv", f"{header}\nA1,x\n"))


async def test_named_column(write: Write) -> None:
    """A column is found by its name in the header; a row too short for it has no text."""
    path = write("codes.csv", 'name,code\nx,A1\n"y\ny", A2 \nz\n')

    assert [(2, "A1"), (3, "A2"), (5, "")] == await texts(path, column="code")


async def test_columns(write: Write) -> None:
    """With several columns every row has its cells by name, however the rows are written."""
    path = write("u.csv", 'attach,openid\n,o-1\nx,o-2\n"a\nb","o-3"\n咖,o-4,more\ny\n')
    async with opened(path, columns=["openid"]) as source:
        (piece,) = source.pieces()
        again = source.read(piece.ends[1], piece.ends[3] - piece.ends[1], 4)
    expected = [
        {"attach": "", "openid": "o-1"},
        {"attach": "x", "openid": "o-2"},
        {"attach": "a\nb", "openid": "o-3"},
        {"attach": "咖", "openid": "o-4"},
        {"attach": "y"},
    ]
    assert expected == list(piece.cells)
    assert ["o-1", "o-2", "o-3", "o-4", ""] == list(piece.texts)
    assert expected[2:4] == list(again.cells)


async def test_a_column_that_is_not_there(write: Write) -> None:
    """A column that is not there is refused with those that are."""
    with pytest.raises(ConfigurationError, match="no column 'openid'; its columns are: id, attach"):
        await open_source(write("u.csv", "id,attach\n"), columns=["openid"])


@pytest.mark.parametrize("quoted", [False, True], ids=["plain", "quoted"])
@pytest.mark.parametrize("note", ["x y", "咖啡", "a\r\nb", ""], ids=["ascii", "chinese", "lines", "empty"])
async def test_many_records(write: Write, note: str, *, quoted: bool) -> None:
    """Records of every kind are the same, block after block, and can be read again from any of them."""
    quoted = quoted or "\n" in note
    mark = '"' if quoted else ""
    lines = 1 + note.count("\n")
    codes = [f"A{number}" for number in range(30_000)]
    content = "".join(f"{mark}{note}{mark},{mark}{code}{mark}\r\n" for code in codes)
    async with opened(write("codes.csv", f"note,code\r\n{content}")) as source:
        found = rows(source)
        again = read_in_parts(source, [200, 1, 999])

    assert [(2 + lines * at, code, "") for at, code in enumerate(codes)] == found
    assert found == again


async def test_broken_quotations(write: Write) -> None:
    """What a broken quotation takes is one row with a problem that names its lines, and the rows behind it are read."""
    async with opened(write("codes.csv", 'A1\n"A2"x\nA3\n"A4\nA5"x\nA6\n"A7\nA8\n')) as source:
        found = rows(source)
        again = read_in_parts(source, [1])

    assert [(1, False), (2, True), (3, False), (4, True), (6, False), (7, True)] == [
        (line, bool(problem)) for line, _, problem in found
    ]
    assert ["", "line 5", "line 8"] == [problem.partition("goes on to ")[2] for *_, problem in found if problem]
    assert found == again


@pytest.mark.parametrize(
    ("tail", "words", "following"),
    [
        ("", "goes on to line 150001", None),
        ('"\nA3\n', "has 300003 bytes", (150_003, "A3", "")),
        ('"x\nA3\n', "not closed", (150_003, "A3", "")),
        ('""","y\nz"\r\nA3\n', "goes on to line 150003", (150_004, "A3", "")),
    ],
    ids=["open", "closed", "broken", "several"],
)
async def test_a_quotation_longer_than_a_block(write: Write, tail: str, words: str, following: object) -> None:
    """A quotation that is longer than can be read at once is one row with a problem, however it ends."""
    content = 'A1\n"' + "B\n" * (300_000 // 2) + tail
    assert len(content) > 2 * BLOCK
    async with opened(write("codes.csv", content)) as source:
        found = rows(source)
        again = read_in_parts(source, [1])

    assert words in found[1][2]
    assert ([following] if following else []) == found[2:]
    assert found == again
