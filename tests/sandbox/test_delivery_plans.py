"""Delivery plans on the sandbox: making, finding, changing and ending them."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from wxcoupon import ApiError, Client, Merchant, Pacer, Partner
from wxcoupon.checks import RequestAdvice
from wxcoupon.convert import from_wire, to_wire
from wxcoupon.delivery_plan import (
    CreateDeliveryPlan,
    DeliveryPlan,
    ListDeliveryPlans,
    ModifyContent,
    PlanState,
    PlanUsageMode,
    SetDeliveryPlanCallback,
    TerminateDeliveryPlan,
    UpdateDeliveryPlan,
)
from wxcoupon.errors import NotAllowedError
from wxcoupon.model import Model
from wxcoupon.product_coupon import DeactivateStock
from wxcoupon.sandbox import Keys, Sandbox
from wxcoupon.sandbox.delivery_plans import Plans
from wxcoupon.sandbox.validity import moment

from .shapes import changed, product_coupon

BUNDLE = ("ALL", "NORMAL", "PROGRESSIVE_BUNDLE")


async def _stock(client: Client[Partner], number: str = "create_1", **settings: Any) -> dict[str, Any]:
    """The members that name a new stock, and the moments it begins and ends."""
    given: dict[str, Any] = {"mode": "WECHATPAY", "max_count": 20000, "max_count_per_day": 500} | settings
    made = await client.call(product_coupon(number, **given))
    named = {"product_coupon_id": made.product_coupon_id}
    if made.stock_bundle is not None:
        return named | {"stock_bundle_id": made.stock_bundle.stock_bundle_id, "usage_mode": "PROGRESSIVE_BUNDLE"}
    assert made.stock is not None
    return named | {"stock_id": made.stock.stock_id}


def _reusing(stock: dict[str, Any], number: str = "plan_1") -> CreateDeliveryPlan:
    return from_wire(CreateDeliveryPlan, {"out_request_no": number, "reuse_coupon_config": True, **stock})


def _own(
    sandbox: Sandbox, stock: dict[str, Any], number: str = "plan_1", *, days: float = 10, **changes: Any
) -> CreateDeliveryPlan:
    """A plan with values of its own, which begins in an hour and runs for *days*."""
    begin = moment(sandbox.world.now).replace(microsecond=0) + timedelta(hours=1)
    own = {
        "plan_name": "冬季热饮",
        "total_count": 10000,
        "user_limit": 1,
        "daily_limit": 100,
        "delivery_start_time": begin.isoformat(),
        "delivery_end_time": (begin + timedelta(days=days)).isoformat(),
    }
    return from_wire(
        CreateDeliveryPlan, {"out_request_no": number, "reuse_coupon_config": False, **stock, **own, **changes}
    )


async def _refused(client: Client[Any], request: Any) -> tuple[int, str]:
    with pytest.raises(ApiError) as caught:
        await client.call(request)
    assert caught.value.verified
    return caught.value.status, caught.value.code


def _without(request: Model, *names: str) -> dict[str, Any]:
    return {name: value for name, value in to_wire(request).items() if name not in names}


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = datetime.now().astimezone().timestamp()

    def __call__(self) -> float:
        """The time."""
        return self.now


async def test_a_plan_of_its_own(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """A plan keeps what it was made with, and a repeated creation makes it once."""
    stock = await _stock(partner)
    create = _own(sandbox, stock, recommend_word="天天有惊喜")

    made = (await partner.call(create)).plan
    again = (await partner.call(create)).plan

    assert made == again
    sent = _without(create, "out_request_no")
    assert sent | {"brand_id": "120344", "usage_mode": "SINGLE", "plan_state": "CREATED"} == _without(made, "plan_id")
    assert (400, "INVALID_REQUEST") == await _refused(partner, changed(create, plan_name="另一个"))


@pytest.mark.parametrize("shape", [("ALL", "NORMAL", "SINGLE"), BUNDLE], ids=["stock", "bundle"])
async def test_a_plan_that_reuses(partner: Client[Partner], shape: tuple[str, str, str]) -> None:
    """A plan that reuses has the name of the product coupon and the quantities and begin of the stock."""
    stock = await _stock(partner, shape=shape)
    plan = (await partner.call(_reusing(stock))).plan

    assert ("满100立减1元", 20000, 5, 500) == (plan.plan_name, plan.total_count, plan.user_limit, plan.daily_limit)
    assert stock.get("usage_mode", PlanUsageMode.SINGLE) == plan.usage_mode
    assert (stock.get("stock_id"), stock.get("stock_bundle_id")) == (plan.stock_id, plan.stock_bundle_id)
    assert PlanState.DELIVERING == plan.plan_state
    assert timedelta(days=29) == plan.delivery_end_time - plan.delivery_start_time


async def test_a_plan_ends_before_its_coupons(partner: Client[Partner]) -> None:
    """Where coupons wait and last, a plan ends that much earlier, so that the last coupon can be used up."""
    stock = await _stock(partner, period={"wait_days_after_receive": 2, "available_days": 5})
    plan = (await partner.call(_reusing(stock))).plan

    assert timedelta(days=22) == plan.delivery_end_time - plan.delivery_start_time


@pytest.mark.filterwarnings("ignore::wxcoupon.checks.RequestAdvice")
@pytest.mark.parametrize(
    ("settings", "said"),
    [({"max_count": 9999}, "10000 coupons"), ({"mode": "API_ASSIGN"}, "API_ASSIGN")],
    ids=["few coupons", "assigned codes"],
)
async def test_stocks_that_cannot_be_delivered(partner: Client[Partner], settings: dict[str, Any], said: str) -> None:
    """A stock has to have enough coupons, and codes of its own."""
    stock = await _stock(partner, **settings)

    with pytest.raises(ApiError, match=said) as caught:
        await partner.call(_reusing(stock))

    assert (400, "INVALID_REQUEST") == (caught.value.status, caught.value.code)


async def test_a_stock_that_is_over_cannot_be_delivered(partner: Client[Partner]) -> None:
    """A stock that has ended or was deactivated makes no plan."""
    ended = await _stock(partner, begins=-31)
    gone = await _stock(partner, "create_2")
    named = {name: gone[name] for name in ("product_coupon_id", "stock_id")}
    await partner.call(DeactivateStock(**named, out_request_no="deactivate_1", deactivate_reason="over"))

    for stock, state in ((ended, "STOPPED"), (gone, "DEACTIVATED")):
        with pytest.raises(ApiError, match=state):
            await partner.call(_reusing(stock))


async def test_stocks_that_are_not_there(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """A stock that is not there, another brand's, or one round of a bundle makes no plan."""
    stock = await _stock(partner)
    bundle = await _stock(partner, "create_2", shape=BUNDLE)
    parts = sandbox.world.bundle(
        next(iter(sandbox.world.product_coupons.values())).owner, bundle["product_coupon_id"], bundle["stock_bundle_id"]
    )
    one_round = {"product_coupon_id": bundle["product_coupon_id"], "stock_id": parts[1].stock_id}
    wrong = [
        stock | {"stock_id": "1"},
        stock | {"product_coupon_id": "1"},
        bundle | {"stock_bundle_id": "1"},
        one_round,
    ]

    for named in wrong:
        assert (400, "INVALID_REQUEST") == await _refused(partner, _reusing(named))
    assert (400, "INVALID_REQUEST") == await _refused(partner.for_brand("120345"), _reusing(stock))
    assert {} == sandbox.world.room(Plans).by_id


