"""What the core's tests share: a product coupon with a stock that takes uploaded codes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import datetime, timedelta, timezone
from itertools import count
from typing import Any

import pytest

from tests.core.certified import Clock
from tests.sandbox_thread import running
from wxcoupon import Client, Pacer
from wxcoupon import product_coupon as pc
from wxcoupon.sandbox import Sandbox
from wxcoupon.sandbox.callers import Keys

_NUMBERS = count(1)


def new_upload_coupon(number: str, max_count: int = 100_000) -> pc.CreateProductCoupon:
    """A product coupon of 10 yuan off 100, whose first stock takes uploaded codes."""
    now = datetime.now(timezone(timedelta(hours=8))).replace(microsecond=0)
    period = pc.CouponAvailablePeriod(available_begin_time=now, available_end_time=now + timedelta(days=30))
    return pc.CreateProductCoupon(
        out_request_no=number,
        scope=pc.ProductCouponScope.ALL,
        type=pc.ProductCouponType.NORMAL,
        usage_mode=pc.UsageMode.SINGLE,
        single_usage_info=pc.SingleUsageInfo(
            normal_coupon=pc.NormalCouponUsageRule(threshold=10_000, discount_amount=1_000)
        ),
        display_info=pc.ProductCouponDisplayInfo(
            name="满100减10", image_url="https://wxpaylogo.qpic.cn/i", background_url="https://wxpaylogo.qpic.cn/b"
        ),
        stock=pc.StockForCreate(
            coupon_code_mode=pc.CouponCodeMode.UPLOAD,
            stock_send_rule=pc.StockSendRule(max_count=max_count, max_count_per_user=5),
            single_usage_rule=pc.SingleUsageRule(coupon_available_period=period),
            usage_rule_display_info=pc.UsageRuleDisplayInfo(
                coupon_usage_method_list=[pc.CouponUsageMethod.OFFLINE], usage_description="工作日可用"
            ),
            coupon_display_info=pc.CouponDisplayInfo(code_display_mode=pc.CouponCodeDisplayMode.QRCODE),
            notify_config=pc.NotifyConfig(notify_appid="wx1234567890abcdef"),
            store_scope=pc.StockStoreScope.NONE,
        ),
    )


def own_tasks() -> set[asyncio.Task[Any]]:
    """The tasks under way, without those that the sandbox's HTTP server keeps for each connection."""
    return {task for task in asyncio.all_tasks() if "RequestHandler" not in repr(task.get_coro())}


@pytest.fixture
def upload_stock(sandbox: Sandbox) -> Callable[..., Awaitable[tuple[str, str]]]:
    """Make a product coupon as an identity; gives the ids of it and of its stock."""

    async def make(identity: Any, where: Sandbox = sandbox) -> tuple[str, str]:
        async with Client(identity, where.platform_keys, base_url=where.base_url, pacer=Pacer()) as client:
            created = await client.call(new_upload_coupon(f"create-{next(_NUMBERS):06}"))
        assert created.stock is not None
        return created.product_coupon_id, created.stock.stock_id

    return make


@pytest.fixture
def sandbox_in_thread(keys: Keys) -> Iterator[Sandbox]:
    """A sandbox for tests that have no loop."""
    with running(Sandbox(rate_limits="off", keys=keys)) as sandbox:
        yield sandbox


@pytest.fixture
def clock() -> Clock:
    """The time of a sandbox with certificates, and of its rings and clients."""
    return Clock()


@pytest.fixture
async def certified(keys: Keys, clock: Clock) -> AsyncIterator[Sandbox]:
    """A sandbox whose answers are signed with certificates."""
    async with Sandbox(rate_limits="off", keys=keys, mode="certificate", clock=clock) as sandbox:
        yield sandbox
