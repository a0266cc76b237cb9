"""What errors say about themselves: why they came, and whether and how to repeat the call."""

import pickle
import re
import subprocess
import sys
from typing import Any

import attrs
import pytest

from wxcoupon import Client, Partner, RetryPolicy, hints, wire
from wxcoupon import errors as e
from wxcoupon.bulk.reports.report import ReportError
from wxcoupon.endpoint import registry
from wxcoupon.hints import NUMBERS, Hint
from wxcoupon.sandbox import Sandbox, redemptions, refusals, stock_stores

from ..sandbox.shapes import product_coupon
from ..sandbox.test_user_coupons import held

EVERY = [
    *NUMBERS.values(),
    *hints._OF_CODES.values(),
    *hints._OF_CALLS.values(),
    *hints._OF_STATUSES.values(),
    hints._BROKEN,
]

SYMBOLS = [
    (400, "PARAM_ERROR"),
    (400, "INVALID_REQUEST"),
    (400, "APPID_MCHID_NOT_MATCH"),
    (400, "MCH_NOT_EXISTS"),
    (400, "ALREADY_EXISTS"),
    (401, "SIGN_ERROR"),
    (403, "NO_AUTH"),
    (403, "NOT_ENOUGH"),
    (403, "REQUEST_BLOCKED"),
    (403, "RULE_LIMIT"),
    (403, "USER_ACCOUNT_ABNORMAL"),
    (403, "MCH_NOT_EXISTS"),
    (404, "RESOURCE_NOT_EXISTS"),
    (404, "NOT_FOUND"),
    (409, ""),
    (429, "FREQUENCY_LIMITED"),
    (429, "RATELIMIT_EXCEEDED"),
    (429, "FREQUENCY_LIMIT_EXCEED"),
    (500, "SYSTEM_ERROR"),
    (501, ""),
    (502, ""),
    (503, "SYSTEM_ERROR"),
    (504, ""),
]
"""What the protocol documents."""

ERRORS: list[tuple[e.WxCouponError, bool, bool | None]] = [
    (e.WxCouponError(), False, None),
    (e.LocalError(), False, True),
    (e.InvalidRequest([]), False, None),
    (e.ConfigurationError(), False, True),
    (e.NotAllowedError(), False, True),
    (e.ClientStateError(), False, True),
    (e.SigningError(), True, True),
    (e.NetworkError(), False, None),
    (e.UnreachableError(), True, True),
    (e.NoAnswerError(), True, True),
    (e.UntrustedAnswer(), False, True),
    (e.MissingSignature(), False, True),
    (e.UnknownSerial(), False, True),
    (e.ClockSkew("late", 400.0), False, True),
    (e.UnsupportedSignature(), False, True),
    (e.ProbeSignature(), True, True),
    (e.BadSignature(), False, True),
    (e.WrongHash(), False, None),
    (e.UnreadableAnswer(), False, True),
    (e.ApiError(status=400, verified=True), False, None),
    (e.ApiError(status=401, verified=True), False, None),
    (e.ApiError(status=409, verified=True), False, None),
    (e.RateLimited(status=429), True, True),
    (e.RateLimited(status=403), True, True),
    (e.ServerError(status=500), True, True),
    (e.ServerError(status=502, verified=True), True, True),
]


def failure(
    status: int, code: str = "", numeric: str | None = None, *, verified: bool = True, message: str = "no"
) -> e.ApiError:
    """An answer of WeChat Pay as an error."""
    headers = {} if numeric is None else {"Request-ID": f"08E68E97CC06-{numeric}"}
    body = f'{{"code":"{code}","message":"{message}"}}'.encode()
    return wire.failure(status, headers, body, verified=verified)


@pytest.mark.parametrize("hint", EVERY, ids=lambda hint: hint.cause[:40])
def test_both_languages(hint: Hint) -> None:
    """A hint says why and what to do in both languages, as a part of a line: no last stop."""
    for text in (hint.cause, hint.cure):
        assert text.isascii()
        assert 10 < len(text) < 180
    for text in (hint.cause_zh, hint.cure_zh):
        assert re.search("[\u4e00-\u9fff]{2}", text)
    for text in attrs.astuple(hint)[:4]:
        assert text == text.strip()
        assert text[-1] not in ".;,。；，"


