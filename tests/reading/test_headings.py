from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from wxcoupon import ConfigurationError
from wxcoupon.bulk.pieces import Source
from wxcoupon.bulk.reading import heading_words, open_source, reopen_source

from .conftest import Write
from .rows import opened, read_in_parts, rows, texts
from .workbooks import xlsx

_TITLE = "2026春季优惠券码表"
_TABLE = [[_TITLE, "", ""], ["序号", "券码", "门店"], *([str(n), f"A{n}", "上海"] for n in range(1, 51))]
_CODES = [(line, f"A{line - 2}", "") for line in range(3, 53)]


def _file(folder: Path, ending: str, table: list[list[str]]) -> Path:
    """A table as a csv file or as a workbook with empty cells left out."""
    if ending == "xlsx":
        return xlsx(folder / "c.xlsx", {"S": [[cell or None for cell in row] for row in table]})
    path = folder / "c.csv"
    path.write_text("".join(",".join(row) + "\r\n" for row in table), encoding="utf-8")
    return path


def _again(source: Source) -> list[tuple[int, str, str]]:
    """The rows of what a source says of itself, opened again."""
    again = reopen_source(source.about())
    try:
        assert source.about() == again.about()
        return rows(again)
    finally:
        again.close()


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
@pytest.mark.parametrize("column", [None, "券码", "2"], ids=["found", "named", "number"])
async def test_a_title_above_the_heading(tmp_path: Path, ending: str, column: str | None) -> None:
    """A title above the heading is no row, which is said; whoever reads again reads the same."""
    path = _file(tmp_path, ending, _TABLE)
    async with opened(path, column=column, folder=tmp_path / "kept") as source:
        assert _CODES == rows(source) == read_in_parts(source, [7, 1]) == _again(source)
        assert [1, 1] == source.about()["titles"]
        assert [
            f"line 1 of {path} was taken as a title above the heading, and not sent",
            f"line 2 of {path} was taken as a heading, and not sent",
        ] == source.remarks


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
async def test_several_titles(tmp_path: Path, ending: str) -> None:
    """Titles may be several, one may be a word of a heading, and rows of several columns have them as well."""
    titles = [["优惠券", "", ""], ["门店", "上海", ""]]
    path = _file(tmp_path, ending, [*titles, *_TABLE[1:]])
    async with opened(path) as source:
        assert [text for _, text, _ in _CODES] == [text for _, text, _ in rows(source)]
        assert f"lines 1 to 2 of {path} were taken as a title above the heading, and not sent" == source.remarks[0]
    async with opened(path, columns=["门店", "券码"]) as source:
        (piece,) = source.pieces()
        assert {"序号": "1", "券码": "A1", "门店": "上海"} == piece.cells[0]


