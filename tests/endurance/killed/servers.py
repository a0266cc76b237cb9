"""The server of a job that is killed, and the way to it."""

from __future__ import annotations

import itertools
import shlex
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import attrs

from tests.fault_proxy import Fault, FaultProxy
from tests.sandbox.shapes import APPID, product_coupon
from wxcoupon import Client
from wxcoupon.sandbox import Keys, Sandbox, service

from .kills import Marks, listen

_NUMBERS = itertools.count(1)


@attrs.frozen
class Place:
    """A stock, and the way to it.

    Attributes:
        sandbox: the server.
        proxy: the way, which loses answers.
        marks: are told of every request on it.
        environ: the settings of a client that goes this way.
        ids: the product coupon and its stock.
    """

    sandbox: Sandbox
    proxy: FaultProxy
    marks: Marks
    environ: dict[str, str]
    ids: dict[str, Any]

    @property
    def codes(self) -> dict[str, None]:
        """The codes that the stock has."""
        return self.sandbox.world.stocks[self.ids["stock_id"]].codes


@asynccontextmanager
async def sandbox_that_forgets(keys: Keys, folder: Path | None = None) -> AsyncGenerator[Sandbox]:
    """A sandbox that does what is asked again under a known number anew: so it finds the codes of an upload there."""
    ways = {
        way: attrs.evolve(to, handler=attrs.evolve(to.handler, replays=False)) for way, to in service.ways().items()
    }
    with patch.object(service, "ways", return_value=ways):
        async with Sandbox(rate_limits="off", keys=keys, directory=folder) as sandbox:
            yield sandbox


async def new_stock(sandbox: Sandbox, mode: str, room: int) -> dict[str, str]:
    """The numbers of a new product coupon and of its stock."""
    request = product_coupon(f"killed-{next(_NUMBERS)}", mode=mode, max_count=room)
    async with Client(sandbox.partner, sandbox.platform_keys, base_url=sandbox.base_url) as client:
        made = await client.call(request)
    assert made.stock is not None
    assert made.product_coupon_id is not None
    return {"product_coupon_id": made.product_coupon_id, "stock_id": made.stock.stock_id}


@asynccontextmanager
async def place(
    folder: Path, keys: Keys, *, mode: str, room: int, lost: float, seed: int, forgets: bool = False
) -> AsyncGenerator[Place]:
    """A new stock on a sandbox of its own.

    Args:
        folder: where settings and keys may be written.
        keys: of the sandbox.
        mode: the stock's ``coupon_code_mode``.
        room: its ``max_count``.
        lost: which part of the answers is lost on the way, after the server has acted.
        seed: draws them.
        forgets: whether the server answers what is asked again by what it finds, and not as it did the first time.
    """
    made: Any = (
        sandbox_that_forgets(keys, folder) if forgets else Sandbox(rate_limits="off", keys=keys, directory=folder)
    )
    async with made as sandbox:
        ids = await new_stock(sandbox, mode, room)
        async with FaultProxy(sandbox.base_url, {Fault.LOSE: lost}, seed=seed) as proxy:
            marks = Marks()
            listen(proxy, marks)
            words = shlex.split((folder / "partner.env").read_text())
            environ = {name: value for name, _, value in (word.partition("=") for word in words)}
            yield Place(sandbox, proxy, marks, {**environ, "WXCOUPON_BASE_URL": proxy.base_url}, ids)


def for_users(ids: dict[str, Any]) -> dict[str, Any]:
    """The numbers of a stock, and the appid that its users' openids are of."""
    return {**ids, "appid": APPID}
