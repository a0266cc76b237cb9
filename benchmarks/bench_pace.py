"""How much of a limit is used, and how often it is broken, with many calls waiting.

Calls of two endpoints, documented with 20 and 500 a second, to a server that holds exactly that limit, once with a
sliding window and once with a fixed one. Each call is typed, signed and verified; nothing is repeated, so that every
429 is counted. Beside us, on the same server, the same calls without our pace and with ``aiolimiter`` in front.

Neither side is kept on one core: both wait most of the time, and what is measured is not what they cost. A machine
that has no core for the client when its turn comes costs it the turn: ``waited_for_a_core_s`` says for how long.

Limits: ``of_pace_limit`` is the least share of a limit that we used, through 94 %; 1.0 is at the limit, and below it
the limit is missed. ``too_many`` is how many 429 we got in all: none is right. ``vs_aiolimiter_too_many`` is how many
the peer got.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from wxcoupon import Client, Pacer, Partner, RetryPolicy
from wxcoupon import product_coupon as pc
from wxcoupon.endpoint import AnyEndpoint
from wxcoupon.errors import RateLimited

from .answering import KEY_ID
from .contenders import PARTNER
from .counting import WINDOWS, Counted, Place, Window, counting
from .report import about, show

CONCURRENCY: Final = 64
SHARE_LIMIT: Final = 0.94
"""The part of a limit that is to be used: at least."""
PEER: Final = "aiolimiter"
CALLS: Final[Mapping[int, AnyEndpoint]] = {
    20: pc.GetStock(product_coupon_id="200000001", stock_id="100000001"),
    500: pc.GetUserCoupon(
        product_coupon_id="200000001", stock_id="100000001", coupon_code="CODE", appid="wx1", openid="o-user"
    ),
}
"""For each limit a call whose documented rate it is."""

Wait = Callable[[], Awaitable[object]]


@attrs.frozen
class Effort:
    """How much is measured.

    Attributes:
        slow_seconds: seconds of calls at 20 a second.
        fast_seconds: seconds of calls at 500 a second.
    """

    slow_seconds: float = 12.0
    fast_seconds: float = 8.0

    def calls(self, limit: int) -> int:
        """How many calls that is."""
        return round(limit * (self.slow_seconds if limit < 100 else self.fast_seconds))


QUICK: Final = Effort(slow_seconds=0.5, fast_seconds=0.3)


async def _calls(client: Client[Partner], request: AnyEndpoint, count: int, wait: Wait | None) -> None:
    """Make so many calls with so many at once waiting; a 429 is one call that is lost."""
    left = iter(range(count))

    async def work() -> None:
        for _ in left:
            if wait is not None:
                await wait()
            try:
                await client.send(request)
            except RateLimited:
                continue

    async with asyncio.TaskGroup() as workers:
        for _ in range(CONCURRENCY):
            workers.create_task(work())


async def ours(place: Place, limit: int, count: int) -> None:
    """The client as it is."""
    async with Client(
        PARTNER,
        {KEY_ID: place.public_key},
        base_url=place.base_url,
        retry=RetryPolicy(attempts=1),
        pacer=Pacer(),
    ) as client:
        await _calls(client, CALLS[limit], count, None)


async def peers(place: Place, limit: int, count: int) -> None:
    """The same client without its pace, behind the peer as its documentation shows it."""
    from aiolimiter import AsyncLimiter  # only there when the group ``bench`` is installed

    request = CALLS[limit]
    limiter = AsyncLimiter(limit, 1)
    async with Client(
        PARTNER,
        {KEY_ID: place.public_key},
        base_url=place.base_url,
        retry=RetryPolicy(attempts=1),
        pacer=Pacer({request.name: None}),
    ) as client:
        await _calls(client, request, count, limiter.acquire)


def _waited() -> float | None:
    """Seconds this process has been ready to run and had no core so far; None where that cannot be known."""
    try:
        return int(Path("/proc/self/schedstat").read_text().split()[1]) / 1e9
    except OSError:
        return None


def _counted(run: Callable[[Place, int, int], Awaitable[None]], limit: int, window: Window, effort: Effort) -> Counted:
    with counting(limit, window) as place, asyncio.Runner() as runner:
        runner.run(_awaited(run(place, limit, effort.calls(limit))))
    assert place.counted is not None
    return place.counted


async def _awaited(work: Awaitable[None]) -> None:
    await work


def measure(effort: Effort) -> dict[str, Any]:
    """Run the whole benchmark."""
    missing = {} if importlib.util.find_spec(PEER) else {PEER: f"not installed: {PEER} (pip install {PEER})"}
    contenders = {"wxcoupon": ours} | ({} if missing else {PEER: peers})
    results: dict[str, dict[str, Any]] = {}
    for limit in CALLS:
        for window in WINDOWS:
            place = results[f"{window}_{limit}"] = {}
            for name, run in contenders.items():
                before = _waited()
                counted = _counted(run, limit, window, effort)
                after = _waited()
                place[name] = attrs.asdict(counted) | {
                    "per_second": round(counted.per_second, 2),
                    "share": round(counted.per_second / limit, 4),
                    "waited_for_a_core_s": None if before is None or after is None else round(after - before, 3),
                }
    least = min(place["wxcoupon"]["share"] for place in results.values())
    return {
        "benchmark": "pace",
        "about": about("aiohttp", PEER),
        "effort": attrs.asdict(effort),
        "concurrency": CONCURRENCY,
        "missing": missing,
        "servers": results,
        "of_pace_limit": round(least / SHARE_LIMIT, 4),
        "too_many": _refused(results, "wxcoupon"),
        f"vs_{PEER}_too_many": None if missing else _refused(results, PEER),
    }


def _refused(results: Mapping[str, Mapping[str, Any]], name: str) -> int:
    return sum(place[name]["refused"] for place in results.values())


def table(report: Mapping[str, Any]) -> Iterator[str]:
    """The same for people."""
    yield f"{'server':<14} {'':<12} {'accepted/s':>11} {'share':>7} {'429':>6} {'most in a second':>17}"
    for server, place in report["servers"].items():
        for name, each in place.items():
            yield (
                f"{server:<14} {name:<12} {each['per_second']:11.2f} {each['share']:7.1%} {each['refused']:6} "
                f"{each['most_in_a_second']:17}"
            )
    yield from (f"{name}: {reason}" for name, reason in report["missing"].items())
    yield ""
    yield from (f"{name:<26} {report[name]}" for name in ("of_pace_limit", "too_many", f"vs_{PEER}_too_many"))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_pace", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--quick", action="store_true", help="seconds, to see that it runs; the numbers mean nothing")
    arguments = parser.parse_args()
    show(measure(QUICK if arguments.quick else Effort()), table, as_json=arguments.json)


if __name__ == "__main__":
    main()
