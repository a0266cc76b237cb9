import json
import sys
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from wxcoupon import ConfigurationError
from wxcoupon.bulk.reading import archive, excel, open_source, reopen_source

from .rows import opened, read_in_parts, rows
from .workbooks import FAILED, ods, rezipped, xls, xlsx


async def test_a_column_of_text(tmp_path: Path) -> None:
    """Codes that are text are taken as they are; empty rows are no rows, and every row keeps its number."""
    path = xlsx(
        tmp_path / "codes.xlsx", {"Codes": [[], [None, "券码"], [None, "007"], [], [None, " A2 "]], "Empty": []}
    )
    async with opened(path) as source:
        assert [(3, "007", ""), (5, "A2", "")] == rows(source) == read_in_parts(source, [1])
        assert source.is_at(path)
        assert [f"line 2 of {path} was taken as a heading, and not sent"] == source.remarks


async def test_cells_that_are_no_text(tmp_path: Path) -> None:
    """What Excel has damaged, or what is no text, is refused with sheet, row and column; short numbers are digits."""
    cells = ["code", 123456789012345, 1234567890123456, 1.5, date(2026, 1, 2), True, FAILED, -7, "12345678901234567890"]
    path = xlsx(tmp_path / "codes.xlsx", {"June & July": [[cell] for cell in cells]})
    async with opened(path) as source:
        found = rows(source)
        remarks = source.remarks

    assert ["123456789012345", "-7", "12345678901234567890"] == [text for _, text, problem in found if not problem]
    problems = {line: problem for line, _, problem in found if problem}
    assert {
        3: "more than 15 digits",
        4: "a fraction",
        5: "a date",
        6: "a boolean",
        7: "a formula that failed",
    } == {line: words for line, words in _WORDS.items() if words in problems[line]}
    assert all(f"cell A{line} of sheet 'June & July' (row {line}, column A)" in said for line, said in problems.items())
    assert "cell A2 of sheet 'June & July' and 1 more" in remarks[1]
    assert "leading zeros" in remarks[1]


_WORDS = {3: "more than 15 digits", 4: "a fraction", 5: "a date", 6: "a boolean", 7: "a formula that failed"}


async def test_columns(tmp_path: Path) -> None:
    """With several columns every row has its cells by name, and the first that cannot be read is its problem."""
    table: list[list[Any]] = [["n", "openid", "attach"], [1, "o-1", "x"], [2, "o-2"], [3, 10**17, "y"]]
    path = xlsx(tmp_path / "users.xlsx", {"Users": table})
    async with opened(path, columns=["openid"]) as source:
        (piece,) = source.pieces()
    async with opened(path, column="attach") as source:
        assert ["x", "", "y"] == [text for _, text, _ in rows(source)]

    assert {"n": "1", "openid": "o-1", "attach": "x"} == piece.cells[0]
    assert ["o-1", "o-2"] == list(piece.texts[:2])
    assert [2] == list(piece.problems)
    assert "cell B4" in piece.problems[2]


async def test_which_sheet(tmp_path: Path) -> None:
    """The only sheet that is not empty is read; of several, one has to be named."""
    path = xlsx(tmp_path / "codes.xlsx", {"Empty": [], "One": [["A1"]], "Two": [["A2"]]})
    with pytest.raises(ConfigurationError, match=r"several sheets: One, Two; name the one to read \(--sheet NAME\)"):
        await open_source(path)
    with pytest.raises(ConfigurationError, match="no sheet 'Three'; its sheets are: Empty, One, Two"):
        await open_source(path, sheet="Three")
    async with opened(path, sheet="Two") as source:
        assert [(1, "A2", "")] == rows(source)
    async with opened(path, sheet="Empty") as source:
        assert [] == rows(source)


@pytest.mark.parametrize("table", [[["A1", "x"]], [["name", "number"], ["x", "1"]]], ids=["data", "headings"])
async def test_which_column(tmp_path: Path, table: list[list[str]]) -> None:
    """Of several columns none is guessed."""
    with pytest.raises(ConfigurationError, match=r"sheet 'S' of .*has several columns"):
        await open_source(xlsx(tmp_path / "codes.xlsx", {"S": table}))


async def test_kept(tmp_path: Path) -> None:
    """The rows of a workbook are kept beside the ledger, so a job goes on without the workbook."""
    folder = tmp_path / "ledger"
    path = xlsx(tmp_path / "codes.xlsx", {"S": [["code"], *([f"A{number}"] for number in range(5000))]})
    async with opened(path, folder=folder) as source:
        about, found = source.about(), rows(source)
    path.unlink()
    again = reopen_source(json.loads(json.dumps(about)))
    try:
        assert 5000 == len(found)
        assert found == rows(again)
        assert about == again.about()
    finally:
        again.close()


