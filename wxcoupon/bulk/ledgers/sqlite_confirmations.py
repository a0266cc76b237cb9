"""Confirmations as statements in SQLite, beside those of jobs; who calls them sees to transactions and threads."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any, Final

from ..confirmations import REOPENED, Confirmation, Stages, Taken
from .sqlite_tables import Tables

_COLUMNS: Final = (
    "key, request_no, caller, brand_id, product_coupon_id, stock_id, coupon_code, appid, openid, refusals, tries, "
    "reason"
)
_READ: Final = f"{_COLUMNS}, ended_at"
"""What makes a confirmation; while it waits, ``ended_at`` is since when it is refused."""
_INSERT: Final = (
    f"INSERT INTO confirmations ({_COLUMNS}, stage, due, ended_at) "  # noqa: S608
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, '', 0, ?, 0)"
)
_AGAIN: Final = (
    "UPDATE confirmations SET request_no = ?, caller = ?, brand_id = ?, product_coupon_id = ?, stock_id = ?, "
    "coupon_code = ?, appid = ?, openid = ?, refusals = 0, tries = 0, due = ?, reason = ?, stage = 0, ended_at = 0 "
    "WHERE key = ?"
)
_PULL: Final = "UPDATE confirmations SET caller = ?, brand_id = ?, due = min(due, ?) WHERE key = ?"
_DUE: Final = (
    f"SELECT due, {_READ} FROM confirmations "  # noqa: S608
    "WHERE stage = 0 AND caller = ? AND due <= ? ORDER BY due LIMIT ?"
)
_BEYOND: Final = (
    f"SELECT due, {_READ} FROM confirmations "  # noqa: S608
    "WHERE stage = 0 AND caller = ? AND due > ? ORDER BY due LIMIT ?"
)
_NEXT: Final = "SELECT due FROM confirmations WHERE stage = 0 AND caller = ? ORDER BY due LIMIT 1"
_TAKE: Final = "UPDATE confirmations SET due = ? WHERE key = ? AND stage = 0"
_POSTPONE: Final = (
    "UPDATE confirmations SET due = ?, refusals = ?, tries = ?, reason = ?, ended_at = ? WHERE key = ? AND stage = 0"
)
_END: Final = (
    "UPDATE confirmations SET stage = 1, coupon_code = '', appid = '', openid = '', reason = ?, ended_at = ? "
    "WHERE key = ? AND stage = 0"
)
_GIVE_UP: Final = (
    "UPDATE confirmations SET stage = 2, refusals = ?, tries = ?, reason = ?, ended_at = ? WHERE key = ? AND stage = 0"
)
_GIVEN_UP: Final = (
    f"SELECT {_READ} FROM confirmations WHERE stage = 2 AND caller = ? AND key > ? "  # noqa: S608
    "ORDER BY key LIMIT ?"
)
_REOPEN: Final = (
    "UPDATE confirmations SET stage = 0, refusals = 0, tries = 0, due = ?, ended_at = 0 WHERE stage = 2 AND caller = ?"
)
_COUNT: Final = "SELECT stage, count(*) FROM confirmations WHERE caller = ? GROUP BY stage"
_WAITING: Final = "SELECT caller, count(*) FROM confirmations WHERE stage = 0 GROUP BY caller"
_SWEEP: Final = (
    "DELETE FROM confirmations WHERE key IN "
    "(SELECT key FROM confirmations WHERE stage = 1 AND ended_at < ? ORDER BY ended_at LIMIT ?)"
)


class Stage(IntEnum):
    """How far a coupon is."""

    WAITING = 0
    ENDED = 1
    GIVEN_UP = 2


def note(tables: Tables, confirmation: Confirmation, now: float, *, again: bool, seen: float) -> bool:
    """See :meth:`~wxcoupon.bulk.confirmations.Confirmations.note`."""
    execute, one = tables.connection.execute, confirmation
    found = execute("SELECT stage, ended_at FROM confirmations WHERE key = ?", (one.key,)).fetchone()
    said = (
        one.request_no,
        one.caller,
        one.brand_id,
        one.product_coupon_id,
        one.stock_id,
        one.coupon_code,
        one.appid,
        one.openid,
        now,
    )
    if found is None:
        execute(_INSERT, (one.key, *said))
    elif found[0] == Stage.GIVEN_UP:
        execute(_AGAIN, (*said, "", one.key))
    elif again and found[0] == Stage.ENDED and not seen <= found[1] <= now:  # nothing ends in the future
        execute(_AGAIN, (*said, REOPENED, one.key))
    else:
        if again and found[0] == Stage.WAITING:  # its number stays, as a call may have been made under it
            execute(_PULL, (one.caller, one.brand_id, now, one.key))
        return False
    return True


def take(tables: Tables, callers: Sequence[str], now: float, until: float, most: int, beyond: float) -> Taken:
    """See :meth:`~wxcoupon.bulk.confirmations.Confirmations.take`."""
    connection = tables.connection
    rows = [
        row
        for caller in callers
        for statement, moment in ((_DUE, now), (_BEYOND, beyond))
        for row in connection.execute(statement, (caller, moment, max(most, 0))).fetchall()
    ]
    chosen = [_confirmation(row[1:]) for row in sorted(rows, key=lambda row: row[0])[: max(most, 0)]]
    if chosen:
        connection.executemany(_TAKE, [(until, one.key) for one in chosen])
    due = [row[0] for caller in callers for row in connection.execute(_NEXT, (caller,)).fetchall()]
    return Taken(chosen, min(due, default=None))


def postpone(tables: Tables, confirmation: Confirmation, due: float) -> None:
    """See :meth:`~wxcoupon.bulk.confirmations.Confirmations.postpone`."""
    one = confirmation
    tables.connection.execute(_POSTPONE, (due, one.refusals, one.tries, one.reason, one.since, one.key))


def end(tables: Tables, key: str, state: str, now: float) -> bool:
    """See :meth:`~wxcoupon.bulk.confirmations.Confirmations.end`."""
    return tables.connection.execute(_END, (state, now, key)).rowcount > 0


def give_up(tables: Tables, confirmation: Confirmation, now: float) -> bool:
    """See :meth:`~wxcoupon.bulk.confirmations.Confirmations.give_up`."""
    one = confirmation
    return tables.connection.execute(_GIVE_UP, (one.refusals, one.tries, one.reason, now, one.key)).rowcount > 0


def given_up(tables: Tables, callers: Sequence[str], after: str, most: int) -> list[Confirmation]:
    """See :meth:`~wxcoupon.bulk.confirmations.Confirmations.given_up`."""
    execute = tables.connection.execute
    found = [_confirmation(row) for caller in callers for row in execute(_GIVEN_UP, (caller, after, max(most, 0)))]
    return sorted(found, key=lambda one: one.key)[: max(most, 0)]


def reopen(tables: Tables, callers: Sequence[str], now: float) -> int:
    """See :meth:`~wxcoupon.bulk.confirmations.Confirmations.reopen`."""
    return sum(tables.connection.execute(_REOPEN, (now, caller)).rowcount for caller in callers)


def stages(tables: Tables, callers: Sequence[str]) -> Stages:
    """See :meth:`~wxcoupon.bulk.confirmations.Confirmations.stages`."""
    counts = dict.fromkeys(Stage, 0)
    for caller in callers:
        for stage, count in tables.connection.execute(_COUNT, (caller,)).fetchall():
            counts[Stage(stage)] += count
    return Stages(counts[Stage.WAITING], counts[Stage.ENDED], counts[Stage.GIVEN_UP])


def waiting(tables: Tables) -> dict[str, int]:
    """See :meth:`~wxcoupon.bulk.confirmations.Confirmations.waiting`."""
    return dict(tables.connection.execute(_WAITING).fetchall())


def forget(tables: Tables, keys: Sequence[str]) -> int:
    """See :meth:`~wxcoupon.bulk.confirmations.Confirmations.forget`."""
    delete = "DELETE FROM confirmations WHERE key = ?"
    return tables.connection.executemany(delete, [(key,) for key in keys]).rowcount if keys else 0


def sweep(tables: Tables, before: float, most: int) -> int:
    """See :meth:`~wxcoupon.bulk.confirmations.Confirmations.sweep`."""
    return tables.connection.execute(_SWEEP, (before, max(most, 0))).rowcount


def _confirmation(row: Sequence[Any]) -> Confirmation:
    return Confirmation(*row)