@pytest.mark.parametrize("title", ["春\n".encode() + b"\xff\xff,,", b'"spring"x'], ids=["bytes", "quotation"])
async def test_a_title_that_cannot_be_read(write: Write, title: bytes) -> None:
    """A title that cannot be read is one all the same."""
    async with opened(write("c.csv", title + "\n序号,券码,门店\n1,A1,上海\n".encode())) as source:
        assert ["A1"] == [text for _, text, _ in rows(source)]


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
@pytest.mark.parametrize(
    ("table", "column", "words"),
    [
        ([[_TITLE, ""], ["A1", "上海"]], None, "line 2 of .* has more cells than line 1.*is a title, delete it"),
        ([[_TITLE, ""], ["A1", "上海"]], "1", "line 2 of .* has more cells than line 1.*is a title, delete it"),
        ([[_TITLE], ["券码"], ["A1"]], None, "line 2 of .* is a heading of codes, and there are other lines above"),
        (
            [[_TITLE, "", ""], ["券码", "优惠券", "x"]],
            None,
            "line 2 does not say which one has the codes: 券码, 优惠券",
        ),
        ([["A1", "上海"], ["code", "x"]], None, "line 1 does not say which one"),
        ([["A1", "上海"], ["code", "x"]], "code", "no column 'code'; its columns are: 2 cells, none of them"),
        ([["A1", ""], ["券码", "门店"]], None, "line 1 of .* is above the heading in line 2, and may be a code"),
        ([["A1", "上海"]], "3", "no column 3; it has 2 columns"),
        ([["2", "A1"]], "2", "has a cell 2 in another column"),
    ],
)
async def test_what_is_not_clear(
    tmp_path: Path, ending: str, table: list[list[str]], column: str | None, words: str
) -> None:
    """Where it is not clear which column has the codes, the file is refused with what to do."""
    with pytest.raises(ConfigurationError, match=words) as caught:
        await open_source(_file(tmp_path, ending, table), column=column)
    assert "A1" not in str(caught.value)


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
@pytest.mark.parametrize(
    ("first", "expected", "taken"),
    [
        (["上海", "A0"], [(1, "A0", ""), (2, "A1", "")], "as a code"),
        (["门店", "券码"], [(2, "A1", "")], "as a heading"),
        (["1", "2"], [(2, "A1", "")], "as a heading"),
    ],
    ids=["data", "heading", "numbers"],
)
async def test_a_column_by_its_number(
    tmp_path: Path, ending: str, first: list[str], expected: object, taken: str
) -> None:
    """The column of a file without a heading is given by its number; a heading is none of its rows all the same."""
    async with opened(_file(tmp_path, ending, [first, ["北京", "A1"]]), column="2") as source:
        assert expected == rows(source)
        assert f"was taken {taken}" in source.remarks[0]


async def test_a_number_counts_columns_of_the_sheet(tmp_path: Path) -> None:
    """Empty columns in front of a table count."""
    path = xlsx(tmp_path / "c.xlsx", {"S": [[None, "上海", "A1"]]})
    async with opened(path, column="3") as source:
        assert [(1, "A1", "")] == rows(source)


@pytest.mark.parametrize(
    "heading",
    [
        *("coupon_no", "couponNo", "couponid", "couponCodeNo", "voucher no", "code_no", "券码号", "优惠码", "核销码"),
        *("卡号", "*券码", "券码(必填)", "券码：", "Promo-Code"),
    ],
)
async def test_words_above_codes(write: Write, heading: str) -> None:
    """What people write above codes is a heading, alone and among other columns."""
    assert [(2, "A1")] == await texts(write("one.csv", f"{heading}\nA1\n"))
    assert [(2, "A1")] == await texts(write("two.csv", f"序号,{heading},门店\n1,A1,上海\n"))


async def test_what_only_may_be_codes(write: Write) -> None:
    """A column that may have other numbers is not read where another one says that it has the codes."""
    assert [(2, "A1")] == await texts(write("two.csv", "coupon_id,coupon_code\n1,A1\n"))


def test_no_word_is_a_code() -> None:
    """No known heading has a digit, which most codes have."""
    assert not [
        word
        for word in heading_words.CODES | heading_words.PERHAPS | heading_words.OTHERS
        if any(map(str.isdigit, word))
    ]


@pytest.mark.parametrize(("first", "said"), [("Gutscheine", True), ("A0", False)])
async def test_a_first_line_unlike_the_others(write: Write, first: str, said: bool) -> None:  # noqa: FBT001
    """In a text file, a first line without a digit above others that have some is said to be taken as a code."""
    async with opened(write("c.txt", f"{first}\nA1\nA2\n")) as source:
        assert [(1, first, ""), (2, "A1", ""), (3, "A2", "")] == rows(source)
        assert said == any("line 1 of" in remark and "was taken as a code" in remark for remark in source.remarks)


