"""What goes with what in a product coupon: whether it is one of the ten kinds, and has its discount where that has it.

The table of the kinds is in :mod:`wxcoupon.product_coupon.kinds`.

``coupon_available_period`` is always in the rule of the stock or bundle, so a rule is there even where it has no
discount. SEQUENTIAL, the form before PROGRESSIVE_BUNDLE, is only looked at for whether its own members are there.
A value that this version does not know is a fault by itself, and nothing is said about what goes with it.

https://pay.weixin.qq.com/doc/v3/partner/4015781289 (SINGLE), 4016434630 (PROGRESSIVE_BUNDLE)
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from ..model import Model
from .enums import ProductCouponScope, ProductCouponType, UsageMode

if TYPE_CHECKING:
    from .coupons import CreateProductCoupon

_Faults = Iterator[tuple[str, str]]

_NEEDED: Final[dict[str, tuple[str, ...]]] = {
    UsageMode.SINGLE: ("stock",),
    UsageMode.PROGRESSIVE_BUNDLE: ("progressive_bundle_usage_info", "stock_bundle"),
    UsageMode.SEQUENTIAL: ("sequential_usage_info", "stock"),
}
_BY_MODE: Final = (
    "single_usage_info",
    "progressive_bundle_usage_info",
    "sequential_usage_info",
    "stock",
    "stock_bundle",
)
_COUPONS: Final = ("normal_coupon", "discount_coupon", "exchange_coupon")
_GOODS: Final = "single_use_coupon and multi_use_coupon take them as goods"
_LISTS: Final = tuple(f"{name}_list" for name in _COUPONS)


def faults(request: "CreateProductCoupon") -> _Faults:
    """What does not go together in *request*, with where and why."""
    known = (ProductCouponScope, request.scope), (ProductCouponType, request.type), (UsageMode, request.usage_mode)
    if any(value not in set(enum) for enum, value in known):
        return
    everywhere = request.scope == ProductCouponScope.ALL
    if everywhere and request.type == ProductCouponType.EXCHANGE:
        yield "type", "EXCHANGE goes only with scope SINGLE, because an exchange is for the goods that are named"
        return  # there is no right place for its price
    yield from _by_mode(request, everywhere=everywhere)
    yield from _discounts(request, everywhere=everywhere)
    if not everywhere and not request.display_info.combo_package_list:
        exchange = request.type == ProductCouponType.EXCHANGE
        because = f"type is EXCHANGE; {_GOODS}" if exchange else "scope is SINGLE"
        yield "display_info.combo_package_list", f"needs at least one group of goods when {because}"


def _by_mode(request: "CreateProductCoupon", *, everywhere: bool) -> _Faults:
    mode = request.usage_mode
    needed = _NEEDED.get(mode, ())
    if mode == UsageMode.SINGLE and everywhere:
        needed += ("single_usage_info",)
    for name in _BY_MODE:
        given = getattr(request, name) is not None
        if given != (name in needed):
            because = f"usage_mode is {mode}"
            if mode == UsageMode.SINGLE and name == "single_usage_info":
                because += f" and scope is {request.scope}"
            yield name, f"{'has to be left out' if given else 'is required'} when {because}"
    if request.stock is not None and "stock" in needed:
        single = mode == UsageMode.SINGLE
        for name, wanted in (("single_usage_rule", single), ("sequential_usage_rule", not single)):
            given = getattr(request.stock, name) is not None
            if given != wanted:
                yield f"stock.{name}", f"{'has to be left out' if given else 'is required'} when usage_mode is {mode}"


def _discounts(request: "CreateProductCoupon", *, everywhere: bool) -> _Faults:
    coupon = f"{request.type.lower()}_coupon"
    if request.usage_mode == UsageMode.SINGLE:
        if everywhere and request.single_usage_info is not None:
            yield from _only(request.single_usage_info, "single_usage_info", coupon, _COUPONS[:2], request)
        if request.stock is not None and request.stock.single_usage_rule is not None:
            wanted = None if everywhere else coupon
            yield from _only(request.stock.single_usage_rule, "stock.single_usage_rule", wanted, _COUPONS, request)
    if request.usage_mode == UsageMode.PROGRESSIVE_BUNDLE and request.stock_bundle is not None:
        rule = request.stock_bundle.progressive_bundle_usage_rule
        place = "stock_bundle.progressive_bundle_usage_rule"
        yield from _only(rule, place, f"{coupon}_list", _LISTS, request)
        rounds = getattr(rule, f"{coupon}_list", None)
        info = request.progressive_bundle_usage_info
        if rounds and info is not None and len(rounds) != info.count:
            count = f"progressive_bundle_usage_info.count ({info.count})"
            yield f"{place}.{coupon}_list", f"has to have as many entries as {count} says, not {len(rounds)}"


def _only(
    holder: Model, place: str, wanted: str | None, names: tuple[str, ...], request: "CreateProductCoupon"
) -> _Faults:
    """Of *names*, exactly *wanted* is given in *holder*."""
    for name in names:
        given = getattr(holder, name) is not None
        if name == wanted and not given:
            yield f"{place}.{name}", f"is required when type is {request.type} and scope is {request.scope}"
        elif given and wanted is None:
            yield f"{place}.{name}", "has to be left out: when scope is ALL, the discount is in single_usage_info"
        elif given and name != wanted:
            yield f"{place}.{name}", f"has to be left out: when type is {request.type}, the discount is in {wanted}"
