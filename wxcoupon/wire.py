"""The protocol, without any I/O: values to bytes, bytes to values, and the two signatures between them.

Both sides of the wire stand on this file, the client and the sandbox.

https://pay.weixin.qq.com/doc/v3/merchant/4012365342 (requests), 4013053249 (answers)
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any, Final, Generic, TypeVar, cast
from urllib.parse import quote, urlencode

import attrs

from . import convert, crypto, form, sealing
from .endpoint import AnyEndpoint, Endpoint, Route
from .errors import (
    ApiError,
    BadSignature,
    ClockSkew,
    ConfigurationError,
    Fault,
    InvalidRequest,
    LocalError,
    MissingSignature,
    NotAllowedError,
    ProbeSignature,
    RateLimited,
    ServerError,
    UnknownSerial,
    UnreadableAnswer,
    UnsupportedSignature,
)
from .identity import Brand, Identity
from .jsontext import dump, load
from .keys import KeyRing

R = TypeVar("R")

WINDOW: Final = 300
"""Seconds a timestamp may be away from the reader's clock; at this many it is refused."""

_NEAR: Final = 60
"""Seconds within which two measurements of a clock that is wrong are the same."""
_ALGORITHM: Final = "WECHATPAY2-SHA256-RSA2048"
_PROBE: Final = "WECHATPAY/SIGNTEST/"
_TOO_MANY: Final = "270924289"
_MOST_DIGITS: Final = 12
_HEADER: Final = re.compile(r"[!-~](?:[ -~]*[!-~])?")
_NO_TEXT: Final = "holds half of a surrogate pair, which is no character"
_VERBS: Final = "send|use|return|deactivate|associate|disassociate"
_PERSONAL: Final = re.compile(
    rf"(?<=/users/)[^/{{}}]+|(?<=/coupons/)(?!(?:{_VERBS})(?:/|$))[^/{{}}]+|(?<=/couponcodes/)[^/{{}}]+"
)


@attrs.frozen
class WireRequest:
    """A request as it leaves: what is signed is exactly what is sent.

    Attributes:
        method: the HTTP method.
        target: absolute path and query, percent-encoded already.
        body: the bytes of the body; empty for none.
        call: ``METHOD /path/template``, without anything personal: for messages and logs.
        headers: headers of this call's own.
        signed: what is signed in place of the body; None for the body itself.
    """

    method: str
    target: str = attrs.field(repr=False)
    body: bytes = attrs.field(default=b"", repr=False)
    call: str = ""
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    signed: bytes | None = attrs.field(default=None, repr=False)


@attrs.frozen
class Answer:
    """A proven answer, before anything was made of it.

    Attributes:
        status: the HTTP status, 200 to 299.
        headers: its headers; their names compare without case.
        body: its bytes, as they were signed.
        attempts: how many requests were made for it.
        repeated: whether one before the last may have been acted on, so that what the answer finds done already may
            be this call's own doing.
    """

    status: int
    headers: Mapping[str, str] = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)
    attempts: int = 1
    repeated: bool = False

    @property
    def request_id(self) -> str | None:
        """The ``Request-ID`` to quote to WeChat Pay's support."""
        return self.headers.get("Request-ID")

    def json(self) -> Any:
        """The body as JSON; None when it is empty, as with 204.

        Raises:
            UnreadableAnswer: the body is not JSON.
        """
        if not self.body:
            return None
        try:
            return load(self.body)
        except ValueError:
            raise UnreadableAnswer(
                "the answer is not JSON; if this stays so, report its Request-ID to WeChat Pay"
            ) from None


@attrs.frozen
class Answered(Generic[R]):
    """What a typed call returns, with the answer it was read from.

    Attributes:
        result: the answer as its endpoint declares it; None where WeChat Pay answers 204.
        answer: its status, headers, bytes and ``request_id``.
    """

    result: R
    answer: Answer


