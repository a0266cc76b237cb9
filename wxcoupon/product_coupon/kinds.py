"""The ten kinds of product coupon, made from what is particular to each.

The class of the discount says the type, goods say the scope, and one discount or a list of them says how often a
coupon may be redeemed. The discount then goes where that kind carries it::

    pc.single_use_coupon(pc.NormalCouponUsageRule(threshold=3000, discount_amount=500), …)          # 满30减5
    pc.single_use_coupon(pc.ExchangeCouponUsageRule(threshold=0, exchange_price=990), goods=[…], …)  # 9.9元换购
    pc.multi_use_coupon([pc.DiscountCouponUsageRule(threshold=0, percent_off=20)] * 5, …)            # 8折, five times

All other keywords are members of the request under their own names; only what each nested object would be made for
is left out. What WeChat Pay limits about their values is looked at when the request is sent.

https://pay.weixin.qq.com/doc/v3/partner/4015781289
https://pay.weixin.qq.com/doc/v3/partner/4016434630
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal, NotRequired, TypeAlias, TypedDict, Unpack, overload

from ..errors import Fault, InvalidRequest
from . import placement
from .coupons import CreateProductCoupon
from .display import ComboPackage, CouponDisplayInfo, ProductCouponDisplayInfo, UsageRuleDisplayInfo
from .enums import (
    CouponCodeMode,
    CouponCodeModeForBundle,
    ProductCouponScope,
    ProductCouponType,
    StockStoreScope,
    UsageMode,
)
from .periods import CouponAvailablePeriod
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
_PERIOD: Final = ("coupon_available_period",)
_COUNTS: Final = ("max_count", "max_count_per_day", "max_count_per_user")
_DISPLAY: Final = ("name", "image_url", "background_url", "detail_image_url_list", "original_price")


class _Settings(TypedDict):
    """What stocks and stock bundles have in common."""

    coupon_available_period: CouponAvailablePeriod
    """When a claimed coupon may be redeemed; of a stock bundle, every round."""
    max_count: int
    """Coupons, or bundles, that may ever be sent: 1 to 100,000,000."""
    max_count_per_day: NotRequired[int | None]
    """Coupons, or bundles, a day: 1 to 100,000,000; without limit when left out, for good."""
    max_count_per_user: int
    """Coupons, or bundles, one user may have: 1 to 100, for good."""
    usage_rule_display_info: UsageRuleDisplayInfo
    """How the rules of use are shown."""
    coupon_display_info: CouponDisplayInfo
    """How the coupon looks in the card pack."""
    notify_appid: str
    """The appid under which callbacks compute the openid."""
    store_scope: StockStoreScope | str
    """Which stores take it."""
    remark: NotRequired[str | None]
    """Note of up to 20 characters that users do not see."""


class _CouponSettings(TypedDict):
    """What all product coupons have in common."""

    out_request_no: str
    """Number of this creation: 6 to 40 digits, letters, underscores and hyphens."""
    name: str
    """Name shown to users, 3 to 15 characters."""
    image_url: str
    """Head image, as the image upload answered: square, PNG of 1080 by 1080."""
    background_url: str
    """Background image, as the image upload answered: 1170 by 1326, JPG or PNG."""
    detail_image_url_list: NotRequired[list[str] | None]
    """Up to 8 detail images, as the image upload answered."""
    original_price: NotRequired[int | None]
    """List price in fen, up to 10,000,000; only shown."""
    out_product_no: NotRequired[str | None]
    """Your own number of the product, up to 40 characters."""


class StockSettings(_Settings):
    """What a stock is made with, besides its discount."""

    coupon_code_mode: CouponCodeMode | str
    """Where codes come from, for good."""


class StockBundleSettings(_Settings):
    """What a stock bundle is made with, besides its discounts; numbers count bundles."""

    coupon_code_mode: CouponCodeModeForBundle | str
    """Where codes come from, for every stock and for good; never API_ASSIGN."""


class SingleUseCouponSettings(_CouponSettings, StockSettings):
    """What a coupon redeemed once and its first stock are made with, besides discount and goods."""


class MultiUseCouponSettings(_CouponSettings, StockBundleSettings):
    """What a coupon redeemed in rounds and its first stock bundle are made with, besides discounts and goods."""


@overload
def single_use_coupon(
    discount: NormalCouponUsageRule | DiscountCouponUsageRule,
    *,
    goods: Sequence[ComboPackage] = (),
    scope: ProductCouponScope | None = None,
    **settings: Unpack[SingleUseCouponSettings],
) -> CreateProductCoupon: ...
@overload
def single_use_coupon(
    discount: ExchangeCouponUsageRule,
    *,
    goods: Sequence[ComboPackage],
    scope: Literal[ProductCouponScope.SINGLE] | None = None,
    **settings: Unpack[SingleUseCouponSettings],
) -> CreateProductCoupon: ...
def single_use_coupon(
    discount: CouponUsageRule,
    *,
    goods: Sequence[ComboPackage] = (),
    scope: ProductCouponScope | None = None,
    **settings: Any,
) -> CreateProductCoupon:
    """Make the request for a product coupon that is redeemed once, with its first stock.

    Args:
        discount: the discount; its class says the type.
        goods: groups of goods the coupon is for; they make the scope SINGLE. An exchange needs them.
        scope: ALL or SINGLE, where goods shall not decide: a coupon with scope ALL may show goods too.
        settings: the members of :class:`SingleUseCouponSettings`; amounts in fen, counts in coupons.

    Raises:
        InvalidRequest: there is no such kind; a fault's path is that of the request, or names the argument.
    """
    kind = _type(discount, "discount")
    scope = scope or _scope(kind, goods)
    shared = scope == ProductCouponScope.ALL and kind != ProductCouponType.EXCHANGE
    of_all_stocks: dict[str, Any] = {_member(kind): discount}
    product, rest = _product(settings, goods)
    return _without_faults(
        CreateProductCoupon(
            scope=scope,
            type=kind,
            usage_mode=UsageMode.SINGLE,
            single_usage_info=SingleUsageInfo(**of_all_stocks) if shared else None,
            stock=_stock(None if shared else discount, rest),
            **product,
        )
    )


@overload
def multi_use_coupon(
    discounts: Sequence[NormalCouponUsageRule] | Sequence[DiscountCouponUsageRule],
    *,
    interval_days: int | None = None,
    goods: Sequence[ComboPackage] = (),
    scope: ProductCouponScope | None = None,
    **settings: Unpack[MultiUseCouponSettings],
) -> CreateProductCoupon: ...
@overload
def multi_use_coupon(
    discounts: Sequence[ExchangeCouponUsageRule],
    *,
    interval_days: int | None = None,
    goods: Sequence[ComboPackage],
    scope: Literal[ProductCouponScope.SINGLE] | None = None,
    **settings: Unpack[MultiUseCouponSettings],
) -> CreateProductCoupon: ...
def multi_use_coupon(
    discounts: Sequence[CouponUsageRule],
    *,
    interval_days: int | None = None,
    goods: Sequence[ComboPackage] = (),
    scope: ProductCouponScope | None = None,
    **settings: Any,
) -> CreateProductCoupon:
    """Make the request for a product coupon that is redeemed in rounds, with its first stock bundle.

    Args:
        discounts: the discount of each round, 3 to 15, all of one class, which says the type. From the third on,
            none may be weaker than the one before.
        interval_days: days between two redemptions, 0 to 7: 1 lets the next begin at 00:00 of the next day.
        goods: groups of goods the coupon is for; they make the scope SINGLE. An exchange needs them.
        scope: ALL or SINGLE, where goods shall not decide: a coupon with scope ALL may show goods too.
        settings: the members of :class:`MultiUseCouponSettings`; amounts in fen, counts in bundles.

    Raises:
        InvalidRequest: there is no such kind; a fault's path is that of the request, or names the argument.
    """
    kind = _type_of_all(discounts)
    product, rest = _product(settings, goods)
    return _without_faults(
        CreateProductCoupon(
            scope=scope or _scope(kind, goods),
            type=kind,
            usage_mode=UsageMode.PROGRESSIVE_BUNDLE,
            progressive_bundle_usage_info=ProgressiveBundleUsageInfo(count=len(discounts), interval_days=interval_days),
            stock_bundle=_bundle(discounts, rest),
            **product,
        )
    )


def single_use_stock(discount: CouponUsageRule | None = None, **settings: Unpack[StockSettings]) -> StockForCreate:
    """Make a further stock of a product coupon that is redeemed once.

    Args:
        discount: the discount of this stock, of the product coupon's type, where its scope is SINGLE; None where it
            is ALL, because all stocks of it share the discount of the product coupon.
        settings: the members of :class:`StockSettings`; counts in coupons.

    Raises:
        InvalidRequest: *discount* is no discount.
    """
    return _stock(discount, {**settings})


@overload
def multi_use_stock_bundle(
    discounts: Sequence[NormalCouponUsageRule], **settings: Unpack[StockBundleSettings]
) -> StockBundleForCreate: ...
@overload
def multi_use_stock_bundle(
    discounts: Sequence[DiscountCouponUsageRule], **settings: Unpack[StockBundleSettings]
) -> StockBundleForCreate: ...
@overload
def multi_use_stock_bundle(
    discounts: Sequence[ExchangeCouponUsageRule], **settings: Unpack[StockBundleSettings]
) -> StockBundleForCreate: ...
def multi_use_stock_bundle(discounts: Sequence[CouponUsageRule], **settings: Any) -> StockBundleForCreate:
    """Make a further stock bundle of a product coupon that is redeemed in rounds.

    Args:
        discounts: the discount of each round, all of the product coupon's type, and as many as it has rounds. From
            the third on, none may be weaker than the one before.
        settings: the members of :class:`StockBundleSettings`; counts in bundles.

    Raises:
        InvalidRequest: the discounts are not all of one class.
    """
    return _bundle(discounts, settings)


def _type(discount: CouponUsageRule, argument: str) -> ProductCouponType:
    kind = _TYPES.get(type(discount))
    if kind is None:
        classes = " or ".join(cls.__name__ for cls in _TYPES)
        raise InvalidRequest([Fault(argument, f"has to be a {classes}, not a {type(discount).__name__}")])
    return kind


def _type_of_all(discounts: Sequence[CouponUsageRule]) -> ProductCouponType:
    kinds = [_type(discount, f"discounts[{index}]") for index, discount in enumerate(discounts)]
    if not kinds:
        raise InvalidRequest([Fault("discounts", "has to have the discount of each round, 3 to 15")])
    if others := [index for index, kind in enumerate(kinds) if kind != kinds[0]]:
        first = type(discounts[0]).__name__
        raise InvalidRequest([Fault(f"discounts[{index}]", f"has to be a {first} like [0]") for index in others])
    return kinds[0]


def _member(kind: ProductCouponType) -> str:
    return f"{kind.lower()}_coupon"


def _scope(kind: ProductCouponType, goods: Sequence[ComboPackage]) -> ProductCouponScope:
    named = goods or kind == ProductCouponType.EXCHANGE
    return ProductCouponScope.SINGLE if named else ProductCouponScope.ALL


def _taken(settings: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Take these settings out, where they are given: the class they are for misses the others."""
    return {name: settings.pop(name) for name in names if name in settings}


