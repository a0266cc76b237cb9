"""What is spread over parts, in one temporary file: a segment a part whenever some of it is written."""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Iterable, Iterator
from itertools import accumulate, islice
from pathlib import Path
from typing import IO, Final, NoReturn

from .ledger import LedgerError

PARTS: Final = 256
"""Into how many parts keys are spread, a power of two: the largest there is at once is small beside the rest."""
_AT_ONCE: Final = 16
"""Segments that are put together for one write."""


class Segments:
    """A file without a name, so that nothing of it is left, however the process ends; made with the first write.

    Args:
        folder: where it may be made; None for the system's folder.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._file: IO[bytes] | None = None
        self._offsets: list[array[int]] = []

    @property
    def is_there(self) -> bool:
        """Whether anything was written."""
        return self._file is not None

    def write(self, segments: Iterable[bytes]) -> None:
        """Write a segment for every part, some of them empty; they are taken a few at a time.

        Raises:
            LedgerError: the disk does not take them.
        """
        begin = self._offsets[-1][-1] if self._offsets else 0
        lengths: list[int] = []
        left = iter(segments)
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(dir=self._folder, buffering=0)  # noqa: SIM115 - close() closes it
            self._file.seek(begin)
            while some := list(islice(left, _AT_ONCE)):
                lengths += map(len, some)
                written = memoryview(b"".join(some))
                while written:
                    written = written[self._file.write(written) :]
        except OSError as error:
            self._refuse(error)
        self._offsets.append(array("Q", accumulate(lengths, initial=begin)))

    def length(self, part: int) -> int:
        """The bytes of a part."""
        return sum(offsets[part + 1] - offsets[part] for offsets in self._offsets)

    def of(self, part: int) -> Iterator[bytes]:
        """The segments of a part that are not empty, in the order in which they were written.

        Raises:
            LedgerError: the disk does not give them.
        """
        if self._file is None:
            return
        for offsets in self._offsets:
            if length := offsets[part + 1] - offsets[part]:
                try:
                    self._file.seek(offsets[part])
                    segment = self._file.read(length)
                except OSError as error:
                    self._refuse(error)
                yield segment

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()

    def _refuse(self, error: OSError) -> NoReturn:
        where = self._folder or tempfile.gettempdir()
        raise LedgerError(
            f"what is needed to find repeated rows cannot be kept in {where} ({error.strerror}); make room there and "
            "run the same job again"
        ) from error
