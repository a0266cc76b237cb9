"""A sandbox in a process of its own, with a stock that takes as many codes as there are."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import aiohttp
import attrs

from wxcoupon import Client, Pacer, Partner
from wxcoupon import product_coupon as pc

ROOM: Final = 100_000_000
"""The documented most of ``max_count``."""


@attrs.frozen
class Place:
    """Where codes go.

    Attributes:
        name: of the server.
        base_url: its address.
        partner: who uploads.
        platform_keys: what its answers verify with.
        product_coupon_id: the product coupon.
        stock_id: its stock.
    """

    name: str
    base_url: str
    partner: Partner
    platform_keys: dict[str, Any]
    product_coupon_id: str
    stock_id: str

    def client(self, **options: Any) -> Client[Partner]:
        """A client that is not held to the documented rates."""
        return Client(self.partner, self.platform_keys, base_url=self.base_url, pacer=unpaced(), **options)


def unpaced() -> Pacer:
    """A pacer that lets every call of these benchmarks go at once."""
    return Pacer(rates={pc.UploadCouponCodes.name: None})


@contextmanager
def sandbox(core: int | None) -> Generator[tuple[str, Partner, dict[str, Any]]]:
    """Run ``wxcoupon sandbox`` without rate limits while the block lasts.

    Args:
        core: the core to keep it on; None for any.

    Yields:
        Its address, a partner it knows, and the keys its answers verify with.
    """
    with tempfile.TemporaryDirectory(prefix="wxcoupon-bench-") as directory:
        command = [sys.executable, "-m", "wxcoupon", "sandbox", "--rate-limits", "off", "--dir", directory]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            try:
                line = process.stdout.readline()
                if not line:
                    raise SystemExit("wxcoupon sandbox did not start; its message is above")
                if core is not None:
                    os.sched_setaffinity(process.pid, {core})
                lines = Path(directory, "partner.env").read_text().splitlines()
                settings = dict(setting.split("=", 1) for setting in lines if "=" in setting)
                partner = Partner(
                    mchid=settings["WXCOUPON_MCHID"],
                    serial_no=settings["WXCOUPON_SERIAL_NO"],
                    private_key=Path(settings["WXCOUPON_PRIVATE_KEY_FILE"]),
                    brand_id=settings["WXCOUPON_BRAND_ID"],
                )
                keys = {settings["WXCOUPON_PLATFORM_KEY_ID"]: Path(settings["WXCOUPON_PLATFORM_KEY_FILE"])}
                yield json.loads(line)["base_url"], partner, keys
            finally:
                with suppress(ProcessLookupError):
                    process.terminate()


async def stocked(base_url: str, partner: Partner, platform_keys: dict[str, Any]) -> Place:
    """Create a product coupon whose stock takes uploaded codes."""
    begin = datetime.now(UTC).replace(microsecond=0)
    async with Client(partner, platform_keys, base_url=base_url) as client:
        created = await client.call(
            pc.CreateProductCoupon(
                out_request_no=f"bench-{secrets.token_hex(8)}",
                scope=pc.ProductCouponScope.ALL,
                type=pc.ProductCouponType.NORMAL,
                usage_mode=pc.UsageMode.SINGLE,
                single_usage_info=pc.SingleUsageInfo(
                    normal_coupon=pc.NormalCouponUsageRule(threshold=10000, discount_amount=1000)
                ),
                display_info=pc.ProductCouponDisplayInfo(
                    name="满100元减10元",
                    image_url="https://wxpaylogo.qpic.cn/wxpaylogo/bench/head",
                    background_url="https://wxpaylogo.qpic.cn/wxpaylogo/bench/background",
                ),
                stock=pc.StockForCreate(
                    coupon_code_mode=pc.CouponCodeMode.UPLOAD,
                    stock_send_rule=pc.StockSendRule(max_count=ROOM, max_count_per_user=1),
                    single_usage_rule=pc.SingleUsageRule(
                        coupon_available_period=pc.CouponAvailablePeriod(
                            available_begin_time=begin, available_end_time=begin + timedelta(days=30)
                        )
                    ),
                    usage_rule_display_info=pc.UsageRuleDisplayInfo(
                        coupon_usage_method_list=[pc.CouponUsageMethod.OFFLINE], usage_description="全场可用"
                    ),
                    coupon_display_info=pc.CouponDisplayInfo(code_display_mode=pc.CouponCodeDisplayMode.QRCODE),
                    notify_config=pc.NotifyConfig(notify_appid="wx1234567890abcdef"),
                    store_scope=pc.StockStoreScope.NONE,
                ),
            )
        )
    assert created.stock
    return Place("sandbox", base_url, partner, platform_keys, created.product_coupon_id, created.stock.stock_id)


async def held(place: Place) -> int:
    """How many codes the sandbox itself says its stock holds."""
    async with aiohttp.ClientSession() as session, session.get(f"{place.base_url}/_sandbox/state") as response:
        state = await response.json()
    return sum(stock["total_count"] for stock in state["stocks"] if stock["stock_id"] == place.stock_id)
