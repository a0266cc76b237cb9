"""Delivery plans: what goes with which usage mode, what is needed where nothing is reused, and what is dubious."""

from typing import Any

import pytest

from wxcoupon.checks import advice, faults
from wxcoupon.convert import from_wire
from wxcoupon.delivery_plan import (
    CreateDeliveryPlan,
    ListDeliveryPlans,
    ModifyContent,
    SetDeliveryPlanCallback,
    UpdateDeliveryPlan,
)
from wxcoupon.endpoint import registry
from wxcoupon.model import Model

OWN = {
    "plan_name": "冬季热饮",
    "total_count": 10000,
    "user_limit": 1,
    "daily_limit": 500,
    "delivery_start_time": "2026-12-01T00:00:00+08:00",
    "delivery_end_time": "2026-12-20T00:00:00+08:00",
}
GONE: Any = object()


def _plan(*, reuse: bool = False, **changes: Any) -> CreateDeliveryPlan:
    members = {
        "out_request_no": "plan_1",
        "product_coupon_id": "1000000013",
        "stock_id": "1000000013001",
        "reuse_coupon_config": reuse,
        **({} if reuse else OWN),
        **changes,
    }
    return from_wire(CreateDeliveryPlan, {name: value for name, value in members.items() if value is not GONE})


def _paths(request: Model) -> list[str]:
    return [fault.path for fault in faults(request)]


def _advised(request: Model) -> list[str]:
    return [said.path for said in advice(request)]


RIGHT: dict[str, Model] = {
    "everything of its own": _plan(),
    "everything reused": _plan(reuse=True),
    "SINGLE in so many words": _plan(usage_mode="SINGLE"),
    "a bundle": _plan(usage_mode="PROGRESSIVE_BUNDLE", stock_id=GONE, stock_bundle_id="10000000130019"),
    "the longest label in Chinese": _plan(recommend_word="天天有惊喜日日省"),
    "the longest label in Latin": _plan(recommend_word="a" * 18),
    "states as they are spelled now": ListDeliveryPlans(plan_state="CREATED", audit_state="AUDIT_PASSED", page_size=50),
    "a change of nothing but the name": UpdateDeliveryPlan(
        plan_id="12001", modify_content=ModifyContent(plan_name="加场"), out_request_no="change_1"
    ),
    "an address": SetDeliveryPlanCallback(sp_mchid="1900000109", notify_url="https://shop.example.com/plans"),
}


@pytest.mark.parametrize("name", RIGHT)
def test_right(name: str) -> None:
    """What the documentation allows has no fault, and nothing is advised against it."""
    assert ([], []) == (_paths(RIGHT[name]), _advised(RIGHT[name]))


BROKEN: dict[str, tuple[Model, list[str]]] = {
    "no stock": (_plan(stock_id=GONE), ["$.stock_id"]),
    "a bundle too": (_plan(stock_bundle_id="1"), ["$.stock_bundle_id"]),
    "a bundle for a stock": (_plan(stock_id=GONE, stock_bundle_id="1"), ["$.stock_id", "$.stock_bundle_id"]),
    "no bundle": (_plan(usage_mode="PROGRESSIVE_BUNDLE", stock_id=GONE), ["$.stock_bundle_id"]),
    "a stock for a bundle": (_plan(usage_mode="PROGRESSIVE_BUNDLE"), ["$.stock_id", "$.stock_bundle_id"]),
    "a mode nobody knows": (_plan(usage_mode="TWICE", stock_bundle_id="1"), ["$.usage_mode"]),
    "nothing of its own": (
        _plan(**dict.fromkeys(OWN, GONE)),
        ["$.plan_name", "$.total_count", "$.delivery_start_time", "$.delivery_end_time"],
    ),
    "an end before the start": (
        _plan(delivery_end_time="2026-11-30T00:00:00+08:00"),
        ["$.delivery_end_time"],
    ),
    "an end at the start": (_plan(delivery_end_time=OWN["delivery_start_time"]), ["$.delivery_end_time"]),
    "too many rows": (ListDeliveryPlans(page_size=51), ["$.page_size"]),
    "an address without TLS": (
        SetDeliveryPlanCallback(sp_mchid="1900000109", notify_url="http://shop.example.com/plans"),
        ["$.notify_url"],
    ),
    "an address with a query": (
        SetDeliveryPlanCallback(sp_mchid="1900000109", notify_url="https://shop.example.com/plans?a=1"),
        ["$.notify_url"],
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken(name: str) -> None:
    """Each broken rule is found, where it is broken."""
    request, paths = BROKEN[name]

    assert paths == _paths(request)


def _changing(**changes: Any) -> UpdateDeliveryPlan:
    return UpdateDeliveryPlan(plan_id="12001", modify_content=ModifyContent(**changes), out_request_no="change_1")


def test_what_may_be_repeated() -> None:
    """A creation and a change by their numbers, an address because it takes the place of the same one."""
    routes = {name.split(".")[1]: one.route for name, one in registry().items() if name.startswith("delivery_plan.")}

    assert ["terminate_delivery_plan"] == [name for name, route in routes.items() if not route.repeatable]
    assert ["set_delivery_plan_callback"] == [name for name, route in routes.items() if route.harmless]


DUBIOUS: dict[str, tuple[Model, list[str]]] = {
    "limits left out": (_plan(user_limit=GONE, daily_limit=GONE), ["$.user_limit", "$.daily_limit"]),
    "values of its own that are not used": (
        _plan(reuse=True, **OWN),
        [
            f"$.{name}"
            for name in (
                "plan_name",
                "total_count",
                "delivery_start_time",
                "delivery_end_time",
                "user_limit",
                "daily_limit",
            )
        ],
    ),
    "few coupons": (_plan(total_count=9999), ["$.total_count"]),
    "five days": (_plan(delivery_end_time="2026-12-06T00:00:00+08:00"), ["$.delivery_end_time"]),
    "a long name": (_plan(plan_name="冬季热饮全城第二杯半价活动"), ["$.plan_name"]),
    "a long label": (_plan(recommend_word="天天有惊喜日日省一点"), ["$.recommend_word"]),
    "a long label in Latin": (_plan(recommend_word="a" * 19), ["$.recommend_word"]),
    "a long name and label of a change": (
        _changing(plan_name="冬季热饮全城第二杯半价活动", recommend_word="a" * 19),
        ["$.modify_content.plan_name", "$.modify_content.recommend_word"],
    ),
    "a state as it was spelled": (ListDeliveryPlans(plan_state="PLAN_CREATED"), ["$.plan_state"]),
}


@pytest.mark.parametrize("name", DUBIOUS)
def test_dubious(name: str) -> None:
    """What only guides or single passages ask for is advised, and its lack is no fault."""
    request, paths = DUBIOUS[name]

    assert ([], paths) == (_paths(request), _advised(request))
