"""What leaves, byte for byte, and that exactly this was signed: read from a socket, without any HTTP library."""

import asyncio
import re
import time
import warnings
from collections.abc import AsyncIterator
from typing import Any

import attrs
import pytest

from tests.pictures import jpg
from wxcoupon import ApiError, Client, Pacer, Partner, RetryPolicy, busifavor, crypto, delivery_plan, form, store, wire
from wxcoupon import cash_coupon as cc
from wxcoupon import product_coupon as pc
from wxcoupon.errors import BadSignature, InvalidRequest, MissingSignature
from wxcoupon.images import LARGEST
from wxcoupon.jsontext import dump
from wxcoupon.sandbox import Keys

FLOW = cc.GetUseFlow(stock_id="1")
IMAGE = pc.UploadImage.of('a "茶".jpg', jpg(LARGEST))
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@attrs.frozen
class Seen:
    """A request as it came.

    Attributes:
        method: its method.
        target: path and query, as on the request line.
        headers: its headers, by their names in small letters.
        body: its bytes.
    """

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    def signature(self, keys: Keys, signed: bytes | None = None) -> str:
        """The signature, once it is proven to be over exactly this, or with *signed* in place of the body."""
        pairs: dict[str, str] = dict(re.findall(r'(\w+)="([^"]+)"', self.headers["authorization"]))
        body = self.body if signed is None else signed
        message = wire.request_message(self.method, self.target, pairs["timestamp"], pairs["nonce_str"], body)
        assert crypto.verifies(keys.merchant.public_key(), message, pairs["signature"])
        return pairs["signature"]


