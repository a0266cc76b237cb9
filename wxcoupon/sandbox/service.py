"""A request in, a signed answer out: the routes of every declared endpoint, for every identity that may call.

A request passes the gate (:mod:`.gate`), then its request number is looked up (:mod:`.numbers`), then its handler
acts on the world (:mod:`.handlers`), and whatever comes of it is signed. Between reading a request and signing its
answer nothing else runs, so requests that arrive together are carried out one after the other.
"""

from __future__ import annotations

import uuid
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias

import attrs
from aiohttp import web

from .. import jsontext
from ..endpoint import AnyEndpoint, registry
from ..identity import Identity
from ..model import Items, hints, marks
from . import flow_files
from .certificates import Signers
from .control import PREFIX, control
from .gate import Gate, Knock, Way
from .handlers import Asked, Handler, handlers
from .numbers import RequestNumbers
from .refusals import Refusal
from .trouble import Failure, Trouble
from .world import World

_Serve: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
_Ways: TypeAlias = dict[tuple[str, str], Way]


def ways() -> _Ways:
    """Every method and path of every declared endpoint, with what answers it and who may use it.

    Raises:
        TypeError: a declared endpoint has no handler.
    """
    declared = registry()
    found: dict[tuple[str, str], tuple[str, set[type[Identity]]]] = {}
    for name, request in declared.items():
        for kind in request.route.callers:
            place = (request.route.method, kind.path(request.route.path))
            found.setdefault(place, (name, set()))[1].add(kind)
    acts = handlers(declared)
    return {
        place: Way(declared[name], acts[name], frozenset(kinds), _most_repeats(declared[name], acts[name]))
        for place, (name, kinds) in found.items()
    }


def _most_repeats(request: type[AnyEndpoint], handler: Handler) -> int:
    if handler.repeats is None:
        return 0
    return next(mark.max or 0 for mark in marks(hints(request)[handler.repeats]) if isinstance(mark, Items))


@attrs.frozen
class Arrival:
    """A request that passed the gate.

    Attributes:
        name: the endpoint's name, ``family.snake_case``.
        caller: ``merchant``, ``partner`` or ``brand``.
        members: its members under their wire names, from path, query, headers and body; a partner's brand_id too.
    """

    name: str
    caller: str
    members: Mapping[str, Any] = attrs.field(repr=False)


_REMEMBERED: Final = 100
_LARGEST_BODY: Final = 1024 * 1024
_LARGEST_FORM: Final = 16 * 1024 * 1024
"""Bytes: more than any image that is taken, so that a larger one is refused by the rules for images."""


class Service:
    """Answers requests.

    Attributes:
        arrivals: the last hundred requests that passed the gate.
        requests: how many came to each endpoint, by its name.
        refused: how many answers were errors, by symbolic code.
    """

    def __init__(self, world: World, gate: Gate, signers: Signers, trouble: Trouble) -> None:
        self._world = world
        self._gate = gate
        self._signers = signers
        self._trouble = trouble
        self._numbers = RequestNumbers()
        self.arrivals: deque[Arrival] = deque(maxlen=_REMEMBERED)
        self.requests: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    def application(self) -> web.Application:
        """Make the application that serves every declared endpoint."""
        app = web.Application(middlewares=[self._answer], client_max_size=_LARGEST_FORM)
        for (method, path), way in ways().items():
            app.router.add_route(method, path, self._served(way))
        app.router.add_route("GET", flow_files.PATH, self._file)
        return app

    def _served(self, way: Way) -> _Serve:
        async def serve(request: web.Request) -> web.StreamResponse:
            self.requests[way.request.name] += 1
            body = await request.read()
            if len(body) > _LARGEST_BODY and not way.request.route.form:
                raise web.HTTPRequestEntityTooLarge(_LARGEST_BODY, len(body))
            knock = Knock(request.method, request.raw_path, request.headers, dict(request.match_info), body)
            asked = attrs.evolve(self._gate.admit(way, knock), origin=f"{request.scheme}://{request.host}")
            named = {} if asked.owner is None else asked.owner.shown
            self.arrivals.append(Arrival(way.request.name, asked.identity.kind, {**asked.data, **named}))
            failure = self._trouble.next_failure()
            if failure is None:
                reply = self._trouble.next_reply()
                if reply is not None:
                    return self._signed(request, reply.body)
                return self._signed(request, self._act(way.handler, asked))
            if failure.after_effect:
                self._act(way.handler, asked)
            return self._failed(failure, request)

        return serve

    async def _file(self, request: web.Request) -> web.StreamResponse:
        """Serve the file of a link: asked for with a signature, and answered without one."""
        knock = Knock(request.method, request.raw_path, request.headers, {}, await request.read())
        reader = self._gate.recognise(knock).subject
        failure = self._trouble.next_failure()
        if failure is not None:
            return self._failed(failure, request)
        content = flow_files.fetch(self._world, reader, request.query.get("token", ""))
        return web.Response(body=content, content_type="text/csv", charset="utf-8")

    def _failed(self, failure: Failure, request: web.Request) -> web.Response:
        """Let a request fail, as was asked for.

        Raises:
            Refusal: that is what was asked for.
        """
        if failure.refusal is not None:
            raise failure.refusal
        if request.transport is not None:
            request.transport.abort()
        return web.Response()  # nobody is there to read it

    def _act(self, handler: Handler, asked: Asked) -> bytes:
        """Carry a request out, or find what it was answered before; the answer's body, empty for 204."""
        number = self._numbers.find(asked, handler)
        if number.answer is not None:
            return number.answer
        answer = handler.act(self._world, asked)
        body = b"" if answer is None else jsontext.dump(answer)
        self._numbers.remember(number, body if handler.replays else b"")
        return body

    @web.middleware
    async def _answer(self, request: web.Request, handler: _Serve) -> web.StreamResponse:
        if request.path.startswith(PREFIX):
            return await control(request, handler)
        try:
            return await handler(request)
        except Refusal as refusal:
            return self._refusal(request, refusal)
        except web.HTTPNotFound:
            return self._refusal(request, Refusal(404, "NOT_FOUND", "there is no such path"))
        except web.HTTPException as refused:
            return self._refusal(request, Refusal(refused.status, "INVALID_REQUEST", refused.reason))

    def _refusal(self, request: web.Request, refusal: Refusal) -> web.Response:
        self.refused[refusal.code] += 1
        return self._signed(request, jsontext.dump(refusal.body), refusal.status, refusal.numeric, refusal.headers)

    def _signed(
        self,
        request: web.Request,
        body: bytes,
        status: int = 200,
        numeric: str | None = None,
        further: Mapping[str, str] | None = None,
    ) -> web.Response:
        request_id = uuid.uuid4().hex.upper()
        named, of_brand = request.headers.get("Wechatpay-Serial"), request.path.startswith("/brand/")
        signer = self._signers.choose(named, self._world.now, certified=not of_brand)
        headers = self._trouble.sign(signer, body, self._world.now)
        headers["Request-ID"] = request_id if numeric is None else f"{request_id}-{numeric}"
        headers |= further or {}
        if not body:
            return web.Response(status=204, headers=headers)
        return web.Response(body=body, status=status, headers=headers, content_type="application/json")
