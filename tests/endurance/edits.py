"""Changes made to an answer on its way."""

import gzip
import time

from tests.fault_proxy import Answered, Edit
from wxcoupon import crypto, wire

SIGNING = ("Wechatpay-Timestamp", "Wechatpay-Nonce", "Wechatpay-Serial", "Wechatpay-Signature")


def without(*names: str) -> Edit:
    """Leave headers out."""

    def edit(answer: Answered) -> None:
        for name in names:
            answer.headers.popall(name, None)

    return edit


def with_header(name: str, value: str) -> Edit:
    """Put another value into a header."""

    def edit(answer: Answered) -> None:
        answer.headers[name] = value

    return edit


def with_status(status: int) -> Edit:
    """Answer with another status, which no signature is over."""

    def edit(answer: Answered) -> None:
        answer.status = status

    return edit


def with_body(body: bytes) -> Edit:
    """Answer with other bytes, which the signature is not over."""

    def edit(answer: Answered) -> None:
        answer.body = body

    return edit


def instead(status: int, body: bytes, kind: str = "text/html", **headers: str) -> Edit:
    """Answer as something on the way does, that knows no key."""

    def edit(answer: Answered) -> None:
        answer.status, answer.body = status, body
        answer.headers.clear()
        answer.headers["Content-Type"] = kind
        for name, value in headers.items():
            answer.headers[name.replace("_", "-")] = value

    return edit


def signed(key: crypto.PrivateKey, serial: str, *, body: bytes | None = None, at: float | None = None) -> Edit:
    """Sign the answer again, with any key under any name, over its own body or another one."""

    def edit(answer: Answered) -> None:
        if body is not None:
            answer.body = body
        stamp = int(answer.headers.get("Wechatpay-Timestamp", time.time()) if at is None else at)
        answer.headers.update(wire.sign_answer(key, serial, answer.body, timestamp=stamp, nonce="n"))

    return edit


def compressed(answer: Answered) -> None:
    """Send the body as gzip; the signature stays over what it was."""
    answer.body = gzip.compress(answer.body)
    answer.headers["Content-Encoding"] = "gzip"


def both(*edits: Edit) -> Edit:
    """One change after the other."""

    def edit(answer: Answered) -> None:
        for one in edits:
            one(answer)

    return edit
