"""Subsidies (营销补差) for redeemed merchant coupons, and their returns: paid, and returned, at once.

No money moves and no order is looked up: only the coupon, its stock and the sums are.

https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter9_2_16.shtml
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs

from .handlers import Answer, Asked, handles
from .merchant_coupons import held, missing
from .refusals import invalid, parameter
from .validity import moment, written
from .world import World

_SHARED: Final = ("stock_id", "coupon_code", "transaction_id", "payer_merchant", "payee_merchant")


@attrs.define(eq=False)
class Subsidy:
    """A subsidy that was paid.

    Attributes:
        members: what it was asked for with.
        returned: fen given back so far.
    """

    subsidy_receipt_id: str
    subject: tuple[str, str]
    members: Mapping[str, Any] = attrs.field(repr=False)
    paid: float
    returned: int = 0

    @property
    def shown(self) -> dict[str, Any]:
        """Its receipt."""
        amount = self.members["amount"]
        status = "SUCCESS" if not self.returned else "FULL_RETURN" if self.returned == amount else "PARTIAL_RETURN"
        return {
            "subsidy_receipt_id": self.subsidy_receipt_id,
            **self.members,
            "status": f"PAY_RECEIPT_{status}",
            "success_time": written(self.paid),
            "create_time": written(self.paid),
        }


class Subsidies:
    """All subsidies and all returns, by WeChat Pay's number of them."""

    def __init__(self) -> None:
        self.paid: dict[str, Subsidy] = {}
        self.returns: dict[str, tuple[tuple[str, str], dict[str, Any]]] = {}


@handles("busifavor.create_subsidy_payment")
def create_subsidy_payment(world: World, asked: Asked) -> Answer:
    """Pay a subsidy for a redeemed coupon."""
    data = asked.data
    coupon = held(world, asked)
    stock = coupon.stock
    if coupon.state(world.now) != "USED":
        raise invalid("the coupon is not redeemed")
    if coupon.payment not in {None, data["transaction_id"]}:
        raise invalid("the coupon was redeemed for another payment")
    if stock.members.get("subsidy") is not True:
        raise invalid("the stock was created without subsidy")
    if stock.members["stock_type"] == "EXCHANGE":
        raise invalid("coupons that exchange goods are not subsidised")
    if stock.creator is not None and data["payer_merchant"] not in {stock.creator[1], stock.belong_merchant}:
        raise parameter("/payer_merchant", "is neither the creator of the stock nor its owner")
    worth = stock.members["coupon_use_rule"].get("fixed_normal_coupon")
    if worth is not None and data["amount"] > worth["discount_amount"]:  # what a percentage is worth, the order says
        raise parameter("/amount", "is more than the coupon is worth")
    subsidies = world.room(Subsidies)
    made = Subsidy(_number(world, len(subsidies.paid)), asked.identity.subject, data, world.now)
    subsidies.paid[made.subsidy_receipt_id] = made
    return made.shown


@handles("busifavor.list_subsidy_payments")
def list_subsidy_payments(world: World, asked: Asked) -> Answer:
    """Show the caller's subsidies of a coupon."""
    return {
        "pay_receipt_list": [
            made.shown
            for made in world.room(Subsidies).paid.values()
            if made.subject == asked.identity.subject
            and all(made.members[name] == value for name, value in asked.data.items())
        ]
    }


@handles("busifavor.get_subsidy_payment")
def get_subsidy_payment(world: World, asked: Asked) -> Answer:
    """Show a subsidy of the caller's."""
    made = world.room(Subsidies).paid.get(asked.data["subsidy_receipt_id"])
    if made is None or made.subject != asked.identity.subject:
        raise missing("subsidy_receipt_id")
    return made.shown


@handles("busifavor.create_subsidy_return")
def create_subsidy_return(world: World, asked: Asked) -> Answer:
    """Give back of the caller's first subsidy for the coupon and payment that has as much left."""
    data = asked.data
    subsidies = world.room(Subsidies)
    alike = [
        made
        for made in subsidies.paid.values()
        if made.subject == asked.identity.subject and all(made.members[name] == data[name] for name in _SHARED)
    ]
    if not alike:
        raise missing("a subsidy for this coupon, payment, payer and payee")
    made = next((made for made in alike if made.members["amount"] - made.returned >= data["amount"]), None)
    if made is None:
        raise invalid("all returns together are more than the subsidy")
    made.returned += data["amount"]
    number = _number(world, len(subsidies.returns))
    receipt = {
        "subsidy_return_receipt_id": number,
        **data,
        "status": "RETURN_RECEIPT_SUCCESS",
        "return_done_time": written(world.now),
        "subsidy_receipt_id": made.subsidy_receipt_id,
        "return_create_time": written(world.now),
    }
    subsidies.returns[number] = (asked.identity.subject, receipt)
    return receipt


@handles("busifavor.get_subsidy_return")
def get_subsidy_return(world: World, asked: Asked) -> Answer:
    """Show a return of the caller's."""
    subject, receipt = world.room(Subsidies).returns.get(asked.data["subsidy_return_receipt_id"], (None, None))
    if subject != asked.identity.subject:
        raise missing("subsidy_return_receipt_id")
    return receipt


def _number(world: World, before: int) -> str:
    """A number of 28 digits: the day and how many there were before."""
    return f"{moment(world.now):%Y%m%d}{before + 1:020}"
