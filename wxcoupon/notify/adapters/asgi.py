"""Callbacks as an application of ASGI: for any server of ASGI, by itself or within any framework that mounts one.

::

    from wxcoupon import Client, product_coupon
    from wxcoupon.notify import Notification, Router, SqliteStore, Tenant
    from wxcoupon.notify.adapters import asgi

    client, store = Client.from_env(), SqliteStore("claims.db")
    router = Router(Tenant(os.environ["WXCOUPON_APIV3_KEY"], client=client), store=store)

    @router.on(product_coupon.CouponSent)
    async def record(notification: Notification[product_coupon.CouponSent]) -> None: ...

    app = asgi.serves(asgi.Callbacks(router), router, client, store)  # uvicorn service:app

Framework-free, it answers on every path. Behind a router of Starlette's kind the path parameter ``tenant`` names the
tenant.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any, Final, TypeAlias

from ..replies import Reply
from ..router import Router
from .serving import GRACE, Needed, serving
from .taking import taken

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

_NOT_POST: Final = Reply(405, {"Allow": "POST"})


class _Gone(Exception):  # noqa: N818 - it is no error
    """The other side closed the connection before its body was there."""


class Callbacks:
    """An application that takes callbacks, and nothing but POST.

    Args:
        router: takes the callbacks.
    """

    def __init__(self, router: Router) -> None:
        self._router = router

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, as ASGI 3 has it."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1000})
            return
        if scope["method"] != "POST":
            await _write(send, _NOT_POST)
            return
        headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
        length = next((value.decode("latin-1") for name, value in headers if name == b"content-length"), None)
        parameters: Mapping[str, Any] = scope.get("path_params") or {}
        try:
            reply = await taken(self._router, headers, length, _pieces(receive), parameters.get("tenant"))
        except _Gone:
            return
        await _write(send, reply)


async def _pieces(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        yield message.get("body", b"")
        more = message.get("more_body", False)


async def _write(send: Send, reply: Reply) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in reply.headers.items()]
    if reply.status not in {204, 304}:
        headers.append((b"content-length", str(len(reply.body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


def serves(app: Application, router: Router, *needed: Needed, seconds: float | None = GRACE) -> Application:
    """Wrap an application that knows no lifespan, as :class:`Callbacks` and Django's, so that it ends in order.

    Args:
        app: serves the requests.
        router: closed when the server stops; it waits for the handlers that run.
        needed: what is entered when it begins, in this order, and left then: the client, the store, a confirmer.
        seconds: in which handlers may end; then they are cancelled. None for no end.

    Returns:
        What the server is given. It has to have its lifespan events on, as is usual.
    """

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return
        await receive()  # lifespan.startup
        async with serving(router, needed, seconds):  # what is raised here ends the server with its cause
            await send({"type": "lifespan.startup.complete"})
            await receive()  # lifespan.shutdown
        await send({"type": "lifespan.shutdown.complete"})

    return wrapped
