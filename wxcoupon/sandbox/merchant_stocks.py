"""Stocks of merchant coupons (商家券), the codes uploaded to them, and the coupons sent from them."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import attrs

from .merchant_validity import stock_ends
from .validity import written

if TYPE_CHECKING:
    from .records import User

CODE_MODES: Final = ("WECHATPAY_MODE", "MERCHANT_API", "MERCHANT_UPLOAD")
DEFAULT_STOCKS: Final = {"100088": "MERCHANT_API", "100089": "WECHATPAY_MODE"}
"""Two stocks every sandbox has, open to every merchant and partner: the caller names the code, or WeChat Pay does."""

_SOMEBODY: Final = "1900000100"
_A_YEAR: Final = 365 * 86400


@attrs.define(eq=False)
class MerchantCode:
    """A code that was uploaded to a stock, and the coupon it became."""

    code: str = attrs.field(repr=False)
    uploaded: float
    coupon: MerchantCoupon | None = None


@attrs.define(eq=False)
class MerchantStock:
    """A stock of merchant coupons.

    Attributes:
        members: what it was created with, under wire names, and what was changed since.
        creator: who created it; None for a seeded one.
        owner_mchid: whose it is; None for everybody's.
        product_information: whether it carries product information, so that it can be pre-sent.
        reviewed_at: when its review ends.
        codes: all codes uploaded to it, in order.
        free: those that no user has yet.
        used: the codes of its coupons.
    """

    stock_id: str
    members: dict[str, Any] = attrs.field(repr=False)
    creator: tuple[str, str] | None
    owner_mchid: str | None
    product_information: bool
    reviewed_at: float
    codes: dict[str, MerchantCode] = attrs.field(factory=dict[str, MerchantCode], repr=False)
    free: list[str] = attrs.field(factory=list[str], repr=False)
    used: set[str] = attrs.field(factory=set[str], repr=False)
    sent: int = 0
    sent_by_day: Counter[str] = attrs.field(factory=Counter[str], repr=False)
    sent_by_user: Counter[str] = attrs.field(factory=Counter[str], repr=False)

    @property
    def coupon_code_mode(self) -> str:
        """Where its codes come from."""
        return str(self.members["coupon_code_mode"])

    @property
    def belong_merchant(self) -> str:
        """The merchant it belongs to."""
        return str(self.members["belong_merchant"])

    @property
    def _rule(self) -> Mapping[str, Any]:
        rule: Mapping[str, Any] = self.members["stock_send_rule"]
        return rule

    @property
    def max_count(self) -> int:
        """How many coupons it may ever send, and how many codes it takes."""
        return int(self._rule["max_coupons"])

    @property
    def max_count_per_day(self) -> int | None:
        """How many coupons it may send a day; None without limit."""
        return self._rule.get("max_coupons_by_day")

    @property
    def max_count_per_user(self) -> int:
        """How many of its coupons one user may have."""
        return int(self._rule["max_coupons_per_user"])

    @property
    def period(self) -> Mapping[str, Any]:
        """Its ``coupon_available_time``."""
        period: Mapping[str, Any] = self.members["coupon_use_rule"]["coupon_available_time"]
        return period

    def state(self, now: float) -> str:
        """UNAUDIT until its review, then RUNNING, and STOPED after its end."""
        if now < self.reviewed_at:
            return "UNAUDIT"
        return "RUNNING" if now <= stock_ends(self.period) else "STOPED"

    def open_to(self, subject: tuple[str, str]) -> bool:
        """Whether a caller may use it: its creator, its owner, or anybody where it is everybody's."""
        if self.creator is None and self.owner_mchid is None:
            return True
        return subject == self.creator or subject[1] == self.owner_mchid

    def store(self, codes: Iterable[str], now: float) -> None:
        """Put new codes into it. Whether they are new and fit is the caller's business."""
        for code in codes:
            self.codes[code] = MerchantCode(code, now)
            self.free.append(code)

    def take(self, assigned: str | None) -> str:
        """The code of its next coupon: the assigned one, a random one of the uploaded, or a new one."""
        if assigned is not None:
            code = assigned
        elif self.coupon_code_mode == "MERCHANT_UPLOAD":
            index = secrets.randbelow(len(self.free))
            self.free[index], self.free[-1] = self.free[-1], self.free[index]
            code = self.free.pop()
        else:
            code = "".join(secrets.choice("0123456789") for _ in range(22))
        self.used.add(code)
        return code

    def count(self, unionid: str, today: str) -> None:
        """Count a coupon that was sent to a user today."""
        self.sent += 1
        self.sent_by_day[today] += 1
        self.sent_by_user[unionid] += 1

    def hand_out(self, coupon: MerchantCoupon) -> None:
        """Note whose coupon an uploaded code became."""
        if (code := self.codes.get(coupon.coupon_code)) is not None:
            code.coupon = coupon


@attrs.define(eq=False)
class MerchantCoupon:
    """A merchant coupon in a user's hand.

    Attributes:
        sender: who sent it.
        used: the number and time of its redemption, as answers show them; None while it is not redeemed.
        payment: WeChat Pay's number of the payment it was redeemed for, if the redemption said so.
        returned: the number and time of its last return.
        deactivated: the number, time and reason of its deactivation.
        order: the order it is linked to.
    """

    stock: MerchantStock
    coupon_code: str = attrs.field(repr=False)
    user: User = attrs.field(repr=False)
    out_request_no: str
    sender: tuple[str, str]
    received: float
    begins: float
    ends: float
    used: dict[str, str] | None = None
    payment: str | None = None
    returned: dict[str, str] | None = None
    deactivated: dict[str, str] | None = None
    order: str | None = None

    @property
    def stock_id(self) -> str:
        """Its stock's number."""
        return self.stock.stock_id

    def state(self, now: float) -> str:
        """Its ``coupon_state``."""
        if self.deactivated is not None:
            return "DEACTIVATED"
        if self.used is not None:
            return "USED"
        return "SENDED" if now <= self.ends else "EXPIRED"


def seeded(
    stock_id: str,
    *,
    coupon_code_mode: str,
    max_count: int,
    max_count_per_user: int,
    owner_mchid: str | None,
    product_information: bool,
    codes: Iterable[str],
    now: float,
) -> MerchantStock:
    """Make a stock that nobody created, with the members that every stock has; it ends in a year.

    Raises:
        ValueError: there is no such ``coupon_code_mode``.
    """
    if coupon_code_mode not in CODE_MODES:
        raise ValueError(f"coupon_code_mode is one of {', '.join(CODE_MODES)}, not {coupon_code_mode!r}")
    members: dict[str, Any] = {
        "stock_name": f"stock {stock_id}"[:21],
        "belong_merchant": owner_mchid or _SOMEBODY,
        "goods_name": "everything",
        "stock_type": "NORMAL",
        "coupon_use_rule": {
            "coupon_available_time": {
                "available_begin_time": written(now),
                "available_end_time": written(now + _A_YEAR),
            },
            "fixed_normal_coupon": {"discount_amount": 100, "transaction_minimum": 1000},
            "use_method": "OFF_LINE",
        },
        "stock_send_rule": {"max_coupons": max_count, "max_coupons_per_user": max_count_per_user},
        "coupon_code_mode": coupon_code_mode,
        "subsidy": True,
    }
    stock = MerchantStock(stock_id, members, None, owner_mchid, product_information, now)
    stock.store(codes, now)
    return stock
