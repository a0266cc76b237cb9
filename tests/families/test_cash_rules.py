"""What goes with what in cash coupons: one rule broken at a time, and the exact path it is refused or advised at."""

from typing import Any

import pytest

from wxcoupon import cash_coupon as cc
from wxcoupon import convert
from wxcoupon.checks import advice, faults
from wxcoupon.download import Downloadable, Link
from wxcoupon.endpoint import AnyEndpoint, registry

GONE = object()
CREATION: dict[str, Any] = {
    "stock_name": "晨雾茶五元券",
    "belong_merchant": "1900000001",
    "available_begin_time": "2026-12-01T00:00:00+08:00",
    "available_end_time": "2026-12-31T23:59:59+08:00",
    "stock_use_rule": {
        "max_coupons": 100,
        "max_amount": 50_000,
        "max_coupons_per_user": 3,
        "natural_person_limit": False,
        "prevent_api_abuse": True,
    },
    "pattern_info": {"description": "到店可用"},
    "coupon_use_rule": {
        "fixed_normal_coupon": {"coupon_amount": 500, "transaction_minimum": 501},
        "combine_use": False,
        "available_merchants": ["1900000001"],
    },
    "no_cash": True,
    "stock_type": "NORMAL",
    "out_request_no": "tea|1",
}
LISTING = {"openid": "o-1", "appid": "wx-1", "creator_mchid": "1900000001"}
IMAGE = cc.UploadImage.of("tea.png", b"\x89PNG\r\n\x1a\ntea")
SENDING = {"openid": "o-1", "stock_id": "1", "out_request_no": "n", "appid": "wx", "stock_creator_mchid": "1"}
GOODS: dict[str, Any] = {"stock_id": "1", "stock_creator_mchid": "1", "add_goods_id_list": ["tea"]}


def _changed(members: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    made = {name: _changed(value, {}) if isinstance(value, dict) else value for name, value in members.items()}
    for path, value in changes.items():
        *steps, last = path.split(".")
        inner = made
        for step in steps:
            inner = inner.setdefault(step, {})
        if value is GONE:
            del inner[last]
        else:
            inner[last] = value
    return made


def _request(cls: type[AnyEndpoint], members: dict[str, Any], changes: dict[str, Any]) -> AnyEndpoint:
    return convert.from_wire(cls, _changed(members, changes))


REQUESTS: list[tuple[type[AnyEndpoint], dict[str, Any]]] = [
    (cc.CreateStock, CREATION),
    (cc.ListUserCoupons, LISTING),
    (cc.ModifyStockItems, GOODS),
    (cc.SendCoupon, SENDING),
    (cc.SetCallback, {"mchid": "1", "notify_url": "https://tea.example/cash"}),
    (cc.GetUseFlowByDay, {"stock_id": "1", "bill_date": "2028-02-29"}),
]

RIGHT: dict[str, dict[str, Any]] = {
    "20 letters": {"stock_name": "a" * 20},
    "9 Chinese characters": {"stock_name": "茶" * 9},
    "90 days": {"available_end_time": "2027-03-01T00:00:00+08:00"},
    "the whole budget in a day": {"stock_use_rule.max_amount_by_day": 50_000},
    "a brand of 12 Chinese characters": {"pattern_info.merchant_name": "茶" * 12},
    "one fen": {
        "coupon_use_rule.fixed_normal_coupon": {"coupon_amount": 1, "transaction_minimum": 2},
        "stock_use_rule.max_amount": 100,
    },
    "a mixed name": {"stock_name": "茶" * 9 + "a" * 11},
    "a brand of 36 letters": {"pattern_info.merchant_name": "t" * 36},
    "a tag": {"coupon_use_rule.goods_tag": ["autumn_2026"]},
    "a card": {"coupon_use_rule.limit_card": {"name": "茶", "bin": ["622588"]}},
    "another page": {"pattern_info.jump_target": "PAYMENT_CODE"},
}

RULE, USE, LOOK = "stock_use_rule", "coupon_use_rule", "pattern_info"
WRONG: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a comma in the name": ({"stock_name": "tea,5"}, ["stock_name"]),
    "10 Chinese characters": ({"stock_name": "茶" * 10}, ["stock_name"]),
    "an end at the beginning": ({"available_end_time": "2026-12-01T00:00:00+08:00"}, ["available_end_time"]),
    "91 days": ({"available_end_time": "2027-03-01T00:00:01+08:00"}, ["available_end_time"]),
    "another budget": ({f"{RULE}.max_amount": 49_999}, [f"{RULE}.max_amount"]),
    "more in a day": ({f"{RULE}.max_amount_by_day": 50_001}, [f"{RULE}.max_amount_by_day"]),
    "nothing in a day": ({f"{RULE}.max_amount_by_day": 0}, [f"{RULE}.max_amount_by_day"]),
    "more for a user": (
        {f"{RULE}.max_coupons": 5, f"{RULE}.max_amount": 2500, f"{RULE}.max_coupons_per_user": 6},
        [f"{RULE}.max_coupons_per_user"],
    ),
    "no amount": ({f"{USE}.fixed_normal_coupon": GONE}, [f"{USE}.fixed_normal_coupon"]),
    "nothing left to pay": (
        {f"{USE}.fixed_normal_coupon.transaction_minimum": 500},
        [f"{USE}.fixed_normal_coupon.transaction_minimum"],
    ),
    "a tag with a hyphen": ({f"{USE}.goods_tag": ["a", "b-c"]}, [f"{USE}.goods_tag[1]"]),
    "a card with letters": ({f"{USE}.limit_card": {"name": "茶", "bin": ["62258X"]}}, [f"{USE}.limit_card.bin[0]"]),
    "nowhere": ({f"{USE}.available_merchants": []}, [f"{USE}.available_merchants"]),
    "a brand of 13 Chinese characters": ({f"{LOOK}.merchant_name": "茶" * 13}, [f"{LOOK}.merchant_name"]),
    "no colour": ({f"{LOOK}.background_color": ""}, [f"{LOOK}.background_color"]),
    "no mini program": (
        {f"{LOOK}.jump_target": "MINI_PROGRAM"},
        [f"{LOOK}.mini_program_appid", f"{LOOK}.mini_program_path"],
    ),
    "an eighth day of the week": (
        {f"{USE}.coupon_available_time": {"fix_available_time": {"available_week_day": [0, 7], "begin_time": 0}}},
        [f"{USE}.coupon_available_time.fix_available_time.available_week_day[1]"],
    ),
}