@pytest.mark.parametrize("options", [{}, {"columns": ["code"]}], ids=["one", "all"])
@pytest.mark.parametrize("row", ["A2,x,y", '"A2",x,y', "A2,咖,y", '"A2","x\nz",y'])
async def test_more_cells_than_columns(write: Write, options: dict[str, Any], row: str) -> None:
    """A row with something behind the last column is invalid, however it is read; empty cells there are nothing."""
    async with opened(write("c.csv", f"title,\ncode,n\nA1,x,,\n{row}\nA3\n"), **options) as source:
        found = rows(source)
        assert found == read_in_parts(source, [1])
    assert [("A1", False), ("A2", True), ("A3", False)] == [
        (text, "more cells than columns" in problem) for _, text, problem in found
    ]


@pytest.mark.parametrize("options", [{}, {"columns": ["code"]}], ids=["one", "all"])
async def test_cells_behind_a_sheets_columns(tmp_path: Path, options: dict[str, Any]) -> None:
    """A row of a workbook with something behind the last column is invalid, with the cell."""
    path = xlsx(tmp_path / "c.xlsx", {"S": [[None, "code", "n"], [None, "A1", "x"], [None, "A2", "x", "y"]]})
    async with opened(path, **options) as source:
        assert [
            (2, "A1", ""),
            (3, "A2", "cell D3 of sheet 'S' (row 3, column D) is behind the last column of the table; empty it"),
        ] == rows(source)


async def test_a_sheets_column_that_is_there_twice(tmp_path: Path) -> None:
    """The columns of a workbook are known, so that one which is there twice can be refused."""
    path = xlsx(tmp_path / "c.xlsx", {"S": [["code", "n", "n"], ["A1", "x", "y"]]})
    async with opened(path, columns=["code"]) as source:
        assert ["code", "n", "n"] == getattr(source, "header", None)
    with pytest.raises(ConfigurationError, match="2 columns called 'n'"):
        await open_source(path, columns=["n"])


@pytest.mark.parametrize("first", ["", "A0\n"], ids=["first", "later"])
async def test_codes_as_spreadsheets_write_them(write: Write, first: str) -> None:
    """A text in the form of a formula, which keeps the zeros it begins with, is taken as what is in it, and said."""
    content = first + '="00123"\n"=""00124"""\n="00125"\n\n="00126\n'
    async with opened(write("c.csv", content)) as source:
        found = rows(source)
        assert found == read_in_parts(source, [1])
        assert any(f"line {1 + len(first) // 3} of" in remark and '="…"' in remark for remark in source.remarks)
    assert ["00123", "00124", "00125", '="00126'] == [text for _, text, _ in found][len(first) // 3 :]


async def test_numbers_shown_with_zeros(tmp_path: Path) -> None:
    """A number that its format shows with zeros which are not in it is refused; one that has all digits is not."""
    path = tmp_path / "c.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        zeros, other = book.add_format({"num_format": "00000000"}), book.add_format({"num_format": "0.00"})
        sheet = book.add_worksheet("S")
        sheet.write(0, 0, "code")
        for row, (number, form) in enumerate([(123, zeros), (12345678, zeros), (123, other), (7, None), (1, zeros)], 1):
            sheet.write_number(row, 0, number, form)
        sheet.write_string(6, 0, "123", zeros)
    async with opened(path) as source:
        found = rows(source)
    assert [True, False, False, False, True, False] == ["zeros which are not in it" in said for *_, said in found]
    assert "cell A2 of sheet 'S'" in found[0][2]
    assert "format the column as text" in found[0][2]


@pytest.mark.parametrize("name", ["c.txt", "c.csv"])
@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", " \n"], ids=["lf", "cr", "crlf", "space"])
async def test_many_blank_lines(write: Write, name: str, end: str) -> None:
    """Long runs of blank lines change no number of a line."""
    blank = end * 100_000
    async with opened(write(name, f"{blank}A1{end}{blank}A2{end}A3{end}{blank}")) as source:
        found = rows(source)
        assert found == read_in_parts(source, [1])
    assert [(100_001, "A1", ""), (200_002, "A2", ""), (200_003, "A3", "")] == found
