"""A file of codes into a stock: every line with its outcome.

Rule 1: a line ends as exactly one :class:`Outcome`, so the counts add up to the lines.
Rule 2: only legal codes are sent, each once; a line that repeats an earlier one is a duplicate.
Rule 3: the first upload goes alone. Refused for a reason that holds for all of them, it is the last.
Rule 4: after an answer that cannot be trusted, and where no connection is made, nothing more is taken up; the calls
        that were waiting for their turn still go, and have their outcomes.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

import attrs

from ..client import Client
from ..errors import (
    ApiError,
    LocalError,
    RateLimited,
    ServerError,
    UnreachableError,
    UntrustedAnswer,
    WxCouponError,
)
from ..identity import Brand, Partner
from ..product_coupon import FailedCouponCodeInfo, UploadCouponCodes, UploadedCouponCodes
from .job import Job
from .plan import CODES_PER_CALL, upload_requests
from .run import Done, Failed
from .settle import settle
from .sources import Row

LEGAL: Final = re.compile(r"[0-9A-Za-z_-]{1,40}")
"""What a code may be. https://pay.weixin.qq.com/doc/v3/partner/4015781572"""


class Outcome(StrEnum):
    """What became of a line."""

    UPLOADED = "uploaded"
    """Stored, now or by an earlier run of the same job."""
    ALREADY_EXIST = "already_exist"
    """WeChat Pay had the code before, in this stock or in another one: its answer does not say which."""
    DUPLICATE = "duplicate"
    """An earlier line has the same code; sent once, for that line."""
    FAILED = "failed"
    """Refused, or not sent because the job ended before."""
    INVALID = "invalid"
    """No legal code; never sent."""
    UNKNOWN = "unknown"
    """Its call was made, and nobody knows what became of it: run the job again."""


@attrs.frozen
class CodeOutcome:
    """What became of one line.

    Attributes:
        line: its number, from 1.
        code: its code, as it stands there.
        outcome: what became of it.
        reason: in words, where there is one to give.
    """

    line: int
    code: str = attrs.field(repr=False)
    outcome: Outcome
    reason: str = ""


class Upload(Job[CodeOutcome]):
    """An upload under way: iterate it once for the outcome of every line. Made by :func:`upload_codes`.

    Attributes:
        job: its name.
        lines: lines read so far, blank ones apart; the counts add up to them once the block is left.
    """

    def __init__(
        self,
        client: Client[Any],
        codes: AsyncIterable[Row | str] | Iterable[Row | str],
        *,
        product_coupon_id: str,
        stock_id: str,
        job: str,
        concurrency: int,
    ) -> None:
        self.job = job
        self.lines = 0
        self._ids = {"product_coupon_id": product_coupon_id, "stock_id": stock_id}
        self._chunk: dict[str, int] = {}
        self._decided: list[CodeOutcome] = []
        self._under_way: dict[str, dict[str, int]] = {}
        self._first_ended = asyncio.Event()
        super().__init__(Outcome, settle(client, self._work(codes), self._judge, concurrency=concurrency))

    def _left_over(self) -> list[CodeOutcome]:
        return [*self._take_decided(), *self._interrupted(), *self._unsent()]

    def _interrupted(self) -> list[CodeOutcome]:
        chunks = list(self._under_way.values())
        self._under_way.clear()
        return [
            CodeOutcome(line, code, Outcome.UNKNOWN, _INTERRUPTED) for chunk in chunks for code, line in chunk.items()
        ]

    def _unsent(self) -> list[CodeOutcome]:
        chunk, self._chunk = self._chunk, {}
        return [CodeOutcome(line, code, Outcome.FAILED, _NOT_SENT) for code, line in chunk.items()]

    def _take_decided(self) -> list[CodeOutcome]:
        decided, self._decided = self._decided, []
        return decided

    async def _work(
        self, rows: AsyncIterable[Row | str] | Iterable[Row | str]
    ) -> AsyncGenerator[UploadCouponCodes | list[CodeOutcome]]:
        seen: set[str] = set()
        async for line, text, problem in _lines(rows):
            self.lines += 1
            if problem := problem or _problem(text):
                self._decided.append(CodeOutcome(line, text, Outcome.INVALID, problem))
            elif text in seen:
                self._decided.append(CodeOutcome(line, text, Outcome.DUPLICATE))
            else:
                seen.add(text)
                self._chunk[text] = line
            if len(self._decided) == CODES_PER_CALL:
                yield self._take_decided()
            if len(self._chunk) == CODES_PER_CALL and self.stopped is None:
                yield self._request()
                await self._first_ended.wait()
            if self.stopped is not None:
                break
        else:
            self.whole = True
        yield self._take_decided()
        if self.stopped is not None:
            yield self._unsent()
        elif self._chunk:
            yield self._request()

    def _request(self) -> UploadCouponCodes:
        chunk, self._chunk = self._chunk, {}
        (request,) = upload_requests(chunk, job=self.job, **self._ids)
        self._under_way[request.out_request_no] = chunk
        return request

    def _judge(self, end: Done[UploadedCouponCodes] | Failed[UploadedCouponCodes]) -> list[CodeOutcome]:
        request: Any = end.request
        chunk = self._under_way.pop(request.out_request_no)
        if isinstance(end, Done):
            outcomes = sort_out(end.result, chunk)
        else:
            outcome = Outcome.UNKNOWN if end.error.outcome_unknown else Outcome.FAILED
            outcomes = [CodeOutcome(line, code, outcome, str(end.error)) for code, line in chunk.items()]
            if _holds_for_all(end.error, first=not self._first_ended.is_set()):
                self.stopped = self.stopped or end.error
        self._first_ended.set()
        return outcomes


