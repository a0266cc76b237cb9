"""Rows of any endpoint as calls: what is wrong with them, their numbers, and what makes two of them one."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from wxcoupon import busifavor, cash_coupon
from wxcoupon import product_coupon as pc
from wxcoupon.bulk import pre_send_requests, request_no_for
from wxcoupon.bulk.outcomes import RowEnd
from wxcoupon.bulk.rows.presend_task import PreSendTask
from wxcoupon.bulk.rows.row_numbers import number_for
from wxcoupon.bulk.rows.row_task import RowTask
from wxcoupon.bulk.verdicts import Ending
from wxcoupon.checks import faults
from wxcoupon.convert import from_wire, to_wire
from wxcoupon.endpoint import AnyEndpoint, registry
from wxcoupon.errors import (
    ApiError,
    BadSignature,
    ConfigurationError,
    InvalidRequest,
    NoAnswerError,
    NotAllowedError,
    RateLimited,
    ServerError,
    UnreachableError,
    WxCouponError,
)

from ..sandbox.any_request import samples
from .rows import DEFAULTS, alone, piece

USE = {
    "openid": "o-1",
    "coupon_code": "c-1",
    "use_time": "2026-12-07T12:30:00+08:00",
    "associated_order_info.transaction_id": "4200000000",
}


def _use(**defaults: str) -> RowTask[pc.UserProductCouponEntity]:
    return RowTask(pc.UseCoupon, "spring", defaults={**DEFAULTS, **defaults})


def test_a_typed_request() -> None:
    """Cells become a request of the types it declares, with the defaults where the row is silent."""
    row = {**USE, "appid": "wx1", "saved_amount": "100", "store_id": "", "name": "not read"}
    request = _use(store_id="7").request(piece(row))
    assert isinstance(request, pc.UseCoupon)
    assert timedelta(hours=8) == request.use_time.utcoffset()
    assert {
        **DEFAULTS,
        "appid": "wx1",
        "openid": "o-1",
        "coupon_code": "c-1",
        "use_time": "2026-12-07T12:30:00+08:00",
        "out_request_no": request.out_request_no,
        "store_id": "7",
        "associated_order_info": {"transaction_id": "4200000000"},
        "saved_amount": 100,
    } == to_wire(request)


def test_all_faults_of_a_row_at_once() -> None:
    """A row says all that is wrong with it, by column, and the rows beside it are not touched by that."""
    bad = {
        "coupon_code": "c" * 41,
        "use_time": "yesterday",
        "saved_amount": "1.5",
        "associated_order_info.out_trade_no": "t-1",
        "associated_order_info.mchid": "",
    }
    found = _use().examine(piece(USE, bad, USE, problems={2: "this is no csv"}))

    assert [1, 2] == sorted(found.faults)
    assert "this is no csv" == found.faults[2]
    assert [
        "$.openid: is required",
        "$.coupon_code: has to be 1 to 40 characters (it has 41)",
        "$.use_time: has to be a time as RFC 3339, like 2025-08-01T00:00:00+08:00",
        "$.associated_order_info.mchid: is required together with out_trade_no",
        "$.saved_amount: has to be a whole number, not text",
    ] == found.faults[1].split("; ")


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        ({"coupon_tag_info": '{"coupon_tags": []}'}, "$.coupon_tag_info.coupon_tags: there is no such member; known"),
        ({"coupon_tag_info": "MEMBER"}, "$.coupon_tag_info: has to be an object, a CouponTagInfo, not text"),
        ({"coupon_tag_info.coupon_tag_list": "GOLD"}, "$.coupon_tag_info.coupon_tag_list[0]: has to be one of"),
        ({"coupon_tag_info.coupon_tag_list": "[1"}, "$.coupon_tag_info.coupon_tag_list: has to be a list, not text"),
    ],
    ids=["unknown member", "no object", "no such tag", "no list"],
)
def test_faults_of_parts(cell: Mapping[str, str], fault: str) -> None:
    """A part that cannot be read says so under its own path."""
    task = RowTask(pc.SendCoupon, "spring", defaults=DEFAULTS)
    found = task.examine(piece({"openid": "o-1", **cell}))
    assert found.faults[0].startswith(fault)


def test_one_value_a_line() -> None:
    """A source of one value a line says the only member that is needed and has no default."""
    send = RowTask(pc.SendCoupon, "spring", defaults=DEFAULTS)
    give_back = RowTask(busifavor.ReturnCoupon, "spring", defaults={"stock_id": "100088"})
    pre_send = RowTask(busifavor.PreSendProductCoupon, "spring", defaults={"stock_id": "100089", "appid": "wx1"})

    assert "o-1" == getattr(send.request(piece("o-1")), "openid", None)
    assert "c-1" == getattr(give_back.request(piece("c-1")), "coupon_code", None)
    assert "o-1" == getattr(pre_send.request(piece("o-1")), "openid", None)


def test_one_value_is_not_enough() -> None:
    """Where a row needs more than one value, a source of one value a line is refused with what is needed."""
    with pytest.raises(ConfigurationError, match="openid, coupon_code, use_time"):
        _use().unused([])
    with pytest.raises(ConfigurationError, match="openid, coupon_code, use_time"):
        _use().examine(piece("c-1"))


def test_columns_that_are_not_read() -> None:
    """Columns that nothing reads are told, whatever is read is not."""
    header = ["openid", "coupon_code", "use_time", "associated_order_info.transaction_id", "out_reqest_no", "name", ""]
    assert ["out_reqest_no", "name"] == _use().unused(header)
    assert [] == RowTask(pc.SendCoupon, "spring", defaults=DEFAULTS).unused([])


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (["openid", "use_time"], "no coupon_code is known: give it for all rows"),
        (["openid", "coupon_code", "use_time", "openid"], "several columns called 'openid'"),
        (
            ["openid", "coupon_code", "use_time", "associated_order_info.transacton_id"],
            "did you mean 'associated_order_info.transaction_id'",
        ),
    ],
    ids=["missing", "twice", "misspelt part"],
)
def test_columns_that_will_not_do(header: list[str], message: str) -> None:
    """A header that no row could be sent with is refused before any row is read."""
    with pytest.raises(ConfigurationError, match=message):
        _use().unused(header)


@pytest.mark.parametrize(
    ("endpoint", "more", "message"),
    [
        (pc.UseCoupon, {"defaults": {"out_request_no": "number_1"}}, "number of one row"),
        (pc.UseCoupon, {"defaults": {"stockid": "7"}}, "did you mean 'stock_id'"),
        (pc.UseCoupon, {"column": "code"}, "has no member 'code'"),
        (pc.SetNotifyConfig, {}, "has no request number"),
    ],
    ids=["a number for all", "misspelt default", "misspelt column", "no number"],
)
def test_what_is_no_job(endpoint: type[AnyEndpoint], more: dict[str, Any], message: str) -> None:
    """A job that could not work is refused when it is made."""
    with pytest.raises(ConfigurationError, match=message):
        RowTask(endpoint, "spring", **more)


def test_a_default_that_will_not_do() -> None:
    """A default that breaks documented rules is refused once, not row by row; what only rows lack is not its fault."""
    with pytest.raises(InvalidRequest) as caught:
        _use(saved_amount="much", stock_id="7" * 41)
    assert ["$.stock_id", "$.saved_amount"] == [fault.path for fault in caught.value.faults]

    with pytest.raises(InvalidRequest, match="coupon_tag_list"):
        RowTask(pc.SendCoupon, "spring", defaults={"coupon_tag_info.coupon_tag_list": "GOLD"})


def test_numbers_are_pinned() -> None:
    """The numbers that rows are given never change, and those of pre-sends are those of pre_send_requests."""
    pre_send = PreSendTask("spring", **DEFAULTS)
    [request] = pre_send_requests(["o-1"], job="spring", **DEFAULTS)

    assert request == pre_send.request(piece("o-1"))
    assert request == RowTask(pc.PreSendCoupon, "spring", defaults=DEFAULTS).request(piece("o-1"))
    assert "wxc-a69d3a93be2091bceee3f845f6e93c0c" == request.send_request_no
    assert "bd5b99326448e57f75d0237c4927baec" == pre_send.digest(piece("o-1")).hex()
    assert "wxc-02a28c1f6aa263924b0a2442a5ecd500" == number_for(
        pc.SendCoupon, "spring", {**DEFAULTS, "appid": "wx1", "openid": "o-1"}
    )
    assert "wxc-72f10890ab4a6b9f9a605f1c7201c05b" == getattr(_use().request(piece(USE)), "out_request_no", None)


def test_a_number_is_of_what_the_row_is_about() -> None:
    """Another user, coupon, kind of call or job has another number; what is only said of a coupon changes nothing."""
    members = {**DEFAULTS, "openid": "o-1", "coupon_code": "c-1"}
    number = number_for(pc.UseCoupon, "spring", members)

    assert number == number_for(pc.UseCoupon, "spring", {**members, "use_time": "later", "store_id": "7"})
    others = {
        number_for(pc.UseCoupon, "spring", {**members, "openid": "o-2"}),
        number_for(pc.UseCoupon, "spring", {**members, "coupon_code": "c-2"}),
        number_for(pc.UseCoupon, "spring", {**members, "stock_id": "7"}),
        number_for(pc.UseCoupon, "autumn", members),
        number_for(pc.ReturnCoupon, "spring", members),
    }
    assert 6 == len({number, *others})


def test_a_number_of_what_is_about_no_user() -> None:
    """Where a call is about neither a user nor a coupon, its number is made of all that is sent."""
    members = {"product_coupon_id": "1", "stock_id": "2", "update_mode": "MAX_COUNT", "target_max_count": 6}
    number = number_for(pc.UpdateStockBudget, "spring", members)
    assert number == number_for(pc.UpdateStockBudget, "spring", {**members, "out_request_no": "mine_0001"})
    assert number != number_for(pc.UpdateStockBudget, "spring", {**members, "target_max_count": 7})


@pytest.mark.parametrize(
    "endpoint",
    [one for one in registry().values() if one.route.key is not None and samples(one)],
    ids=lambda endpoint: endpoint.name,
)
def test_a_derived_number_is_taken_everywhere(endpoint: type[AnyEndpoint]) -> None:
    """A derived number keeps the rules of every endpoint that has one."""
    key = str(endpoint.route.key)
    wire = samples(endpoint)[0]
    request = from_wire(endpoint, {**wire, key: number_for(endpoint, "spring", wire)})
    assert [] == [fault for fault in faults(request) if fault.path == f"$.{key}"]


def test_the_same_pre_send_twice() -> None:
    """Rows with one openid, stock and number are one; another number, stock or user is another row."""
    task = PreSendTask("spring", **DEFAULTS)
    first, same, by_attach, *others = task.examine(
        piece(
            {"openid": "o-1"},
            {"openid": "o-1", "send_request_no": "wxc-a69d3a93be2091bceee3f845f6e93c0c"},
            {"openid": "o-1", "attach": "table 7"},
            {"openid": "o-1", "send_request_no": "mine_0001"},
            {"openid": "o-1", "stock_id": "7"},
            {"openid": "o-2"},
        )
    ).keys
    assert first == same == by_attach
    assert 4 == len({first, *others})


def test_the_same_row_twice() -> None:
    """Rows of which the very same is sent are one; one number with something else is another row, and is sent."""
    later = {**USE, "use_time": "2026-12-08T12:30:00+08:00"}
    rows = piece(USE, {**USE, "note": "not read"}, later)
    task = _use()

    first, same, other = task.examine(rows).keys
    numbers = {getattr(task.request(alone(rows, position)), "out_request_no", None) for position in range(3)}

    assert first == same != other
    assert 1 == len(numbers)


def test_a_digest_names_what_is_sent() -> None:
    """Rows that send the same have the same digest, whichever column or default says it; anything else changes it."""
    row = piece({**USE, "stock_id": DEFAULTS["stock_id"]})
    assert 16 == len(_use().digest(row))
    assert _use().digest(piece(USE)) == _use().digest(row)
    assert _use().digest(piece(USE)) != _use().digest(piece({**USE, "saved_amount": "1"}))
    assert _use().digest(piece(USE)) != RowTask(pc.UseCoupon, "autumn", defaults=DEFAULTS).digest(piece(USE))


def test_targets() -> None:
    """What may not change while a job lasts: what is called, and what all rows share."""
    assert {"endpoint": "product_coupon.use_coupon", **DEFAULTS} == _use().target
    assert ("rows", "pre_send") == (RowTask.kind, PreSendTask.kind)
    expected = {"product_coupon_id": "1", "stock_id": None, "appid": None}
    assert expected == PreSendTask("spring", product_coupon_id="1").target


def _refused(status: int, code: str = "", kind: type[ApiError] = ApiError) -> ApiError:
    return kind(status=status, code=code, verified=True)


@pytest.mark.parametrize(
    ("error", "first", "later"),
    [
        (NotAllowedError("a merchant may not"), True, True),
        (UnreachableError("refused"), True, True),
        (BadSignature("of somebody else"), True, True),
        (_refused(401, "SIGN_ERROR"), True, True),
        (_refused(404, "NOT_FOUND"), True, False),
        (_refused(403, "NOT_ENOUGH"), True, False),
        (_refused(403, "NO_AUTH"), True, False),
        (_refused(403, "RULE_LIMIT"), False, False),
        (_refused(400, "INVALID_REQUEST"), False, False),
        (_refused(429, "RATELIMIT_EXCEEDED", RateLimited), True, False),
        (_refused(500, "SYSTEM_ERROR", ServerError), True, False),
        (NoAnswerError("cut off"), True, False),
    ],
    ids=lambda value: f"{type(value).__name__} {value}" if isinstance(value, WxCouponError) else str(value),
)
def test_what_holds_for_all(error: WxCouponError, *, first: bool, later: bool) -> None:
    """What no other row could escape ends a job; some refusals do only when they meet the first row."""
    task = PreSendTask("spring", **DEFAULTS)
    row = piece({"openid": "o-1", "send_request_no": "mine_0001", "attach": "table 7", "note": "not read"})
    assert first == task.holds_for_all(error, row, first=True)
    assert later == task.holds_for_all(error, row, first=False)


@pytest.mark.parametrize(
    ("task", "row"),
    [
        (PreSendTask("spring", **DEFAULTS), {"openid": "o-1", "stock_id": "7"}),
        (_use(), USE),
        (RowTask(busifavor.ReturnCoupon, "spring", defaults={"stock_id": "100088"}), "c-1"),
    ],
    ids=["own stock", "own coupon", "own coupon alone"],
)
def test_refused_for_its_own(task: RowTask[Any], row: str | Mapping[str, str]) -> None:
    """A row that names a stock or a coupon of its own may be refused for that, which says nothing of the others."""
    assert not task.holds_for_all(_refused(404, "NOT_FOUND"), piece(row), first=True)


def test_a_user_who_has_enough() -> None:
    """Cash coupons refuse a single user with 403 too, which says nothing of the others."""
    task = RowTask(
        cash_coupon.SendCoupon,
        "spring",
        defaults={"stock_id": "1", "appid": "wx1", "stock_creator_mchid": "1900000001"},
    )
    assert not task.holds_for_all(_refused(403, "RULE_LIMIT"), piece("o-1"), first=True)
    assert task.holds_for_all(_refused(403, "NOT_ENOUGH"), piece("o-1"), first=True)


def test_outcomes() -> None:
    """What is told of a row has the number of its call and what was sent; of a row that says nothing there is none."""
    told = PreSendTask("spring", **DEFAULTS).outcome(RowEnd(3, "o-1", {}, Ending.FAILED, "refused"))
    assert (3, Ending.FAILED, "refused") == (told.line, told.outcome, told.reason)
    assert request_no_for("spring", DEFAULTS["product_coupon_id"], DEFAULTS["stock_id"], "o-1") == told.request_no
    assert {**DEFAULTS, "openid": "o-1", "send_request_no": told.request_no} == told.members
    assert "o-1" not in repr(told)

    unread = _use().outcome(RowEnd(4, "", {}, Ending.INVALID, "this is no csv"))
    assert ("", {}) == (unread.request_no, unread.members)


def test_two_refunds_of_one_payment_have_two_numbers() -> None:
    """Rows about the same coupon and payment are two calls where they name two refunds."""
    same = {"stock_id": "100089", "coupon_code": "c-1", "transaction_id": "4200", "payer_merchant": "1", "amount": "5"}
    task = RowTask(busifavor.CreateSubsidyReturn, "spring")
    rows = piece(*({**same, "subsidy_receipt_id": "r", "refund_id": refund} for refund in ("50300", "50301")))

    numbers = {getattr(task.request(alone(rows, position)), "out_subsidy_return_no", None) for position in range(2)}

    assert 2 == len(numbers - {None})
