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

from collections.abc import Iterator
from typing import Any, Generic, cast

import attrs
from typing_extensions import TypeVar

from .endpoint import Listing
from .errors import Fault, InvalidRequest, UnreadableAnswer
from .identity import Brand, Merchant, Partner

R = TypeVar("R")
Item = TypeVar("Item")
Who = TypeVar("Who", bound=Merchant | Partner | Brand)


class Walk(Generic[R, Item, Who]):
    """A way through all pages of a listing, as far as it has come.

    ::

        walk = Walk(request)
        while walk.request is not None:
            for item in walk.arrive(call(walk.request)):
                ...

    Args:
        first: the request for the first page.

    Attributes:
        request: the request for the next page; None when there is no other.

    Raises:
        InvalidRequest: *first* is no listing, or its pages are to have nothing on them.
    """

    def __init__(self, first: Listing[R, Item, Who]) -> None:
        if not isinstance(first, Listing):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidRequest([Fault("$", "has to be a listing; other requests have no pages")])
        for name in ("limit", "page_size"):
            size = getattr(first, name, None)
            if isinstance(size, int) and size < 1:  # such a page is always empty, which would look like the end
                error = InvalidRequest([Fault(f"$.{name}", f"has to be at least 1 to go through pages (it is {size})")])
                error.about(first.route.call)
                raise error
        self.request: Listing[R, Item, Who] | None = first
        self._total: int | None = None
        self._tokens = {getattr(first, "page_token", None)}

    def arrive(self, answer: R) -> Iterator[Item]:
        """Take the page that was asked for: what it lists, and behind the last of it the request for the next.

        Raises:
            UnreadableAnswer: there is something else in the list's place, or the next page was had already.
        """
        request = self.request
        if request is None:
            return
        yield from items(request, answer)
        self._total = total(answer, self._total)
        self.request = following(request, answer, self._total)
        if self.request is not None and request.route.step == "token":
            token = getattr(self.request, "page_token", None)
            if token in self._tokens:
                raise _unreadable(request, "next_page_token is that of a page that came before")
            self._tokens.add(token)


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

    """
    if request.route.step == "token":
        token = getattr(answer, "next_page_token", None)
        if not token:
            return None
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
    """How many a page has: as asked for or as the answer says, by the smaller one, so that nothing is passed over."""
    said = (getattr(request, "limit", None), getattr(answer, "limit", None))
    return min((size for size in said if isinstance(size, int) and size > 0), default=None)


def _unreadable(request: Listing[Any, Any, Any], problem: str) -> UnreadableAnswer:
    error = UnreadableAnswer(f"the pages cannot be gone through: {problem}")
    error.about(request.route.call)
    return error
