"""What goes with what in stocks of merchant coupons: one rule broken at a time, and where it is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from wxcoupon.checks import advice, faults
from wxcoupon.convert import from_wire
from wxcoupon.endpoint import AnyEndpoint, registry

from .kinds import GONE

SAMPLES = Path(__file__).parent / "samples"
TIME, USE, SEND = "coupon_use_rule.coupon_available_time", "coupon_use_rule", "stock_send_rule"
WEEK = f"{TIME}.available_week"
PRICE = {"exchange_price": 0, "transaction_minimum": 1}
SLOT = {"begin_time": 3600, "end_time": 7200}


def _request(name: str, changes: dict[str, Any]) -> AnyEndpoint:
    """The request of a sample, with other members, each under its path; ``GONE`` takes one away."""
    members = json.loads((SAMPLES / f"busifavor.{name}.json").read_text("utf-8"))["request"]
    for path, value in changes.items():
        *way, last = path.split(".")
        place: Any = members
        for step in way:
            place = place.setdefault(step, {})
        if value is GONE:
            del place[last]
        else:
            place[last] = value
    request: AnyEndpoint = from_wire(registry()[f"busifavor.{name.partition('.')[0]}"], members)
    return request


BROKEN: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    # the discount is that of the kind
    "no discount": ("create_stock", {f"{USE}.fixed_normal_coupon": GONE}, [f"{USE}.fixed_normal_coupon"]),
    "a second discount": ("create_stock", {f"{USE}.exchange_coupon": PRICE}, [f"{USE}.exchange_coupon"]),
    "the discount of another kind": (
        "create_stock",
        {"stock_type": "EXCHANGE"},
        [f"{USE}.fixed_normal_coupon", f"{USE}.exchange_coupon"],
    ),
    "no percentage": ("create_stock.discount", {f"{USE}.discount_coupon": GONE}, [f"{USE}.discount_coupon"]),
    "no price": ("create_stock.exchange", {f"{USE}.exchange_coupon": GONE}, [f"{USE}.exchange_coupon"]),
    "a kind nobody knows": ("create_stock", {"stock_type": "GIFT"}, ["stock_type"]),
    "no budget": ("create_stock", {f"{SEND}.max_coupons": GONE}, [f"{SEND}.max_coupons"]),
    # numbers and texts at their limits
    "a long name": ("create_stock", {"stock_name": "名" * 22}, ["stock_name"]),
    "a long note": ("create_stock", {"comment": "注" * 21}, ["comment"]),
    "long goods": ("create_stock", {"goods_name": "物" * 16}, ["goods_name"]),
    "a short merchant": ("create_stock", {"belong_merchant": "1900000"}, ["belong_merchant"]),
    "an odd number": ("create_stock", {"out_request_no": "a b"}, ["out_request_no"]),
    "a long number": ("create_stock", {"out_request_no": "a" * 129}, ["out_request_no"]),
    "a day that is none": ("create_stock", {f"{WEEK}.week_day": [7]}, [f"{WEEK}.week_day[0]"]),
    "three slots": ("create_stock", {f"{WEEK}.available_day_time": [SLOT] * 3}, [f"{WEEK}.available_day_time"]),
    "more than all": (
        "create_stock.discount",
        {f"{USE}.discount_coupon.discount_percent": 101},
        [f"{USE}.discount_coupon.discount_percent"],
    ),
    "too many for a user": ("create_stock", {f"{SEND}.max_coupons_per_user": 101}, [f"{SEND}.max_coupons_per_user"]),
    "long words": (
        "create_stock",
        {"custom_entrance.mini_programs_info.entrance_words": "去逛一逛店吧"},
        ["custom_entrance.mini_programs_info.entrance_words"],
    ),
    # when
    "an end before the begin": (
        "create_stock",
        {f"{TIME}.available_end_time": "2026-11-30T00:00:00+08:00"},
        [f"{TIME}.available_end_time"],
    ),
    "more than a year": (
        "create_stock",
        {f"{TIME}.available_end_time": "2027-12-02T00:00:01+08:00"},
        [f"{TIME}.available_end_time"],
    ),
    "slots of no day": ("create_stock", {f"{WEEK}.week_day": GONE}, [f"{WEEK}.week_day"]),
    "slots of no days": ("create_stock", {f"{WEEK}.week_day": []}, [f"{WEEK}.week_day"]),
    "waiting for nothing": (
        "create_stock",
        {f"{TIME}.available_day_after_receive": GONE},
        [f"{TIME}.wait_days_after_receive"],
    ),
    "a long wait": ("create_stock", {f"{TIME}.wait_days_after_receive": 31}, [f"{TIME}.wait_days_after_receive"]),
    # how
    "no mini program": ("create_stock", {f"{USE}.mini_programs_appid": GONE}, [f"{USE}.mini_programs_appid"]),
    "no page": ("create_stock", {f"{USE}.mini_programs_path": GONE}, [f"{USE}.mini_programs_path"]),
    "neither of them": (
        "create_stock.discount",
        {f"{USE}.use_method": "MINI_PROGRAMS"},
        [f"{USE}.mini_programs_appid", f"{USE}.mini_programs_path"],
    ),
    "a change to no mini program": (
        "modify_stock",
        {f"{USE}.mini_programs_appid": GONE, f"{USE}.mini_programs_path": GONE},
        [f"{USE}.mini_programs_appid", f"{USE}.mini_programs_path"],
    ),
    # budgets
    "no target": ("modify_stock_budget", {"target_max_coupons": GONE, "current_max_coupons": GONE}, [""]),
    "both targets": (
        "modify_stock_budget",
        {"target_max_coupons_by_day": 5, "current_max_coupons_by_day": 4},
        ["target_max_coupons_by_day"],
    ),
    "no present limit": ("modify_stock_budget", {"current_max_coupons": GONE}, ["current_max_coupons"]),
    "no present limit a day": (
        "modify_stock_budget.by_day",
        {"current_max_coupons_by_day": GONE, "current_max_coupons": 6000},
        ["current_max_coupons_by_day"],
    ),
    "both targets, nothing present": (
        "modify_stock_budget",
        {"target_max_coupons_by_day": 5, "current_max_coupons": GONE},
        ["target_max_coupons_by_day", "current_max_coupons", "current_max_coupons_by_day"],
    ),
    "a target of nothing": ("modify_stock_budget", {"target_max_coupons": 0}, ["target_max_coupons"]),
    # codes
    "no codes": ("upload_coupon_codes", {"coupon_code_list": []}, ["coupon_code_list"]),
    "too many codes": (
        "upload_coupon_codes",
        {"coupon_code_list": [f"c{index}" for index in range(201)]},
        ["coupon_code_list"],
    ),
    "a long code": ("upload_coupon_codes", {"coupon_code_list": ["a", "b" * 33]}, ["coupon_code_list[1]"]),
    "an odd code": (
        "upload_coupon_codes",
        {"coupon_code_list": ["a.b", "a?"]},
        ["coupon_code_list[0]", "coupon_code_list[1]"],
    ),
    "a status nobody knows": ("list_coupon_codes", {"status": "SENDED"}, ["status"]),
    # callbacks
    "no https": ("set_callback", {"notify_url": "http://shop.example.com/wechat"}, ["notify_url"]),
    "a query": ("set_callback", {"notify_url": "https://shop.example.com/?a=b"}, ["notify_url"]),
    "a fragment": ("set_callback", {"notify_url": "https://shop.example.com/#a"}, ["notify_url"]),
    "white space": ("set_callback", {"notify_url": "https://shop.example.com/a b"}, ["notify_url"]),
    "a short address": ("set_callback", {"notify_url": "https://a"}, ["notify_url"]),
}


@pytest.mark.parametrize("rule", BROKEN)
def test_a_broken_rule_is_refused_where_it_is_broken(rule: str) -> None:
    """A request that breaks one rule is refused for that one, at its path."""
    name, changes, paths = BROKEN[rule]

    assert [fault.path for fault in faults(_request(name, changes))] == [f"$.{path}".rstrip(".") for path in paths]


ALLOWED: dict[str, tuple[str, dict[str, Any]]] = {
    "a whole year": ("create_stock", {f"{TIME}.available_end_time": "2027-12-01T00:00:00+08:00"}),
    "the whole leap year": (
        "create_stock",
        {
            f"{TIME}.available_begin_time": "2027-12-01T00:00:00+08:00",
            f"{TIME}.available_end_time": "2028-12-01T00:00:00+08:00",
        },
    ),
    "days of whole days": ("create_stock", {f"{WEEK}.available_day_time": GONE}),
    "usable at once": ("create_stock", {f"{TIME}.wait_days_after_receive": GONE}),
    "no note": ("create_stock", {"comment": ""}),
    "nothing asked for": (
        "create_stock.discount",
        {f"{USE}.discount_coupon": {"discount_percent": 100, "transaction_minimum": 1}},
    ),
    "another page alone": ("modify_stock", {USE: {"mini_programs_path": "/pages/other"}}),
    "nothing to change": ("modify_stock", dict.fromkeys(("custom_entrance", USE, SEND, "subsidy"), GONE)),
    "both present limits": ("modify_stock_budget", {"current_max_coupons_by_day": 400}),
    "no limit a day yet": ("modify_stock_budget.by_day", {"current_max_coupons_by_day": 0}),
    "200 codes": ("upload_coupon_codes", {"coupon_code_list": [f"c{index}" for index in range(200)]}),
    "a code with everything": ("upload_coupon_codes", {"coupon_code_list": ["0 9aZ-_\\/=|"]}),
    "a repeated code": ("upload_coupon_codes", {"coupon_code_list": ["a", "a"]}),
    "the caller's own address": ("set_callback", {"mchid": GONE}),
}


@pytest.mark.parametrize("liberty", ALLOWED)
def test_allowed(liberty: str) -> None:
    """What no page forbids is not refused."""
    assert faults(_request(*ALLOWED[liberty])) == []


ADVISED: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "what is fine": ("create_stock", {}, []),
    "a mini program that is never opened": (
        "create_stock",
        {f"{USE}.use_method": "OFF_LINE"},
        [f"{USE}.mini_programs_appid", f"{USE}.mini_programs_path"],
    ),
    "redeeming alone": ("create_stock.discount", {f"{USE}.use_method": "SELF_CONSUME"}, [f"{USE}.use_method"]),
    "what is not opened": (
        "create_stock",
        {
            f"{SEND}.max_amount": 1,
            f"{SEND}.max_amount_by_day": 1,
            f"{SEND}.transferable": True,
            f"{SEND}.shareable": True,
            "subsidy": True,
        },
        [
            *(f"{SEND}.{name}" for name in ("max_amount", "max_amount_by_day", "transferable", "shareable")),
            "subsidy",
        ],
    ),
    "a slot that ends before it begins": (
        "create_stock",
        {f"{WEEK}.available_day_time": [{"begin_time": 7200, "end_time": 3600}]},
        [f"{WEEK}.available_day_time[0].end_time"],
    ),
    "a window that ends before it begins": (
        "create_stock",
        {
            f"{TIME}.irregulary_avaliable_time": [
                {"begin_time": "2026-12-25T00:00:00+08:00", "end_time": "2026-12-24T00:00:00+08:00"}
            ]
        },
        [f"{TIME}.irregulary_avaliable_time[0].end_time"],
    ),
    "as many days as every description allows": ("create_stock", {f"{TIME}.available_day_after_receive": 365}, []),
    "more days than one description allows": (
        "create_stock",
        {f"{TIME}.available_day_after_receive": 366},
        [f"{TIME}.available_day_after_receive"],
    ),
    "what cannot be changed": (
        "modify_stock",
        {},
        [
            "stock_send_rule.natural_person_limit",
            "stock_name",
            "display_pattern_info.merchant_logo_url",
            "display_pattern_info.merchant_name",
            "subsidy",
        ],
    ),
    "no subsidies any more": (
        "modify_stock",
        {"stock_name": GONE, "display_pattern_info": GONE, SEND: GONE, "subsidy": False},
        ["subsidy"],
    ),
}


@pytest.mark.parametrize("case", ADVISED)
def test_advised(case: str) -> None:
    """What is documented as not opened, not supported or not modifiable is advised against, and not refused."""
    name, changes, paths = ADVISED[case]
    request = _request(name, changes)

    assert [fault.path for fault in advice(request)] == [f"$.{path}" for path in paths]
    assert faults(request) == []