def segment(value: str) -> str:
    """Percent-encode *value* as exactly one path segment.

    Raises:
        InvalidRequest: an empty value, ``.`` or ``..`` would make another path; half of a surrogate pair is no text.
    """
    if value in {"", ".", ".."}:
        raise InvalidRequest([Fault("$", f"{value!r} cannot stand in a path")])
    try:
        return value if value.isascii() and value.isalnum() else quote(value, safe="")
    except UnicodeEncodeError:
        raise InvalidRequest([Fault("$", _NO_TEXT)]) from None


def query_string(params: Mapping[str, Any]) -> str:
    """Percent-encode a query; objects and lists become compact JSON, as the documentation asks.

    Raises:
        InvalidRequest: a value has no JSON form, or a text holds half of a surrogate pair.
    """

    def text(value: Any) -> str:
        if isinstance(value, str):
            return value
        return dump(value).decode()

    try:
        return urlencode(
            {name: text(value) for name, value in params.items() if value is not None}, quote_via=quote, safe=""
        )
    except UnicodeEncodeError:
        raise InvalidRequest([Fault("$", f"the query cannot be written: a text in it {_NO_TEXT}")]) from None


def encode(request: AnyEndpoint, identity: Identity, keys: KeyRing | None = None) -> WireRequest:
    """Write a typed request as *identity* sends it.

    Args:
        request: what is asked.
        identity: who asks.
        keys: WeChat Pay's, of which the one that is announced seals sensitive members; needed for those alone.

    Raises:
        NotAllowedError: this identity may not ask this endpoint.
        ConfigurationError: a partner has no brand to name, or sensitive members can be neither sealed nor opened.
        InvalidRequest: a value cannot stand where it belongs, or is too long to be sealed.
    """
    try:
        if sealing.is_sealed(request.returns):
            _ = identity.opener  # before anything is sent
        if sealing.is_sealed(type(request)):
            return _encode_sealed(request, identity, keys)
        return _encode(request, request.route, identity)
    except LocalError as error:
        error.about(request.route.call)
        raise


def _encode_sealed(request: AnyEndpoint, identity: Identity, keys: KeyRing | None) -> WireRequest:
    if keys is None:
        raise ConfigurationError("the request has sensitive members; they are sealed with a key of platform_keys")
    serial = keys.public_key_id if isinstance(identity, Brand) else keys.announced
    try:
        key = keys.find(serial or "")
    except UnknownSerial:
        raise ConfigurationError(
            "the request has sensitive members, and there is no key to seal them with; give a WeChat Pay public key as "
            "platform_keys, or an APIv3 key to fetch platform certificates with"
        ) from None
    written = _encode(sealing.seal(request, key), request.route, identity)
    # Named in the request itself: whatever key is announced by the time it leaves, it is sealed with this one.
    return attrs.evolve(written, headers={**written.headers, "Wechatpay-Serial": serial or ""})


def _encode(request: AnyEndpoint, route: Route, identity: Identity) -> WireRequest:
    if not isinstance(identity, route.callers):
        allowed = " or ".join(caller.__name__ for caller in route.callers)
        raise NotAllowedError(f"a {type(identity).__name__} may not make this call; it takes a {allowed}")
    fields: dict[str, Any] = convert.to_wire(request)
    if route.brand_scoped:
        fields |= identity.scope()
    path = route.path
    for hole in route.holes:
        try:
            path = path.replace(f"{{{hole}}}", segment(str(fields.pop(hole, ""))), 1)
        except InvalidRequest as error:
            raise InvalidRequest([Fault(f"$.{hole}", error.faults[0].problem)], route.page) from None
    target = identity.path(path)
    headers = _headers(route, fields) if route.headers else {}
    query = fields if route.method == "GET" else {name: fields.pop(name) for name in route.query if name in fields}
    if query:
        target = f"{target}?{query_string(query)}"
    if route.method == "GET":
        return WireRequest("GET", target, b"", route.call, headers)
    if route.form:
        written = form.write(fields)
        headers["Content-Type"] = written.content_type
        return WireRequest(route.method, target, written.body, route.call, headers, written.signed)
    # What is declared without a body is sent without one, and anything else with its braces at least.
    body = dump(fields) if fields or route.body else b""
    return WireRequest(route.method, target, body, route.call, headers)


