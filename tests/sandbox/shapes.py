"""Product coupons of every shape, for tests to create."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from wxcoupon import product_coupon as pc
from wxcoupon.convert import from_wire, to_wire, write_time
from wxcoupon.model import Model

M = TypeVar("M", bound=Model)

APPID: Final = "wx233544546545989"
_STARTED: Final = datetime.now(UTC)
"""One moment for all of a run: the same arguments make the same request, also when a second has passed."""
_OFF: Final[dict[str, dict[str, int]]] = {
    "NORMAL": {"threshold": 10000, "discount_amount": 100},
    "DISCOUNT": {"threshold": 10000, "percent_off": 20},
    "EXCHANGE": {"threshold": 10000, "exchange_price": 20},
}
TEN: Final = [
    (scope, kind, mode)
    for mode in ("SINGLE", "PROGRESSIVE_BUNDLE")
    for scope, kind in (
        ("ALL", "NORMAL"),
        ("ALL", "DISCOUNT"),
        ("SINGLE", "NORMAL"),
        ("SINGLE", "DISCOUNT"),
        ("SINGLE", "EXCHANGE"),
    )
]


def product_coupon(
    number: str = "create_1",
    *,
    shape: tuple[str, str, str] = ("ALL", "NORMAL", "SINGLE"),
    mode: str = "UPLOAD",
    max_count: int = 1000,
    notify_appid: str = APPID,
    begins: float = -1,
    period: dict[str, Any] | None = None,
    **caps: int,
) -> pc.CreateProductCoupon:
    """A product coupon.

    Args:
        number: its out_request_no.
        shape: scope, type and usage_mode.
        mode: its coupon_code_mode.
        max_count: of its stock.
        notify_appid: the appid of callbacks.
        begins: days from now at which the stock begins; it ends 30 days later.
        period: further members of its coupon_available_period.
        caps: further members of its stock_send_rule.
    """
    scope, kind, usage = shape
    coupon = f"{kind.lower()}_coupon"
    first = _STARTED + timedelta(days=begins)
    when = {
        "available_begin_time": write_time(first.replace(microsecond=0)),
        "available_end_time": write_time(first.replace(microsecond=0) + timedelta(days=30)),
        **(period or {}),
    }
    stock: dict[str, Any] = {
        "remark": "test",
        "coupon_code_mode": mode,
        "stock_send_rule": {"max_count": max_count, "max_count_per_user": 5} | caps,
        "usage_rule_display_info": {"coupon_usage_method_list": ["OFFLINE"], "usage_description": "工作日可用"},
        "coupon_display_info": {"code_display_mode": "QRCODE"},
        "notify_config": {"notify_appid": notify_appid},
        "store_scope": "NONE",
    }
    members: dict[str, Any] = {
        "out_request_no": number,
        "scope": scope,
        "type": kind,
        "usage_mode": usage,
        "display_info": {
            "name": "满100立减1元",
            "image_url": "https://wxpaylogo.qpic.cn/wxpaylogo/1",
            "background_url": "https://wxpaylogo.qpic.cn/wxpaylogo/2",
            "combo_package_list": [
                {"name": "咖啡", "pick_count": 1, "choice_list": [{"name": "美式", "price": 1000, "count": 1}]}
            ],
        },
    }
    if usage == "SINGLE":
        rule: dict[str, Any] = {"coupon_available_period": when}
        if scope == "ALL":
            members["single_usage_info"] = {coupon: _OFF[kind]}
        else:
            rule[coupon] = _OFF[kind]
        members["stock"] = stock | {"single_usage_rule": rule}
    elif usage == "SEQUENTIAL":
        members["sequential_usage_info"] = {"type": "INCREMENTAL", "count": 2, "available_days": 30, "interval_days": 0}
        members["stock"] = stock | {
            "sequential_usage_rule": {"coupon_available_period": when, f"{coupon}_list": [_OFF[kind]] * 2}
        }
    else:
        members["progressive_bundle_usage_info"] = {"count": 3, "interval_days": 1}
        members["stock_bundle"] = stock | {
            "progressive_bundle_usage_rule": {"coupon_available_period": when, f"{coupon}_list": [_OFF[kind]] * 3}
        }
    return from_wire(pc.CreateProductCoupon, members)


def changed(request: M, **members: Any) -> M:
    """The same request with other members."""
    return from_wire(type(request), to_wire(request) | members)
