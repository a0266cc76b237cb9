"""What a typed, checked, signed and verified call costs.

First beside its parts (one RSA signature, one RSA verification, one bare aiohttp POST of the same bytes), then beside
``wechatpayv3`` in its async and its threaded form, all against one server that answers at once.

Ratios, more is better: ``vs_<peer>_c<concurrency>`` is our calls per second through the peer's;
``vs_<peer>_c<concurrency>_beyond_rsa`` compares the CPU that each adds to one signature and one verification. What
these two cost depends on the processor (with AVX-512 IFMA a signature takes a third), both sides pay it alike, and
the slower it is, the nearer to 1 is the first ratio; the second one stays. Limits: ``of_<limit>`` is 1.0 at the
limit, and above it the limit is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Generator, Iterator, Mapping
from typing import Any, Final

import attrs

from . import contenders as who
from .answering import Server, answering
from .measure import Slice, Spread, concurrent, median, pin, repeated, shuffled, threaded
from .payload import answer_body, code_lists
from .report import about, show
from .rsa import rsa

CONCURRENCIES: Final = (1, 8, 32)
SUM_CPU_LIMIT: Final = {1: 1.25, 8: 1.20, 32: 1.20}
"""CPU of a call, as a multiple of RSA sign + RSA verify + bare aiohttp POST: at most."""
SPEED_LIMIT: Final = {1: 2.2, 8: 2.7, 32: 5.5}
"""Calls per second, as a multiple of wechatpayv3's async form: at least."""
P99_LIMIT: Final = 1.3
"""p99 at concurrency 32, as a multiple of p50: at most."""
ASYNC_PEER: Final = "wechatpayv3_async"
THREADED_PEER: Final = "wechatpayv3_threads"
_COMPARED: Final = ("sign", "verify", "bare_aiohttp", "typed")


@attrs.frozen
class Effort:
    """How much is measured.

    Attributes:
        cost_rounds: rounds of the comparison with the parts.
        cost_calls: calls in one slice of it.
        speed_rounds: rounds of the comparison with the peers.
        speed_calls: calls in one slice of it.
    """

    cost_rounds: int = 51
    cost_calls: int = 64
    speed_rounds: int = 9
    speed_calls: int = 320


QUICK: Final = Effort(cost_rounds=2, cost_calls=16, speed_rounds=2, speed_calls=32)


async def cost(bare: who.AsyncCall, typed: who.AsyncCall, concurrency: int, effort: Effort) -> dict[str, Any]:
    """Compare a call with the sum of its parts.

    Returns:
        CPU microseconds of each, and of the call through the sum: taken in each round, then the median.
    """
    (codes,) = code_lists(1)
    parts = rsa(who.as_bytes(codes))
    rounds: list[dict[str, float]] = []
    for turn in range(effort.cost_rounds + 1):
        lists = code_lists(effort.cost_calls)
        bodies = [who.as_bytes(codes) for codes in lists]
        round_: dict[str, float] = {}
        for name in shuffled(_COMPARED):
            if name in parts:
                done = repeated(parts[name], effort.cost_calls)
            elif name == "bare_aiohttp":
                done = await concurrent(bare, bodies, concurrency)
            else:
                done = await concurrent(typed, lists, concurrency)
            round_[name] = done.cpu_us
        if turn:  # the first round opens the connections
            rounds.append(round_)
    sums = [each["sign"] + each["verify"] + each["bare_aiohttp"] for each in rounds]
    return {
        "cpu_us": {name: median([each[name] for each in rounds], 1) for name in _COMPARED} | {"sum": median(sums, 1)},
        "typed_through_sum": attrs.asdict(
            Spread.of([each["typed"] / sum_ for each, sum_ in zip(rounds, sums, strict=True)])
        ),
    }