async def test_ods(tmp_path: Path) -> None:
    """A workbook of LibreOffice's kind is read as well, repeated cells and rows included."""
    path = ods(
        tmp_path / "codes.ods",
        '<table:table-row table:number-rows-repeated="2"><table:table-cell/></table:table-row>'
        '<table:table-row><table:table-cell office:value-type="string"><text:p>A1</text:p></table:table-cell>'
        '<table:table-cell table:number-columns-repeated="16383"/></table:table-row>'
        '<table:table-row><table:table-cell office:value-type="float" office:value="12"><text:p>12</text:p>'
        "</table:table-cell></table:table-row>"
        '<table:table-row table:number-rows-repeated="1048572"><table:table-cell/></table:table-row>',
    )
    async with opened(path) as source:
        assert [(3, "A1", ""), (4, "12", "")] == rows(source)


async def test_xls(tmp_path: Path) -> None:
    """A workbook of Excel's old kind is read as well."""
    async with opened(xls(tmp_path / "codes.xls", ["code", "A1", 12.0, 1e16])) as source:
        found = rows(source)

    assert [(2, "A1"), (3, "12")] == [row[:2] for row in found[:2]]
    assert "cell A4" in found[2][2]


@pytest.mark.parametrize("name", ["codes.xlsx", "codes.xlsm", "codes.xlsb", "codes.ods", "codes.xls"])
@pytest.mark.parametrize(
    "content",
    [b"", b"A1\nA2\n", b"PK\x03\x04junk", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)],
    ids=["empty", "text", "zip", "compound"],
)
async def test_malformed(tmp_path: Path, name: str, content: bytes) -> None:
    """What is no workbook, or a damaged one, or one with a password, is refused with its name."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=f"^{path} "):
        await open_source(path)


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/sharedStrings.xml"])
@pytest.mark.parametrize("content", [b"", b"<a", b"\xff\xfe\0", b"<worksheet><sheetData><row r='x'><c r='1A' t='s'>"])
async def test_a_damaged_part(tmp_path: Path, part: str, content: bytes) -> None:
    """A workbook with a damaged part is refused, or has the rows that are left; nothing else happens."""
    path = rezipped(xlsx(tmp_path / "codes.xlsx", {"S": [["A1"]]}), part, content)
    try:
        async with opened(path) as source:
            rows(source)
    except ConfigurationError as error:
        assert str(path) in str(error)  # noqa: PT017 - both ends are right


_BOMB = b"<worksheet><sheetData>%s</sheetData></worksheet>"


@pytest.mark.parametrize(
    "content",
    [
        _BOMB % b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        _BOMB % b'<row r="1"><c><v>1</v></c></row><row r="1048576"><c r="XFD1048576"/></row>',
        b"<worksheet>" + b" " * (20 << 20) + b"</worksheet>",
    ],
    ids=["corners", "implied", "spaces"],
)
async def test_bombs(tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small workbook that would take much memory is refused before it is read."""
    monkeypatch.setattr(archive, "MOST_UNPACKED", 16 << 20)
    path = rezipped(xlsx(tmp_path / "codes.xlsx", {"S": [["A1"]]}), "xl/worksheets/sheet1.xml", content)
    assert 100_000 > path.stat().st_size
    with pytest.raises(ConfigurationError, match="would take too much memory"):
        await open_source(path)


async def test_a_bomb_that_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive that says it is small is measured all the same."""
    monkeypatch.setattr(archive, "MOST_UNPACKED", 1 << 20)
    path = rezipped(xlsx(tmp_path / "codes.xlsx", {"S": [["A1"]]}), "xl/worksheets/sheet1.xml", b" " * (4 << 20))
    size = (4 << 20).to_bytes(4, "little")
    content = path.read_bytes()
    assert 2 == content.count(size)
    path.write_bytes(content.replace(size, (100).to_bytes(4, "little")))
    with zipfile.ZipFile(path) as lying:
        assert 100 == lying.getinfo("xl/worksheets/sheet1.xml").file_size
    with pytest.raises(ConfigurationError, match="would take too much memory"):
        await open_source(path)


async def test_an_ods_bomb(tmp_path: Path) -> None:
    """Cells and rows that are repeated a million times are counted."""
    row = (
        '<table:table-row table:number-rows-repeated="1048576"><table:table-cell office:value-type="string" '
        'table:number-columns-repeated="16384"><text:p>A</text:p></table:table-cell></table:table-row>'
    )
    with pytest.raises(ConfigurationError, match="would take too much memory"):
        await open_source(ods(tmp_path / "codes.ods", row))


async def test_too_many_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A workbook that is too large is refused before it is opened."""
    monkeypatch.setattr(excel, "MOST_BYTES", 100)
    with pytest.raises(ConfigurationError, match="is larger than a workbook may be"):
        await open_source(xlsx(tmp_path / "codes.xlsx", {"S": [["A1"]]}))


async def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package that reads workbooks it is said how to get it."""
    modules: dict[str, Any] = sys.modules
    monkeypatch.setitem(modules, "python_calamine", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'wxcoupon\[excel\]'"):
        await open_source(xlsx(tmp_path / "codes.xlsx", {"S": [["A1"]]}))
