"""The least that uploads a file of codes: read, written as JSON, signed, sent, proven, read. Nothing else is looked at.

Whole jobs are compared with it, because it is what this machine and aiohttp can do: a loop that finds no repeated code,
remembers nothing, and ends at the first thing that goes wrong.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import aiohttp

from wxcoupon import crypto, wire
from wxcoupon.product_coupon import UploadCouponCodes

from .measure import Slice, cpu_seconds
from .payload import CODES
from .stocked import Place


def _chunks(source: Path) -> Iterator[list[str]]:
    with source.open() as lines:
        codes = map(str.strip, lines)
        while chunk := list(islice(codes, CODES)):
            yield chunk


async def least(place: Place, source: Path, concurrency: int) -> Slice:
    """Upload a file's codes, and make sure that every answer names those it was asked to store."""
    partner, calls, begin = place.partner, 0, time.perf_counter()
    cpu = cpu_seconds()
    example = UploadCouponCodes(
        product_coupon_id=place.product_coupon_id, stock_id=place.stock_id, out_request_no="number", code_list=["CODE"]
    )
    like = wire.encode(example, partner)
    members, url = json.loads(like.body), place.base_url + like.target
    keys = {serial: crypto.load_public_key(key) for serial, key in place.platform_keys.items()}
    chunks = _chunks(source)

    async def work(session: aiohttp.ClientSession) -> None:
        nonlocal calls
        for codes in chunks:
            said_of_this = {**members, "out_request_no": codes[0], "code_list": codes}
            body = json.dumps(said_of_this, separators=(",", ":")).encode()
            stamp, nonce = str(int(time.time())), wire.new_nonce()
            signature = crypto.sign(partner.private_key, wire.request_message("POST", like.target, stamp, nonce, body))
            headers = {
                "Authorization": wire.authorized(partner, stamp, nonce, signature),
                "Accept": "application/json",
                "Content-Type": "application/json",
                "Wechatpay-Serial": next(iter(keys)),
            }
            async with session.post(url, data=body, headers=headers) as answer:
                raw, said = await answer.read(), answer.headers
            message = wire.answer_message(said["Wechatpay-Timestamp"], said["Wechatpay-Nonce"], raw)
            proven = crypto.verifies(keys[said["Wechatpay-Serial"]], message, said["Wechatpay-Signature"])
            if not proven or json.loads(raw)["success_code_list"] != codes:
                raise SystemExit(f"{place.name} did not store what it was sent")
            calls += 1

    connector = aiohttp.TCPConnector(limit=0)
    async with (
        aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session,
        asyncio.TaskGroup() as workers,
    ):
        for _ in range(concurrency):
            workers.create_task(work(session))
    return Slice(calls, cpu_seconds() - cpu, time.perf_counter() - begin)