def _headers(route: Route, fields: dict[str, Any]) -> dict[str, str]:
    """Take the fields that go into headers out of *fields*.

    Raises:
        InvalidRequest: a value cannot stand in a header.
    """
    headers = {header: str(fields.pop(field)) for header, field in route.headers.items() if field in fields}
    for header, value in headers.items():
        if not _HEADER.fullmatch(value):
            raise InvalidRequest([Fault(f"$.{route.headers[header]}", "cannot stand in a header")], route.page)
    return headers


def label(method: str, target: str) -> str:
    """Name an untyped call without its query and without the openid or coupon code in its path."""
    return f"{method} {_PERSONAL.sub('…', target.partition('?')[0])}"


def request_message(method: str, target: str, stamp: str, nonce: str, body: bytes) -> bytes:
    """What is signed of a request: five lines, each ended by LF, the last one too."""
    return f"{method}\n{target}\n{stamp}\n{nonce}\n".encode() + body + b"\n"


def answer_message(stamp: str, nonce: str, body: bytes) -> bytes:
    """What is signed of an answer or a callback: three lines, each ended by LF, the last one too."""
    # A header with bytes that are no UTF-8 is composed as it came, and does not verify.
    return f"{stamp}\n{nonce}\n".encode("utf-8", "surrogateescape") + body + b"\n"


def authorization(identity: Identity, method: str, target: str, body: bytes, *, timestamp: int, nonce: str) -> str:
    """Sign a request at once, with a private key that is here; the value of its ``Authorization`` header."""
    stamp = str(timestamp)
    signed = request_message(method, target, stamp, nonce, body)
    return authorized(identity, stamp, nonce, crypto.sign(identity.private_key, signed))


def authorized(identity: Identity, stamp: str, nonce: str, signature: str) -> str:
    """The value of the ``Authorization`` header of a request that is signed already."""
    name, number = identity.subject
    return (
        f'{identity.scheme} {name}="{number}",nonce_str="{nonce}",timestamp="{stamp}",'
        f'serial_no="{identity.serial_no}",signature="{signature}"'
    )


def new_nonce() -> str:
    """32 random hexadecimal digits."""
    return secrets.token_hex(16).upper()


def sign_answer(key: crypto.PrivateKey, serial: str, body: bytes, *, timestamp: int, nonce: str) -> dict[str, str]:
    """The headers WeChat Pay signs an answer or a callback with; here for the sandbox and for tests."""
    return {
        "Wechatpay-Timestamp": str(timestamp),
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": serial,
        "Wechatpay-Signature-Type": _ALGORITHM,
        "Wechatpay-Signature": crypto.sign(key, answer_message(str(timestamp), nonce, body)),
    }


def verify(
    headers: Mapping[str, str],
    body: bytes,
    keys: KeyRing,
    *,
    now: float,
    measured: float | None = None,
    window: float = WINDOW,
    what: str = "answer",
) -> None:
    """Prove that these bytes are WeChat Pay's, written just now.

    Args:
        headers: the answer's or the callback's headers; names compare without case.
        body: its exact bytes, after content decoding; empty with 204.
        keys: the keys to choose from, by ``Wechatpay-Serial`` alone.
        now: this machine's time, seconds since 1970, as its clock has it and not corrected.
        measured: seconds that proven answers before this one showed WeChat Pay's clock ahead; for the error alone.
        window: seconds a timestamp may be away from *now*; at this many it is refused.
        what: what it is, for the error alone: ``answer`` or ``callback``.

    Raises:
        MissingSignature, ClockSkew, UnsupportedSignature, UnknownSerial, ProbeSignature, BadSignature: each says why
            the bytes are not believed.
    """
    stamp, nonce, serial, signature = presented(headers, now=now, measured=measured, window=window, what=what)
    if not crypto.verifies(keys.find(serial), answer_message(stamp, nonce, body), signature):
        if signature.startswith(_PROBE):
            todo = "repeat the call unchanged" if what == "answer" else "refuse it; it comes again, rightly signed"
            raise ProbeSignature(f"the {what} carries a deliberately wrong signature; {todo}")
        raise BadSignature(
            f"the signature is not {serial}'s over this {what}; check that the key is the one of that id"
        )


