"""Runs jobs, each in a process of its own that may be killed: ``python -m tests.endurance.killed.runner``.

It reads a job a line from the standard input and forks, so that modules and keys need not be loaded again; it says
``process <number>``, then what the job tells, and at last ``ended <status>``.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from wxcoupon import Client, KeyRing, Pacer, RetryPolicy
from wxcoupon import product_coupon as pc
from wxcoupon.bulk import upload_codes
from wxcoupon.bulk.engine import Run
from wxcoupon.bulk.ledger import Chunk, JobRecord, Settlement
from wxcoupon.bulk.ledgers.sqlite_ledger import SqliteLedger
from wxcoupon.bulk.pieces import Piece
from wxcoupon.bulk.reading import open_source
from wxcoupon.bulk.rows.presend_task import PreSendTask
from wxcoupon.bulk.rows.row_task import RowTask
from wxcoupon.endpoint import registry
from wxcoupon.identity import Identity
from wxcoupon.settings import Settings

NOT_KILLED: Final = 70
_NO_LIMITS: Final = dict.fromkeys(registry())


class _Telling:
    """Says how far the job is; at one of these places it stays until it is killed.

    Args:
        stay: what is told there, and for which time.
    """

    def __init__(self, stay: tuple[str, int] | None) -> None:
        self._stay = stay
        self._counts: Counter[str] = Counter()

    def __call__(self, mark: str) -> None:
        self._counts[mark] += 1
        os.write(1, f"{mark}\n".encode())
        if self._stay == (mark, self._counts[mark]):
            os.read(0, 1)
            os._exit(NOT_KILLED)  # whoever should have killed it is gone


class _Source:
    """A source that tells of each piece."""

    def __init__(self, source: Any, tell: _Telling) -> None:
        self._source = source
        self._tell = tell

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)

    def pieces(self) -> Iterator[Piece]:
        """See the protocol."""
        for piece in self._source.pieces():
            self._tell("piece")
            yield piece


class _Ledger(SqliteLedger):
    """A ledger that tells what is asked of it."""

    def __init__(self, path: Path, tell: _Telling) -> None:
        super().__init__(path)
        self._tell = tell

    async def plan(self, job: int, chunks: Sequence[Chunk]) -> None:
        """Tell once they are on disk."""
        await super().plan(job, chunks)
        self._tell("plan")

    async def planned(self, job: int, rows: int) -> JobRecord:
        """Tell once it is on disk."""
        record = await super().planned(job, rows)
        self._tell("planned")
        return record

    async def claim(self, job: int, most: int) -> list[Chunk]:
        """Tell once they are taken, before anything of them is sent."""
        chunks = await super().claim(job, most)
        self._tell("claim")
        return chunks

    def settle(self, job: int, settlement: Settlement) -> asyncio.Future[None]:
        """Tell when the answer is there, and not on disk."""
        self._tell("settle")
        return super().settle(job, settlement)


async def _run(told: dict[str, Any], identity: Identity, keys: KeyRing) -> None:
    tell = _Telling(tuple(told["stay"]) if told["stay"] else None)
    client: Client[Any] = Client(
        identity,
        keys,
        base_url=told["environ"]["WXCOUPON_BASE_URL"],
        pacer=Pacer(_NO_LIMITS),
        retry=RetryPolicy(attempts=8, base=0.02, longest=0.1),
    )
    ids = told["ids"]
    async with client, _Ledger(Path(told["ledger"]), tell) as ledger:
        opened = await open_source(told["source"], folder=ledger.folder)
        source: Any = _Source(opened, tell)
        kind, job = told["kind"], told["job"]
        run: Run[Any]
        if kind == "upload":
            run = upload_codes(client, source, **ids, job=job, ledger=ledger)
        elif kind == "pre_send":
            run = Run(client, PreSendTask(job, **ids), source, ledger=ledger)
        else:
            run = Run(client, RowTask(pc.SendCoupon, job, defaults=ids), source, ledger=ledger)
        with closing(opened):
            async with run:
                async for _ in run:
                    pass


def main() -> None:
    """Run what comes."""
    who: tuple[Identity, KeyRing] | None = None
    for line in sys.stdin:
        told = json.loads(line)
        if who is None:
            settings = Settings.load(environ=told["environ"])
            who = settings.who(), settings.keys()
        process = os.fork()
        if process == 0:
            asyncio.run(_run(told, *who))
            os._exit(0)
        os.write(1, f"process {process}\n".encode())
        _, status = os.waitpid(process, 0)
        os.write(1, f"ended {os.waitstatus_to_exitcode(status)}\n".encode())


if __name__ == "__main__":
    main()