def _product(settings: dict[str, Any], goods: Sequence[ComboPackage]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The members of the product coupon, and the settings that are left for its stock or bundle."""
    rest = {**settings}
    display = ProductCouponDisplayInfo(**_taken(rest, _DISPLAY), combo_package_list=list(goods) or None)
    return {"display_info": display, **_taken(rest, ("out_request_no", "out_product_no"))}, rest


def _stock(discount: CouponUsageRule | None, settings: dict[str, Any]) -> StockForCreate:
    of_this_stock: dict[str, Any] = {} if discount is None else {_member(_type(discount, "discount")): discount}
    rule = SingleUsageRule(**_taken(settings, _PERIOD), **of_this_stock)
    send_rule = StockSendRule(**_taken(settings, _COUNTS))
    return StockForCreate(single_usage_rule=rule, stock_send_rule=send_rule, **_with_notify_config(settings))


def _bundle(discounts: Sequence[CouponUsageRule], settings: dict[str, Any]) -> StockBundleForCreate:
    of_each_round: dict[str, Any] = {f"{_member(_type_of_all(discounts))}_list": list(discounts)}
    rule = StockBundleUsageRule(**_taken(settings, _PERIOD), **of_each_round)
    send_rule = StockSendRuleForBundle(**_taken(settings, _COUNTS))
    return StockBundleForCreate(
        progressive_bundle_usage_rule=rule, stock_send_rule=send_rule, **_with_notify_config(settings)
    )


def _with_notify_config(settings: dict[str, Any]) -> dict[str, Any]:
    return {"notify_config": NotifyConfig(**_taken(settings, ("notify_appid",))), **settings}


def _without_faults(request: CreateProductCoupon) -> CreateProductCoupon:
    if faults := [Fault(f"$.{path}", problem) for path, problem in placement.faults(request)]:
        error = InvalidRequest(faults, request.route.page)
        error.about(request.route.call)
        raise error
    return request
