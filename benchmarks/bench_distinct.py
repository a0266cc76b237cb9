"""How long it takes to validate a file of ten million codes, and in what memory, beside a Python set of them.

::

    python -m benchmarks.bench_distinct
    python -m benchmarks.bench_distinct --json     # one JSON object on stdout

Each way reads the same file in a process of its own, looks at every code by the same rules, and counts those that
repeat an earlier one: ``survey``, as a job is planned, and ``set``, a loop over batches of lines that puts every code
into a set. Time is CPU time, user and system. Memory is what a process takes at its peak more than it had when
everything was imported. The set is the quickest one there is: nothing is noted of which line repeats which.

``of_time_limit`` is the median over rounds of the survey's time through the set's, as a part of the limit of 1.5;
``of_memory_limit`` is its memory through the set's, as a part of the limit of a tenth; ``of_growth_limit`` is how much
more memory ten times as many codes take, as a part of the limit of 8 MiB. 1.0 is at the limit.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final

from wxcoupon.bulk import planning
from wxcoupon.bulk.pieces import Piece
from wxcoupon.bulk.reading import open_source
from wxcoupon.bulk.upload import UploadTask

from .measure import cpu_seconds, peak_rss_mb, rss_mb, shuffled
from .report import about, show

CODES: Final = 10_000_000
QUICK: Final = 100_000
ROUNDS: Final = 3
TIME_LIMIT: Final = 1.5
MEMORY_LIMIT: Final = 0.1
GROWTH_LIMIT: Final = 8.0
"""MiB."""
REPEATED: Final = 1000
"""Codes that are there twice."""
_BATCH: Final = 6000
_ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def write(path: Path, codes: int) -> None:
    """Write so many codes of 20 characters, the last of which repeat the first."""
    generator = random.Random(codes)
    with path.open("w") as file:
        for begin in range(0, codes - REPEATED, _BATCH):
            count = min(_BATCH, codes - REPEATED - begin)
            drawn = "".join(generator.choices(_ALPHABET, k=12 * count))
            lines = [f"{begin + at:08}{drawn[12 * at : 12 * at + 12]}\n" for at in range(count)]
            file.writelines(lines)
    with path.open() as file:
        first = list(islice(file, REPEATED))
    with path.open("a") as file:
        file.writelines(first)


def _task() -> UploadTask:
    return UploadTask("bench", product_coupon_id="1", stock_id="1")


async def by_survey(path: Path) -> tuple[int, int]:
    """Rows, and those that repeat an earlier one, as a job finds them."""
    source = await open_source(path)
    try:
        surveyed = planning.survey(source, _task())
    finally:
        source.close()
    return surveyed.rows, surveyed.duplicate


async def by_set(path: Path) -> tuple[int, int]:
    """The same with a set of all codes."""
    task, rows, seen = _task(), 0, set[str]()
    with path.open() as file:
        lines = map(str.strip, file)
        while batch := list(islice(lines, _BATCH)):
            faults = task.examine(Piece(0, (), (), batch)).faults
            seen.update(code for at, code in enumerate(batch) if at not in faults) if faults else seen.update(batch)
            rows += len(batch) - len(faults)
    return rows, rows - len(seen)


WAYS: Final = {"survey": by_survey, "set": by_set}


def alone(way: str, path: Path) -> None:
    """One way, in this process: what it found and what it took, as JSON."""
    before, begin = rss_mb(), cpu_seconds()
    rows, repeated = asyncio.run(WAYS[way](path))
    seconds = cpu_seconds() - begin
    print(json.dumps({"rows": rows, "repeated": repeated, "seconds": seconds, "mb": peak_rss_mb() - before}))


def _run(way: str, path: Path, codes: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.bench_distinct", "--alone", way, "--file", str(path)]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    assert (codes, REPEATED) == (found["rows"], found["repeated"])
    return found


def measure(codes: int, rounds: int) -> dict[str, Any]:
    """Both ways in every round, each in a fresh process, in random order."""
    runs: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as folder:
        path, tenth = Path(folder, "codes.txt"), Path(folder, "tenth.txt")
        write(path, codes)
        write(tenth, codes // 10)
        few = [_run("survey", tenth, codes // 10) for _ in range(rounds)]
        for _ in range(rounds):
            for way in shuffled(list(WAYS)):
                runs[way].append(_run(way, path, codes))
    ratios = [mine["seconds"] / theirs["seconds"] for mine, theirs in zip(runs["survey"], runs["set"], strict=True)]
    memory = {way: round(statistics.median(run["mb"] for run in took), 1) for way, took in runs.items()}
    tenth_mb = round(statistics.median(run["mb"] for run in few), 1)
    return {
        "benchmark": "distinct",
        "about": about(),
        "codes": codes,
        "rounds": rounds,
        "seconds": {way: round(statistics.median(run["seconds"] for run in took), 3) for way, took in runs.items()},
        "mb": memory,
        "mb_of_a_tenth": tenth_mb,
        "vs_set": round(statistics.median(ratios), 3),
        "of_time_limit": round(statistics.median(ratios) / TIME_LIMIT, 3),
        "of_memory_limit": round(memory["survey"] / memory["set"] / MEMORY_LIMIT, 3),
        "of_growth_limit": round((memory["survey"] - tenth_mb) / GROWTH_LIMIT, 3),
    }


def table(report: Mapping[str, Any]) -> Iterator[str]:
    """The same for people."""
    yield f"{report['codes']} codes"
    yield f"{'':<8} {'seconds':>9} {'MiB':>9}"
    for way in WAYS:
        yield f"{way:<8} {report['seconds'][way]:9.2f} {report['mb'][way]:9.1f}"
    yield f"a tenth of them: {report['mb_of_a_tenth']} MiB"
    yield ""
    yield from (f"{name:<30} {value}" for name, value in report.items() if name.startswith("of_"))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_distinct", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--quick", action="store_true", help="seconds, to see that it runs; the numbers mean nothing")
    parser.add_argument("--alone", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.alone:
        alone(arguments.alone, arguments.file)
        return
    report = measure(QUICK, 1) if arguments.quick else measure(CODES, ROUNDS)
    show(report, table, as_json=arguments.json)


if __name__ == "__main__":
    main()
