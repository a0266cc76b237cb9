"""Stores: what is refused of them, and what is only advised against."""

from typing import Any

import pytest

from wxcoupon.checks import advice, faults
from wxcoupon.convert import from_wire
from wxcoupon.store import CreateBrandStore, UpdateBrandStore

ADDRESS = {"address_code": "440106", "address_detail": "天河路208号"}


def _store(**parts: dict[str, Any]) -> CreateBrandStore:
    return from_wire(CreateBrandStore, {"store_address": ADDRESS} | parts)


def _placed(**members: str) -> CreateBrandStore:
    return _store(store_address=ADDRESS | members)


RIGHT: dict[str, CreateBrandStore] = {
    "an address alone": _store(),
    "the edges of the earth": _placed(longitude="-180", latitude="+90.000"),
    "the middle of it": _placed(longitude="0", latitude="-0.5"),
    "one phone number": _store(store_business={"service_phone": "020-81234567"}),
    "two phone numbers": _store(store_business={"service_phone": "020-81234567|4008001234"}),
    "seven periods": _store(store_business={"business_hours": "|".join(["周一 09:00-20:00"] * 7)}),
    "hours past midnight": _store(store_business={"business_hours": "周五至周日 18:00-次日02:00"}),
    "a plain branch": _store(store_basics={"branch_name": "天河城店"}),
}


@pytest.mark.parametrize("name", RIGHT)
def test_right(name: str) -> None:
    """What the documentation allows has no fault, and nothing is advised against it."""
    assert [*faults(RIGHT[name]), *advice(RIGHT[name])] == []


WRONG: dict[str, tuple[CreateBrandStore, list[str]]] = {
    "beyond the earth": (
        _placed(longitude="180.1", latitude="-90.01"),
        ["$.store_address.longitude", "$.store_address.latitude"],
    ),
    "no numbers": (
        _placed(longitude="113°E", latitude="nan"),
        ["$.store_address.longitude", "$.store_address.latitude"],
    ),
    "a code of letters": (_placed(address_code="44010A"), ["$.store_address.address_code"]),
    "a code of other digits": (_placed(address_code="４４０１０６"), ["$.store_address.address_code"]),
    "three phone numbers": (_store(store_business={"service_phone": "1|2|3"}), ["$.store_business.service_phone"]),
    "a phone number with a plus": (
        _store(store_business={"service_phone": "+86 20"}),
        ["$.store_business.service_phone"],
    ),
    "eight periods": (
        _store(store_business={"business_hours": "|".join(["周一 09:00-20:00"] * 8)}),
        ["$.store_business.business_hours"],
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong(name: str) -> None:
    """Each fault is found where it is."""
    request, paths = WRONG[name]

    assert paths == [fault.path for fault in faults(request)]


DUBIOUS: dict[str, tuple[CreateBrandStore, str]] = {
    "brackets": (_store(store_basics={"branch_name": "晨光（天河城店）"}), "$.store_basics.branch_name"),
    "a dash": (_store(store_basics={"branch_name": "晨光-天河城店"}), "$.store_basics.branch_name"),
    "hours in words": (_store(store_business={"business_hours": "全天营业"}), "$.store_business.business_hours"),
    "a comma between periods": (
        _store(store_business={"business_hours": "周一 09:00-20:00,周二 09:00-20:00"}),
        "$.store_business.business_hours",
    ),
}


@pytest.mark.parametrize("name", DUBIOUS)
def test_dubious(name: str) -> None:
    """What the documentation only shows otherwise is advised against, and is no fault."""
    request, path = DUBIOUS[name]

    assert ([], [path]) == (faults(request), [said.path for said in advice(request)])


def test_a_changed_address_is_whole() -> None:
    """Whichever part of an address changes, both its required members are sent."""
    request = from_wire(UpdateBrandStore, {"store_id": "50000001", "store_address": {"longitude": "113.3"}})

    assert ["$.store_address.address_code", "$.store_address.address_detail"] == [
        fault.path for fault in faults(request)
    ]
