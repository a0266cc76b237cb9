"""Requests to bytes, and answers to values or errors."""

import json
import pickle
from typing import Any

import pytest

from wxcoupon import Brand, Merchant, Partner, busifavor, crypto, wire
from wxcoupon import product_coupon as pc
from wxcoupon.chain import Chain, compose
from wxcoupon.errors import (
    ApiError,
    ClockSkew,
    ConfigurationError,
    Fault,
    InvalidRequest,
    NoAnswerError,
    NotAllowedError,
    RateLimited,
    ServerError,
    UnreadableAnswer,
    WxCouponError,
)
from wxcoupon.wire import Answer, WireRequest

KEY = crypto.new_private_key()
MERCHANT = Merchant(mchid="1900000001", serial_no="AB", private_key=KEY)
PARTNER = Partner(mchid="1900000002", brand_id="120344", serial_no="AB", private_key=KEY)
BRAND = Brand(brand_id="120344", serial_no="AB", private_key=KEY)
UPLOAD = pc.UploadCouponCodes(product_coupon_id="1", stock_id="2", out_request_no="number", code_list=["a"])
SEND = busifavor.SendCoupon(openid="o", appid="wx", stock_id="1", out_request_no="n")


def test_partner_and_brand_differ_in_prefix_and_brand() -> None:
    """One declaration makes both requests: the partner's names its brand in the body, the brand's does not."""
    tail = "/product-coupon/product-coupons/1/stocks/2/upload-coupon-codes"

    partner, brand = wire.encode(UPLOAD, PARTNER), wire.encode(UPLOAD, BRAND)

    assert ("/v3/marketing/partner" + tail, "/brand/marketing" + tail) == (partner.target, brand.target)
    assert {"out_request_no": "number", "code_list": ["a"], "brand_id": "120344"} == json.loads(partner.body)
    assert {"out_request_no": "number", "code_list": ["a"]} == json.loads(brand.body)


def test_absolute_path_is_the_same_for_its_callers() -> None:
    """A merchant coupon's path and body do not depend on who asks."""
    assert wire.encode(SEND, MERCHANT) == wire.encode(SEND, PARTNER)


@pytest.mark.parametrize(("request_", "identity"), [(UPLOAD, MERCHANT), (SEND, BRAND)])
def test_caller_that_may_not_call(request_: Any, identity: Any) -> None:
    """Who may not ask is told so, and who may, before anything is sent."""
    with pytest.raises(NotAllowedError, match=r"it takes a .* or .*"):
        wire.encode(request_, identity)


def test_partner_without_a_brand() -> None:
    """A partner that named no brand is told the three places to name it."""
    partner = Partner(mchid="1900000002", serial_no="AB", private_key=KEY)

    wire.encode(SEND, partner)
    with pytest.raises(ConfigurationError, match="WXCOUPON_BRAND_ID"):
        wire.encode(UPLOAD, partner)


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        ("10/01 x", "10%2F01%20x"),
        ("50%", "50%25"),
        ("中文", "%E4%B8%AD%E6%96%87"),
        ("a+b~c", "a%2Bb~c"),
        ("a?b#c", "a%3Fb%23c"),
    ],
)
def test_path_fields_are_one_segment_each(value: str, encoded: str) -> None:
    """Whatever a path field holds, it is percent-encoded as exactly one segment."""
    request = pc.PreSendCoupon(openid=value, product_coupon_id="1", stock_id="2", appid="wx", send_request_no="number")

    encoded_request = wire.encode(request, BRAND)

    assert f"/brand/marketing/product-coupon/users/{encoded}/pre-send-coupon" == encoded_request.target
    assert "openid" not in json.loads(encoded_request.body)


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_path_fields_that_would_change_the_path(value: str) -> None:
    """Nothing and dots would make another path, so they are refused with the field's path."""
    request = pc.PreSendCoupon(openid=value, product_coupon_id="1", stock_id="2", appid="wx", send_request_no="number")

    with pytest.raises(InvalidRequest, match=r"\$\.openid"):
        wire.encode(request, BRAND)


def test_a_value_cannot_open_another_hole() -> None:
    """Braces in a value are text, not another hole of the template."""
    request = pc.UploadCouponCodes(product_coupon_id="{stock_id}", stock_id="2", out_request_no="n", code_list=["a"])

    assert "/product-coupons/%7Bstock_id%7D/stocks/2/" in wire.encode(request, BRAND).target


