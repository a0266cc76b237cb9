"""The ten kinds of product coupon, made from what is particular to each.

====== ======== ================== =================================================================
scope  type     usage_mode         the discount is in
====== ======== ================== =================================================================
ALL    NORMAL   SINGLE             single_usage_info.normal_coupon
ALL    DISCOUNT SINGLE             single_usage_info.discount_coupon
SINGLE NORMAL   SINGLE             stock.single_usage_rule.normal_coupon
SINGLE DISCOUNT SINGLE             stock.single_usage_rule.discount_coupon
SINGLE EXCHANGE SINGLE             stock.single_usage_rule.exchange_coupon
any    NORMAL   PROGRESSIVE_BUNDLE stock_bundle.progressive_bundle_usage_rule.normal_coupon_list
any    DISCOUNT PROGRESSIVE_BUNDLE stock_bundle.progressive_bundle_usage_rule.discount_coupon_list
SINGLE EXCHANGE PROGRESSIVE_BUNDLE stock_bundle.progressive_bundle_usage_rule.exchange_coupon_list
====== ======== ================== =================================================================

The class of the discount says the type, goods say the scope, and one discount or a list of them says how often a
coupon may be redeemed. The discount then goes where that kind carries it::

    pc.single_use_coupon(pc.NormalCouponUsageRule(threshold=3000, discount_amount=500), …)          # 满30减5
    pc.single_use_coupon(pc.ExchangeCouponUsageRule(threshold=0, exchange_price=990), goods=[…], …)  # 9.9元换购
    pc.multi_use_coupon([pc.DiscountCouponUsageRule(threshold=0, percent_off=20)] * 5, …)            # 8折, five times

All other keywords are members of the request under their own names; only what each nested object would be made for
is left out. A request of any other form is written out as :class:`~wxcoupon.product_coupon.CreateProductCoupon`.

A builder refuses at once only what it can make no request of: a setting that is missing or misspelt, what is no
discount, rounds that are not 3 to 15 of one class. It names all of that together, by the arguments of the call. What
it can make, it makes, and the request is looked at when it is sent: its values, and whether there is such a kind at
all. So these faults come together too, and a client whose ``checks`` only warn, or are off, may send it all the same.

https://pay.weixin.qq.com/doc/v3/partner/4015781289
https://pay.weixin.qq.com/doc/v3/partner/4016434630
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal, TypeAlias, Unpack, overload

from ..errors import Fault
from ..model import Items, hints, marks
from . import building
from .coupons import CreateProductCoupon
from .display import ComboPackage, ProductCouponDisplayInfo
from .enums import ProductCouponScope, ProductCouponType, UsageMode
from .kind_settings import MultiUseCouponSettings, SingleUseCouponSettings, StockBundleSettings, StockSettings
from .rules import (
    DiscountCouponUsageRule,
    ExchangeCouponUsageRule,
    NormalCouponUsageRule,
    ProgressiveBundleUsageInfo,
    SingleUsageInfo,
    SingleUsageRule,
    StockBundleUsageRule,
)
from .stock_settings import NotifyConfig, StockBundleForCreate, StockForCreate, StockSendRule, StockSendRuleForBundle

__all__ = [
    "CouponUsageRule",
    "MultiUseCouponSettings",
    "SingleUseCouponSettings",
    "StockBundleSettings",
    "StockSettings",
    "multi_use_coupon",
    "multi_use_stock_bundle",
    "single_use_coupon",
    "single_use_stock",
]

CouponUsageRule: TypeAlias = NormalCouponUsageRule | DiscountCouponUsageRule | ExchangeCouponUsageRule
"""A discount of any type."""

_TYPES: Final[dict[type[CouponUsageRule], ProductCouponType]] = {
    NormalCouponUsageRule: ProductCouponType.NORMAL,
    DiscountCouponUsageRule: ProductCouponType.DISCOUNT,
    ExchangeCouponUsageRule: ProductCouponType.EXCHANGE,
}
_A_DISCOUNT: Final = " or ".join(cls.__name__ for cls in _TYPES)
_ROUNDS: Final = next(mark for mark in marks(hints(StockBundleUsageRule)["normal_coupon_list"]) if type(mark) is Items)
_PERIOD: Final = ("coupon_available_period",)
_COUNTS: Final = ("max_count", "max_count_per_day", "max_count_per_user")
_DISPLAY: Final = ("name", "image_url", "background_url", "detail_image_url_list", "original_price")


@overload
def single_use_coupon(
    discount: NormalCouponUsageRule | DiscountCouponUsageRule,
    *,
    goods: Iterable[ComboPackage] | None = None,
    scope: ProductCouponScope | str | None = None,
    **settings: Unpack[SingleUseCouponSettings],
) -> CreateProductCoupon: ...
@overload
def single_use_coupon(
    discount: ExchangeCouponUsageRule,
    *,
    goods: Iterable[ComboPackage],
    scope: Literal[ProductCouponScope.SINGLE, "SINGLE"] | None = None,
    **settings: Unpack[SingleUseCouponSettings],
) -> CreateProductCoupon: ...
def single_use_coupon(
    discount: CouponUsageRule,
    *,
    goods: Iterable[ComboPackage] | None = None,
    scope: ProductCouponScope | str | None = None,
    **settings: Unpack[SingleUseCouponSettings],
) -> CreateProductCoupon:
    """Make the request for a product coupon that is redeemed once, with its first stock.

    Amounts are in fen, and counts in coupons. help(wxcoupon.product_coupon.kinds) shows the ten kinds.

    Args:
        discount: the discount; its class says the type.
        goods: groups of goods the coupon is for; they make the scope SINGLE. An exchange needs them.
        scope: ALL or SINGLE, where goods shall not decide: a coupon with scope ALL may show goods too.
        out_request_no (str): number of this creation: 6 to 40 digits, letters, underscores and hyphens.
        name (str): name shown to users, 3 to 15 characters.
        image_url (str): head image, as the image upload answered: square, PNG of 1080 by 1080.
        background_url (str): background image, as the image upload answered: 1170 by 1326, JPG or PNG.
        detail_image_url_list (list[str], optional): up to 8 detail images, as the image upload answered.
        original_price (int, optional): list price in fen, up to 10,000,000; only shown.
        out_product_no (str, optional): your own number of the product, up to 40 characters.
        usage_rule_display_info (UsageRuleDisplayInfo): how the rules of use are shown.
        coupon_display_info (CouponDisplayInfo): how the coupon looks in the card pack.
        notify_appid (str): the appid under which callbacks compute the openid.
        store_scope (StockStoreScope | str): which stores take it.
        remark (str, optional): note of up to 20 characters that users do not see.
        coupon_available_period (CouponAvailablePeriod): when a claimed coupon may be redeemed.
        coupon_code_mode (CouponCodeMode | str): where codes come from, for good.
        max_count (int): coupons that may ever be sent: 1 to 100,000,000.
        max_count_per_day (int, optional): coupons a day: 1 to 100,000,000; without limit when left out, for good.
        max_count_per_user (int): coupons one user may have: 1 to 100, for good.

    Raises:
        InvalidRequest: settings are missing or unknown, *discount* is no discount, or *goods* are no list; each fault's
            path is the name of an argument. All other faults come, together, when the request is sent.
    """
    builder = "single_use_coupon"
    packages, faults = building.listed("goods", goods or (), "ComboPackage")
    misfits = building.misfits(builder, settings, SingleUseCouponSettings, "goods", "scope")
    building.refuse(builder, [*_no_discount("discount", discount), *faults, *misfits])
    given: dict[str, Any] = {**settings}
    kind = _TYPES[type(discount)]
    scope = _scope(kind, packages) if scope is None else scope
    shared = scope == ProductCouponScope.ALL and kind != ProductCouponType.EXCHANGE
    of_all_stocks: dict[str, Any] = {_member(kind): discount}
    product = _product(given, packages)
    return CreateProductCoupon(
        scope=scope,
        type=kind,
        usage_mode=UsageMode.SINGLE,
        single_usage_info=SingleUsageInfo(**of_all_stocks) if shared else None,
        stock=_stock(None if shared else discount, given),
        **product,
    )


@overload
def multi_use_coupon(
    discounts: Iterable[NormalCouponUsageRule] | Iterable[DiscountCouponUsageRule],
    *,
    interval_days: int | None = None,
    goods: Iterable[ComboPackage] | None = None,
    scope: ProductCouponScope | str | None = None,
    **settings: Unpack[MultiUseCouponSettings],
) -> CreateProductCoupon: ...
@overload
def multi_use_coupon(
    discounts: Iterable[ExchangeCouponUsageRule],
    *,
    interval_days: int | None = None,
    goods: Iterable[ComboPackage],
    scope: Literal[ProductCouponScope.SINGLE, "SINGLE"] | None = None,
    **settings: Unpack[MultiUseCouponSettings],
) -> CreateProductCoupon: ...
def multi_use_coupon(
    discounts: Iterable[CouponUsageRule],
    *,
    interval_days: int | None = None,
    goods: Iterable[ComboPackage] | None = None,
    scope: ProductCouponScope | str | None = None,
    **settings: Unpack[MultiUseCouponSettings],
) -> CreateProductCoupon:
    """Make the request for a product coupon that is redeemed in rounds, with its first stock bundle.

    Amounts are in fen, and counts in bundles. help(wxcoupon.product_coupon.kinds) shows the ten kinds.

    Args:
        discounts: the discount of each round, 3 to 15, all of one class, which says the type. From the third on,
            none may be weaker than the one before.
        interval_days: days between two redemptions, 0 to 7: 1 lets the next begin at 00:00 of the next day;
            0 when left out.
        goods: groups of goods the coupon is for; they make the scope SINGLE. An exchange needs them.
        scope: ALL or SINGLE, where goods shall not decide: a coupon with scope ALL may show goods too.
        out_request_no (str): number of this creation: 6 to 40 digits, letters, underscores and hyphens.
        name (str): name shown to users, 3 to 15 characters.
        image_url (str): head image, as the image upload answered: square, PNG of 1080 by 1080.
        background_url (str): background image, as the image upload answered: 1170 by 1326, JPG or PNG.
        detail_image_url_list (list[str], optional): up to 8 detail images, as the image upload answered.
        original_price (int, optional): list price in fen, up to 10,000,000; only shown.
        out_product_no (str, optional): your own number of the product, up to 40 characters.
        usage_rule_display_info (UsageRuleDisplayInfo): how the rules of use are shown.
        coupon_display_info (CouponDisplayInfo): how the coupon looks in the card pack.
        notify_appid (str): the appid under which callbacks compute the openid.
        store_scope (StockStoreScope | str): which stores take it.
        remark (str, optional): note of up to 20 characters that users do not see.
        coupon_available_period (CouponAvailablePeriod): when a claimed coupon may be redeemed, for all rounds alike.
        coupon_code_mode (CouponCodeModeForBundle | str): where codes come from, for every stock and for good; never
            API_ASSIGN.
        max_count (int): bundles that may ever be sent: 1 to 100,000,000.
        max_count_per_day (int, optional): bundles a day: 1 to 100,000,000; without limit when left out, for good.
        max_count_per_user (int): bundles one user may have: 1 to 100, for good.

    Raises:
        InvalidRequest: settings are missing or unknown, *discounts* are not 3 to 15 of one class, or *goods* are no
            list; each fault's path is the name of an argument. All other faults come, together, when the request is
            sent.
    """
    builder = "multi_use_coupon"
    rounds, wrong = _rounds(discounts)
    packages, faults = building.listed("goods", goods or (), "ComboPackage")
    misfits = building.misfits(builder, settings, MultiUseCouponSettings, "interval_days", "goods", "scope")
    building.refuse(builder, [*wrong, *faults, *misfits])
    given: dict[str, Any] = {**settings}
    kind = _TYPES[type(rounds[0])]
    product = _product(given, packages)
    return CreateProductCoupon(
        scope=_scope(kind, packages) if scope is None else scope,
        type=kind,
        usage_mode=UsageMode.PROGRESSIVE_BUNDLE,
        progressive_bundle_usage_info=ProgressiveBundleUsageInfo(count=len(rounds), interval_days=interval_days),
        stock_bundle=_bundle(rounds, given),
        **product,
    )


def single_use_stock(discount: CouponUsageRule | None = None, **settings: Unpack[StockSettings]) -> StockForCreate:
    """Make a further stock of a product coupon that is redeemed once.

    Args:
        discount: the discount of this stock, of the product coupon's type, where its scope is SINGLE; None where it
            is ALL, because all stocks of it share the discount of the product coupon.
        usage_rule_display_info (UsageRuleDisplayInfo): how the rules of use are shown.
        coupon_display_info (CouponDisplayInfo): how the coupon looks in the card pack.
        notify_appid (str): the appid under which callbacks compute the openid.
        store_scope (StockStoreScope | str): which stores take it.
        remark (str, optional): note of up to 20 characters that users do not see.
        coupon_available_period (CouponAvailablePeriod): when a claimed coupon may be redeemed.
        coupon_code_mode (CouponCodeMode | str): where codes come from, for good.
        max_count (int): coupons that may ever be sent: 1 to 100,000,000.
        max_count_per_day (int, optional): coupons a day: 1 to 100,000,000; without limit when left out, for good.
        max_count_per_user (int): coupons one user may have: 1 to 100, for good.

    Raises:
        InvalidRequest: settings are missing or unknown, or *discount* is no discount; each fault's path is the name of
            an argument. All other faults come, together, when the stock is sent.
    """
    builder = "single_use_stock"
    faults = () if discount is None else _no_discount("discount", discount)
    building.refuse(builder, [*faults, *building.misfits(builder, settings, StockSettings)])
    return _stock(discount, {**settings})


@overload
def multi_use_stock_bundle(
    discounts: Iterable[NormalCouponUsageRule], **settings: Unpack[StockBundleSettings]
) -> StockBundleForCreate: ...
@overload
def multi_use_stock_bundle(
    discounts: Iterable[DiscountCouponUsageRule], **settings: Unpack[StockBundleSettings]
) -> StockBundleForCreate: ...
@overload
def multi_use_stock_bundle(
    discounts: Iterable[ExchangeCouponUsageRule], **settings: Unpack[StockBundleSettings]
) -> StockBundleForCreate: ...
def multi_use_stock_bundle(
    discounts: Iterable[CouponUsageRule], **settings: Unpack[StockBundleSettings]
) -> StockBundleForCreate:
    """Make a further stock bundle of a product coupon that is redeemed in rounds.

    Args:
        discounts: the discount of each round, all of the product coupon's type, and as many as it has rounds. From
            the third on, none may be weaker than the one before.
        usage_rule_display_info (UsageRuleDisplayInfo): how the rules of use are shown.
        coupon_display_info (CouponDisplayInfo): how the coupon looks in the card pack.
        notify_appid (str): the appid under which callbacks compute the openid.
        store_scope (StockStoreScope | str): which stores take it.
        remark (str, optional): note of up to 20 characters that users do not see.
        coupon_available_period (CouponAvailablePeriod): when a claimed coupon may be redeemed, for all rounds alike.
        coupon_code_mode (CouponCodeModeForBundle | str): where codes come from, for every stock and for good; never
            API_ASSIGN.
        max_count (int): bundles that may ever be sent: 1 to 100,000,000.
        max_count_per_day (int, optional): bundles a day: 1 to 100,000,000; without limit when left out, for good.
        max_count_per_user (int): bundles one user may have: 1 to 100, for good.

    Raises:
        InvalidRequest: settings are missing or unknown, or *discounts* are not 3 to 15 of one class; each fault's
            path is the name of an argument. All other faults come, together, when the bundle is sent.
    """
    builder = "multi_use_stock_bundle"
    rounds, wrong = _rounds(discounts)
    building.refuse(builder, [*wrong, *building.misfits(builder, settings, StockBundleSettings)])
    return _bundle(rounds, {**settings})


def _no_discount(argument: str, discount: object) -> Iterator[Fault]:
    if type(discount) not in _TYPES:
        yield Fault(argument, f"has to be a {_A_DISCOUNT}, not {type(discount).__name__}")


def _rounds(discounts: Iterable[CouponUsageRule]) -> tuple[list[CouponUsageRule], list[Fault]]:
    """The discount of each round; a fault for a wrong number of them, and for each that is none or another class's."""
    rounds, faults = building.listed("discounts", discounts, "discounts, one for each round")
    if not faults and not _ROUNDS.min <= len(rounds) <= (_ROUNDS.max or len(rounds)):
        size = f"{_ROUNDS.min} to {_ROUNDS.max} (it has {len(rounds)})"
        faults.append(Fault("discounts", f"has to have the discount of each round, {size}"))
    first = next((index for index, discount in enumerate(rounds) if type(discount) in _TYPES), 0)
    for index, discount in enumerate(rounds):
        place, cls = f"discounts[{index}]", type(discount)
        if cls in _TYPES and cls is not type(rounds[first]):
            wanted = f"{type(rounds[first]).__name__} like [{first}]"
            faults.append(Fault(place, f"has to be a {wanted}, not {cls.__name__}"))
        faults.extend(_no_discount(place, discount))
    return rounds, faults


