"""Reconciling again and again, for as long as a service runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

from ..bulk.ending import end
from ..errors import ConfigurationError
from .confirmer import Confirmer
from .reconcile import Holders, Reconciled, Record, reconcile_confirms

log: Final = logging.getLogger("wxcoupon.confirming")


@asynccontextmanager
async def reconciling(
    confirmer: Confirmer,
    holders: Callable[[], Holders],
    record: Record,
    *,
    every: float,
    on_round: Callable[[Reconciled | Exception], object] | None = None,
    **options: Any,
) -> AsyncGenerator[None]:
    """Reconcile as the block begins, and then again and again until it ends.

    ::

        async with reconciling(confirmer, lambda: holders_of_job(ledger, "spring"), record, every=3600):
            await serve()

    A round that fails is logged, and the next one comes at its time. The end of the block ends a round that goes on:
    what it has written down is confirmed all the same.

    Args:
        confirmer: confirms what is found; it runs for longer than the block.
        holders: gives the users, anew for each round.
        record: as for :func:`reconcile_confirms`.
        every: seconds from the beginning of one round to that of the next; a round that takes longer is followed at
            once.
        on_round: called with what each round found, or with what ended it.
        options: further arguments of :func:`reconcile_confirms`.

    Raises:
        ConfigurationError: *every* is not a number above 0.
    """
    if not 0 < every < float("inf"):
        raise ConfigurationError(f"every is a number of seconds above 0, not {every}")
    task = asyncio.create_task(_rounds(confirmer, holders, record, every, on_round, options))
    try:
        yield
    finally:
        await end(task)


async def _rounds(
    confirmer: Confirmer,
    holders: Callable[[], Holders],
    record: Record,
    every: float,
    on_round: Callable[[Reconciled | Exception], object] | None,
    options: dict[str, Any],
) -> None:
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        came: Reconciled | Exception
        try:
            came = await reconcile_confirms(confirmer, holders(), record, **options)
        except Exception as error:  # noqa: BLE001 - the next round may succeed, whatever it was
            log.error("reconciling failed with %s", type(error).__name__)  # noqa: TRY400 - it may be personal
            came = error
        if on_round is not None:
            try:
                on_round(came)
            except Exception as error:  # noqa: BLE001 - a hook that fails stops nothing
                log.error("on_round failed with %s", type(error).__name__)  # noqa: TRY400
        await asyncio.sleep(max(began + every - loop.time(), 0.0))
