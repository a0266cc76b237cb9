"""The tables of an SQLite ledger, and how its file is opened.

Rule 1: a file that is no ledger, or one of a later version, is refused before anything of it is touched.
Rule 2: a change of version is one transaction; whoever is killed in it finds the version before.
"""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path
from typing import Final

from ..ledger import LedgerError
from .sqlite_errors import is_locked, unopened

APPLICATION: Final = 0x57584350
"""What SQLite's header calls a ledger: WXCP."""

_STRICT: Final = sqlite3.sqlite_version_info >= (3, 37)
"""Enterprise Linux 9 has SQLite 3.34, which knows no strict tables; RETURNING it would not know either."""
_OLDEST: Final = (3, 24)
"""The first that knows ON CONFLICT DO UPDATE."""

_FIRST: Final = (
    f"""
    CREATE TABLE jobs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        target TEXT NOT NULL,
        source TEXT NOT NULL,
        created_at REAL NOT NULL,
        planned INTEGER NOT NULL DEFAULT 0,
        rows INTEGER NOT NULL DEFAULT 0,
        chunks INTEGER NOT NULL DEFAULT 0
    ) {"STRICT" if _STRICT else ""}
    """,
    f"""
    CREATE TABLE chunks (
        job INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        offset INTEGER NOT NULL,
        length INTEGER NOT NULL,
        line INTEGER NOT NULL,
        rows INTEGER NOT NULL,
        skipped TEXT NOT NULL,
        digest BLOB NOT NULL,
        state INTEGER NOT NULL,
        doubt INTEGER NOT NULL,
        done INTEGER NOT NULL,
        already INTEGER NOT NULL,
        duplicate INTEGER NOT NULL,
        failed INTEGER NOT NULL,
        invalid INTEGER NOT NULL,
        unknown INTEGER NOT NULL,
        detail TEXT NOT NULL,
        PRIMARY KEY (job, seq)
    ) {"STRICT, WITHOUT ROWID" if _STRICT else "WITHOUT ROWID"}
    """,
    f"""
    CREATE TABLE series (
        name TEXT NOT NULL PRIMARY KEY,
        last INTEGER NOT NULL
    ) {"STRICT, WITHOUT ROWID" if _STRICT else "WITHOUT ROWID"}
    """,
    f"PRAGMA application_id = {APPLICATION}",
)
_CONFIRMATIONS: Final = (
    f"""
    CREATE TABLE confirmations (
        key TEXT NOT NULL PRIMARY KEY,
        request_no TEXT NOT NULL,
        caller TEXT NOT NULL,
        brand_id TEXT NOT NULL,
        product_coupon_id TEXT NOT NULL,
        stock_id TEXT NOT NULL,
        coupon_code TEXT NOT NULL,
        appid TEXT NOT NULL,
        openid TEXT NOT NULL,
        refusals INTEGER NOT NULL,
        tries INTEGER NOT NULL,
        reason TEXT NOT NULL,
        stage INTEGER NOT NULL,
        due REAL NOT NULL,
        ended_at REAL NOT NULL
    ) {"STRICT, WITHOUT ROWID" if _STRICT else "WITHOUT ROWID"}
    """,
    "CREATE INDEX confirmations_due ON confirmations (caller, due) WHERE stage = 0",
    "CREATE INDEX confirmations_ended ON confirmations (ended_at) WHERE stage = 1",
    "CREATE INDEX confirmations_given_up ON confirmations (caller, key) WHERE stage = 2",
)

_STEPS: Final = (_FIRST, _CONFIRMATIONS)
"""What leads from each version to the next one, from the empty file on."""
VERSION: Final = len(_STEPS)

_SETTINGS: Final = (
    # A commit returns when it is on disk; macOS needs to be told twice.
    "PRAGMA synchronous = FULL",
    "PRAGMA fullfsync = ON",
    "PRAGMA checkpoint_fullfsync = ON",
    # The log goes back into the file at 4 MB, and keeps no more than that afterwards.
    "PRAGMA wal_autocheckpoint = 1000",
    "PRAGMA journal_size_limit = 4194304",
    "PRAGMA cache_size = -1024",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA trusted_schema = OFF",
    # An openid that was taken out of a row is not to be found in what is left of its page.
    "PRAGMA secure_delete = ON",
)
_PAUSE: Final = 0.02


def opened(path: Path, patience: float) -> sqlite3.Connection:
    """Open a ledger, which is made where there is none, for its owner alone.

    Args:
        path: absolute.
        patience: seconds to wait for another process that has it locked.

    Raises:
        LedgerError: there is something else, or something newer, or it cannot be made or written.
        sqlite3.Error: it cannot be opened.
    """
    if sqlite3.sqlite_version_info < _OLDEST:
        raise LedgerError(
            f"ledger {path} needs SQLite 3.24, and this Python has {sqlite3.sqlite_version}; use a later one"
        )
    _make(path)
    connection = sqlite3.connect(path, timeout=patience, isolation_level=None)
    try:
        version = _version(connection, path)
        _log_ahead(connection, path, patience)
        for setting in _SETTINGS:
            connection.execute(setting)
        if version < VERSION:
            _migrate(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def in_memory() -> sqlite3.Connection:
    """The same tables, with nothing on disk."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    for step in _STEPS:
        for statement in step:
            connection.execute(statement)
    return connection


def _make(path: Path) -> None:
    """Make an empty file, which is an empty database; what SQLite puts beside it has the same mode."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        pass
    except OSError as error:
        raise unopened(error, path) from error
    if path.is_dir():
        raise LedgerError(f"ledger {path} is a folder; name a file in it")
    if not os.access(path, os.R_OK | os.W_OK):
        raise LedgerError(f"ledger {path} cannot be written; give yourself the right to, or name another file")


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """The version of a ledger; 0 for an empty file."""
    own = not connection.in_transaction
    if own:  # all of it at one moment: another process may be just making it
        connection.execute("BEGIN")
    application = _pragma(connection, "application_id")
    version = _pragma(connection, "user_version")
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if own:
        connection.execute("COMMIT")
    if application == APPLICATION and version > VERSION:
        raise LedgerError(
            f"ledger {path} was written by a newer wxcoupon: it has version {version}, and this one knows {VERSION}; "
            "use the newer one, or name another file"
        )
    if application != APPLICATION and (application or version or tables):
        raise LedgerError(f"ledger {path} is the database of another program; name another file")
    return version


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    value: int = connection.execute(f"PRAGMA {name}").fetchone()[0]
    return value


def _log_ahead(connection: sqlite3.Connection, path: Path, patience: float) -> None:
    """Write ahead to a log, so that nobody who reads is in the way of who writes."""
    until = time.monotonic() + patience
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError as error:
            # For this change SQLite does not wait, and two who open a new ledger at once get into each other's way.
            if not is_locked(error) or time.monotonic() >= until:
                raise
            time.sleep(_PAUSE)
        else:
            break
    if mode != "wal":
        raise LedgerError(f"ledger {path} is on a file system without shared memory; keep it on a local disk")


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("BEGIN IMMEDIATE")
    # Another process may have done it meanwhile; what is not committed goes with the connection.
    for step in _STEPS[_version(connection, path) :]:
        for statement in step:
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")
