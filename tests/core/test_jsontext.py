"""JSON as it is sent."""

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wxcoupon.errors import InvalidRequest
from wxcoupon.jsontext import dump, load

_TEXTS = st.text(st.characters(codec="utf-8"))
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(_TEXTS, inner),
)


@settings(deadline=None)
@given(st.dictionaries(_TEXTS, _VALUES | st.lists(st.sampled_from('aB9_-"\\,é\n\x7f '), min_size=16, max_size=40)))
def test_same_as_the_standard_library(data: dict[str, Any]) -> None:
    """However long its lists and whatever their texts, it is what the standard library writes, byte for byte."""
    expected = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()

    assert expected == dump(data)
    assert data == load(expected)


@pytest.mark.parametrize("odd", ['"', "\\", ",", "\n", "\x7f", "é", "", '","', 5, None])
def test_one_odd_text_among_plain_ones(odd: Any) -> None:
    """One text that needs escaping, or is none, among two hundred is written as it should be."""
    data = {"code_list": ["CODE"] * 100 + [odd] + ["CODE"] * 100}

    assert data == json.loads(dump(data))


@pytest.mark.parametrize("data", [math.nan, {"a": math.inf}, {"a": object()}, {"a": "\ud800"}, {"a": ["\ud800"] * 20}])
def test_what_has_no_json_form(data: Any) -> None:
    """What cannot be sent is refused as the caller's mistake."""
    with pytest.raises(InvalidRequest, match="cannot be written as JSON"):
        dump(data)


def test_something_that_contains_itself() -> None:
    """A list inside itself is refused, not followed for ever."""
    data: list[Any] = []
    data.append(data)

    with pytest.raises(InvalidRequest, match="JSON"):
        dump(data)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe{\x00}\x00", b"\xef\xbb\xbf{}"])
def test_what_is_no_json(body: bytes) -> None:
    """Only UTF-8 JSON is read."""
    with pytest.raises(ValueError, match=r"."):
        load(body)
