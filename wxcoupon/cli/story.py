"""What ``wxcoupon demo`` tells: a campaign from its first call to its first redemption, and what is behind it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import closing, suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Final, Self

import attrs
from aiohttp import web

from .. import product_coupon as pc
from ..bulk.account import every_row, source_of
from ..bulk.aside import aside
from ..bulk.engine import Run
from ..bulk.ledgers.sqlite_ledger import SqliteLedger
from ..bulk.reports.growing import GrowingTable
from ..bulk.reports.report import Report
from ..bulk.rows.presend_task import PreSendTask
from ..bulk.upload import upload_codes
from ..client import Client
from ..identity import Partner
from ..keys import KeyRing
from ..notify import Notification, Router, Tenant
from ..sandbox import Sandbox
from .codes import COLUMNS, write_report
from .ledgers import DEFAULT as LEDGER
from .row_report import TOKEN_COLUMNS, token_cells
from .showing import showing
from .tables import read_from
from .text import number_of, say
from .words import UPLOAD

APPID: Final = "wx1234567890abcdef"
_CHINA: Final = timezone(timedelta(hours=8))
_PATIENCE: Final = 10.0
"""Seconds to wait for a callback from the same machine."""


@attrs.frozen
class Fact:
    """One line of the summary: what the client was told, and what the sandbox knows."""

    what: str
    client: int
    sandbox: int

    @property
    def agrees(self) -> bool:
        """Whether the two are the same."""
        return self.client == self.sandbox


class Receiver:
    """A server for callbacks, as a merchant runs one: each is proven, taken once and acknowledged, and worked on after.

    Args:
        keys: what proves them.
        apiv3_key: what opens them.

    Attributes:
        url: its address.
        notifications: what came.
    """

    def __init__(self, keys: KeyRing, apiv3_key: str) -> None:
        self.url = ""
        self.notifications: asyncio.Queue[Notification[pc.CouponSent]] = asyncio.Queue()
        self._router = Router(Tenant(apiv3_key, keys=keys))
        self._router.on(pc.CouponSent)(self.notifications.put)
        app = web.Application()
        app.router.add_post("/callbacks", self._callback)
        self._runner = web.AppRunner(app, access_log=None)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/callbacks"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()
        await self._router.close()

    async def _callback(self, request: web.Request) -> web.Response:
        reply = await self._router.handle(request.headers, await request.read())
        return web.Response(status=reply.status, headers=reply.headers, body=reply.body or None)


@attrs.define
class Story:
    """A campaign.

    Attributes:
        sandbox: the WeChat Pay it happens on.
        client: the partner's client.
        receiver: where callbacks arrive.
        folder: where the file of codes, the ledger, the report of the upload and the tokens are kept.
    """

    sandbox: Sandbox
    client: Client[Partner]
    receiver: Receiver
    folder: Path
    product_coupon_id: str = ""
    stock_id: str = ""
    _occasion: str = attrs.field(init=False, factory=lambda: f"demo {secrets.token_hex(4)}")
    """What its jobs are called: a folder may be used for several demos."""

    async def happen(self, codes: int, users: int) -> list[Fact]:
        """Let everything happen, and compare what the client was told with what the sandbox knows."""
        await self._create(codes)
        generated = [f"DEMO{number:08}{secrets.token_hex(4).upper()}" for number in range(codes)]
        uploaded = await self._upload(generated)
        tokens = await self._pre_send([f"o-demo-user-{number}" for number in range(users)])
        for token in tokens:
            await self.sandbox.claim(token)
        say(f"{number_of(users, 'user')} tapped 'receive' in the claim component")
        sent = await self._callbacks(users)
        confirmed = [await self._confirm(coupon) for coupon in sent]
        redeemed = [await self._redeem(coupon) for coupon in sent[:1]]
        say("confirmed all of them, and redeemed one at a till")
        stock = await self.client.call(pc.GetStock(product_coupon_id=self.product_coupon_id, stock_id=self.stock_id))
        left = stock.coupon_code_count_info.available_count if stock.coupon_code_count_info else -1
        state = self.sandbox.state()
        held = self.sandbox.world.stocks[self.stock_id]
        coupons: dict[str, int] = state["coupons"]
        return [
            Fact("product coupons created", 1, state["product_coupons"]),
            Fact("codes uploaded", uploaded, len(held.codes)),
            Fact("of them from the file", uploaded, len(held.codes.keys() & set(generated))),
            Fact("tokens pre-sent", len(tokens), state["tokens"]),
            Fact("coupons claimed", len(tokens), held.sent),
            Fact("callbacks verified and opened", len(sent), state["callbacks"]["delivered"]),
            Fact(
                "coupons confirmed", confirmed.count("EFFECTIVE"), coupons.get("EFFECTIVE", 0) + coupons.get("USED", 0)
            ),
            Fact("coupons redeemed", redeemed.count("USED"), coupons.get("USED", 0)),
            Fact("codes left in the stock", left, len(held.free)),
        ]

    async def _create(self, codes: int) -> None:
        begin = datetime.now(_CHINA).replace(microsecond=0) - timedelta(days=1)
        created = await self.client.call(
            pc.CreateProductCoupon(
                out_request_no=f"demo-{secrets.token_hex(8)}",
                scope=pc.ProductCouponScope.ALL,
                type=pc.ProductCouponType.NORMAL,
                usage_mode=pc.UsageMode.SINGLE,
                single_usage_info=pc.SingleUsageInfo(
                    normal_coupon=pc.NormalCouponUsageRule(threshold=10000, discount_amount=1000)
                ),
                display_info=pc.ProductCouponDisplayInfo(
                    name="满100元减10元",
                    image_url="https://wxpaylogo.qpic.cn/wxpaylogo/demo/head",
                    background_url="https://wxpaylogo.qpic.cn/wxpaylogo/demo/background",
                ),
                stock=pc.StockForCreate(
                    coupon_code_mode=pc.CouponCodeMode.UPLOAD,
                    stock_send_rule=pc.StockSendRule(max_count=codes, max_count_per_user=1),
                    single_usage_rule=pc.SingleUsageRule(
                        coupon_available_period=pc.CouponAvailablePeriod(
                            available_begin_time=begin, available_end_time=begin + timedelta(days=30)
                        )
                    ),
                    usage_rule_display_info=pc.UsageRuleDisplayInfo(
                        coupon_usage_method_list=[pc.CouponUsageMethod.OFFLINE], usage_description="全场可用"
                    ),
                    coupon_display_info=pc.CouponDisplayInfo(code_display_mode=pc.CouponCodeDisplayMode.QRCODE),
                    notify_config=pc.NotifyConfig(notify_appid=APPID),
                    store_scope=pc.StockStoreScope.NONE,
                ),
            )
        )
        self.product_coupon_id = created.product_coupon_id
        self.stock_id = created.stock.stock_id if created.stock else ""
        say(f"created product coupon {self.product_coupon_id} with stock {self.stock_id}")

    async def _upload(self, codes: Sequence[str]) -> int:
        file = self.folder / "codes.txt"
        file.write_text("".join(f"{code}\n" for code in codes), "utf-8")
        report = Report(self.folder / "report.csv", COLUMNS, besides=read_from(str(file)))
        async with SqliteLedger(self.folder / LEDGER) as ledger:
            upload = upload_codes(
                self.client,
                file,
                product_coupon_id=self.product_coupon_id,
                stock_id=self.stock_id,
                job=f"{self._occasion} codes",
                ledger=ledger,
            )
            async with showing(upload.progress, "auto", "uploading", UPLOAD), upload:
                async for _ in upload:
                    pass
            with closing(await aside(lambda _: source_of(upload.record))) as source:
                await write_report(report, every_row(ledger, upload.record, source))
        uploaded = upload.progress.tally.done
        say(f"uploaded {number_of(uploaded, 'code')} in calls of at most 200, below the documented 20 calls a second")
        return uploaded

    async def _pre_send(self, openids: Sequence[str]) -> list[str]:
        task = PreSendTask(
            f"{self._occasion} tokens",
            product_coupon_id=self.product_coupon_id,
            stock_id=self.stock_id,
            appid=APPID,
        )
        tokens: list[str] = []
        with GrowingTable(self.folder / "tokens.csv", TOKEN_COLUMNS) as table:
            async with Run(self.client, task, openids, ledger=self.folder / LEDGER) as job:
                async for settled in job:
                    for row in map(task.outcome, settled.rows()):
                        table.row(*token_cells(row))
                        tokens += [row.answer["token"]] if "token" in row.answer else []
                    table.place()
        say(f"pre-sent {number_of(len(tokens), 'token')}")
        return tokens

    async def _callbacks(self, number: int) -> list[pc.CouponSent]:
        came: list[pc.CouponSent] = []
        with suppress(TimeoutError):  # what has not come by then is missing in the summary
            async with asyncio.timeout(_PATIENCE):
                while len(came) < number:
                    came.append((await self.receiver.notifications.get()).event)
                while self._pending():  # noqa: ASYNC110 - nobody is told when the sandbox has read an acknowledgement
                    await asyncio.sleep(0.01)
        say(f"received, verified and opened {number_of(len(came), 'callback')}")
        return came

    def _pending(self) -> int:
        pending: int = self.sandbox.state()["callbacks"]["pending"]
        return pending

    async def _confirm(self, sent: pc.CouponSent) -> str:
        answer = await self.client.call(
            pc.ConfirmCoupon(
                openid=sent.openid,
                coupon_code=sent.coupon_code,
                product_coupon_id=sent.product_coupon_id,
                stock_id=sent.stock_id,
                appid=sent.appid,
                out_request_no=f"confirm-{secrets.token_hex(8)}",
            )
        )
        return str(answer.coupon_state)

    async def _redeem(self, sent: pc.CouponSent) -> str:
        answer = await self.client.call(
            pc.UseCoupon(
                openid=sent.openid,
                coupon_code=sent.coupon_code,
                product_coupon_id=sent.product_coupon_id,
                stock_id=sent.stock_id,
                appid=sent.appid,
                use_time=datetime.now(_CHINA).replace(microsecond=0),
                out_request_no=f"use-{secrets.token_hex(8)}",
                associated_order_info=pc.UserProductCouponAssociatedOrderInfo(
                    transaction_id="4200000000202511210000000001"
                ),
            )
        )
        return str(answer.coupon_state)
