"""What goes with what: one rule broken at a time, and the exact path it is refused at."""

from typing import Any

import pytest

from wxcoupon import product_coupon as pc
from wxcoupon.checks import advice, examine, faults
from wxcoupon.convert import from_wire, to_wire

from .kinds import DISCOUNT, EXCHANGE, GONE, GOODS, KINDS, NORMAL, changed, stock

ALL, ONE = "ALL NORMAL SINGLE", "SINGLE NORMAL SINGLE"
ROUNDS, PRICES = "ALL NORMAL PROGRESSIVE_BUNDLE", "SINGLE EXCHANGE PROGRESSIVE_BUNDLE"
PERIOD = "stock.single_usage_rule.coupon_available_period"
SHARED = "stock_bundle.progressive_bundle_usage_rule"
SHOWN, LOOKS = "stock.usage_rule_display_info", "stock.coupon_display_info"
WEEKLY = f"{PERIOD}.weekly_available_period"
WINDOWS = f"{PERIOD}.irregular_available_period_list"
DAY = {"begin_time": "2026-12-24T00:00:00+08:00", "end_time": "2026-12-25T00:00:00+08:00"}
NEXT_DAY = {"begin_time": "2026-12-25T00:00:00+08:00", "end_time": "2026-12-26T00:00:00+08:00"}
INSIDE = {"begin_time": "2026-12-24T12:00:00+08:00", "end_time": "2026-12-24T13:00:00+08:00"}
BACKWARDS = {"begin_time": "2026-12-25T00:00:00+08:00", "end_time": "2026-12-24T00:00:00+08:00"}
SEQUENTIAL_RULE = {
    "coupon_available_period": {
        "available_begin_time": "2026-12-01T00:00:00+08:00",
        "available_end_time": "2026-12-31T23:59:59+08:00",
        "wait_days_after_receive": 2,
    },
    "normal_coupon_list": [to_wire(NORMAL)],
}
SEQUENTIAL_INFO = {"type": "EQUAL", "count": 5, "available_days": 20}
OFF, PERCENT, PERCENT_OFF = (
    "single_usage_info.normal_coupon",
    "ALL DISCOUNT SINGLE",
    "single_usage_info.discount_coupon",
)
PICK_TWO_OF_TWO = to_wire(GOODS) | {"pick_count": 2, "choice_list": to_wire(GOODS)["choice_list"] * 2}
PAIR = {"mini_program_appid": "wx7e1c40d2a93b5f68", "mini_program_path": "/pages/redeem"}


def _slots(*times: tuple[int, int]) -> list[dict[str, int]]:
    return [{"begin_time": begin, "end_time": end} for begin, end in times]


def _off(*amounts: int) -> list[dict[str, int]]:
    return [{"threshold": 0, "discount_amount": amount} for amount in amounts]


def _prices(*prices: int) -> list[dict[str, int]]:
    return [{"threshold": 0, "exchange_price": price} for price in prices]


def _paths(kind: str, changes: dict[str, Any]) -> list[str]:
    return [fault.path for fault in faults(changed(KINDS[kind], changes))]


