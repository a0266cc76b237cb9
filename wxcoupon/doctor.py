"""Why WeChat Pay did not accept a signature: what was signed beside what the answer says it saw.

The answer to a request whose signature does not verify tells what was signed in WeChat Pay's eyes: the method, the URL,
the length of the message and its first lines. What differs was changed on the way. Where nothing does, the message is
not what is wrong, so it is the key, the serial number, the identity or the clock.

Nothing of a body, of a path's values or of a query is ever in the result: there may be an openid in any of them.

https://pay.weixin.qq.com/doc/v3/merchant/4012365342
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import unquote

import attrs

from .errors import ApiError
from .identity import Brand, Identity

_WINDOW: Final = 300
"""Seconds that the clock of a caller may be off."""
_SUSPECT: Final = 240
"""Seconds from which the clock is the likely cause: the request was under way for a while too."""
_UNPROVEN: Final = "the answer is not proven, so this may be wrong"
_UNKNOWN: Final = (
    "and the outcome is unknown: mend the cause, then repeat the call with the same request number and data; what "
    "became of one without a number, look up first"
)


@attrs.frozen
class Evidence:
    """What there is to go by.

    Attributes:
        identity: who signed.
        message: what was signed: five lines, as :func:`wxcoupon.wire.request_message` makes them.
        offset: seconds that the answer is dated after this machine's time; None when it is not dated.
        measured: the offset that proven answers showed before; None before any.
        platforms: whether the serial number of the identity is that of a platform certificate.
    """

    identity: Identity
    message: bytes = attrs.field(repr=False)
    offset: float | None = None
    measured: float | None = None
    platforms: bool = False


@attrs.frozen
class _Seen:
    """What the answer says was signed; None where it says nothing."""

    method: str | None
    url: str | None = attrs.field(repr=False)
    stamp: str | None
    nonce: str | None
    body: str | None = attrs.field(repr=False)
    length: int | None


def diagnose(error: ApiError, evidence: Evidence) -> str:
    """Say what differs between what was signed and what arrived, or what else the likely cause is.

    Args:
        error: a 401.
        evidence: what was signed, by whom and when.

    Returns:
        One or two sentences that begin in lower case, and have nothing secret or personal in them.
    """
    seen = _seen(error.detail)
    if seen is None:
        found = "the answer does not say what it saw, so nothing can be compared; " + _cause(error, evidence)
        if not error.verified and not error.code:
            found = (
                "the answer has neither WeChat Pay's signature nor one of its codes, so most likely a proxy or gateway "
                "on the way wants to be told who you are; check proxy and base_url"
            )
    elif differs := _differs(evidence.message, seen):
        found = f"what arrived is not what was signed: {differs}"
    elif seen.stamp == seen.nonce == "" and _scheme(evidence) is None:
        found = (
            "what arrived is not what was signed: the Authorization header did not arrive, or not as it was sent; "
            "something on the way drops or changes it"
        )
    else:
        found = "what arrived is what was signed, as far as the answer shows; " + _cause(error, evidence)
    if error.verified:
        return found
    asks = evidence.message.startswith(b"GET\n")  # which may be made again anyhow
    return f"{found} ({_UNPROVEN})" if asks else f"{found} ({_UNPROVEN}, {_UNKNOWN})"


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _seen(detail: Any) -> _Seen | None:
    information = detail.get("sign_information") if isinstance(detail, dict) else None
    if not isinstance(information, dict):
        return None
    length = information.get("sign_message_length")
    lines = (_text(information.get("truncated_sign_message")) or "").split("\n", 4)
    lines += [""] * (5 - len(lines))
    whole = len((_text(information.get("truncated_sign_message")) or "").split("\n", 4)) == 5
    return _Seen(
        _text(information.get("method")) or lines[0] or None,
        _text(information.get("url")) or lines[1] or None,
        lines[2] if whole else None,
        lines[3] if whole else None,
        lines[4].removesuffix("\n") if whole else None,
        length if isinstance(length, int) and not isinstance(length, bool) else None,
    )


def _differs(message: bytes, seen: _Seen) -> str | None:
    """The first part that differs, in words; None when none does."""
    method, url, stamp, nonce, rest = message.decode(errors="replace").split("\n", 4)
    body = rest.removesuffix("\n")
    if seen.method is not None and seen.method != method:
        return f"the method: {method} was signed, {_shown(seen.method)} arrived; a proxy or gateway changed it"
    if seen.url is not None and seen.url != url:
        return f"the url: {_url(url, seen.url)}; a proxy or gateway, or a path in base_url, may have changed it"
    if seen.stamp == seen.nonce == "":
        return None  # they are from the Authorization header, which was not even read
    if seen.stamp is not None and seen.stamp != stamp:
        return (
            "the timestamp: another one arrived in the Authorization header; something on the way changed that header"
        )
    if seen.nonce is not None and seen.nonce != nonce:
        return "the nonce: another one arrived in the Authorization header; something on the way changed that header"
    return _body(message, body, seen)


def _body(message: bytes, body: str, seen: _Seen) -> str | None:
    # Nothing says whether the length counts bytes or characters.
    here = len(message), len(message.decode(errors="replace"))
    if seen.length is not None and seen.length not in here:
        more = seen.length - here[0]
        return (
            f"the length: the body arrived {abs(more)} bytes {'longer' if more > 0 else 'shorter'} than it was signed; "
            "something on the way rewrites, re-encodes or drops bodies"
        )
    if seen.body and not body.startswith(seen.body):
        return "the body: it begins otherwise than it was signed; something on the way rewrites bodies"
    if seen.body == "" and body and seen.length is None:
        return "the body: none arrived; something on the way drops bodies"
    return None


def _shown(method: str) -> str:
    return method if method.isascii() and method.isalpha() and len(method) <= 10 else "something else"


def _url(signed: str, seen: str) -> str:
    """How two targets differ, without any of their values."""
    if unquote(signed) == unquote(seen):
        return "the same one arrived with other percent-encoding"
    (path, _, query), (other_path, _, other_query) = signed.partition("?"), seen.partition("?")
    if path != other_path:
        return f"its path {_path(path, other_path)}"
    if not (query and other_query):
        return "its query did not arrive" if query else "it was signed without a query and arrived with one"
    reordered = sorted(query.split("&")) == sorted(other_query.split("&"))
    return f"its query arrived {'in another order' if reordered else 'as another'}"


def _path(signed: str, seen: str) -> str:
    if seen.endswith(signed):
        return "arrived with something in front"
    if signed.endswith(seen):
        return "arrived without its beginning"
    parts, others = signed.split("/"), seen.split("/")
    if len(parts) != len(others):
        return f"was signed with {len(parts) - 1} parts and arrived with {len(others) - 1}"
    first = next(index for index, pair in enumerate(zip(parts, others, strict=True)) if pair[0] != pair[1])
    return f"arrived with another part {first}"


def _scheme(evidence: Evidence) -> str | None:
    """Whether the path takes the scheme of another identity, in words."""
    identity = evidence.identity
    kind = type(identity).__name__
    brands = evidence.message.split(b"\n", 2)[1].startswith(b"/brand/")
    if brands == isinstance(identity, Brand):
        return None
    wanted = "/brand/… takes that of a Brand" if brands else "/v3/… takes that of a Merchant or a Partner"
    return f"the likely cause is the identity: a {kind} signed, with the scheme {identity.scheme}, and {wanted}"


def _cause(error: ApiError, evidence: Evidence) -> str:
    """The likely cause when the message is not what is wrong."""
    return _scheme(evidence) or _clock(evidence) or _own(error, evidence)


def _own(error: ApiError, evidence: Evidence) -> str:
    """What of the identity is the likely cause."""
    identity = evidence.identity
    kind, serial = type(identity).__name__, identity.serial_no
    if evidence.platforms:
        return (
            f"the likely cause is serial_no: {serial} is WeChat Pay's own certificate, and serial_no is that of your "
            "API certificate"
        )
    who = " ".join(identity.subject)
    said = _said(error)
    if any(word in said for word in ("not known", "商户号")):
        return f"the likely cause is the identity: {who} is not known as a {kind}; check the number and the identity"
    if any(word in said for word in ("serial", "序列号")):
        return (
            f"the likely cause is serial_no: {serial} is not that of the API certificate in use of {who}; "
            "take it from the certificate whose private key this is, or this certificate belongs to another number "
            "(mchid, brand_id) or kind of identity"
        )
    signer = identity.signer
    keeper = (
        ""
        if signer is None
        else (
            f", or {type(signer).__name__} signs otherwise than RSASSA-PKCS1-v1_5 with SHA-256 over the whole message"
        )
    )
    return (
        f"the likely cause is the private key: it is not the one of the API certificate {serial}, "
        f"or that is not a certificate of {who}{keeper}"
    )


def _clock(evidence: Evidence) -> str | None:
    offset = evidence.offset if evidence.offset is not None else evidence.measured
    if offset is None or abs(offset) < _SUSPECT:
        return None
    return (
        f"the likely cause is the clock: the answer is dated {abs(offset):.0f} seconds "
        f"{'after' if offset > 0 else 'before'} this machine's time, and {_WINDOW} are too many; set the clock right"
    )


def _said(error: ApiError) -> str:
    issue = error.detail.get("issue") if isinstance(error.detail, dict) else ""
    return f"{error.message} {issue}".lower()
