"""Every documented event has its class, as documented: ``contract/`` holds what is documented, family by family."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

import wxcoupon
from tests.families.contracts import Comparison, Facts
from tests.families.test_words import _undescribed
from wxcoupon import busifavor, convert, crypto, event
from wxcoupon import product_coupon as pc
from wxcoupon.brand_card import UserCardCreated
from wxcoupon.errors import UnreadableAnswer
from wxcoupon.event import Event, UnknownEvent
from wxcoupon.identity import Merchant
from wxcoupon.model import PRIVATE, SEALED, fields, hints, marks
from wxcoupon.notify import unsealed
from wxcoupon.notify.receive import read
from wxcoupon.sandbox import Keys

_FOLDER = Path(__file__).parent / "contract"
TABLES: dict[str, Facts] = {
    path.stem: json.loads(path.read_text("utf-8"))
    for path in sorted(_FOLDER.glob("*.json"))
    if path.stem != "differences"
}
DIFFERENCES: dict[str, dict[str, str]] = json.loads((_FOLDER / "differences.json").read_text("utf-8"))
EVENTS = {name: (family, facts) for family, table in TABLES.items() for name, facts in table["events"].items()}
REGISTRY = event.registry()
MODULES = sorted((Path(wxcoupon.__file__).parent / family / "events.py") for family in event.FAMILIES)
MODULES += [Path(wxcoupon.__file__).parent / "brand_card" / "information.py"]


class _Compared(Comparison):
    """Compares the classes of a family's events with its table."""

    def __init__(self, family: str) -> None:
        self._table = TABLES[family]
        self._seen = set()

    def event(self, name: str, cls: type[Event]) -> set[str]:
        """Where an event is declared otherwise."""
        facts = self._table["events"][name]
        found = set(self._object_of(name, facts["members"], cls, sent=False))
        found |= {f"{name}: the page {page} is not named" for page in facts["pages"] if page not in (cls.__doc__ or "")}
        return found


def _made(family: str, members: list[Facts], *, whole: bool) -> dict[str, Any]:
    """An object as documented: with every member, or only with those that are always there."""
    return {field["name"]: _value(family, field, whole=whole) for field in members if whole or field["required"]}


def _value(family: str, field: Facts, *, whole: bool) -> Any:
    table, kind = TABLES[family], field["type"]
    if kind == "list":
        return [_value(family, {"name": field["name"], **field["items"]}, whole=whole)] * 2
    if kind == "object":
        return _made(family, table["objects"][field["object"]], whole=whole)
    simple = {"text": f"secret {field['name']}", "whole": 7, "truth": True, "time": "2025-05-20T13:29:35.120+08:00"}
    return table["enums"][field["enum"]][0] if kind == "enum" else field.get("value", simple.get(kind))


def _grown(data: Any) -> Any:
    """The same from a later day: a new member in every object, another spelling of times, unknown words."""
    if isinstance(data, dict):
        return {name: _grown(value) for name, value in data.items()} | {"of_tomorrow": {"deep": [1, None, 2.5]}}
    if isinstance(data, list):
        return [_grown(value) for value in data]
    if isinstance(data, str) and data.startswith("2025-"):
        return "2025-05-20T05:29:35Z"
    return f"{data}_OF_TOMORROW" if isinstance(data, str) and data.isupper() else data


def test_every_event_is_declared() -> None:
    """The tables and the registry name the same events, and every spelling of a type leads to one class."""
    spelled = {spelling for name, (_, facts) in EVENTS.items() for spelling in (name, *facts["also"])}
    spelled |= {name.replace("COUPON.", "COUPON_SP.") for name in EVENTS if name.startswith("PRODUCT_COUPON.")}
    spelled |= {name.replace("COUPON_SP.", "COUPON.") for name in EVENTS if name.startswith("PRODUCT_COUPON_SP.")}

    assert spelled == set(REGISTRY)
    assert 12 == len(EVENTS)
    for name in EVENTS:
        other = name.replace("COUPON_SP.", "COUPON.") if name.startswith("PRODUCT_COUPON_SP.") else name
        assert REGISTRY[name] is REGISTRY[other]
        assert all(REGISTRY[old] is REGISTRY[name] for old in EVENTS[name][1]["also"])


@pytest.mark.parametrize("family", sorted(TABLES))
def test_declared_as_documented(family: str) -> None:
    """Members, types, enums, necessity and pages are as documented, but for known differences."""
    compared = _Compared(family)
    found = {problem for name in TABLES[family]["events"] for problem in compared.event(name, REGISTRY[name])}

    assert sorted(found) == sorted(DIFFERENCES[family])
    assert all(reason.endswith(".") for reason in DIFFERENCES[family].values())


