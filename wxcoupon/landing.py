"""Where the bytes of a download go: into memory, or into a file that is there whole or not at all."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO

from .download import Proof
from .errors import ConfigurationError


class Memory:
    """Keeps a file in memory.

    Attributes:
        content: the file, once it has landed.
    """

    def __init__(self, proof: Proof) -> None:
        self._proof = proof
        self.content = b""

    async def land(self, chunks: AsyncIterator[bytes]) -> None:
        """Take a file, from its first byte.

        Raises:
            WrongHash: it is not the file that was announced.
        """
        found, parts = self._proof.begin(), list[bytes]()
        async for chunk in chunks:
            found.update(chunk)
            parts.append(chunk)
        self._proof.require(found)
        self.content = b"".join(parts)


class Disk:
    """Writes a file beside its target, and puts it in the target's place once it is proven.

    Whatever happens before, the target stays as it was and nothing stays beside it. Bytes are written in threads, so
    that a slow disk holds up no other call. What is written can be read by its owner alone.

    Args:
        proof: what the file has to be.
        target: the file to write, or to replace.

    Raises:
        ConfigurationError: the target cannot be a file, because of what is there.
    """

    def __init__(self, proof: Proof, target: Path) -> None:
        if target.is_dir() or not target.name:
            raise ConfigurationError(f"to: {target} is a directory; name a file in it")
        if "\0" in str(target):
            raise ConfigurationError("to: a path with a NUL in it names no file")
        if target.exists() and not target.is_file():  # a device or a pipe would be replaced by a file
            raise ConfigurationError(f"to: {target} is no file, and is not replaced by one; name another")
        if not target.parent.is_dir():
            raise ConfigurationError(f"to: there is no directory {target.parent}; make it before")
        self._proof = proof
        self.target = target

    async def land(self, chunks: AsyncIterator[bytes]) -> None:
        """Take a file, from its first byte.

        Raises:
            WrongHash: it is not the file that was announced.
            OSError: the file cannot be written.
        """
        found = self._proof.begin()
        beside = self._beside()
        try:
            async for chunk in chunks:
                found.update(chunk)
                await asyncio.to_thread(beside.write, chunk)
            self._proof.require(found)
            await asyncio.to_thread(self._replace, beside)
        finally:
            _discard(beside)

    def _beside(self) -> IO[bytes]:
        # Names are limited in bytes, and the target's own may be as long as a name may be.
        return tempfile.NamedTemporaryFile(dir=self.target.parent, prefix=".wxcoupon-", suffix=".part", delete=False)

    def _replace(self, beside: IO[bytes]) -> None:
        beside.flush()
        os.fsync(beside.fileno())
        beside.close()
        Path(beside.name).replace(self.target)


def _discard(beside: IO[bytes]) -> None:
    """Leave nothing of a file that is not in its place; of one that is, there is nothing left to discard."""
    with contextlib.suppress(OSError):
        beside.close()  # waits for a write that is under way in its thread
    Path(beside.name).unlink(missing_ok=True)
