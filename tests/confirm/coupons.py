"""Coupons on a sandbox for tests to confirm, and what tells of them."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from tests.sandbox.holding import AnyClient, new_stock, of_stock
from tests.sandbox.shapes import APPID
from wxcoupon import RetryPolicy
from wxcoupon import product_coupon as pc
from wxcoupon.confirming import Confirmer
from wxcoupon.notify.receive import Notification, read
from wxcoupon.sandbox import Sandbox
from wxcoupon.sandbox.holdings import UserCoupon
from wxcoupon.sandbox.sendings import send_event

ONCE = RetryPolicy(attempts=1)
"""So that what is repeated is repeated by whom a test looks at."""


class Shop:
    """A stock, and its coupons in users' hands."""

    def __init__(self, sandbox: Sandbox, client: AnyClient, stock: pc.StockEntity) -> None:
        self.sandbox = sandbox
        self.client = client
        self.stock = stock

    @classmethod
    async def open(cls, sandbox: Sandbox, client: AnyClient, number: str = "create_1", **settings: Any) -> "Shop":
        """A new stock."""
        settings = {"mode": "WECHATPAY", **settings}
        return cls(sandbox, client, await new_stock(client, number=number, **settings))

    async def send(self, number: int = 1, **members: Any) -> UserCoupon:
        """Send a coupon to a user."""
        request = pc.SendCoupon(
            openid=f"o-user-{number}",
            send_request_no=f"send_{number:06}",
            appid=APPID,
            **of_stock(self.stock),
            **members,
        )
        return self.coupon((await self.client.call(request)).coupon_code)

    def coupon(self, code: str) -> UserCoupon:
        """A coupon by its code."""
        return self.sandbox.world.coupons[self.sandbox.brand.brand_id, code]

    def state(self, coupon: UserCoupon) -> str:
        """What a coupon is now."""
        return coupon.state(self.sandbox.world.now)


def told(sandbox: Sandbox, coupon: UserCoupon, tenant: str = "", **members: Any) -> Notification[pc.CouponSent]:
    """What the callback of a coupon tells."""
    kind = "PRODUCT_COUPON_SP.SEND" if coupon.stock.owner.subject[0] == "mchid" else "PRODUCT_COUPON.SEND"
    resource: Mapping[str, Any] = {**send_event(sandbox.world, coupon), **members}
    event = read(kind, resource)
    assert isinstance(event, pc.CouponSent)
    return Notification("n-1", kind, "", event, resource, tenant=tenant)


def number_of(coupon: UserCoupon) -> str:
    """The number that a coupon was confirmed under."""
    assert coupon.confirmed is not None
    return coupon.confirmed["confirm_request_no"]


def counted(confirmer: Confirmer) -> dict[str, int]:
    """What was counted, without what was not."""
    return {name: count for name, count in attrs.asdict(confirmer.counts).items() if count}


async def until(holds: Callable[[], object], within: float = 30.0) -> None:
    """Wait until something holds that nobody can be awaited for."""
    async with asyncio.timeout(within):
        while not holds():  # noqa: ASYNC110 - another process does it, or what has no event to tell
            await asyncio.sleep(0.005)
