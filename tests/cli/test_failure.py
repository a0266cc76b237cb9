"""What a command says when WeChat Pay refuses: what it is, once, and what to do, once."""

import json

import pytest

from wxcoupon import wire
from wxcoupon.cli.failure import describe, report
from wxcoupon.errors import ApiError

from .conftest import Cli


def _failure(status: int, code: str, number: str = "1", *, verified: bool = True) -> ApiError:
    body = json.dumps({"code": code, "message": "no"}).encode()
    return wire.failure(status, {"Request-ID": f"08E68-{number}"}, body, verified=verified)


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (_failure(401, "SIGN_ERROR"), "check that identity, serial number and private key belong together ('wxcoupon "),
        (_failure(401, "", verified=False), "check that identity, serial number and private key belong together ('wxc"),
        (_failure(403, "NO_AUTH"), "check that this merchant, partner or brand has been granted"),
        (_failure(403, "NO_AUTH", "268579803"), "the brand has not granted the product coupons to this partner"),
        (_failure(403, "NOT_ENOUGH"), "a budget, a balance or the uploaded codes are used up"),
        (_failure(404, "NOT_FOUND"), "check the ids"),
        (_failure(404, "NOT_FOUND", "268578608"), "there is no such thing for this caller: a wrong id, or one of"),
        (_failure(404, "NOT_FOUND", "268578608", verified=False), "WeChat Pay may have acted; repeat it only with"),
        (_failure(400, "INVALID_REQUEST", "268578367"), "the coupon's state does not allow this"),
        (_failure(429, "RATELIMIT_EXCEEDED", "270924289"), "run the same command again later, or more slowly"),
        (_failure(500, "SYSTEM_ERROR"), "something failed at WeChat Pay or on the way, before or after it acted"),
        (_failure(502, "", verified=False), "something failed at WeChat Pay or on the way, before or after it acted"),
    ],
)
def test_hints(error: ApiError, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The best hint there is stands in the JSON and on the second line, and what to do is said once."""
    said = describe(error)["error"]["hint"]
    assert hint == said[: len(hint)]

    report(error, as_json=False)

    first, second = capsys.readouterr().err.splitlines()
    assert f"wxcoupon: {error.without_cure()}" == first
    assert f"  {said}" == second
    if error.hint is not None:
        assert error.hint.cure not in first
        assert 1 >= second.count(error.hint.cure)


def test_nothing_to_advise() -> None:
    """Where nothing is known, there is no hint."""
    assert describe(_failure(418, "TEAPOT"))["error"]["hint"] is None


def test_refused_after_an_unknown_outcome() -> None:
    """A refusal does not hide that an earlier attempt may have been carried out."""
    error = _failure(404, "NOT_FOUND")
    error.outcome_unknown = True

    hint = describe(error)["error"]["hint"]

    assert hint.startswith("check the ids")
    assert hint.endswith("; WeChat Pay may have acted; repeat it only with the same request number and the same data")


def test_a_refused_command(cli: Cli) -> None:
    """Over the wire, the hint of the number is there."""
    words = ("call", "product_coupon.get_stock", "--data", '{"product_coupon_id": "1", "stock_id": "2"}')

    ended, text = cli(*words, "--json"), cli(*words)

    assert (3, "268578608") == (ended.status, ended.error["numeric_code"])
    assert "use the ids that this caller got" in ended.error["hint"]
    assert "use the ids" not in ended.error["message"]
    assert [False, True] == ["use the ids" in line for line in text.err.splitlines()]
