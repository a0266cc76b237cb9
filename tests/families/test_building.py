"""The builders of the ten kinds: what they refuse, at once and in their own words, and what help() says of them."""

import ast
import inspect
import re
from collections.abc import Callable
from textwrap import dedent
from typing import Any, Final, get_type_hints

import pytest

from wxcoupon import InvalidRequest
from wxcoupon import product_coupon as pc
from wxcoupon.convert import to_wire
from wxcoupon.product_coupon import coupons, kind_settings, kinds

from .kinds import DISCOUNT, EXCHANGE, GOODS, KINDS, LOOKS, NORMAL, PERIOD, ROUNDS, SHOWN

STOCK: Final[dict[str, Any]] = {
    "coupon_available_period": PERIOD,
    "coupon_code_mode": pc.CouponCodeMode.UPLOAD,
    "max_count": 10_000,
    "max_count_per_user": 1,
    "usage_rule_display_info": SHOWN,
    "coupon_display_info": LOOKS,
    "notify_appid": "wx7e1c40d2a93b5f68",
    "store_scope": pc.StockStoreScope.NONE,
}
COUPON: Final[dict[str, Any]] = STOCK | {
    "out_request_no": "create-0001",
    "name": "冬日奶茶惠",
    "image_url": "https://wxpaylogo.qpic.cn/wxpaylogo/head01/0",
    "background_url": "https://wxpaylogo.qpic.cn/wxpaylogo/back01/0",
}
Builder = Callable[..., Any]
BUILDERS: Final[dict[str, tuple[Builder, Any, dict[str, Any], type[Any]]]] = {
    "single_use_coupon": (pc.single_use_coupon, NORMAL, COUPON, pc.SingleUseCouponSettings),
    "multi_use_coupon": (pc.multi_use_coupon, [NORMAL] * ROUNDS, COUPON, pc.MultiUseCouponSettings),
    "single_use_stock": (pc.single_use_stock, NORMAL, STOCK, pc.StockSettings),
    "multi_use_stock_bundle": (pc.multi_use_stock_bundle, [NORMAL] * ROUNDS, STOCK, pc.StockBundleSettings),
}
"""Each builder with its first argument, what is enough of its settings, and the type of all of them."""
COUPONS: Final = ("single_use_coupon", "multi_use_coupon")
IN_ROUNDS: Final = ("multi_use_coupon", "multi_use_stock_bundle")
A_DISCOUNT: Final = "has to be a NormalCouponUsageRule or DiscountCouponUsageRule or ExchangeCouponUsageRule"


def _refused(builder: str, *arguments: Any, **settings: Any) -> list[str]:
    with pytest.raises(InvalidRequest) as caught:
        BUILDERS[builder][0](*arguments, **settings)
    assert str(caught.value).startswith(f"{builder}(): ")
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize("builder", BUILDERS)
def test_every_missing_setting_is_named(builder: str) -> None:
    """Without any setting, exactly those that are needed are named, all of them, in the order they are listed in."""
    _, discount, enough, settings = BUILDERS[builder]
    needed = [name for name in settings.__annotations__ if name in enough]

    assert needed
    assert len(needed) == len(enough)
    assert _refused(builder, discount) == [f"{name}: is required" for name in needed]


@pytest.mark.parametrize("builder", BUILDERS)
def test_every_unknown_setting_is_named(builder: str) -> None:
    """What is no setting is refused with the one that may be meant, after all that is missing."""
    _, discount, enough, _ = BUILDERS[builder]
    given = {name: value for name, value in enough.items() if name != "max_count"}

    assert _refused(builder, discount, **given, max_cuont=1, remrak="second", zzz=1) == [
        "max_count: is required",
        "max_cuont: is no setting; did you mean max_count?",
        "remrak: is no setting; did you mean remark?",
        f"zzz: is no setting; help({builder}) lists them all",
    ]


@pytest.mark.parametrize("builder", BUILDERS)
@pytest.mark.parametrize("name", ["extra", "notify_config", "single_usage_rule", "display_info", "stock_send_rule"])
def test_members_that_are_made_of_settings_are_no_settings(builder: str, name: str) -> None:
    """A nested object would silently beat the settings it is made of, and extra would land anywhere."""
    _, discount, enough, _ = BUILDERS[builder]

    (fault,) = _refused(builder, discount, **enough, **{name: {}})

    assert fault.startswith(f"{name}: is no setting; ")


