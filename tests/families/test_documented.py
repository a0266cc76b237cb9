"""The declarations say what is documented: ``documented.json`` is a table of the documented facts."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from wxcoupon import endpoint

from . import declared

DOCUMENTED: dict[str, Any] = json.loads((Path(__file__).parent / "documented.json").read_text("utf-8"))
ENDPOINTS: dict[str, Any] = DOCUMENTED["endpoints"]


def _by_name(facts: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        fact["name"]: {name: value for name, value in fact.items() if name not in {"name", "pattern"}} for fact in facts
    }


def _without_limits(facts: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _without_limits(value) if isinstance(value, dict) else value
        for name, value in facts.items()
        if name not in declared.LIMITS
    }


def test_every_endpoint_is_in_the_table() -> None:
    """The table and the registry name the same endpoints."""
    assert sorted(ENDPOINTS) == list(endpoint.registry())


@pytest.mark.parametrize("name", sorted(ENDPOINTS))
def test_routes(name: str, identities: dict[str, Any]) -> None:
    """Method, paths, rates, request number and pages of an endpoint are the documented ones."""
    documented, route = ENDPOINTS[name], endpoint.registry()[name].route
    pages = re.findall(r"https://\S+", endpoint.registry()[name].__doc__ or "")

    assert documented["method"] == route.method
    assert documented["paths"] == {caller.kind: identities[caller.kind].path(route.path) for caller in route.callers}
    assert documented["rates"] == {caller.kind: str(rate) for caller, rate in route.rates.items()}
    assert documented["key"] == route.key
    assert documented["brand_scoped"] == route.brand_scoped
    assert set(documented["pages"]) <= set(pages)


@pytest.mark.parametrize("name", sorted(ENDPOINTS))
def test_fields_of_requests(name: str) -> None:
    """Each field of a request has the documented place, type, limits and necessity, and there is no other."""
    documented, request = ENDPOINTS[name], endpoint.registry()[name]
    places = {"path": request.route.holes, "query": request.route.query, "body": request.route.body}

    assert {place: sorted(fact["name"] for fact in documented[place]) for place in places} == {
        place: sorted(names) for place, names in places.items()
    }
    assert _by_name([fact for place in places for fact in documented[place]]) == declared.facts(request)
    assert documented["answer"] == request.returns.__name__


@pytest.mark.parametrize("name", sorted(DOCUMENTED["models"]))
def test_fields_of_models(name: str) -> None:
    """Each member of an object has the documented type and necessity and, where it is sent, the documented limits."""
    models = declared.answered() | declared.requested()
    found = declared.facts(models[name])
    if name not in declared.requested():
        found = _without_limits(found)

    assert _by_name(DOCUMENTED["models"][name]) == found


def test_every_model_and_enum_is_in_the_table() -> None:
    """Nothing is reached from an endpoint that is not documented."""
    reached = declared.answered() | {
        name: part for request in endpoint.registry().values() for name, part in declared.parts(request).items()
    }
    requests = {request.__name__ for request in endpoint.registry().values()}

    assert sorted([*DOCUMENTED["models"], *DOCUMENTED["enums"]]) == sorted(reached.keys() - requests)


@pytest.mark.parametrize("name", sorted(DOCUMENTED["enums"]))
def test_enums(name: str) -> None:
    """An enum has the documented values."""
    reached = declared.answered() | {
        name: part for request in endpoint.registry().values() for name, part in declared.parts(request).items()
    }

    assert DOCUMENTED["enums"][name] == [member.value for member in reached[name]]
