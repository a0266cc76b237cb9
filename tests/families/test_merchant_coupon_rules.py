"""Merchant coupons: what goes with what in a request, and how both spellings of a receipt are read."""

from typing import Any

import pytest

from wxcoupon import busifavor
from wxcoupon.checks import advice, faults
from wxcoupon.convert import from_wire, to_wire
from wxcoupon.endpoint import AnyEndpoint, registry
from wxcoupon.identity import Identity
from wxcoupon.wire import encode

SEND = {"openid": "o-1", "appid": "wx5b9e27c1d48a063f", "stock_id": "100089", "out_request_no": "a|b_c*d-1"}
MERCHANT = {"type": "MERCHANT", "merchant_id": "1900000125"}
STOCK = {"business_type": "BUSIFAVOR_STOCK", "stock_id": "100089"}
SUBSIDY = {
    "stock_id": "100089",
    "coupon_code": "secret",
    "transaction_id": "4" * 28,
    "payer_merchant": "1900000109",
    "payee_merchant": "1900000125",
    "description": "winter",
}
PARTNERSHIPS: list[type[AnyEndpoint]] = [
    busifavor.BuildPartnership,
    busifavor.TerminatePartnership,
    busifavor.ListPartnerships,
]


def _paths(request: type[AnyEndpoint], members: dict[str, Any]) -> list[str]:
    return [fault.path for fault in faults(from_wire(request, members))]


@pytest.mark.parametrize(
    ("members", "paths"),
    [
        ({"coupon_type": "NORMAL"}, []),
        ({"coupon_type": "NORMAL", "member_card_id": "pKd83nQz"}, []),
        ({"coupon_type": "MEMBER", "member_card_id": "pKd83nQz"}, []),
        ({"coupon_type": "MEMBER"}, ["$.member_card_id"]),
        ({"coupon_type": "GUEST"}, ["$.coupon_type"]),
        ({}, ["$.coupon_type"]),
        ({"coupon_type": "NORMAL", "stock_id": "1" * 128}, []),
        ({"coupon_type": "NORMAL", "stock_id": "1" * 129}, ["$.stock_id"]),
        ({"coupon_type": "NORMAL", "out_request_no": "with space"}, ["$.out_request_no"]),
    ],
)
def test_a_member_coupon_names_the_card(members: dict[str, Any], paths: list[str]) -> None:
    """A coupon of type MEMBER is sent with its card; a card with another type is no fault."""
    assert paths == _paths(busifavor.SendProductCoupon, SEND | members)


@pytest.mark.parametrize(
    ("partner", "authorized_data", "paths"),
    [
        (MERCHANT, STOCK, []),
        ({"type": "APPID", "appid": "wx83d0a6f25e719bc4"}, STOCK | {"business_type": "FAVOR_STOCK"}, []),
        ({"type": "APPID"}, STOCK, ["$.partner.appid"]),
        ({"type": "APPID", "merchant_id": "1900000125"}, STOCK, ["$.partner.appid"]),
        ({"type": "MERCHANT"}, STOCK, ["$.partner.merchant_id"]),
        (MERCHANT, {"business_type": "FAVOR_STOCK"}, ["$.authorized_data.stock_id"]),
        (
            {"type": "MERCHANT"},
            {"business_type": "BUSIFAVOR_STOCK"},
            ["$.authorized_data.stock_id", "$.partner.merchant_id"],
        ),
        (MERCHANT, {"business_type": "SOMETHING"}, ["$.authorized_data.business_type"]),
        (MERCHANT | {"merchant_id": "1" * 16}, STOCK, ["$.partner.merchant_id"]),
    ],
    ids=range(9),
)
@pytest.mark.parametrize("request_type", PARTNERSHIPS, ids=lambda cls: cls.__name__)
def test_a_partnership_says_with_whom_and_about_what(
    request_type: type[AnyEndpoint], partner: dict[str, Any], authorized_data: dict[str, Any], paths: list[str]
) -> None:
    """The member that a type names is there, in every call that takes it."""
    members: dict[str, Any] = {"partner": partner, "authorized_data": authorized_data}
    if request_type is not busifavor.ListPartnerships:
        members["idempotency_key"] = "key|1"

    assert paths == sorted(_paths(request_type, members))


@pytest.mark.parametrize(
    ("key", "paths"),
    [("a|b_c*d-1", []), ("k" * 500, []), ("", ["$.idempotency_key"]), ("a.b", ["$.idempotency_key"])],
    ids=["every kind of character", "long", "empty", "a point"],
)
def test_the_key_of_a_partnership_has_an_alphabet(key: str, paths: list[str]) -> None:
    """The header takes letters, digits and four signs, as many as one likes."""
    members = {"partner": MERCHANT, "authorized_data": STOCK, "idempotency_key": key}

    assert paths == _paths(busifavor.BuildPartnership, members)


