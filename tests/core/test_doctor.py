"""Signatures that are not accepted: the part that differs is named, or the likely cause, and nothing personal is."""

import pickle
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import attrs
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as some
from yarl import URL

from wxcoupon import Client, KeyRing, Pacer, Partner, crypto, doctor, wire
from wxcoupon import product_coupon as pc
from wxcoupon.errors import ApiError
from wxcoupon.retry import NEVER
from wxcoupon.sandbox import Keys, Sandbox

OTHER = crypto.new_private_key()
SECRET = "o-secret-openid"
NUMBER = "secret-number-1"
PRE_SEND = pc.PreSendCoupon(
    openid=SECRET, product_coupon_id="1", stock_id="2", appid="wx1234567890abcdef", send_request_no=NUMBER
)
GET = pc.ListStocks(product_coupon_id="1", page_size=5)


@attrs.define
class Passing:
    """A request on its way through a gateway that means well."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


Rewrite = Callable[[Passing], None]


@asynccontextmanager
async def gateway(sandbox: Sandbox, rewrite: Rewrite) -> AsyncIterator[str]:
    """A gateway in front of the sandbox; gives its address."""

    async def forward(request: web.Request) -> web.Response:
        kept = {name: value for name, value in request.headers.items() if name not in {"Host", "Content-Length"}}
        passing = Passing(request.method, request.raw_path, kept, await request.read())
        rewrite(passing)
        async with session.request(
            passing.method,
            URL(sandbox.base_url + passing.target, encoded=True),
            data=passing.body or None,
            headers=passing.headers,
            skip_auto_headers=("Content-Type",),
        ) as answer:
            body = await answer.read()
            headers = {
                name: value
                for name, value in answer.headers.items()
                if name.startswith("Wechatpay-") or name in {"Request-ID", "Content-Type", "Date"}
            }
            return web.Response(status=answer.status, body=body, headers=headers)

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", forward)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as session:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def refused(identity: Any, sandbox: Sandbox, call: Any, **options: Any) -> ApiError:
    """Make a call whose signature is not accepted; a request, or the method and the path of one."""
    given_: dict[str, Any] = {"base_url": sandbox.base_url, "pacer": Pacer(), "retry": NEVER} | options
    async with Client(identity, sandbox.platform_keys, **given_) as client:
        with pytest.raises(ApiError) as caught:
            await (client.request(*call) if isinstance(call, tuple) else client.call(call))
    error = caught.value
    assert 401 == error.status
    assert error.diagnosis is not None
    assert str(error).endswith(error.diagnosis)
    for secret in (SECRET, NUMBER, "wx1234567890abcdef", "page_size"):
        assert secret not in str(error)
    return error


def _method(passing: Passing) -> None:
    passing.method = "GET"


def _path(passing: Passing) -> None:
    passing.target = passing.target.replace(SECRET, SECRET.upper())


def _encoding(passing: Passing) -> None:
    passing.target = passing.target.replace(SECRET, SECRET.replace("-", "%2D"))


def _no_query(passing: Passing) -> None:
    passing.target = passing.target.partition("?")[0]


def _order(passing: Passing) -> None:
    path, _, query = passing.target.partition("?")
    passing.target = f"{path}?{'&'.join(reversed(query.split('&')))}"


def _query(passing: Passing) -> None:
    passing.target += "&trace=1"


def _spaces(passing: Passing) -> None:
    passing.body = passing.body.replace(b":", b": ")


def _no_body(passing: Passing) -> None:
    passing.body = b""


def _other_body(passing: Passing) -> None:
    passing.body = b" " + passing.body[1:]


def _stamp(passing: Passing) -> None:
    authorization = passing.headers["Authorization"]
    passing.headers["Authorization"] = re.sub(r'timestamp="\d+"', f'timestamp="{int(time.time()) + 60}"', authorization)


def _nonce(passing: Passing) -> None:
    authorization = passing.headers["Authorization"]
    passing.headers["Authorization"] = re.sub(r'nonce_str="\w+"', f'nonce_str="{"0" * 32}"', authorization)


def _no_authorization(passing: Passing) -> None:
    del passing.headers["Authorization"]


STOCK = "/v3/marketing/partner/product-coupon/product-coupons/1/stocks/2"
ALTERED: dict[str, tuple[Rewrite, Any, str]] = {
    "method": (_method, ("PATCH", STOCK), "the method: PATCH was signed, GET arrived"),
    "path": (_path, PRE_SEND, r"the url: its path arrived with another part 6"),
    "encoding": (_encoding, PRE_SEND, "the url: the same one arrived with other percent-encoding"),
    "no query": (_no_query, GET, "the url: its query did not arrive"),
    "order": (_order, GET, "the url: its query arrived in another order"),
    "query": (_query, GET, "the url: its query arrived as another"),
    "spaces": (_spaces, PRE_SEND, r"the length: the body arrived 5 bytes longer than it was signed"),
    "no body": (_no_body, PRE_SEND, r"the length: the body arrived \d+ bytes shorter than it was signed"),
    "other body": (_other_body, PRE_SEND, "the body: it begins otherwise than it was signed"),
    "timestamp": (_stamp, PRE_SEND, "the timestamp: another one arrived"),
    "nonce": (_nonce, PRE_SEND, "the nonce: another one arrived"),
    "no Authorization": (_no_authorization, PRE_SEND, "the Authorization header did not arrive"),
}


@pytest.mark.parametrize(("rewrite", "call", "says"), ALTERED.values(), ids=ALTERED)
async def test_what_was_changed_on_the_way(sandbox: Sandbox, rewrite: Rewrite, call: Any, says: str) -> None:
    """A gateway that changes a request is found out, and the part it changed is named."""
    async with gateway(sandbox, rewrite) as address:
        error = await refused(sandbox.partner, sandbox, call, base_url=address)

    assert re.match(f"what arrived is not what was signed: .*{says}", error.diagnosis or "")
    assert error.verified


async def test_the_wrong_key(sandbox: Sandbox) -> None:
    """A key of another certificate is the likely cause when all arrived as it was signed."""
    identity = attrs.evolve(sandbox.partner, private_key=OTHER)

    error = await refused(identity, sandbox, PRE_SEND)

    assert "what arrived is what was signed, as far as the answer shows; the likely cause is the private key" in str(
        error
    )
    assert identity.serial_no in str(error)
    assert identity.mchid in str(error)


async def test_a_signer_that_signs_otherwise(sandbox: Sandbox) -> None:
    """Of a key that is kept elsewhere, how it signs may be the cause too."""

    class Hsm:
        async def sign(self, message: bytes) -> bytes:
            """Sign something else."""
            return OTHER.sign(message[:1], crypto._PADDING, crypto._HASH)

    error = await refused(attrs.evolve(sandbox.partner, private_key=Hsm()), sandbox, PRE_SEND)

    assert "or Hsm signs otherwise than RSASSA-PKCS1-v1_5 with SHA-256" in str(error)


async def test_the_wrong_serial_number(sandbox: Sandbox) -> None:
    """The serial number of another certificate is named."""
    error = await refused(attrs.evolve(sandbox.partner, serial_no="5157F09EFDC096DE"), sandbox, PRE_SEND)

    assert "the likely cause is serial_no: 5157F09EFDC096DE is not that of the API certificate in use" in str(error)


async def test_a_certificate_of_another(sandbox: Sandbox) -> None:
    """Key and serial number that belong together, under another number or as another identity, are not called wrong."""
    brands = attrs.evolve(sandbox.partner, serial_no=sandbox.brand.serial_no, private_key=sandbox.brand.private_key)
    merchants = attrs.evolve(
        sandbox.partner, serial_no=sandbox.merchant.serial_no, private_key=sandbox.merchant.private_key
    )

    for identity in (brands, merchants):
        error = await refused(identity, sandbox, PRE_SEND)
        assert "or this certificate belongs to another number (mchid, brand_id) or kind of identity" in str(error)


async def test_a_number_nobody_knows(sandbox: Sandbox) -> None:
    """A merchant number that is no partner's is named."""
    error = await refused(attrs.evolve(sandbox.partner, mchid="1999999999"), sandbox, PRE_SEND)

    assert "the likely cause is the identity: mchid 1999999999 is not known as a Partner" in str(error)