BROKEN: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    # scope, type and usage mode
    "EXCHANGE for everything": (ALL, {"type": "EXCHANGE"}, ["type"]),
    "no stock": (ALL, {"stock": GONE}, ["stock"]),
    "no bundle": (ROUNDS, {"stock_bundle": GONE}, ["stock_bundle"]),
    "a bundle too": (ALL, {"stock_bundle": to_wire(KINDS[ROUNDS])["stock_bundle"]}, ["stock_bundle"]),
    "a stock too": (ROUNDS, {"stock": to_wire(KINDS[ALL])["stock"]}, ["stock"]),
    "rounds of a single use": (
        ALL,
        {"progressive_bundle_usage_info": {"count": 3}},
        ["progressive_bundle_usage_info"],
    ),
    "no rounds": (ROUNDS, {"progressive_bundle_usage_info": GONE}, ["progressive_bundle_usage_info"]),
    "no discount for all stocks": (ALL, {"single_usage_info": GONE}, ["single_usage_info"]),
    "a discount beside rounds": (ROUNDS, {"single_usage_info.normal_coupon": to_wire(NORMAL)}, ["single_usage_info"]),
    "a discount of all stocks for named goods": (
        ONE,
        {"single_usage_info.normal_coupon": to_wire(NORMAL)},
        ["single_usage_info"],
    ),
    "old uses of a single use": (ALL, {"sequential_usage_info": SEQUENTIAL_INFO}, ["sequential_usage_info"]),
    "old uses beside rounds": (ROUNDS, {"sequential_usage_info": SEQUENTIAL_INFO}, ["sequential_usage_info"]),
    "an old rule in a stock": (ALL, {"stock.sequential_usage_rule": SEQUENTIAL_RULE}, ["stock.sequential_usage_rule"]),
    "no rule in a stock": (ALL, {"stock.single_usage_rule": GONE}, ["stock.single_usage_rule"]),
    "no goods": (ONE, {"display_info.combo_package_list": GONE}, ["display_info.combo_package_list"]),
    "an empty list of goods": (ONE, {"display_info.combo_package_list": []}, ["display_info.combo_package_list"]),
    "no goods in a bundle": (PRICES, {"display_info.combo_package_list": GONE}, ["display_info.combo_package_list"]),
    "API_ASSIGN in a bundle": (
        ROUNDS,
        {"stock_bundle.coupon_code_mode": "API_ASSIGN"},
        ["stock_bundle.coupon_code_mode"],
    ),
    # values that nobody knows: each is a fault by itself, and no reason for others
    "an unknown scope": (ALL, {"scope": "CATEGORY"}, ["scope"]),
    "an unknown type": (ONE, {"type": "GIFT"}, ["type"]),
    "an unknown usage mode": (ROUNDS, {"usage_mode": "OFTEN"}, ["usage_mode"]),
    # discounts
    "nothing off": (ALL, {"single_usage_info.normal_coupon.discount_amount": 0}, [f"{OFF}.discount_amount"]),
    "a threshold below zero": (ALL, {"single_usage_info.normal_coupon.threshold": -1}, [f"{OFF}.threshold"]),
    "no percentage": (PERCENT, {"single_usage_info.discount_coupon.percent_off": 0}, [f"{PERCENT_OFF}.percent_off"]),
    "all of it": (PERCENT, {"single_usage_info.discount_coupon.percent_off": 100}, [f"{PERCENT_OFF}.percent_off"]),
    "a price below zero": (
        "SINGLE EXCHANGE SINGLE",
        {"stock.single_usage_rule.exchange_coupon.exchange_price": -1},
        ["stock.single_usage_rule.exchange_coupon.exchange_price"],
    ),
    # rounds
    "two rounds": (
        ROUNDS,
        {"progressive_bundle_usage_info.count": 2, f"{SHARED}.normal_coupon_list": _off(1, 1)},
        ["progressive_bundle_usage_info.count", f"{SHARED}.normal_coupon_list"],
    ),
    "sixteen rounds": (
        ROUNDS,
        {"progressive_bundle_usage_info.count": 16, f"{SHARED}.normal_coupon_list": _off(*[1] * 16)},
        ["progressive_bundle_usage_info.count", f"{SHARED}.normal_coupon_list"],
    ),
    "eight days between": (
        ROUNDS,
        {"progressive_bundle_usage_info.interval_days": 8},
        ["progressive_bundle_usage_info.interval_days"],
    ),
    "fewer entries than rounds": (
        ROUNDS,
        {"progressive_bundle_usage_info.count": 4},
        [f"{SHARED}.normal_coupon_list"],
    ),
    "more entries than rounds": (
        ROUNDS,
        {f"{SHARED}.normal_coupon_list": _off(1, 1, 1, 1)},
        [f"{SHARED}.normal_coupon_list"],
    ),
    "a weaker third amount": (
        ROUNDS,
        {f"{SHARED}.normal_coupon_list": _off(9, 8, 7)},
        [f"{SHARED}.normal_coupon_list[2].discount_amount"],
    ),
    "a weaker third percentage": (
        "ALL DISCOUNT PROGRESSIVE_BUNDLE",
        {f"{SHARED}.discount_coupon_list.2.percent_off": 19},
        [f"{SHARED}.discount_coupon_list[2].percent_off"],
    ),
    "a higher third price": (
        PRICES,
        {f"{SHARED}.exchange_coupon_list": _prices(1, 0, 1)},
        [f"{SHARED}.exchange_coupon_list[2].exchange_price"],
    ),
    # the time a coupon may be redeemed
    "an end before the begin": (
        ALL,
        {f"{PERIOD}.available_end_time": "2026-11-30T00:00:00+08:00"},
        [f"{PERIOD}.available_end_time"],
    ),
    "no time at all": (
        ALL,
        {f"{PERIOD}.available_end_time": "2026-12-01T00:00:00+08:00"},
        [f"{PERIOD}.available_end_time"],
    ),
    "more than 365 days": (
        ALL,
        {f"{PERIOD}.available_end_time": "2027-12-01T00:00:01+08:00"},
        [f"{PERIOD}.available_end_time"],
    ),
    "waiting without days": (ALL, {f"{PERIOD}.wait_days_after_receive": 1}, [f"{PERIOD}.wait_days_after_receive"]),
    "waiting without days in a bundle": (
        ROUNDS,
        {f"{SHARED}.coupon_available_period.wait_days_after_receive": 1},
        [f"{SHARED}.coupon_available_period.wait_days_after_receive"],
    ),
    "days beside windows": (ALL, {WINDOWS: [DAY], f"{PERIOD}.available_days": 3}, [f"{PERIOD}.available_days"]),
    "waiting beside windows": (
        ALL,
        {WINDOWS: [DAY], f"{PERIOD}.wait_days_after_receive": 3},
        [f"{PERIOD}.wait_days_after_receive"] * 2,  # and it waits for days that are not given
    ),
    "weekdays beside windows": (ALL, {WINDOWS: [DAY], WEEKLY: {"day_list": ["MONDAY"]}}, [WEEKLY]),
    "seconds beside windows": (
        ALL,
        {WINDOWS: [DAY], f"{PERIOD}.available_seconds": 7200},
        [f"{PERIOD}.available_seconds"],
    ),
    "days beside seconds": (
        ALL,
        {f"{PERIOD}.available_seconds": 7200, f"{PERIOD}.available_days": 3},
        [f"{PERIOD}.available_days"],
    ),
    "waiting beside seconds": (
        ALL,
        {f"{PERIOD}.available_seconds": 7200, f"{PERIOD}.wait_days_after_receive": 3},
        [f"{PERIOD}.wait_days_after_receive"] * 2,  # and it waits for days that are not given
    ),
    "weekdays beside seconds": (
        ALL,
        {f"{PERIOD}.available_seconds": 7200, WEEKLY: {"day_list": ["MONDAY"]}},
        [WEEKLY],
    ),
    "half an hour more": (ALL, {f"{PERIOD}.available_seconds": 5400}, [f"{PERIOD}.available_seconds"]),
    "no weekday": (ALL, {WEEKLY: {"day_list": []}}, [f"{WEEKLY}.day_list"]),
    "an unknown weekday": (ALL, {WEEKLY: {"day_list": ["MONDAY", "SOMEDAY"]}}, [f"{WEEKLY}.day_list[1]"]),
    "four slots": (
        ALL,
        {WEEKLY: {"day_list": ["MONDAY"], "day_period_list": _slots((0, 1), (2, 3), (4, 5), (6, 7))}},
        [f"{WEEKLY}.day_period_list"],
    ),
    "a slot backwards": (
        ALL,
        {WEEKLY: {"day_list": ["MONDAY"], "day_period_list": _slots((60, 60))}},
        [f"{WEEKLY}.day_period_list[0].end_time"],
    ),
    "a slot past midnight": (
        ALL,
        {WEEKLY: {"day_list": ["MONDAY"], "day_period_list": _slots((60, 86400))}},
        [f"{WEEKLY}.day_period_list[0].end_time"],
    ),
    "slots that overlap": (
        ALL,
        {WEEKLY: {"day_list": ["MONDAY"], "day_period_list": _slots((0, 100), (200, 300), (50, 150))}},
        [f"{WEEKLY}.day_period_list[2]"],
    ),
    "slots inside another": (
        ALL,
        {WEEKLY: {"day_list": ["MONDAY"], "day_period_list": _slots((0, 1000), (10, 20), (30, 40))}},
        [f"{WEEKLY}.day_period_list[1]", f"{WEEKLY}.day_period_list[2]"],
    ),
    "three windows": (ALL, {WINDOWS: [DAY, NEXT_DAY, DAY]}, [WINDOWS, f"{WINDOWS}[2]"]),
    "a window backwards": (ALL, {WINDOWS: [DAY, BACKWARDS]}, [f"{WINDOWS}[1].end_time"]),
    "windows that overlap": (ALL, {WINDOWS: [DAY, INSIDE]}, [f"{WINDOWS}[1]"]),
    # what is shown
    "no mini program": (
        ALL,
        {f"{SHOWN}.coupon_usage_method_list": ["MINI_PROGRAM"]},
        [f"{SHOWN}.mini_program_appid", f"{SHOWN}.mini_program_path"],
    ),
    "a mini program without its page": (
        ALL,
        {f"{SHOWN}.mini_program_appid": "wx7e1c40d2a93b5f68"},
        [f"{SHOWN}.mini_program_path"],
    ),
    "a page without its mini program": (
        ALL,
        {f"{SHOWN}.coupon_usage_method_list": ["MINI_PROGRAM"], f"{SHOWN}.mini_program_path": "/pages/redeem"},
        [f"{SHOWN}.mini_program_appid"],
    ),
    "half a mini program of stores": (
        ALL,
        {f"{SHOWN}.coupon_available_store_info": {"description": "全部门店", "mini_program_path": "/pages/stores"}},
        [f"{SHOWN}.coupon_available_store_info.mini_program_appid"],
    ),
    "half a mini program of goods": (
        ONE,
        {"display_info.combo_package_list.0.choice_list.0.mini_program_appid": "wx7e1c40d2a93b5f68"},
        ["display_info.combo_package_list[0].choice_list[0].mini_program_path"],
    ),
    "an app that goes nowhere": (ALL, {f"{SHOWN}.coupon_usage_method_list": ["APP"]}, [f"{SHOWN}.app_jump_type"]),
    "H5 without its address": (ALL, {f"{SHOWN}.app_jump_type": "H5"}, [f"{SHOWN}.app_path"]),
    "H5 with an empty address": (
        ALL,
        {f"{SHOWN}.app_jump_type": "H5", f"{SHOWN}.app_path": ""},
        [f"{SHOWN}.app_path"],
    ),
    "a passcode link without its text": (
        ALL,
        {f"{SHOWN}.app_jump_type": "PASSCODE_LINK"},
        [f"{SHOWN}.passcode_link"],
    ),
    "no way to redeem": (
        ALL,
        {f"{SHOWN}.coupon_usage_method_list": []},
        [f"{SHOWN}.coupon_usage_method_list"],
    ),
}


