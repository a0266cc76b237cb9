"""Callbacks in a service of FastAPI or Starlette.

::

    from fastapi import FastAPI
    from wxcoupon import Client, product_coupon
    from wxcoupon.notify import Notification, Router, SqliteStore, Tenant
    from wxcoupon.notify.adapters import starlette_web

    client, store = Client.from_env(), SqliteStore("claims.db")
    router = Router(Tenant(os.environ["WXCOUPON_APIV3_KEY"], client=client), store=store)

    @router.on(product_coupon.CouponSent)
    async def record(notification: Notification[product_coupon.CouponSent]) -> None: ...

    app = FastAPI(lifespan=starlette_web.lifespan(router, client, store))
    app.post("/wechat/notify")(starlette_web.endpoint(router))  # or "/wechat/{tenant}"

In Starlette the route is ``Route("/wechat/notify", starlette_web.endpoint(router), methods=["POST"])``.

A body model of FastAPI would not do: the signature is over the bytes, which a model no longer has.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any

from .. import replies
from ..router import Router
from .serving import GRACE, Needed, serving
from .taking import taken

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


def endpoint(router: Router) -> Callable[[Request], Awaitable[Response]]:
    """Make the endpoint of a route for POST; a ``{tenant}`` in its path names the tenant.

    Args:
        router: takes the callbacks.
    """
    from starlette.requests import ClientDisconnect, Request
    from starlette.responses import Response

    async def callback(request: Request) -> Response:
        headers = request.headers
        try:
            reply = await taken(
                router,
                headers.raw,
                headers.get("content-length"),
                request.stream(),
                request.path_params.get("tenant"),
            )
        except ClientDisconnect:
            reply = replies.UNREADABLE  # nobody is there to read it
        return Response(reply.body, reply.status, reply.headers)

    callback.__annotations__ = {"request": Request, "return": Response}  # FastAPI reads them as they are
    return callback


def lifespan(
    router: Router, *needed: Needed, seconds: float | None = GRACE
) -> Callable[[Any], AbstractAsyncContextManager[None]]:
    """Make the application's ``lifespan``: it opens what is needed, and closes the router and that at the end.

    An application that has a lifespan already enters this one in it: ``async with lifespan(router, client)(app):``.

    Args:
        router: waits for the handlers that run.
        needed: what is entered when it begins, in this order, and left then: the client, the store, a confirmer.
        seconds: in which handlers may end; then they are cancelled. None for no end.
    """

    @asynccontextmanager
    async def span(_app: Any) -> AsyncGenerator[None, None]:
        async with serving(router, needed, seconds):
            yield

    return span
