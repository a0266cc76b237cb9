"""Every ledger there is; what all of them keep is in test_conformance.py."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from wxcoupon.bulk.ledger import Ledger
from wxcoupon.bulk.ledgers.memory_ledger import MemoryLedger
from wxcoupon.bulk.ledgers.sqlite_ledger import SqliteLedger

LEDGERS: dict[str, Callable[[Path], AbstractAsyncContextManager[Ledger]]] = {
    "sqlite": lambda folder: SqliteLedger(folder / "ledger"),
    "memory": lambda _: MemoryLedger(),
}


@pytest.fixture(params=LEDGERS)
async def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Ledger]:
    """An empty ledger of each kind."""
    async with LEDGERS[request.param](tmp_path) as opened:
        yield opened
