"""The numbers and names that requests about merchant coupons are made of."""

from typing import Annotated, TypeAlias

from ..model import PRIVATE, Text

__all__ = ["Appid", "Mchid", "MerchantCouponCode", "RequestNumber", "StockId"]

StockId: TypeAlias = Annotated[str, Text(1, 20)]
"""A stock, under its number at WeChat Pay: 1 to 20 characters."""
Appid: TypeAlias = Annotated[str, Text(1, 32)]
"""An appid of 1 to 32 characters."""
Mchid: TypeAlias = Annotated[str, Text(8, 15)]
"""A merchant number of 8 to 15 characters."""
RequestNumber: TypeAlias = Annotated[str, Text(1, 128, r"A-Za-z0-9|_*\-")]
"""A request number of the caller's choosing: 1 to 128 digits, letters and ``| _ * -``."""
MerchantCouponCode: TypeAlias = Annotated[str, Text(1, 32), PRIVATE]
"""A coupon code of 1 to 32 characters."""