def test_every_documented_number() -> None:
    """There are thirty, each is digits, and the ones the sandbox answers with are among them."""
    assert 30 == len(NUMBERS)
    assert all(re.fullmatch("2[0-9]{8}", number) for number in NUMBERS)
    sources = [vars(module) for module in (refusals, redemptions, stock_stores)]
    sandbox = {value for names in sources for value in names.values() if re.fullmatch("2[0-9]{8}", str(value))}
    assert 18 <= len(sandbox)
    assert sandbox <= set(NUMBERS)


@pytest.mark.parametrize(("status", "code"), SYMBOLS)
def test_every_documented_code(status: int, code: str) -> None:
    """Every status and code of the protocol has its hint."""
    assert hints.find(status, code) in EVERY


def test_the_most_exact_one_wins() -> None:
    """The number is asked first, then the code with its status, then the status; then nothing is known."""
    assert NUMBERS["268578776"] == failure(403, "NO_AUTH", "268578776").hint
    assert hints.find(403, "NOT_ENOUGH") == failure(403, "NOT_ENOUGH", "99").hint != hints.of_status(403)
    assert hints.of_status(404) == failure(404, "NOT_ENOUGH").hint
    assert hints.of_status(403) == failure(400, "NO_AUTH").hint
    assert failure(302).hint is None
    assert failure(418, "TEAPOT", "1").hint is None


@pytest.mark.parametrize("status", [429, 500, 503])
def test_too_many_and_broken_are_so_with_any_number(status: int) -> None:
    """A 429 or 5xx is repeated whatever the number says, so the hint does not say otherwise."""
    error = failure(status, "X", "268578776")

    assert hints.of_status(status) == error.hint
    assert (True, True) == (error.retryable, error.same_request_no)


def test_too_many_by_its_number() -> None:
    """Another status with the number of too many requests is too many requests."""
    error = failure(403, "", "270924289", verified=False)

    assert hints.of_status(429) == error.hint
    assert error.retryable


@pytest.mark.parametrize(("status", "known"), [(400, False), (401, True), (403, False), (404, False), (502, True)])
def test_an_unsigned_error_explains_little(status: int, known: bool) -> None:  # noqa: FBT001
    """What is not signed may be any gateway's: numbers and codes in it are not taken for WeChat Pay's."""
    error = failure(status, "NOT_FOUND", "268578927", verified=False)

    assert (hints.of_status(status) if known else None) == error.hint
    assert error.same_request_no is True


def test_a_refusal_that_only_its_text_tells_apart() -> None:
    """Where WeChat Pay has no code for a refusal, the call says what it usually is; all calls named here exist."""
    assert set(hints._OF_CALLS) <= {endpoint.route.call for endpoint in registry().values()}
    for call, hint in hints._OF_CALLS.items():
        error = failure(400, "INVALID_REQUEST")
        error.about(call)
        assert hint == error.hint
        assert hint != hints.find(400, "PARAM_ERROR", call=call)
        assert not error.retryable


@pytest.mark.parametrize(("error", "retryable", "same"), ERRORS, ids=lambda value: type(value).__name__)
def test_every_error_can_be_asked(error: e.WxCouponError, retryable: bool, same: bool | None) -> None:  # noqa: FBT001
    """Whatever was raised, it says whether to repeat the call and with which number."""
    assert (retryable, same) == (error.retryable, error.same_request_no)
    assert error.hint is None or isinstance(error, e.ApiError)


def test_no_class_is_forgotten() -> None:
    """Every class of the tree is in the table above."""
    asked = {type(error) for error, _, _ in ERRORS}
    tree = {kind for kind in vars(e).values() if isinstance(kind, type) and issubclass(kind, e.WxCouponError)}

    assert tree - asked == {e.NoTurnError, e.NoCertificatesError}
    assert [True, False] == [e.NoCertificatesError(why).retryable for why in (e.UnreachableError(), e.BadSignature())]
    assert (True, True) == (e.NoTurnError(9.0, 1.0).retryable, e.NoTurnError(9.0, 1.0).same_request_no)
    assert not ReportError().retryable


@pytest.mark.parametrize(("error", "retryable"), [(error, retryable) for error, retryable, _ in ERRORS])
def test_it_agrees_with_what_the_client_repeats(error: e.WxCouponError, retryable: bool) -> None:  # noqa: FBT001
    """Of the repeatable calls, the client repeats exactly those whose error is retryable."""
    assert retryable == (RetryPolicy().pause(error, 1, repeatable=True) is not None)


@pytest.mark.parametrize(("status", "code"), SYMBOLS)
def test_hints_agree_too(status: int, code: str) -> None:
    """What a hint of a code says is what the client does."""
    error = failure(status, code)
    hint = error.hint

    assert hint is not None
    assert hint.retryable == error.retryable == (RetryPolicy().pause(error, 1, repeatable=True) is not None)