async def test_the_scheme_of_another_identity(sandbox: Sandbox) -> None:
    """Who asks the paths of another identity is told whose they are."""
    partner = await refused(sandbox.partner, sandbox, ("GET", "/brand/marketing/product-coupon/notify-configs"))
    brand = await refused(sandbox.brand, sandbox, ("GET", "/v3/marketing/partner/product-coupon/notify-configs"))

    assert "a Partner signed, with the scheme WECHATPAY2-SHA256-RSA2048, and /brand/… takes that of a Br" in str(
        partner
    )
    assert "a Brand signed, with the scheme WECHATPAY-BRAND-SHA256-RSA2048, and /v3/… takes that of" in str(brand)


async def test_the_serial_number_of_a_platform_certificate(sandbox: Sandbox, keys: Keys) -> None:
    """WeChat Pay's certificate in the place of one's own is recognised."""
    now = datetime.now(UTC)
    serial, pem = crypto.self_signed(keys.platform, "Tenpay.com", now - timedelta(1), now + timedelta(1))
    ring = KeyRing({**sandbox.platform_keys, serial: pem})
    identity = attrs.evolve(sandbox.partner, serial_no=serial)
    async with Client(identity, ring, base_url=sandbox.base_url, pacer=Pacer(), retry=NEVER) as client:
        with pytest.raises(ApiError) as caught:
            await client.call(PRE_SEND)

    assert f"the likely cause is serial_no: {serial} is WeChat Pay's own certificate" in str(caught.value)


