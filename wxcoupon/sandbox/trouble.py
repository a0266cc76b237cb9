"""Trouble on request, so that a client can be seen to live through it."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Iterable
from itertools import repeat
from typing import Any, Final, Literal, TypeAlias, get_args

import attrs

from .. import jsontext, wire
from .certificates import Signer
from .refusals import Refusal

Signature: TypeAlias = Literal["bad", "probe", "missing", "unknown-serial", "old"]
"""How an answer is signed wrongly: over other bytes; as a probe; not at all; by a key nobody knows; too long ago."""

_PROBE: Final = "WECHATPAY/SIGNTEST/"


@attrs.frozen
class Failure:
    """What becomes of one request that the gate let in.

    Attributes:
        refusal: its answer; None to close the connection without one.
        after_effect: whether the request is carried out before.
    """

    refusal: Refusal | None
    after_effect: bool


@attrs.frozen
class Reply:
    """What one request is answered, instead of being carried out.

    Attributes:
        body: the bytes of a good answer; empty for 204.
    """

    body: bytes = attrs.field(repr=False)


class Trouble:
    """What is to go wrong next, or otherwise than the state of the sandbox says."""

    def __init__(self) -> None:
        self._replies: deque[Reply] = deque()
        self._failures: deque[Failure] = deque()
        self._signatures: deque[Signature] = deque()

    def fail(self, failure: Failure, times: int) -> None:
        """Let the next requests fail."""
        self._failures.extend([failure] * times)

    def missign(self, signature: Signature, times: int) -> None:
        """Sign the next answers wrongly."""
        if signature not in get_args(Signature):
            raise ValueError(f"signature is one of {', '.join(get_args(Signature))}, not {signature!r}")
        self._signatures.extend(repeat(signature, times))

    def reply(self, answers: Iterable[dict[str, Any] | None]) -> None:
        """Answer the next requests with these, one each."""
        self._replies.extend(Reply(b"" if answer is None else jsontext.dump(answer)) for answer in answers)

    def next_reply(self) -> Reply | None:
        """What the request that is being answered is answered instead; None for what it deserves."""
        return self._replies.popleft() if self._replies else None

    def next_failure(self) -> Failure | None:
        """What becomes of the request that is being answered; None for nothing special."""
        return self._failures.popleft() if self._failures else None

    def sign(self, signer: Signer, body: bytes, now: float) -> dict[str, str]:
        """The headers an answer is signed with, wrong if that was asked for."""
        wrong = self._signatures.popleft() if self._signatures else None
        stamp = int(now) - (wire.WINDOW + 1 if wrong == "old" else 0)
        signed = body + b" " if wrong == "bad" else body
        headers = wire.sign_answer(signer.key, signer.serial, signed, timestamp=stamp, nonce=wire.new_nonce())
        if wrong == "missing":
            del headers["Wechatpay-Signature"]
        elif wrong == "probe":
            headers["Wechatpay-Signature"] = _PROBE + headers["Wechatpay-Signature"][len(_PROBE) :]
        elif wrong == "unknown-serial":
            headers["Wechatpay-Serial"] = "PUB_KEY_ID_" + secrets.token_hex(16).upper()
        return headers
