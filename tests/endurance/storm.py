"""Calls by the thousand on a way that loses a quarter of them, and what is true of each at the end."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import attrs

from tests.fault_proxy import Fault, FaultProxy
from wxcoupon import Client, Pacer, Partner, RetryPolicy, WxCouponError, busifavor, store
from wxcoupon import product_coupon as pc
from wxcoupon.endpoint import AnyEndpoint, registry
from wxcoupon.errors import ClientStateError
from wxcoupon.sandbox import Keys, Sandbox
from wxcoupon.sandbox.stores import Stores

RATES = dict.fromkeys((Fault.REFUSE, Fault.RESET, Fault.TRUNCATE, Fault.DELAY, Fault.LOSE), 0.05)
CONCURRENCY = 64
TIMEOUT = 1.0
USERS = 200
_FILES = Path("/proc/self/fd")
WECHAT_MAKES_CODES = "100089"
"""The stock the coupons are sent from."""

Ending: TypeAlias = tuple[AnyEndpoint, Any | WxCouponError]
"""A call, and its answer or its error."""


@attrs.define
class Storm:
    """What became of everything.

    Attributes:
        endings: every call with its answer or its error.
        sandbox: the server, whose state is the truth.
        proxy: what arrived, and what was done to it.
        errors: errors of attempts, by their names.
    """

    endings: list[Ending]
    sandbox: Sandbox
    proxy: FaultProxy
    codes: dict[str, None]

    def of(self, kind: type[AnyEndpoint]) -> list[Ending]:
        """The endings of one kind of call."""
        return [ending for ending in self.endings if isinstance(ending[0], kind)]


def open_files() -> Counter[str]:
    """What this process has open, by what it is; sockets all alike. Nothing where that cannot be known."""
    found: Counter[str] = Counter()
    for entry in _FILES.iterdir() if _FILES.is_dir() else ():
        try:
            found[str(entry.readlink()).partition(":")[0]] += 1
        except OSError:  # the directory itself, closed by now
            continue
    return found


def requests(count: int, place: tuple[str, str]) -> Iterator[AnyEndpoint]:
    """Calls of four kinds: most with a number, some without one, some that only read."""
    for number in range(count):
        if number % 10 == 7:
            yield store.CreateBrandStore(
                store_basics=store.StoreBasics(store_reference_id=f"S-{number}", branch_name="天河城店"),
                store_address=store.StoreAddress(address_code="440106", address_detail="天河路208号"),
                store_business=store.StoreBusiness(
                    service_phone="020-81234567", business_hours="周一至周日 09:00-20:00"
                ),
            )
        elif number % 10 == 8:
            yield pc.UploadCouponCodes(
                product_coupon_id=place[0],
                stock_id=place[1],
                out_request_no=f"upload-{number}",
                code_list=[f"C{number}-1", f"C{number}-2"],
            )
        elif number % 10 == 9:
            yield busifavor.GetStock(stock_id=WECHAT_MAKES_CODES)
        else:
            yield busifavor.SendCoupon(
                stock_id=WECHAT_MAKES_CODES,
                openid=f"o-{number % USERS}",
                appid="wx1",
                out_request_no=f"send-{number}",
            )


async def _at_once(client: Client[Partner], source: Iterator[AnyEndpoint], endings: list[Ending]) -> None:
    async def work() -> None:
        for request in source:
            try:
                answer: Any = await client.call(request)
            except ClientStateError:
                raise
            except WxCouponError as error:
                answer = error
            endings.append((request, answer))

    async with asyncio.TaskGroup() as group:
        for _ in range(CONCURRENCY):
            group.create_task(work())


async def storm(count: int, keys: Keys, creation: pc.CreateProductCoupon, seed: int) -> Storm:
    """Make so many calls at once, and wait for the end of all of them."""
    pacer = Pacer(dict.fromkeys(registry()))
    endings: list[Ending] = []
    async with Sandbox(rate_limits="off", keys=keys) as sandbox:
        sandbox.world.add_merchant_stock(WECHAT_MAKES_CODES, max_count=10**6, max_count_per_user=10**6)
        async with Client(sandbox.partner, sandbox.platform_keys, base_url=sandbox.base_url, pacer=pacer) as client:
            created = await client.call(creation)
        assert created.stock is not None
        place = (created.product_coupon_id, created.stock.stock_id)
        async with (
            FaultProxy(sandbox.base_url, RATES, seed=seed, latest=1.2 * TIMEOUT) as proxy,
            Client(
                sandbox.partner,
                sandbox.platform_keys,
                base_url=proxy.base_url,
                pacer=pacer,
                retry=RetryPolicy(base=0.0),
                timeout=TIMEOUT,
            ) as client,
        ):
            await _at_once(client, requests(count, place), endings)
        return Storm(endings, sandbox, proxy, sandbox.world.stocks[place[1]].codes)


async def settled() -> None:
    """Let transports that are closing close."""
    for _ in range(5):
        await asyncio.sleep(0)
    gc.collect()


def stores(sandbox: Sandbox) -> Counter[str]:
    """How many stores there are by each reference."""
    found = (one.parts["store_basics"]["store_reference_id"] for one in sandbox.world.room(Stores).by_id.values())
    return Counter(map(str, found))
