"""Request numbers: the same number and data get the same answer, the same number and other data are refused.

A request that was refused does not use its number up.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable
from typing import Any

import attrs

from .handlers import Asked, Handler
from .refusals import other_data


@attrs.frozen
class _Past:
    fingerprint: bytes
    answer: bytes


@attrs.frozen
class Number:
    """The request number of one request.

    Attributes:
        answer: the body that answered the very same request before; None for none.
    """

    answer: bytes | None
    key: Hashable
    fingerprint: bytes


_NONE = Number(answer=None, key=None, fingerprint=b"")


class RequestNumbers:
    """What was asked under each request number, and what was answered."""

    def __init__(self) -> None:
        self._past: dict[Hashable, _Past] = {}

    def find(self, asked: Asked, handler: Handler) -> Number:
        """Look at a request's number.

        Raises:
            Refusal: the number was used with other data.
        """
        key = _key(asked, handler)
        if key is None:
            return _NONE
        fingerprint = hashlib.sha256(json.dumps(dict(asked.data), sort_keys=True, default=repr).encode()).digest()
        past = self._past.get(key)
        if past is not None and past.fingerprint != fingerprint:
            raise other_data()
        answer = past.answer if past is not None and handler.replays else None
        return Number(answer=answer, key=key, fingerprint=fingerprint)

    def remember(self, number: Number, body: bytes) -> None:
        """Keep the answer's body under the request's number, if it has one."""
        if number.key is not None:
            self._past[number.key] = _Past(number.fingerprint, body)


def _key(asked: Asked, handler: Handler) -> Hashable:
    field = asked.request.route.key
    number: Any = None if field is None else asked.data.get(field)
    if number is None:
        return None
    scope = tuple(asked.data.get(name) for name in handler.scope)
    return (asked.identity.subject, asked.request.name, asked.owner and asked.owner.brand_id, number, scope)