def test_nothing_personal_in_what_is_logged() -> None:
    """A request's repr and its label hold the template, never the openid, the code or the body."""
    request = pc.PreSendCoupon(
        openid="o-secret", product_coupon_id="1", stock_id="2", appid="wx", send_request_no="number", coupon_code="C-9"
    )

    shown = repr(request) + repr(wire.encode(request, BRAND)) + wire.encode(request, BRAND).call

    assert "o-secret" not in shown
    assert "C-9" not in shown


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        (
            "GET",
            "/v3/marketing/busifavor/users/o-1/coupons/C1/appids/wx",
            "GET /v3/marketing/busifavor/users/…/coupons/…/appids/wx",
        ),
        ("POST", "/v3/marketing/busifavor/coupons/send", "POST /v3/marketing/busifavor/coupons/send"),
        ("GET", "/v3/x/users/o-1/coupons/CODE", "GET /v3/x/users/…/coupons/…"),
        ("GET", "/v3/x/couponcodes/CODE", "GET /v3/x/couponcodes/…"),
        (
            "POST",
            "/brand/marketing/product-coupon/users/o-1/coupons/C1/use?x=1",
            "POST /brand/marketing/product-coupon/users/…/coupons/…/use",
        ),
    ],
)
def test_label_of_an_untyped_call(method: str, path: str, expected: str) -> None:
    """An untyped call is named without the openid and the code in its path, and without its query."""
    assert expected == wire.label(method, path)


def test_query() -> None:
    """A query is percent-encoded strictly; objects and lists become compact JSON; nothing is left out but None."""
    query = wire.query_string({"t": "2015-05-20T13:29:35+08:00", "o": {"a": 1}, "n": 5, "b": True, "x": None})

    assert "t=2015-05-20T13%3A29%3A35%2B08%3A00&o=%7B%22a%22%3A1%7D&n=5&b=true" == query


def test_untyped_styles_compose_the_same_request() -> None:
    """The URI template, the attribute chain and the plain path are three spellings of one request."""
    sent: list[WireRequest] = []
    root = Chain(sent.append, "")

    root["v3/marketing/busifavor/users/{openid}/coupons"].get(openid="o/1", params={"offset": 0})
    root.v3.marketing.busifavor.users._openid_.coupons.get(openid="o/1", params={"offset": 0})
    sent.append(
        compose("GET", "/v3/marketing/busifavor/users/{openid}/coupons", params={"offset": 0}, holes={"openid": "o/1"})
    )

    assert ["/v3/marketing/busifavor/users/o%2F1/coupons?offset=0"] * 3 == [request.target for request in sent]
    assert 1 == len({request.call for request in sent})


@pytest.mark.parametrize("verb", ["post", "patch", "put", "delete"])
def test_verbs_carry_json(verb: str) -> None:
    """Every verb but GET carries JSON, in UTF-8 and without spaces."""
    sent: list[WireRequest] = []

    getattr(Chain(sent.append, "").v3.a_b["c_d"], verb)(json={"名": [1, 2]})

    assert (verb.upper(), "/v3/a-b/c_d") == (sent[0].method, sent[0].target)
    assert '{"名":[1,2]}'.encode() == sent[0].body


@pytest.mark.parametrize(
    ("path", "holes", "says"),
    [
        ("/v3/a/{x}", {}, r"\$\.x: the path has this hole"),
        ("/v3/a", {"x": "1"}, r"\$\.x: the path .* has no such hole"),
        ("/v3/a/{x}", {"x": ".."}, "cannot stand in a path"),
        ("/pay/a", {}, "/v3/ or /brand/"),
        ("/v3/a b", {}, "percent-encoded"),
        ("/v3/中", {}, "percent-encoded"),
        ("/v3/a?b=ü", {}, "percent-encoded"),
        ("/v3/stocks#/coupons", {}, "percent-encoded"),
        ("/v3/stocks/{open-id}", {}, "percent-encoded"),
    ],
)
def test_untyped_mistakes(path: str, holes: dict[str, str], says: str) -> None:
    """A path that cannot be signed as it is written is refused with what is wrong."""
    with pytest.raises(InvalidRequest, match=says):
        compose("GET", path, holes=holes)


def test_chain_is_no_path_to_python() -> None:
    """Looking for Python's own names on a chain finds none, and its repr is its path."""
    chain = Chain(print, "").v3.marketing

    with pytest.raises(AttributeError):
        _ = chain.__wrapped__
    assert "<Chain /v3/marketing>" == repr(chain)


def _failure(status: int, body: bytes, headers: dict[str, str] | None = None, *, verified: bool = False) -> ApiError:
    return wire.failure(status, headers or {}, body, verified=verified)


