"""What is checked of every request before it means anything, in the order of a real server.

1. the Authorization header: there, well formed, of the scheme its path takes;
2. the caller's number, the serial number, the time, the nonce, and the RSA signature over exactly what came;
3. the caller may use this path, and not too often;
4. the other headers, then the body: UTF-8 JSON, an object, no ``null``, no character of four bytes;
5. every member: known, of its type, within the documented limits;
6. the brand granted the partner that asks for it.

https://pay.weixin.qq.com/doc/v3/merchant/4012365342
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, NoReturn
from urllib.parse import parse_qsl

import attrs

from .. import checks, convert, crypto, form, keys, wire
from ..endpoint import AnyEndpoint, type_name
from ..identity import Brand, Identity, Partner
from .callers import Account, Callers
from .faults import refuse
from .handlers import Asked, Handler, Owner
from .limits import Limits
from .refusals import STRUCTURE, Refusal, header, no_auth, parameter, structure, too_many

_PAIR: Final = r'(\w+)="([^"]*)"'
_PAIRS: Final = re.compile(rf"{_PAIR}(?:\s*,\s*{_PAIR})*")
_STAMP: Final = re.compile(r"[0-9]{1,12}")
_NONCE: Final = re.compile(r"[0-9A-Za-z]{16,32}")


@attrs.frozen
class Way:
    """A path the sandbox serves: an endpoint, as one or several kinds of identity ask it.

    Attributes:
        request: the class of its requests.
        handler: what answers them.
        kinds: who may ask.
        most_repeats: the documented length of the list whose repeated items the handler sorts out.
    """

    request: type[AnyEndpoint]
    handler: Handler
    kinds: frozenset[type[Identity]]
    most_repeats: int


@attrs.frozen
class Knock:
    """A request as it came.

    Attributes:
        method: the HTTP method.
        target: path and query exactly as they stood in the request line.
        headers: the headers; names compare without case.
        holes: the path's variable segments, decoded.
        body: the bytes of the body.
    """

    method: str
    target: str = attrs.field(repr=False)
    headers: Mapping[str, str] = attrs.field(repr=False)
    holes: Mapping[str, str] = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)


class Gate:
    """Lets requests in, or refuses them.

    Args:
        callers: who may call.
        platform_id: the id of WeChat Pay's public key, which requests under ``/brand/`` have to announce.
        limits: the documented rates; None keeps none.
        clock: seconds since 1970.
    """

    def __init__(self, callers: Callers, platform_id: str, limits: Limits | None, clock: Callable[[], float]) -> None:
        self._callers = callers
        self._platform_id = platform_id
        self._limits = limits
        self._clock = clock

    def admit(self, way: Way, knock: Knock) -> Asked:
        """Check everything that can be checked without looking at the world.

        Raises:
            Refusal: the request breaks a rule; nothing was done.
        """
        signed, members = _written(way, knock)
        identity = self._authenticate(knock, signed).identity
        if type(identity) not in way.kinds:
            raise no_auth(f"a {identity.kind} may not use this path")
        rate = way.request.route.rates.get(type(identity))
        if self._limits and rate and not self._limits.take((identity.subject, way.request.name), rate):
            raise too_many()
        self._headers(knock, "multipart/form-data" if way.request.route.form else "application/json")
        data = _data(way, knock, members)
        brand_id = _take_brand(way, identity, data)
        _check(way, data)
        if brand_id is None:
            return Asked(way.request, identity, None, data)
        if isinstance(identity, Partner) and not self._grants(identity, brand_id):
            raise no_auth("the brand has not granted this partner the product-coupon permission")
        return Asked(way.request, identity, Owner(identity.subject, brand_id), data)

    def recognise(self, knock: Knock) -> Identity:
        """Who asks for a file, which is no endpoint: its signature is all that is checked.

        Raises:
            Refusal: the request is not signed by a caller.
        """
        return self._authenticate(knock, knock.body).identity

    def _grants(self, partner: Partner, brand_id: str) -> bool:
        account = self._callers.find(partner.subject)
        return account is not None and brand_id in account.granted

    def _authenticate(self, knock: Knock, body: bytes) -> Account:
        stamp = nonce = ""

        def fail(issue: str) -> NoReturn:
            raise _sign_error(issue, knock, stamp, nonce, body)

        text = knock.headers.get("Authorization", "")
        if not text or not text.isascii():
            fail("there is no Authorization header, or it has characters of another kind")
        scheme, _, rest = text.partition(" ")
        wanted = Brand.scheme if knock.target.startswith("/brand/") else Partner.scheme
        if scheme != wanted:
            fail(f"the Authorization scheme of this path is {wanted}")
        pairs = dict(re.findall(_PAIR, rest)) if _PAIRS.fullmatch(rest.strip()) else {}
        name = "brand_id" if wanted == Brand.scheme else "mchid"
        if set(pairs) != {name, "nonce_str", "timestamp", "serial_no", "signature"}:
            fail(f"the Authorization header has to have {name}, nonce_str, timestamp, serial_no and signature")
        stamp, nonce = pairs["timestamp"], pairs["nonce_str"]
        account = self._callers.find((name, pairs[name]))
        if account is None:
            fail(f"this {name} is not known")
        if keys.number(pairs["serial_no"]) != keys.number(account.identity.serial_no):
            fail("serial_no is not that of the caller's API certificate")
        if not _STAMP.fullmatch(stamp) or abs(int(stamp) - self._clock()) > wire.WINDOW:
            fail(f"timestamp has to be within {wire.WINDOW} seconds of the server's time")
        if not _NONCE.fullmatch(nonce):
            fail("nonce_str has to be 16 to 32 letters and digits")
        signed = wire.request_message(knock.method, knock.target, stamp, nonce, body)
        if not crypto.verifies(account.public_key, signed, pairs["signature"]):
            fail("the signature is not the caller's over this request")
        return account

    def _headers(self, knock: Knock, content_type: str) -> None:
        headers = knock.headers
        if not headers.get("User-Agent"):
            raise header("User-Agent", "is required")
        if not _among(headers.get("Accept", ""), ("application/json", "*/*")):
            raise header("Accept", "has to be application/json")
        if knock.body and not _among(headers.get("Content-Type", ""), (content_type,)):
            raise header("Content-Type", f"has to be {content_type}")
        if knock.target.startswith("/brand/") and headers.get("Wechatpay-Serial") != self._platform_id:
            raise header("Wechatpay-Serial", "has to be the id of the brand's WeChat Pay public key")


def _among(value: str, kinds: Collection[str]) -> bool:
    return any(part.partition(";")[0].strip().lower() in kinds for part in value.split(","))


def _sign_error(issue: str, knock: Knock, stamp: str, nonce: str, body: bytes) -> Refusal:
    signed = wire.request_message(knock.method, knock.target, stamp, nonce, body)
    shown = wire.request_message(knock.method, knock.target, stamp, nonce, body[:1])
    return Refusal(
        401,
        "SIGN_ERROR",
        "the request's signature does not verify",
        detail={
            "field": "signature",
            "issue": issue,
            "location": "authorization",
            "sign_information": {
                "method": knock.method,
                "url": knock.target,
                "truncated_sign_message": shown.decode(errors="replace"),
                "sign_message_length": len(signed),
            },
        },
    )


def _written(way: Way, knock: Knock) -> tuple[bytes, Mapping[str, bytes] | None]:
    """What the signature is over, and the parts of a form; of anything that is no form, the body and None."""
    if not way.request.route.form:
        return knock.body, None
    try:
        parts = form.read(knock.headers.get("Content-Type", ""), knock.body)
    except ValueError:
        return knock.body, {}
    return parts.get("meta", b""), parts


def _data(way: Way, knock: Knock, parts: Mapping[str, bytes] | None) -> dict[str, Any]:
    """Gather the members from path, query, headers and body, each from where it belongs."""
    route = way.request.route
    in_query = _query(way.request, knock.target.partition("?")[2])
    if route.method == "GET":
        if knock.body:
            raise structure("a GET has no body")
        members = in_query
    else:
        for name in in_query:
            if name not in route.query:
                raise parameter(name, "there is no such parameter", location="query", numeric=STRUCTURE)
        members = _body(knock.body) if parts is None else _parts(parts)
        for name in (*route.query, *route.headers.values()):
            if name in members:
                raise parameter(f"/{name}", f"is in the {route.place(name)}, not here", numeric=STRUCTURE)
        members |= in_query
    members |= {field: knock.headers[name] for name, field in route.headers.items() if name in knock.headers}
    for hole in route.holes:
        if hole in in_query:
            raise parameter(hole, "is in the path, not here", location="query", numeric=STRUCTURE)
        if hole in members:
            raise parameter(f"/{hole}", "is in the path, not here", numeric=STRUCTURE)
    return {**members, **knock.holes}


def _parts(parts: Mapping[str, bytes]) -> dict[str, Any]:
    if not parts:
        raise structure("the body is no form with the parts meta and file")
    return {name: _body(part, "/meta") if name == "meta" else part for name, part in parts.items()}


def _query(request: type[AnyEndpoint], query: str) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, text in parse_qsl(query, keep_blank_values=True):
        if name in members:
            raise parameter(name, "comes twice", location="query")
        members[name] = _typed(request, name, text)
    return members


def _typed(request: type[AnyEndpoint], name: str, text: str) -> Any:
    if name not in request.route.query or type_name(request, name).endswith("str"):
        return text
    try:  # numbers, true and false, objects and lists are written in a query as in JSON
        value = _json(text)
    except (ValueError, RecursionError):
        return text
    _walk(value, name, location="query")
    return value


def _json(text: str) -> Any:
    """Read JSON whose numbers are numbers that JSON can write."""
    return json.loads(text, parse_constant=_no_number, parse_float=_fraction)


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)


def _fraction(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _no_number(text)


def _body(raw: bytes, pointer: str = "") -> dict[str, Any]:
    """Read the JSON of a body, or of the part of a form that *pointer* names."""
    what = "the part meta" if pointer else "the body"
    if not raw:
        return {}
    try:
        text = raw.decode()
        members = _json(text)
    except (ValueError, RecursionError):
        raise parameter(pointer, f"{what} is not UTF-8 JSON", numeric=STRUCTURE) from None
    if not isinstance(members, dict):
        raise parameter(pointer, f"{what} is not a JSON object", numeric=STRUCTURE)
    # The walk is needed only where something in the text can have made a null or a character of four bytes.
    if "null" in text or "\\u" in text or (not text.isascii() and max(text) > "\uffff"):
        _walk(members, pointer)
    return members


def _walk(value: Any, pointer: str, *, location: str = "body") -> None:
    """Refuse null, and characters of four bytes, at any depth; of a query the parameter alone is named."""
    inside = "{}" if location == "query" else "{}/{}"
    if value is None:
        raise parameter(pointer, "null is not allowed; leave the member out", location=location, numeric=STRUCTURE)
    if isinstance(value, dict):
        for name, member in value.items():
            _walk(name, pointer, location=location)
            _walk(member, inside.format(pointer, name.replace("~", "~0").replace("/", "~1")), location=location)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _walk(item, inside.format(pointer, index), location=location)
    elif isinstance(value, str) and any(char > "\uffff" or "\ud800" <= char <= "\udfff" for char in value):
        raise parameter(pointer, "has a character of four UTF-8 bytes, which is not taken", location=location)


def _take_brand(way: Way, identity: Identity, data: dict[str, Any]) -> str | None:
    """Whose brand a request is about: a partner says it, a brand is it."""
    if not way.request.route.brand_scoped:
        return None
    if isinstance(identity, Brand):
        return identity.brand_id  # and should it say so too, that is a member nobody knows
    place = way.request.route.brand_place
    where = ("/brand_id", place) if place == "body" else ("brand_id", place)
    if "brand_id" not in data:
        raise parameter(where[0], "is required of a partner", location=where[1], numeric=STRUCTURE)
    brand_id = data.pop("brand_id")
    if not isinstance(brand_id, str):
        raise parameter(where[0], "has to be text", location=where[1])
    return brand_id


def _check(way: Way, data: dict[str, Any]) -> None:
    request: AnyEndpoint = convert.from_wire(way.request, _without_repeats(way, data))
    if found := checks.faults(request, unknown=True):
        raise refuse(request, data, found)


def _without_repeats(way: Way, data: dict[str, Any]) -> dict[str, Any]:
    """The members to check: where the answer sorts repeated items out, they are no fault, but too many items are."""
    name = way.handler.repeats
    given = data.get(name) if name is not None else None
    if name is None or not isinstance(given, list) or not all(isinstance(item, str) for item in given):
        return data
    if len(given) > way.most_repeats:
        return data
    return data | {name: list(dict.fromkeys(given))}