@pytest.mark.parametrize("rule", BROKEN)
def test_broken(rule: str) -> None:
    """A creation that breaks one rule is refused for that one, at its path."""
    kind, changes, paths = BROKEN[rule]

    assert _paths(kind, changes) == [f"$.{path}" for path in paths]


ALLOWED: dict[str, tuple[str, dict[str, Any]]] = {
    "more off than the threshold": (
        ALL,
        {"single_usage_info.normal_coupon": {"threshold": 100, "discount_amount": 500}},
    ),
    "no threshold": (ALL, {"single_usage_info.normal_coupon": {"threshold": 0, "discount_amount": 500}}),
    "a price of nothing": (
        "SINGLE EXCHANGE SINGLE",
        {"stock.single_usage_rule.exchange_coupon": {"threshold": 0, "exchange_price": 0}},
    ),
    "picking all there is": (ONE, {"display_info.combo_package_list": [PICK_TWO_OF_TWO]}),
    "goods of a coupon for everything": (ALL, {"display_info.combo_package_list": [to_wire(GOODS)]}),
    "images from anywhere": (ALL, {"display_info.image_url": "https://cdn.example.com/head.png"}),
    "more a day than in all": (ALL, {"stock.stock_send_rule.max_count_per_day": 100_000_000}),
    "API_ASSIGN in a stock": (ALL, {"stock.coupon_code_mode": "API_ASSIGN"}),
    "an empty remark": (ALL, {"stock.remark": ""}),
    "a free first round": (ROUNDS, {f"{SHARED}.normal_coupon_list": _off(900, 1, 1)}),
    "thresholds in any order": (ROUNDS, {f"{SHARED}.normal_coupon_list.2.threshold": 1}),
    "prices that fall": (PRICES, {f"{SHARED}.exchange_coupon_list": _prices(5, 3, 0)}),
    "no interval": (ROUNDS, {"progressive_bundle_usage_info.interval_days": GONE}),
    "exactly 365 days": (ALL, {f"{PERIOD}.available_end_time": "2027-12-01T00:00:00+08:00"}),
    "days and waiting": (ALL, {f"{PERIOD}.available_days": 3, f"{PERIOD}.wait_days_after_receive": 1}),
    "days and weekdays": (
        ALL,
        {
            f"{PERIOD}.available_days": 3,
            WEEKLY: {"day_list": ["SUNDAY"], "day_period_list": _slots((200, 86399), (0, 100), (100, 200))},
        },
    ),
    "two windows end to end": (ALL, {WINDOWS: [NEXT_DAY, DAY]}),
    "seconds": (ALL, {f"{PERIOD}.available_seconds": 86400}),
    "no windows beside days": (ALL, {WINDOWS: [], f"{PERIOD}.available_days": 3}),
    "a mini program": (
        ALL,
        {f"{SHOWN}.coupon_usage_method_list": ["MINI_PROGRAM", "PAYMENT_CODE"]}
        | {f"{SHOWN}.{name}": value for name, value in PAIR.items()},
    ),
    "a mini program nobody needs": (ALL, {f"{SHOWN}.{name}": value for name, value in PAIR.items()}),
    "an empty app path": (ALL, {f"{SHOWN}.app_path": ""}),
    "an app with its address": (
        ALL,
        {
            f"{SHOWN}.coupon_usage_method_list": ["APP"],
            f"{SHOWN}.app_jump_type": "H5",
            f"{SHOWN}.app_path": "https://tea.example.com",
        },
    ),
    "an app with a passcode link": (
        ALL,
        {
            f"{SHOWN}.coupon_usage_method_list": ["APP"],
            f"{SHOWN}.app_jump_type": "PASSCODE_LINK",
            f"{SHOWN}.passcode_link": "#口令#",
        },
    ),
}


