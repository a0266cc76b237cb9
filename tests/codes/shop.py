"""A stock of the sandbox, with what happens to it besides watching."""

import secrets
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import attrs

from wxcoupon import Client, Partner
from wxcoupon import product_coupon as pc
from wxcoupon.bulk.codes.watching import Sign, WatchEvent, watch_codes
from wxcoupon.bulk.ledgers.sqlite_ledger import SqliteLedger
from wxcoupon.bulk.upload import upload_codes
from wxcoupon.convert import to_wire
from wxcoupon.sandbox import Sandbox

from ..sandbox.shapes import APPID, product_coupon


@attrs.frozen
class Shop:
    """A stock for uploaded codes, and a folder with a ledger.

    Attributes:
        sandbox: has the stock.
        client: of its partner.
        ids: the ids that name the stock.
        folder: where the ledger is.
    """

    sandbox: Sandbox
    client: Client[Partner]
    ids: dict[str, Any]
    folder: Path

    @classmethod
    async def opened(
        cls, sandbox: Sandbox, client: Client[Partner], folder: Path, *, max_count: int = 1000, mode: str = "UPLOAD"
    ) -> "Shop":
        """Create the stock."""
        made = await client.call(product_coupon(f"create_{secrets.token_hex(4)}", max_count=max_count, mode=mode))
        assert made.stock is not None
        ids: dict[str, Any] = {"product_coupon_id": made.product_coupon_id, "stock_id": made.stock.stock_id}
        return cls(sandbox, client, ids, folder)

    @property
    def codes(self) -> list[str]:
        """The codes in the stock, in the order in which they came."""
        return list(self.sandbox.world.stocks[self.ids["stock_id"]].codes)

    @property
    def uploads(self) -> int:
        """How many uploads came."""
        number: int = self.sandbox.state()["requests"].get("product_coupon.upload_coupon_codes", 0)
        return number

    def ledger(self) -> SqliteLedger:
        """The ledger."""
        return SqliteLedger(self.folder / "ledger")

    async def watch(self, *, below: int = 5, fill: int = 20, **options: Any) -> list[WatchEvent]:
        """Let a watch look once, or as long as it does; a new one each time."""
        async with self.ledger() as ledger:
            events = self.events(ledger, below=below, fill=fill, **{"once": True, **options})
            return [event async for event in events]

    def events(self, ledger: SqliteLedger, **options: Any) -> AsyncGenerator[WatchEvent]:
        """What a watch says."""
        return watch_codes(self.client, ledger, **self.ids, **options)

    async def upload(self, *codes: str, job: str = "by hand") -> None:
        """Upload codes by another job of the same ledger."""
        async with upload_codes(self.client, codes, job=job, ledger=self.folder / "ledger", **self.ids) as work:
            async for _ in work:
                pass

    async def upload_past_the_ledger(self, *codes: str) -> None:
        """Upload codes of which the ledger learns nothing."""
        number = f"past_{secrets.token_hex(4)}"
        await self.client.call(pc.UploadCouponCodes(out_request_no=number, code_list=list(codes), **self.ids))

    async def claim(self, users: int) -> None:
        """Let so many users claim a coupon each."""
        for _ in range(users):
            user = secrets.token_hex(8)
            token = await self.client.call(
                pc.PreSendCoupon(openid=f"o-{user}", appid=APPID, send_request_no=f"send_{user}", **self.ids)
            )
            await self.sandbox.claim(token.token)

    async def stock(self, **counts: int) -> dict[str, Any]:
        """The stock as it is answered for, with other counts."""
        found: dict[str, Any] = to_wire(await self.client.call(pc.GetStock(**self.ids)))
        found["coupon_code_count_info"] |= counts
        return found


def signs(events: list[WatchEvent]) -> list[tuple[Sign, int | None]]:
    """What a watch said, and how many codes were available."""
    return [(event.sign, event.available) for event in events]