def speed(run: Mapping[str, Callable[[list[list[str]]], Slice]], effort: Effort) -> dict[str, Any]:
    """Compare us with the peers that are there.

    Returns:
        For each: calls per second, CPU microseconds, p50 and p99; our calls per second through each peer's.
    """
    (codes,) = code_lists(1)
    parts = rsa(who.as_bytes(codes))
    rounds: list[dict[str, Slice]] = []
    unavoidable: list[float] = []
    for turn in range(effort.speed_rounds + 1):
        calls = effort.speed_calls if turn else max(CONCURRENCIES)
        slices = {name: run[name](code_lists(calls)) for name in shuffled(list(run))}
        if turn:
            rounds.append(slices)
            unavoidable.append(sum(repeated(part, effort.cost_calls).cpu_us for part in parts.values()))
    return {
        "calls_per_second": _each(run, rounds, lambda slice_: slice_.per_second, 1),
        "client_cpu_us": _each(run, rounds, lambda slice_: slice_.cpu_us, 1),
        "p50_ms": _each(run, rounds, lambda slice_: slice_.percentile(50) * 1e3, 3),
        "p99_ms": _each(run, rounds, lambda slice_: slice_.percentile(99) * 1e3, 3),
        "p99_through_p50": _each(run, rounds, lambda slice_: slice_.percentile(99) / slice_.percentile(50), 3),
        "vs": {
            name: attrs.asdict(Spread.of([each["typed"].per_second / each[name].per_second for each in rounds]))
            for name in run
            if name != "typed"
        },
        "vs_beyond_rsa": {
            name: attrs.asdict(
                Spread.of(
                    [
                        (each[name].cpu_us - rsa_us) / (each["typed"].cpu_us - rsa_us)
                        for each, rsa_us in zip(rounds, unavoidable, strict=True)
                    ]
                )
            )
            for name in run
            if name != "typed"
        },
    }


def _each(
    names: Mapping[str, object], rounds: list[dict[str, Slice]], what: Callable[[Slice], float], digits: int
) -> dict[str, float]:
    return {name: median([what(each[name]) for each in rounds], digits) for name in names}


@contextlib.contextmanager
def _opened(
    runner: asyncio.Runner,
    make: Callable[[Server], contextlib.AbstractAsyncContextManager[who.AsyncCall]],
    server: Server,
) -> Generator[who.AsyncCall]:
    """Keep an async contender open while code that is not async takes its turns."""
    manager = make(server)
    call = runner.run(_enter(manager))
    try:
        yield call
    finally:
        runner.run(_leave(manager))


async def _enter(manager: contextlib.AbstractAsyncContextManager[who.AsyncCall]) -> who.AsyncCall:
    return await manager.__aenter__()


async def _leave(manager: contextlib.AbstractAsyncContextManager[who.AsyncCall]) -> None:
    await manager.__aexit__(None, None, None)


def compare(server: Server, concurrency: int, effort: Effort, missing: Mapping[str, str]) -> dict[str, Any]:
    """Everything that is measured at one concurrency."""
    with contextlib.ExitStack() as stack:
        runner = stack.enter_context(asyncio.Runner())
        bare = stack.enter_context(_opened(runner, who.bare_aiohttp, server))
        typed = stack.enter_context(_opened(runner, who.typed, server))
        result = runner.run(cost(bare, typed, concurrency, effort))

        def in_loop(call: Callable[[Any], Awaitable[object]]) -> Callable[[list[list[str]]], Slice]:
            return lambda lists: runner.run(concurrent(call, lists, concurrency))

        run = {"typed": in_loop(typed)}
        if ASYNC_PEER not in missing:
            run[ASYNC_PEER] = in_loop(stack.enter_context(_opened(runner, who.wechatpayv3_async, server)))
        if THREADED_PEER not in missing:
            peer = stack.enter_context(who.wechatpayv3_threads(server))
            run[THREADED_PEER] = lambda lists: threaded(peer, lists, concurrency)
        return result | speed(run, effort)


def limits(results: Mapping[int, Mapping[str, Any]]) -> dict[str, float | None]:
    """The ratios to the peers, and how near each limit is; None for a peer that is not installed."""
    flat: dict[str, float | None] = {}
    for concurrency, result in results.items():
        for peer in (ASYNC_PEER, THREADED_PEER):
            ratio = result["vs"].get(peer)
            flat[f"vs_{peer}_c{concurrency}"] = ratio and ratio["median"]
            ratio = result["vs_beyond_rsa"].get(peer)
            flat[f"vs_{peer}_c{concurrency}_beyond_rsa"] = ratio and ratio["median"]
        times = result["typed_through_sum"]["median"]
        flat[f"of_sum_cpu_c{concurrency}_limit"] = round(times / SUM_CPU_LIMIT[concurrency], 4)
        faster = flat[f"vs_{ASYNC_PEER}_c{concurrency}"]
        flat[f"of_speed_{ASYNC_PEER}_c{concurrency}_limit"] = faster and round(SPEED_LIMIT[concurrency] / faster, 4)
    last = max(results)
    flat[f"of_p99_c{last}_limit"] = round(results[last]["p99_through_p50"]["typed"] / P99_LIMIT, 4)
    return flat


