"""Callbacks in a service of Quart.

::

    from quart import Quart
    from wxcoupon import Client, product_coupon
    from wxcoupon.notify import Notification, Router, SqliteStore, Tenant
    from wxcoupon.notify.adapters import quart_views

    client, store = Client.from_env(), SqliteStore("claims.db")
    router = Router(Tenant(os.environ["WXCOUPON_APIV3_KEY"], client=client), store=store)

    @router.on(product_coupon.CouponSent)
    async def record(notification: Notification[product_coupon.CouponSent]) -> None: ...

    app = Quart(__name__)
    app.add_url_rule("/wechat/notify", view_func=quart_views.view(router), methods=["POST"])  # or "/wechat/<tenant>"
    app.while_serving(quart_views.serves(router, client, store))
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING

from ..router import Router
from .serving import GRACE, Needed, serving
from .taking import taken, too_large

if TYPE_CHECKING:
    from quart import Request, Response


def view(router: Router) -> Callable[..., Awaitable[Response]]:
    """Make the view of a rule for POST; a ``<tenant>`` in it names the tenant.

    Args:
        router: takes the callbacks.
    """
    from quart import Response, request
    from werkzeug.exceptions import RequestEntityTooLarge

    async def wechat_callback(tenant: str | None = None) -> Response:
        try:
            reply = await taken(router, request.headers, request.content_length, _pieces(request), tenant)
        except RequestEntityTooLarge:  # the application's MAX_CONTENT_LENGTH
            reply = too_large(router)
        response = Response(reply.body, reply.status, dict(reply.headers))
        if not reply.headers:
            del response.headers["Content-Type"]
        return response

    return wechat_callback


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    came = False
    async for piece in request.body:
        came = True
        yield piece
    if not came:
        # Somebody has read it before; Quart keeps that.
        yield await request.get_data(cache=True, as_text=False, parse_form_data=False)


def serves(router: Router, *needed: Needed, seconds: float | None = GRACE) -> Callable[[], AsyncGenerator[None]]:
    """Make what ``app.while_serving`` takes: it opens what is needed, and closes the router and that at the end.

    Args:
        router: waits for the handlers that run.
        needed: what is entered when it begins, in this order, and left then: the client, the store, a confirmer.
        seconds: in which handlers may end; then they are cancelled. None for no end.
    """

    async def span() -> AsyncGenerator[None]:
        async with serving(router, needed, seconds):
            yield

    return span
