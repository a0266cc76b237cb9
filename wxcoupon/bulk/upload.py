"""A source of codes into a stock: 200 codes a call, and every line with its outcome.

Rule 1: only legal codes are sent, each once: a line that repeats an earlier one is a duplicate.
Rule 2: the request number of a call is made of the job's name, the stock and the codes themselves.
Rule 3: a code that WeChat Pay has already is counted as uploaded where the call was made before, by a run that was
        killed or a request whose answer was lost: it was this job that put it there.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final

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
from .engine import Run
from .ledger import Ledger
from .pieces import Piece
from .plan import CODES_PER_CALL, request_no_for
from .reading.tidy import CODES
from .task import Examined, Task
from .verdicts import Ending, Verdicts, gathered

LEGAL: Final = re.compile(r"[0-9A-Za-z_-]{1,40}")
"""What a code may be. https://pay.weixin.qq.com/doc/v3/partner/4015781572"""

_LONGEST: Final = 40
_TOLD: Final = 256
"""Characters of a refusal's code and of its message that are kept."""
_IN_A_ROW: Final = 3
"""Refusals of whole calls by 403 or 404, one after the other, after which the others would end the same way."""
_MARK: Final = request_no_for("")[:4]
"""What every request number begins with."""
_ROWS_A_CHUNK: Final = 2_000
_REPEATED: Final = "there when the call was repeated: stored by the call that had no answer"


class UploadTask(Task[UploadedCouponCodes]):
    """Uploading codes into one stock."""

    kind: ClassVar[str] = "upload"
    size: ClassVar[int] = CODES_PER_CALL
    most: ClassVar[int] = _ROWS_A_CHUNK
    proven: ClassVar[bool] = True

    def __init__(self, job: str, *, product_coupon_id: str, stock_id: str) -> None:
        super().__init__(job, {"product_coupon_id": product_coupon_id, "stock_id": stock_id})
        self._ids = (product_coupon_id, stock_id)
        self._refused = 0

    def examine(self, piece: Piece) -> Examined:
        """Look for what is no legal code."""
        texts = piece.texts
        if not piece.problems and (0 < piece.plain <= _LONGEST or _all_legal(texts)):
            return Examined({}, texts)
        faults = {number: problem for number, text in enumerate(texts) if (problem := _problem(text))}
        return Examined({**faults, **piece.problems}, texts)

    def digest(self, sent: Piece) -> bytes:
        """The request number, as the bytes it is written from."""
        number = request_no_for(self.job, *self._ids, *sent.texts)
        return bytes.fromhex(number.removeprefix(_MARK))

    def request(self, sent: Piece, digest: bytes) -> UploadCouponCodes:
        """The upload of these codes."""
        product_coupon_id, stock_id = self._ids
        return UploadCouponCodes(
            product_coupon_id=product_coupon_id,
            stock_id=stock_id,
            out_request_no=f"{_MARK}{digest.hex()}",
            code_list=list(sent.texts),
        )

    def judge(self, sent: Piece, places: Sequence[int], result: UploadedCouponCodes, *, repeated: bool) -> Verdicts:
        """What an answer says of each code."""
        self._refused = 0
        if result.success_code_list == sent.texts and not (result.failed_code_list or result.already_exist_code_list):
            return Verdicts()
        said = sort_out(result, sent.texts)
        found: list[tuple[int, Ending, str]] = []
        for place, code in zip(places, sent.texts, strict=True):
            ending, reason = said[code]
            if ending is Ending.ALREADY and repeated:
                ending, reason = Ending.DONE, _REPEATED
            if ending is not Ending.DONE or reason:
                found.append((place, ending, reason))
        return Verdicts(gathered(found))

    def holds_for_all(self, error: WxCouponError, sent: Piece, *, first: bool) -> bool:  # noqa: ARG002 - all are alike
        """Whether the other uploads would end the same way."""
        if isinstance(error, LocalError):
            return not error.retryable
        if isinstance(error, (UntrustedAnswer, UnreachableError)):
            return True
        if not isinstance(error, ApiError) or isinstance(error, (RateLimited, ServerError)):
            return first
        self._refused += error.status in {403, 404}
        if error.status == 401 or self._refused == _IN_A_ROW:
            return True
        return first and (error.status in {403, 404} or error.code == "INVALID_REQUEST")


def _all_legal(texts: Sequence[str]) -> bool:
    """Whether every one is a legal code, in a few passes over all of them together."""
    joined = "\n".join(texts)
    return (
        joined.isascii()
        and joined.count("\n") == len(texts) - 1
        and not joined.encode().translate(None, CODES + b"\n")
        and min(map(len, texts)) >= 1
        and max(map(len, texts)) <= _LONGEST
    )


