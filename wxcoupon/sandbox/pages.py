"""Lists that come a page at a time, each page under the token that the one before it gave."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar

from .refusals import parameter

T = TypeVar("T")
_DEFAULT: Final = 20


def page(found: Iterable[tuple[int, T]], asked: Mapping[str, Any]) -> tuple[list[T], dict[str, Any]]:
    """One page of *found*.

    Args:
        found: what there is to list, each under a number of its own for good, the numbers rising: the token of a page
            says the last number on it, so nothing is missed or repeated when other things come or go meanwhile.
        asked: the members of the request: its ``page_size`` and ``page_token``, where they are given.

    Returns:
        What is on the page; and ``total_count`` on the first page, ``next_page_token`` on all but the last.

    Raises:
        Refusal: the token is none that an answer gave.
    """
    numbered = list(found)
    token: str | None = asked.get("page_token")
    size: int = asked.get("page_size", _DEFAULT)
    said: dict[str, Any] = {}
    if token is None:
        said["total_count"] = len(numbered)
    else:
        last = _last(token)
        numbered = [(number, thing) for number, thing in numbered if number > last]
    if len(numbered) > size:
        said["next_page_token"] = base64.urlsafe_b64encode(str(numbered[size - 1][0]).encode()).decode()
    return [thing for _, thing in numbered[:size]], said


def _last(token: str) -> int:
    try:
        return int(base64.b64decode(token, altchars=b"-_", validate=True))
    except ValueError:
        raise parameter("page_token", "is no token that an answer gave", location="query") from None
