"""A service that is killed again and again: every coupon is recorded once, and confirmed under one number."""

import asyncio
import json
import os
import random
import re
import signal
import socket
import sqlite3
import sys
from collections import defaultdict
from pathlib import Path
from typing import Final

import attrs
import pytest

from tests.fault_proxy import FaultProxy, Passage
from wxcoupon import Client, Pacer
from wxcoupon.sandbox import Keys, Sandbox

from .coupons import Shop, until

ROOT: Final = Path(__file__).parents[2]
KILLS: Final = 50
COUPONS: Final = 60
_CODE: Final = re.compile(r"/coupons/(\d+)/confirm$")


@attrs.define
class Service:
    """The service, and whoever starts it."""

    process: asyncio.subprocess.Process
    shop: sqlite3.Connection
    pid: int = 0

    async def start(self) -> None:
        """Start it, and wait until it listens."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")
        self.pid = int(await self.said())

    async def kill(self) -> None:
        """End it as a machine does that loses its power."""
        os.kill(self.pid, signal.SIGKILL)
        self.pid = 0
        assert "gone" == await self.said()

    async def said(self) -> str:
        """The next line that it says."""
        assert self.process.stdout is not None
        async with asyncio.timeout(30):
            return (await self.process.stdout.readline()).decode().strip()

    def recorded(self) -> set[str]:
        """The codes that it recorded."""
        return {code for (code,) in self.shop.execute("SELECT code FROM coupons").fetchall()}

    async def close(self) -> None:
        """End both."""
        if self.pid:
            await self.kill()
        assert self.process.stdin is not None
        self.process.stdin.close()
        await self.process.wait()
        self.shop.close()


async def _service(folder: Path, sandbox: Sandbox, proxy: FaultProxy, port: int) -> Service:
    shop = sqlite3.connect(folder / "shop", isolation_level=None)
    shop.execute("PRAGMA journal_mode = WAL")
    shop.execute("CREATE TABLE coupons (code TEXT PRIMARY KEY)")
    settings = dict(line.split("=", 1) for line in (folder / "partner.env").read_text().splitlines() if "=" in line)
    said = {"folder": str(folder), "base_url": proxy.base_url, "apiv3_key": sandbox.apiv3_key, "port": port}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.confirm.service",
        json.dumps(said),
        cwd=ROOT,
        env={**os.environ, **settings},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    service = Service(process, shop)
    assert "ready" == await service.said()
    return service


def _numbers(seen: list[Passage]) -> dict[str, set[str]]:
    """The numbers that each code was confirmed under, whether an answer came or not."""
    numbers: dict[str, set[str]] = defaultdict(set)
    for passage in seen:
        if found := _CODE.search(passage.target):
            numbers[found[1]].add(json.loads(passage.body)["out_request_no"])
    return numbers


@pytest.mark.slow
async def test_kills(tmp_path: Path, keys: Keys, unpaced: Pacer) -> None:
    """Killed fifty times, half of them as soon as a coupon is recorded, it loses none and confirms none twice."""
    random_ = random.Random(6)  # noqa: S311 - moments, not secrets
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = int(reserved.getsockname()[1])
    sandbox = Sandbox(
        rate_limits="off",
        keys=keys,
        directory=tmp_path,
        notify_url=f"http://127.0.0.1:{port}/notify",
        callback_schedule=(0.1,) * 600,
    )
    between = 0
    async with (
        sandbox,
        FaultProxy(sandbox.base_url) as proxy,
        Client(sandbox.partner, sandbox.platform_keys, base_url=sandbox.base_url, pacer=unpaced) as client,
    ):
        shop = await Shop.open(sandbox, client)
        service = await _service(tmp_path, sandbox, proxy, port)
        try:
            sent = 0
            for kill in range(KILLS):
                await service.start()
                before = service.recorded()
                while sent < COUPONS * (kill + 1) // KILLS:
                    await shop.send(sent := sent + 1)
                if kill % 2:
                    await until(lambda before=before: service.recorded() - before)  # type: ignore[misc]
                else:
                    await asyncio.sleep(random_.uniform(0, 0.15))
                await service.kill()
                between += any(shop.state(shop.coupon(code)) == "CONFIRMING" for code in service.recorded() - before)
            await service.start()
            await until(lambda: {"EFFECTIVE": COUPONS} == sandbox.state()["coupons"])
            await sandbox.settled()
            recorded = service.recorded()
        finally:
            await service.close()

        codes = {coupon.coupon_code for coupon in sandbox.world.coupons.values()}
        numbers = _numbers(proxy.seen)
        assert COUPONS == len(codes)
        assert codes == recorded == set(numbers)
        assert {1} == {len(each) for each in numbers.values()}
        assert {"delivered": COUPONS, "pending": 0, "given_up": 0} == sandbox.state()["callbacks"]
        assert between > 0