@pytest.mark.parametrize("liberty", ALLOWED)
def test_allowed(liberty: str) -> None:
    """What is right, or only advised against, is not refused."""
    assert _paths(*ALLOWED[liberty]) == []


UPLOADED, CDN = "https://wxpaylogo.qpic.cn/wxpaylogo/x/0", "https://cdn.example.com/x.png"
FINDER = f"{LOOKS}.entrance_finder"
CHOICE = "display_info.combo_package_list.0.choice_list.0.image_url"

ADVISED: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "picking more than there is": (
        ONE,
        {"display_info.combo_package_list": [PICK_TWO_OF_TWO, PICK_TWO_OF_TWO | {"pick_count": 3}]},
        ["display_info.combo_package_list[1].pick_count"],
    ),
    "more off than the threshold": (ALL, {OFF: {"threshold": 499, "discount_amount": 500}}, [f"{OFF}.discount_amount"]),
    "as much off as the threshold": (ALL, {OFF: {"threshold": 500, "discount_amount": 500}}, []),
    "no threshold": (ALL, {OFF: {"threshold": 0, "discount_amount": 500}}, []),
    "more off than the threshold in a round": (
        ROUNDS,
        {f"{SHARED}.normal_coupon_list.1": {"threshold": 1, "discount_amount": 500}},
        [f"{SHARED}.normal_coupon_list[1].discount_amount"],
    ),
    "five days": (ALL, {f"{PERIOD}.available_end_time": "2026-12-06T00:00:00+08:00"}, [f"{PERIOD}.available_end_time"]),
    "five days and a second": (ALL, {f"{PERIOD}.available_end_time": "2026-12-06T00:00:01+08:00"}, []),
    "five days of a bundle": (
        ROUNDS,
        {f"{SHARED}.coupon_available_period.available_end_time": "2026-12-05T15:59:59Z"},
        [f"{SHARED}.coupon_available_period.available_end_time"],
    ),
    "codes named call by call": (ALL, {"stock.coupon_code_mode": "API_ASSIGN"}, []),
    "images from elsewhere": (
        ALL,
        {
            "display_info.image_url": CDN,
            "display_info.background_url": "https://wxpaylogo.qpic.cn.example.com/x",
            "display_info.detail_image_url_list": [UPLOADED, CDN, "no address", "https://[wxpaylogo.qpic.cn"],
        },
        [
            "display_info.image_url",
            "display_info.background_url",
            "display_info.detail_image_url_list[1]",
            "display_info.detail_image_url_list[2]",
            "display_info.detail_image_url_list[3]",
        ],
    ),
    "a picture of goods from elsewhere": (
        ONE,
        {CHOICE: CDN},
        ["display_info.combo_package_list[0].choice_list[0].image_url"],
    ),
    "no picture of goods": (ONE, {CHOICE: ""}, []),
    "uploaded images": (
        ONE,
        {"display_info.detail_image_url_list": [UPLOADED], CHOICE: "HTTP://WXPAYLOGO.QPIC.CN/x"},
        [],
    ),
    "a cover from elsewhere": (
        ALL,
        {FINDER: {"finder_id": "sph1", "finder_video_id": "v1", "finder_video_cover_image_url": CDN}},
        [f"{FINDER}.finder_video_cover_image_url"],
    ),
    "everything at once": (
        ALL,
        {
            "display_info.image_url": CDN,
            OFF: {"threshold": 1, "discount_amount": 2},
        },
        [f"{OFF}.discount_amount", "display_info.image_url"],
    ),
}