def test_a_misspelt_argument() -> None:
    """The arguments that are no settings may be meant too."""
    assert _refused("multi_use_coupon", [NORMAL] * ROUNDS, **COUPON, good=[GOODS], interval=1) == [
        "good: is no setting; did you mean goods?",
        "interval: is no setting; did you mean interval_days?",
    ]


@pytest.mark.parametrize("builder", COUPONS)
def test_everything_at_once(builder: str) -> None:
    """Discounts, goods and settings are refused in one go."""
    given = {name: value for name, value in COUPON.items() if name != "name"}
    single = builder == "single_use_coupon"

    assert _refused(builder, 500, goods=GOODS, nmae="冬日奶茶惠", **given) == [
        f"discount: {A_DISCOUNT}, not int"
        if single
        else "discounts: has to be a list of discounts, one for each round, not int",
        "goods: has to be a list of ComboPackage, not ComboPackage",
        "name: is required",
        "nmae: is no setting; did you mean name?",
    ]


@pytest.mark.parametrize("builder", IN_ROUNDS)
@pytest.mark.parametrize("count", [0, 2, 16])
def test_a_wrong_number_of_rounds_is_one_fault(builder: str, count: int) -> None:
    """A list of discounts that is too short or too long is said once, of the argument."""
    assert _refused(builder, [NORMAL] * count, **BUILDERS[builder][2]) == [
        f"discounts: has to have the discount of each round, 3 to 15 (it has {count})"
    ]


@pytest.mark.parametrize("builder", IN_ROUNDS)
@pytest.mark.parametrize("count", [3, 15])
def test_the_fewest_and_the_most_rounds(builder: str, count: int) -> None:
    """All documented numbers of rounds are made."""
    made = BUILDERS[builder][0]([NORMAL] * count, **BUILDERS[builder][2])
    bundle = made.stock_bundle if isinstance(made, pc.CreateProductCoupon) else made

    assert isinstance(bundle, pc.StockBundleForCreate)
    assert [NORMAL] * count == bundle.progressive_bundle_usage_rule.normal_coupon_list


@pytest.mark.parametrize("builder", IN_ROUNDS)
def test_mixed_rounds(builder: str) -> None:
    """Each round that is none, or of another class than the first that is one, is named."""
    assert _refused(builder, [{"threshold": 0}, NORMAL, DISCOUNT, NORMAL, EXCHANGE], **BUILDERS[builder][2]) == [
        f"discounts[0]: {A_DISCOUNT}, not dict",
        "discounts[2]: has to be a NormalCouponUsageRule like [1], not DiscountCouponUsageRule",
        "discounts[4]: has to be a NormalCouponUsageRule like [1], not ExchangeCouponUsageRule",
    ]
    assert _refused(builder, [None, "8折"], **BUILDERS[builder][2]) == [
        "discounts: has to have the discount of each round, 3 to 15 (it has 2)",
        f"discounts[0]: {A_DISCOUNT}, not NoneType",
        f"discounts[1]: {A_DISCOUNT}, not str",
    ]


@pytest.mark.parametrize("builder", IN_ROUNDS)
@pytest.mark.parametrize("one", [NORMAL, None, "8折", {"threshold": 0}])
def test_rounds_are_a_list(builder: str, one: Any) -> None:
    """One thing where one for each round is wanted is said to be none."""
    assert _refused(builder, one, **BUILDERS[builder][2]) == [
        f"discounts: has to be a list of discounts, one for each round, not {type(one).__name__}"
    ]


@pytest.mark.parametrize("builder", ["single_use_coupon", "single_use_stock"])
def test_one_discount_is_no_list(builder: str) -> None:
    """A coupon that is redeemed once has one discount."""
    assert _refused(builder, [NORMAL], **BUILDERS[builder][2]) == [f"discount: {A_DISCOUNT}, not list"]