async def test_times_lie_within_those_of_the_stock(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """A plan begins after now, and ends a day before its stock at the latest."""
    stock = await _stock(partner)
    past = (moment(sandbox.world.now) - timedelta(minutes=1)).isoformat(timespec="seconds")

    assert (400, "PARAM_ERROR") == await _refused(partner, _own(sandbox, stock, delivery_start_time=past))
    assert (400, "PARAM_ERROR") == await _refused(partner, _own(sandbox, stock, days=28))
    assert (await partner.call(_own(sandbox, stock, days=27.9))).plan.plan_id


async def test_a_plan_from_its_making_to_its_end(keys: Keys, unpaced: Pacer) -> None:
    """A plan is CREATED until its review and its begin, then DELIVERING, and EXPIRED after its end."""
    clock = Clock()
    async with (
        Sandbox(rate_limits="off", keys=keys, clock=clock, review_seconds=7200) as sandbox,
        Client(
            sandbox.partner, sandbox.platform_keys, base_url=sandbox.base_url, pacer=unpaced, clock=clock
        ) as partner,
    ):
        create = _own(sandbox, await _stock(partner))
        plan_id = (await partner.call(create)).plan.plan_id

        async def found(**wanted: Any) -> list[str]:
            plans = [plan async for plan in partner.pages(ListDeliveryPlans(**wanted))]
            assert {plan_id} >= {plan.plan_id for plan in plans}
            return [plan.plan_state for plan in plans]

        clock.now += 5400
        assert ["CREATED"] == await found(audit_state="AUDIT_PROCESSING")
        clock.now += 3600
        assert ["DELIVERING"] == await found(audit_state="AUDIT_PASSED", plan_state="DELIVERING")
        sandbox.world.room(Plans).by_id[plan_id].paused = True
        assert ["PAUSED"] == await found()
        clock.now += 10 * 86400
        assert ["EXPIRED"] == await found(plan_id=plan_id)
        assert (400, "INVALID_REQUEST") == await _refused(partner, TerminateDeliveryPlan(plan_id=plan_id))


async def test_a_rejected_plan_never_runs(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """A plan whose review fails stays CREATED, and a list finds it by its review."""
    plan_id = (await partner.call(_reusing(await _stock(partner)))).plan.plan_id
    sandbox.world.room(Plans).by_id[plan_id].rejected = True

    listed = await partner.call(ListDeliveryPlans(audit_state="AUDIT_REJECTED"))

    assert [("CREATED", plan_id)] == [(plan.plan_state, plan.plan_id) for plan in listed.plan_list or []]


async def test_pages_of_plans(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """Going through pages row by row finds each plan once, and filters those that are wanted."""
    stock = await _stock(partner)
    made = [(await partner.call(_reusing(stock, f"plan_{number:02}"))).plan.plan_id for number in range(12)]
    for plan_id in made[:2]:
        await partner.call(TerminateDeliveryPlan(plan_id=plan_id))

    async def listed(request: ListDeliveryPlans) -> list[str]:
        plans: list[DeliveryPlan] = [plan async for plan in partner.pages(request)]
        return [plan.plan_id for plan in plans]

    first = await partner.call(ListDeliveryPlans())
    assert (12, 10) == (first.total_count, len(first.plan_list or []))
    assert made == await listed(ListDeliveryPlans())
    assert made[1:] == await listed(ListDeliveryPlans(offset=1, page_size=5))
    assert made[:2] == await listed(ListDeliveryPlans(plan_state="TERMINATED", page_size=1))
    assert made[3:4] == await listed(ListDeliveryPlans(plan_id=made[3]))
    other = await partner.for_brand("120345").call(ListDeliveryPlans())
    assert (0, []) == (other.total_count, other.plan_list)
    assert 1 + 2 + 3 + 2 + 1 + 1 == sandbox.state()["requests"]["delivery_plan.list_delivery_plans"]


async def test_states_as_they_were_spelled(partner: Client[Partner]) -> None:
    """A filter in the older spelling finds the same plans; the caller is told of the newer one."""
    plan_id = (await partner.call(_reusing(await _stock(partner)))).plan.plan_id

    with pytest.warns(RequestAdvice, match="older spelling"):
        listed = await partner.call(ListDeliveryPlans(plan_state="PLAN_DELIVERING"))

    assert [plan_id] == [plan.plan_id for plan in listed.plan_list or []]


async def test_plans_only_grow(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """A change sets what it names; quantities and the end never shrink, and no limit is added."""
    create = _own(sandbox, await _stock(partner))
    plan = (await partner.call(create)).plan

    def change(number: int, **members: Any) -> UpdateDeliveryPlan:
        content = ModifyContent(**members)
        return UpdateDeliveryPlan(plan_id=plan.plan_id, modify_content=content, out_request_no=f"change_{number}")

    later = plan.delivery_end_time + timedelta(days=2)
    content = {"plan_name": "加场", "total_count": 20000, "user_limit": 2, "daily_limit": 100, "recommend_word": "暖冬"}
    grown = (await partner.call(change(1, delivery_end_time=later, **content))).plan
    assert changed(plan, delivery_end_time=later, **content) == grown
    assert grown == (await partner.call(change(1, delivery_end_time=later, **content))).plan

    shrinking: list[dict[str, Any]] = [
        {"total_count": 19999},
        {"user_limit": 1},
        {"daily_limit": 99},
        {"delivery_end_time": plan.delivery_end_time},
        {"delivery_end_time": plan.delivery_end_time + timedelta(days=30)},
    ]
    for number, less in enumerate(shrinking, start=2):
        assert (400, "PARAM_ERROR") == await _refused(partner, change(number, **less))


async def test_a_limit_cannot_come_later(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """A plan created without a limit gets none; whoever leaves it out is told so."""
    create = changed(_own(sandbox, await _stock(partner)), daily_limit=None)
    with pytest.warns(RequestAdvice, match="daily_limit"):
        plan = (await partner.call(create)).plan
    change = UpdateDeliveryPlan(
        plan_id=plan.plan_id, modify_content=ModifyContent(daily_limit=5), out_request_no="change_1"
    )

    assert plan.daily_limit is None
    assert (400, "PARAM_ERROR") == await _refused(partner, change)


async def test_a_plan_is_ended_for_good(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """A plan that was ended is TERMINATED, and nothing can be done to it; nor to one that is not there."""
    plan_id = (await partner.call(_own(sandbox, await _stock(partner)))).plan.plan_id
    await partner.call(TerminateDeliveryPlan(plan_id=plan_id))

    listed = await partner.call(ListDeliveryPlans(plan_id=plan_id))
    assert [PlanState.TERMINATED] == [plan.plan_state for plan in listed.plan_list or []]
    for gone in (plan_id, "1"):
        update = UpdateDeliveryPlan(
            plan_id=gone, modify_content=ModifyContent(plan_name="a"), out_request_no="change_1"
        )
        assert (400, "INVALID_REQUEST") == await _refused(partner, TerminateDeliveryPlan(plan_id=gone))
        assert (400, "INVALID_REQUEST") == await _refused(partner, update)


async def test_plans_are_their_makers(sandbox: Sandbox, keys: Keys, unpaced: Pacer, partner: Client[Partner]) -> None:
    """Another partner cannot end a plan, and a merchant cannot ask about plans at all."""
    plan_id = (await partner.call(_reusing(await _stock(partner)))).plan.plan_id
    other = Partner(mchid="1900000110", brand_id="120344", serial_no="AB12", private_key=keys.merchant)
    sandbox.enrol(other, ["120344"])

    async with Client(other, sandbox.platform_keys, base_url=sandbox.base_url, pacer=unpaced) as stranger:
        assert (400, "INVALID_REQUEST") == await _refused(stranger, TerminateDeliveryPlan(plan_id=plan_id))
    async with Client(sandbox.merchant, sandbox.platform_keys, base_url=sandbox.base_url, pacer=unpaced) as merchant:
        asked: Client[Merchant] = merchant
        with pytest.raises(NotAllowedError):
            await asked.call(TerminateDeliveryPlan(plan_id=plan_id))  # type: ignore[arg-type]


async def test_the_address_for_callbacks(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """The address is the caller's own, and a later one takes its place."""
    for place in ("one", "two"):
        url = f"https://shop.example.com/{place}"
        assert url == (await partner.call(SetDeliveryPlanCallback(sp_mchid="1900000109", notify_url=url))).notify_url
    assert {("mchid", "1900000109"): "https://shop.example.com/two"} == sandbox.world.room(Plans).notify_urls

    strange = SetDeliveryPlanCallback(sp_mchid="1900000001", notify_url="https://shop.example.com/one")
    assert (400, "PARAM_ERROR") == await _refused(partner, strange)
