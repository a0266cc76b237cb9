"""The services of the README, as they are printed, taking real callbacks of the sandbox."""

import asyncio
import os
import socket
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from wxcoupon import Client, Pacer, Partner
from wxcoupon import product_coupon as pc
from wxcoupon.sandbox import Keys, Sandbox

from ..sandbox.shapes import APPID, product_coupon
from .test_readme import SERVICES, dotenv

_COMMANDS = {"aiohttp": ["service.py"], "fastapi": ["-m", "uvicorn", "service:app", "--port"]}


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port


async def _is_there(port: int) -> None:
    while True:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            await writer.wait_closed()
            return
        await asyncio.sleep(0.05)


async def _claimed(sandbox: Sandbox, client: Client[Partner]) -> pc.GetUserCoupon:
    made = await client.call(product_coupon(mode="WECHATPAY"))
    assert made.stock is not None
    token = await client.call(
        pc.PreSendCoupon(
            openid="o-1",
            product_coupon_id=made.product_coupon_id,
            stock_id=made.stock.stock_id,
            appid=APPID,
            send_request_no="number_0001",
        )
    )
    event = await sandbox.claim(token.token)
    return pc.GetUserCoupon(
        openid="o-1",
        coupon_code=event["coupon_code"],
        product_coupon_id=made.product_coupon_id,
        stock_id=made.stock.stock_id,
        appid=APPID,
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(_COMMANDS))
async def test_a_service_confirms_what_it_is_told_of(name: str, keys: Keys, unpaced: Pacer, tmp_path: Path) -> None:
    """It takes the callback of a coupon, records it once, and confirms it; interrupted, it ends in order."""
    (tmp_path / "service.py").write_text(dict(SERVICES)[name], "utf-8")
    port = _free_port()
    words = [*_COMMANDS[name], str(port)] if name == "fastapi" else _COMMANDS[name]
    async with (
        Sandbox(rate_limits="off", keys=keys, directory=tmp_path / "sandbox") as sandbox,
        Client(sandbox.partner, sandbox.platform_keys, base_url=sandbox.base_url, pacer=unpaced) as client,
    ):
        settings = dotenv(tmp_path / "sandbox" / "partner.env")
        service = await asyncio.create_subprocess_exec(
            sys.executable,
            *words,
            cwd=tmp_path,
            env={**os.environ, **settings, "PORT": str(port)},
            stdout=asyncio.subprocess.PIPE,
        )
        assert service.stdout is not None
        try:
            await _is_there(port)
            sandbox.notify_url = f"http://127.0.0.1:{port}/wechat/notify"
            coupon = await _claimed(sandbox, client)
            recorded = await service.stdout.readuntil(f"recorded {coupon.coupon_code}".encode())
            state = None
            while state != pc.UserProductCouponState.EFFECTIVE:
                state = (await client.call(coupon)).coupon_state
        finally:
            service.terminate()
            rest = await service.stdout.read()
            status = await service.wait()

    assert 1 == (recorded + rest).count(b"recorded")
    assert status in {0, -15}