def test_the_client_repeats_by_the_numbers_too() -> None:
    """Of all documented numbers, the client repeats exactly those whose error is retryable."""
    errors = [failure(400, "INVALID_REQUEST", number) for number in NUMBERS]
    differing = {
        error.numeric_code
        for error in errors
        if error.retryable != (RetryPolicy().pause(error, 1, repeatable=True) is not None)
    }

    assert not differing
    assert {"272756746", "270924289"} == {error.numeric_code for error in errors if error.retryable}
    assert {"268578927"} == {error.numeric_code for error in errors if error.same_request_no is False}


def test_an_unknown_outcome_keeps_the_number() -> None:
    """After an attempt that may have been carried out, no new number is advised, whatever came afterwards."""
    error = failure(400, "INVALID_REQUEST", "268578927")
    assert error.same_request_no is False

    error.outcome_unknown = True

    assert error.same_request_no is True


def test_the_text_ends_with_the_cure() -> None:
    """The text of an error is what it was, and then what to do, once."""
    error = failure(400, "PARAM_ERROR", "268435462")
    error.about("POST /v3/x")

    assert "POST /v3/x: HTTP 400 PARAM_ERROR no [Request-ID 08E68E97CC06-268435462]" == error.without_cure()
    assert f"{error.without_cure()}; shorten the field that detail names" == str(error)
    unknown = failure(302)
    assert unknown.without_cure() == str(unknown)


def test_pickled_errors_keep_their_hint() -> None:
    """A hint is found anew on the other side; an error carries none."""
    error = failure(400, "INVALID_REQUEST", "272756746")

    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes

    assert (error.hint, True, True, str(error)) == (again.hint, again.retryable, again.same_request_no, str(again))
    assert "hint" not in vars(again)
    assert pickle.loads(pickle.dumps(error.hint)) == error.hint  # noqa: S301 - our own bytes


def test_nothing_private_is_shown() -> None:
    """The repr of an error and of its hint hold nothing of the answer but status and code."""
    error = failure(400, "INVALID_REQUEST", "272756745", message="oh-394z-6CGkNoJrsDLTTUKiAnp4 SPRING-0001")

    assert "ApiError(400, 'INVALID_REQUEST')" == repr(error)
    for private in ("oh-394z", "SPRING-0001", "08E68E97CC06"):
        assert private not in repr(error.hint)


def test_importing_the_package_loads_no_hints() -> None:
    """They are read when an error is asked for one."""
    program = "import sys, wxcoupon.errors; print('wxcoupon.hints' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert "False\n" == done.stdout


async def test_hints_arrive(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """Over the wire, refusals come with the numbers that the hints are filed under."""
    mine = await held(partner)
    code = await mine.confirmed()
    waiting = await mine.send("send_2")
    await mine.use(code, "use_no_1")
    settings: dict[str, Any] = {"base_url": sandbox.base_url, "checks": "off"}

    async def refused(call: Any) -> tuple[str | None, bool, bool | None]:
        with pytest.raises(e.ApiError) as caught:
            await call
        error = caught.value
        assert error.verified
        assert error.hint is not None
        assert error.hint is NUMBERS[error.numeric_code or ""]
        assert str(error).endswith(f"; {error.hint.cure}")
        return error.numeric_code, error.retryable, error.same_request_no

    assert ("268578367", False, None) == await refused(mine.use(waiting, "use_no_2"))
    assert ("272756745", False, None) == await refused(mine.use(code, "use_no_3"))
    assert ("268578851", False, None) == await refused(mine.use("nobody", "use_no_4"))
    assert ("268578927", False, False) == await refused(partner.call(product_coupon("create_1", max_count=7)))
    async with Client(sandbox.partner, sandbox.platform_keys, **settings) as unchecked:
        assert ("268435462", False, None) == await refused(unchecked.call(product_coupon("x" * 41)))


async def test_a_used_up_number_is_explained(partner: Client[Partner]) -> None:
    """A redemption after a return takes a new number: no code says so, so the call's hint does."""
    mine = await held(partner)
    code = await mine.confirmed()
    await mine.use(code, "use_no_1")
    await mine.give_back(code, "return_1")

    with pytest.raises(e.ApiError, match="a redemption after a return takes a new number") as caught:
        await mine.use(code, "use_no_1")

    assert (None, False, None) == (caught.value.numeric_code, caught.value.retryable, caught.value.same_request_no)
