"""The names of things in requests about cash coupons."""

from typing import Annotated, TypeAlias

from ..model import PRIVATE, Text

__all__ = ["Appid", "CouponId", "MerchantId", "Number", "StockId"]

StockId: TypeAlias = Annotated[str, Text(1, 20)]
"""A stock, as its creation answered: up to 20 characters."""
CouponId: TypeAlias = Annotated[str, Text(1, 20), PRIVATE]
"""A user's coupon, as its sending answered: up to 20 characters."""
MerchantId: TypeAlias = Annotated[str, Text(1, 20)]
"""A merchant number: up to 20 characters."""
Appid: TypeAlias = Annotated[str, Text(1, 128)]
"""The appid of an official account, a mini program or an app that is bound to the caller: up to 128 characters."""
Number: TypeAlias = Annotated[str, Text(1, 128, r"A-Za-z0-9|_*\-")]
"""A request number of the caller's choosing: up to 128 digits, letters and ``| _ * -``."""
