import stat
from contextlib import closing
from pathlib import Path

import pytest

from wxcoupon import ConfigurationError
from wxcoupon.bulk.report import Report, ReportError
from wxcoupon.bulk.sources import open_table


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
    assert "\ufeffline,code\n1,A1\n" == path.read_text("utf-8")
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert ["report.csv"] == _names(tmp_path)


def test_nothing_to_report(tmp_path: Path) -> None:
    """A report without a row leaves what was there as it was, or nothing."""
    (tmp_path / "old.csv").write_text("old")
    for name in ("old.csv", "new.csv"):
        with Report(tmp_path / name, ["line"]) as report:
            pass
        assert not report.kept

    assert ["old.csv"] == _names(tmp_path)
    assert "old" == (tmp_path / "old.csv").read_text()


def test_interrupted(tmp_path: Path) -> None:
    """What was reported before an interruption is kept."""

    def interrupted() -> None:
        with Report(tmp_path / "report.csv", ["line"], mark=False) as report:
            report.row(1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert "line\n1\n" == (tmp_path / "report.csv").read_text()


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """Where the path is a link, the file it points to is written."""
    (tmp_path / "link.csv").symlink_to(tmp_path / "report.csv")

    with Report(tmp_path / "link.csv", ["line"], mark=False) as report:
        report.row(1)

    assert (tmp_path / "link.csv").is_symlink()
    assert "line\n1\n" == (tmp_path / "report.csv").read_text()


@pytest.mark.parametrize("rows", [1, 10_000])
def test_a_full_disk(rows: int) -> None:
    """What cannot be written to its end says so with its name, early or late, and a device stays what it is."""

    def write() -> None:
        with Report(Path("/dev/full"), ["line"]) as report:
            for row in range(rows):
                report.row(row)

    with pytest.raises(ReportError, match="/dev/full could not be written to its end"):
        write()
    assert Path("/dev/full").is_char_device()


def test_where_no_file_can_be(tmp_path: Path) -> None:
    """A directory, a place without one, and the file that is read are refused at once."""
    (tmp_path / "codes.txt").write_text("A1\n")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        Report(tmp_path, ["line"])
    with pytest.raises(ConfigurationError, match="cannot be written"):
        Report(tmp_path / "none" / "report.csv", ["line"])
    with (
        closing(open_table(tmp_path / "codes.txt")) as table,
        pytest.raises(ConfigurationError, match="is the file that is read"),
    ):
        Report(tmp_path / "codes.txt", ["line"], besides=table)
