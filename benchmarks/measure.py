"""How a cost is measured so that it can be believed on a machine that is not quiet.

Rule 1: CPU time is the client process's own, user and system; the server's is on the other core.
Rule 2: what is compared runs in the same round, in slices of a tenth of a second or less and in random order, and the
        ratio is taken within the round. A machine that changes its speed changes both sides of the ratio.
Rule 3: a result is the median of its rounds; the quartiles say how far to trust it.
"""

from __future__ import annotations

import asyncio
import os
import random
import resource
import statistics
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter
from typing import Any

import attrs


@attrs.frozen
class Slice:
    """What some calls cost.

    Attributes:
        calls: how many they were.
        cpu: CPU seconds of this process.
        wall: seconds from the first call's begin to the last one's end.
        latencies: seconds of each call, sorted; empty where they were not taken.
    """

    calls: int
    cpu: float
    wall: float
    latencies: Sequence[float] = ()

    @property
    def cpu_us(self) -> float:
        """CPU microseconds of one call."""
        return self.cpu / self.calls * 1e6

    @property
    def per_second(self) -> float:
        """Calls in a second."""
        return self.calls / self.wall

    def percentile(self, percent: float) -> float:
        """The latency in seconds that so many percent of the calls do not exceed."""
        return self.latencies[min(len(self.latencies) - 1, int(len(self.latencies) * percent / 100))]


@attrs.frozen
class Spread:
    """A median and its quartiles."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The median and the quartiles of some rounds."""
        low, middle, high = statistics.quantiles(values, n=4) if len(values) > 1 else [values[0]] * 3
        return cls(round(middle, 4), round(low, 4), round(high, 4))


def median(values: Sequence[float], digits: int = 3) -> float:
    """The median, rounded."""
    return round(statistics.median(values), digits)


def cpu_seconds(who: int = resource.RUSAGE_SELF) -> float:
    """CPU time of this process so far, all its threads, user and system."""
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def _status(field: str) -> float | None:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{field}:")), None)


def peak_rss_mb() -> float:
    """The most memory this process has held so far, in MiB."""
    # What getrusage reports may be the peak of the process that started this one, so it is only the second choice.
    return _status("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def rss_mb() -> float:
    """The memory this process holds, in MiB; where that cannot be read, its peak."""
    return _status("VmRSS") or peak_rss_mb()


def cores() -> list[int]:
    """The cores this process may use; empty where that cannot be known or chosen."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else []


def pin(place: int) -> bool:
    """Keep this process on one of its cores, so that client and server do not take turns; False where that cannot be.

    Args:
        place: which of the cores this process may use: 0 for the first, 1 for the second.
    """
    mine = cores()
    if len(mine) < 2:
        return False
    os.sched_setaffinity(0, {mine[place]})
    return True


def unpin(places: Sequence[int]) -> None:
    """Let this thread, and those it starts from now on, use these cores: what :func:`cores` said before the pinning."""
    if places:
        os.sched_setaffinity(0, places)


def repeated(work: Callable[[], object], calls: int) -> Slice:
    """The same piece of work, over and over."""
    began, cpu = perf_counter(), cpu_seconds()
    for _ in range(calls):
        work()
    return Slice(calls, cpu_seconds() - cpu, perf_counter() - began)


async def concurrent(call: Callable[[Any], Awaitable[object]], inputs: Sequence[Any], concurrency: int) -> Slice:
    """One call for each input, so many at once, from one event loop."""
    source = iter(inputs)
    latencies: list[float] = []

    async def work() -> None:
        for item in source:
            began = perf_counter()
            await call(item)
            latencies.append(perf_counter() - began)

    began, cpu = perf_counter(), cpu_seconds()
    async with asyncio.TaskGroup() as workers:
        for _ in range(concurrency):
            workers.create_task(work())
    return Slice(len(inputs), cpu_seconds() - cpu, perf_counter() - began, sorted(latencies))


def threaded(call: Callable[[Any], object], inputs: Sequence[Any], threads: int) -> Slice:
    """One call for each input, from so many threads."""
    source = iter(inputs)
    latencies: list[float] = []

    def work() -> None:
        for item in source:
            began = perf_counter()
            call(item)
            latencies.append(perf_counter() - began)

    with ThreadPoolExecutor(threads) as pool:
        began, cpu = perf_counter(), cpu_seconds()
        for done in [pool.submit(work) for _ in range(threads)]:
            done.result()
        return Slice(len(inputs), cpu_seconds() - cpu, perf_counter() - began, sorted(latencies))


def shuffled(names: Sequence[str]) -> list[str]:
    """The same names in another order every round, so that nobody always follows the same neighbour."""
    return random.sample(names, len(names))
