"""Callbacks in a service of Django: an async view under ASGI, and one without an event loop under WSGI.

Under ASGI, in ``urls.py``, but for the last line, which is ``asgi.py``'s::

    from wxcoupon import Client, product_coupon
    from wxcoupon.notify import Notification, Router, SqliteStore, Tenant
    from wxcoupon.notify.adapters import asgi, django_views

    client, store = Client.from_env(), SqliteStore("claims.db")
    router = Router(Tenant(settings.WXCOUPON_APIV3_KEY, client=client), store=store)

    @router.on(product_coupon.CouponSent)
    async def record(notification: Notification[product_coupon.CouponSent]) -> None:
        await Coupon.objects.aget_or_create(code=notification.event.coupon_code)

    urlpatterns = [path("wechat/notify", django_views.view(router))]  # or "wechat/<str:tenant>"

    application = asgi.serves(get_asgi_application(), router, client, store)

Under WSGI, in ``urls.py`` alone, with :class:`.threaded.Threaded` around the same router::

    @router.on(product_coupon.CouponSent)
    def record(notification: Notification[product_coupon.CouponSent]) -> None:
        close_old_connections()  # a handler is no request, so Django does not do it
        Coupon.objects.get_or_create(code=notification.event.coupon_code)

    urlpatterns = [path("wechat/notify", django_views.blocking_view(Threaded(router, client, store)))]

Both views are exempt from the protection against forged forms, which asks for a token that WeChat Pay has not; the
signature is the protection. Under ASGI, Django itself has put the whole body into a temporary file before a view is
called, so there the server or the proxy before it has to limit what is uploaded, or :class:`.asgi.Callbacks` is served
beside Django.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from ...errors import ConfigurationError
from ..replies import Reply
from ..router import Router
from . import taking
from .threaded import Threaded


def view(router: Router) -> Callable[..., Awaitable[Any]]:
    """Make the async view of a path; a ``<str:tenant>`` in it names the tenant.

    Args:
        router: takes the callbacks. The view raises ConfigurationError when it is called under WSGI, where every
            request has another event loop.
    """
    from django.http import HttpResponseNotAllowed
    from django.views.decorators.csrf import csrf_exempt

    async def wechat_callback(request: Any, tenant: str | None = None) -> Any:
        if not hasattr(request, "scope"):
            raise ConfigurationError("this view needs ASGI; under WSGI take blocking_view(Threaded(router))")
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        body = taking.read(router, request.META.get("CONTENT_LENGTH"), request.read)
        reply = taking.too_large(router) if body is None else await router.handle(request.META, body, tenant)
        return _response(reply)

    exempt: Callable[..., Awaitable[Any]] = csrf_exempt(wechat_callback)
    return exempt


def blocking_view(callbacks: Threaded) -> Callable[..., Any]:
    """Make the view of a path under WSGI; a ``<str:tenant>`` in it names the tenant.

    Args:
        callbacks: the router in its loop. It closes itself when the interpreter ends, or by ``callbacks.close()``.
    """
    from django.http import HttpResponseNotAllowed
    from django.views.decorators.csrf import csrf_exempt

    def wechat_callback(request: Any, tenant: str | None = None) -> Any:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        meta = request.META
        # Django reads nothing where no length is announced; a server that finds the end itself says so.
        chunked = not meta.get("CONTENT_LENGTH") and meta.get("wsgi.input_terminated")
        reading = meta["wsgi.input"].read if chunked else request.read
        body = taking.read(callbacks.router, meta.get("CONTENT_LENGTH"), reading)
        return _response(taking.too_large(callbacks.router) if body is None else callbacks.handle(meta, body, tenant))

    exempt: Callable[..., Any] = csrf_exempt(wechat_callback)
    return exempt


def _response(reply: Reply) -> Any:
    from django.http import HttpResponse

    response = HttpResponse(reply.body, status=reply.status, headers=reply.headers)
    if not reply.headers:
        del response["Content-Type"]
    return response
