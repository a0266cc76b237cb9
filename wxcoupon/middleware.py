"""Signing and verifying, inside aiohttp: over exactly the bytes that leave and the bytes that came.

It is the innermost layer, so the timestamp is taken after all waiting. What stands around it, pace and
repetition, has to know the endpoint, which a middleware does not: that is :mod:`wxcoupon.delivery`'s.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import attrs
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse
from aiohttp.payload import BytesIOPayload

from . import wire
from .errors import NoAnswerError, UntrustedAnswer
from .identity import Identity
from .keys import KeyRing


class SignedApart(BytesIOPayload):
    """A body of which only a part is signed, as of a form with an image."""

    def __init__(self, body: bytes, signed: bytes) -> None:
        super().__init__(io.BytesIO(body))  # of plain bytes aiohttp warns when they are as large as images are
        self.signed = signed


@attrs.define(eq=False)  # aiohttp may cache chains of middlewares by their hash
class Sign:
    """Signs every request, and believes no answer of 200 to 299 that is not signed by WeChat Pay.

    The one exception are answers that are documented to come without a signature: those may, and prove nothing.
    """

    identity: Identity
    keys: KeyRing
    clock: Callable[[], float] = attrs.field(repr=False)
    nonce: Callable[[], str] = attrs.field(repr=False)

    async def __call__(
        self, request: ClientRequest, handler: ClientHandlerType, *, unsigned: bool = False, file: bool = False
    ) -> ClientResponse:
        """Sign, send, read the whole answer, and verify it; a signature that is not there only where it has to be.

        A file is neither read nor verified here: it may be large, and its hash proves it.

        Raises:
            UntrustedAnswer: the answer is not proven; one of its subclasses says why.
        """
        payload = request.body
        if isinstance(payload, SignedApart):
            body = payload.signed
        else:
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
        if file and 200 <= answer.status < 300:
            return answer
        raw = await answer.read()
        if 200 <= answer.status < 300 and not (unsigned and "Wechatpay-Signature" not in answer.headers):
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
    unsigned: bool = False
    file: bool = False
    left: bool = False

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        """Sign and send, the first time.

        Raises:
            NoAnswerError: this is the second time.
        """
        if self.left:
            raise NoAnswerError("the connection broke before an answer came")
        self.left = True
        return await self.sign(request, handler, unsigned=self.unsigned, file=self.file)
