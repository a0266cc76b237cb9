"""What a redemption and an address for callbacks need: one rule broken at a time, and where it is refused."""

from typing import Any

import pytest

from wxcoupon import product_coupon as pc
from wxcoupon.checks import faults
from wxcoupon.convert import from_wire

PAYMENT = {"transaction_id": "4200002711202612071234567890"}
SERVICE = {"order_id": "15646546545165651651"}


@pytest.mark.parametrize(
    ("members", "paths"),
    [
        ({"associated_order_info": PAYMENT}, []),
        ({"associated_pay_score_order_info": SERVICE}, []),
        ({"associated_order_info": {"out_trade_no": "order-44", "mchid": "1900000001"}}, []),
        ({"associated_pay_score_order_info": {"out_order_no": "umbrella|45", "mchid": "1900000001"}}, []),
        ({}, ["associated_order_info"]),
        (
            {"associated_order_info": PAYMENT, "associated_pay_score_order_info": SERVICE},
            ["associated_pay_score_order_info"],
        ),
        ({"associated_order_info": {"mchid": "1900000001"}}, ["associated_order_info"]),
        ({"associated_pay_score_order_info": {}}, ["associated_pay_score_order_info"]),
        ({"associated_order_info": {"out_trade_no": "order-44"}}, ["associated_order_info.mchid"]),
        (
            {"associated_pay_score_order_info": SERVICE | {"out_order_no": "umbrella|45"}},
            ["associated_pay_score_order_info.mchid"],
        ),
        ({"associated_order_info": PAYMENT, "saved_amount": -1}, ["saved_amount"]),
    ],
)
def test_redeeming_names_one_order(members: dict[str, Any], paths: list[str]) -> None:
    """A redemption names one order, of one kind, by a number that says whose it is."""
    request = from_wire(
        pc.UseCoupon,
        {
            "openid": "oTea-7Qk2Vn9xYzAbCdEfGhIjKlM",
            "coupon_code": "券 1",
            "product_coupon_id": "1000000871",
            "stock_id": "1000000871001",
            "appid": "wx7e1c40d2a93b5f68",
            "use_time": "2026-12-07T12:30:00+08:00",
            "out_request_no": "use-20261207-44",
        }
        | members,
    )

    assert [fault.path for fault in faults(request)] == [f"$.{path}" for path in paths]


@pytest.mark.parametrize(
    "address", ["http://tea.example.com/", "https://tea.example.com/?a=1", "https://tea.example.com/#a", "https://a b"]
)
def test_addresses_that_are_refused(address: str) -> None:
    """Callbacks go to https, without a query."""
    assert [fault.path for fault in faults(pc.SetNotifyConfig(notify_url=address))] == ["$.notify_url"]


def test_an_address_of_the_greatest_length() -> None:
    """An address may have 256 characters and no more."""
    address = "https://tea.example.com/".ljust(256, "a")

    assert faults(pc.SetNotifyConfig(notify_url=address)) == []
    assert [fault.path for fault in faults(pc.SetNotifyConfig(notify_url=f"{address}a"))] == ["$.notify_url"]
