"""Signing and verifying, inside aiohttp: over exactly the bytes that leave and the bytes that came.

It is the innermost layer, so the timestamp is taken after all waiting. What stands around it, pace and
repetition, has to know the endpoint, which a middleware does not: that is :mod:`wxcoupon.delivery`'s.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse

from . import wire
from .errors import NoAnswerError, UntrustedAnswer
from .identity import Identity
from .keys import KeyRing


@attrs.define(eq=False)  # aiohttp may cache chains of middlewares by their hash
class Sign:
    """Signs every request, and believes no answer of 200 to 299 that is not signed by WeChat Pay."""

    identity: Identity
    keys: KeyRing
    clock: Callable[[], float] = attrs.field(repr=False)
    nonce: Callable[[], str] = attrs.field(repr=False)

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        """Sign, send, read the whole answer, and verify it.

        Raises:
            UntrustedAnswer: the answer is not proven; one of its subclasses says why.
        """
        payload = request.body
        body = payload if isinstance(payload, bytes) else await payload.as_bytes()
        request.headers["Authorization"] = wire.authorization(
            self.identity,
            request.method,
            request.url.raw_path_qs,
            body,
            timestamp=int(self.clock()),
            nonce=self.nonce(),
        )
        answer = await handler(request)
        raw = await answer.read()
        if 200 <= answer.status < 300:
            try:
                wire.verify(answer.headers, raw, self.keys, now=self.clock())
            except UntrustedAnswer as error:
                error.status = answer.status
                error.request_id = answer.headers.get("Request-ID")
                raise
        return answer


@attrs.define(eq=False)
class Once:
    """Lets one attempt leave once.

    aiohttp itself sends a GET, PUT or DELETE again when a kept connection breaks; what is repeated is for
    :mod:`wxcoupon.retry` alone to say.
    """

    sign: Sign
    left: bool = False

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        """Sign and send, the first time.

        Raises:
            NoAnswerError: this is the second time.
        """
        if self.left:
            raise NoAnswerError("the connection broke before an answer came")
        self.left = True
        return await self.sign(request, handler)