@pytest.mark.parametrize(("wrong", "way"), [(-400, "after"), (400, "before")])
async def test_a_clock_that_is_wrong(sandbox: Sandbox, wrong: int, way: str) -> None:
    """The clock is named with its measured offset, though the answer cannot be proven then."""
    error = await refused(sandbox.partner, sandbox, PRE_SEND, clock=lambda: int(time.time()) + wrong)

    assert re.search(
        rf"the likely cause is the clock: the answer is dated (39\d|40\d) seconds {way} this machine's time", str(error)
    )
    assert "the answer is not proven, so this may be wrong, and the outcome is unknown" in str(error)
    assert "repeat the call with the same request number and data" in str(error)
    assert not error.verified
    assert error.outcome_unknown
    assert "is not signed" not in str(error)
    assert re.search(rf"is signed, but not believed: the answer is dated \d+ seconds {way} this", str(error))


async def test_a_signed_error_that_is_not_believed(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """Of any error that carries a signature it is said why that is not believed; of any other, that it has none."""
    sandbox.answer_next("unknown-serial")
    with pytest.raises(ApiError, match=r"\(this answer is signed, but not believed: .*; .*\)") as caught:
        await partner.call(GET)
    sandbox.answer_next("missing")
    with pytest.raises(ApiError, match="this answer is not signed") as other:
        await partner.call(GET)

    assert (False, None) == (other.value.verified, other.value.doubt)
    assert not caught.value.verified
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301 - our own bytes


async def test_an_answer_that_is_not_signed(sandbox: Sandbox) -> None:
    """It is compared all the same, and said that it proves nothing."""
    sandbox.answer_next("missing")
    async with gateway(sandbox, _query) as address:
        error = await refused(sandbox.partner, sandbox, GET, base_url=address)

    assert "the url: its query arrived as another" in str(error)
    assert "(this answer is not signed" in str(error)
    assert str(error).endswith("(the answer is not proven, so this may be wrong)")  # a GET has nothing to look up


@pytest.mark.parametrize("body", [b"<html>who are you?</html>", b"", b'{"message":"no"}'], ids=["HTML", "none", "JSON"])
async def test_a_gateway_that_wants_to_know_who_asks(sandbox: Sandbox, body: bytes) -> None:
    """A 401 that is not WeChat Pay's at all is told from one that is."""

    async def unauthorized(_: web.Request) -> web.Response:
        return web.Response(status=401, body=body)

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", unauthorized)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    error = await refused(sandbox.partner, sandbox, GET, base_url=f"http://127.0.0.1:{runner.addresses[0][1]}")
    await runner.cleanup()

    assert "most likely a proxy or gateway on the way wants to be told who you are" in str(error)


async def test_other_errors_have_no_diagnosis(partner: Client[Partner]) -> None:
    """Only a 401 is about a signature."""
    with pytest.raises(ApiError) as caught:
        await partner.call(GET)

    assert caught.value.diagnosis is None


# What follows has no wire: these answers come from no sandbox.

MESSAGE = wire.request_message("POST", f"/v3/x/{SECRET}/y?a=1", "1700000000", "N" * 32, '{"a":"中"}'.encode())


def _partner(**changes: Any) -> Partner:
    return attrs.evolve(Partner(mchid="1", serial_no="AB", private_key=OTHER), **changes)


def diagnosed(detail: Any, *, code: str = "SIGN_ERROR", **evidence: Any) -> str:
    """What is said of a 401 with this detail."""
    error = ApiError(status=401, code=code, message="no", detail=detail, verified=True)
    return doctor.diagnose(error, doctor.Evidence(_partner(), MESSAGE, **evidence))


def saw(url: str = f"/v3/x/{SECRET}/y?a=1", **changes: Any) -> dict[str, Any]:
    """A detail that says that exactly this was seen."""
    text = MESSAGE.decode()[:-9] + "\n"
    return {"sign_information": {"method": "POST", "url": url, "truncated_sign_message": text} | changes}


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (f"/gateway/v3/x/{SECRET}/y?a=1", "its path arrived with something in front"),
        (f"/x/{SECRET}/y?a=1", "its path arrived without its beginning"),
        (f"/v3/x/more/{SECRET}/y?a=1", "its path was signed with 4 parts and arrived with 5"),
        (f"/v3/x/{SECRET}/y", "its query did not arrive"),
    ],
    ids=["in front", "without", "parts", "no query"],
)
def test_how_a_url_differs(url: str, says: str) -> None:
    """It is said where, and never what."""
    found = diagnosed(saw(url))

    assert f"the url: {says}; a proxy or gateway" in found
    assert SECRET not in found


