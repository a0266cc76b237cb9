"""Callbacks in a service of Flask.

::

    from flask import Flask
    from wxcoupon import Client, product_coupon
    from wxcoupon.notify import Notification, Router, SqliteStore, Tenant
    from wxcoupon.notify.adapters import flask_views
    from wxcoupon.notify.adapters.threaded import Threaded

    client, store = Client.from_env(), SqliteStore("claims.db")
    router = Router(Tenant(os.environ["WXCOUPON_APIV3_KEY"], client=client), store=store)

    @router.on(product_coupon.CouponSent)
    def record(notification: Notification[product_coupon.CouponSent]) -> None: ...

    app = Flask(__name__)
    view = flask_views.view(Threaded(router, client, store))
    app.add_url_rule("/wechat/notify", view_func=view, methods=["POST"])  # or "/wechat/<tenant>"

The router's ``most_bytes`` bounds a body; the application's ``MAX_CONTENT_LENGTH`` does not count here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .taking import exceeds, limit, too_large
from .threaded import Threaded

if TYPE_CHECKING:
    from flask import Request, Response


def view(callbacks: Threaded) -> Callable[..., Response]:
    """Make the view of a rule for POST; a ``<tenant>`` in it names the tenant.

    Args:
        callbacks: the router in its loop. It closes itself when the interpreter ends, or by ``callbacks.close()``.
    """
    from flask import Response, request

    def wechat_callback(tenant: str | None = None) -> Response:
        body = _read(request, limit(callbacks.router))
        reply = too_large(callbacks.router) if body is None else callbacks.handle(request.environ, body, tenant)
        response = Response(reply.body, reply.status, reply.headers)
        if not reply.headers:
            del response.headers["Content-Type"]
        return response

    return wechat_callback


def _read(request: Request, most: int) -> bytes | None:
    if exceeds(request.content_length, most):
        return None
    request.max_content_length = most + 1  # a body without a length is cut off there, and nothing is raised
    body = request.get_data()
    return body if len(body) <= most else None