def test_unsigned_failure_says_so() -> None:
    """An error without a signature may be any gateway's, and its text says so."""
    assert "not signed" in str(_failure(403, b"<html>"))
    assert "not signed" not in str(_failure(403, b"{}", verified=True))


def test_failure_carries_everything() -> None:
    """An error keeps the code, the text, the detail and the Request-ID with its number, and says them in one line."""
    body = '{"code":"PARAM_ERROR","message":"参数错误","detail":{"field":"/stock_id","issue":"too long"}}'.encode()

    error = _failure(400, body, {"Request-ID": "08E68-268435462"}, verified=True)

    assert ("PARAM_ERROR", "参数错误", "268435462") == (error.code, error.message, error.numeric_code)
    assert "HTTP 400 PARAM_ERROR 参数错误 (/stock_id: too long) [Request-ID 08E68-268435462]" == error.without_cure()


@pytest.mark.parametrize(
    ("status", "headers", "kind"),
    [
        (400, {}, ApiError),
        (429, {}, RateLimited),
        (403, {"Request-ID": "0-270924289"}, RateLimited),
        (500, {}, ServerError),
        (500, {"Request-ID": "0-270924289"}, ServerError),
        (503, {}, ServerError),
        (302, {}, ApiError),
    ],
)
def test_kinds_of_failure(status: int, headers: dict[str, str], kind: type[ApiError]) -> None:
    """The status decides the class, and the code of too many requests does too, but for a 5xx that nobody signed."""
    assert kind is type(_failure(status, b"{}", headers))


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b"", b"<html>502</html>", b"[1]", b'"x"', b'{"code":null}', b"\xff", b'{"detail":"text"}']
)
def test_failure_of_any_body(body: bytes) -> None:
    """Whatever a gateway puts in the body, the error is the status."""
    error = _failure(502, body)

    assert 502 == error.status
    assert "" == error.code
    assert "HTTP 502" in str(error)


@pytest.mark.parametrize(
    ("text", "number"), [("abc-1", "1"), ("abc", None), ("abc-", None), ("a-b", None), (None, None)]
)
def test_numeric_code(text: str | None, number: str | None) -> None:
    """The numeric code is what stands behind the last hyphen, if those are digits."""
    assert number == ApiError(status=400, request_id=text).numeric_code


def test_retry_after() -> None:
    """A Retry-After in seconds is kept; a date is not a number of seconds."""
    assert 3.0 == getattr(_failure(429, b"", {"Retry-After": "3"}), "retry_after")  # noqa: B009
    for text in ("Wed", "9" * 400, "-1"):
        assert getattr(_failure(429, b"", {"Retry-After": text}), "retry_after") is None  # noqa: B009


@pytest.mark.parametrize(
    "error",
    [
        _failure(400, b'{"code":"X","message":"m"}', {"Request-ID": "a-1"}),
        _failure(429, b"{}", {"Retry-After": "7"}),
        ClockSkew("too late", -400.0),
        InvalidRequest([Fault("$.a", "is wrong")], "https://page"),
        NoAnswerError("lost"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_can_be_pickled(error: WxCouponError) -> None:
    """A task worker can pass an error on to another process, with everything it carries."""
    error.about("POST /v3/x")
    error.outcome_unknown = True

    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes

    assert (type(error), str(error), vars(error)) == (type(again), str(again), vars(again))


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"nonsense"])
def test_answer_that_is_no_json(body: bytes) -> None:
    """A proven answer that is no JSON is an error of its own."""
    with pytest.raises(UnreadableAnswer):
        wire.decode(UPLOAD, Answer(200, {}, body))


@pytest.mark.parametrize("body", [b"", b"[]", b"1"])
def test_answer_that_is_no_object(body: bytes) -> None:
    """Where an object is documented, anything else is an error that names the type."""
    with pytest.raises(UnreadableAnswer, match="UploadedCouponCodes"):
        wire.decode(UPLOAD, Answer(200, {}, body))


@pytest.mark.parametrize("where", ["openid", "appid", "attach"])
def test_half_a_surrogate_pair(where: str) -> None:
    """What is no text cannot be sent, wherever it stands; the error names the call."""
    members: dict[str, Any] = {"openid": "o", "product_coupon_id": "1", "stock_id": "2", "appid": "wx"}
    request: Any = (
        pc.GetUserCoupon(coupon_code="C", **(members | {where: "\ud800"}))
        if where != "attach"
        else pc.PreSendCoupon(
            openid="o", product_coupon_id="1", stock_id="2", appid="wx", send_request_no="n", attach="\ud800"
        )
    )

    with pytest.raises(InvalidRequest, match=r"^(GET|POST) /product-coupon/.* surrogate"):
        wire.encode(request, BRAND)