def test_a_query_that_was_not_signed() -> None:
    """A query that something on the way adds is named."""
    error = ApiError(status=401, detail={"sign_information": {"url": "/v3/x?b=1"}}, verified=True)
    evidence = doctor.Evidence(_partner(), wire.request_message("GET", "/v3/x", "1", "n", b""))

    assert "the url: it was signed without a query and arrived with one" in doctor.diagnose(error, evidence)


@pytest.mark.parametrize("length", [len(MESSAGE), len(MESSAGE.decode())], ids=["bytes", "characters"])
def test_a_length_in_bytes_or_characters(length: int) -> None:
    """Nothing says which of the two is counted, so either will do."""
    assert "the likely cause is the private key" in diagnosed(saw(sign_message_length=length))


def test_the_message_alone_will_do() -> None:
    """Method and url are read from the message where they are not said apart from it."""
    text = MESSAGE.decode().replace("POST", "PUT")

    assert "POST was signed, PUT arrived" in diagnosed({"sign_information": {"truncated_sign_message": text}})
    assert "something else arrived" in diagnosed(saw(method="<script>"))


def test_a_body_that_did_not_arrive() -> None:
    """An empty rest of the message is a body that was dropped, where no length says more."""
    text = "".join(line + "\n" for line in MESSAGE.decode().split("\n")[:4])

    assert "the body: none arrived" in diagnosed(saw(truncated_sign_message=text + "\n"))


@pytest.mark.parametrize(
    ("offset", "measured", "clock"),
    [(250.0, None, True), (-250.0, None, True), (None, 299.0, True), (10.0, 299.0, False), (None, None, False)],
)
def test_when_the_clock_is_the_likely_cause(offset: float | None, measured: float | None, *, clock: bool) -> None:
    """What this answer shows counts first, and what earlier ones showed where it shows nothing."""
    found = diagnosed(saw(), offset=offset, measured=measured)

    assert ("the likely cause is the clock" in found) is clock


def test_an_answer_that_says_nothing() -> None:
    """The likely cause is all there is then."""
    assert diagnosed(None).startswith(
        "the answer does not say what it saw, so nothing can be compared; the likely cause"
    )


JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(max_size=8) | some.just(SECRET),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(
    detail=JSON
    | some.fixed_dictionaries({"sign_information": JSON})
    | some.fixed_dictionaries(
        {
            "sign_information": some.fixed_dictionaries(
                {},
                optional={
                    "method": JSON,
                    "url": JSON | some.text(max_size=30),
                    "truncated_sign_message": JSON | some.text(max_size=60) | some.just(MESSAGE.decode()[:60]),
                    "sign_message_length": JSON,
                },
            ),
            "issue": JSON,
        }
    ),
    message=some.binary(max_size=10),
)
def test_whatever_an_answer_says(detail: Any, message: bytes) -> None:
    """The diagnosis is one line, without anything of the request or of the answer."""
    error = ApiError(status=401, detail=detail, verified=False)
    signed = wire.request_message("POST", f"/v3/x/{SECRET}", "1700000000", "N" * 32, message)

    found = doctor.diagnose(error, doctor.Evidence(_partner(), signed))

    assert SECRET not in found
    assert "\n" not in found