@pytest.mark.parametrize("name", sorted(EVENTS))
@pytest.mark.parametrize("kind", ["whole", "least", "of tomorrow"])
def test_nothing_is_lost(name: str, kind: str) -> None:
    """What is read into an event and written again is equal to what came, whatever was new in it."""
    family, facts = EVENTS[name]
    came = _made(family, facts["members"], whole=kind != "least")
    came = _grown(came) if kind == "of tomorrow" else came
    told = read(name, came)

    assert REGISTRY[name] is type(told)
    assert came == convert.to_wire(told)
    assert (set() if kind != "of tomorrow" else {"of_tomorrow"}) == set(told.extra)


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_what_is_personal_is_not_shown(name: str) -> None:
    """No repr shows an openid, a code or a phone number, nor what is sealed, at any depth."""
    family, facts = EVENTS[name]
    told = read(name, _made(family, facts["members"], whole=True))
    objects = [facts["members"], *TABLES[family]["objects"].values()]
    hidden = {field["name"] for members in objects for field in members if field.get("private") or field.get("sealed")}

    shown = set(re.findall(r"secret (\w+)", repr(told)))
    assert set() == shown & hidden
    for field in facts["members"]:
        found = marks(hints(type(told))[field["name"]])
        assert (field.get("private", False), field.get("sealed", False)) == (PRIVATE in found, SEALED in found)


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_every_event_tells_occurrences_apart(name: str) -> None:
    """The members that tell one occurrence from another always come, or the notification's id does it."""
    family, facts = EVENTS[name]
    whole = _made(family, facts["members"], whole=True)

    for told_by in REGISTRY[name].told_by:
        value: Any = whole
        for part in told_by.split("."):
            value = value[part]
        assert isinstance(value, str)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_every_member_is_described(module: Path) -> None:
    """Every event has a docstring, every member of it one line of its own, and its family's window shows it."""
    nodes = [node for node in ast.parse(module.read_text("utf-8")).body if isinstance(node, ast.ClassDef)]
    window = vars(__import__(f"wxcoupon.{module.parent.name}", fromlist=["*"]))

    assert [] == [lack for node in nodes for lack in _undescribed(node)]
    assert {node.name for node in nodes} <= set(window)


def test_a_type_that_nobody_knows() -> None:
    """It is read into an UnknownEvent with all that came, and its repr tells nothing of that."""
    told = read("PRODUCT_COUPON_SP.MELTED", {"openid": "o-secret"})

    assert UnknownEvent(event_type="PRODUCT_COUPON_SP.MELTED", data={"openid": "o-secret"}) == told
    assert "UnknownEvent(event_type='PRODUCT_COUPON_SP.MELTED')" == repr(told)


def test_members_of_other_types_are_kept() -> None:
    """Members that are not of their type stay what they are, and required ones that did not come are None."""
    came = {"coupon_code": 7, "send_channel": None, "receive_time": "yesterday", "valid_begin_time": [1]}
    told = read("PRODUCT_COUPON.SEND", came)

    assert isinstance(told, pc.CouponSent)
    names = ("coupon_code", "send_channel", "receive_time", "valid_begin_time", "openid")
    assert [7, None, "yesterday", [1], None] == [getattr(told, name) for name in names]


@pytest.mark.parametrize(("came", "kind"), [(1900000001, int), ("1900000001", str)])
def test_the_owner_of_a_hall_comes_in_two_types(came: Any, kind: type) -> None:
    """A number on the page and text in SDKs: both are kept."""
    told = read("COUPON.SEND", {"attach_info": {"hall_belong_mch_id": came}})

    assert isinstance(told, busifavor.CouponSent)
    assert told.attach_info is not None
    assert isinstance(told.attach_info.hall_belong_mch_id, kind)


async def test_sealed_members_are_opened_with_the_private_key(keys: Keys) -> None:
    """Sensitive members stay sealed until the identity they are sealed for opens them, each in its place."""
    merchant = Merchant(mchid="1900000001", serial_no="AB", private_key=keys.merchant)

    def sealed(text: str) -> str | None:
        return crypto.seal_oaep(keys.merchant.public_key(), text.encode())

    family, facts = EVENTS["BRAND_MEMBER_CARD_SP.USER_CARD.CREATE"]
    came = _made(family, facts["members"], whole=True) | {
        "phone_number": sealed("13800138000"),
        "user_information": {
            "common_field_list": [{"name": "USER_FORM_FLAG_NAME", "value": sealed("张三")}],
            "custom_field_list": [{"name": "爱好", "user_chosen_values": [sealed("茶"), sealed("棋")]}],
        },
    }
    told = read("MEMBERCARDSP.USER_CARD.CREATE", came)
    assert isinstance(told, UserCardCreated)
    opened = await unsealed(told, merchant)

    assert came == convert.to_wire(told)
    assert convert.to_wire(opened) == came | {
        "phone_number": "13800138000",
        "user_information": {
            "common_field_list": [{"name": "USER_FORM_FLAG_NAME", "value": "张三"}],
            "custom_field_list": [{"name": "爱好", "user_chosen_values": ["茶", "棋"]}],
        },
    }
    assert "13800138000" not in repr(opened)
    assert "张三" not in repr(opened)


async def test_members_that_are_sealed_for_somebody_else(keys: Keys) -> None:
    """What does not open is an UnreadableAnswer."""
    other = Merchant(mchid="1900000001", serial_no="AB", private_key=keys.partner)
    sealed = crypto.seal_oaep(keys.merchant.public_key(), b"13800138000")
    told = read("BRAND_MEMBER_CARD_SP.USER_CARD.DELETE", {"phone_number": sealed})

    with pytest.raises(UnreadableAnswer, match="phone_number"):
        await unsealed(told, other)


def test_a_declaration_that_cannot_be() -> None:
    """Two events of one type, and a key that is no member, are mistakes of whoever declares them."""

    class Twice(Event):
        """Nothing."""

    with pytest.raises(TypeError, match=r"two events are called COUPON\.USE"):
        event.event("COUPON.USE")(Twice)

    class Keyless(Event):
        """Nothing."""

    with pytest.raises(TypeError, match="has no member"):
        event.event("NOBODY.KNOWS", key=("number",))(Keyless)
    assert "NOBODY.KNOWS" not in event.REGISTRY
    assert [] == [field.name for field in fields(UnknownEvent) if field.name not in {"event_type", "data"}]
