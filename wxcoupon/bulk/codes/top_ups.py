"""The codes of top-ups: in files of the ledger's folder, each of which is one upload job in the ledger.

Rule 1: a top-up has its codes in a file, which is on disk, before its job is planned, and nothing is sent before that.
        A top-up whose job is planned has begun: it is finished with that file before another one begins. A file whose
        job was never planned is made anew.
Rule 2: rows of a file are taken in order. How many were taken is the sum of the rows of the top-ups that have begun, so
        the ledger alone says where the next one begins, and the digests of these jobs say whether the file still begins
        with what was taken. More may have been written behind that.
Rule 3: what WeChat Pay counted before a top-up is part of its file's name, so that a watcher that was killed knows
        which count is to come. The file stays as long as its job does, to be read for a report.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final, Protocol

import attrs

from ..aside import aside
from ..ledger import JobRecord, Ledger, LedgerError, State
from ..pieces import Source, SourceChangedError
from ..reading import open_source
from ..upload import LEGAL, _all_legal
from .generating import Shape, generate_codes

_HEADING: Final = b"code\n"
"""Every file begins with it: its first row could be read as a heading otherwise."""
_AT_ONCE: Final = 10_000


@attrs.frozen
class TopUp:
    """A top-up that has begun, or is about to.

    Attributes:
        job: the name of its upload job.
        path: its codes.
        before: how many codes WeChat Pay had counted, or was to count, before it.
        rows: how many codes it has.
    """

    job: str
    path: Path
    before: int
    rows: int


class Supply(Protocol):
    """Where the codes of top-ups come from."""

    @property
    def finite(self) -> bool:
        """Whether a code that is taken is one less."""
        ...

    async def open(self, begun: list[JobRecord]) -> None:
        """Go to what follows the top-ups that have begun.

        Raises:
            SourceChangedError: they were not made of this.
        """
        ...

    async def next(self, count: int) -> Iterator[str]:
        """The next codes, fewer than *count* when there are no more; to be iterated in a thread."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class Generated:
    """Codes that are made when they are needed, with the numbers of a ledger in them."""

    finite = False

    def __init__(self, ledger: Ledger, shape: Shape) -> None:
        self._ledger = ledger
        self._shape = shape

    async def open(self, begun: list[JobRecord]) -> None:
        """See the protocol."""

    async def next(self, count: int) -> Iterator[str]:
        """See the protocol."""
        shape = self._shape
        batch = await generate_codes(
            count, ledger=self._ledger, length=shape.length, prefix=shape.prefix, check_digit=shape.check_digit
        )
        return batch.codes

    def close(self) -> None:
        """See the protocol."""


class FromFile:
    """The rows of a file, one after the other.

    Args:
        path: a text or csv file, or a workbook.
        folder: where what is no plain file is kept.
        column: of a csv file or a workbook, the column to read.
    """

    finite = True

    def __init__(self, path: str | Path, *, folder: Path, column: str | None = None) -> None:
        self._path = path
        self._folder = folder
        self._column = column
        self._source: Source | None = None
        self._rows: Iterator[str] = iter(())

    async def open(self, begun: list[JobRecord]) -> None:
        """See the protocol."""
        self.close()
        self._source = await open_source(self._path, folder=self._folder, column=self._column)
        self._rows = _rows(self._source)
        await aside(lambda _: self._skip(begun))

    def _skip(self, begun: list[JobRecord]) -> None:
        for number, job in enumerate(begun, 1):
            if not job.name.endswith(f" #{number}"):
                raise LedgerError(
                    f"top-up #{number} before job {job.name!r} is gone from the ledger, so nobody knows where to go on "
                    f"in {self._path}; take away the codes that were uploaded, and give the watch another name"
                )
            digest, left = hashlib.blake2b(_HEADING, digest_size=16), job.rows
            while block := list(islice(self._rows, min(left, _AT_ONCE))):
                digest.update(_lines(block))
                left -= len(block)
            if json.loads(job.source)["digest"] != digest.hexdigest():
                raise SourceChangedError(
                    f"{self._path} does not begin any more with what job {job.name!r} took from it; put back what was "
                    "there, new codes behind it, or give a watch of another file another name"
                )

    async def next(self, count: int) -> Iterator[str]:
        """See the protocol."""
        return islice(self._rows, count)

    def close(self) -> None:
        """See the protocol."""
        if self._source is not None:
            self._source.close()
            self._source = None


