"""Every endpoint is declared as WeChat Pay documents it: ``contract/`` holds what is documented, family by family."""

import copy
from typing import Any

import pytest

from wxcoupon import endpoint
from wxcoupon.product_coupon import UploadCouponCodes

from . import contracts
from .contracts import DIFFERENCES, ENDPOINTS, TABLES, Comparison, route_problems

FAMILIES = sorted(TABLES)


def _found(family: str) -> set[str]:
    compared = Comparison(family)
    found: set[str] = set()
    for name, request in endpoint.registry().items():
        if name.startswith(f"{family}.") and name in ENDPOINTS:
            found.update(route_problems(name, request))
            found.update(compared.request(name, request))
            found.update(compared.answer(name, request.returns))
    return found


def test_every_endpoint_is_declared() -> None:
    """The tables and the registry name the same endpoints, and the families are those of the package."""
    assert sorted(ENDPOINTS) == list(endpoint.registry())
    assert sorted(endpoint.FAMILIES) == FAMILIES


def test_how_many_there_are() -> None:
    """Nothing was dropped from both sides: these are the documented endpoints of each family, by identity."""
    counted = {
        family: {
            caller: sum(caller in facts["paths"] for facts in table["endpoints"].values())
            for caller in ("merchant", "partner", "brand")
        }
        for family, table in TABLES.items()
    }

    assert counted == {
        "busifavor": {"merchant": 29, "partner": 29, "brand": 0},
        "cash_coupon": {"merchant": 20, "partner": 20, "brand": 0},
        "certificate": {"merchant": 1, "partner": 1, "brand": 0},
        "delivery_plan": {"merchant": 0, "partner": 5, "brand": 0},
        "product_coupon": {"merchant": 0, "partner": 35, "brand": 32},
        "store": {"merchant": 0, "partner": 9, "brand": 2},
    }


@pytest.mark.parametrize("family", FAMILIES)
def test_declared_as_documented(family: str) -> None:
    """Routes, members, places, types, limits, enums and necessity are as documented, but for known differences."""
    found, allowed = _found(family), DIFFERENCES.get(family, {})

    assert sorted(found - allowed.keys()) == []
    assert sorted(allowed.keys() - found) == [], "these differences are no more"


def test_every_difference_has_a_reason() -> None:
    """A difference on purpose says why."""
    assert [reason for known in DIFFERENCES.values() for reason in known.values() if not reason.endswith(".")] == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda facts: facts.update(method="PUT"), "method is POST"),
        (lambda facts: facts["paths"].pop("brand"), "paths is"),
        (lambda facts: facts["rates"].update(partner="21/s"), "rates is"),
        (lambda facts: facts.update(key=None), "key is out_request_no"),
        (lambda facts: facts["body"].pop(), "code_list in the body is not documented"),
        (lambda facts: facts["body"].append({"name": "note", "type": "text"}), "note is not in the body"),
        (lambda facts: facts["body"][1].update(max_items=201), "max_items is 200, documented 201"),
        (lambda facts: facts["body"][1]["items"].update(max_length=41), "max_length is 40, documented 41"),
        (lambda facts: facts["body"][1]["items"].update(alphabet="0-9"), "the alphabet is"),
        (lambda facts: facts["body"][0].update(required=False), "is required, documented otherwise"),
        (lambda facts: facts["body"][0].update(type="whole"), "documented whole"),
        (lambda facts: facts["answer"].pop(), "is not documented"),
        (lambda facts: facts["answer"].append({"name": "note", "type": "text"}), "note is not declared"),
    ],
    ids=range(13),
)
def test_a_difference_is_found(change: Any, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is documented otherwise than it is declared is found, whatever it is."""
    name = "product_coupon.upload_coupon_codes"
    facts = copy.deepcopy(ENDPOINTS[name])
    change(facts)
    monkeypatch.setitem(contracts.ENDPOINTS, name, facts)
    compared = Comparison("product_coupon")
    found = [
        *route_problems(name, UploadCouponCodes),
        *compared.request(name, UploadCouponCodes),
        *compared.answer(name, UploadCouponCodes.returns),
    ]

    assert any(said in problem for problem in found), found
