"""Requests as wire sends them, and what has to be true of any answer, whatever was asked."""

import time
from collections.abc import Callable
from typing import Any

import aiohttp
from yarl import URL

from wxcoupon import convert, wire
from wxcoupon.checks import faults
from wxcoupon.endpoint import AnyEndpoint
from wxcoupon.identity import Identity
from wxcoupon.jsontext import load
from wxcoupon.keys import KeyRing
from wxcoupon.sandbox import Sandbox

CODES = {
    "ALREADY_EXISTS",
    "INVALID_REQUEST",
    "MCH_NOT_EXISTS",
    "NOT_ENOUGH",
    "NOT_FOUND",
    "NO_AUTH",
    "PARAM_ERROR",
    "REQUEST_BLOCKED",
    "RESOURCE_NOT_EXISTS",
    "RULE_LIMIT",
}
_DETAIL = {"field", "issue", "location"}


class WrongAnswerError(AssertionError):
    """An answer that the real WeChat Pay would not give."""


class Asking:
    """Sends typed requests to a sandbox as one identity, and looks at every answer.

    Args:
        sandbox: where to.
        session: what sends.
        identity: who signs.
        clock: the sandbox's time.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        session: aiohttp.ClientSession,
        identity: Identity,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._url = sandbox.base_url
        self._keys = sandbox.platform_keys
        self._session = session
        self._clock = clock
        self.identity = identity

    async def ask(self, request: AnyEndpoint) -> tuple[int, Any]:
        """The status and the JSON of the answer to a request.

        Raises:
            WrongAnswerError: the answer is none that is documented.
        """
        leaving = wire.encode(request, self.identity)
        signed = leaving.body if leaving.signed is None else leaving.signed
        headers = {
            "Authorization": wire.authorization(
                self.identity,
                leaving.method,
                leaving.target,
                signed,
                timestamp=int(self._clock()),
                nonce=wire.new_nonce(),
            ),
            "Accept": "application/json",
            "User-Agent": "test",
            "Wechatpay-Serial": next(iter(self._keys)),
            **({"Content-Type": "application/json"} if leaving.body else {}),
            **leaving.headers,
        }
        url = URL(self._url + leaving.target, encoded=True)
        async with self._session.request(leaving.method, url, data=leaving.body or None, headers=headers) as answer:
            body = await answer.read()
            if answer.status >= 500:
                raise WrongAnswerError(f"HTTP {answer.status}")
            wire.verify(answer.headers, body, KeyRing(self._keys), now=self._clock())
            data = load(body) if body else None
            if answer.status < 300:
                _look(request, answer.status, data)
            else:
                _look_at_refusal(data)
            return answer.status, data


def _look(request: AnyEndpoint, status: int, data: Any) -> None:
    """A good answer is what the endpoint declares: every member declared, of its type, nothing required missing."""
    if (request.returns in {None, type(None)}) != (status == 204):
        raise WrongAnswerError(f"{request.name} answers {status}")
    if status == 204:
        return
    read = convert.from_wire(request.returns, data)
    if found := faults(read, unknown=True):
        raise WrongAnswerError(f"{request.name} answers {found}")
    if convert.to_wire(read) != data:
        raise WrongAnswerError(f"{request.name} answers what cannot be read")


def _look_at_refusal(data: Any) -> None:
    """A refusal has a documented code, a message, and perhaps what is wrong where."""
    detail = data.get("detail", {})
    if (
        set(data) - {"detail"} != {"code", "message"}
        or data["code"] not in CODES
        or not data["message"]
        or (detail and set(detail) - {"value"} != _DETAIL)
        or not all(detail[name] for name in ("issue", "location") if detail)
    ):
        raise WrongAnswerError(f"refused with {data}")