def _rows(source: Source) -> Iterator[str]:
    for piece in source.pieces():
        if not piece.problems and _all_legal(piece.texts):
            yield from piece.texts
            continue
        for number, (line, text) in enumerate(zip(piece.lines, piece.texts, strict=True)):
            # What is no code keeps its place, as a row that is none either and says where it stands.
            yield text if LEGAL.fullmatch(text) and number not in piece.problems else f"(line {line} is no code)"


def _lines(rows: list[str]) -> bytes:
    return "".join(f"{row}\n" for row in rows).encode()


class TopUps:
    """The top-ups of one watch.

    Args:
        ledger: has their jobs.
        folder: has their files.
        name: of the watch.
        supply: their codes.
    """

    def __init__(self, ledger: Ledger, folder: Path, name: str, supply: Supply) -> None:
        self._ledger = ledger
        self._folder = folder
        self._name = name
        self._supply = supply
        self._stem = f"watch-{hashlib.blake2b(name.encode(), digest_size=8).hexdigest()}"
        self._next = 1

    @property
    def finite(self) -> bool:
        """Whether a code that is taken is one less."""
        return self._supply.finite

    async def open(self) -> tuple[TopUp, JobRecord] | None:
        """Find those that have begun.

        Returns:
            The last one, and its job; None when there is none.

        Raises:
            SourceChangedError: their codes came from somewhere else.
        """
        pattern = re.compile(rf"{re.escape(self._name)} #([0-9]+)")
        found = [
            (int(match[1]), job)
            for job in await self._ledger.jobs()
            if job.planned and (match := pattern.fullmatch(job.name))
        ]
        begun = [job for _, job in sorted(found, key=lambda pair: pair[0])]
        await self._supply.open(begun)
        if not found:
            return None
        last = max(number for number, _ in found)
        self._next = last + 1
        path = self._folder / Path(json.loads(begun[-1].source)["path"]).name  # the ledger may have been moved
        before = re.fullmatch(r".*-([0-9]+)", path.stem)
        return TopUp(begun[-1].name, path, int(before[1]) if before else 0, begun[-1].rows), begun[-1]

    async def begin(self, count: int, before: int) -> TopUp | None:
        """Write the codes of the next one; None when there are no more codes.

        Args:
            count: how many it shall have, at least 1.
            before: how many codes WeChat Pay has counted, or is to count.

        Raises:
            LedgerError: the file cannot be written.
        """
        codes = await self._supply.next(count)
        path = self._folder / f"{self._stem}-{self._next}-{before}.txt"
        rows = await aside(lambda _: self._write(path, codes))
        if not rows:
            path.unlink(missing_ok=True)
            return None
        top_up = TopUp(f"{self._name} #{self._next}", path, before, rows)
        self._next += 1
        return top_up

    def _write(self, path: Path, codes: Iterator[str]) -> int:
        try:
            for old in self._folder.glob(f"{self._stem}-{self._next}-*.txt"):
                old.unlink()
            rows = 0
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(_HEADING)
                while block := list(islice(codes, _AT_ONCE)):
                    file.write(_lines(block))
                    rows += len(block)
                file.flush()
                os.fsync(file.fileno())
            _sync_folder(self._folder)
        except OSError as error:
            raise LedgerError(
                f"{path} cannot be written ({error.strerror}); it keeps the codes of a top-up, of which nothing was "
                "sent: make room, and run the same watch again"
            ) from error
        return rows

    async def is_whole(self, job: JobRecord) -> bool:
        """Whether every row of a top-up has the outcome it will keep."""
        after = -1
        while chunks := await self._ledger.chunks(job.id, after=after):
            after = chunks[-1].seq
            if any(chunk.state is not State.SETTLED for chunk in chunks):
                return False
        return True

    def close(self) -> None:
        """Let go of the codes."""
        self._supply.close()


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # a folder cannot be opened there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
