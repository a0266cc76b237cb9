"""Codes per second: any stream of codes, in uploads of 200, through ``bulk``; and whole jobs, from a file to a ledger.

To the sandbox, which does everything a server has to do, and to the server that answers at once, which is the bound.
One core for the client, another one for the server. A whole job reads a file, looks at every code, plans, uploads and
remembers; beside it run the same job with a ledger that forgets, and the least loop that uploads such a file at all.
``threads`` is the durable job with all cores for the client, which signs in a thread of its own.

Limits: ``of_rsa_limit_c<concurrency>`` is codes per second through what one core can sign and verify;
``of_presigned_limit_c<concurrency>`` is the sandbox's through the server's that answers at once. For the others, 1.0 is
at the limit, and above it the limit is missed: ``of_job_speed_limit_c<concurrency>`` is 300,000 codes a second
through those of a whole durable job on one core, ``of_threads_speed_limit_c<concurrency>`` through those of one with a
thread for signing, ``of_durable_cost_limit_c<concurrency>`` the CPU of a durable job on one core through 1.15 times
that of a forgetful one. How fast a machine is decides the first two; ``durable_of_least_c<concurrency>``, codes a
second of a durable job through those of the least loop, says what is ours of it.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from time import perf_counter
from typing import Any, Final

import attrs

from wxcoupon import Client, Partner
from wxcoupon.bulk import CODES_PER_CALL, Done, bulk, upload_requests

from . import contenders as who
from . import jobs
from .answering import KEY_ID, answering
from .measure import Slice, cores, cpu_seconds, median, peak_rss_mb, pin, repeated, rss_mb, shuffled, unpin
from .payload import code_lists, codes
from .report import about, show
from .rsa import rsa
from .stocked import Place, held, sandbox, stocked

CONCURRENCIES: Final = (1, 8, 32)
JOB_CONCURRENCIES: Final = (8, 32)
MEMORY_LIMIT_MB: Final = 64
"""Peak resident memory of a process that uploads a million codes: at most."""
GROWTH_LIMIT_MB: Final = 8
"""What ten times as many codes may add to it: at most."""
JOB_SPEED_LIMIT: Final = 300_000
"""Codes a second of a whole job with an SQLite ledger, against the server that answers at once: at least."""
DURABLE_COST_LIMIT: Final = 1.15
"""CPU of a call in a job with an SQLite ledger, as a multiple of one in a job that forgets: at most."""


@attrs.frozen
class Effort:
    """How much is measured.

    Attributes:
        rounds: rounds of the comparison of the two servers.
        uploads: uploads in one slice of it.
        small: codes of the job after which memory is read first.
        large: codes of the job after which it is read again.
        job: codes of a whole job.
    """

    rounds: int = 9
    uploads: int = 160
    small: int = 100_000
    large: int = 1_000_000
    job: int = 400_000


QUICK: Final = Effort(rounds=2, uploads=16, small=4_000, large=8_000, job=4_000)


async def upload(client: Client[Partner], place: Place, count: int, concurrency: int) -> Slice:
    """Upload so many new codes, and make sure that each was stored.

    The codes are made while they are uploaded, as they would be read from a file.
    """
    requests = upload_requests(
        itertools.islice(codes(), count),
        product_coupon_id=place.product_coupon_id,
        stock_id=place.stock_id,
        job="bench",
    )
    calls = stored = 0
    began, cpu = perf_counter(), cpu_seconds()
    async with bulk(client, requests, concurrency=concurrency) as outcomes:
        async for outcome in outcomes:
            if not isinstance(outcome, Done):
                raise SystemExit(f"an upload failed: {outcome.error}")
            calls += 1
            stored += len(outcome.result.success_code_list or [])
    done = Slice(calls, cpu_seconds() - cpu, perf_counter() - began)
    if stored != count:
        raise SystemExit(f"{place.name} stored {stored} of {count} codes")
    return done


async def memory(place: Place, effort: Effort) -> dict[str, Any]:
    """The peak of a small job and of a large one, in this order, because a peak never falls."""
    before = rss_mb()
    async with place.client() as client:
        await upload(client, place, effort.small, 8)
        small = peak_rss_mb()
        await upload(client, place, effort.large, 8)
    return {
        "before_mb": round(before, 1),
        f"peak_mb_after_{effort.small}_codes": round(small, 1),
        f"peak_mb_after_{effort.large}_codes": round(peak_rss_mb(), 1),
        "growth_mb": round(peak_rss_mb() - small, 1),
    }


async def speed(places: Sequence[Place], effort: Effort) -> dict[str, dict[str, Any]]:
    """Upload to every place at every concurrency, in turns."""
    (example,) = code_lists(1)
    parts = rsa(who.as_bytes(example))
    results: dict[str, dict[str, Any]] = {}
    for concurrency in CONCURRENCIES:
        rounds: list[dict[str, Slice]] = []
        limits: list[float] = []
        async with places[0].client() as first, places[1].client() as second:
            clients = {places[0].name: (first, places[0]), places[1].name: (second, places[1])}
            for turn in range(effort.rounds + 1):
                uploads = effort.uploads if turn else concurrency
                slices: dict[str, Slice] = {}
                for name in shuffled(list(clients)):
                    client, place = clients[name]
                    slices[name] = await upload(client, place, uploads * CODES_PER_CALL, concurrency)
                if turn:  # the first round opens the connections
                    rounds.append(slices)
                    signed, verified = (repeated(parts[name], effort.uploads // 4) for name in ("sign", "verify"))
                    limits.append(1 / (signed.wall / signed.calls + verified.wall / verified.calls))
        results[str(concurrency)] = {
            name: {
                "codes_per_second": median([each[name].per_second * CODES_PER_CALL for each in rounds], 0),
                "requests_per_second": median([each[name].per_second for each in rounds], 1),
                "client_cpu_us_per_request": median([each[name].cpu_us for each in rounds], 1),
                "of_rsa_limit": median(
                    [each[name].per_second / limit for each, limit in zip(rounds, limits, strict=True)], 4
                ),
            }
            for name in clients
        }
        results[str(concurrency)]["of_presigned_limit"] = median(
            [each["sandbox"].per_second / each["presigned"].per_second for each in rounds], 4
        )
    return results


def measure(effort: Effort) -> dict[str, Any]:
    """Run the whole benchmark."""
    with ExitStack() as stack, asyncio.Runner() as runner:
        all_cores = cores()
        thin = stack.enter_context(answering())
        address, partner, keys = stack.enter_context(sandbox(all_cores[1] if len(all_cores) > 1 else None))
        pinned = pin(0)
        presigned = Place("presigned", thin.base_url, who.PARTNER, {KEY_ID: thin.public_key}, "200000001", "100000001")
        used = runner.run(memory(presigned, effort))
        place = runner.run(stocked(address, partner, keys))
        results = runner.run(speed([place, presigned], effort))
        stored = runner.run(held(place))
        naming = stack.enter_context(answering(naming=True))
        at_once = Place(
            jobs.NAMING, naming.base_url, who.PARTNER, {KEY_ID: naming.public_key}, "200000001", "100000001"
        )
        servers = [(at_once, effort.rounds, effort.job), (place, 1, effort.job // 2)]
        whole = {
            str(concurrency): {
                server.name: runner.run(jobs.compare(server, rounds=rounds, count=count, concurrency=concurrency))
                for server, rounds, count in servers
            }
            for concurrency in JOB_CONCURRENCIES
        }
        unpin(all_cores)
        with asyncio.Runner() as another:  # whose threads are not pinned either
            for most in JOB_CONCURRENCIES:
                whole[str(most)][jobs.NAMING]["threads"] = another.run(
                    jobs.in_two_threads(at_once, rounds=effort.rounds, count=effort.job, concurrency=most)
                )
    sent = sum(effort.rounds * effort.uploads + concurrency for concurrency in CONCURRENCIES) * CODES_PER_CALL
    if stored != sent:
        raise SystemExit(f"{sent} codes were uploaded, and the sandbox says it holds {stored}")
    flat: dict[str, float] = {}
    for concurrency, result in results.items():
        flat[f"of_rsa_limit_c{concurrency}"] = result["presigned"]["of_rsa_limit"]
        flat[f"of_presigned_limit_c{concurrency}"] = result["of_presigned_limit"]
    for concurrency, result in whole.items():
        found = result[jobs.NAMING]
        durable, threads, least = (found[way]["codes_per_second"] for way in ("durable", "threads", "least"))
        flat[f"of_job_speed_limit_c{concurrency}"] = round(JOB_SPEED_LIMIT / durable, 4)
        flat[f"of_threads_speed_limit_c{concurrency}"] = round(JOB_SPEED_LIMIT / threads, 4)
        flat[f"durable_of_least_c{concurrency}"] = round(durable / least, 4)
        cost = found["durable_of_forgetful_cpu"]
        flat[f"of_durable_cost_limit_c{concurrency}"] = round(cost / DURABLE_COST_LIMIT, 4)
    flat["of_memory_limit"] = round(used[f"peak_mb_after_{effort.large}_codes"] / MEMORY_LIMIT_MB, 4)
    flat["of_memory_growth_limit"] = round(used["growth_mb"] / GROWTH_LIMIT_MB, 4)
    return {
        "benchmark": "bulk",
        "about": about("aiohttp", "cryptography") | {"pinned": pinned},
        "effort": attrs.asdict(effort),
        "codes_per_request": CODES_PER_CALL,
        "codes_held_by_sandbox": stored,
        "memory": used,
        "concurrency": results,
        "jobs": whole,
        **flat,
    }


def table(report: Mapping[str, Any]) -> Iterator[str]:
    """The same for people."""
    yield "Codes uploaded in a second"
    yield f"{'':>4} {'':<10} {'codes/s':>10} {'requests/s':>11} {'client CPU µs':>14} {'of RSA':>7}"
    for concurrency, result in report["concurrency"].items():
        for name in ("sandbox", "presigned"):
            each = result[name]
            yield (
                f"c={concurrency:<3}{name:<10} {each['codes_per_second']:10.0f} {each['requests_per_second']:11.1f} "
                f"{each['client_cpu_us_per_request']:14.1f} {each['of_rsa_limit']:7.2f}"
            )
    yield ""
    yield "Whole jobs, from a file to a ledger"
    for concurrency, result in report["jobs"].items():
        for name, ways in result.items():
            for way in (*jobs.WAYS, *(["threads"] if "threads" in ways else [])):
                each = ways[way]
                yield (
                    f"c={concurrency:<3}{name:<10} {way:<10}{each['codes_per_second']:10.0f} codes/s "
                    f"{each['client_cpu_us_per_request']:8.1f} client CPU µs a request"
                )
            for other in ("forgetful", "least"):
                yield f"c={concurrency:<3}{name:<10} durable of {other} CPU {ways[f'durable_of_{other}_cpu']:.3f}"
    yield ""
    yield from (f"{name:<34} {value}" for name, value in report["memory"].items())
    yield from (f"{name:<34} {value}" for name, value in report.items() if "of_" in name)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_bulk", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--quick", action="store_true", help="seconds, to see that it runs; the numbers mean nothing")
    arguments = parser.parse_args()
    show(measure(QUICK if arguments.quick else Effort()), table, as_json=arguments.json)


if __name__ == "__main__":
    main()