def test_lists_may_be_anything_to_go_through() -> None:
    """Discounts and goods may come from a generator; what is made has lists, and goods may be said to be none."""
    one = pc.single_use_coupon(EXCHANGE, goods=iter([GOODS]), **COUPON)
    many = pc.multi_use_coupon((NORMAL for _ in range(ROUNDS)), goods=(GOODS,), **COUPON)
    bundle = pc.multi_use_stock_bundle(iter([NORMAL] * ROUNDS), **STOCK)

    assert [GOODS] == one.display_info.combo_package_list == many.display_info.combo_package_list
    assert ROUNDS == len(to_wire(many)["stock_bundle"]["progressive_bundle_usage_rule"]["normal_coupon_list"])
    assert many.progressive_bundle_usage_info == pc.ProgressiveBundleUsageInfo(count=ROUNDS)
    assert bundle == many.stock_bundle
    assert pc.single_use_coupon(NORMAL, goods=None, **COUPON) == pc.single_use_coupon(NORMAL, goods=[], **COUPON)


def test_the_list_given_is_not_the_list_made() -> None:
    """What is done to a list after it was given changes no request."""
    rounds, goods = [NORMAL] * ROUNDS, [GOODS]
    made = pc.multi_use_coupon(rounds, goods=goods, **COUPON)
    before = to_wire(made)
    rounds.append(NORMAL)
    goods.clear()

    assert before == to_wire(made)


def test_a_scope_may_be_a_word() -> None:
    """Like other choices, a scope is a word: an enum's or a new one."""
    everything = pc.single_use_coupon(NORMAL, goods=[GOODS], scope="ALL", **COUPON)

    assert everything == pc.single_use_coupon(NORMAL, goods=[GOODS], scope=pc.ProductCouponScope.ALL, **COUPON)
    assert "" == pc.single_use_coupon(NORMAL, scope="", **COUPON).scope


def _described(settings: type[Any]) -> dict[str, str]:
    """The settings with the line that the sources have about each."""
    lines: dict[str, str] = {}
    classes = {node.name: node for node in ast.parse(inspect.getsource(kind_settings)).body if hasattr(node, "name")}

    def walk(name: str) -> None:
        node = classes[name]
        assert isinstance(node, ast.ClassDef)
        for base in node.bases:
            if (above := ast.unparse(base)) in classes:
                walk(above)
        for member, after in zip(node.body, node.body[1:], strict=False):
            if isinstance(member, ast.AnnAssign):
                lines[ast.unparse(member.target)] = ast.literal_eval(ast.unparse(after))

    walk(settings.__name__)
    return lines


def _type(annotation: Any) -> str:
    words = annotation.__name__ if isinstance(annotation, type) and not hasattr(annotation, "__args__") else annotation
    return re.sub(r"\w+\.", "", str(words)).removesuffix(" | None")


@pytest.mark.parametrize("builder", BUILDERS)
def test_help_lists_every_setting(builder: str) -> None:
    """The docstring of a builder has each setting with its type, whether it may be left out, and what it is."""
    make, _, _, settings = BUILDERS[builder]
    text = dedent((inspect.getdoc(make) or "").partition("Args:\n")[2].partition("\n\n")[0])
    shown = [" ".join(line.split()) for line in re.split(r"\n(?! )", text)]
    types = get_type_hints(settings)
    wanted = [
        f"{name} ({_type(types[name])}{', optional' if name in settings.__optional_keys__ else ''}): "
        f"{line[0].lower()}{line[1:]}"
        for name, line in _described(settings).items()
    ]
    arguments = [name for name in inspect.signature(make).parameters if name != "settings"]

    assert arguments == [line.partition(":")[0] for line in shown[: len(arguments)]]
    assert wanted == shown[len(arguments) :]


def test_the_table_of_kinds_is_where_help_leads() -> None:
    """The ten kinds are in the module of the builders, and requests and builders lead there."""
    table = re.findall(r"^(ALL|SINGLE|any) +(\w+) +(\w+) +\S+$", kinds.__doc__ or "", re.MULTILINE)
    shown = {(one, *rest) for scope, *rest in table for one in (("ALL", "SINGLE") if scope == "any" else (scope,))}

    assert {tuple(kind.split()) for kind in KINDS} == shown
    for leading in (coupons.CreateProductCoupon, pc.single_use_coupon, pc.multi_use_coupon):
        assert "help(wxcoupon.product_coupon.kinds)" in (leading.__doc__ or "")
