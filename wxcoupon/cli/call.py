"""``wxcoupon call`` and ``wxcoupon request``: one call, typed or not."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Annotated, Any, Literal
from urllib.parse import quote

from cyclopts import Parameter

from .. import checks as rules
from ..client import Client
from ..convert import from_wire
from ..endpoint import AnyEndpoint, registry
from ..errors import ConfigurationError
from ..identity import Partner
from .aside import abandonable
from .attached import with_file
from .failure import UsageError
from .options import USUAL, Connection
from .text import emit, read_json, say

Data = Annotated[str, Parameter(allow_leading_hyphen=True)]


async def call(
    name: str, /, *, data: Data = "{}", checks: Literal["on", "warn", "off"] = "on", connection: Connection = USUAL
) -> None:
    """Make one typed call.

    Args:
        name: Name of the endpoint, family.snake_case.
        data: The request: JSON text, @FILE, or - for the standard input; of an image {"file": "@tea.png"} is enough.
        checks: What becomes of data that breaks documented rules: on refuses, warn and off send it.
        connection: Settings.
    """
    endpoint = _endpoint(name)
    members = await abandonable(lambda: read_json(data, "--data"))
    if not isinstance(members, dict):
        raise ConfigurationError("--data: has to be one JSON object of the request's fields")
    members = await abandonable(lambda: with_file(endpoint, members))
    async with connection.client(checks="off") as owner:
        client = _for_brand(owner, endpoint, members)
        request = from_wire(endpoint, members)
        for line in _remarks(request, checks):
            say(line)
        answer = await client.send(request)
        emit(answer.json(), indent=None if connection.json else 2)


async def request(method: str, path: str, /, *, data: Data | None = None, connection: Connection = USUAL) -> None:
    """Make one untyped call.

    Args:
        method: GET, POST, PATCH, PUT or DELETE.
        path: The absolute path with its query, percent-encoded: /v3/… or /brand/….
        data: The body: JSON text, @FILE, or - for the standard input.
        connection: Settings.
    """
    verb = method.upper()
    if verb not in {"GET", "POST", "PATCH", "PUT", "DELETE"}:
        raise UsageError(f"{method!r} is no method; it is GET, POST, PATCH, PUT or DELETE.")
    if verb == "GET" and data is not None:
        raise UsageError("a GET has no data; write its query behind the path: '/v3/…?limit=10'.")
    if strange := "".join(dict.fromkeys(re.findall("[^!-z|~]", path))):
        raise UsageError(
            f"the path has characters that have to be percent-encoded ({strange!r}); write {strange[0]!r} as "
            f"{quote(strange[0])}, and so on."
        )
    body = None if data is None else await abandonable(lambda: read_json(data, "--data"))
    async with connection.client() as client:
        emit(await client.request(verb, path, json=body), indent=None if connection.json else 2)


def _remarks(request: AnyEndpoint, checks: rules.Checks) -> list[str]:
    """What is said about a request before it is sent; one that is refused is not sent."""
    if checks == "off":
        return []
    found = rules.examine(request, unknown=True)
    if checks == "on":
        rules.refuse(request, found)
    return [*(f"warning: {fault}" for fault in found.faults), *(f"advice: {fault}" for fault in found.advice)]


def _endpoint(name: str) -> type[AnyEndpoint]:
    declared = registry()
    if name in declared:
        return declared[name]
    close = get_close_matches(name, declared, 3, 0.5)
    hint = f"did you mean {' or '.join(close)}?" if close else "'wxcoupon endpoints' lists them all."
    raise UsageError(f"there is no endpoint {name!r}; {hint}")


def _for_brand(client: Client[Any], endpoint: type[AnyEndpoint], members: dict[str, Any]) -> Client[Any]:
    """Take the brand a partner names in the data; anyone else's brand_id stays, to be looked at like any member."""
    if endpoint.route.brand_scoped and isinstance(client.identity, Partner) and "brand_id" in members:
        return client.for_brand(members.pop("brand_id"))
    return client
