"""Stocks of merchant coupons (商家券) and the coupons sent from them."""

from __future__ import annotations

from collections import Counter
from typing import Final

import attrs

CODE_MODES: Final = ("WECHATPAY_MODE", "MERCHANT_API", "MERCHANT_UPLOAD")
DEFAULT_STOCKS: Final = {"100088": "MERCHANT_API", "100089": "WECHATPAY_MODE"}
"""Two stocks every sandbox has, open to every merchant and partner: the caller names the code, or WeChat Pay does."""


@attrs.define(eq=False)
class MerchantStock:
    """A stock of merchant coupons; its members are explained where it is seeded."""

    stock_id: str
    coupon_code_mode: str
    max_count: int
    max_count_per_user: int
    owner_mchid: str | None
    product_information: bool
    free: list[str] = attrs.field(repr=False)
    used: set[str] = attrs.field(factory=set[str], repr=False)
    sent: int = 0
    sent_by_user: Counter[str] = attrs.field(factory=Counter[str], repr=False)


@attrs.frozen
class MerchantCoupon:
    """A merchant coupon in a user's hand."""

    stock_id: str
    coupon_code: str = attrs.field(repr=False)
    unionid: str = attrs.field(repr=False)
    out_request_no: str
