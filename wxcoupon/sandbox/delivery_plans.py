"""Delivery plans: making, finding, changing and ending them.

The pages of plans list four codes of errors only, so whatever is wrong with a plan is INVALID_REQUEST or PARAM_ERROR.

https://pay.weixin.qq.com/doc/v3/partner/4016184554
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

import attrs

from .callbacks import tell_at
from .envelopes import PLAN_CHANGE
from .handlers import Answer, Asked, Owner, handles
from .records import Stock
from .refusals import Refusal, invalid, parameter
from .validity import DAY, ends, read, written
from .world import World

_ROWS: Final = 10
_ENOUGH: Final = 10_000
_REUSED: Final = (
    "plan_name",
    "total_count",
    "user_limit",
    "daily_limit",
    "delivery_start_time",
    "delivery_end_time",
)
_FINAL: Final = ("TERMINATED", "EXPIRED")

Change: TypeAlias = Literal["pause", "reject", "resume", "terminate"]
"""What is done to a plan: by a call it is terminated only; the rest is WeChat Pay's doing."""


def _latest_end(period: Mapping[str, Any]) -> float:
    """The latest end of a plan whose stock has this period."""
    end = ends(period) - DAY
    if "wait_days_after_receive" in period and "available_days" in period:
        end -= (period["wait_days_after_receive"] + period["available_days"]) * DAY
    return end


@attrs.define(eq=False)
class Plan:
    """A delivery plan.

    Attributes:
        stock: the stock it gives away, of a bundle the first one.
        place: ``stock_id`` or ``stock_bundle_id`` with its value.
        members: what was sent for it, creation and changes, without what it takes from the stock.
        reviewed_at: when its review ends, seconds since 1970.
        paused, terminated, rejected: what was done to it.
    """

    plan_id: str
    owner: Owner
    stock: Stock
    place: dict[str, str]
    members: dict[str, Any] = attrs.field(repr=False)
    reviewed_at: float
    paused: bool = False
    terminated: bool = False
    rejected: bool = False

    @property
    def values(self) -> dict[str, Any]:
        """Its name, quantities and times, whether they are its own or those of product coupon and stock."""
        if not self.members["reuse_coupon_config"]:
            return {name: self.members[name] for name in _REUSED if name in self.members}
        rule, period = self.stock.settings["stock_send_rule"], self.stock.period
        reused = {
            "plan_name": self.stock.product_coupon.members["display_info"]["name"],
            "total_count": rule["max_count"],
            "user_limit": rule["max_count_per_user"],
            "daily_limit": rule.get("max_count_per_day", rule["max_count"]),
            "delivery_start_time": period["available_begin_time"],
            "delivery_end_time": written(_latest_end(period)),
        }
        return reused | {name: self.members[name] for name in _REUSED if name in self.members}

    def audit_state(self, now: float) -> str:
        """How its review stands."""
        if self.rejected:
            return "AUDIT_REJECTED"
        return "AUDIT_PASSED" if now >= self.reviewed_at else "AUDIT_PROCESSING"

    def state(self, now: float) -> str:
        """Its ``plan_state``."""
        values = self.values
        if self.terminated:
            return "TERMINATED"
        if now > read(values["delivery_end_time"]):
            return "EXPIRED"
        if self.audit_state(now) != "AUDIT_PASSED" or now < read(values["delivery_start_time"]):
            return "CREATED"
        return "PAUSED" if self.paused else "DELIVERING"

    def shown(self, now: float) -> dict[str, Any]:
        """The plan as answers show it."""
        word = {"recommend_word": self.members["recommend_word"]} if "recommend_word" in self.members else {}
        return {
            "plan_id": self.plan_id,
            "plan_state": self.state(now),
            "product_coupon_id": self.stock.product_coupon.product_coupon_id,
            "usage_mode": "SINGLE" if "stock_id" in self.place else "PROGRESSIVE_BUNDLE",
            **self.place,
            **word,
            "brand_id": self.owner.brand_id,
            "reuse_coupon_config": self.members["reuse_coupon_config"],
            **self.values,
        }


class Plans:
    """All plans by their number, and where callbacks about them go, by who set the address."""

    def __init__(self) -> None:
        self.by_id: dict[str, Plan] = {}
        self.notify_urls: dict[tuple[str, str], str] = {}
        self.numbers = itertools.count(12001)


def _stock(world: World, owner: Owner, data: Mapping[str, Any]) -> Stock:
    """The stock of a new plan, of a bundle the first one."""
    number = data["product_coupon_id"]
    try:
        if "stock_bundle_id" in data:
            stock = world.bundle(owner, number, data["stock_bundle_id"])[0]
        else:
            stock = world.stock(owner, number, data["stock_id"])
    except Refusal as refused:
        raise invalid(refused.message) from None
    if stock.stock_bundle_id is not None and "stock_id" in data:
        raise invalid("the stock is one of a stock_bundle_id; usage_mode has to be PROGRESSIVE_BUNDLE")
    if (state := stock.state(world.now)) in {"STOPPED", "DEACTIVATED"}:
        raise invalid(f"the stock is {state}, for good")
    if stock.mode == "API_ASSIGN":
        raise invalid("a stock of coupon_code_mode API_ASSIGN cannot be delivered")
    if stock.max_count - stock.sent < _ENOUGH:
        raise invalid(f"the stock has to have {_ENOUGH} coupons available")
    return stock


