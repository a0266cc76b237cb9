"""Looking into a sandbox from another process: unsigned routes under ``/_sandbox``, for callers of this machine only.

``GET /_sandbox/state``
    What there is and what was asked, as one JSON object::

        {"product_coupons": 1,
         "stocks": [{"stock_id", "product_coupon_id", "coupon_code_mode", "state", "max_count",
                     "total_count", "available_count", "sent_count"}],
         "merchant_stocks": [{"stock_id", "coupon_code_mode", "max_count", "sent_count"}],
         "tokens": 3, "coupons": {"CONFIRMING": 1}, "merchant_coupons": 0,
         "requests": {"product_coupon.create_product_coupon": 1}, "refused": {"RATELIMIT_EXCEEDED": 2},
         "callbacks": {"delivered": 1, "pending": 0, "given_up": 0}}

    ``total_count`` are the codes uploaded to a stock, ``available_count`` those no user has; ``tokens`` all tokens
    made; ``requests`` all requests of an endpoint's path, ``refused`` those of them answered with an error, by code.
``GET /_sandbox/stocks/{stock_id}/codes``
    The codes uploaded to a stock, in order, as one JSON list; 404 for a stock that is not there.
``POST /_sandbox/claim`` with ``{"token": "…"}``
    Play the user who taps "receive"; what :meth:`Sandbox.claim` returns, or a refusal with ``code`` and
    ``message``.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from aiohttp import web

from .refusals import Refusal

if TYPE_CHECKING:
    from .server import Sandbox

PREFIX: Final = "/_sandbox/"


def add_control_routes(app: web.Application, sandbox: Sandbox) -> None:
    """Serve the routes of this module."""

    async def state(_: web.Request) -> web.Response:
        return web.json_response(sandbox.state())

    async def codes(request: web.Request) -> web.Response:
        stock = sandbox.world.stocks.get(request.match_info["stock_id"])
        if stock is None:
            raise Refusal(404, "NOT_FOUND", "there is no such stock")
        return web.json_response(list(stock.codes))

    async def claim(request: web.Request) -> web.Response:
        try:
            token = (await request.json())["token"]
        except (ValueError, TypeError, KeyError):
            raise Refusal(400, "PARAM_ERROR", 'send {"token": "…"}') from None
        return web.json_response(await sandbox.claim(str(token)))

    app.router.add_route("GET", f"{PREFIX}state", state)
    app.router.add_route("GET", f"{PREFIX}stocks/{{stock_id}}/codes", codes)
    app.router.add_route("POST", f"{PREFIX}claim", claim)


async def control(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer a control route: to callers of this machine, unsigned."""
    if not _is_local(request):
        return web.Response(status=404)
    try:
        return await handler(request)
    except Refusal as refusal:
        return web.json_response(refusal.body, status=refusal.status)


def _is_local(request: web.Request) -> bool:
    try:
        return ipaddress.ip_address(request.remote or "").is_loopback
    except ValueError:
        return False
