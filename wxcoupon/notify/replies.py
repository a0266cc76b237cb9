"""What a callback is answered with, to the byte: 204 without a body, or a failure, after which it comes again.

No answer says anything of what the callback held or of what went wrong here. The texts keep to 64 characters, which an
older page gives as the most; the current one has 256.

https://pay.weixin.qq.com/doc/v3/merchant/4012071382
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from ..jsontext import dump


@attrs.frozen
class Reply:
    """An HTTP answer.

    Attributes:
        status: its status.
        headers: its headers; empty where there is no body.
        body: its bytes.
    """

    status: int
    headers: Mapping[str, str] = attrs.field(factory=dict)
    body: bytes = b""


def failure(status: int, message: str) -> Reply:
    """An answer after which WeChat Pay sends the callback again.

    Args:
        status: 400 to 599.
        message: why, in up to 64 characters.
    """
    body = dump({"code": "FAIL", "message": message})
    return Reply(status, {"Content-Type": "application/json"}, body)


DONE: Final = Reply(204)
NOT_PROVEN: Final = failure(401, "the signature is not proven")
STALE: Final = failure(401, "the timestamp is too far from the time here")
TOO_SLOW: Final = failure(408, "the body did not come in time")
TOO_LARGE: Final = failure(413, "the body is too large")
CANNOT_OPEN: Final = failure(500, "the resource cannot be opened")
UNREADABLE: Final = failure(400, "the body is not what is documented")
FAILED: Final = failure(500, "it could not be handled")
NOT_DONE: Final = failure(500, "it is not done yet")
BUSY: Final = failure(503, "it is being handled")
CLOSING: Final = failure(503, "the service is stopping")