def test_whoever_lists_coupons_says_what_it_is() -> None:
    """Without any of the three roles there is advice and no fault; with one of them there is neither."""
    members = {"openid": "o-1", "appid": "wx5b9e27c1d48a063f"}
    request = from_wire(busifavor.ListUserCoupons, members)

    assert ([], ["$"]) == (faults(request), [given.path for given in advice(request)])
    for role in ("creator_merchant", "belong_merchant", "sender_merchant"):
        named = from_wire(busifavor.ListUserCoupons, members | {role: "1900000109"})
        assert ([], []) == (faults(named), advice(named))


@pytest.mark.parametrize(
    ("amount", "paths"), [(0, []), (500_000, []), (500_001, ["$.amount"]), (-1, ["$.amount"])], ids=str
)
def test_a_subsidy_is_at_most_5000_yuan(amount: int, paths: list[str]) -> None:
    """The amount of a subsidy has a limit, that of a return has not."""
    shared = SUBSIDY | {"coupon_code": "c" * 128, "amount": amount}
    returned = shared | {"refund_id": "50300205", "out_subsidy_return_no": "return|1"}

    assert paths == _paths(busifavor.CreateSubsidyPayment, shared | {"out_subsidy_no": "subsidy|1"})
    assert paths == _paths(busifavor.CreateSubsidyReturn, returned) or amount > 500_000


@pytest.mark.parametrize(
    ("amount", "paid", "returned"),
    [(0, ["$.amount"], ["$.amount"]), (1, [], []), (500_000, [], []), (500_001, [], ["$.amount"])],
    ids=str,
)
def test_what_can_hardly_be_meant_of_money_is_advised_against(
    amount: int, paid: list[str], returned: list[str]
) -> None:
    """Nothing at all is neither paid nor returned, and no more is returned than any subsidy has."""
    payment = SUBSIDY | {"amount": amount, "out_subsidy_no": "subsidy|1"}
    giving_back = SUBSIDY | {"amount": amount, "refund_id": "50300205", "out_subsidy_return_no": "return|1"}

    assert paid == [said.path for said in advice(from_wire(busifavor.CreateSubsidyPayment, payment))]
    assert returned == [said.path for said in advice(from_wire(busifavor.CreateSubsidyReturn, giving_back))]


@pytest.mark.parametrize("state", busifavor.CouponState)
def test_states_of_one_description_are_advised_against(state: busifavor.CouponState) -> None:
    """A state that only one description of 2025 has is longer than the parameter takes, or not known to it at all."""
    common = {"SENDED", "USED", "EXPIRED", "DELETED", "DEACTIVATED"}
    members = {"openid": "o-1", "appid": "wx", "sender_merchant": "1900000109", "coupon_state": state}
    request = from_wire(busifavor.ListUserCoupons, members)

    assert [] == faults(request)
    assert ([] if state in common else ["$.coupon_state"]) == [said.path for said in advice(request)]


REPEATED_BY: dict[str, str | None] = {
    "associate_order": "out_request_no",
    "build_partnership": "idempotency_key",
    "create_stock": "out_request_no",
    "create_subsidy_payment": "out_subsidy_no",
    "create_subsidy_return": "out_subsidy_return_no",
    "deactivate_coupon": "deactivate_request_no",
    "delete_coupon_code": "delete_request_no",
    "disassociate_order": "out_request_no",
    "modify_stock": "out_request_no",
    "modify_stock_budget": "modify_budget_request_no",
    "pre_send_product_coupon": "send_request_no",
    "return_coupon": "return_request_no",
    "send_coupon": "out_request_no",
    "send_gov_card": "out_request_no",
    "send_product_coupon": "out_request_no",
    "set_callback": None,
    "terminate_partnership": "idempotency_key",
    "upload_coupon_codes": "upload_request_no",
    "use_coupon": "use_request_no",
}


def test_what_makes_a_repetition_safe() -> None:
    """Whatever changes something has its documented number, and only an address is set again without one."""
    routes = {name.partition(".")[2]: request.route for name, request in registry().items() if "busifavor." in name}
    changing = {name: route for name, route in routes.items() if route.method != "GET"}

    assert {name: route.key for name, route in changing.items()} == REPEATED_BY
    assert ["set_callback"] == [name for name, route in changing.items() if route.harmless]


