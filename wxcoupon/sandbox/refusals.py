"""What the sandbox refuses, as WeChat Pay documents it: status, symbolic code, and the number behind the Request-ID.

Numbers are given where the vendor's troubleshooting guides name one; where they name none, the ``Request-ID`` has
no suffix rather than an invented one.

https://pay.weixin.qq.com/doc/v3/partner/4016950439
"""

from __future__ import annotations

from typing import Any, Final

ILLEGAL: Final = "268435461"
"""A value that is not what its field takes."""
TOO_LONG: Final = "268435462"
TOO_SHORT: Final = "268435463"
OUT_OF_RANGE: Final = "268435464"
STRUCTURE: Final = "268578101"
"""No JSON, a member missing, a member nobody knows."""
NO_OBJECT: Final = "268578608"
NO_COUPON: Final = "268578851"
NO_GRANT: Final = "268579803"
OTHER_DATA: Final = "268578927"
TOO_MANY: Final = "270924289"
NOT_SENDING: Final = "268577984"
USER_CAP: Final = "272756740"
WRONG_STATE: Final = "268578367"
EXPIRED: Final = "268578776"
USED_BY_OTHER: Final = "272756745"
NOT_YET: Final = "272755715"
OUTSIDE_WINDOW: Final = "272755717"
WRONG_STORE: Final = "268584404"


class Refusal(Exception):  # noqa: N818 - an answer, not a fault of the sandbox
    """A request is refused, and nothing was done.

    Attributes:
        status: the HTTP status of the answer.
        code: the symbolic code.
        message: the text for people; it names no user and no coupon code.
        numeric: the number at the end of the ``Request-ID``, None where none is documented.
        detail: what is wrong where.
        headers: further headers of the answer.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        numeric: str | None = None,
        detail: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(status, code, message)
        self.status = status
        self.code = code
        self.message = message
        self.numeric = numeric
        self.detail = detail
        self.headers = headers or {}

    @property
    def body(self) -> dict[str, Any]:
        """The answer's JSON."""
        body: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.detail is not None:
            body["detail"] = self.detail
        return body


def parameter(field: str, issue: str, *, location: str = "body", numeric: str = ILLEGAL, value: Any = None) -> Refusal:
    """One parameter is wrong.

    Args:
        field: a JSON Pointer into the body, or the name of a path or query parameter.
        issue: what is wrong with it.
        location: ``body``, ``url`` or ``query``.
        numeric: which kind of wrong.
        value: what was sent, where it is a single value; None to leave it out.
    """
    detail: dict[str, Any] = {"field": field, "issue": issue, "location": location}
    if value is not None:
        detail["value"] = value
    return Refusal(400, "PARAM_ERROR", f"a parameter is wrong: {field}", numeric=numeric, detail=detail)


def structure(issue: str) -> Refusal:
    """The body is not the JSON object it has to be."""
    return parameter("", issue, numeric=STRUCTURE)


def header(name: str, issue: str) -> Refusal:
    """A header breaks the rules of the protocol."""
    return Refusal(400, "INVALID_REQUEST", f"the request breaks the rules of APIv3: {name} {issue}", numeric=ILLEGAL)


def invalid(message: str, numeric: str | None = None) -> Refusal:
    """The request is well formed and breaks a rule of the business."""
    return Refusal(400, "INVALID_REQUEST", message, numeric=numeric)


def not_found(what: str, numeric: str | None = NO_OBJECT) -> Refusal:
    """The object is not there for this caller."""
    return Refusal(404, "NOT_FOUND", f"{what} does not exist for this caller", numeric=numeric)


def exhausted(message: str, numeric: str | None = None) -> Refusal:
    """A budget or the codes are used up, or a coupon cannot be used now."""
    return Refusal(403, "NOT_ENOUGH", message, numeric=numeric)


def taken(message: str) -> Refusal:
    """Something that has to be new is there already."""
    return Refusal(400, "ALREADY_EXISTS", message)


def no_auth(message: str) -> Refusal:
    """The caller may not do this."""
    return Refusal(403, "NO_AUTH", message, numeric=NO_GRANT)


def too_many() -> Refusal:
    """The documented rate is exceeded."""
    return Refusal(429, "RATELIMIT_EXCEEDED", "too many requests; repeat the same one later", numeric=TOO_MANY)


def other_data() -> Refusal:
    """A request number comes again with other data."""
    return invalid("this request number was used with other data", OTHER_DATA)
