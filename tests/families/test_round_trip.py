"""Any JSON object at all is read as an answer, and written back equal to what came."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wxcoupon import convert, endpoint
from wxcoupon.model import Model

from . import declared

ANSWERS: dict[str, type[Model]] = {
    request.returns.__name__: request.returns for request in endpoint.registry().values() if request.returns
}
WORDS = st.text(max_size=8)
# Not null: what is null is taken for left out, which is the one thing that is not kept.
ANYTHING = st.recursive(
    st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(WORDS, part, max_size=3),
    max_leaves=5,
)
TIMES = (
    st.datetimes().map(lambda moment: f"{moment.isoformat()}+08:00")
    | st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat(timespec="milliseconds"))
    | st.datetimes().map(lambda moment: f"{moment.isoformat(timespec='seconds')}Z")
    | st.dates().map(str)
)
PLAIN: dict[str, st.SearchStrategy[Any]] = {
    "text": WORDS,
    "whole": st.integers(),
    "truth": st.booleans(),
    "time": TIMES,
}


def _shaped(fact: dict[str, Any], models: dict[str, type[Any]]) -> st.SearchStrategy[Any]:
    """Values as declared, and sometimes anything else."""
    kind = fact["type"]
    if kind == "list":
        return st.lists(_shaped(fact["items"], models), max_size=2) | ANYTHING
    if kind in PLAIN:
        return PLAIN[kind] | ANYTHING
    if issubclass(models[kind], Model):
        return _objects(models[kind], models) | ANYTHING
    return st.sampled_from([member.value for member in models[kind]]) | WORDS | ANYTHING


def _objects(cls: type[Model], models: dict[str, type[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with any of the declared members, and perhaps others."""
    known = {name: st.deferred(_later(fact, models)) for name, fact in declared.facts(cls).items()}
    return st.builds(
        lambda others, members: others | members,
        st.dictionaries(WORDS | st.just("extra"), ANYTHING, max_size=1),
        st.fixed_dictionaries({}, optional=known),
    )


def _later(fact: dict[str, Any], models: dict[str, type[Any]]) -> Callable[[], st.SearchStrategy[Any]]:
    return lambda: _shaped(fact, models)


STRATEGIES = {name: _objects(cls, declared.answered()) for name, cls in ANSWERS.items()}


@pytest.mark.parametrize("name", sorted(ANSWERS))
@settings(
    max_examples=40,
    deadline=None,  # a slow machine is no failure
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_round_trip(name: str, data: st.DataObject) -> None:
    """Reading and writing an answer changes nothing, whatever its members hold."""
    came = data.draw(STRATEGIES[name])

    assert came == convert.to_wire(convert.from_wire(ANSWERS[name], came))
