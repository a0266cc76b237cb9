"""How a command ends when it does not end well: the one place that maps errors to exit statuses and to words."""

from __future__ import annotations

import json
import sys
from typing import Any, Final

from ..bulk.pieces import SourceChangedError
from ..bulk.reports.placing import ReportError
from ..errors import (
    ApiError,
    ClockSkew,
    InvalidRequest,
    LocalError,
    NetworkError,
    NoCertificatesError,
    NoTurnError,
    RateLimited,
    ServerError,
    UnreadableAnswer,
    UntrustedAnswer,
    WxCouponError,
)
from ..hints import of_status

SOME_FAILED: Final = 1
_USAGE: Final = 2
_REFUSED: Final = 3
_UNTRUSTED: Final = 4
_UNREACHABLE: Final = 5
_INTERRUPTED: Final = 130

_STATUSES: Final[tuple[tuple[type[WxCouponError], int], ...]] = (
    (NoTurnError, _UNREACHABLE),
    (LocalError, _USAGE),
    (ReportError, SOME_FAILED),
    (UntrustedAnswer, _UNTRUSTED),
    (UnreadableAnswer, _UNTRUSTED),
    (NetworkError, _UNREACHABLE),
    (RateLimited, _UNREACHABLE),
    (ServerError, _UNREACHABLE),
    (ApiError, _REFUSED),
)
"""The first class an error belongs to says the exit status."""

_AGAIN: Final = "WeChat Pay may have acted; repeat it only with the same request number and the same data"
_ADVICE: Final[tuple[tuple[type[WxCouponError], str | None], ...]] = (
    (
        ReportError,
        "what was sent is counted above; run the same command again to have all of it written: nothing is doubled",
    ),
    (RateLimited, "run the same command again later, or more slowly"),
    (ClockSkew, None),
    (UntrustedAnswer, "nothing of the answer was used"),
)
"""The first class an error belongs to says what to do."""
_PUT_BACK: Final = "put the file back as it was"
_CHANGED: Final = {
    "codes report": _PUT_BACK,
    "codes upload": f"to finish that job {_PUT_BACK}; other codes are another job: give it another name with --job",
    "codes watch": None,
}
"""What to do about a changed file, by command; for the others, which make one call a row, see below."""
_CHANGED_ROWS: Final = (
    f"to finish that job {_PUT_BACK}; other rows are another job: give it another name with --job; where that would do "
    "the same once more, because the request numbers are made of the name, keep the name and use --renew"
)
_HINTS: Final = {
    401: "check that identity, serial number and private key belong together ('wxcoupon config show'), and the clock",
    403: "check that this merchant, partner or brand has been granted this product on the platform",
    404: "check the ids, and that they belong to this identity and brand",
}


class UsageError(LocalError):
    """The words of a command line do not fit together."""


class Interrupted(Exception):  # noqa: N818 - it says what happened
    """Ctrl-C; its text says how to resume."""


class PartDone(Exception):  # noqa: N818 - it says what happened
    """A fault on this side that ended a job of which something may have been sent already.

    Attributes:
        error: what ended it.
    """

    def __init__(self, error: WxCouponError) -> None:
        super().__init__(str(error))
        self.error = error


def exit_status(error: Exception) -> int:
    """The exit status an error ends a command with."""
    if isinstance(error, Interrupted):
        return _INTERRUPTED
    if isinstance(error, PartDone):
        return SOME_FAILED
    if isinstance(error, OSError):  # with a file's name, the file was wanted before anything was done
        return _USAGE if error.filename else SOME_FAILED
    if isinstance(error, NoCertificatesError):
        return exit_status(error.reason)
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), _USAGE)


def _hint(error: Exception, command: str) -> str | None:
    if isinstance(error, Interrupted):
        return str(error) or None
    if isinstance(error, SourceChangedError):
        return _CHANGED.get(command, _CHANGED_ROWS)
    advice = next((words for kind, words in _ADVICE if isinstance(error, kind)), None)
    if advice is not None:
        return advice
    words = _of_answer(error) if isinstance(error, ApiError) else None
    if not isinstance(error, WxCouponError) or not error.outcome_unknown:
        return words
    if words is None:
        return _AGAIN
    # An earlier attempt of a call that is now refused may have been carried out; the words of 5xx say that already.
    earlier = isinstance(error, ApiError) and error.verified and not isinstance(error, ServerError)
    return f"{words}; {_AGAIN}" if earlier else words


def _of_answer(error: ApiError) -> str | None:
    if error.diagnosis is not None:
        return error.diagnosis
    hint = error.hint
    if hint is None:  # nothing is known, or it is not signed and may be any gateway's
        return None
    if error.status in _HINTS and hint == of_status(error.status):
        return _HINTS[error.status]
    return f"{hint.cause}: {hint.cure}"


def _words(error: Exception) -> str:
    if isinstance(error, ApiError):
        return error.without_cure()  # the hint has it
    if isinstance(error, Interrupted):
        return "interrupted"
    if isinstance(error, OSError):
        return f"{error.filename or 'the standard output cannot be written'}: {error.strerror or error}"
    if isinstance(error, InvalidRequest) and [fault.path for fault in error.faults] == ["$"]:
        return error.faults[0].problem  # where there is no data, a path into it says nothing
    return str(error)


def describe(error: Exception, command: str = "") -> dict[str, Any]:
    """An error as one JSON object; *command* is the words of what it ended."""
    detail = getattr(error, "detail", None)
    if isinstance(error, InvalidRequest):
        detail = [{"path": fault.path, "problem": fault.problem} for fault in error.faults]
    return {
        "error": {
            "type": type(error).__name__,
            "status": getattr(error, "status", None),
            "code": getattr(error, "code", None),
            "message": getattr(error, "message", None) or _words(error),
            "detail": detail,
            "request_id": getattr(error, "request_id", None),
            "numeric_code": getattr(error, "numeric_code", None),
            "hint": _hint(error, command),
        }
    }


def report(error: Exception, *, as_json: bool, command: str = "") -> int:
    """Write an error to stderr and return the exit status it ends the command with."""
    if isinstance(error, PartDone):
        report(error.error, as_json=as_json, command=command)
        return SOME_FAILED
    if as_json:
        print(json.dumps(describe(error, command)), file=sys.stderr)
    elif isinstance(error, InvalidRequest) and len(error.faults) > 1:
        page = f" (see {error.page})" if error.page else ""
        print(f"wxcoupon: the request breaks {len(error.faults)} rules{page}; nothing was sent", file=sys.stderr)
        for fault in error.faults:
            print(f"  {fault}", file=sys.stderr)
    else:
        hint = _hint(error, command)
        print(f"wxcoupon: {_words(error)}" + (f"\n  {hint}" if hint else ""), file=sys.stderr)
    return exit_status(error)
