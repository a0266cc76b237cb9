"""A callback service that is killed and started again; run by ``test_kills`` as a process of its own.

It keeps what a service has in memory ready, and makes a process of it for each line it is given. The process takes
callbacks, records coupons and confirms them until it is killed; it says its number when it listens.
"""

# ruff: noqa: T201 - what it says is for the process that started this one

import asyncio
import json
import os
import sqlite3
import sys
from pathlib import Path
from typing import Any

from aiohttp import web

from wxcoupon import Client, KeyRing, Pacer, RetryPolicy
from wxcoupon import product_coupon as pc
from wxcoupon.confirming import Confirmer
from wxcoupon.endpoint import registry
from wxcoupon.identity import Identity
from wxcoupon.notify import Notification, Router, SqliteStore, Tenant
from wxcoupon.settings import Settings

LEASE = 0.4
"""Seconds after which what the process before had is taken up."""


async def serve(said: dict[str, Any], identity: Identity, keys: KeyRing) -> None:
    """Take callbacks until the end."""
    folder = Path(said["folder"])
    async with (
        Client(
            identity,
            keys,
            base_url=said["base_url"],
            pacer=Pacer(dict.fromkeys(registry())),
            retry=RetryPolicy(base=0.05),
        ) as client,
        SqliteStore(folder / "claims") as store,
        Confirmer(client, folder / "ledger", lease=LEASE, pause=0.05) as confirmer,
        Router(Tenant(said["apiv3_key"], client=client), store=store, lease=LEASE) as router,
    ):

        @router.on(pc.CouponSent)
        def record(notification: Notification[pc.CouponSent]) -> None:
            with sqlite3.connect(folder / "shop") as shop:
                shop.execute("INSERT INTO coupons VALUES (?) ON CONFLICT DO NOTHING", (notification.event.coupon_code,))
            shop.close()

        confirmer.attach(router)

        async def take(request: web.Request) -> web.Response:
            reply = await router.handle(request.headers, await request.read())
            return web.Response(status=reply.status, headers=reply.headers, body=reply.body)

        app = web.Application()
        app.router.add_post("/notify", take)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", said["port"], reuse_address=True).start()
        print(os.getpid(), flush=True)
        await asyncio.Event().wait()


def main() -> None:
    """Start the service whenever it is asked for, one at a time."""
    said = json.loads(sys.argv[1])
    registry()
    settings = Settings.load()
    identity, keys = settings.who(), settings.keys()
    print("ready", flush=True)
    while sys.stdin.readline():
        pid = os.fork()
        if pid == 0:
            asyncio.run(serve(said, identity, keys))
        os.waitpid(pid, 0)
        print("gone", flush=True)


if __name__ == "__main__":
    main()
