"""What the checkers know of the constructors of product coupons. Never run: mypy and basedpyright read it."""

from typing import assert_type

from wxcoupon import product_coupon as pc


def the_class_of_the_discount_decides(
    off: pc.NormalCouponUsageRule,
    percent: pc.DiscountCouponUsageRule,
    price: pc.ExchangeCouponUsageRule,
    goods: list[pc.ComboPackage],
    scope: str,
    single: pc.SingleUseCouponSettings,
    multi: pc.MultiUseCouponSettings,
) -> None:
    assert_type(pc.single_use_coupon(off, **single), pc.CreateProductCoupon)
    pc.single_use_coupon(percent, goods=goods, scope=pc.ProductCouponScope.ALL, **single)
    pc.single_use_coupon(price, goods=goods, **single)
    pc.single_use_coupon(price, goods=goods, scope=pc.ProductCouponScope.SINGLE, **single)
    # a scope may be a word, and what is listed may come from anywhere
    pc.single_use_coupon(off, goods=iter(goods), scope=scope, **single)
    pc.single_use_coupon(price, goods=tuple(goods), scope="SINGLE", **single)
    pc.multi_use_coupon((off for _ in range(3)), scope="ALL", goods=None, **multi)
    pc.multi_use_coupon([off] * 3, interval_days=1, **multi)
    pc.multi_use_coupon([percent, percent, percent], goods=goods, **multi)
    pc.multi_use_coupon([price] * 3, goods=goods, **multi)

    # an exchange is for named goods
    pc.single_use_coupon(price, **single)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    pc.multi_use_coupon([price] * 3, **multi)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    # and never for everything
    pc.single_use_coupon(price, goods=goods, scope=pc.ProductCouponScope.ALL, **single)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    # and never for one package that is no list
    pc.single_use_coupon(price, goods=goods[0], **single)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    # all rounds have one type
    pc.multi_use_coupon([off, percent, off], **multi)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    # one discount is not a list of them
    pc.multi_use_coupon(off, **multi)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    # the stock of a coupon needs its settings
    pc.single_use_coupon(off, goods=goods)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    # and those under their names
    pc.single_use_coupon(off, max_cuont=1, **single)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]


def later_stocks(
    off: pc.NormalCouponUsageRule,
    percent: pc.DiscountCouponUsageRule,
    stock: pc.StockSettings,
    bundle: pc.StockBundleSettings,
) -> None:
    assert_type(pc.single_use_stock(off, **stock), pc.StockForCreate)
    assert_type(pc.single_use_stock(**stock), pc.StockForCreate)
    assert_type(pc.multi_use_stock_bundle([percent] * 3, **bundle), pc.StockBundleForCreate)
    # a stock has one discount
    pc.single_use_stock([off], **stock)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    # all rounds have one type
    pc.multi_use_stock_bundle([off, percent, off], **bundle)  # type: ignore[list-item]  # pyright: ignore[reportCallIssue, reportArgumentType]
