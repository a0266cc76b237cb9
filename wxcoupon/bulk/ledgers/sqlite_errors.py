"""What went wrong with an SQLite ledger, in words that say what to do."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path
from typing import Final

from ..ledger import LedgerError

_LOCKED: Final = "is locked by another process; wait for that to end or stop it, and run the same job again"
_ADVICE: Final = {
    sqlite3.SQLITE_PERM: "cannot be opened: no permission; give yourself the right to write it and its folder",
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_PROTOCOL: _LOCKED,
    sqlite3.SQLITE_READONLY: "cannot be written; give yourself the right to write it and its folder",
    sqlite3.SQLITE_IOERR: "cannot be read or written; see whether its disk is full, broken or gone, "
    "and run the same job again",
    sqlite3.SQLITE_CORRUPT: "is damaged; keep it, and go on with a copy from before, or look up what was sent before "
    "the job is begun anew",
    sqlite3.SQLITE_FULL: "cannot grow: its disk, or the part of it you may use, is full; make room and run the same "
    "job again",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened; see that it is a file and that you may write it and its folder",
    sqlite3.SQLITE_NOTADB: "is no ledger; name another file, or one that is not there yet",
}
_NOT_KEPT: Final = "was given something that it cannot keep"
_MOVED: Final = "was moved, replaced or deleted while it was in use; put it back, with the files of its name and -wal"


def translated(error: Exception, name: str) -> Exception:
    """The error to raise instead, made anew for whoever raises it; a mistake of the caller's stays what it is.

    Args:
        error: what SQLite, Python or a statement of ours raised.
        name: what to call the ledger.
    """
    if isinstance(error, LedgerError):
        return type(error)(*error.args)
    if isinstance(error, sqlite3.Error):
        said = LedgerError(f"ledger {name} {_advice(error)} ({_code(error)})")
        said.__cause__ = error
        return said
    if isinstance(error, UnicodeError | OverflowError):  # as its cause it would show what was to be kept
        return LedgerError(f"ledger {name} {_NOT_KEPT}: {type(error).__name__}")
    return error


def moved(name: str) -> LedgerError:
    """The error for a ledger whose file is not where it was."""
    return LedgerError(f"ledger {name} {_MOVED}")


def unopened(error: OSError, path: Path) -> LedgerError:
    """The error for a ledger that cannot be made."""
    if error.errno in {errno.ENOENT, errno.ENOTDIR}:
        return LedgerError(f"ledger {path}: there is no folder {path.parent}; make it, or name another file")
    if error.errno in {errno.ENOSPC, errno.EDQUOT if hasattr(errno, "EDQUOT") else errno.ENOSPC}:
        return LedgerError(f"ledger {path} {_ADVICE[sqlite3.SQLITE_FULL]}")
    return LedgerError(f"ledger {path} cannot be made: {error.strerror}; name another file, or mend its folder")


def by_itself(error: Exception) -> bool:
    """Whether an error is that of one operation; otherwise the ledger has it, and whatever is done with it."""
    own = sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError, sqlite3.InterfaceError
    return not isinstance(error, sqlite3.Error) or isinstance(error, own)


def is_locked(error: sqlite3.Error) -> bool:
    """Whether another process is in the way."""
    return _number(error) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}


def lasts(error: sqlite3.Error) -> bool:
    """Whether the connection is as good as before."""
    return is_locked(error) or _number(error) == sqlite3.SQLITE_FULL


def _number(error: sqlite3.Error) -> int:
    """SQLite's primary code; errors that Python's own module raises have none."""
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return code & 0xFF


def _code(error: sqlite3.Error) -> str:
    name: str = getattr(error, "sqlite_errorname", type(error).__name__)
    return name


def _advice(error: sqlite3.Error) -> str:
    if isinstance(error, sqlite3.IntegrityError | sqlite3.DataError | sqlite3.InterfaceError):
        return _NOT_KEPT
    return _ADVICE.get(_number(error), f"cannot be used: {error}")