@pytest.mark.parametrize(("cls", "members"), REQUESTS, ids=[cls.__name__ for cls, _ in REQUESTS])
def test_right_requests(cls: type[AnyEndpoint], members: dict[str, Any]) -> None:
    """Nothing is wrong with what the others here are changed from, and nothing is advised about it."""
    request = _request(cls, members, {})

    assert [*faults(request, unknown=True), *advice(request)] == []


@pytest.mark.parametrize("name", RIGHT)
def test_right_stocks(name: str) -> None:
    """What is at the edge of a rule is right."""
    assert faults(_request(cc.CreateStock, CREATION, RIGHT[name])) == []


@pytest.mark.parametrize("name", WRONG)
def test_wrong_stocks(name: str) -> None:
    """A broken rule is refused at its path, and nothing else is."""
    changes, paths = WRONG[name]

    assert [f"$.{path}" for path in paths] == [
        fault.path for fault in faults(_request(cc.CreateStock, CREATION, changes))
    ]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"creator_mchid": GONE}, "$.creator_mchid"),
        ({"available_mchid": "1900000001"}, "$.available_mchid"),
        ({"status": "REVOKE"}, "$.status"),
    ],
    ids=["by nobody", "by both", "a state that is no filter"],
)
def test_wrong_listings(changes: dict[str, Any], path: str) -> None:
    """Coupons are listed by creator or by merchant, and by two states."""
    assert [path] == [fault.path for fault in faults(_request(cc.ListUserCoupons, LISTING, changes))]


@pytest.mark.parametrize("url", ["http://tea.example/", "https://tea.example/?a=1", "https://tea.example/#a"])
def test_wrong_addresses(url: str) -> None:
    """An address for callbacks has https and no query."""
    assert ["$.notify_url"] == [fault.path for fault in faults(cc.SetCallback(mchid="1", notify_url=url))]


@pytest.mark.parametrize("cls", [cc.GetUseFlowByDay, cc.GetRefundFlowByDay])
@pytest.mark.parametrize("day", ["2026-02-29", "2026-2-01", "20260201", "2026-02-01T"])
def test_wrong_days(cls: Any, day: str) -> None:
    """A day is one of the calendar, written as documented."""
    assert {"$.bill_date"} == {fault.path for fault in faults(cls(stock_id="1", bill_date=day))}


@pytest.mark.parametrize(
    ("meta", "path"),
    [
        (cc.ImageMeta(filename="tea.gif", sha256=IMAGE.meta.sha256), "$.meta.filename"),
        (cc.ImageMeta(filename="tea.jpg", sha256=IMAGE.meta.sha256), "$.meta.filename"),
        (cc.ImageMeta(filename=f"{'t' * 125}.png", sha256=IMAGE.meta.sha256), "$.meta.filename"),
        (cc.ImageMeta(filename="tea.png", sha256="0" * 64), "$.meta.sha256"),
    ],
    ids=["a kind that is not taken", "another kind", "129 characters", "another hash"],
)
def test_wrong_images(meta: cc.ImageMeta, path: str) -> None:
    """What is said of an image is true of it."""
    assert faults(IMAGE) == []
    assert [path] == [fault.path for fault in faults(cc.UploadImage(meta=meta, file=IMAGE.file))]


