"""How long everybody else in the event loop waits while calls are signed.

Typed, signed and verified calls against a server that answers at once, so that as many calls as there are places are
always ready to sign. Beside them a task sleeps for a millisecond again and again, and notes how late it wakes: that is
the delay of the loop. It is no longer than the CPU time that this thread used meanwhile, so that nobody else's use of
the processor counts; nor does the beginning, because how many calls begin in one turn is their caller's to say.

Three ways of signing: ``ungated``, every call when it is ready; ``gated``, one signature a turn of the loop, which is
how a client signs; ``executor``, a thread of its own.

Delays are given as multiples of one signature, because a slower processor stretches both. ``of_loop_delay_limit`` is
the 99th percentile of ``gated`` at concurrency 64, as a part of the limit of 7 signatures: 1.0 at the limit.
``cpu_vs_ungated`` is the CPU of a call, threads included, beside the same call without a gate: more is dearer.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter, thread_time
from typing import Any, Final, TypeVar

import attrs

from wxcoupon import Client, Pacer, crypto, wire
from wxcoupon.signing import Desk, Inline, desk

from .answering import KEY_ID, Server, answering
from .contenders import KEY, PARTNER, UNPACED, as_bytes, upload
from .measure import Slice, Spread, concurrent, cores, median, pin, repeated, shuffled
from .payload import code_lists
from .report import about, show

T = TypeVar("T")

CONCURRENCIES: Final = (1, 8, 32, 64)
LIMIT: Final = 7
"""Signatures that the 99th percentile of the delay may be long, at the highest concurrency."""
_NAP: Final = 0.001
WAYS: Final = ("ungated", "gated", "executor")


@attrs.frozen
class Effort:
    """How much is measured.

    Attributes:
        rounds: rounds of every way at every concurrency.
        calls: calls in one slice of it.
    """

    rounds: int = 7
    calls: int = 1600


QUICK: Final = Effort(rounds=1, calls=256)


class Ungated:
    """Every piece of work as soon as it is asked for."""

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Do *work*."""
        return work(*args)


@attrs.frozen
class Seen:
    """One slice: what its calls cost, how late the loop was, and what one signature took meanwhile."""

    calls: Slice
    delays: Sequence[float]
    signature: float

    def delay(self, percent: float) -> float:
        """The delay that so many percent did not exceed, in signatures."""
        return self.delays[min(len(self.delays) - 1, int(len(self.delays) * percent / 100))] / self.signature


async def _listen(delays: list[float], begin: asyncio.Event) -> None:
    await begin.wait()
    while True:
        asleep, used = perf_counter(), thread_time()
        await asyncio.sleep(_NAP)
        delays.append(min(perf_counter() - asleep - _NAP, thread_time() - used))


async def slice_of(server: Server, way: Desk, concurrency: int, calls: int) -> Seen:
    """Make so many calls while the loop is listened to."""
    pacer = Pacer(rates=UNPACED)
    async with Client(PARTNER, {KEY_ID: server.public_key}, base_url=server.base_url, pacer=pacer) as client:
        client._sign.desk = way  # noqa: SLF001 - to be without a gate is no option of a client

        under_way, answered = asyncio.Event(), 0

        async def call(codes: list[str]) -> None:
            nonlocal answered
            await client.call(upload(codes))
            answered += 1
            if answered == 3 * concurrency:  # the first are for the connections, the next all begin in one turn
                under_way.set()

        await concurrent(call, code_lists(concurrency), concurrency)  # opens the connections
        (codes,) = code_lists(1)
        message = wire.request_message("POST", "/v3/x", "1700000000", wire.new_nonce(), as_bytes(codes))
        signature = repeated(lambda: crypto.sign(KEY, message), 32).wall / 32
        delays: list[float] = []
        listener = asyncio.create_task(_listen(delays, under_way))
        done = await concurrent(call, code_lists(calls), concurrency)
        listener.cancel()
        await asyncio.gather(listener, return_exceptions=True)
    return Seen(done, sorted(delays), signature)


def _let(way: str) -> None:
    """Give the executor the second core too; the others would only move from one to the other."""
    mine = cores()
    if way == "executor" and mine:
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
    else:
        pin(0)


def compare(server: Server, concurrency: int, effort: Effort, executor: ThreadPoolExecutor) -> dict[str, Any]:
    """Everything that is measured at one concurrency."""
    rounds: list[dict[str, Seen]] = []
    for _ in range(effort.rounds):
        round_: dict[str, Seen] = {}
        for name in shuffled(WAYS):
            ways: dict[str, Desk] = {"ungated": Ungated(), "gated": Inline(), "executor": desk(executor)}
            _let(name)
            round_[name] = asyncio.run(slice_of(server, ways[name], concurrency, effort.calls))
        rounds.append(round_)
    return {
        "signature_us": median([each["gated"].signature * 1e6 for each in rounds], 1),
        "delay_p50": {name: median([each[name].delay(50) for each in rounds]) for name in WAYS},
        "delay_p99": {name: attrs.asdict(Spread.of([each[name].delay(99) for each in rounds])) for name in WAYS},
        "cpu_us": {name: median([each[name].calls.cpu_us for each in rounds], 1) for name in WAYS},
        "calls_per_second": {name: median([each[name].calls.per_second for each in rounds], 1) for name in WAYS},
        "cpu_vs_ungated": {
            name: median([each[name].calls.cpu_us / each["ungated"].calls.cpu_us for each in rounds]) for name in WAYS
        },
    }


def measure(effort: Effort) -> dict[str, Any]:
    """Run the whole benchmark."""
    with answering() as server, ThreadPoolExecutor(1) as executor:
        pinned = pin(0)
        results = {concurrency: compare(server, concurrency, effort, executor) for concurrency in CONCURRENCIES}
    last = results[max(CONCURRENCIES)]
    return {
        "benchmark": "loop",
        "about": about("aiohttp", "cryptography") | {"pinned": pinned},
        "effort": attrs.asdict(effort),
        "concurrency": {str(concurrency): result for concurrency, result in results.items()},
        "of_loop_delay_limit": round(last["delay_p99"]["gated"]["median"] / LIMIT, 4),
        "gate_cpu_c64": last["cpu_vs_ungated"]["gated"],
    }


def table(report: Mapping[str, Any]) -> Iterator[str]:
    """The same for people."""
    yield "Delay of the event loop in signatures, and the CPU of a call"
    yield f"{'':>4} {'':<10} {'p50':>7} {'p99':>7}  {'quartiles':<14} {'CPU µs':>7} {'vs ungated':>10} {'calls/s':>8}"
    for concurrency, result in report["concurrency"].items():
        for name in WAYS:
            p99 = result["delay_p99"][name]
            yield (
                f"c={concurrency:<3}{name:<10} {result['delay_p50'][name]:7.2f} {p99['median']:7.2f}  "
                f"{p99['low']:5.2f}-{p99['high']:<8.2f} {result['cpu_us'][name]:7.1f} "
                f"{result['cpu_vs_ungated'][name]:9.2f}x {result['calls_per_second'][name]:8.1f}"
            )
        yield f"    one signature: {result['signature_us']:.1f} µs"
    yield ""
    yield from (f"{name:<24} {value}" for name, value in report.items() if name.startswith(("of_", "gate_")))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_loop", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--quick", action="store_true", help="seconds, to see that it runs; the numbers mean nothing")
    arguments = parser.parse_args()
    show(measure(QUICK if arguments.quick else Effort()), table, as_json=arguments.json)


if __name__ == "__main__":
    main()
