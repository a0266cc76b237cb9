"""A service that is killed while it handles a coupon; started as a process of its own by ``test_stores``.

It says ``claimed`` when its handler runs, and never ends that.
"""

import asyncio
import sys

from tests.notify.callbacks import APIV3_KEY, NOW, Platform, coupon
from wxcoupon import crypto
from wxcoupon import product_coupon as pc
from wxcoupon.notify import Notification, Router, SqliteStore, Tenant


async def main() -> None:
    """Take one callback, and never be done with it."""
    platform = Platform(crypto.new_private_key())
    async with SqliteStore(sys.argv[1]) as store:
        router = Router(Tenant(APIV3_KEY, keys=platform.ring()), store=store, lease=1.5, clock=lambda: NOW)

        @router.on(pc.CouponSent)
        async def record(_: Notification[pc.CouponSent]) -> None:
            print("claimed", flush=True)  # noqa: T201 - for the process that started this one
            await asyncio.Event().wait()

        await router.handle(*platform.told(coupon()))


if __name__ == "__main__":
    asyncio.run(main())
