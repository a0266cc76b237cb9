"""Which of many million keys are equal to an earlier one, exactly, in a memory that does not grow with them.

Rule 1: keys are spread over parts by their hash; equal keys are in the same part, so each part is looked at alone.
Rule 2: keys that fit into a few megabytes stay there. Others are written to one temporary file, a segment a part for
        every so many keys, and read part by part.
Rule 3: the answer is a bit a key, for parts with repeats.
Rule 4: a part that is too big, because somebody chose keys with like hashes, is looked at in several passes, by another
        hash that is made with a secret.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Self

from .segments import PARTS, Segments

_MEMORY: Final = 16 << 20
"""Bytes of keys that need no file."""
_SHARE: Final = 4
"""The part of it that is held at once where there is a file: a smaller one stays in the processor's cache."""
_OBJECT: Final = 57
"""Bytes that a string takes beside its characters, and its place in a list."""
_MOST: Final = 32 << 20
"""Bytes of distinct keys of a part that are looked at in one pass."""
_ESCAPE: Final = "\x1b"


class Repeats:
    """Which keys repeat an earlier one, to be asked for in the order in which they were added; made by :class:`Keys`.

    Attributes:
        total: how many do.
        none: whether none does.
    """

    def __init__(self, marks: dict[int, bytearray]) -> None:
        self.total = sum(sum(map(int.bit_count, marked)) for marked in marks.values())
        self.none = not self.total
        self._marks = marks
        self.restart()

    def restart(self) -> None:
        """Begin at the first key again."""
        self._next = [0] * PARTS

    def among(self, keys: Sequence[str]) -> list[int]:
        """The positions of those of the next keys that repeat an earlier one."""
        if not self.total:
            return []
        found: list[int] = []
        marks, places, last = self._marks, self._next, PARTS - 1
        for position, key in enumerate(keys):
            part = hash(key) & last
            place = places[part]
            places[part] = place + 1
            marked = marks.get(part)
            if marked is not None and place >> 3 < len(marked) and marked[place >> 3] >> (place & 7) & 1:
                found.append(position)
        return found


class Keys:
    """Keys to be compared, of any text; leaving its block lets go of what it has on disk.

    Args:
        folder: where a temporary file may be made; None for the system's folder.
        memory: bytes of keys that are held at once, and need no file.
        most: bytes of distinct keys that are looked at together.
    """

    def __init__(self, folder: Path | None = None, *, memory: int = _MEMORY, most: int = _MOST) -> None:
        self._memory = memory
        self._most = most
        self._parts: list[list[str]] = [[] for _ in range(PARTS)]
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
            LedgerError: they have to be written to disk and cannot be.
        """
        appends, last = self._appends, PARTS - 1
        for key in keys:
            appends[hash(key) & last](key)
        self._held += sum(map(len, keys)) + _OBJECT * len(keys)
        if self._held > (self._memory // _SHARE if self._segments.is_there else self._memory):
            self._write()

    def repeats(self) -> Repeats:
        """Which of all keys repeat an earlier one; nothing more is added then.

        Raises:
            LedgerError: the disk does not take or give them.
        """
        if self._segments.is_there:
            self._write()
        marks: dict[int, bytearray] = {}
        for part in range(PARTS):
            marked = self._look_at(part)
            if marked is not None:
                marks[part] = marked
        return Repeats(marks)

    def _look_at(self, part: int) -> bytearray | None:
        """A bit for every key of a part up to the last that repeats one; None when they are all distinct."""
        seen: set[str] = set()
        marked = bytearray()
        place = size = 0
        for keys, length in self._keys(part):
            before = len(seen)
            is_apart = seen.isdisjoint(keys)
            if is_apart:
                seen.update(keys)
            if not is_apart or len(seen) - before < len(keys):
                _mark(marked, place, keys, set[str]() if is_apart else seen)
            place += len(keys)
            size += (length + _OBJECT * len(keys)) if len(seen) > before else 0
            if size > self._most:
                size = sum(map(len, seen)) + _OBJECT * len(seen)
                if size > self._most:
                    return self._in_passes(part)
        return marked or None

    def _in_passes(self, part: int) -> bytearray | None:
        size = sum(length + _OBJECT * len(keys) for keys, length in self._keys(part))
        passes = 2 * size // self._most + 1
        secret = secrets.token_bytes(16)
        marked = bytearray()
        for turn in range(passes):
            seen: set[str] = set()
            place = 0
            for keys, _ in self._keys(part):
                for at, key in enumerate(keys, place):
                    if _hash(key, secret) % passes == turn:
                        _mark(marked, at, (key,), seen)
                place += len(keys)
        return marked or None

    def _keys(self, part: int) -> Iterator[tuple[Sequence[str], int]]:
        """The keys of a part as they were added, a list at a time, and about how many bytes they have."""
        if not self._segments.is_there:
            yield self._parts[part], sum(map(len, self._parts[part]))
        for segment in self._segments.of(part):
            yield _read(segment.decode("utf-8", "surrogatepass")), len(segment)

    def _write(self) -> None:
        """Write what is held, the parts one after the other."""
        self._segments.write(map(_taken, self._parts))
        self._held = 0


def _taken(keys: list[str]) -> bytes:
    """Keys as bytes, which are held no more."""
    taken = _written(keys).encode("utf-8", "surrogatepass") if keys else b""
    keys.clear()
    return taken


def _mark(marked: bytearray, place: int, keys: Sequence[str], seen: set[str]) -> None:
    """Note which of the keys from a place on were seen, and see them."""
    for at, key in enumerate(keys, place):
        if key in seen:
            marked.extend(bytes(max(0, (at >> 3) + 1 - len(marked))))
            marked[at >> 3] |= 1 << (at & 7)
        else:
            seen.add(key)


def _hash(key: str, secret: bytes) -> int:
    digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8, key=secret).digest()
    return int.from_bytes(digest, "little")


def _written(keys: Sequence[str]) -> str:
    """Keys one a line; where one has a line break in it, or nothing else is there, all of them as JSON."""
    text = "\n".join(keys)
    if not text or text.count("\n") != len(keys) - 1 or text.startswith(_ESCAPE):
        return _ESCAPE + json.dumps(keys)
    return text


def _read(text: str) -> Sequence[str]:
    if text.startswith(_ESCAPE):
        keys: list[str] = json.loads(text[1:])
        return keys
    return text.split("\n")