@handles("delivery_plan.create_delivery_plan")
def create_delivery_plan(world: World, asked: Asked) -> Answer:
    """Make a plan for a stock or a bundle that can give away enough."""
    data = asked.data
    stock = _stock(world, asked.scope, data)
    own = () if data["reuse_coupon_config"] else _REUSED
    members = {name: data[name] for name in ("reuse_coupon_config", "recommend_word", *own) if name in data}
    if own:
        first = max(world.now, read(stock.period["available_begin_time"]))
        if read(members["delivery_start_time"]) < first:
            raise parameter("/delivery_start_time", "has to be after now and after the begin of the stock")
        _require_end(stock, members["delivery_end_time"], "/delivery_end_time")
    place = next({name: data[name]} for name in ("stock_bundle_id", "stock_id") if name in data)
    room = world.room(Plans)
    plan = Plan(f"{next(room.numbers)}", asked.scope, stock, place, members, world.now + world.review_seconds)
    room.by_id[plan.plan_id] = plan
    return {"plan": plan.shown(world.now)}


def _require_end(stock: Stock, end: str, pointer: str) -> None:
    if read(end) > _latest_end(stock.period):
        raise parameter(pointer, "has to be a day, and the days a coupon waits and lasts, before the end of the stock")


@handles("delivery_plan.list_delivery_plans")
def list_delivery_plans(world: World, asked: Asked) -> Answer:
    """Show some of the brand's plans, in the order they were made."""
    now, data = world.now, asked.data
    state = data.get("plan_state", "").removeprefix("PLAN_")
    found = [
        plan
        for plan in world.room(Plans).by_id.values()
        if plan.owner == asked.scope
        and state in {"", plan.state(now)}
        and data.get("audit_state") in {None, plan.audit_state(now)}
        and data.get("plan_id") in {None, plan.plan_id}
    ]
    offset = data.get("offset", 0)
    rows = found[offset : offset + data.get("page_size", _ROWS)]
    return {"total_count": len(found), "plan_list": [plan.shown(now) for plan in rows]}


def _plan(world: World, asked: Asked) -> Plan:
    """The plan a request is about, where it is not over."""
    plan = world.room(Plans).by_id.get(asked.data["plan_id"])
    if plan is None or plan.owner.subject != asked.identity.subject:
        raise invalid("plan_id does not exist for this caller")
    if (state := plan.state(world.now)) in _FINAL:
        raise invalid(f"the plan is {state}, for good")
    return plan


def named(world: World, plan_id: str) -> Plan:
    """A plan by its number, whoever's it is.

    Raises:
        Refusal: there is none.
    """
    plan = world.room(Plans).by_id.get(plan_id)
    if plan is None:
        raise invalid("plan_id does not exist")
    return plan


@handles("delivery_plan.update_delivery_plan")
def update_delivery_plan(world: World, asked: Asked) -> Answer:
    """Change a plan: quantities and the end only ever grow."""
    plan = _plan(world, asked)
    changes: Mapping[str, Any] = asked.data["modify_content"]
    values = plan.values
    for name in ("user_limit", "daily_limit"):
        if name in changes and name not in values:
            raise parameter(f"/modify_content/{name}", "was not set when the plan was created")
    for name in ("total_count", "user_limit", "daily_limit"):
        if name in changes and changes[name] < values[name]:
            raise parameter(f"/modify_content/{name}", "can only grow")
    if (end := changes.get("delivery_end_time")) is not None:
        if read(end) < read(values["delivery_end_time"]):
            raise parameter("/modify_content/delivery_end_time", "can only move later")
        _require_end(plan.stock, end, "/modify_content/delivery_end_time")
    plan.members |= changes
    return {"plan": plan.shown(world.now)}


@handles("delivery_plan.terminate_delivery_plan")
def terminate_delivery_plan(world: World, asked: Asked) -> Answer:
    """End a plan, for good."""
    change(world, _plan(world, asked), "terminate", "terminated by a call")
    return None


def change(world: World, plan: Plan, what: Change, reason: str) -> None:
    """Do something to a plan, and tell who set an address for such callbacks.

    What becomes of a plan by time alone, as its begin and its end, is told by nobody here.
    """
    plan.terminated = plan.terminated or what == "terminate"
    plan.rejected = plan.rejected or what == "reject"
    if what in {"pause", "resume"}:
        plan.paused = what == "pause"
    told = {
        "plan_id": plan.plan_id,
        "plan_state": plan.state(world.now),
        "audit_state": plan.audit_state(world.now).removeprefix("AUDIT_"),
        "change_reason": reason,
        "modify_time": written(world.now),
    }
    tell_at(world, world.room(Plans).notify_urls.get(plan.owner.subject), PLAN_CHANGE, told)


@handles("delivery_plan.set_delivery_plan_callback")
def set_delivery_plan_callback(world: World, asked: Asked) -> Answer:
    """Overwrite the caller's address for callbacks about plans."""
    if asked.data["sp_mchid"] != asked.identity.subject[1]:
        raise parameter("sp_mchid", "has to be the caller's own number", location="url")
    world.room(Plans).notify_urls[asked.identity.subject] = asked.data["notify_url"]
    return {"notify_url": asked.data["notify_url"]}