def test_a_code_of_every_sign_is_one_segment(identities: dict[str, Identity]) -> None:
    """What a code may have of slashes, signs and spaces stays inside its segment, and a number goes into the query."""
    code = "a/b \\|=_-"
    path = "/v3/marketing/busifavor/stocks/100089/couponcodes/a%2Fb%20%5C%7C%3D_-"
    found = busifavor.GetCouponCode(stock_id="100089", coupon_code=code)
    deleted = busifavor.DeleteCouponCode(stock_id="100089", coupon_code=code, delete_request_no="a b&c=+")

    for kind in ("merchant", "partner"):
        assert path == encode(found, identities[kind]).target
        written = encode(deleted, identities[kind])
        assert (f"{path}?delete_request_no=a%20b%26c%3D%2B", b"") == (written.target, written.body)
    assert code not in repr(found) + repr(deleted)


def test_objects_of_a_query_are_compact_json(identities: dict[str, Identity]) -> None:
    """Each object is the JSON text of one parameter, without a space, percent-encoded."""
    request = from_wire(busifavor.ListPartnerships, {"authorized_data": STOCK, "partner": MERCHANT, "offset": 0})

    assert encode(request, identities["merchant"]).target == (
        "/v3/marketing/partnerships?authorized_data=%7B%22business_type%22%3A%22BUSIFAVOR_STOCK%22%2C"
        "%22stock_id%22%3A%22100089%22%7D"
        "&partner=%7B%22type%22%3A%22MERCHANT%22%2C%22merchant_id%22%3A%221900000125%22%7D&offset=0"
    )


@pytest.mark.parametrize("request_type", PARTNERSHIPS[:2], ids=lambda cls: cls.__name__)
def test_the_key_of_a_partnership_is_a_header(request_type: type[AnyEndpoint], identities: dict[str, Identity]) -> None:
    """The key stands in its header and nowhere else."""
    members = {"idempotency_key": "a|b_c*d-1", "partner": MERCHANT, "authorized_data": STOCK}
    written = encode(from_wire(request_type, members), identities["partner"])

    assert {"Idempotency-Key": "a|b_c*d-1"} == dict(written.headers)
    assert b"a|b_c" not in written.target.encode() + written.body


@pytest.mark.parametrize(
    ("receipt", "status", "reason", "short"),
    [
        (busifavor.SubsidyPayReceipt, "PAY_RECEIPT_SUCCESS", None, ("SUCCESS", None)),
        (busifavor.SubsidyPayReceipt, "SUCCESS", None, ("SUCCESS", None)),
        (busifavor.SubsidyPayReceipt, "FAIL", "INSUFFICIENT_BALANCE", ("FAIL", "INSUFFICIENT_BALANCE")),
        (busifavor.SubsidyPayReceipt, "PAY_RECEIPT_FAIL", "PAY_RECEIPT_OTHER", ("FAIL", "OTHER")),
        (busifavor.SubsidyPayReceipt, "PAY_RECEIPT_NEW", "NEW", ("NEW", "NEW")),
        (busifavor.SubsidyReturnReceipt, "RETURN_RECEIPT_SUCCESS", None, ("SUCCESS", None)),
        (busifavor.SubsidyReturnReceipt, "SUCCESS", None, ("SUCCESS", None)),
        (busifavor.SubsidyReturnReceipt, "RETURN_RECEIPT_FAIL", "RETURN_RECEIPT_OTHER", ("FAIL", "OTHER")),
        (busifavor.SubsidyReturnReceipt, "RETURN_RECEIPT_NEW", "NEW", ("NEW", "NEW")),
    ],
    ids=range(9),
)
def test_both_spellings_of_a_receipt_are_one(receipt: Any, status: str, reason: str | None, short: Any) -> None:
    """What is asked of a receipt is the short spelling; what is written again is what came."""
    members = {"status": status} | ({"fail_reason": reason} if reason else {})
    read = from_wire(receipt, members)

    assert short == (read.outcome, read.reason)
    assert members == to_wire(read)


def test_a_malformed_time_is_text() -> None:
    """The time of a deactivation is documented with a sample that is no time: it stays what came."""
    read = from_wire(busifavor.DeactivatedCoupon, {"wechatpay_deactivate_time": "2026-12-20T13:29:35.08:00"})

    assert to_wire(read) == {"wechatpay_deactivate_time": "2026-12-20T13:29:35.08:00"}


def test_private_members_stay_out_of_a_repr() -> None:
    """Openids and coupon codes are not printed."""
    used = from_wire(busifavor.UsedCoupon, {"stock_id": "100089", "openid": "secret", "wechatpay_use_time": "?"})
    request = from_wire(busifavor.CreateSubsidyPayment, {"coupon_code": "secret"})

    assert "secret" not in repr(used) + repr(request)
