import csv
import glob
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from wxcoupon import ConfigurationError
from wxcoupon.bulk.reports import workbook
from wxcoupon.bulk.reports.growing import GrowingTable
from wxcoupon.bulk.reports.report import Report, ReportError


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_in_place_at_the_end(tmp_path: Path) -> None:
    """A report is put in place whole, at the end, for its owner alone, and nothing else is left beside it."""
    path = tmp_path / "report.csv"
    path.write_text("old")
    path.chmod(0o644)

    with Report(path, ["line", "code"]) as report:
        report.row(1, "A1")
        assert "old" == path.read_text()

    assert report.kept
    assert "\ufeffline,code\r\n1,A1\r\n" == path.read_bytes().decode("utf-8")
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert ["report.csv"] == _names(tmp_path)


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_nothing_to_report(tmp_path: Path, ending: str) -> None:
    """A report without a row leaves what was there as it was, or nothing."""
    (tmp_path / f"old.{ending}").write_text("old")
    for name in ("old", "new"):
        with Report(tmp_path / f"{name}.{ending}", ["line"]) as report:
            pass
        assert not report.kept

    assert [f"old.{ending}"] == _names(tmp_path)
    assert "old" == (tmp_path / f"old.{ending}").read_text()


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_interrupted(tmp_path: Path, ending: str) -> None:
    """Half a report is none: what was there before stays."""
    path = tmp_path / f"report.{ending}"
    path.write_text("old")

    def interrupted() -> None:
        with Report(path, ["line"]) as report:
            report.row(1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert "old" == path.read_text()
    assert [path.name] == _names(tmp_path)


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """Where the path is a link, the file it points to is written."""
    (tmp_path / "link.csv").symlink_to(tmp_path / "report.csv")

    with Report(tmp_path / "link.csv", ["line"], mark=False) as report:
        report.row(1)

    assert (tmp_path / "link.csv").is_symlink()
    assert "line\n1\n" == (tmp_path / "report.csv").read_text()


def test_a_workbook_of_texts(tmp_path: Path) -> None:
    """In a workbook long numbers keep their digits, nothing is a formula, and line numbers are numbers."""
    path = tmp_path / "report.xlsx"
    codes = ["01234567890123456789", "=1+1", "1E5", "-7", "优惠码", "http://x", " a\n b", "TRUE", "{=A1}"]

    with Report(path, ["line", "code", "reason"]) as report:
        for line, code in enumerate(codes, 1):
            report.row(line, report.harmless(code), None)

    sheet = CalamineWorkbook.from_path(path).get_sheet_by_index(0)
    header, *rows = sheet.to_python()
    assert ["line", "code", "reason"] == header
    assert [[line, code] for line, code in enumerate(codes, 1)] == [row[:2] for row in rows]
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert ["report.xlsx"] == _names(tmp_path)


def test_more_than_a_sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is more than a sheet takes goes on in the next one, under the same header."""
    monkeypatch.setattr(workbook, "MOST", 3)

    with Report(tmp_path / "report.xlsx", ["line"]) as report:
        for line in range(1, 9):
            report.row(line)

    book = CalamineWorkbook.from_path(tmp_path / "report.xlsx")
    sheets = [book.get_sheet_by_index(number).to_python() for number in range(len(book.sheet_names))]
    assert [["line"]] * 3 == [sheet[0] for sheet in sheets]
    assert [[1, 2, 3], [4, 5, 6], [7, 8]] == [[row[0] for row in sheet[1:]] for sheet in sheets]


def test_formulas_in_csv(tmp_path: Path) -> None:
    """In a csv file, what a spreadsheet would reckon has a ' before it, if it is said to be anybody's text."""
    with Report(tmp_path / "report.csv", ["code"]) as report:
        for code in ("=1+1", "+7", "-7", "@x", "A=1", ""):
            report.row(report.harmless(code))
        report.row("-7")

    with (tmp_path / "report.csv").open(encoding="utf-8-sig", newline="") as file:
        assert ["'=1+1", "'+7", "'-7", "'@x", "A=1", "", "-7"] == [row["code"] for row in csv.DictReader(file)]


@pytest.mark.parametrize("rows", [1, 10_000])
def test_a_full_device(rows: int) -> None:
    """What cannot be written to its end says so with its name, early or late, and a device stays what it is."""

    def write() -> None:
        with Report(Path("/dev/full"), ["line"]) as report:
            for row in range(rows):
                report.row(row)

    with pytest.raises(ReportError, match="/dev/full could not be written to its end"):
        write()
    assert Path("/dev/full").is_char_device()


_FULL = """
import resource, sys
from pathlib import Path
from wxcoupon.bulk.reports.report import Report, ReportError
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    with Report(Path(sys.argv[1]), ["line", "code"]) as report:
        for line in range(20_000):
            report.row(line, f"{line * 7919 % 1_000_003:x}")
except ReportError as error:
    print(error)
"""


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
@pytest.mark.parametrize("room", [1000, 60_000, 180_000])
def test_a_full_disk(tmp_path: Path, ending: str, room: int) -> None:
    """Wherever the room ends, the error says so once, what was there stays, and nothing is left beside it."""
    path = tmp_path / f"report.{ending}"
    path.write_text("old")

    ended = subprocess.run(
        [sys.executable, "-c", _FULL, str(path), str(room)], capture_output=True, text=True, check=False
    )

    assert (0, "") == (ended.returncode, ended.stderr)
    assert f"{path} could not be written to its end (File too large)\n" == ended.stdout
    assert "old" == path.read_text()
    assert [path.name] == _names(tmp_path)


def test_where_no_file_can_be(tmp_path: Path) -> None:
    """A directory, a place without one, a file that is in use, and a device for a workbook are refused at once."""
    (tmp_path / "codes.txt").write_text("A1\n")
    (tmp_path / "device.xlsx").symlink_to("/dev/null")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        Report(tmp_path, ["line"])
    with pytest.raises(ConfigurationError, match="cannot be written"):
        Report(tmp_path / "none" / "report.csv", ["line"])
    with pytest.raises(ConfigurationError, match=r"codes\.txt is the file that is read; write to another one"):
        Report(tmp_path / "codes.txt", ["line"], besides={tmp_path / "codes.txt": "the file that is read"})
    with pytest.raises(ConfigurationError, match="is the ledger"):
        Report(tmp_path / "none.csv", ["line"], besides={tmp_path / "x" / ".." / "none.csv": "the ledger"})
    with pytest.raises(ConfigurationError, match="so it cannot be a workbook"):
        Report(tmp_path / "device.xlsx", ["line"])
    assert ["codes.txt", "device.xlsx"] == _names(tmp_path)


def test_a_table_that_grows(tmp_path: Path) -> None:
    """What is known at the beginning is put in place at once, and every row after it is there when it is written."""
    path = tmp_path / "tokens.csv"
    path.write_text("old")

    with GrowingTable(path, ["openid", "token"]) as table:
        table.row("o-1", "t-1")
        assert "old" == path.read_text()
        table.place()
        assert "openid,token\no-1,t-1\n" == path.read_text()
        table.row("o-2", None)
        assert "openid,token\no-1,t-1\no-2,\n" == path.read_text()

    assert table.kept
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert ["tokens.csv"] == _names(tmp_path)


def test_a_table_that_does_not_grow(tmp_path: Path) -> None:
    """Without a row, what was there stays; a first row that comes late is put in place at once."""
    (tmp_path / "tokens.csv").write_text("old")
    with GrowingTable(tmp_path / "tokens.csv", ["openid"]) as table:
        table.place()
    assert "old" == (tmp_path / "tokens.csv").read_text()
    assert not table.kept

    with GrowingTable(tmp_path / "tokens.csv", ["openid"]) as table:
        table.place()
        table.row("o-1")
        assert "openid\no-1\n" == (tmp_path / "tokens.csv").read_text()

    with GrowingTable(Path("/dev/full"), ["openid"]) as table, pytest.raises(ReportError, match="/dev/full"):
        table.row("o-1")


@pytest.mark.parametrize("name", ["report.xls", "report.ods", "Report.XLSB"])
def test_workbooks_that_are_not_written(tmp_path: Path, name: str) -> None:
    """A name that promises another workbook than .xlsx is refused, not filled with csv."""
    with pytest.raises(ConfigurationError, match=r"name one that ends in \.xlsx or \.csv"):
        Report(tmp_path / name, ["line"])
    for growing in (name, "tokens.xlsx"):
        with pytest.raises(ConfigurationError, match=r"name one that ends in \.csv"):
            GrowingTable(tmp_path / growing, ["line"])
    assert [] == _names(tmp_path)


def test_a_table_that_is_written_again(tmp_path: Path) -> None:
    """What is there stays until the rows that were written anew are put in place; then more may come."""
    path = tmp_path / "tokens.csv"
    with GrowingTable(path, ["openid"]) as table:
        table.place()
        table.row("o-2")
        assert table.begin_again()
        table.row("o-1")
        table.row("o-2")
        assert "openid\no-2\n" == path.read_text()
        table.place()
        table.row("o-3")
        assert "openid\no-1\no-2\no-3\n" == path.read_text()
        assert table.begin_again()
        table.row("o-4")
    assert "openid\no-1\no-2\no-3\n" == path.read_text()
    assert ["tokens.csv"] == _names(tmp_path)


_KILLED = """
import os, pathlib, sys
from wxcoupon.bulk.reports.report import Report
with Report(pathlib.Path(sys.argv[1]), ["line"]) as report:
    report.row(1)
    print("made", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("name", ["report [1].csv", "report.xlsx"])
def test_what_a_killed_process_left_is_swept(tmp_path: Path, name: str) -> None:
    """Half-made files go when they are old and nobody makes them any more; others stay."""
    (tmp_path / f"other-{name}.abcdefgh.part").mkdir()
    os.utime(tmp_path / f"other-{name}.abcdefgh.part", (0, 0))
    command = [sys.executable, "-c", _KILLED, str(tmp_path / name)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        (half,) = tmp_path.glob(f"{glob.escape(name)}.*.part")
        os.utime(half, (0, 0))
        Report(tmp_path / name, ["line"])
        assert half.exists()
        process.kill()
    os.utime(half)
    Report(tmp_path / name, ["line"])
    assert half.exists()
    os.utime(half, (0, 0))
    Report(tmp_path / name, ["line"])

    assert [f"other-{name}.abcdefgh.part"] == _names(tmp_path)
