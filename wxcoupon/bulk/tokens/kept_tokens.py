"""Tokens that are handed out again for a moment: the oldest goes first, and one that was used is not kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar

import attrs


class _Token(Protocol):
    @property
    def token(self) -> str: ...


T = TypeVar("T", bound=_Token)


@attrs.frozen
class _Kept(Generic[T]):
    """A token, whose it is, and since when it is kept."""

    served: T
    openid: str
    since: float


class KeptTokens(Generic[T]):
    """Tokens by what was asked for.

    Args:
        seconds: how long one is kept; with 0 none is.
        most: how many there may be; beyond that the oldest is given up.
        timer: seconds, never going back.
    """

    def __init__(self, seconds: float, most: int, timer: Callable[[], float]) -> None:
        self._seconds = seconds
        self._most = most
        self._timer = timer
        self._kept: OrderedDict[Hashable, _Kept[T]] = OrderedDict()  # in the order of their age
        self._of_user: dict[str, set[Hashable]] = {}
        self._of_token: dict[str, Hashable] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, asked: Hashable) -> T | None:
        """The token that was kept for this, unless it is too old."""
        self._drop_old()
        kept = self._kept.get(asked)
        return None if kept is None else kept.served

    def keep(self, asked: Hashable, openid: str, served: T) -> None:
        """Keep a token that has just come, instead of an older one for the same."""
        self._drop(asked)
        self._drop_old()
        if self._seconds <= 0:
            return
        while len(self._kept) >= self._most:
            self._drop(next(iter(self._kept)))
        self._kept[asked] = _Kept(served, openid, self._timer())
        self._of_user.setdefault(openid, set()).add(asked)
        self._of_token[served.token] = asked

    def asked_by(self, openid: str) -> list[Hashable]:
        """What is kept for a user."""
        return list(self._of_user.get(openid, ()))

    def forget(self, asked: Hashable) -> None:
        """Keep it no longer."""
        self._drop(asked)

    def used(self, token: str) -> None:
        """Keep this token no longer; it may be unknown."""
        if token in self._of_token:
            self._drop(self._of_token[token])

    def clear(self) -> None:
        """Keep none."""
        self._kept.clear()
        self._of_user.clear()
        self._of_token.clear()

    def _drop_old(self) -> None:
        limit = self._timer() - self._seconds
        while self._kept:
            asked, kept = next(iter(self._kept.items()))
            if kept.since > limit:
                break
            self._drop(asked)

    def _drop(self, asked: Hashable) -> None:
        kept = self._kept.pop(asked, None)
        if kept is None:
            return
        of_user = self._of_user[kept.openid]
        of_user.discard(asked)
        if not of_user:
            del self._of_user[kept.openid]
        if self._of_token.get(kept.served.token) == asked:
            del self._of_token[kept.served.token]
