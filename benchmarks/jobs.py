"""Whole jobs: a file of codes, read, looked at, uploaded and remembered, as ``wxcoupon codes upload`` does it."""

from __future__ import annotations

import itertools
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter
from typing import Any

from wxcoupon import Client, Partner
from wxcoupon.bulk import upload_codes
from wxcoupon.bulk.ledgers.sqlite_ledger import SqliteLedger

from .answering import prepare
from .forgetful import Forgetful
from .least import least
from .measure import Slice, cpu_seconds, median, shuffled
from .payload import CODES, codes
from .stocked import Place

NAMING = "naming"
"""The name of the server that names codes in its answers; it writes them before a job begins."""
WAYS = ("durable", "forgetful", "least")
"""With an SQLite ledger, with lists that nobody keeps, and a loop that is no job."""


def write_codes(path: Path, count: int) -> None:
    """Write so many new codes, one a line."""
    with path.open("w") as file:
        file.writelines(f"{code}\n" for code in itertools.islice(codes(), count))


async def job(client: Client[Partner], place: Place, source: Path, ledger: Path | None, concurrency: int) -> Slice:
    """Run a whole job, and make sure that all its codes were stored."""
    began, cpu = perf_counter(), cpu_seconds()
    opened = Forgetful() if ledger is None else await SqliteLedger.open(ledger)
    try:
        async with upload_codes(
            client,
            source,
            product_coupon_id=place.product_coupon_id,
            stock_id=place.stock_id,
            job=source.name,
            ledger=opened,
            concurrency=concurrency,
        ) as work:
            async for _ in work:
                pass
    finally:
        await opened.close()
    done = Slice(work.progress.calls, cpu_seconds() - cpu, perf_counter() - began)
    if work.progress.tally.done != work.progress.rows:
        raise SystemExit(f"{place.name}: of {work.progress.rows} codes became {work.progress.tally}")
    return done


async def compare(place: Place, *, rounds: int, count: int, concurrency: int) -> dict[str, Any]:
    """Jobs with a durable ledger and without, and the least there is, in turns."""
    slices: list[dict[str, Slice]] = []
    async with place.client(signing="eager") as client:  # as the command line does: it has nothing else to do
        with tempfile.TemporaryDirectory(prefix="wxcoupon-bench-") as directory:
            for turn in range(rounds + 1):
                each: dict[str, Slice] = {}
                for way in shuffled(list(WAYS)):
                    name = f"{way}-{turn}"
                    source = _written(place, Path(directory), name, count if turn else CODES * concurrency)
                    if way == "least":
                        each[way] = await least(place, source, concurrency)
                        continue
                    ledger = source.with_suffix(".ledger") if way == "durable" else None
                    each[way] = await job(client, place, source, ledger, concurrency)
                if turn:  # the first round opens the connections
                    slices.append(each)
    found: dict[str, Any] = {
        way: {
            "codes_per_second": median([each[way].per_second * CODES for each in slices], 0),
            "client_cpu_us_per_request": median([each[way].cpu_us for each in slices], 1),
        }
        for way in WAYS
    }
    for other in ("forgetful", "least"):
        ratios = [each["durable"].cpu_us / each[other].cpu_us for each in slices]
        found[f"durable_of_{other}_cpu"] = median(ratios, 4)
    return found


async def in_two_threads(place: Place, *, rounds: int, count: int, concurrency: int) -> dict[str, Any]:
    """Durable jobs whose client signs in a thread of its own, which takes a second core to be of use."""
    slices: list[Slice] = []
    with ThreadPoolExecutor(1) as signer, tempfile.TemporaryDirectory(prefix="wxcoupon-bench-") as directory:
        async with place.client(signing=signer) as client:
            for turn in range(rounds + 1):
                wanted = count if turn else CODES * concurrency
                source = _written(place, Path(directory), f"threads-{turn}", wanted)
                slices.append(await job(client, place, source, source.with_suffix(".ledger"), concurrency))
    return {
        "codes_per_second": median([each.per_second * CODES for each in slices[1:]], 0),
        "client_cpu_us_per_request": median([each.cpu_us for each in slices[1:]], 1),
    }


def _written(place: Place, folder: Path, name: str, count: int) -> Path:
    """A new file of so many codes, which the server knows if it wants to."""
    source = folder / f"{name}.txt"
    write_codes(source, count)
    if place.name == NAMING:
        prepare(place.base_url, source)
    return source