@pytest.mark.parametrize("doubt", ADVISED)
def test_advised(doubt: str) -> None:
    """What only a guide, the FAQ or one of two pages says is advice at its path, and no fault."""
    kind, changes, paths = ADVISED[doubt]
    found = examine(changed(KINDS[kind], changes))

    assert [] == found.faults
    assert [said.path for said in found.advice] == [f"$.{path}" for path in paths]


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_to_advise(kind: str) -> None:
    """The ten kinds as they should be need no advice."""
    assert [] == advice(KINDS[kind])


SEQUENTIAL = changed(
    KINDS[ALL],
    {
        "usage_mode": "SEQUENTIAL",
        "single_usage_info": GONE,
        "sequential_usage_info": SEQUENTIAL_INFO,
        "stock.single_usage_rule": GONE,
        "stock.sequential_usage_rule": SEQUENTIAL_RULE,
    },
)


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ({}, []),
        ({"sequential_usage_info": GONE}, ["sequential_usage_info"]),
        ({"stock": GONE}, ["stock"]),
        ({"stock.sequential_usage_rule": GONE}, ["stock.sequential_usage_rule"]),
        ({"single_usage_info.normal_coupon": to_wire(NORMAL)}, ["single_usage_info"]),
        ({"progressive_bundle_usage_info.count": 3}, ["progressive_bundle_usage_info"]),
        ({"stock_bundle": to_wire(KINDS[ROUNDS])["stock_bundle"]}, ["stock_bundle"]),
        ({"stock.single_usage_rule": to_wire(KINDS[ALL])["stock"]["single_usage_rule"]}, ["stock.single_usage_rule"]),
        ({"sequential_usage_info.type": "RANDOM"}, ["sequential_usage_info.type"]),
        ({"type": "EXCHANGE"}, ["type"]),
    ],
)
def test_the_old_form(changes: dict[str, Any], paths: list[str]) -> None:
    """SEQUENTIAL has its own members and not those of the other modes; its lists may have any length."""
    assert [fault.path for fault in faults(changed(SEQUENTIAL, changes))] == [f"$.{path}" for path in paths]