CLOSED_TIME = f"{USE}.coupon_available_time"
ADVISED: dict[str, tuple[int, dict[str, Any], str]] = {
    "combine_use left out": (0, {f"{USE}.combine_use": GONE}, f"{USE}.combine_use"),
    "goods that do not count": (0, {f"{USE}.unavailable_items": ["tea"]}, f"{USE}.unavailable_items"),
    "further information": (0, {"ext_info": "{}"}, "ext_info"),
    "the second day": (0, {f"{CLOSED_TIME}.second_day_available": True}, f"{CLOSED_TIME}.second_day_available"),
    "some days": (0, {f"{CLOSED_TIME}.available_time_after_receive": 3}, f"{CLOSED_TIME}.available_time_after_receive"),
    "one fen": (
        0,
        {
            f"{USE}.fixed_normal_coupon": {"coupon_amount": 1, "transaction_minimum": 2},
            f"{RULE}.max_amount": 100,
        },
        f"{USE}.fixed_normal_coupon.coupon_amount",
    ),
    "one bank": (0, {f"{USE}.limit_pay": ["ICBC_CREDIT"]}, f"{USE}.limit_pay"),
    "a mixed name that may be long": (0, {"stock_name": "茶" * 9 + "abc"}, "stock_name"),
    "no change": (2, {"add_goods_id_list": GONE}, ""),
    "a value": (3, {"coupon_value": 500}, "coupon_value"),
    "a minimum": (3, {"coupon_minimum": 500}, "coupon_minimum"),
    "no callbacks": (4, {"switch": False}, "switch"),
}


@pytest.mark.parametrize("name", ADVISED)
def test_advice(name: str) -> None:
    """What is documented and not open, or on what pages disagree, is advised against and not refused."""
    index, changes, path = ADVISED[name]
    request = _request(*REQUESTS[index], changes)

    assert faults(request) == []
    assert [f"$.{path}".rstrip(".")] == [said.path for said in advice(request)]


@pytest.mark.parametrize("name", ["茶" * 9, "茶" * 9 + "ab", "a" * 20])
def test_names_that_fit(name: str) -> None:
    """A name that fits however its characters are counted needs no advice."""
    assert [] == advice(_request(cc.CreateStock, CREATION, {"stock_name": name}))


@pytest.mark.parametrize(
    ("name", "value", "paths"),
    [
        ("stock_id", "1", ["$.stock_id"]),
        ("status", "SENDED", ["$.status"]),
        ("offset", 0, ["$.offset"]),
        ("limit", 20, ["$.limit"]),
        ("business_type", "MULTIUSE", []),
    ],
)
def test_filters_that_are_ignored(name: str, value: Any, paths: list[str]) -> None:
    """Whoever asks by merchant is told which filters do nothing; one does something."""
    members = {"openid": "o-1", "appid": "wx-1", "available_mchid": "1900000001", name: value}
    request = convert.from_wire(cc.ListUserCoupons, members)

    assert ([], paths) == (faults(request), [said.path for said in advice(request)])


REPEATED_BY: dict[str, str | None] = {
    "create_stock": "out_request_no",
    "modify_stock_items": None,
    "pause_stock": None,
    "restart_stock": None,
    "send_coupon": "out_request_no",
    "set_callback": None,
    "start_stock": None,
    "stop_stock": None,
    "upload_image": None,
}


def test_what_makes_a_repetition_safe() -> None:
    """What has no number is repeated where a second time sets what is set, and not where no page says so."""
    routes = {name.partition(".")[2]: request.route for name, request in registry().items() if "cash_coupon." in name}
    changing = {name: route for name, route in routes.items() if route.method != "GET"}

    assert {name: route.key for name, route in changing.items()} == REPEATED_BY
    assert {"modify_stock_items", "stop_stock"} == {name for name, route in changing.items() if not route.repeatable}
    assert {"get_refund_flow", "get_use_flow"} == {name for name, route in routes.items() if route.unsigned}


def test_private_members_stay_out_of_a_repr() -> None:
    """Neither a user nor a user's coupon is printed."""
    sent = cc.SentCoupon(coupon_id="secret")
    found = convert.from_wire(cc.CashCoupon, {"coupon_id": "secret"})
    asked = cc.GetUserCoupon(openid="secret", coupon_id="secret", appid="wx-1")

    assert "secret" not in repr(sent) + repr(found) + repr(asked)


def test_the_time_of_a_change_is_read_by_either_name() -> None:
    """The goods of a stock are changed at a time that has two names."""
    for name in ("pause_time", "effect_time"):
        read = convert.from_wire(cc.ModifiedStockItems, {name: "2026-12-03T10:00:00+08:00", "stock_id": "1"})
        assert read.effective is not None
        assert "2026-12-03T10:00:00+08:00" == read.effective.isoformat()


def test_every_flow_says_what_to_download() -> None:
    """The four answers have their hash under three names, and one way to the file."""
    url = "https://api.mch.weixin.qq.com/v3/billdownload/file?token=tea"
    flows: list[Downloadable] = [
        cc.FlowFile(url=url, hash_value="a", hash_type="SHA1"),
        cc.UseFlowOfDay(url=url, stock_useflow_hash="a", stock_useflow_count="1"),
        cc.RefundFlowOfDay(url=url, stock_refundflow_hash="a", stock_refundflow_count="1"),
    ]

    assert {Link(url, "a", "SHA1")} == {flow.download for flow in flows}
    assert not any("token" in repr(flow) + repr(flow.download) for flow in flows)
