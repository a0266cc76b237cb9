"""What the sandbox refuses before a request means anything."""

from typing import Any
from urllib.parse import quote

import attrs
import pytest

from wxcoupon import Partner, crypto
from wxcoupon.endpoint import registry
from wxcoupon.sandbox import Sandbox

from .knocking import CODES, UPLOAD, knock

OTHER_KEY = crypto.new_private_key()


async def test_what_is_right_passes_the_gate(sandbox: Sandbox) -> None:
    """A well signed, well formed request is refused for what it asks at the most: here the object is not there."""
    for identity, body in ((sandbox.partner, CODES), (sandbox.brand, _without(CODES, "brand_id"))):
        reply = await knock(sandbox, identity, body=body)

        assert (404, "NOT_FOUND", "268578608") == (reply.status, reply.json["code"], reply.numeric)


def _without(body: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != name}


WRONG: dict[str, dict[str, Any]] = {
    "changed body": {"signed_body": b"{}"},
    "changed target": {"signed_target": "/v3/marketing/partner/other"},
    "clock 6 minutes behind": {"offset": -360},
    "clock 6 minutes ahead": {"offset": 360},
    "short nonce": {"nonce": "abc"},
    "no Authorization": {"headers": {"Authorization": None}},
    "another scheme": {"headers": {"Authorization": 'Basic realm="x"'}},
    "pairs missing": {"headers": {"Authorization": 'WECHATPAY2-SHA256-RSA2048 mchid="1900000109"'}},
    "rubbish": {"headers": {"Authorization": "WECHATPAY2-SHA256-RSA2048 " + "x" * 50}},
    "no ASCII": {"headers": {"Authorization": "WECHATPAY2-SHA256-RSA2048 é"}},
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_wrong_signature_is_refused(sandbox: Sandbox, name: str) -> None:
    """Whatever is wrong with the Authorization header is a 401 SIGN_ERROR that says what the server looked at."""
    reply = await knock(sandbox, sandbox.partner, **WRONG[name])

    assert (401, "SIGN_ERROR") == (reply.status, reply.json["code"])
    information = reply.json["detail"]["sign_information"]
    assert {"method", "url", "truncated_sign_message", "sign_message_length"} == set(information)
    assert Partner.path(UPLOAD) == information["url"]
    assert "code_1" not in information["truncated_sign_message"]


@pytest.mark.parametrize(
    "change",
    [{"private_key": OTHER_KEY}, {"serial_no": "ABCDEF"}, {"mchid": "1900000999"}],
    ids=["key", "serial", "mchid"],
)
async def test_another_signer_is_refused(sandbox: Sandbox, change: dict[str, Any]) -> None:
    """A wrong key, a wrong serial number and an unknown caller are refused."""
    reply = await knock(sandbox, attrs.evolve(sandbox.partner, **change))

    assert (401, "SIGN_ERROR") == (reply.status, reply.json["code"])


async def test_serials_compare_as_numbers(sandbox: Sandbox) -> None:
    """A serial number in lower case, or with or without leading zeros, is the same; one that is none is refused."""
    sandbox.enrol(attrs.evolve(sandbox.partner, serial_no="0A1B2C"), ["120344"])
    replies = [
        await knock(sandbox, attrs.evolve(sandbox.partner, serial_no=serial))
        for serial in ("0A1B2C", "a1b2c", "000A1B2C", "A1B2C0")
    ]
    pairs = f'mchid="1900000109",nonce_str="{"n" * 32}",timestamp="1",serial_no="0x_1",signature="AA=="'
    none = await knock(sandbox, sandbox.partner, headers={"Authorization": f"WECHATPAY2-SHA256-RSA2048 {pairs}"})

    assert [404, 404, 404, 401] == [reply.status for reply in replies]
    assert (401, True) == (none.status, none.json["detail"]["issue"].startswith("serial_no"))


async def test_a_clock_may_be_off_by_five_minutes(sandbox: Sandbox) -> None:
    """Nearly 300 seconds are within the window, on either side."""
    for offset in (-295, 295):
        assert 404 == (await knock(sandbox, sandbox.partner, offset=offset)).status


async def test_scheme_and_path_belong_together(sandbox: Sandbox) -> None:
    """A partner's signature does not open a brand's path, nor a brand's a partner's."""
    for identity, other in ((sandbox.partner, sandbox.brand), (sandbox.brand, sandbox.partner)):
        reply = await knock(sandbox, identity, target=other.path(UPLOAD))

        assert (401, "SIGN_ERROR") == (reply.status, reply.json["code"])


async def test_a_merchant_may_not_use_a_partners_path(sandbox: Sandbox) -> None:
    """The scheme is the same, the permission is not."""
    reply = await knock(sandbox, sandbox.merchant, target=Partner.path(UPLOAD))

    assert (403, "NO_AUTH") == (reply.status, reply.json["code"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("User-Agent", None),
        ("Accept", None),
        ("Accept", "text/html"),
        ("Content-Type", "text/plain"),
        ("Content-Type", None),
    ],
)
async def test_headers_are_required(sandbox: Sandbox, name: str, value: str | None) -> None:
    """A request without User-Agent, a fitting Accept and a fitting Content-Type is refused."""
    reply = await knock(sandbox, sandbox.partner, headers={name: value})

    assert (400, "INVALID_REQUEST") == (reply.status, reply.json["code"])
    assert name in reply.json["message"]


@pytest.mark.parametrize("value", [None, "PUB_KEY_ID_1", "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"])
async def test_a_brand_announces_the_platform_key(sandbox: Sandbox, value: str | None) -> None:
    """Under /brand/ the id of the WeChat Pay public key is required, and has to be the right one."""
    reply = await knock(sandbox, sandbox.brand, body=_without(CODES, "brand_id"), headers={"Wechatpay-Serial": value})

    assert (400, "INVALID_REQUEST") == (reply.status, reply.json["code"])


async def test_unknown_paths_and_methods_are_refused(sandbox: Sandbox) -> None:
    """A path nobody declared is a signed 404; a method nobody declared is a signed 405."""
    assert 404 == (await knock(sandbox, sandbox.partner, target="/v3/marketing/none")).status
    assert 405 == (await knock(sandbox, sandbox.partner, method="DELETE")).status


BODIES: dict[str, tuple[Any, str, str]] = {
    "no JSON": (b"{", "", "268578101"),
    "no UTF-8": (b'{"code_list":["\xff"]}', "", "268578101"),
    "NaN": (b'{"a":NaN}', "", "268578101"),
    "a number without end": (b'{"out_request_no":1e999}', "", "268578101"),
    "deeply nested": (b"[" * 100_000, "", "268578101"),
    "a list": ([1], "", "268578101"),
    "empty": (b"", "/brand_id", "268578101"),
    "null": (CODES | {"extra": None}, "/extra", "268578101"),
    "null inside": (CODES | {"code_list": ["a", None]}, "/code_list/1", "268578101"),
    "emoji": (CODES | {"code_list": ["\N{GRINNING FACE}"]}, "/code_list/0", "268435461"),
    "emoji unescaped": ('{"x/y":"\N{GRINNING FACE}"}'.encode(), "/x~1y", "268435461"),
    "half an emoji": (b'{"x":"\\ud83d"}', "/x", "268435461"),
    "unknown member": (CODES | {"codes": []}, "/codes", "268578101"),
    "member of the path": (CODES | {"stock_id": "2"}, "/stock_id", "268578101"),
    "missing member": (_without(CODES, "code_list"), "/code_list", "268578101"),
    "missing brand": (_without(CODES, "brand_id"), "/brand_id", "268578101"),
    "brand of another type": (CODES | {"brand_id": 120344}, "/brand_id", "268435461"),
    "text of another type": (CODES | {"out_request_no": 1234567}, "/out_request_no", "268435461"),
    "too short": (CODES | {"out_request_no": "1"}, "/out_request_no", "268435463"),
    "too long": (CODES | {"out_request_no": "1" * 41}, "/out_request_no", "268435462"),
    "other characters": (CODES | {"code_list": ["a", "b c"]}, "/code_list/1", "268435461"),
    "code too long": (CODES | {"code_list": ["a" * 41]}, "/code_list/0", "268435462"),
    "no codes": (CODES | {"code_list": []}, "/code_list", "268435464"),
    "201 codes": (CODES | {"code_list": ["a"] * 201}, "/code_list", "268435464"),
    "codes of another type": (CODES | {"code_list": "a"}, "/code_list", "268435461"),
}


@pytest.mark.parametrize("name", BODIES)
async def test_a_wrong_body_is_refused(sandbox: Sandbox, name: str) -> None:
    """What is wrong with a body is a PARAM_ERROR that points at the member, with the number of its kind."""
    body, field, numeric = BODIES[name]

    reply = await knock(sandbox, sandbox.partner, body=body)

    assert (400, "PARAM_ERROR") == (reply.status, reply.json["code"])
    detail = reply.json["detail"]
    assert (field, "body", numeric) == (detail["field"], detail["location"], reply.numeric)
    assert detail["issue"]


async def test_a_body_without_end_is_refused(sandbox: Sandbox) -> None:
    """A body of more than a mebibyte is a signed refusal."""
    assert 413 == (await knock(sandbox, sandbox.partner, body=b" " * (2**20 + 1))).status


async def test_a_wrong_value_is_shown(sandbox: Sandbox) -> None:
    """The refusal repeats a single wrong value, as it came."""
    reply = await knock(sandbox, sandbox.partner, body=CODES | {"out_request_no": "1"})

    assert "1" == reply.json["detail"]["value"]


async def test_a_brand_does_not_name_itself(sandbox: Sandbox) -> None:
    """brand_id in a brand's body is a member nobody knows."""
    reply = await knock(sandbox, sandbox.brand)

    assert ("/brand_id", "268578101") == (reply.json["detail"]["field"], reply.numeric)


async def test_a_brand_has_to_grant_the_partner(sandbox: Sandbox) -> None:
    """A partner may act for the brands that granted it, and for no other."""
    second = await knock(sandbox, sandbox.partner, body=CODES | {"brand_id": "120345"})
    other = await knock(sandbox, sandbox.partner, body=CODES | {"brand_id": "120346"})

    assert 404 == second.status
    assert (403, "NO_AUTH", "268579803") == (other.status, other.json["code"], other.numeric)


IN_A_QUERY = {
    "1e999": ("has to be a whole number, not text", "268435461"),
    "NaN": ("has to be a whole number, not text", "268435461"),
    "-Infinity": ("has to be a whole number, not text", "268435461"),
    "[" * 2000: ("has to be a whole number, not text", "268435461"),
    "null": ("null is not allowed; leave the member out", "268578101"),
    '["\\ud83d"]': ("has a character of four UTF-8 bytes, which is not taken", "268435461"),
}


@pytest.mark.parametrize("value", IN_A_QUERY, ids=range(len(IN_A_QUERY)))
async def test_what_is_no_value_in_a_query_is_refused(sandbox: Sandbox, value: str) -> None:
    """A number that is none, null, half a character and brackets without end are wrong in a query as in a body."""
    target = f"{Partner.path('/product-coupon/product-coupons/1/stocks')}?brand_id=120344&page_size={quote(value)}"

    reply = await knock(sandbox, sandbox.partner, method="GET", target=target, body=b"")

    detail = reply.json["detail"]
    assert (400, "page_size", "query") == (reply.status, detail["field"], detail["location"])
    assert IN_A_QUERY[value] == (detail["issue"], reply.numeric)


GET = Partner.path("/product-coupon/product-coupons/1/stocks/2")
QUERIES = {
    f"{GET}": "brand_id",
    f"{GET}?brand_id=120344&brand_id=120344": "brand_id",
    f"{GET}?brand_id=120344&limit=1": "limit",
    f"{GET}?brand_id=120344&stock_id=3": "stock_id",
    f"{Partner.path('/product-coupon/product-coupons/1/stocks/')}{'2' * 41}?brand_id=120344": "stock_id",
}


@pytest.mark.parametrize("target", QUERIES)
async def test_a_wrong_query_is_refused(sandbox: Sandbox, target: str) -> None:
    """What is wrong with a GET is a PARAM_ERROR that names the parameter, and where it stands."""
    reply = await knock(sandbox, sandbox.partner, method="GET", target=target, body=b"")

    assert (400, "PARAM_ERROR", QUERIES[target]) == (reply.status, reply.json["code"], reply.json["detail"]["field"])
    assert ("url" if "2" * 41 in target else "query") == reply.json["detail"]["location"]


async def test_a_get_has_no_body_and_a_post_no_query(sandbox: Sandbox) -> None:
    """Members are taken from where they belong, and refused elsewhere."""
    get = await knock(sandbox, sandbox.partner, method="GET", target=f"{GET}?brand_id=120344")
    post = await knock(sandbox, sandbox.partner, target=f"{Partner.path(UPLOAD)}?a=1")

    assert [400, 400] == [get.status, post.status]
    assert "a" == post.json["detail"]["field"]


STORE = Partner.path("/store/brandstores/1")
DELETIONS: dict[str, tuple[dict[str, Any], int, str]] = {
    "in its body": ({"body": {"brand_id": "120344"}}, 404, ""),
    "nowhere": ({"body": b""}, 400, "/brand_id"),
    "in its query": ({"target": f"{STORE}?brand_id=120344", "body": b""}, 400, "brand_id"),
    "in both": ({"target": f"{STORE}?brand_id=120344", "body": {"brand_id": "120344"}}, 400, "brand_id"),
    "in a body that is not signed": ({"body": {"brand_id": "120344"}, "signed_body": b""}, 401, "signature"),
    "in a query that is not signed": (
        {"target": f"{STORE}?a=1", "body": b"", "signed_target": STORE},
        401,
        "signature",
    ),
}


@pytest.mark.parametrize("where", DELETIONS)
async def test_a_deletion_names_its_brand(sandbox: Sandbox, where: str) -> None:
    """A DELETE has a body, which is signed, and its brand is there alone."""
    asked, status, field = DELETIONS[where]

    reply = await knock(sandbox, sandbox.partner, **{"method": "DELETE", "target": STORE} | asked)

    assert (status, field) == (reply.status, reply.json.get("detail", {}).get("field", ""))


async def test_nothing_refused_has_an_effect(sandbox: Sandbox) -> None:
    """Requests and refusals are counted, by endpoint and by code."""
    await knock(sandbox, sandbox.partner)
    await knock(sandbox, sandbox.partner, offset=360)

    state = sandbox.state()

    assert {"product_coupon.upload_coupon_codes": 2} == state["requests"]
    assert {"NOT_FOUND": 1, "SIGN_ERROR": 1} == state["refused"]


async def test_every_endpoint_has_a_route_for_every_caller(sandbox: Sandbox) -> None:
    """Every declared endpoint is served for each identity that may call: an empty request never gets past the gate."""
    # Nothing is asked for; a brand that is not the partner's is named in the path; a brand may leave all members out.
    otherwise = {
        "certificate.list_certificates": 200,
        "delivery_plan.list_delivery_plans": 403,
        "store.update_brand_store": 404,
    }
    identities = {type(identity): identity for identity in (sandbox.merchant, sandbox.partner, sandbox.brand)}
    for name, request in registry().items():
        for kind in request.route.callers:
            before = sandbox.state()["requests"].get(name, 0)
            target = identities[kind].path(request.route.path)
            for hole in request.route.holes:
                target = target.replace(f"{{{hole}}}", "1")

            reply = await knock(sandbox, identities[kind], method=request.route.method, target=target, body=b"")

            usual = {400, 404} if request.route.method == "GET" else {400}
            assert reply.status in {*usual, otherwise.get(name)}, (name, kind, reply.json)
            assert before + 1 == sandbox.state()["requests"][name]
