"""Whether any of many million keys is equal to an earlier one: by 8 bytes a key, and where it may be, by comparing.

Rule 1: equal keys have equal fingerprints. So where all fingerprints differ, all keys do, and none has to be kept.
Rule 2: keys whose fingerprint occurs more than once may differ all the same. They are compared as they are when the
        keys come by again (:class:`Suspects`): what is said to be a repeat is one.
Rule 3: fingerprints that fit into a few megabytes stay there. Others are written to one temporary file, and read part
        by part.
Rule 4: where many are suspected, or somebody chose keys with like fingerprints, nothing is said: whoever asks compares
        all keys (:mod:`wxcoupon.bulk.distinct`).
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Self

from .segments import PARTS, Segments

_MEMORY: Final = 8 << 20
"""Bytes of fingerprints that need no file."""
_SHARE: Final = 4
"""The part of it that is held at once where there is a file: a smaller one stays in the processor's cache."""
_MOST: Final = 1 << 19
"""Fingerprints of a part that are looked at together, in about 100 bytes each; a hundred million keys have fewer."""
_FEW: Final = 10_000
"""Keys that may repeat an earlier one, and are kept to be compared."""
_SIZE: Final = 8


class Suspects:
    """Which keys repeat an earlier one, to be asked for in the order in which they were added to fingerprints.

    Args:
        marks: the fingerprints that occur more than once.
        fingerprint: makes them.

    Attributes:
        none: whether it is certain that no key repeats an earlier one.
    """

    def __init__(self, marks: set[int], fingerprint: Callable[[str], int] = hash) -> None:
        self.none = not marks
        self._marks = marks
        self._fingerprint = fingerprint
        self.restart()

    def restart(self) -> None:
        """Begin at the first key again."""
        self._seen = set[str]()

    def among(self, keys: Sequence[str]) -> list[int]:
        """The positions of those of the next keys that repeat an earlier one."""
        marks, seen = self._marks, self._seen
        if not marks or marks.isdisjoint(map(self._fingerprint, keys)):
            return []
        found: list[int] = []
        for position, mark in enumerate(map(self._fingerprint, keys)):
            if mark in marks:
                key = keys[position]
                if key in seen:
                    found.append(position)
                seen.add(key)
        return found


class Fingerprints:
    """Fingerprints of keys of any text; leaving its block lets go of what it has on disk.

    Args:
        folder: where a temporary file may be made; None for the system's folder.
        memory: bytes of fingerprints that are held at once, and need no file.
        most: fingerprints of a part that are looked at together.
        few: keys with the fingerprint of an earlier one that are looked for.
        fingerprint: from a key to 64 bits, with a sign.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        memory: int = _MEMORY,
        most: int = _MOST,
        few: int = _FEW,
        fingerprint: Callable[[str], int] = hash,
    ) -> None:
        self._memory = memory
        self._most = most
        self._few = few
        self._fingerprint = fingerprint
        self._parts = [array("q") for _ in range(PARTS)]
        self._appends = [part.append for part in self._parts]
        self._held = 0
        self._segments = Segments(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of everything."""
        self._parts, self._appends = [], []
        self._segments.close()

    def add(self, keys: Sequence[str]) -> None:
        """Add the next keys.

        Raises:
            LedgerError: fingerprints have to be written to disk and cannot be.
        """
        appends, last = self._appends, PARTS - 1
        for mark in map(self._fingerprint, keys):
            appends[mark & last](mark)
        self._held += _SIZE * len(keys)
        if self._held > (self._memory // _SHARE if self._segments.is_there else self._memory):
            self._write()

    def suspects(self, between: Callable[[], object] = lambda: None) -> Suspects | None:
        """Which keys may repeat an earlier one; nothing more is added then.

        Args:
            between: called now and then, and may raise.

        Returns:
            What tells them apart when the keys come by again; None where that would take too much memory.

        Raises:
            LedgerError: the disk does not take or give the fingerprints.
        """
        if self._segments.is_there:
            self._write()
        marks: set[int] = set()
        left = self._few
        for number in range(PARTS):
            between()
            if (part := self._part(number)) is None:
                return None
            if again := len(part) - len(set(part)):
                left -= again
                if left < 0:
                    return None
                marks |= _repeated(part)
        return Suspects(marks, self._fingerprint)

    def _part(self, number: int) -> array[int] | None:
        """All fingerprints of a part; None if there are too many."""
        if not self._segments.is_there:
            part = self._parts[number]
            return part if len(part) <= self._most else None
        if self._segments.length(number) > _SIZE * self._most:
            return None
        part = array("q")
        for segment in self._segments.of(number):
            part.frombytes(segment)
        return part

    def _write(self) -> None:
        self._segments.write(map(_taken, self._parts))
        self._held = 0


def _taken(marks: array[int]) -> bytes:
    """The bytes of fingerprints, which are held no more."""
    taken = marks.tobytes()
    del marks[:]
    return taken


def _repeated(marks: array[int]) -> set[int]:
    seen: set[int] = set()
    found: set[int] = set()
    for mark in marks:
        if mark in seen:
            found.add(mark)
        else:
            seen.add(mark)
    return found
