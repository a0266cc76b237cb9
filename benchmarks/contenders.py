"""Who makes the call: this library, bare aiohttp, and the peers of the package index.

Each is used as its own documentation shows, made once, and kept for all rounds. A call takes the codes it uploads
and its number; the bytes of bare aiohttp are written before the clock runs, because it has nothing to write them with.
"""

from __future__ import annotations

import importlib.util
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, TypeAlias

import aiohttp

from wxcoupon import Client, Pacer, Partner, crypto, wire
from wxcoupon.product_coupon import UploadCouponCodes

from .answering import KEY_ID, Server

AsyncCall: TypeAlias = Callable[[Any], Awaitable[Any]]
Call: TypeAlias = Callable[[Any], Any]

KEY: Final = crypto.new_private_key()
PARTNER: Final = Partner(
    mchid="1900000001", serial_no="5157F09EFDC096DE15EBE81A47057A72", private_key=KEY, brand_id="120344"
)
UNPACED: Final = {UploadCouponCodes.name: None}
_PRODUCT_COUPON: Final = "200000001"
_STOCK: Final = "100000001"


def upload(codes: list[str]) -> UploadCouponCodes:
    """The typed request; its number is taken from its first code."""
    return UploadCouponCodes(
        product_coupon_id=_PRODUCT_COUPON, stock_id=_STOCK, out_request_no=codes[0], code_list=codes
    )


def as_bytes(codes: list[str]) -> bytes:
    """The bytes that this library sends for these codes."""
    return wire.encode(upload(codes), PARTNER).body


def trust(server: Server) -> ssl.SSLContext | bool:
    """What aiohttp is to make of the server's certificate."""
    return ssl.create_default_context(cafile=server.certificate) if server.certificate else True


@asynccontextmanager
async def bare_aiohttp(server: Server) -> AsyncGenerator[AsyncCall]:
    """POST bytes and read bytes, with a session as it is by default."""
    url = server.base_url + wire.encode(upload(["CODE"]), PARTNER).target
    connector = aiohttp.TCPConnector(limit=0, ssl=trust(server))
    async with aiohttp.ClientSession(connector=connector) as session:

        async def call(body: bytes) -> bytes:
            async with session.post(url, data=body) as response:
                return await response.read()

        yield call


@asynccontextmanager
async def typed(server: Server) -> AsyncGenerator[AsyncCall]:
    """This library: a typed request, checked, signed, sent, verified, read as a typed answer."""
    keys = {KEY_ID: server.public_key}
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ssl=trust(server)), cookie_jar=aiohttp.DummyCookieJar()
    )
    async with (
        session,
        Client(
            PARTNER,
            keys,
            base_url=server.base_url,
            pacer=Pacer(rates=UNPACED),
            session=session if server.certificate else None,  # only a certificate of our own needs a session of our own
        ) as client,
    ):

        async def call(codes: list[str]) -> None:
            answer = await client.call(upload(codes))
            assert answer.total_count == len(codes)

        yield call


def _peer(kind: Any, type_: Any, server: Server) -> Any:
    peer = kind(
        wechatpay_type=type_.NATIVE,
        mchid=PARTNER.mchid,
        private_key=crypto.private_pem(KEY).decode(),
        cert_serial_no=PARTNER.serial_no,
        appid="wx0000000000000001",
        apiv3_key="0" * 32,
        public_key=server.public_key,
        public_key_id=KEY_ID,
    )
    peer._core._gate_way = server.base_url  # noqa: SLF001 - the peer has no setting for its host
    return peer


def _believed(outcome: tuple[int, str]) -> None:
    assert outcome[0] == 200


def wechatpayv3_missing(*, asynchronous: bool) -> str | None:
    """Why the peer cannot run beside us; None when it can."""
    needed = ["wechatpayv3", "httpx", "aiofiles"] if asynchronous else ["wechatpayv3"]
    lost = [name for name in needed if importlib.util.find_spec(name) is None]
    return f"not installed: {', '.join(lost)} (pip install 'wechatpayv3[async]')" if lost else None


@asynccontextmanager
async def wechatpayv3_async(server: Server) -> AsyncGenerator[AsyncCall]:
    """The peer's async form; it gives the answer's text unread."""
    from wechatpayv3.async_ import AsyncWeChatPay, WeChatPayType  # only there when the group ``bench`` is installed

    async with _peer(AsyncWeChatPay, WeChatPayType, server) as peer:

        async def call(codes: list[str]) -> None:
            _believed(await peer.marketing_busifavor_couponcode_upload(_STOCK, codes[0], codes))

        yield call


@contextmanager
def wechatpayv3_threads(server: Server) -> Generator[Call]:
    """The peer's blocking form, to be called from threads."""
    from wechatpayv3 import WeChatPay, WeChatPayType  # only there when the group ``bench`` is installed

    peer = _peer(WeChatPay, WeChatPayType, server)

    def call(codes: list[str]) -> None:
        _believed(peer.marketing_busifavor_couponcode_upload(_STOCK, codes[0], codes))

    yield call