def presented(
    headers: Mapping[str, str],
    *,
    now: float,
    measured: float | None = None,
    window: float = WINDOW,
    what: str = "answer",
) -> tuple[str, str, str, str]:
    """Check as :func:`verify` what needs no key, so none is fetched in vain; give stamp, nonce, serial, signature."""
    try:
        stamp, nonce = headers["Wechatpay-Timestamp"], headers["Wechatpay-Nonce"]
        serial, signature = headers["Wechatpay-Serial"], headers["Wechatpay-Signature"]
    except KeyError as missing:
        check = "base_url and what stands between" if what == "answer" else "what stands between"
        raise MissingSignature(
            f"the {what} has no {missing.args[0]} header, so it may not be WeChat Pay's; "
            f"check {check} (a proxy that drops headers, say)"
        ) from None
    algorithm = headers.get("Wechatpay-Signature-Type", _ALGORITHM)
    if algorithm != _ALGORITHM:
        raise UnsupportedSignature(f"the {what} is signed with {algorithm[:80]!r}; only {_ALGORITHM} is verified here")
    if not (stamp.isdigit() and stamp.isascii() and len(stamp) <= _MOST_DIGITS):
        raise MissingSignature("the Wechatpay-Timestamp header is not a number of seconds")
    offset = int(stamp) - now
    if abs(offset) >= window:
        raise ClockSkew(_skewed(what, offset, measured), offset)
    return stamp, nonce, serial, signature


def _skewed(what: str, offset: float, measured: float | None) -> str:
    text = f"the {what} is dated {abs(offset):.0f} seconds {'after' if offset > 0 else 'before'} this machine's time; "
    if what != "answer":
        return f"{text}unless this machine's clock is wrong, it is an old one that somebody sends again"
    if measured is None or abs(offset - measured) < _NEAR:
        return f"{text}set this machine's clock right"
    return (
        f"{text}answers before it showed clocks {abs(measured):.1f} seconds apart, so unless this machine's clock was "
        "set just now, this is an old answer that something on the way has kept"
    )


def decode(request: Endpoint[R, Any], answer: Answer) -> R:
    """Read a proven answer as the type the endpoint declares.

    Raises:
        UnreadableAnswer: it is not the JSON object the documentation promises.
    """
    data = answer.json()
    returns: Any = request.returns
    if returns is None or returns is type(None):
        return cast("R", None)  # Endpoint[None]: R is None
    if not isinstance(data, dict):
        raise UnreadableAnswer(f"the answer is not a JSON object, which {returns.__name__} is read from")
    read: R = convert.from_wire(returns, data)
    return read


def failure(status: int, headers: Mapping[str, str], body: bytes, *, verified: bool) -> ApiError:
    """Make the error of an answer outside 200 to 299, whatever its body is."""
    try:
        data: Any = load(body) if body else {}
    except ValueError:
        data = {}
    if not isinstance(data, dict):
        data = {}
    kind = RateLimited if status == 429 else ServerError if status >= 500 else ApiError
    request_id = headers.get("Request-ID")
    # Of a failure that nobody signed, the number proves nothing, and certainly not that nothing was done.
    if request_id and request_id.rpartition("-")[2] == _TOO_MANY and (verified or status < 500):
        kind = RateLimited
    error = kind(
        status=status,
        code=str(data.get("code") or ""),
        message=str(data.get("message") or "the answer says no more"),
        detail=data.get("detail"),
        request_id=request_id,
        verified=verified,
    )
    if not verified and not isinstance(error, RateLimited):
        error.outcome_unknown = True  # an error that is not proven proves no final state
    error.retry_after = _seconds(headers.get("Retry-After"))
    return error


def _seconds(text: str | None) -> float | None:
    return float(text) if text and len(text) < 10 and text.isascii() and text.isdecimal() else None
