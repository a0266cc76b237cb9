"""One runner a job: a lock of the operating system on a file, which ends with the process however that ends.

Rule 1: a lock file may be taken away only by who holds its lock, and a lock counts only while its file still has its
        name; so two runners never hold locks on two files of one name.
Rule 2: a process that was forked from the holder and started no other program shares the hold.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path

from ..ledger import JobHeldError, LedgerError

if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> bool:
        # Far behind the end, because a locked byte cannot be read, and the file says who holds it.
        os.lseek(file, 0x7FFF_FFFE, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:
    import fcntl

    def _lock(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def made(folder: Path) -> Path:
    """Make a folder that its owner alone may look into, unless it is there.

    Raises:
        LedgerError: it cannot be made.
    """
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise LedgerError(f"{folder} cannot be made: {error.strerror}; it keeps what belongs to the ledger") from error
    return folder


def lock_file(folder: Path, job: str) -> Path:
    """Where the lock of the job of that name is; a name may hold what a file name may not."""
    return folder / f"{blake2b(job.encode('utf-8', 'surrogatepass'), digest_size=16).hexdigest()}.lock"


@contextmanager
def held(folder: Path, job: str) -> Generator[None]:
    """Hold a job while the block lasts.

    Args:
        folder: where the lock files of a ledger are.
        job: its name.

    Raises:
        JobHeldError: another runner, in this process or in another one, holds it.
        LedgerError: files cannot be locked there.
    """
    path = lock_file(folder, job)
    file = _held(path, job)
    try:
        yield
    finally:
        _let_go(file, path)


def _held(path: Path, job: str) -> int:
    """The open lock file, locked and still under its name."""
    while True:
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise LedgerError(f"{path} cannot be opened: {error.strerror}; without it nobody can hold a job") from error
        try:
            if not _lock(file):
                raise JobHeldError(  # noqa: TRY301 - the file is closed below, as for any other error
                    f"job {job!r} is being run{_by(file)}; wait for that run to end, or stop it"
                )
            if _is(file, path):
                os.ftruncate(file, 0)
                os.lseek(file, 0, os.SEEK_SET)
                with suppress(OSError):  # a full disk: then nobody can read who holds it, but it is held
                    os.write(file, str(os.getpid()).encode())
                return file
        except OSError as error:
            os.close(file)
            raise LedgerError(
                f"{path} cannot be locked: {error.strerror}; keep the ledger on a local disk, where files can be"
            ) from error
        except BaseException:
            os.close(file)
            raise
        os.close(file)


def _is(file: int, path: Path) -> bool:
    """Whether the file has its name still; its last holder may have taken it away before this one had the lock."""
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False


def _by(file: int) -> str:
    """Who holds it, where it says so already."""
    os.lseek(file, 0, os.SEEK_SET)
    said = os.read(file, 20).decode("ascii", "replace")
    if not said.isdigit():
        return ""
    return " by this process" if int(said) == os.getpid() else f" by process {said}"


def _let_go(file: int, path: Path) -> None:
    if sys.platform == "win32":
        # An open file cannot be taken away there, so neither can the one that the next holder has opened by now.
        os.close(file)
        with suppress(OSError):
            path.unlink()
        return
    try:
        with suppress(OSError):  # it may stay behind
            path.unlink()
    finally:
        os.close(file)