_NOT_SENT: Final = "not sent, because the job stopped"
_INTERRUPTED: Final = "interrupted before an answer came; run the same job again"


def _problem(code: str) -> str:
    if LEGAL.fullmatch(code):
        return ""
    if not code:
        return "there is no code"
    if len(code) > 40:
        return f"a code has at most 40 characters, this one has {len(code)}"
    strange = Counter(character for character in code if not LEGAL.fullmatch(character))
    return f"a code is of 0-9 A-Z a-z _ and -, this one has {', '.join(repr(character) for character in strange)}"


def _holds_for_all(error: WxCouponError, *, first: bool) -> bool:
    """Whether the other uploads of the job would end the same way."""
    if isinstance(error, (LocalError, UntrustedAnswer, UnreachableError)):
        return True
    if not first:
        return False
    if isinstance(error, ApiError) and not isinstance(error, (RateLimited, ServerError)):
        return error.status in {401, 403, 404} or error.code == "INVALID_REQUEST"
    return True


def sort_out(result: UploadedCouponCodes, chunk: Mapping[str, int]) -> list[CodeOutcome]:
    """What an answer says of each code. Its lists overlap, and what refuses a code outweighs what stores it.

    Args:
        result: the answer.
        chunk: the codes of the call, each with its line.
    """
    infos: Any = result.failed_code_list
    refused = {
        info.coupon_code: info
        for info in (infos if isinstance(infos, list) else [])
        if isinstance(info, FailedCouponCodeInfo) and isinstance(info.coupon_code, str)  # pyright: ignore[reportUnnecessaryIsInstance]
    }
    there, stored = _texts(result.already_exist_code_list), _texts(result.success_code_list)
    outcomes: list[CodeOutcome] = []
    for code, line in chunk.items():
        if (info := refused.get(code)) is not None:
            reason = " ".join(str(part) for part in (info.code, info.message) if part) or "refused without a reason"
            outcomes.append(CodeOutcome(line, code, Outcome.FAILED, reason))
        elif code in there:
            outcomes.append(CodeOutcome(line, code, Outcome.ALREADY_EXIST))
        elif code in stored:
            outcomes.append(CodeOutcome(line, code, Outcome.UPLOADED))
        else:
            outcomes.append(CodeOutcome(line, code, Outcome.UNKNOWN, "the answer does not name this code"))
    return outcomes


def _texts(listed: Any) -> set[str]:
    """The texts of a list that came; an answer may be anything."""
    return {text for text in listed if isinstance(text, str)} if isinstance(listed, list) else set()


async def _lines(rows: AsyncIterable[Row | str] | Iterable[Row | str]) -> AsyncIterator[tuple[int, str, str]]:
    number = 0
    async for row in _each(rows):
        number += 1
        yield (number, row.strip(), "") if isinstance(row, str) else (row.line, row.text, row.problem)


async def _each(rows: AsyncIterable[Row | str] | Iterable[Row | str]) -> AsyncIterator[Row | str]:
    if isinstance(rows, AsyncIterable):
        async for row in rows:
            yield row
    else:
        for row in rows:
            yield row


def upload_codes(
    client: Client[Partner] | Client[Brand],
    codes: AsyncIterable[Row | str] | Iterable[Row | str],
    *,
    product_coupon_id: str,
    stock_id: str,
    job: str,
    concurrency: int = 8,
) -> Upload:
    """Upload codes of any origin into a stock, and learn what became of every one.

    ::

        async with upload_codes(client, open_table("codes.csv"), product_coupon_id=…, stock_id=…, job="spring") as job:
            async for line in job:
                ...
        print(job.counts, job.rest)

    A job that was interrupted is run again as it was: what is uploaded already is answered again, not doubled.

    Args:
        client: makes the calls.
        codes: the codes, as text or as rows of :func:`~wxcoupon.bulk.sources.open_table`; read only as fast as they
            are uploaded. Repeats and illegal codes are welcome: they are found, and not sent. Each distinct code is
            remembered until the end.
        product_coupon_id: the product coupon.
        stock_id: its stock, whose ``coupon_code_mode`` is UPLOAD.
        job: names the upload: the same codes in the same order under the same name are the same calls.
        concurrency: calls under way at once.

    Returns:
        The upload, as an async context manager. Leaving its block early cancels the calls under way; what became of
        the lines that were read by then is in ``rest`` and ``counts``.

    Raises:
        WxCouponError: from the iteration, after its last outcome: what stopped the job. An
            :class:`~wxcoupon.ApiError` only when nothing was uploaded.
    """
    return Upload(
        client, codes, product_coupon_id=product_coupon_id, stock_id=stock_id, job=job, concurrency=concurrency
    )
