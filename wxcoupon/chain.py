"""The escape hatch: any path, untyped on purpose, through the same signing, verification and pace.

::

    client["v3/marketing/busifavor/users/{openid}/coupons"].get(openid="o-1", params={"offset": 0})
    client.v3.marketing.busifavor.coupons.send.post(json={...})      # coupon_codes becomes coupon-codes
    client.v3.marketing.busifavor.users._openid_.coupons.get(openid="o-1")

Rule 1: an attribute turns ``_`` into ``-``; ``_name_`` is a hole; brackets take the text as it is.
Rule 2: a hole is filled by the keyword of its name, percent-encoded as one segment.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import attrs

from . import wire
from .errors import Fault, InvalidRequest
from .jsontext import dump
from .wire import WireRequest


class Sender(Protocol):
    """What carries an untyped request: it returns the answer's JSON, or a coroutine of it."""

    def __call__(self, request: WireRequest) -> Any:
        """Send *request*."""


def compose(
    method: str, template: str, *, json: Any = None, params: Mapping[str, Any] | None = None, holes: Mapping[str, Any]
) -> WireRequest:
    """Fill a template's holes and write the request.

    Raises:
        InvalidRequest: a hole has no value, a value has no hole, or the path is not under ``/v3/`` or ``/brand/``.
    """
    if not re.fullmatch(r"[A-Z]{1,16}", method):
        raise InvalidRequest([Fault("$", f"{method!r} is no HTTP method")])
    path, _, written = ("/" + template.lstrip("/")).partition("?")
    if not path.startswith(("/v3/", "/brand/")):
        raise InvalidRequest([Fault("$", f"the path {path!r} has to begin with /v3/ or /brand/")])
    names = re.findall(r"{(\w+)}", path)
    faults = [
        Fault(f"$.{name}", "the path has this hole, and no value was given") for name in names if name not in holes
    ]
    faults += [Fault(f"$.{name}", f"the path {path} has no such hole") for name in holes if name not in names]
    if faults:
        raise InvalidRequest(faults)
    target = re.sub(r"{(\w+)}", lambda hole: wire.segment(str(holes[hole[1]])), path)
    if strange := re.search(r"[^!-~]|[#\"<>\\^`{|}]", target + written):
        problem = f"the path has {strange[0]!r}, which has to be percent-encoded; use a {{hole}} for it"
        raise InvalidRequest([Fault("$", problem)])
    query = "&".join(part for part in (written, wire.query_string(params or {})) if part)
    body = b"" if json is None else dump(json)
    return WireRequest(method, f"{target}?{query}" if query else target, body, wire.label(method, path))


@attrs.frozen(repr=False)
class Chain:
    """A path under construction."""

    _send: Callable[[WireRequest], Any]
    _template: str

    def __getattr__(self, name: str) -> Chain:
        if name.startswith("__"):  # copy, pickle and inspect look for names that are not paths
            raise AttributeError(name)
        if name.startswith("_") and name.endswith("_"):
            return self[f"{{{name.strip('_')}}}"]
        return self[name.replace("_", "-")]

    def __getitem__(self, segments: str) -> Chain:
        return Chain(self._send, f"{self._template}/{segments.strip('/')}")

    def __repr__(self) -> str:
        return f"<Chain {self._template}>"

    def get(self, *, params: Mapping[str, Any] | None = None, **holes: Any) -> Any:
        """GET the path; returns the answer's JSON."""
        return self._send(compose("GET", self._template, params=params, holes=holes))

    def post(self, *, json: Any = None, params: Mapping[str, Any] | None = None, **holes: Any) -> Any:
        """POST *json* to the path; returns the answer's JSON, None for 204."""
        return self._send(compose("POST", self._template, json=json, params=params, holes=holes))

    def patch(self, *, json: Any = None, params: Mapping[str, Any] | None = None, **holes: Any) -> Any:
        """PATCH the path with *json*; returns the answer's JSON, None for 204."""
        return self._send(compose("PATCH", self._template, json=json, params=params, holes=holes))

    def put(self, *, json: Any = None, params: Mapping[str, Any] | None = None, **holes: Any) -> Any:
        """PUT *json* at the path; returns the answer's JSON, None for 204."""
        return self._send(compose("PUT", self._template, json=json, params=params, holes=holes))

    def delete(self, *, json: Any = None, params: Mapping[str, Any] | None = None, **holes: Any) -> Any:
        """DELETE the path, with *json* as its body if given; returns the answer's JSON, None for 204."""
        return self._send(compose("DELETE", self._template, json=json, params=params, holes=holes))
