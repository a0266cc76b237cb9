"""A service of each framework on its real server, with the routes ``/wechat/notify`` and ``/tenants/NAME``."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final

import hypercorn.asyncio
import uvicorn
from aiohttp import web
from fastapi import Depends, FastAPI
from flask import Flask
from flask import request as flask_request
from hypercorn.config import Config
from quart import Quart
from quart import request as quart_request
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from werkzeug.serving import WSGIRequestHandler, make_server

from wxcoupon.notify import Router
from wxcoupon.notify.adapters import aiohttp_web, asgi, django_views, flask_views, quart_views, starlette_web
from wxcoupon.notify.adapters.serving import Needed
from wxcoupon.notify.adapters.threaded import Threaded

NOTIFY: Final = "/wechat/notify"
Serving = Callable[..., AbstractAsyncContextManager[int]]


def bound() -> socket.socket:
    """A socket that listens on a port nobody has."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", 0))
    listening.listen(128)
    return listening


@asynccontextmanager
async def _uvicorn(app: Any, lifespan: Any = "on") -> AsyncIterator[int]:
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan=lifespan, ws="none"))
    with bound() as listening:
        port: int = listening.getsockname()[1]
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield port
        finally:
            server.should_exit = True
            await serving


class _Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the name is werkzeug's
        """Say nothing on the test's terminal."""


@asynccontextmanager
async def _wsgi(app: Any, callbacks: Threaded) -> AsyncIterator[int]:
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Silent)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server.server_port
    finally:
        await asyncio.to_thread(server.shutdown)
        thread.join()
        await asyncio.to_thread(callbacks.close)
        server.server_close()


@asynccontextmanager
async def aiohttp(router: Router, *needed: Needed, peek: bool = False) -> AsyncIterator[int]:
    """aiohttp.web, on its own server."""

    @web.middleware
    async def peeking(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if peek:
            await request.read()
        return await handler(request)

    app, handler = web.Application(middlewares=[peeking]), aiohttp_web.handler(router)
    app.router.add_post(NOTIFY, handler)
    app.router.add_post("/tenants/{tenant}", handler)
    app.cleanup_ctx.append(aiohttp_web.serves(router, *needed))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def _peeking(request: Request, call_next: RequestResponseEndpoint) -> Response:
    await request.body()
    return await call_next(request)


@asynccontextmanager
async def starlette(router: Router, *needed: Needed, peek: bool = False) -> AsyncIterator[int]:
    """Starlette, on uvicorn."""
    endpoint = starlette_web.endpoint(router)
    app = Starlette(
        routes=[Route(path, endpoint, methods=["POST"]) for path in (NOTIFY, "/tenants/{tenant}")],
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=_peeking)] if peek else [],
        lifespan=starlette_web.lifespan(router, *needed),
    )
    async with _uvicorn(app) as port:
        yield port


@asynccontextmanager
async def fastapi(router: Router, *needed: Needed, peek: bool = False) -> AsyncIterator[int]:
    """FastAPI, on uvicorn."""

    async def peeking(request: Request) -> None:
        if peek:
            await request.body()

    app = FastAPI(lifespan=starlette_web.lifespan(router, *needed), dependencies=[Depends(peeking)])
    for path in (NOTIFY, "/tenants/{tenant}"):
        app.post(path)(starlette_web.endpoint(router))
    async with _uvicorn(app) as port:
        yield port


@asynccontextmanager
async def plain_asgi(router: Router, *needed: Needed) -> AsyncIterator[int]:
    """No framework, on uvicorn."""
    async with _uvicorn(asgi.serves(asgi.Callbacks(router), router, *needed)) as port:
        yield port


@asynccontextmanager
async def routed_asgi(router: Router, *needed: Needed) -> AsyncIterator[int]:
    """The application of ASGI behind a route of Starlette, on uvicorn."""
    app = Starlette(
        routes=[Route(path, asgi.Callbacks(router)) for path in (NOTIFY, "/tenants/{tenant}")],
        lifespan=starlette_web.lifespan(router, *needed),
    )
    async with _uvicorn(app) as port:
        yield port


