"""What goes with what when stocks and bundles are added and changed: one rule broken at a time, with its exact path."""

from typing import Any

import pytest

from wxcoupon import product_coupon as pc
from wxcoupon.checks import faults
from wxcoupon.convert import from_wire, to_wire
from wxcoupon.endpoint import AnyEndpoint

from .kinds import DISCOUNT, EXCHANGE, KINDS, NORMAL

TOTAL = {"current_max_count": 100, "target_max_count": 200}
DAILY = {"current_max_count_per_day": 10, "target_max_count_per_day": 20}
STOCK = {"product_coupon_id": "1000200417", "stock_id": "1000200417001", "out_request_no": "change_1"}
BUNDLE = {"product_coupon_id": "1000200417", "stock_bundle_id": "10002004170019", "out_request_no": "change_1"}
BUDGETS: tuple[tuple[type[AnyEndpoint], dict[str, str]], ...] = (
    (pc.UpdateStockBudget, STOCK),
    (pc.UpdateStockBundleBudget, BUNDLE),
)
RULE = "$.stock.single_usage_rule"
SHARED = "$.stock_bundle.progressive_bundle_usage_rule"


def _faults(cls: type[AnyEndpoint], members: dict[str, Any]) -> dict[str, str]:
    return {fault.path: fault.problem for fault in faults(from_wire(cls, members), unknown=True)}


@pytest.mark.parametrize(("cls", "names"), BUDGETS, ids=["stock", "bundle"])
@pytest.mark.parametrize(("mode", "pair"), [("MAX_COUNT", TOTAL), ("MAX_COUNT_PER_DAY", DAILY)], ids=["total", "day"])
def test_a_budget_is_one_pair(cls: type[AnyEndpoint], names: dict[str, str], mode: str, pair: dict[str, int]) -> None:
    """The pair of its mode alone is right; without it, or with the other one too, every member is named."""
    other = DAILY if pair is TOTAL else TOTAL
    asked: dict[str, Any] = {**names, "update_mode": mode}

    assert _faults(cls, asked | pair) == {}
    assert _faults(cls, asked) == {f"$.{name}": f"is required when update_mode is {mode}" for name in pair}
    assert _faults(cls, asked | pair | other) == {
        f"$.{name}": f"has to be left out when update_mode is {mode}" for name in other
    }
    assert _faults(cls, asked | other).keys() == {f"$.{name}" for name in (*pair, *other)}


@pytest.mark.parametrize(("cls", "names"), BUDGETS, ids=["stock", "bundle"])
def test_a_budget_of_an_unknown_mode(cls: type[AnyEndpoint], names: dict[str, str]) -> None:
    """An unknown mode is one fault: which members it takes, nobody knows."""
    assert _faults(cls, {**names, "update_mode": "MAX_COUNT_PER_HOUR"} | TOTAL).keys() == {"$.update_mode"}


@pytest.mark.parametrize(("cls", "names"), BUDGETS, ids=["stock", "bundle"])
def test_a_budget_has_an_end(cls: type[AnyEndpoint], names: dict[str, str]) -> None:
    """A cap goes up to 100,000,000."""
    asked = {**names, "update_mode": "MAX_COUNT", "current_max_count": 1, "target_max_count": 100_000_001}

    assert _faults(cls, asked).keys() == {"$.target_max_count"}


def _stock(**rules: Any) -> dict[str, Any]:
    stock = to_wire(KINDS["ALL NORMAL SINGLE"])["stock"]
    return {"product_coupon_id": "1000200417", "out_request_no": "stock_1", "stock": stock | rules}


def test_a_stock_to_add_has_one_rule() -> None:
    """A stock without a rule is refused, and one with two; either kind of rule alone is right."""
    single = _stock()["stock"]["single_usage_rule"]
    without = _stock()
    del without["stock"]["single_usage_rule"]
    old = {"sequential_usage_rule": single | {"normal_coupon_list": [to_wire(NORMAL)]}}

    assert _faults(pc.CreateStock, _stock()) == {}
    assert _faults(pc.CreateStock, without | {"stock": without["stock"] | old}) == {}
    assert _faults(pc.CreateStock, without) == {RULE: "is required: it says when a coupon may be redeemed"}
    assert _faults(pc.CreateStock, _stock(**old)) == {
        "$.stock.sequential_usage_rule": "has to be left out beside single_usage_rule"
    }


def test_a_stock_to_add_has_one_discount_at_most() -> None:
    """No discount and one discount are right; each further one is named."""
    rule = _stock()["stock"]["single_usage_rule"]
    one = rule | {"normal_coupon": to_wire(NORMAL)}
    three = one | {"discount_coupon": to_wire(DISCOUNT), "exchange_coupon": to_wire(EXCHANGE)}

    assert _faults(pc.CreateStock, _stock(single_usage_rule=one)) == {}
    assert _faults(pc.CreateStock, _stock(single_usage_rule=three)) == {
        f"{RULE}.discount_coupon": "has to be left out beside normal_coupon",
        f"{RULE}.exchange_coupon": "has to be left out beside normal_coupon",
    }


def test_a_bundle_to_add_has_one_list() -> None:
    """One list of discounts is right; none, and a second one, are named."""
    bundle = to_wire(KINDS["ALL NORMAL PROGRESSIVE_BUNDLE"])["stock_bundle"]
    rule = bundle["progressive_bundle_usage_rule"]
    asked = {"product_coupon_id": "1000200417", "out_request_no": "bundle_1"}

    def found(rule: dict[str, Any]) -> dict[str, str]:
        return _faults(pc.CreateStockBundle, asked | {"stock_bundle": bundle | {"progressive_bundle_usage_rule": rule}})

    assert found(rule) == {}
    assert found({"coupon_available_period": rule["coupon_available_period"]}) == {
        SHARED: "needs one of normal_coupon_list, discount_coupon_list, exchange_coupon_list"
    }
    assert found(rule | {"exchange_coupon_list": [to_wire(EXCHANGE)] * 3}) == {
        f"{SHARED}.exchange_coupon_list": "has to be left out beside normal_coupon_list"
    }


@pytest.mark.parametrize(
    ("cls", "names"), [(pc.UpdateStock, STOCK), (pc.UpdateStockBundle, BUNDLE)], ids=["stock", "bundle"]
)
def test_a_change_says_which_stores(cls: type[AnyEndpoint], names: dict[str, str]) -> None:
    """The wire would take a change without store_scope for NONE: here it has to be said."""
    assert _faults(cls, {**names, "remark": "new"}) == {"$.store_scope": "is required"}
    assert _faults(cls, {**names, "remark": "", "store_scope": "ALL"}) == {}


@pytest.mark.parametrize(
    ("cls", "names"),
    [
        (pc.AssociateStores, STOCK),
        (pc.DisassociateStores, STOCK),
        (pc.AssociateStockBundleStores, BUNDLE),
        (pc.DisassociateStockBundleStores, BUNDLE),
    ],
    ids=["add", "take off", "add to a bundle", "take off a bundle"],
)
def test_stores_are_1_to_200(cls: type[AnyEndpoint], names: dict[str, str]) -> None:
    """1 to 200 stores go into a call; one may be named twice."""
    where = {name: value for name, value in names.items() if name != "out_request_no"}

    assert _faults(cls, {**where, "store_list": [{"store_id": "30017"}] * 200}) == {}
    assert _faults(cls, {**where, "store_list": []}).keys() == {"$.store_list"}
    assert _faults(cls, {**where, "store_list": [{"store_id": "30017"}] * 201}).keys() == {"$.store_list"}
