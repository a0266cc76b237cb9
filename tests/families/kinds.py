"""The ten kinds of product coupon, each spelled out as a request that nothing is wrong with."""

from datetime import datetime, timedelta, timezone
from typing import Any

from wxcoupon import convert
from wxcoupon import product_coupon as pc

SHANGHAI = timezone(timedelta(hours=8))

PERIOD = pc.CouponAvailablePeriod(
    available_begin_time=datetime(2026, 12, 1, tzinfo=SHANGHAI),
    available_end_time=datetime(2027, 2, 28, 23, 59, 59, tzinfo=SHANGHAI),
)
SHOWN = pc.UsageRuleDisplayInfo(
    coupon_usage_method_list=[pc.CouponUsageMethod.OFFLINE], usage_description="每桌限用一张"
)
LOOKS = pc.CouponDisplayInfo(code_display_mode=pc.CouponCodeDisplayMode.QRCODE)
NOTIFY = pc.NotifyConfig(notify_appid="wx7e1c40d2a93b5f68")
GOODS = pc.ComboPackage(
    name="热饮任选", pick_count=1, choice_list=[pc.ComboPackageChoice(name="桂花乌龙", price=2400, count=1)]
)
NORMAL = pc.NormalCouponUsageRule(threshold=3000, discount_amount=500)
DISCOUNT = pc.DiscountCouponUsageRule(threshold=0, percent_off=20)
EXCHANGE = pc.ExchangeCouponUsageRule(threshold=0, exchange_price=990)
ROUNDS = 3


def display(*goods: pc.ComboPackage) -> pc.ProductCouponDisplayInfo:
    """How the product coupon is shown, with goods for scope SINGLE."""
    return pc.ProductCouponDisplayInfo(
        name="冬日奶茶惠",
        image_url="https://wxpaylogo.qpic.cn/wxpaylogo/head01/0",
        background_url="https://wxpaylogo.qpic.cn/wxpaylogo/back01/0",
        combo_package_list=list(goods) or None,
    )


def stock(rule: pc.SingleUsageRule) -> pc.StockForCreate:
    """A stock with this rule."""
    return pc.StockForCreate(
        coupon_code_mode=pc.CouponCodeMode.UPLOAD,
        stock_send_rule=pc.StockSendRule(max_count=10_000, max_count_per_user=1),
        single_usage_rule=rule,
        usage_rule_display_info=SHOWN,
        coupon_display_info=LOOKS,
        notify_config=NOTIFY,
        store_scope=pc.StockStoreScope.NONE,
    )


def bundle(rule: pc.StockBundleUsageRule) -> pc.StockBundleForCreate:
    """A stock bundle with this rule."""
    return pc.StockBundleForCreate(
        coupon_code_mode=pc.CouponCodeModeForBundle.WECHATPAY,
        stock_send_rule=pc.StockSendRuleForBundle(max_count=10_000, max_count_per_user=1),
        progressive_bundle_usage_rule=rule,
        usage_rule_display_info=SHOWN,
        coupon_display_info=LOOKS,
        notify_config=NOTIFY,
        store_scope=pc.StockStoreScope.NONE,
    )


def everywhere(coupon_type: pc.ProductCouponType, info: pc.SingleUsageInfo) -> pc.CreateProductCoupon:
    """Scope ALL, redeemed once."""
    return pc.CreateProductCoupon(
        out_request_no="create-0001",
        scope=pc.ProductCouponScope.ALL,
        type=coupon_type,
        usage_mode=pc.UsageMode.SINGLE,
        single_usage_info=info,
        display_info=display(),
        stock=stock(pc.SingleUsageRule(coupon_available_period=PERIOD)),
    )


def named(coupon_type: pc.ProductCouponType, rule: pc.SingleUsageRule) -> pc.CreateProductCoupon:
    """Scope SINGLE, redeemed once."""
    return pc.CreateProductCoupon(
        out_request_no="create-0002",
        scope=pc.ProductCouponScope.SINGLE,
        type=coupon_type,
        usage_mode=pc.UsageMode.SINGLE,
        display_info=display(GOODS),
        stock=stock(rule),
    )


def rounds(
    scope: pc.ProductCouponScope, coupon_type: pc.ProductCouponType, rule: pc.StockBundleUsageRule
) -> pc.CreateProductCoupon:
    """Either scope, redeemed once a round."""
    return pc.CreateProductCoupon(
        out_request_no="create-0003",
        scope=scope,
        type=coupon_type,
        usage_mode=pc.UsageMode.PROGRESSIVE_BUNDLE,
        progressive_bundle_usage_info=pc.ProgressiveBundleUsageInfo(count=ROUNDS, interval_days=1),
        display_info=display(GOODS) if scope == pc.ProductCouponScope.SINGLE else display(),
        stock_bundle=bundle(rule),
    )


_ALL, _ONE = pc.ProductCouponScope.ALL, pc.ProductCouponScope.SINGLE
_OFF, _PERCENT, _PRICE = pc.ProductCouponType.NORMAL, pc.ProductCouponType.DISCOUNT, pc.ProductCouponType.EXCHANGE
_OFF_ROUNDS = pc.StockBundleUsageRule(coupon_available_period=PERIOD, normal_coupon_list=[NORMAL] * ROUNDS)
_PERCENT_ROUNDS = pc.StockBundleUsageRule(coupon_available_period=PERIOD, discount_coupon_list=[DISCOUNT] * ROUNDS)
_PRICE_ROUNDS = pc.StockBundleUsageRule(coupon_available_period=PERIOD, exchange_coupon_list=[EXCHANGE] * ROUNDS)

