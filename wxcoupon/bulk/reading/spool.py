"""Rows that are in no plain file are first written to one of ours, whole, so that a job can go on from it.

Rule 1: a spool is for its owner alone, and is put in place when it is whole and on the disk. It is called after what is
        in it, so that the same rows make the same file.
Rule 2: a file is locked while it is filled, so that what a killed process has left is known from what is being filled.
Rule 3: what fills it runs in a thread that nobody waits for: a pipe that says nothing blocks nobody, and an end of the
        program neither.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import os
import tempfile
import threading
import time
from collections.abc import AsyncIterable, Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

from ..aside import aside
from ..ledger import LedgerError
from .items import written

try:
    import fcntl
except ImportError:  # Windows has none
    fcntl = None  # type: ignore[assignment]

T = TypeVar("T")

_AT_ONCE: Final = 2000
_BLOCK: Final = 1 << 16
_ENOUGH: Final = 1 << 20
_ABANDONED: Final = 86_400.0
"""Seconds after which a half-filled file that nobody writes to is nobody's, where files cannot be locked."""


class SpoolLeft(Exception):  # noqa: N818 - it is no error: nobody wants the spool any more
    """The spool was given up while it was filled."""


def _sweep(folder: Path) -> None:
    """Remove what processes that were killed have left half-filled."""
    for left in folder.glob("wxcoupon-*.part"):
        with contextlib.suppress(OSError):
            if _is_left(left):
                left.unlink()


def _is_left(path: Path) -> bool:
    """Whether nobody fills a file any more: nobody holds it; where that cannot be known, nobody has for a day."""
    if fcntl is not None:
        with path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            except OSError:
                pass
            else:
                return True
    return time.time() - path.stat().st_mtime > _ABANDONED


def _made(folder: Path) -> tuple[int, Path]:
    """A new file that this process holds, where files can be locked."""
    while True:
        number, path = tempfile.mkstemp(prefix="wxcoupon-", suffix=".part", dir=folder)
        try:
            if fcntl is not None:
                with contextlib.suppress(OSError):
                    fcntl.flock(number, fcntl.LOCK_EX)
            if os.fstat(number).st_nlink or os.name != "posix":
                return number, Path(path)
        except BaseException:
            os.close(number)
            raise
        os.close(number)  # another run has removed it before it was held


class Spool:
    """A file that is being filled.

    Args:
        folder: where it is to stand; None: nowhere, it is gone when it is closed.
        name: what messages call where the rows come from.

    Raises:
        LedgerError: it cannot be made.
    """

    def __init__(self, folder: Path | None, name: str) -> None:
        self.left = False
        self._folder = folder
        self._name = name
        self._temporary: Path | None = None
        self._lock = threading.Lock()
        self._hasher = hashlib.blake2b(digest_size=16)
        try:
            if folder is None:
                # It has no name, so that nothing of it is left, however the process ends.
                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - whoever reads it closes it
            else:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                _sweep(folder)
                number, self._temporary = _made(folder)
                self._file = io.FileIO(number, "r+")
        except OSError as error:
            self._refuse(error)

    def write(self, data: bytes) -> None:
        """Add to it.

        Raises:
            SpoolLeft: nobody wants it any more.
            LedgerError: there is no room for it.
        """
        if self.left:
            raise SpoolLeft
        self._hasher.update(data)
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            self._refuse(error)

    def whole(self) -> tuple[io.FileIO, Path | None]:
        """Put it in place: the file, and where it is."""
        try:
            if self._folder is None:
                return self._file, None
            os.fsync(self._file.fileno())
            if fcntl is None:
                self._file.close()  # not every system renames an open file
            with self._lock:
                if self.left or self._temporary is None:
                    raise SpoolLeft
                path = self._temporary.replace(self._folder / f"{self._hasher.hexdigest()}.rows")
                self._temporary = None
            self._file.close()  # only now: it is held until it is in place
            _sync(self._folder)
            self._file = io.FileIO(str(path))
        except OSError as error:
            self._refuse(error)
        return self._file, path

    def leave(self) -> None:
        """Remove it, if it is not in place; whoever fills it is told with its next write, and closes it."""
        with self._lock:
            self.left = True
            if self._temporary is not None:
                with contextlib.suppress(OSError):
                    self._temporary.unlink()
                self._temporary = None

    def close(self) -> None:
        """Close the file, which nobody fills any more."""
        self._file.close()

    def _refuse(self, error: OSError) -> NoReturn:
        where = self._folder or tempfile.gettempdir()
        raise LedgerError(
            f"the rows of {self._name} cannot be kept in {where} ({error.strerror}); make room there and run again"
        ) from error