def measure(effort: Effort, *, tls: bool) -> dict[str, Any]:
    """Run the whole benchmark."""
    missing = {
        name: reason
        for name, reason in (
            (ASYNC_PEER, who.wechatpayv3_missing(asynchronous=True)),
            (THREADED_PEER, who.wechatpayv3_missing(asynchronous=False)),
        )
        if reason
    }
    with answering(tls=tls) as server:
        if server.certificate:
            os.environ["SSL_CERT_FILE"] = os.environ["REQUESTS_CA_BUNDLE"] = server.certificate  # how the peers take it
        pinned = pin(0)
        results = {concurrency: compare(server, concurrency, effort, missing) for concurrency in CONCURRENCIES}
    (codes,) = code_lists(1)
    return {
        "benchmark": "client",
        "about": about("aiohttp", "cryptography", "wechatpayv3", "httpx", "requests") | {"pinned": pinned, "tls": tls},
        "effort": attrs.asdict(effort),
        "payload": {
            "codes": len(codes),
            "request_bytes": len(who.as_bytes(codes)),
            "answer_bytes": len(answer_body()),
        },
        "missing": missing,
        "concurrency": {str(concurrency): result for concurrency, result in results.items()},
        **limits(results),
    }


def table(report: Mapping[str, Any]) -> Iterator[str]:
    """The same for people."""
    yield "CPU of one call beside its parts, µs"
    yield f"{'':>4} {'sign':>8} {'verify':>8} {'aiohttp':>8} {'sum':>8} {'typed':>8} {'ratio':>7}  quartiles      limit"
    for concurrency, result in report["concurrency"].items():
        cpu, ratio = result["cpu_us"], result["typed_through_sum"]
        yield (
            f"c={concurrency:<3}{cpu['sign']:8.1f} {cpu['verify']:8.1f} {cpu['bare_aiohttp']:8.1f} {cpu['sum']:8.1f} "
            f"{cpu['typed']:8.1f} {ratio['median']:7.3f}  {ratio['low']:.3f}-{ratio['high']:.3f}"
            f"   {SUM_CPU_LIMIT[int(concurrency)]:.2f}"
        )
    yield ""
    yield "Calls beside wechatpayv3"
    yield f"{'':>4} {'':<20} {'calls/s':>9} {'CPU µs':>8} {'p50 ms':>8} {'p99 ms':>8} {'we are':>8} limit  beyond RSA"
    for concurrency, result in report["concurrency"].items():
        for name, rate in result["calls_per_second"].items():
            ratio = result["vs"].get(name)
            beyond = result["vs_beyond_rsa"].get(name)
            limit = f"{SPEED_LIMIT[int(concurrency)]:.1f}x" if name == ASYNC_PEER else ""
            yield (
                f"c={concurrency:<3}{name:<20} {rate:9.1f} {result['client_cpu_us'][name]:8.1f} "
                f"{result['p50_ms'][name]:8.3f} {result['p99_ms'][name]:8.3f} "
                + (f"{ratio['median']:7.2f}x {limit:>5} {beyond['median']:10.2f}x" if ratio and beyond else "")
            ).rstrip()
    yield from (f"{name}: {reason}" for name, reason in report["missing"].items())
    yield ""
    yield from (f"{name:<44} {value}" for name, value in report.items() if name.startswith("of_"))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_client", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--quick", action="store_true", help="seconds, to see that it runs; the numbers mean nothing")
    parser.add_argument("--tls", action="store_true", help="https, with a certificate made for the run")
    arguments = parser.parse_args()
    report = measure(QUICK if arguments.quick else Effort(), tls=arguments.tls)
    show(report, table, as_json=arguments.json)


if __name__ == "__main__":
    main()
