"""Tokens that are kept: whatever is done with them, none is found that is too old, used, forgotten or one too many."""

import attrs
from hypothesis import given
from hypothesis import strategies as st

from wxcoupon.bulk.tokens.kept_tokens import KeptTokens

_STEPS = st.one_of(
    st.tuples(st.just("keep"), st.integers(0, 3), st.integers(0, 2)),
    st.tuples(st.just("forget"), st.integers(0, 3), st.integers(0, 2)),
    st.tuples(st.just("used"), st.integers(0, 30), st.just(0)),
    st.tuples(st.just("pass"), st.integers(0, 12), st.just(0)),
)


@attrs.frozen
class Token:
    """A token."""

    token: str


@given(st.lists(_STEPS, max_size=40), st.integers(0, 10), st.integers(1, 4))
def test_what_is_found(steps: list[tuple[str, int, int]], seconds: int, most: int) -> None:
    """What is found is what a plain list of all that was kept, oldest first, would say."""
    now = 0
    kept: KeptTokens[Token] = KeptTokens(seconds, most, lambda: now)
    expected: list[tuple[tuple[str, int], Token, int]] = []
    for made, (what, first, second) in enumerate(steps):
        asked = (f"o-{first}", second)
        if what == "keep":
            token = Token(f"t-{made}")
            kept.keep(asked, asked[0], token)
            expected = [one for one in expected if one[0] != asked]
            expected.append((asked, token, now))
        elif what == "forget":
            kept.forget(asked)
            expected = [one for one in expected if one[0] != asked]
        elif what == "used":
            kept.used(f"t-{first}")
            expected = [one for one in expected if one[1].token != f"t-{first}"]
        else:
            now += first
        expected = [one for one in expected if now - one[2] < seconds][-most:]
        every = [(f"o-{user}", number) for user in range(4) for number in range(3)]
        found = {asked: one for asked in every if (one := kept.find(asked)) is not None}
        assert {asked: token for asked, token, _ in expected} == found
        assert len(found) == len(kept)
        assert set(found) == {asked for user in range(4) for asked in kept.asked_by(f"o-{user}")}
