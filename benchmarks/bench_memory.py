"""Memory of whole upload jobs of two sizes, with an SQLite ledger, each in a process of its own.

The file of codes is read, every code is looked at, everything is uploaded to the server that answers at once, and the
outcome of every line is read again as for a report.

Limits, 1.0 being at the limit and above it missed: ``of_memory_limit`` is the larger job's peak through 96 MiB,
``of_memory_growth_limit`` what it has above the smaller one's through 8 MiB. ``ledger_bytes_per_code`` is what is on
disk beyond the source.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from wxcoupon.bulk.account import every_row, planned_job, source_of
from wxcoupon.bulk.ledgers.sqlite_ledger import SqliteLedger

from . import contenders as who
from .answering import KEY_ID, answering
from .jobs import job, write_codes
from .measure import peak_rss_mb, pin, rss_mb
from .report import about, show
from .stocked import Place

MEMORY_LIMIT_MB: Final = 96
"""Peak resident memory of the larger job: at most."""
GROWTH_LIMIT_MB: Final = 8
"""What the larger job may have above the smaller one: at most."""
SMALL, LARGE = 1_000_000, 10_000_000
QUICK: Final = (2_000, 20_000)


async def one(place: Place, folder: Path, count: int) -> dict[str, Any]:
    """Run a job of so many codes and read its outcomes, in this process."""
    before = rss_mb()
    source, ledger = folder / "codes.txt", folder / "ledger.sqlite"
    await asyncio.to_thread(write_codes, source, count)
    written = peak_rss_mb()
    async with place.client(signing="eager") as client:
        done = await job(client, place, source, ledger, 8)
    uploaded = peak_rss_mb()
    began, rows = perf_counter(), 0
    opened = await SqliteLedger.open(ledger)
    try:
        record = await planned_job(opened, source.name)
        rows_of = source_of(record)
        try:
            async for _ in every_row(opened, record, rows_of):
                rows += 1
        finally:
            rows_of.close()
    finally:
        await opened.close()
    if rows != count:
        raise SystemExit(f"{rows} rows were reported of {count}")
    return {
        "codes": count,
        "before_mb": round(before, 1),
        "peak_mb_file_written": round(written, 1),
        "peak_mb_uploaded": round(uploaded, 1),
        "peak_mb": round(peak_rss_mb(), 1),
        "codes_per_second": round(count / done.wall),
        "rows_reported_per_second": round(count / (perf_counter() - began)),
        "ledger_bytes_per_code": round(_size(ledger) / count, 3),
    }


def _size(ledger: Path) -> int:
    return sum(path.stat().st_size for path in ledger.parent.iterdir() if path.name.startswith(ledger.name))


def apart(count: int) -> dict[str, Any]:
    """Run a job of so many codes in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.bench_memory", "--one", str(count)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit("the job failed; its message is above")
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def measure(small: int, large: int) -> dict[str, Any]:
    """Run both jobs."""
    results = [apart(count) for count in (small, large)]
    growth = results[1]["peak_mb"] - results[0]["peak_mb"]
    return {
        "benchmark": "memory",
        "about": about("aiohttp", "cryptography"),
        "jobs": results,
        "growth_mb": round(growth, 1),
        "of_memory_limit": round(results[1]["peak_mb"] / MEMORY_LIMIT_MB, 4),
        "of_memory_growth_limit": round(growth / GROWTH_LIMIT_MB, 4),
    }


def table(report: Mapping[str, Any]) -> Iterator[str]:
    """The same for people."""
    yield "Memory of whole upload jobs"
    for each in report["jobs"]:
        yield from (f"{name:<28} {value:>12,}" for name, value in each.items())
        yield ""
    yield from (f"{name:<28} {report[name]:>12}" for name in ("growth_mb", "of_memory_limit", "of_memory_growth_limit"))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_memory", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--quick", action="store_true", help="seconds, to see that it runs; the numbers mean nothing")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one is None:
        small, large = QUICK if arguments.quick else (SMALL, LARGE)
        show(measure(small, large), table, as_json=arguments.json)
        return
    with answering(naming=True) as server, tempfile.TemporaryDirectory(prefix="wxcoupon-bench-") as directory:
        pin(0)
        place = Place("naming", server.base_url, who.PARTNER, {KEY_ID: server.public_key}, "200000001", "100000001")
        print(json.dumps(asyncio.run(one(place, Path(directory), arguments.one))))


if __name__ == "__main__":
    main()
