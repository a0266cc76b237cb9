"""What a callback costs, beside the three things that nobody can leave out of it.

A router takes callbacks of claimed coupons, each another coupon, so many at once: their headers are found, the
signature is verified, the data is opened and read into the class of its event, the occurrence is claimed in memory,
handed to its handler, and acknowledged. Bare is what cannot be left out, written without anything else: RSA verify,
AES-GCM open, and parsing the two pieces of JSON. Both run in the same event loop, in slices in random order, and each
callback of either takes its turn of the loop, as it does in any server.

``receive`` is the part without the router: proven, opened and read. ``route`` goes on from there to the tenant, the
occurrence and its handlers, and ends before they are called. ``router`` is the whole, with a task for the handler, so
that it can go on beyond the deadline, and two claims.

``of_cost_limit`` is the cost of ``route`` through the limit of 1.5 times bare: 1.0 is at the limit. ``of_whole_limit``
is that of ``router``: on Python 3.11 each task takes a turn of the loop more, which later versions spare it.

::

    python -m benchmarks.bench_notify
    python -m benchmarks.bench_notify --json     # one JSON object on stdout
"""

from __future__ import annotations

import argparse
import asyncio
import binascii
import gc
import json
import random
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import attrs
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

from wxcoupon import KeyRing, crypto, wire
from wxcoupon import product_coupon as pc
from wxcoupon.notify import Notification, Router, Tenant, receive
from wxcoupon.notify.headers import proving
from wxcoupon.notify.receive import MOST_BYTES, raw
from wxcoupon.notify.working import occurrence
from wxcoupon.wire import WINDOW

from .measure import Spread, concurrent, pin
from .report import about, show

LIMIT: Final = 1.5
"""Times the cost of the bare parts that a callback may cost."""
CONCURRENCY: Final = 50
APIV3_KEY: Final = "0123456789abcdef0123456789ABCDEF"
KEY_ID: Final = "PUB_KEY_ID_0100000001"
NOW: Final = 1_700_000_000
_PADDING: Final = PKCS1v15()
_HASH: Final = SHA256()

Callback = tuple[Mapping[str, str], bytes]
Work = Callable[[Callback], Awaitable[object]]


@attrs.frozen
class Effort:
    """How much is measured.

    Attributes:
        callbacks: in each slice.
        rounds: how often each is measured.
    """

    callbacks: int = 1500
    rounds: int = 15


QUICK: Final = Effort(callbacks=60, rounds=2)


def callbacks(key: crypto.PrivateKey, count: int) -> Sequence[Callback]:
    """Callbacks as WeChat Pay makes them, each of another coupon."""
    made: list[Callback] = []
    for number in range(count):
        told = {
            "coupon_code": f"12279449590000009{number:05}",
            "brand_id": "120344",
            "product_coupon_id": "200000001",
            "stock_id": "100000001",
            "appid": "wx1234567890abcdef",
            "openid": f"oh-394z-6CGkNoJrsDLTTUK{number:05}",
            "unionid": f"uh-394z-6CGkNoJrsDLTTUK{number:05}",
            "receive_time": f"2025-05-20T13:{number // 60 % 60:02}:{number % 60:02}.{number % 1000:03}+08:00",
            "send_request_no": f"34657_20250101_{number:06}",
            "send_channel": "RECEIVE_COMPONENT",
            "valid_begin_time": "2025-05-20T00:00:00+08:00",
            "valid_end_time": "2025-06-20T23:59:59+08:00",
            "attach": "example_attach",
        }
        nonce = f"{number:012}"
        sealed = crypto.seal_gcm(APIV3_KEY.encode(), nonce, "product_coupon_sp", json.dumps(told).encode())
        body = json.dumps(
            {
                "id": f"EV-{number:032}",
                "create_time": "2025-05-20T13:29:36+08:00",
                "event_type": "PRODUCT_COUPON_SP.SEND",
                "resource_type": "encrypt-resource",
                "summary": "商品券领取",
                "resource": {
                    "original_type": "coupon",
                    "algorithm": "AEAD_AES_256_GCM",
                    "ciphertext": sealed,
                    "associated_data": "product_coupon_sp",
                    "nonce": nonce,
                },
            }
        ).encode()
        made.append((wire.sign_answer(key, KEY_ID, body, timestamp=NOW, nonce=f"{number:032X}"), body))
    return made