def test_several_at_once() -> None:
    """All that does not go together is said at once, and each fault says what to do."""
    request = changed(
        KINDS[ONE],
        {
            "single_usage_info.normal_coupon": to_wire(NORMAL),
            "stock.single_usage_rule.normal_coupon": GONE,
            "stock.single_usage_rule.discount_coupon": to_wire(DISCOUNT),
            "stock.single_usage_rule.exchange_coupon": to_wire(EXCHANGE),
            "display_info.combo_package_list": GONE,
        },
    )

    assert [str(fault) for fault in faults(request)] == [
        "$.single_usage_info: has to be left out when usage_mode is SINGLE and scope is SINGLE",
        "$.stock.single_usage_rule.normal_coupon: is required when type is NORMAL and scope is SINGLE",
        (
            "$.stock.single_usage_rule.discount_coupon: has to be left out: "
            "when type is NORMAL, the discount is in normal_coupon"
        ),
        (
            "$.stock.single_usage_rule.exchange_coupon: has to be left out: "
            "when type is NORMAL, the discount is in normal_coupon"
        ),
        "$.display_info.combo_package_list: needs at least one group of goods when scope is SINGLE",
    ]


def test_a_stock_by_itself() -> None:
    """A part is checked by itself as well, with its own paths."""
    part = stock(from_wire(pc.SingleUsageRule, {"coupon_available_period": {}}))

    assert [fault.path for fault in faults(part)] == [
        "$.single_usage_rule.coupon_available_period.available_begin_time",
        "$.single_usage_rule.coupon_available_period.available_end_time",
    ]