KINDS: dict[str, pc.CreateProductCoupon] = {
    "ALL NORMAL SINGLE": everywhere(_OFF, pc.SingleUsageInfo(normal_coupon=NORMAL)),
    "ALL DISCOUNT SINGLE": everywhere(_PERCENT, pc.SingleUsageInfo(discount_coupon=DISCOUNT)),
    "SINGLE NORMAL SINGLE": named(_OFF, pc.SingleUsageRule(coupon_available_period=PERIOD, normal_coupon=NORMAL)),
    "SINGLE DISCOUNT SINGLE": named(
        _PERCENT, pc.SingleUsageRule(coupon_available_period=PERIOD, discount_coupon=DISCOUNT)
    ),
    "SINGLE EXCHANGE SINGLE": named(
        _PRICE, pc.SingleUsageRule(coupon_available_period=PERIOD, exchange_coupon=EXCHANGE)
    ),
    "ALL NORMAL PROGRESSIVE_BUNDLE": rounds(_ALL, _OFF, _OFF_ROUNDS),
    "ALL DISCOUNT PROGRESSIVE_BUNDLE": rounds(_ALL, _PERCENT, _PERCENT_ROUNDS),
    "SINGLE NORMAL PROGRESSIVE_BUNDLE": rounds(_ONE, _OFF, _OFF_ROUNDS),
    "SINGLE DISCOUNT PROGRESSIVE_BUNDLE": rounds(_ONE, _PERCENT, _PERCENT_ROUNDS),
    "SINGLE EXCHANGE PROGRESSIVE_BUNDLE": rounds(_ONE, _PRICE, _PRICE_ROUNDS),
}
"""The ten kinds by scope, type and usage mode."""

WHERE: dict[str, str] = {
    "ALL NORMAL SINGLE": "single_usage_info.normal_coupon",
    "ALL DISCOUNT SINGLE": "single_usage_info.discount_coupon",
    "SINGLE NORMAL SINGLE": "stock.single_usage_rule.normal_coupon",
    "SINGLE DISCOUNT SINGLE": "stock.single_usage_rule.discount_coupon",
    "SINGLE EXCHANGE SINGLE": "stock.single_usage_rule.exchange_coupon",
    "ALL NORMAL PROGRESSIVE_BUNDLE": "stock_bundle.progressive_bundle_usage_rule.normal_coupon_list",
    "ALL DISCOUNT PROGRESSIVE_BUNDLE": "stock_bundle.progressive_bundle_usage_rule.discount_coupon_list",
    "SINGLE NORMAL PROGRESSIVE_BUNDLE": "stock_bundle.progressive_bundle_usage_rule.normal_coupon_list",
    "SINGLE DISCOUNT PROGRESSIVE_BUNDLE": "stock_bundle.progressive_bundle_usage_rule.discount_coupon_list",
    "SINGLE EXCHANGE PROGRESSIVE_BUNDLE": "stock_bundle.progressive_bundle_usage_rule.exchange_coupon_list",
}
"""Where each of them carries its discount."""

PLACES: dict[str, Any] = {
    "single_usage_info.normal_coupon": NORMAL,
    "single_usage_info.discount_coupon": DISCOUNT,
    "stock.single_usage_rule.normal_coupon": NORMAL,
    "stock.single_usage_rule.discount_coupon": DISCOUNT,
    "stock.single_usage_rule.exchange_coupon": EXCHANGE,
    "stock_bundle.progressive_bundle_usage_rule.normal_coupon_list": [NORMAL] * ROUNDS,
    "stock_bundle.progressive_bundle_usage_rule.discount_coupon_list": [DISCOUNT] * ROUNDS,
    "stock_bundle.progressive_bundle_usage_rule.exchange_coupon_list": [EXCHANGE] * ROUNDS,
}
"""Every place that a discount may be in, with one for it."""


def in_json(place: str) -> Any:
    """The discount for a place, as JSON."""
    value = PLACES[place]
    return [convert.to_wire(rule) for rule in value] if isinstance(value, list) else convert.to_wire(value)


def wrong_places(kind: str) -> dict[str, str]:
    """The places of a kind's usage mode that its discount is not in, each with the path it is refused at.

    With scope SINGLE, the whole of ``single_usage_info`` is too much.
    """
    right = WHERE[kind]
    rounds_too = right.startswith("stock_bundle")
    others = [place for place in PLACES if place != right and place.startswith("stock_bundle") == rounds_too]
    shared = right.startswith("single_usage_info")
    return {
        place: "$.single_usage_info" if place.startswith("single_usage_info") and not shared else f"$.{place}"
        for place in others
    }


GONE: Any = object()
"""A change that takes a member away."""


def changed(request: pc.CreateProductCoupon, changes: dict[str, Any]) -> pc.CreateProductCoupon:
    """The same request with other members, each under its path; :data:`GONE` takes one away."""
    body = convert.to_wire(request)
    for path, value in changes.items():
        *way, last = path.split(".")
        place: Any = body
        for step in way:
            place = place[int(step)] if isinstance(place, list) else place.setdefault(step, {})
        if value is GONE:
            del place[last]
        elif isinstance(place, list):
            place[int(last)] = value
        else:
            place[last] = value
    return convert.from_wire(pc.CreateProductCoupon, body)
