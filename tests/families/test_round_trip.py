"""Any JSON object at all is read as an answer, and written back equal to what came."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, get_args, get_origin

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wxcoupon import convert, endpoint
from wxcoupon.model import Model, fields, hints

ANSWERS: dict[str, type[Model]] = {
    request.name: request.returns
    for request in endpoint.registry().values()
    if request.returns not in {None, type(None)}
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
PLAIN: dict[Any, st.SearchStrategy[Any]] = {str: WORDS, int: st.integers(), bool: st.booleans(), datetime: TIMES}


def _shaped(annotation: Any) -> st.SearchStrategy[Any]:
    """Values as declared, and sometimes anything else."""
    if get_origin(annotation) is Annotated:
        return _shaped(get_args(annotation)[0])
    if get_origin(annotation) is list:
        return st.lists(_shaped(get_args(annotation)[0]), max_size=2) | ANYTHING
    parts = [part for part in get_args(annotation) if part is not type(None)]
    if parts:
        return _shaped(parts[0])
    if annotation in PLAIN:
        return PLAIN[annotation] | ANYTHING
    if issubclass(annotation, StrEnum):
        return st.sampled_from([member.value for member in annotation]) | WORDS | ANYTHING
    return _objects(annotation) | ANYTHING


def _objects(cls: type[Model]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with any of the declared members, and perhaps others."""
    known = {name: st.deferred(_later(hint)) for name, hint in hints(cls).items() if name in _names(cls)}
    return st.builds(
        lambda others, members: others | members,
        st.dictionaries(WORDS | st.just("extra"), ANYTHING, max_size=1),
        st.fixed_dictionaries({}, optional=known),
    )


def _names(cls: type[Model]) -> set[str]:
    return {field.name for field in fields(cls)}


def _later(annotation: Any) -> Callable[[], st.SearchStrategy[Any]]:
    return lambda: _shaped(annotation)


DISTINCT = {cls: name for name, cls in ANSWERS.items()}
STRATEGIES = {name: _objects(cls) for cls, name in DISTINCT.items()}


@pytest.mark.parametrize("name", sorted(STRATEGIES))
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