def _sync(folder: Path) -> None:
    """Let the name of a file that was put into a folder be on the disk."""
    if os.name == "posix":
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


async def filled(fill: Callable[[Spool], T], folder: Path | None, name: str) -> tuple[io.FileIO, Path | None, T]:
    """Fill a spool in a thread of its own, and put it in place.

    Args:
        fill: writes into the spool.
        folder: where it is to stand; None: nowhere.
        name: what messages call where the rows come from.

    Returns:
        The file, its path, and what *fill* said.

    Raises:
        LedgerError: there is no room for it.
        Exception: what *fill* raises.
    """
    spool = Spool(folder, name)
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[tuple[io.FileIO, Path | None, T]] = loop.create_future()

    def tell(result: Any, error: BaseException | None) -> None:
        if ended.done():  # cancelled
            if result is not None:
                spool.close()
        elif error is None:
            ended.set_result(result)
        else:
            ended.set_exception(error)

    def work() -> None:
        result: Any = None
        caught: BaseException | None = None
        try:
            said = fill(spool)
            result = (*spool.whole(), said)
        except BaseException as error:  # noqa: BLE001 - it is raised where the spool is awaited
            spool.leave()
            spool.close()
            if isinstance(error, StopIteration):
                caught = RuntimeError("the rows raised StopIteration")
                caught.__cause__ = error
            else:
                caught = error
        try:
            loop.call_soon_threadsafe(tell, result, caught)
        except RuntimeError:  # the loop is closed: nobody awaits the spool any more
            spool.close()

    threading.Thread(target=work, name="wxcoupon-spool", daemon=True).start()
    try:
        return await ended
    except asyncio.CancelledError:
        spool.leave()
        raise


def copied(path: str | Path | int) -> Callable[[Spool], None]:
    """Fill a spool with the bytes of a pipe, or of an open file by its number."""

    def fill(spool: Spool) -> None:
        # The descriptor is wrapped anew: a thread that still waits in sys.stdin would hold up the interpreter's end.
        with io.FileIO(path, closefd=not isinstance(path, int)) as stream:
            while block := stream.read(_BLOCK):
                spool.write(block)

    return fill


def each_of(items: Iterable[object], wanted: tuple[str, ...]) -> Callable[[Spool], None]:
    """Fill a spool with what can be iterated."""

    def fill(spool: Spool) -> None:
        source = iter(items)
        while batch := list(islice(source, _AT_ONCE)):
            spool.write(written(batch, wanted))

    return fill


async def each_awaited(
    items: AsyncIterable[object], wanted: tuple[str, ...], folder: Path | None, name: str
) -> tuple[io.FileIO, Path | None]:
    """Fill a spool with what is awaited item by item, and put it in place.

    Raises:
        LedgerError: there is no room for it.
        Exception: what *items* raises.
    """
    spool = Spool(folder, name)
    try:
        batch: list[object] = []
        lines = bytearray()
        async for item in items:
            batch.append(item)
            if len(batch) == _AT_ONCE:
                lines += written(batch, wanted)
                batch.clear()
                if len(lines) > _ENOUGH:
                    data = bytes(lines)
                    lines.clear()
                    await aside(lambda _, data=data: spool.write(data))  # type: ignore[misc]
        lines += written(batch, wanted) if batch else b""
        await aside(lambda _: spool.write(bytes(lines)))
        return await aside(lambda _: spool.whole())
    except BaseException:
        spool.leave()
        spool.close()
        raise