class Socket:
    """A server that keeps every request, and answers with what is next: a signed ``{}`` when nothing is."""

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self.seen: list[Seen] = []
        self.answers: list[bytes] = []

    def signed(self, status: int = 200) -> bytes:
        """A signed answer."""
        headers = wire.sign_answer(
            self.keys.platform, self.keys.platform_id, b"{}", timestamp=int(time.time()), nonce="n"
        )
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"HTTP/1.1 {status} OK\r\nContent-Length: 2\r\n{lines}\r\n{{}}".encode()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Keep and answer the requests of a connection."""
        try:
            while True:
                line, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                named = (text.partition(": ") for text in lines if text)
                headers = {name.lower(): value for name, _, value in named}
                method, target, _ = line.split(" ")
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                self.seen.append(Seen(method, target, headers, body))
                answer = self.answers.pop(0) if self.answers else self.signed()
                if not answer:
                    return
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def socket(keys: Keys, unpaced: Pacer) -> AsyncIterator[tuple[Socket, Client[Partner]]]:
    """A server of sockets alone, and a client of it that looks at no rule."""
    made = Socket(keys)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    partner = Partner(mchid="1900000001", brand_id="120344", serial_no=keys.merchant_serial, private_key=keys.merchant)
    platform = {keys.platform_id: keys.platform.public_key()}
    retry = RetryPolicy(base=0.001)
    async with Client(partner, platform, base_url=url, retry=retry, pacer=unpaced, checks="off") as client:
        yield made, client
    server.close()


ODD = "a b/%2F茶+&=?#"
ODD_THERE = "a%20b%2F%252F%E8%8C%B6%2B%26%3D%3F%23"


@pytest.mark.parametrize(
    ("request_", "method", "target", "body", "kind"),
    [
        pytest.param(
            busifavor.ListUserCoupons(openid=ODD, appid=ODD, extra={"o": {"a": [1, "茶 +"]}, "y": True, "n": None}),
            "GET",
            f"/v3/marketing/busifavor/users/{ODD_THERE}/coupons?appid={ODD_THERE}"
            "&o=%7B%22a%22%3A%5B1%2C%22%E8%8C%B6%20%2B%22%5D%7D&y=true",
            b"",
            None,
            id="a GET with an object in its query",
        ),
        pytest.param(
            busifavor.DeleteCouponCode(stock_id=ODD, coupon_code="1", delete_request_no=ODD),
            "DELETE",
            f"/v3/marketing/busifavor/stocks/{ODD_THERE}/couponcodes/1?delete_request_no={ODD_THERE}",
            b"",
            None,
            id="a DELETE with a query",
        ),
        pytest.param(
            store.DeleteBrandStore(store_id="1", extra={"more": "茶"}),
            "DELETE",
            "/v3/brand/partner/store/brandstores/1",
            '{"more":"茶","brand_id":"120344"}'.encode(),
            "application/json",
            id="a DELETE with a body",
        ),
        pytest.param(
            delivery_plan.TerminateDeliveryPlan(plan_id="1"),
            "POST",
            "/v3/marketing/partner/delivery-plan/delivery-plans/1/terminate",
            b"",
            "application/json",
            id="a POST without a body",
        ),
        pytest.param(
            delivery_plan.ListDeliveryPlans(extra={"brand_id": "7"}),
            "GET",
            "/v3/marketing/partner/delivery-plan/delivery-plans/120344/delivery-plans",
            b"",
            None,
            id="the brand in the path",
        ),
    ],
)
async def test_what_is_signed_is_what_is_sent(
    socket: Any, keys: Keys, request_: Any, method: str, target: str, body: bytes, kind: str | None
) -> None:
    """The request line and the body are those that were signed; no empty body is called a stream of bytes."""
    server, client = socket
    await client.send(request_)

    (seen,) = server.seen
    seen.signature(keys)
    assert (method, target, body, kind) == (seen.method, seen.target, seen.body, seen.headers.get("content-type"))


async def test_a_form_repeated(socket: Any, keys: Keys) -> None:
    """A form of 2 MB that is sent again is the same bytes with a fresh signature, over ``meta`` alone."""
    server, client = socket
    server.answers = [server.signed(500), b"", server.signed(503)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        await client.send(IMAGE)

    assert 4 == len({seen.signature(keys, dump(IMAGE_META)) for seen in server.seen})
    assert 1 == len({(seen.target, seen.body, seen.headers["content-type"]) for seen in server.seen})
    parts = form.read(server.seen[0].headers["content-type"], server.seen[0].body)
    assert (IMAGE.file, str(len(server.seen[0].body))) == (parts["file"], server.seen[0].headers["content-length"])
    assert b'filename="a %22\xe8\x8c\xb6%22.jpg"\r\nContent-Type: image/jpeg\r\n' in server.seen[0].body


IMAGE_META = {"filename": IMAGE.meta.filename, "sha256": IMAGE.meta.sha256}


async def test_a_redirection_is_not_followed(socket: Any) -> None:
    """Nothing signed goes where an answer says."""
    server, client = socket
    server.answers = [b"HTTP/1.1 307 X\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n"]
    with pytest.raises(ApiError, match="HTTP 307"):
        await client.send(IMAGE)
    assert 1 == len(server.seen)


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nb", "茶", "", " a", "a ", "a\0b"])
async def test_what_cannot_stand_in_a_header(socket: Any, value: str) -> None:
    """A header's value neither ends the header nor is changed on the way; the error names field and call."""
    server, client = socket
    partner = busifavor.PartnershipPartner(type="APPID", appid="wx1")
    request = busifavor.BuildPartnership(
        idempotency_key=value, partner=partner, authorized_data=busifavor.AuthorizedData(business_type="FAVOR_STOCK")
    )
    with pytest.raises(InvalidRequest, match=r"POST /v3/\S+: \$.idempotency_key: cannot stand in a header"):
        await client.send(request)
    assert [] == server.seen


def _without(answer: bytes, *names: bytes) -> bytes:
    for name in names:
        answer = re.sub(rb"(?i)" + name + rb": [^\r]*\r\n", b"", answer)
    return answer


async def test_an_answer_without_a_signature(socket: Any) -> None:
    """It is taken where that is documented, and nowhere else."""
    server, client = socket
    server.answers = [PLAIN, PLAIN]

    assert b"{}" == (await client.send(FLOW)).body
    with pytest.raises(MissingSignature):
        await client.send(cc.GetStock(stock_id="1", stock_creator_mchid="1"))


async def test_a_signature_that_is_there_is_verified(socket: Any) -> None:
    """Where no signature is asked for, a wrong, an empty or half a one is refused all the same."""
    server, client = socket
    signed = server.signed()
    empty = re.sub(rb"(Wechatpay-Signature): [^\r]*", rb"\1: ", signed)
    server.answers = [signed.replace(b"\r\n\r\n{}", b"\r\n\r\n[]"), empty, _without(signed, b"Wechatpay-Nonce")]

    for error in (BadSignature, BadSignature, MissingSignature):
        with pytest.raises(error):
            await client.send(FLOW)
