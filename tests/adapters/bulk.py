"""A bulk of callbacks through each adapter: genuine ones, and all that comes beside them.

``python -m tests.adapters.bulk`` sends 2,000 through each and prints what came of it.
"""

from __future__ import annotations

import asyncio
import logging
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Literal, TypeAlias

import attrs

from wxcoupon.notify import Event, Notification, Router, SqliteStore, Tenant
from wxcoupon.sandbox import Keys

from ..notify.callbacks import APIV3_KEY, NOW, Callback, Platform, coupon
from .services import EVERY, NOTIFY, Serving
from .speaking import Connection

Sort: TypeAlias = Literal["genuine", "duplicate", "forged", "stale", "probe", "unknown"]

CONCURRENCY: Final = 50
SHARES: Final[dict[Sort, float]] = {"duplicate": 0.10, "forged": 0.05, "stale": 0.05, "probe": 0.02, "unknown": 0.02}
PATIENCE: Final = 5.0
"""Seconds that WeChat Pay waits for an answer."""

_NOT_PROVEN: Final = b'{"code":"FAIL","message":"the signature is not proven"}'
_STALE: Final = b'{"code":"FAIL","message":"the timestamp is too far from the time here"}'
ANSWERED: Final[dict[Sort, tuple[int, bytes]]] = {
    "genuine": (204, b""),
    "duplicate": (204, b""),
    "forged": (401, _NOT_PROVEN),
    "stale": (401, _STALE),
    "probe": (401, _NOT_PROVEN),
    "unknown": (204, b""),
}
"""What each sort is answered with, to the byte."""


@attrs.frozen
class Bulk:
    """Callbacks in the order in which they are sent, and the coupons that have to be handled."""

    deliveries: Sequence[tuple[Sort, Callback]]
    genuine: frozenset[str]


@attrs.frozen
class Outcome:
    """What came of a bulk.

    Attributes:
        answers: what each delivery was answered with, in the order of the bulk: its sort, status and body.
        handled: how often each coupon was handled.
        longest: seconds that the slowest answer took.
        took: seconds that all took.
    """

    answers: Sequence[tuple[Sort, int, bytes]]
    handled: Counter[str]
    longest: float
    took: float


def made(total: int, platform: Platform, stranger: Platform) -> Bulk:
    """Make a bulk; half of the duplicates follow at once, the others whenever it happens."""
    chance = random.Random(20_251_121)  # noqa: S311 - no secret
    counts = {sort: round(total * share) for sort, share in SHARES.items()}
    genuine = [platform.told(coupon(number)) for number in range(total - sum(counts.values()))]
    wrong = [platform.told(coupon(800_000 + number)) for number in range(counts["forged"] + counts["probe"])]
    others: list[tuple[Sort, Callback]] = [("genuine", callback) for callback in genuine]
    others += [("forged", _forged(number, each, stranger)) for number, each in enumerate(wrong[: counts["forged"]])]
    others += [("probe", platform.probe(each)) for each in wrong[counts["forged"] :]]
    others += [
        ("stale", platform.told(coupon(700_000 + number), at=NOW - 301 if number % 2 else NOW + 301))
        for number in range(counts["stale"])
    ]
    others += [
        ("unknown", platform.told(coupon(600_000 + number), event_type="COUPON.YET_TO_COME"))
        for number in range(counts["unknown"])
    ]
    chance.shuffle(others)
    again = chance.sample(genuine, counts["duplicate"])
    at_once = {id(callback) for callback in again[::2]}
    ordered: list[tuple[Sort, Callback]] = []
    for sort, callback in others:
        ordered.append((sort, callback))
        if sort == "genuine" and id(callback) in at_once:
            ordered.append(("duplicate", callback))
    for callback in again[1::2]:
        ordered.insert(chance.randrange(len(ordered) + 1), ("duplicate", callback))
    told = [coupon(number) for number in range(len(genuine))]
    told += [coupon(600_000 + number) for number in range(counts["unknown"])]
    return Bulk(ordered, frozenset(each["coupon_code"] for each in told))


def _forged(number: int, callback: Callback, stranger: Platform) -> Callback:
    """A callback that is wrong in one of the ways there are."""
    headers, body = callback
    ways: list[Callable[[], Callback]] = [
        lambda: stranger.signed(body),
        lambda: (headers, body.replace(b"a coupon", b"A coupon")),
        lambda: (headers | {"Wechatpay-Serial": "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"}, body),
        lambda: ({name: value for name, value in headers.items() if name != "Wechatpay-Signature"}, body),
        lambda: (headers | {"Wechatpay-Nonce": "M" * 32}, body),
        lambda: ({}, body),
    ]
    return ways[number % len(ways)]()


async def sent(bulk: Bulk, serving: Serving, platform: Platform, claims: Path) -> Outcome:
    """Send a bulk through one adapter, fifty at a time."""
    handled: Counter[str] = Counter()
    store = SqliteStore(claims)
    router = Router(Tenant(APIV3_KEY, keys=platform.ring()), store=store, clock=lambda: NOW)

    @router.on(Event)
    async def record(notification: Notification[Event]) -> None:
        await asyncio.sleep(0.001)  # as long as a database takes
        handled[notification.resource["coupon_code"]] += 1

    answers: dict[int, tuple[Sort, int, bytes]] = {}
    lasted: list[float] = []
    rest = iter(enumerate(bulk.deliveries))

    async def deliver(port: int) -> None:
        async with Connection(port) as connection:
            for index, (sort, callback) in rest:
                begun = time.perf_counter()
                answer = await connection.post(NOTIFY, callback)
                lasted.append(time.perf_counter() - begun)
                answers[index] = (sort, answer.status, answer.body)

    async with serving(router, store) as port:
        begun = time.perf_counter()
        await asyncio.gather(*(deliver(port) for _ in range(CONCURRENCY)))
        took = time.perf_counter() - begun
    return Outcome([answers[index] for index in sorted(answers)], handled, max(lasted), took)


async def _main(total: int) -> None:
    logging.disable()  # a framework may log every refusal
    keys = Keys.generate()
    platform = Platform(keys.platform)
    bulk = made(total, platform, Platform(keys.merchant))
    sorts = Counter(sort for sort, _ in bulk.deliveries)
    print(f"{total} callbacks, {CONCURRENCY} at a time: {dict(sorts)}")  # noqa: T201 - whoever runs it reads this
    for name, serving in EVERY.items():
        with tempfile.TemporaryDirectory() as folder:
            outcome = await sent(bulk, serving, platform, Path(folder) / "claims.db")
        right = all((status, body) == ANSWERED[sort] for sort, status, body in outcome.answers)
        once = outcome.handled == Counter(bulk.genuine)
        print(  # noqa: T201
            f"{name:13} answers {'as documented' if right else 'WRONG'}, genuine handled "
            f"{'once each' if once else 'WRONG'}, longest {outcome.longest:.3f} s, "
            f"{len(outcome.answers) / outcome.took:,.0f}/s"
        )


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000))