class Peeking:
    """A middleware of Django that reads the body before the view does."""

    async_capable = True
    sync_capable = True

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        from asgiref.sync import iscoroutinefunction, markcoroutinefunction

        self._get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: Any) -> Any:
        """Read it."""
        assert isinstance(request.body, bytes)
        return self._get_response(request)


@asynccontextmanager
async def _django(view: Any, make: str, *, peek: bool) -> AsyncIterator[Any]:
    """An application of Django with the middleware of a new project that such requests pass."""
    from django.conf import settings
    from django.core import asgi as django_asgi
    from django.core import wsgi as django_wsgi
    from django.test.utils import override_settings
    from django.urls import path

    if not settings.configured:
        settings.configure(ALLOWED_HOSTS=["*"], LOGGING_CONFIG=None, SECRET_KEY="throwaway", ROOT_URLCONF=())
    middleware = [
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
    ]
    urls = (path(NOTIFY[1:], view), path("tenants/<str:tenant>", view))
    with override_settings(
        ROOT_URLCONF=urls, MIDDLEWARE=[*(["tests.adapters.services.Peeking"] if peek else []), *middleware]
    ):
        yield django_asgi.get_asgi_application() if make == "asgi" else django_wsgi.get_wsgi_application()


@asynccontextmanager
async def django_async(router: Router, *needed: Needed, peek: bool = False) -> AsyncIterator[int]:
    """Django's async view, on uvicorn."""
    async with (
        _django(django_views.view(router), "asgi", peek=peek) as app,
        _uvicorn(asgi.serves(app, router, *needed)) as port,
    ):
        yield port


@asynccontextmanager
async def django_sync(router: Router, *needed: Needed, peek: bool = False) -> AsyncIterator[int]:
    """Django's view without an event loop, on werkzeug's threads."""
    callbacks = Threaded(router, *needed)
    async with (
        _django(django_views.blocking_view(callbacks), "wsgi", peek=peek) as app,
        _wsgi(app, callbacks) as port,
    ):
        yield port


@asynccontextmanager
async def flask(router: Router, *needed: Needed, peek: bool = False) -> AsyncIterator[int]:
    """Flask, on werkzeug's threads."""
    callbacks, app = Threaded(router, *needed), Flask(__name__)
    view = flask_views.view(callbacks)
    app.add_url_rule(NOTIFY, view_func=view, methods=["POST"])
    app.add_url_rule("/tenants/<tenant>", view_func=view, methods=["POST"])
    if peek:

        @app.before_request
        def peeking() -> None:
            flask_request.get_data()

    async with _wsgi(app, callbacks) as port:
        yield port


@asynccontextmanager
async def quart(router: Router, *needed: Needed, peek: bool = False) -> AsyncIterator[int]:
    """Quart, on hypercorn."""
    app, view = Quart(__name__), quart_views.view(router)
    app.add_url_rule(NOTIFY, view_func=view, methods=["POST"])
    app.add_url_rule("/tenants/<tenant>", view_func=view, methods=["POST"])
    app.while_serving(quart_views.serves(router, *needed))
    if peek:

        @app.before_request
        async def peeking() -> None:
            await quart_request.get_data()

    stop, config = asyncio.Event(), Config()
    listening = bound()
    port: int = listening.getsockname()[1]
    config.bind, config.accesslog, config.errorlog = [f"fd://{listening.detach()}"], None, None
    serving = asyncio.create_task(hypercorn.asyncio.serve(app, config, shutdown_trigger=stop.wait))
    try:
        yield port
    finally:
        stop.set()
        await serving


EVERY: Final[dict[str, Serving]] = {
    "aiohttp": aiohttp,
    "starlette": starlette,
    "fastapi": fastapi,
    "asgi": plain_asgi,
    "django-async": django_async,
    "django-sync": django_sync,
    "flask": flask,
    "quart": quart,
}
CLOSING: Final = {"django-sync", "flask"}
"""Whose server closes every connection behind its answer."""
SPOOLING: Final = {"django-async"}
"""Who takes a whole body before the adapter is asked."""
