"""How long importing takes, beside ``import aiohttp``: each in fresh interpreters, in turns, less starting Python.

::

    python -m benchmarks.bench_import
    python -m benchmarks.bench_import --json     # one JSON object on stdout

``vs_aiohttp`` is the median over rounds of a statement's time through that of ``import aiohttp`` in the same round;
``of_import_limit`` is that of ``import wxcoupon`` through the limit: 1.0 is at the limit. The package loads its client
when it is first asked for, and a family when it is imported, so those are measured too.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

from wxcoupon.endpoint import FAMILIES

from .report import about, show

LIMIT: Final = 1.3
ROUNDS: Final = 15
STATEMENTS: Final = {
    "aiohttp": "import aiohttp",
    "wxcoupon": "import wxcoupon",
    "client": "from wxcoupon import Client",
    **{family: f"from wxcoupon import Client, {family}" for family in FAMILIES},
    "everything": f"from wxcoupon import Client, {', '.join(FAMILIES)}",
}


def _seconds(statement: str) -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - begin


def measure(rounds: int, *, warm: bool = True) -> dict[str, Any]:
    """Run every statement once a round; with *warm*, a first round, which fills the caches, is not counted."""
    for statement in STATEMENTS.values() if warm else ():
        _seconds(statement)
    taken: dict[str, list[float]] = {name: [] for name in STATEMENTS}
    for _ in range(rounds):
        start = _seconds("pass")
        for name, statement in STATEMENTS.items():
            taken[name].append(max(_seconds(statement) - start, 1e-6))
    ratios = {
        name: [mine / aiohttp for mine, aiohttp in zip(times, taken["aiohttp"], strict=True)]
        for name, times in taken.items()
    }
    median = {name: round(statistics.median(values), 3) for name, values in ratios.items()}
    return {
        "benchmark": "import",
        "about": about("aiohttp", "attrs", "cattrs", "cryptography"),
        "rounds": rounds,
        "milliseconds": {name: round(1000 * statistics.median(times), 1) for name, times in taken.items()},
        "vs_aiohttp": median,
        "of_import_limit": round(median["wxcoupon"] / LIMIT, 3),
        "of_import_limit_with_client": round(median["client"] / LIMIT, 3),
    }


def table(report: Mapping[str, Any]) -> Iterator[str]:
    """The same for people."""
    yield f"{'':<16} {'ms':>8} {'x aiohttp':>10}"
    for name, milliseconds in report["milliseconds"].items():
        yield f"{name:<16} {milliseconds:8.1f} {report['vs_aiohttp'][name]:10.3f}"
    yield ""
    yield from (f"{name:<30} {value}" for name, value in report.items() if name.startswith("of_"))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_import", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--quick", action="store_true", help="seconds, to see that it runs; the numbers mean nothing")
    arguments = parser.parse_args()
    show(measure(1, warm=False) if arguments.quick else measure(ROUNDS), table, as_json=arguments.json)


if __name__ == "__main__":
    main()
