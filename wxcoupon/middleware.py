"""Signing and verifying, inside aiohttp: over exactly the bytes that leave and the bytes that came.

It is the innermost layer, so the timestamp is taken after all waiting. What stands around it, pace and
repetition, has to know the endpoint, which a middleware does not: that is :mod:`wxcoupon.delivery`'s.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Protocol

import attrs
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse
from aiohttp.payload import BytesIOPayload

from . import signing, wire
from .errors import ConfigurationError, NoAnswerError, UnknownSerial, UntrustedAnswer
from .identity import Brand, Identity
from .keys import KeyRing
from .signing import Desk, Inline
from .skew import Skew


class SignedApart(BytesIOPayload):
    """A body of which only a part is signed, as of a form with an image."""

    def __init__(self, body: bytes, signed: bytes) -> None:
        super().__init__(io.BytesIO(body))  # of plain bytes aiohttp warns when they are as large as images are
        self.signed = signed


class Supply(Protocol):
    """What brings platform certificates into a key ring."""

    async def ready(self) -> None:
        """See to it that there is a certificate before a request leaves.

        Raises:
            NoCertificatesError: there is none, and none can be had now.
        """
        ...

    async def missed(self, serial: str) -> None:
        """Fetch the certificate that *serial* names, if it may be had; whether it was, the ring says."""
        ...


@attrs.define(eq=False)  # aiohttp may cache chains of middlewares by their hash
class Sign:
    """Signs every request, and believes no answer of 200 to 299 that is not signed by WeChat Pay.

    The one exception are answers that are documented to come without a signature: those may, and prove nothing.
    """

    identity: Identity
    keys: KeyRing
    clock: Callable[[], float] = attrs.field(repr=False)
    nonce: Callable[[], str] = attrs.field(repr=False)
    desk: Desk = attrs.field(factory=Inline, repr=False)
    skew: Skew = attrs.field(factory=Skew)
    correct_clock: bool = False
    supply: Supply | None = attrs.field(default=None, repr=False)

    def __attrs_post_init__(self) -> None:
        """Refuse a brand without a public key.

        Raises:
            ConfigurationError: a brand has to announce its public key with every call.
        """
        if isinstance(self.identity, Brand) and self.keys.public_key_id is None:
            raise ConfigurationError(
                "platform_keys: a brand has no platform certificates; give its WeChat Pay public key, as "
                "{'PUB_KEY_ID_…': Path(…)}"
            )

    @property
    def announced(self) -> str | None:
        """What requests ask to be answered with, in ``Wechatpay-Serial``; None for no such header."""
        return self.keys.public_key_id if isinstance(self.identity, Brand) else self.keys.announced

    async def __call__(
        self,
        request: ClientRequest,
        handler: ClientHandlerType,
        *,
        unsigned: bool = False,
        file: bool = False,
        once: Once | None = None,
    ) -> ClientResponse:
        """Sign, send, read the whole answer, and verify it; a signature that is not there only where it has to be.

        A file is neither read nor verified here: it may be large, and its hash proves it.

        Raises:
            SigningError: there is no signature; nothing was sent.
            UntrustedAnswer: the answer is not proven; one of its subclasses says why.
        """
        payload = request.body
        if isinstance(payload, SignedApart):
            body = payload.signed
        else:
            body = payload if isinstance(payload, bytes) else await payload.as_bytes()
        left = self.clock()
        stamp, nonce = str(int(self.skew.corrected(left) if self.correct_clock else left)), self.nonce()
        message = wire.request_message(request.method, request.url.raw_path_qs, stamp, nonce, body)
        signature = await signing.sign(self.desk, self.identity, message)
        request.headers["Authorization"] = wire.authorized(self.identity, stamp, nonce, signature)
        if once is not None:
            once.message = message
        answer = await handler(request)
        if file and 200 <= answer.status < 300:
            return answer
        raw = await answer.read()
        await self._prove(answer, raw, left, unsigned=unsigned)
        return answer

    async def _prove(self, answer: ClientResponse, raw: bytes, left: float, *, unsigned: bool) -> None:
        came = self.clock()  # before a certificate is fetched for it, which may take its time
        serial = answer.headers.get("Wechatpay-Serial")
        if not 200 <= answer.status < 300:
            # Nothing that an error lacks is raised here; but a key that it names is fetched, for whoever reports it.
            if self.supply is not None and serial is not None and self.keys.lacks(serial):
                await self.supply.missed(serial)
            return
        if unsigned and "Wechatpay-Signature" not in answer.headers:
            return
        try:
            await self.believe(answer.headers, raw, came)
        except UntrustedAnswer as error:
            error.status = answer.status
            error.request_id = answer.headers.get("Request-ID")
            raise
        self.skew.learn(int(answer.headers["Wechatpay-Timestamp"]), left, came)

    async def believe(self, headers: Mapping[str, str], body: bytes, now: float) -> None:
        """Prove a good answer that came *now*, with a certificate that is fetched for it if need be.

        Raises:
            UntrustedAnswer: it is not proven; one of its subclasses says why.
        """
        try:
            wire.verify(headers, body, self.keys, now=now, measured=self.skew.offset)
        except UnknownSerial:
            serial = headers["Wechatpay-Serial"]
            if self.supply is None or not self.keys.lacks(serial):
                raise
            await self.supply.missed(serial)
            wire.verify(headers, body, self.keys, now=now, measured=self.skew.offset)


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
    message: bytes = attrs.field(default=b"", repr=False)
    """What was signed; empty until it is, and as long as it is, nothing has left."""

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        """Sign and send, the first time.

        Raises:
            NoAnswerError: this is the second time.
        """
        if self.left:
            raise NoAnswerError("the connection broke before an answer came")
        self.left = True
        return await self.sign(request, handler, unsigned=self.unsigned, file=self.file, once=self)
