"""Callbacks in a service of aiohttp.web.

::

    from aiohttp import web
    from wxcoupon import Client, product_coupon
    from wxcoupon.notify import Notification, Router, SqliteStore, Tenant
    from wxcoupon.notify.adapters import aiohttp_web

    client, store = Client.from_env(), SqliteStore("claims.db")
    router = Router(Tenant(os.environ["WXCOUPON_APIV3_KEY"], client=client), store=store)

    @router.on(product_coupon.CouponSent)
    async def record(notification: Notification[product_coupon.CouponSent]) -> None: ...

    app = web.Application()
    app.router.add_post("/wechat/notify", aiohttp_web.handler(router))  # or "/wechat/{tenant}"
    app.cleanup_ctx.append(aiohttp_web.serves(router, client, store))
    web.run_app(app)

The router's ``most_bytes`` bounds a body; the application's ``client_max_size`` does not count here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING

from .. import replies
from ..router import Router
from .serving import GRACE, Needed, serving
from .taking import taken

if TYPE_CHECKING:
    from aiohttp import web


def handler(router: Router) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Make the handler of a route for POST; a ``{tenant}`` in its path names the tenant.

    Args:
        router: takes the callbacks.
    """
    from aiohttp import ClientError, web

    async def callback(request: web.Request) -> web.Response:
        try:
            reply = await taken(
                router,
                request.headers,
                request.content_length,
                _pieces(request),
                request.match_info.get("tenant"),
            )
        except (OSError, ClientError, web.RequestPayloadError):
            reply = replies.UNREADABLE  # its body breaks off: nobody is there to read it
        return web.Response(status=reply.status, headers=reply.headers, body=reply.body)

    return callback


async def _pieces(request: web.Request) -> AsyncIterator[bytes]:
    if request.content.at_eof():
        yield await request.read()  # a middleware has read it; aiohttp keeps that
    async for piece in request.content.iter_any():
        yield piece


def serves(
    router: Router, *needed: Needed, seconds: float | None = GRACE
) -> Callable[[web.Application], AsyncIterator[None]]:
    """Make what ``app.cleanup_ctx`` takes: it opens what is needed, and closes the router and that at the end.

    Args:
        router: waits for the handlers that run.
        needed: what is entered when it begins, in this order, and left then: the client, the store, a confirmer.
        seconds: in which handlers may end; then they are cancelled. None for no end.
    """

    async def context(_app: web.Application) -> AsyncIterator[None]:
        async with serving(router, needed, seconds):
            yield

    return context
