"""Whatever bytes a file has, every line is there once, and any part of it gives the same rows again."""

import io
import os
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wxcoupon.bulk.reading import rows_file
from wxcoupon.bulk.reading.csv_rows import CsvFile
from wxcoupon.bulk.reading.text import TextFile

from .rows import read_in_parts, rows

_BLOCK = 64
_WORDS = [
    b"A1",
    b"B" * 20,
    b" ",
    b"\t",
    b"\r",
    b"\n",
    b"\r\n",
    b"\n\n",
    b'"',
    b'""',
    b",",
    b"\xe5\x92\x96",
    b"\xbf\xa7",
]
_WORDS += [b"\xff", b"\x81", b"\x1c", b"\xc2\x85", b"\xe3\x80\x80", b"C" * 70, b"\x0b"]
_any_bytes = st.one_of(
    st.lists(st.sampled_from(_WORDS), max_size=60).map(b"".join),
    st.binary(max_size=300).map(lambda data: data.replace(b"\0", b"")),
)
_sizes = st.lists(st.integers(1, 5), min_size=1, max_size=4)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of a few bytes, so that small files have many of them."""
    monkeypatch.setattr(rows_file, "BLOCK", _BLOCK)


@pytest.fixture(scope="session")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the file is."""
    return tmp_path_factory.mktemp("any") / f"{os.getpid()}.txt"


def _lines(content: bytes) -> list[bytes]:
    return content.splitlines()


@given(content=_any_bytes, sizes=_sizes)
@example(content=b"A" * (_BLOCK - 1) + b"\r\nB\n", sizes=[1])
@example(content=b"A" * (_BLOCK - 1) + b"\rB\n", sizes=[1])
@example(content=b"A" * _BLOCK + b"\r\nB\n", sizes=[1])
def test_text(path: Path, content: bytes, sizes: list[int]) -> None:
    """Every line of a text file that is not blank is one row with its number."""
    content = b"#\n" + content
    path.write_bytes(content)
    source = TextFile(io.FileIO(str(path)), "any.txt")
    try:
        found = rows(source)
        again = read_in_parts(source, sizes)
        encoding = source.encoding
    finally:
        source.close()

    lines = enumerate(_lines(content), 1)
    expected = [number for number, line in lines if line.decode(encoding, "backslashreplace").strip()]
    assert expected == [line for line, *_ in found]
    assert found == again
    assert all(text.encode() for _, text, _ in found)


@given(content=_any_bytes, sizes=_sizes)
@example(content=b'"a\nb"\r' + b"B" * _BLOCK, sizes=[1])
@example(content=b'"' + b"a\n" * _BLOCK + b'"x\nA\n', sizes=[1])
def test_csv(path: Path, content: bytes, sizes: list[int]) -> None:
    """Every line of a csv file is in one row or is blank: there is nothing else between two rows."""
    content = b"code\nA\n" + content
    path.write_bytes(content)
    source = CsvFile(io.FileIO(str(path)), "any.csv")
    try:
        found = rows(source)
        again = read_in_parts(source, sizes)
        encoding = source.encoding
        pieces = list(source.pieces())
    finally:
        source.close()

    assert found == again
    assert sorted({line for line, *_ in found}) == [line for line, *_ in found]
    covered = 5
    for piece in pieces:
        between = content[covered : piece.offset].decode(encoding, "backslashreplace")
        assert not between.replace(",", "").replace('"', "").strip()
        covered = piece.ends[-1]
    assert not content[covered:].decode(encoding, "backslashreplace").replace(",", "").replace('"', "").strip()
