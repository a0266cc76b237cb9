"""Requests made by hand, so that each part of them can be wrong."""

import io
import json
import time
from typing import Any

import aiohttp
import attrs
from yarl import URL

from wxcoupon import wire
from wxcoupon.identity import Identity
from wxcoupon.keys import KeyRing
from wxcoupon.sandbox import Sandbox

UPLOAD = "/product-coupon/product-coupons/1/stocks/2/upload-coupon-codes"
CODES = {"brand_id": "120344", "out_request_no": "upload_1", "code_list": ["code_1"]}


@attrs.frozen
class Reply:
    """An answer: its status, headers and JSON."""

    status: int
    headers: Any
    json: Any

    @property
    def numeric(self) -> str | None:
        """The number at the end of the Request-ID."""
        return self.headers["Request-ID"].partition("-")[2] or None


async def knock(
    sandbox: Sandbox,
    identity: Identity,
    *,
    method: str = "POST",
    target: str | None = None,
    body: Any = CODES,
    signed_target: str | None = None,
    signed_body: bytes | None = None,
    offset: float = 0,
    nonce: str | None = None,
    headers: dict[str, str | None] | None = None,
) -> Reply:
    """Send a request as *identity* and return the answer, whose own signature is verified.

    Args:
        sandbox: where to.
        identity: who signs.
        method: the HTTP method.
        target: path and query; an upload of codes by default.
        body: bytes, or what JSON is made of.
        signed_target: what is signed instead of the target.
        signed_body: what is signed instead of the body.
        offset: seconds by which the signer's clock is wrong.
        nonce: the nonce, if it matters.
        headers: headers to replace, or with None to leave out.
    """
    target = target or identity.path(UPLOAD)
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    authorization = wire.authorization(
        identity,
        method,
        signed_target or target,
        raw if signed_body is None else signed_body,
        timestamp=int(time.time() + offset),
        nonce=nonce or wire.new_nonce(),
    )
    sent: dict[str, str | None] = {
        "Authorization": authorization,
        "Accept": "application/json",
        "Content-Type": "application/json",
        "User-Agent": "test",
        "Wechatpay-Serial": next(iter(sandbox.platform_keys)),
    }
    sent.update(headers or {})
    left_out = [name for name, value in sent.items() if value is None]
    async with (
        aiohttp.ClientSession(skip_auto_headers=left_out) as session,
        session.request(
            method,
            URL(sandbox.base_url + target, encoded=True),
            data=io.BytesIO(raw) if raw else None,
            headers={name: value for name, value in sent.items() if value is not None},
        ) as answer,
    ):
        read = await answer.read()
        wire.verify(answer.headers, read, KeyRing(sandbox.platform_keys), now=time.time())
        return Reply(answer.status, answer.headers, json.loads(read) if read else None)
