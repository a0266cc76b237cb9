"""``wxcoupon codes watch``: a stock that does not run out of codes."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

from cyclopts import Parameter

from ..bulk.codes.generating import USUAL_LENGTH, Shape
from ..bulk.codes.watching import Sign, WatchEvent, watch_codes
from .failure import SOME_FAILED, Interrupted, UsageError
from .ledgers import DEFAULT, LedgerFile, ledger_to_run
from .options import USUAL, Connection, Count, Flag, Name
from .text import CHINA, json_text, say
from .words import UPLOAD

_BAD: Final = frozenset({Sign.WARNING, Sign.ENDED})


async def watch(  # noqa: PLR0913 - one argument an option
    *,
    product_coupon_id: Name,
    stock_id: Name,
    below: Count,
    fill: Count,
    every: float = 60.0,
    from_: Annotated[Path | None, Parameter(name="--from")] = None,
    column: str | None = None,
    generate: Flag = False,
    length: Count = USUAL_LENGTH,
    prefix: Annotated[str, Parameter(allow_leading_hyphen=True)] = "",
    check_digit: Flag = False,
    job: Name | None = None,
    ledger: LedgerFile = DEFAULT,
    once: Flag = False,
    connection: Connection = USUAL,
) -> int:
    """Keep the available codes of a stock above a mark.

    Args:
        product_coupon_id: The product coupon.
        stock_id: Its stock, whose coupon_code_mode is UPLOAD.
        below: The mark: with fewer available codes, the stock is filled.
        fill: How many codes are available then.
        every: Seconds from one look at the stock to the next.
        from_: File of codes to take from, in order.
        column: Column of a csv file or a workbook.
        generate: Make the codes instead.
        length: Characters of a generated code, the prefix included; at most 40.
        prefix: What every generated code begins with.
        check_digit: Make the last character of generated codes a check digit.
        job: Name of the watch, whose top-ups are jobs NAME #1 and so on; by default of the stock and the file's name.
        ledger: Where the top-ups are remembered; an SQLite file, made when it is not there.
        once: Look once, fill once, and end.
        connection: Settings.
    """
    if (from_ is None) is not generate:
        raise UsageError("Give either --from FILE or --generate.")
    if not generate and (length != USUAL_LENGTH or prefix or check_digit):
        raise UsageError(
            "--length, --prefix and --check-digit are of generated codes; the codes of a file are as they are."
        )
    shape = Shape(length, prefix, check_digit) if generate else None
    status = 0
    try:
        async with ledger_to_run(ledger) as used, connection.client() as client:
            events = watch_codes(
                client,
                used,
                product_coupon_id=product_coupon_id,
                stock_id=stock_id,
                below=below,
                fill=fill,
                every=every,
                source=from_,
                column=column,
                shape=shape,
                name=job,
                once=once,
            )
            async for event in events:
                _tell(event, as_json=connection.json)
                if event.sign is Sign.ENDED or (once and event.sign is Sign.WARNING):
                    status = SOME_FAILED
    except asyncio.CancelledError:
        raise Interrupted("run the same command again: a top-up that had begun is finished, not doubled") from None
    return status


def _tell(event: WatchEvent, *, as_json: bool) -> None:
    now = datetime.now(CHINA).isoformat(timespec="seconds")
    if as_json:
        print(json_text({"time": now} | _members(event)), flush=True)
    elif event.sign in _BAD:
        say(f"{now} {event.sign}: {event.words}")
    else:
        print(f"{now} {event.words}", flush=True)


def _members(event: WatchEvent) -> dict[str, Any]:
    return {
        "event": event.sign,
        "words": event.words,
        "available": event.available,
        "total": event.total,
        "job": event.job,
        "counts": None if event.tally is None else UPLOAD.counts(event.tally),
    }
