"""The ten kinds of product coupon over HTTP: spelled out, made by the constructors, and with a misplaced discount."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from wxcoupon import ApiError, Brand, Client, InvalidRequest, Pacer, Partner
from wxcoupon import product_coupon as pc
from wxcoupon.checks import RequestWarning
from wxcoupon.convert import to_wire
from wxcoupon.sandbox import Sandbox

from ..families.kinds import (
    DISCOUNT,
    EXCHANGE,
    GONE,
    GOODS,
    KINDS,
    LOOKS,
    NORMAL,
    NOTIFY,
    PERIOD,
    ROUNDS,
    SHOWN,
    WHERE,
    changed,
    in_json,
    wrong_places,
)

Build = Callable[[], pc.CreateProductCoupon]

_STOCK: Final[dict[str, Any]] = {
    "coupon_available_period": PERIOD,
    "max_count": 10_000,
    "max_count_per_user": 1,
    "usage_rule_display_info": SHOWN,
    "coupon_display_info": LOOKS,
    "notify_appid": NOTIFY.notify_appid,
    "store_scope": pc.StockStoreScope.NONE,
}
_COUPON: Final[dict[str, Any]] = {
    "name": "冬日奶茶惠",
    "image_url": "https://wxpaylogo.qpic.cn/wxpaylogo/head01/0",
    "background_url": "https://wxpaylogo.qpic.cn/wxpaylogo/back01/0",
    **_STOCK,
}
ALL: Final = _COUPON | {"out_request_no": "create-0001", "coupon_code_mode": pc.CouponCodeMode.UPLOAD}
ONE: Final = ALL | {"out_request_no": "create-0002", "goods": [GOODS]}
MANY: Final = _COUPON | {
    "out_request_no": "create-0003",
    "coupon_code_mode": pc.CouponCodeModeForBundle.WECHATPAY,
    "interval_days": 1,
}
MANY_OF_ONE: Final = MANY | {"goods": [GOODS]}

BUILT: Final[dict[str, Build]] = {
    "ALL NORMAL SINGLE": lambda: pc.single_use_coupon(NORMAL, **ALL),
    "ALL DISCOUNT SINGLE": lambda: pc.single_use_coupon(DISCOUNT, **ALL),
    "SINGLE NORMAL SINGLE": lambda: pc.single_use_coupon(NORMAL, **ONE),
    "SINGLE DISCOUNT SINGLE": lambda: pc.single_use_coupon(DISCOUNT, **ONE),
    "SINGLE EXCHANGE SINGLE": lambda: pc.single_use_coupon(EXCHANGE, **ONE),
    "ALL NORMAL PROGRESSIVE_BUNDLE": lambda: pc.multi_use_coupon([NORMAL] * ROUNDS, **MANY),
    "ALL DISCOUNT PROGRESSIVE_BUNDLE": lambda: pc.multi_use_coupon([DISCOUNT] * ROUNDS, **MANY),
    "SINGLE NORMAL PROGRESSIVE_BUNDLE": lambda: pc.multi_use_coupon([NORMAL] * ROUNDS, **MANY_OF_ONE),
    "SINGLE DISCOUNT PROGRESSIVE_BUNDLE": lambda: pc.multi_use_coupon([DISCOUNT] * ROUNDS, **MANY_OF_ONE),
    "SINGLE EXCHANGE PROGRESSIVE_BUNDLE": lambda: pc.multi_use_coupon([EXCHANGE] * ROUNDS, **MANY_OF_ONE),
}
"""Each kind by its constructor."""


def _at(value: Any, place: str) -> Any:
    for step in place.split("."):
        value = value[step]
    return value


@pytest.mark.parametrize("kind", KINDS)
def test_constructors_make_the_same(kind: str) -> None:
    """What a constructor makes of the few things a kind has of its own is the request spelled out."""
    assert KINDS[kind] == BUILT[kind]()
    assert to_wire(KINDS[kind]) == to_wire(BUILT[kind]())


@pytest.mark.parametrize("kind", KINDS)
async def test_created(sandbox: Sandbox, partner: Client[Partner], brand: Client[Brand], kind: str) -> None:
    """A partner and a brand create it, and its discount arrives and is answered where this kind carries it."""
    scope, coupon_type, mode = kind.split()
    for client, brand_id in ((partner, "120344"), (brand, None)):
        made = await client.call(BUILT[kind]())
        arrived = sandbox.arrivals[-1].members
        discount = _at(arrived, WHERE[kind])

        assert (scope, coupon_type, mode, brand_id) == (made.scope, made.type, made.usage_mode, made.brand_id)
        assert to_wire(KINDS[kind]) == {name: arrived[name] for name in arrived if name != "brand_id"}
        assert _at(to_wire(KINDS[kind]), WHERE[kind]) == discount
        if made.stock_bundle is None:
            assert discount == _at(to_wire(made), WHERE[kind])
        else:
            name = f"progressive_bundle_usage_rule.{coupon_type.lower()}_coupon"
            assert discount == [_at(to_wire(stock), name) for stock in made.stock_bundle.stock_list]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_misplaced_discount_is_not_sent(
    sandbox: Sandbox, partner: Client[Partner], brand: Client[Brand], kind: str
) -> None:
    """With its discount in any other place of its usage mode, each kind is refused there before anything is sent."""
    for wrong, path in wrong_places(kind).items():
        request = changed(KINDS[kind], {WHERE[kind]: GONE, wrong: in_json(wrong)})
        for client in (partner, brand):
            with pytest.raises(InvalidRequest) as caught:
                await client.call(request)

            assert {path, f"$.{WHERE[kind]}"} == {fault.path for fault in caught.value.faults}
    assert [] == list(sandbox.arrivals)
    assert 0 == sandbox.state()["requests"].get("product_coupon.create_product_coupon", 0)


async def test_later_stocks(partner: Client[Partner], brand: Client[Brand]) -> None:
    """Further stocks and bundles are made for what was created, by the same words."""
    mode = pc.CouponCodeMode.UPLOAD
    for client in (partner, brand):
        for kind, discount in (("ALL NORMAL SINGLE", None), ("SINGLE EXCHANGE SINGLE", EXCHANGE)):
            made = await client.call(KINDS[kind])
            stock = pc.single_use_stock(discount, coupon_code_mode=mode, remark="second", **_STOCK)
            request = pc.CreateStock(
                product_coupon_id=made.product_coupon_id, out_request_no=f"stock-{kind[:3]}", stock=stock
            )

            added = await client.call(request)

            assert added.single_usage_rule is not None
            assert (discount, "second") == (added.single_usage_rule.exchange_coupon, added.remark)

        rounds = await client.call(KINDS["ALL DISCOUNT PROGRESSIVE_BUNDLE"])
        bundle = pc.multi_use_stock_bundle(
            [DISCOUNT] * ROUNDS, coupon_code_mode=pc.CouponCodeModeForBundle.UPLOAD, max_count_per_day=9, **_STOCK
        )
        more = await client.call(
            pc.CreateStockBundle(
                product_coupon_id=rounds.product_coupon_id, out_request_no="bundle-0002", stock_bundle=bundle
            )
        )

        assert [DISCOUNT] * ROUNDS == [
            one.progressive_bundle_usage_rule and one.progressive_bundle_usage_rule.discount_coupon
            for one in more.stock_list
        ]
        assert [9, None, None] == [one.stock_send_rule.max_count_per_day for one in more.stock_list]


def test_the_scope_can_be_said() -> None:
    """Goods say the scope, unless it is said: a coupon for everything may show goods too."""
    everything = pc.single_use_coupon(NORMAL, scope=pc.ProductCouponScope.ALL, **ONE)
    rounds = pc.multi_use_coupon([NORMAL] * ROUNDS, scope=pc.ProductCouponScope.ALL, **MANY_OF_ONE)

    for request in (everything, rounds):
        assert pc.ProductCouponScope.ALL == request.scope
        assert [GOODS] == request.display_info.combo_package_list
    assert everything.single_usage_info == pc.SingleUsageInfo(normal_coupon=NORMAL)


_NO_GOODS: Final = "$.display_info.combo_package_list"
IMPOSSIBLE: Final[dict[str, tuple[Build, list[str]]]] = {
    "an exchange for everything": (
        lambda: pc.single_use_coupon(EXCHANGE, scope=pc.ProductCouponScope.ALL, **ONE),  # type: ignore[call-overload]
        ["$.type"],
    ),
    "an exchange of nothing": (
        lambda: pc.single_use_coupon(EXCHANGE, **ALL),
        [_NO_GOODS],
    ),
    "named goods without goods": (
        lambda: pc.single_use_coupon(NORMAL, scope="SINGLE", **ALL),
        [_NO_GOODS],
    ),
    "rounds of an exchange for everything": (
        lambda: pc.multi_use_coupon(
            [EXCHANGE] * ROUNDS,  # type: ignore[arg-type]
            scope=pc.ProductCouponScope.ALL,
            **MANY_OF_ONE,
        ),
        ["$.type"],
    ),
    "rounds of an exchange of nothing": (
        lambda: pc.multi_use_coupon([EXCHANGE] * ROUNDS, **MANY),
        [_NO_GOODS],
    ),
    "a scope there is not": (lambda: pc.single_use_coupon(NORMAL, scope="EVERYTHING", **ONE), ["$.scope"]),
    "an exchange of nothing, with wrong values": (
        lambda: pc.single_use_coupon(EXCHANGE, **ALL | {"name": "x", "max_count": 0}),
        ["$.display_info.name", "$.stock.stock_send_rule.max_count", _NO_GOODS],
    ),
    "goods that are none": (
        lambda: pc.single_use_coupon(EXCHANGE, **ALL | {"goods": [{"name": "热饮任选"}]}),
        [f"{_NO_GOODS}[0]"],
    ),
}


@pytest.mark.parametrize("kind", IMPOSSIBLE)
async def test_there_is_no_such_kind(sandbox: Sandbox, partner: Client[Partner], kind: str) -> None:
    """What is none of the ten is made and not sent: it is refused with everything else that is wrong."""
    make, paths = IMPOSSIBLE[kind]
    request = make()

    with pytest.raises(InvalidRequest) as caught:
        await partner.call(request)

    assert paths == [fault.path for fault in caught.value.faults]
    assert [] == list(sandbox.arrivals)


async def test_a_client_may_send_what_its_checks_refuse(sandbox: Sandbox, unpaced: Pacer) -> None:
    """What a builder has made is for the client to judge: one that only warns sends an exchange of nothing."""
    request = pc.single_use_coupon(EXCHANGE, **ALL)

    async with Client(
        sandbox.partner, sandbox.platform_keys, base_url=sandbox.base_url, pacer=unpaced, checks="warn"
    ) as client:
        with pytest.warns(RequestWarning, match="take them as goods"), pytest.raises(ApiError):
            await client.call(request)