def _member(kind: ProductCouponType) -> str:
    return f"{kind.lower()}_coupon"


def _scope(kind: ProductCouponType, goods: list[ComboPackage]) -> ProductCouponScope:
    named = goods or kind == ProductCouponType.EXCHANGE
    return ProductCouponScope.SINGLE if named else ProductCouponScope.ALL


def _taken(settings: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Take these settings out, where they are given: some may be left out."""
    return {name: settings.pop(name) for name in names if name in settings}


def _product(settings: dict[str, Any], goods: list[ComboPackage]) -> dict[str, Any]:
    """Take out what is for the product coupon; what is left is for its stock or bundle."""
    display = ProductCouponDisplayInfo(**_taken(settings, _DISPLAY), combo_package_list=goods or None)
    return {"display_info": display, **_taken(settings, ("out_request_no", "out_product_no"))}


def _stock(discount: CouponUsageRule | None, settings: dict[str, Any]) -> StockForCreate:
    of_this_stock: dict[str, Any] = {} if discount is None else {_member(_TYPES[type(discount)]): discount}
    rule = SingleUsageRule(**_taken(settings, _PERIOD), **of_this_stock)
    send_rule = StockSendRule(**_taken(settings, _COUNTS))
    return StockForCreate(single_usage_rule=rule, stock_send_rule=send_rule, **_with_notify_config(settings))


def _bundle(discounts: list[CouponUsageRule], settings: dict[str, Any]) -> StockBundleForCreate:
    of_each_round: dict[str, Any] = {f"{_member(_TYPES[type(discounts[0])])}_list": discounts}
    rule = StockBundleUsageRule(**_taken(settings, _PERIOD), **of_each_round)
    send_rule = StockSendRuleForBundle(**_taken(settings, _COUNTS))
    return StockBundleForCreate(
        progressive_bundle_usage_rule=rule, stock_send_rule=send_rule, **_with_notify_config(settings)
    )


def _with_notify_config(settings: dict[str, Any]) -> dict[str, Any]:
    return {"notify_config": NotifyConfig(**_taken(settings, ("notify_appid",))), **settings}
