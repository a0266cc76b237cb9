"""Every endpoint, for everyone who may ask it: its sample arrives signed and equal, its answer is read without loss.

A sample is ``samples/<family>.<endpoint>[.<variant>].json``: the members of a request under their wire names, wherever
they go, and an answer. Bytes are written there as base64.
"""

import base64
import json
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args

import pytest

from wxcoupon import Brand, Client, Merchant, Partner, convert, endpoint
from wxcoupon.checks import faults
from wxcoupon.endpoint import AnyEndpoint
from wxcoupon.model import Model, fields, hints
from wxcoupon.sandbox import Sandbox

SAMPLES: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text("utf-8"))
    for path in sorted((Path(__file__).parent / "samples").glob("*.*.json"))
}
KINDS = ("merchant", "partner", "brand")


def _name(sample: str) -> str:
    return ".".join(sample.split(".")[:2])


def _request(sample: str) -> AnyEndpoint:
    cls = endpoint.registry()[_name(sample)]
    return convert.from_wire(cls, _members(cls, sample))


def _members(cls: type[AnyEndpoint], sample: str) -> dict[str, Any]:
    known = hints(cls)
    return {
        name: base64.b64decode(value) if _holds(known.get(name), bytes) else value
        for name, value in SAMPLES[sample]["request"].items()
    }


def _holds(annotation: Any, cls: type[Any]) -> bool:
    return annotation is cls or any(_holds(part, cls) for part in get_args(annotation))


CASES = [
    pytest.param(sample, kind, id=f"{sample} by {kind}")
    for sample in SAMPLES
    for kind in KINDS
    if kind in {caller.kind for caller in endpoint.registry()[_name(sample)].route.callers}
]


def test_every_endpoint_has_a_sample() -> None:
    """No endpoint is without a sample, and no sample without an endpoint."""
    assert sorted({_name(sample) for sample in SAMPLES}) == list(endpoint.registry())


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_sample_is_right(sample: str) -> None:
    """A sample breaks no documented rule."""
    assert faults(_request(sample), unknown=True) == []


@pytest.mark.filterwarnings("ignore::wxcoupon.checks.RequestAdvice")  # a complete sample has what is not opened yet
@pytest.mark.parametrize(("sample", "kind"), CASES)
async def test_arrives_and_is_answered(
    sample: str,
    kind: str,
    sandbox: Sandbox,
    merchant: Client[Merchant],
    partner: Client[Partner],
    brand: Client[Brand],
) -> None:
    """What arrives, with a valid signature, equals the sample; what is answered is read and written back equal."""
    clients: dict[str, Client[Any]] = {"merchant": merchant, "partner": partner, "brand": brand}
    client = clients[kind]
    request, answer = _request(sample), SAMPLES[sample]["answer"]
    named = {"brand_id": sandbox.partner.brand_id} if request.route.brand_scoped and kind == "partner" else {}
    if answer is not None:
        answer = answer | {"a_member_of_tomorrow": {"since": ["2027"]}}
    sandbox.reply_next(answer)

    came = await client.call(request)
    arrival = sandbox.arrivals[-1]

    assert (arrival.name, arrival.caller) == (request.name, kind)
    assert dict(arrival.members) == _members(type(request), sample) | named
    assert (None if came is None else convert.to_wire(came)) == answer


def _shown(value: Any, found: set[tuple[type[Any], str]]) -> None:
    """Note which declared members are there in a value, all the way down."""
    if isinstance(value, list):
        for item in value:
            _shown(item, found)
    if not isinstance(value, Model):
        return
    for field in fields(type(value)):
        member = getattr(value, field.name)
        if member is not None:
            found.add((type(value), field.name))
            _shown(member, found)


def _declared(annotation: Any, seen: set[type[Any]]) -> Iterator[tuple[type[Any], str]]:
    if isinstance(annotation, type) and issubclass(annotation, Model) and annotation not in seen:
        seen.add(annotation)
        known = hints(annotation)
        for field in fields(annotation):
            yield annotation, field.name
            yield from _declared(known[field.name], seen)
    for part in get_args(annotation):
        yield from _declared(part, seen)


def test_samples_are_complete() -> None:
    """Every member of every request and answer is in a sample, down to the last object."""
    shown: set[tuple[type[Any], str]] = set()
    for name, sample in SAMPLES.items():
        request = _request(name)
        _shown(request, shown)
        if sample["answer"] is not None:
            _shown(convert.from_wire(request.returns, sample["answer"]), shown)
    seen: set[type[Any]] = set()
    missing = {
        f"{cls.__module__.removeprefix('wxcoupon.')}.{cls.__name__}.{field}"
        for request in endpoint.registry().values()
        for root in (request, request.returns)
        for cls, field in _declared(root, seen)
        if (cls, field) not in shown
    }

    assert sorted(missing) == []


def test_values_of_samples_are_of_their_types() -> None:
    """What a sample shows is read as declared: an enum's member, a moment, an object; not as something unknown."""
    strange: list[str] = []
    for name, sample in SAMPLES.items():
        request = _request(name)
        _strangers(request, name, strange)
        if sample["answer"] is not None:
            _strangers(convert.from_wire(request.returns, sample["answer"]), f"{name} answer", strange)

    assert strange == []


def _strangers(value: Model, where: str, strange: list[str]) -> None:
    known = hints(type(value))
    strange += [f"{where}.{name}: is not declared" for name in value.extra]
    for field in fields(type(value)):
        member = getattr(value, field.name)
        for part in member if isinstance(member, list) else [member]:
            if isinstance(part, Model):
                _strangers(part, f"{where}.{field.name}", strange)
            elif part is not None and not _fits(known[field.name], part):
                strange.append(f"{where}.{field.name}: {part!r}")


def _fits(annotation: Any, value: Any) -> bool:
    kinds = set(_plain_types(annotation))
    if any(issubclass(kind, StrEnum) for kind in kinds):
        return isinstance(value, StrEnum)
    if datetime in kinds:
        return isinstance(value, datetime)
    return type(value) in kinds


def _plain_types(annotation: Any) -> Iterator[type[Any]]:
    if isinstance(annotation, type):
        yield annotation
    for part in get_args(annotation):
        yield from _plain_types(part)
