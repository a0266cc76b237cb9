"""From one page of a listing to the next, by whichever of the three ways the listing goes on.

========= ============================================== ======================================
step      the next page is asked for with                it was the last page when
========= ============================================== ======================================
``token`` ``page_token`` = the answer's next_page_token  the answer has none
``page``  ``offset`` + 1                                 total_count is reached, or it was empty
``row``   ``offset`` + the number of rows that came      total_count is reached, or it was empty
========= ============================================== ======================================
"""

from __future__ import annotations

from typing import Any, TypeVar, cast

import attrs

from .endpoint import Listing
from .errors import UnreadableAnswer

R = TypeVar("R")
Item = TypeVar("Item")


def items(request: Listing[R, Item, Any], answer: R) -> list[Item]:
    """What a page lists; nothing when the list did not come.

    Raises:
        UnreadableAnswer: there is something else in its place.
    """
    found = getattr(answer, request.route.items)
    if found is None:
        return []
    if not isinstance(found, list):
        raise _unreadable(request, f"{request.route.items} is no list")
    listed: list[Item] = found
    return listed


def total(answer: Any, before: int | None) -> int | None:
    """How many there are on all pages, as this answer says or, since some say so only once, an earlier one said."""
    said = getattr(answer, "total_count", None)
    return said if isinstance(said, int) else before


def following(request: Listing[R, Item, Any], answer: R, known_total: int | None) -> Listing[R, Item, Any] | None:
    """The request for the next page; None when this was the last.

    Args:
        request: the request for this page.
        answer: this page.
        known_total: what :func:`total` says of the pages so far.

    Raises:
        UnreadableAnswer: the answer leads back to the page it is of.
    """
    if request.route.step == "token":
        token = getattr(answer, "next_page_token", None)
        if not token:
            return None
        if token == getattr(request, "page_token", None):
            raise _unreadable(request, "next_page_token is that of the same page")
        return _evolved(request, page_token=token)
    count = len(items(request, answer))
    offset = getattr(request, "offset", None) or 0
    by_row = request.route.step == "row"
    size = count if by_row else _size(request, answer) or count
    reached = offset + count if by_row else offset * size + count
    if count == 0 or (known_total is not None and reached >= known_total):
        return None
    return _evolved(request, offset=offset + (count if by_row else 1))


def _evolved(request: Listing[R, Item, Any], **members: Any) -> Listing[R, Item, Any]:
    changed: Listing[R, Item, Any] = attrs.evolve(cast("Any", request), **members)
    return changed


def _size(request: Listing[Any, Any, Any], answer: Any) -> int | None:
    """How many a page has: as asked for, else as the answer says."""
    size = getattr(request, "limit", None) or getattr(answer, "limit", None)
    return size if isinstance(size, int) else None


def _unreadable(request: Listing[Any, Any, Any], problem: str) -> UnreadableAnswer:
    error = UnreadableAnswer(f"the pages cannot be gone through: {problem}")
    error.about(request.route.call)
    return error
