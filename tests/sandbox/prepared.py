"""A world in which a bit of everything has happened: what any request may be about."""

from typing import Any

from wxcoupon import Brand, Partner, busifavor, store
from wxcoupon import cash_coupon as cc
from wxcoupon import delivery_plan as dp
from wxcoupon import product_coupon as pc
from wxcoupon.convert import from_wire, to_wire
from wxcoupon.endpoint import AnyEndpoint
from wxcoupon.sandbox import Sandbox

from .any_request import START, Things, samples
from .asking import Asking
from .shapes import APPID, changed, product_coupon

OPENID = "o-prepared"
_PERIOD = {"available_begin_time": "2027-01-14T00:00:00+08:00", "available_end_time": "2027-01-17T23:59:59+08:00"}


class Preparing:
    """Fills a sandbox through calls of one identity, and keeps what the answers show."""

    def __init__(self, sandbox: Sandbox, asking: Asking, things: Things) -> None:
        self._sandbox = sandbox
        self._asking = asking
        self._things = things

    async def do(self, request: AnyEndpoint, **more: Any) -> Any:
        """Ask, which has to succeed, and keep what was said."""
        status, shown = await self._asking.ask(request)
        assert status < 300, (request.name, shown)
        self._things.learn(more, to_wire(request), shown)
        return shown

    async def everything(self) -> None:
        """Let a bit of everything happen that this identity can do."""
        identity = self._asking.identity
        if isinstance(identity, (Partner, Brand)):
            await self.product_coupons()
            await self.do(from_wire(store.CreateBrandStore, samples(store.CreateBrandStore)[0]))
        if isinstance(identity, Partner):
            await self.plans()
        if not isinstance(identity, Brand):
            await self.merchant_coupons()
            await self.cash_coupons()

    async def product_coupons(self) -> None:
        """Stocks of each way of codes, and coupons in several states."""
        await self.do(pc.SetNotifyConfig(notify_url="https://127.0.0.1:9/never"))
        for number, mode in enumerate(("UPLOAD", "WECHATPAY", "API_ASSIGN", "WECHATPAY")):
            made = await self.do(self._creation(f"prepared-{number}", number, mode=mode))
            place: dict[str, Any] = {
                "product_coupon_id": made["product_coupon_id"],
                "stock_id": made["stock"]["stock_id"],
            }
            if mode == "UPLOAD":
                await self.do(
                    pc.UploadCouponCodes(**place, out_request_no="prepared-up", code_list=["p-1", "p-2", "p-3"])
                )
            for step in range(3):
                code: dict[str, Any] = {"coupon_code": f"given-{step}"} if mode == "API_ASSIGN" else {}
                await self._coupon(place, f"prepared-{number}-{step}", step, code)
        made = await self.do(
            self._creation("prepared-b", 0, shape=("ALL", "NORMAL", "PROGRESSIVE_BUNDLE"), mode="WECHATPAY")
        )
        bundle: dict[str, Any] = {
            "product_coupon_id": made["product_coupon_id"],
            "stock_bundle_id": made["stock_bundle"]["stock_bundle_id"],
        }
        user: dict[str, Any] = {"appid": APPID, "openid": OPENID}
        sent = await self.do(pc.SendCouponBundle(**bundle, **user, send_request_no="prepared-b1"))
        coupon = sent["user_product_coupon_list"][0]
        shown = {"stock_id": coupon["stock"]["stock_id"], "coupon_code": coupon["coupon_code"]}
        self._things.learn(bundle, user, shown, sent)
        self._things.learn(bundle, user, shown)

    def _creation(self, number: str, specific: int, **more: Any) -> pc.CreateProductCoupon:
        request = product_coupon(number, period=_PERIOD, max_count=20_000, **more)
        members = to_wire(request)
        if specific % 2 and "stock" in members:
            members["stock"]["store_scope"] = "SPECIFIC"
        return from_wire(pc.CreateProductCoupon, members)

    async def _coupon(self, place: dict[str, Any], number: str, steps: int, code: dict[str, Any]) -> None:
        user: dict[str, Any] = {"appid": APPID, "openid": OPENID}
        sent = await self.do(pc.SendCoupon(**place, **user, send_request_no=number, **code))
        named = place | user | {"coupon_code": sent["coupon_code"]}
        self._things.learn(named)
        if steps > 0:
            await self.do(pc.ConfirmCoupon(**named, out_request_no=f"{number}-c"))
        if steps > 1:
            use = {**named, "out_request_no": f"{number}-u", "use_time": START.isoformat()}
            use |= {"associated_order_info": {"transaction_id": "4200000000202701150000000001"}}
            await self.do(from_wire(pc.UseCoupon, use))

    async def plans(self) -> None:
        """A delivery plan."""
        made = next(one for one in self._things.together if "product_coupon_id" in one and "stock_id" in one)
        place: dict[str, Any] = {"product_coupon_id": made["product_coupon_id"], "stock_id": made["stock_id"]}
        await self.do(dp.CreateDeliveryPlan(**place, out_request_no="prepared-p", reuse_coupon_config=True))

    async def merchant_coupons(self) -> None:
        """A stock with uploaded codes, coupons of it and of a seeded one, and a subsidy."""
        number = self._things.number
        wire = samples(busifavor.CreateStock)[0]
        request = from_wire(busifavor.CreateStock, wire)
        use_rule = wire["coupon_use_rule"] | {"coupon_available_time": _PERIOD}
        request = changed(
            request,
            belong_merchant=number,
            coupon_code_mode="MERCHANT_UPLOAD",
            coupon_use_rule=use_rule,
            subsidy=True,
            stock_send_rule=wire["stock_send_rule"] | {"max_coupons_per_user": 9},
        )
        stock_id = (await self.do(request))["stock_id"]
        codes = ["m-1", "m-2", "m-3"]
        await self.do(
            busifavor.UploadCouponCodes(stock_id=stock_id, coupon_code_list=codes, upload_request_no="prepared-up")
        )
        self._things.learn({"stock_id": stock_id, "coupon_code": "m-1"})
        for step in range(2):
            user: dict[str, Any] = {"appid": APPID, "openid": OPENID}
            sending = busifavor.SendCoupon(stock_id=stock_id, out_request_no=f"prepared-{step}", **user)
            code = (await self.do(sending))["send_coupon_result"]["coupon_code"]
            named = {"stock_id": stock_id, "coupon_code": code, **user}
            self._things.learn(named)
            if step:
                use = named | {"use_time": START.isoformat(), "use_request_no": "prepared-use"}
                await self.do(from_wire(busifavor.UseCoupon, use))
                subsidy = samples(busifavor.CreateSubsidyPayment)[0] | named
                subsidy = {name: value for name, value in subsidy.items() if name not in user}
                paid = from_wire(busifavor.CreateSubsidyPayment, subsidy | {"payer_merchant": number, "amount": 1})
                await self.do(paid)

    async def cash_coupons(self) -> None:
        """A stock that runs, and coupons of it, one of them paid with and paid back."""
        number = self._things.number
        members = samples(cc.CreateStock)[0]
        using = {name: value for name, value in members["coupon_use_rule"].items() if name != "available_merchants"}
        members |= {"belong_merchant": number, "coupon_use_rule": using | {"available_merchants": [number]}}
        members |= {"stock_use_rule": members["stock_use_rule"] | {"max_coupons_per_user": 9}}
        members |= {"available_begin_time": START.isoformat(), "available_end_time": "2027-01-16T12:00:00+08:00"}
        stock_id = (await self.do(from_wire(cc.CreateStock, members)))["stock_id"]
        named = {"stock_id": stock_id, "stock_creator_mchid": number}
        await self.do(cc.StartStock(**named))
        for step in range(2):
            sending = {**named, "appid": APPID, "openid": OPENID, "out_request_no": f"prepared-{step}"}
            coupon_id = (await self.do(from_wire(cc.SendCoupon, sending)))["coupon_id"]
            if step:
                self._sandbox.pay(coupon_id)
                self._sandbox.refund(coupon_id)