def _problem(code: str) -> str:
    if LEGAL.fullmatch(code):
        return ""
    if not code:
        return "there is no code"
    if len(code) > _LONGEST:
        return f"a code has at most 40 characters, this one has {len(code)}"
    strange = list(dict.fromkeys(character for character in code if not LEGAL.fullmatch(character)))
    more = f" and {len(strange) - 1} more" if len(strange) > 1 else ""  # a reason a row would fill the ledger
    return f"a code is of 0-9 A-Z a-z _ and -, this one has {strange[0]!r}{more}"


def sort_out(result: UploadedCouponCodes, codes: Sequence[str]) -> Mapping[str, tuple[Ending, str]]:
    """What an answer says of each code. Its lists overlap, and what refuses a code outweighs what stores it.

    Args:
        result: the answer.
        codes: the codes of the call.

    Returns:
        Outcome and reason of each code.
    """
    infos: Any = result.failed_code_list
    refused = {
        info.coupon_code: info
        for info in (infos if isinstance(infos, list) else [])
        if isinstance(info, FailedCouponCodeInfo) and isinstance(info.coupon_code, str)  # pyright: ignore[reportUnnecessaryIsInstance]
    }
    there, stored = _texts(result.already_exist_code_list), _texts(result.success_code_list)
    found: dict[str, tuple[Ending, str]] = {}
    for code in codes:
        if (info := refused.get(code)) is not None:
            reason = " ".join(str(part)[:_TOLD] for part in (info.code, info.message) if part)
            reason = reason or "refused without a reason"
            found[code] = (Ending.FAILED, reason)
        elif code in there:
            found[code] = (Ending.ALREADY, "")
        elif code in stored:
            found[code] = (Ending.DONE, "")
        else:
            found[code] = (Ending.UNKNOWN, "the answer does not name this code")
    return found


def _texts(listed: Any) -> set[str]:
    """The texts of a list that came; an answer may be anything."""
    return {text for text in listed if isinstance(text, str)} if isinstance(listed, list) else set()


def upload_codes(  # noqa: PLR0913 - what a job is, all by keyword
    client: Client[Partner] | Client[Brand],
    source: str | Path | Iterable[str] | AsyncIterable[str],
    *,
    product_coupon_id: str,
    stock_id: str,
    job: str,
    ledger: Ledger | str | Path | None = None,
    column: str | None = None,
    sheet: str | None = None,
    concurrency: int = 8,
) -> Run[UploadedCouponCodes]:
    """Upload codes of any origin into a stock, and learn what became of every one.

    ::

        async with upload_codes(client, "codes.csv", product_coupon_id=…, stock_id=…, job="spring",
                                ledger="wxcoupon.ledger") as job:
            async for call in job:
                print(job.progress.tally, job.progress.rate, job.progress.eta)

    With a ledger, a job that was interrupted or killed is run again as it was, and goes on where it ended: the calls
    that have an answer are not made again, and those that may have been made are repeated under their numbers. A
    call that was refused as a whole, also for a reason that passes, is made again by the next run and not by this one.
    Without a ledger, running a job again repeats all of it.

    Args:
        client: makes the calls.
        source: the path of a text or csv file or of a workbook, ``"-"`` for the standard input, or codes. What is no
            plain text or csv file is read to its end and kept beside the ledger before anything is sent, until
            :func:`~wxcoupon.bulk.spools.remove_job`: a job goes on with it, and its report is made of it. Repeats and
            illegal codes are welcome: they are found, and not sent.
        product_coupon_id: the product coupon.
        stock_id: its stock, whose ``coupon_code_mode`` is UPLOAD.
        job: names the upload in its ledger, and makes the request numbers: the same codes in the same order under the
            same name are the same calls.
        ledger: where the job is remembered: the path of an SQLite file, made when it is not there, or a ledger. None
            remembers nothing beyond this run.
        column: of a csv file or a workbook, the column to read.
        sheet: of a workbook, the sheet to read.
        concurrency: calls under way at once.

    Returns:
        The job, as an async context manager; see :class:`~wxcoupon.bulk.engine.Run`. Leaving its block early, or being
        cancelled in it, cancels the calls under way, whose codes are then unknown; what was not sent is as it was.

    Raises:
        ConfigurationError: from entering: the source cannot be read, or the ledger has another job of that name.
        SourceChangedError: from entering or from the iteration: the source is not what it was.
        LedgerError: from entering or from the iteration: the ledger cannot be read or written, or another runner has
            the job. What could not be remembered is repeated by the next run.
        WxCouponError: from the iteration, after its last call: what stopped the job.
        Exception: from entering: what *source* raises.
    """
    task = UploadTask(job, product_coupon_id=product_coupon_id, stock_id=stock_id)
    return Run(client, task, source, ledger=ledger, column=column, sheet=sheet, concurrency=concurrency)