def bare(key: crypto.PublicKey) -> Work:
    """RSA verify, AES-GCM open and JSON parse, and nothing else."""
    apiv3_key = APIV3_KEY.encode()

    async def work(callback: Callback) -> None:
        headers, body = callback
        signed = f"{headers['Wechatpay-Timestamp']}\n{headers['Wechatpay-Nonce']}\n".encode() + body + b"\n"
        key.verify(binascii.a2b_base64(headers["Wechatpay-Signature"]), signed, _PADDING, _HASH)
        sealed = json.loads(body)["resource"]
        bound, ciphertext = sealed["associated_data"].encode(), binascii.a2b_base64(sealed["ciphertext"])
        json.loads(AESGCM(apiv3_key).decrypt(sealed["nonce"].encode(), ciphertext, bound))
        await asyncio.sleep(0)

    return work


def received(ring: KeyRing) -> Work:
    """Proven, opened and read."""

    async def work(callback: Callback) -> None:
        headers, body = callback
        receive(headers, body, keys=ring, apiv3_key=APIV3_KEY, now=NOW)
        await asyncio.sleep(0)

    return work


def routed(router: Router) -> Work:
    """Proven, opened, read, and led to whoever handles it."""

    async def work(callback: Callback) -> None:
        headers, body = callback
        found, tenants = proving(headers), router._tenants  # noqa: SLF001 - a part of what the router does
        notification = tenants.told(tenants.addressed(None), found, raw(body, MOST_BYTES), now=NOW, window=WINDOW)
        assert occurrence(notification)
        assert router._handlers.of(type(notification.event))  # noqa: SLF001
        await asyncio.sleep(0)

    return work


async def _whole(ring: KeyRing, made: Sequence[Callback]) -> float:
    """CPU microseconds of a callback, from its headers to its acknowledgement."""
    handled = 0
    async with Router(Tenant(APIV3_KEY, keys=ring), clock=lambda: NOW) as router:

        @router.on(pc.CouponSent)
        async def record(_: Notification[pc.CouponSent]) -> None:
            nonlocal handled
            handled += 1

        async def work(callback: Callback) -> None:
            assert (await router.handle(*callback)).status == 204

        spent = await concurrent(work, made, CONCURRENCY)
    assert handled == len(made)
    return spent.cpu_us


async def _measured(effort: Effort) -> dict[str, list[float]]:
    key = crypto.new_private_key()
    ring, made = KeyRing({KEY_ID: key.public_key()}), callbacks(key, effort.callbacks)
    router = Router(Tenant(APIV3_KEY, keys=ring))
    router.on(pc.CouponSent)(print)
    plain: dict[str, Work] = {"bare": bare(key.public_key()), "receive": received(ring), "route": routed(router)}
    costs: dict[str, list[float]] = {"bare": [], "receive": [], "route": [], "router": []}
    for round_number in range(effort.rounds + 1):
        for name in random.sample(list(costs), len(costs)):
            gc.collect()
            cost = (
                await _whole(ring, made)
                if name == "router"
                else (await concurrent(plain[name], made, CONCURRENCY)).cpu_us
            )
            if round_number:  # the first fills the caches
                costs[name].append(cost)
    return costs


def measure(effort: Effort) -> dict[str, Any]:
    """Run the whole benchmark."""
    pinned = pin(1)
    costs = asyncio.run(_measured(effort))
    ratios = {
        name: [mine / base for mine, base in zip(costs[name], costs["bare"], strict=True)]
        for name in ("receive", "route", "router")
    }
    return {
        "benchmark": "notify",
        "about": about("cryptography", "attrs", "cattrs"),
        "effort": attrs.asdict(effort),
        "concurrency": CONCURRENCY,
        "pinned": pinned,
        "cpu_us": {name: attrs.asdict(Spread.of(values)) for name, values in costs.items()},
        "vs_bare": {name: attrs.asdict(Spread.of(values)) for name, values in ratios.items()},
        "of_cost_limit": round(Spread.of(ratios["route"]).median / LIMIT, 4),
        "of_whole_limit": round(Spread.of(ratios["router"]).median / LIMIT, 4),
    }


def table(report: Mapping[str, Any]) -> Iterator[str]:
    """The same for people."""
    yield f"{'':<10} {'CPU us':>8} {'quartiles':>16} {'x bare':>8}"
    for name, cost in report["cpu_us"].items():
        ratio = report["vs_bare"].get(name, {"median": 1.0})["median"]
        yield f"{name:<10} {cost['median']:8.1f} {cost['low']:8.1f}{cost['high']:8.1f} {ratio:8.2f}"
    yield ""
    yield from (f"{name:<20} {report[name]}" for name in ("of_cost_limit", "of_whole_limit"))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_notify", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--quick", action="store_true", help="a second, to see that it runs; the numbers mean nothing")
    arguments = parser.parse_args()
    show(measure(QUICK if arguments.quick else Effort()), table, as_json=arguments.json)


if __name__ == "__main__":
    main()
