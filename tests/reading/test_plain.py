import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wxcoupon.bulk.pieces import Piece
from wxcoupon.bulk.reading import open_source, rows_file
from wxcoupon.bulk.upload import UploadTask

from .conftest import Write
from .rows import opened

_CODE = re.compile("[0-9A-Za-z_-]+")
_words = st.sampled_from(["A1", "b_-9", "C" * 40, "D" * 41, "E" * 1025, " ", "", "é", "?", "F,G", "H ", '"I"', "\x1f"])


async def _pieces(path: Path) -> list[Piece]:
    async with opened(path) as source:
        return list(source.pieces())


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("ending", ["txt", "csv"])
@given(lines=st.lists(_words, max_size=30))
async def test_what_is_said_to_be_plain_is(
    lines: list[str], ending: str, end: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Where rows are said to be plain each is of the characters of codes, and the longest is as long as is said."""
    path = tmp_path_factory.getbasetemp() / f"plain.{ending}"
    path.write_bytes("".join(f"{line}{end}" for line in ["code", *lines]).encode())
    task = UploadTask("spring", product_coupon_id="1", stock_id="2")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows_file, "BLOCK", 64)
        for piece in await _pieces(path):
            if piece.plain:
                assert all(map(_CODE.fullmatch, piece.texts))
                assert piece.plain == max(map(len, piece.texts))
            again = Piece(piece.offset, piece.ends, piece.lines, piece.texts, piece.cells, piece.problems)
            assert task.examine(again) == task.examine(piece)


@pytest.mark.parametrize("name", ["codes.txt", "codes.csv"])
async def test_codes_are_plain(write: Write, name: str) -> None:
    """Of a file of codes it is said at once that they are, whether they are equally long or not."""
    for codes, longest in ((["A1", "B2"], 2), (["A1", "B22", "-_z"], 3)):
        (piece,) = await _pieces(write(name, "code\n" + "".join(f"{code}\n" for code in codes)))
        assert (codes, longest) == (list(piece.texts), piece.plain)


async def test_given_codes_are_plain() -> None:
    """Codes that are in no file are plain as well."""
    source = await open_source(["A1", "B22"])
    try:
        assert [3] == [piece.plain for piece in source.pieces()]
    finally:
        source.close()
