"""One call a row, for any endpoint that has a request number: rows are sent, redeemed, returned, deactivated and so on.

Rule 1: a row says what it knows, and the job's defaults say the rest.
Rule 2: a row that could not be sent as it stands is not sent, and says of all its faults why.
Rule 3: a row that brings no request number has one that is derived from it (:mod:`wxcoupon.bulk.rows.row_numbers`).
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, ClassVar, Final, TypeVar

import attrs

from ...checks import faults
from ...convert import from_wire, to_wire
from ...endpoint import AnyEndpoint, Endpoint
from ...errors import (
    ApiError,
    ConfigurationError,
    InvalidRequest,
    LocalError,
    RateLimited,
    ServerError,
    UnreachableError,
    UntrustedAnswer,
    WxCouponError,
)
from ..outcomes import RowEnd
from ..pieces import Piece, Source, header_of
from ..reading.headings import spelt
from ..task import Examined, Task
from ..verdicts import Ending, Verdicts
from .cells import Columns
from .row_answers import remembered
from .row_numbers import PRE_SEND, number_for, written

R = TypeVar("R")

_PRE_SENDS: Final = frozenset({PRE_SEND, "product_coupon.pre_send_coupon_bundle", "busifavor.pre_send_product_coupon"})
_WITH_LIFE: Final = frozenset({PRE_SEND, "product_coupon.pre_send_coupon_bundle"})
_STOCKS: Final = ("stock_id", "stock_bundle_id")
_HARMLESS: Final = frozenset({"openid", "attach"})
"""Columns by which a row differs from others without being refused for another reason than they are."""
_OF_ONE_USER: Final = frozenset({"RULE_LIMIT", "USER_ACCOUNT_ABNORMAL", "REQUEST_BLOCKED"})
"""Codes with which merchant and cash coupons refuse a single user, under 403 like a permission that is missing."""


@attrs.frozen
class RowOutcome:
    """What became of a row, in the words of its request.

    Attributes:
        line: its number in the source, from 1.
        outcome: what became of it; None while nothing has.
        request_no: the number of its call: its own, or the one derived for it; empty of a row that cannot be read.
        members: what is sent for it, defaults included, under wire names.
        reason: why it was not simply done.
        answer: what is remembered of the answer (:func:`wxcoupon.bulk.rows.row_answers.remembered`).
    """

    line: int
    outcome: Ending | None
    request_no: str
    members: Mapping[str, Any] = attrs.field(repr=False)
    reason: str = ""
    answer: Mapping[str, Any] = attrs.field(factory=dict[str, Any], repr=False)


class RowTask(Task[R]):
    """Rows that are one call each.

    The same row twice is sent once, and the second is a duplicate: of a pre-send, rows with the same ``openid``, stock
    and request number; of any other call, rows of which the very same is sent. Two rows that have one request number,
    and say different things under it, are both sent, because WeChat Pay keeps numbers apart by what they are for: a
    sending's by user and stock. Where they do clash, the later call is refused with a text that says so, and its row
    has failed.

    Args:
        endpoint: what is called for each row.
        job: the name of the job, from which request numbers are derived.
        defaults: what rows have where they do not say it themselves, as their cells would: by column, as text.
        column: the column that the only value of a row is for, in a source of one value a line. By default the only
            one that is needed and has no default, or ``openid`` where none is.
        clock: seconds since 1970.

    Attributes:
        columns: the columns that are read, by name; see :class:`~wxcoupon.bulk.rows.cells.Columns`.
        needed: those without which no row can be sent, because there is no default.

    Raises:
        ConfigurationError: the endpoint has no request number, or a default is for nothing.
        InvalidRequest: a default breaks documented rules.
    """

    kind: ClassVar[str] = "rows"

    def __init__(
        self,
        endpoint: type[Endpoint[R, Any]],
        job: str,
        *,
        defaults: Mapping[str, str | None] | None = None,
        column: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if endpoint.route.key is None:
            raise ConfigurationError(
                f"{endpoint.name} has no request number, so a job of it could not go on safely; make single calls"
            )
        self._key = endpoint.route.key
        self._endpoint = endpoint
        self._columns = Columns(endpoint)
        self._defaults = {name: value for name, value in (defaults or {}).items() if value}
        self._clock = clock
        self.columns = tuple(self._columns.known)
        self._require_defaults()
        self.needed = tuple(
            name
            for name, one in self._columns.known.items()
            if one.required and name != self._key and not self._has_default(name)
        )
        self._single = column or self._natural()
        if self._single is not None and self._single not in self._columns.known:
            raise ConfigurationError(
                f"{endpoint.name} has no member {self._single!r}{_like(self._single, self.columns)}"
            )
        super().__init__(job, {"endpoint": endpoint.name, **self._defaults})

    def _require_defaults(self) -> None:
        for name in self._defaults:
            if name == self._key:
                raise ConfigurationError(f"{name} is the number of one row, so it cannot be the default of all")
            if name not in self._columns.known:
                raise ConfigurationError(f"{self._endpoint.name} has no member {name!r}{_like(name, self.columns)}")
        found = faults(from_wire(self._endpoint, self._columns.members(self._defaults)), unknown=True)
        if wrong := [fault for fault in found if fault.path.removeprefix("$.").partition("[")[0] in self._defaults]:
            raise InvalidRequest(wrong, self._endpoint.route.page or None)

    def _has_default(self, name: str) -> bool:
        return any(given == name or given.startswith(f"{name}.") for given in self._defaults)

    def _natural(self) -> str | None:
        plain = [name for name in self.needed if self._columns.known[name].plain]
        if len(self.needed) == 1 and plain:
            return plain[0]
        return "openid" if not self.needed and "openid" in self._columns.known else None

    def unused(self, header: Sequence[str]) -> list[str]:
        """The columns of a source that are not read.

        Args:
            header: its columns; none for a source of one value a line.

        Raises:
            ConfigurationError: a column that is needed is not there and has no default, one that is read is there
                twice, or one is named like a part of the request and no member of it.
        """
        known = self._columns.known
        if not header:
            self._require_single()
            return []
        for name in header:
            if name in known and header.count(name) > 1:
                raise ConfigurationError(f"there are several columns called {name!r}; rename the others")
            if "." in name and name not in known and name.partition(".")[0] in known:
                raise ConfigurationError(f"{self._endpoint.name} has no member {name!r}{_like(name, self.columns)}")
        for name in self.needed:
            if not any(column == name or column.startswith(f"{name}.") for column in header):
                raise ConfigurationError(
                    f"no {name} is known: give it for all rows, or a file with a column {name!r}; the columns are: "
                    f"{spelt(header)}"
                )
        return [name for name in header if name and name not in known]

    def _require_single(self) -> str:
        if self._single is None:
            raise ConfigurationError(
                f"rows of {self._endpoint.name} need more than one value: give a file with the columns "
                f"{', '.join(self.needed)}, or what is the same for all rows once for all"
            )
        return self._single

    def _said(self, cells: Mapping[str, str], text: str) -> dict[str, str]:
        """What a row says itself, by column."""
        given = cells or {self._require_single(): text}
        return {name: value for name, value in given.items() if value}

    def _members(self, said: Mapping[str, str]) -> dict[str, Any]:
        """What is sent for a row, under wire names, its request number included."""
        members = self._columns.members({**self._defaults, **said})
        if self._key not in members:
            members[self._key] = number_for(self._endpoint, self.job, members)
        return members

    def _made(self, piece: Piece, position: int = 0) -> Endpoint[R, Any]:
        cells = piece.cells[position] if piece.cells else {}
        return from_wire(self._endpoint, self._members(self._said(cells, piece.texts[position])))

    def require(self, source: Source) -> None:
        """Look whether the columns that are needed are there, each once."""
        try:
            self.unused(header_of(source))
        except ConfigurationError as error:
            raise ConfigurationError(f"{source.name}: {error}") from None

    def examine(self, piece: Piece) -> Examined:
        """Say all that is wrong with each row, by the paths of its members, and what it is the same by."""
        problems = dict(piece.problems)
        keys: list[str] = []
        for position in range(len(piece)):
            if position in problems:
                keys.append("")
                continue
            request = self._made(piece, position)
            if found := faults(request, unknown=True):
                problems[position] = "; ".join(str(fault) for fault in found)
                keys.append("")
            else:
                keys.append(self._sameness(request))
        return Examined(problems, keys)

    def _sameness(self, request: AnyEndpoint) -> str:
        if self._endpoint.name not in _PRE_SENDS:
            return _digest(request).hex()
        sent = to_wire(request)
        same = [sent.get(name) for name in ("openid", *_STOCKS, self._key)]
        return hashlib.blake2b(json.dumps(same).encode(), digest_size=16).hexdigest()

    def digest(self, sent: Piece) -> bytes:
        """16 bytes of BLAKE2b over the name of the endpoint and all that is sent, the request number included."""
        return _digest(self._made(sent))

    def request(self, sent: Piece, digest: bytes = b"") -> Endpoint[R, Any]:  # noqa: ARG002 - its number is its own
        """The call of a row."""
        return self._made(sent)

    def judge(self, sent: Piece, places: Sequence[int], result: R, *, repeated: bool) -> Verdicts:  # noqa: ARG002
        """The row is done: under its number what is asked is done once, whichever call of several did it."""
        has_life = self._endpoint.name in _WITH_LIFE
        return Verdicts(answer=remembered(result, came=self._clock(), has_life=has_life))

    def holds_for_all(self, error: WxCouponError, sent: Piece, *, first: bool) -> bool:
        """Whether no other row could end better.

        So it is after a fault on this side that does not pass by itself, an answer that is not proven or not accepted
        (401), and where no connection is made. The first row, refused with 403 or 404, is the last where it has no ids
        and no code of its own: then it is refused for what all rows have in common. So it is after an error of WeChat
        Pay's side that the repetitions of the call did not end. Other refusals may be the row's own.
        """
        if isinstance(error, LocalError):
            return not error.retryable
        if isinstance(error, (UntrustedAnswer, UnreachableError)):
            return True
        if isinstance(error, ApiError) and not isinstance(error, (RateLimited, ServerError)):
            return error.status == 401 or (first and self._is_common(error) and self._is_like_others(sent))
        return first

    def _is_common(self, error: ApiError) -> bool:
        return error.status == 404 or (error.status == 403 and error.code not in _OF_ONE_USER)

    def _is_like_others(self, sent: Piece) -> bool:
        said = self._said(sent.cells[0] if sent.cells else {}, sent.texts[0])
        return not (said.keys() & self._columns.known.keys()) - _HARMLESS - {self._key}

    def outcome(self, row: RowEnd) -> RowOutcome:
        """What became of a row, with what was sent for it; of a row that says nothing, nothing was."""
        said = self._said(row.cells, row.text) if row.cells or self._single is not None else {}
        members = self._members(said) if said else {}
        return RowOutcome(row.line, row.ending, members.get(self._key, ""), members, row.reason, row.answer)


def _digest(request: AnyEndpoint) -> bytes:
    text = f"{request.name}\0{written(to_wire(request))}"
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def _like(name: str, known: Sequence[str]) -> str:
    close = get_close_matches(name, known, 1)
    return (
        f"; did you mean {close[0]!r}?" if close else f"; it has: {', '.join(one for one in known if '.' not in one)}"
    )
