"""The names of things in requests about product coupons."""

from typing import Annotated, TypeAlias

from ..model import PRIVATE, Text

__all__ = ["Appid", "HeldCode", "ProductCouponId", "StockBundleId", "StockId", "StoreId", "UserCouponBundleId"]

Appid: TypeAlias = Annotated[str, Text()]
"""An appid bound to the brand or, where a partner asks, to the partner."""
ProductCouponId: TypeAlias = Annotated[str, Text(1, 40)]
"""A product coupon, as its creation answered: up to 40 characters."""
StockId: TypeAlias = Annotated[str, Text(1, 40)]
"""A stock, as its creation answered: up to 40 characters."""
StockBundleId: TypeAlias = Annotated[str, Text(1, 40)]
"""A stock bundle, as its creation answered: up to 40 characters."""
StoreId: TypeAlias = Annotated[str, Text()]
"""A store of the brand, as its creation answered."""
UserCouponBundleId: TypeAlias = Annotated[str, Text(1, 40)]
"""A user's bundle, as its sending or its callback said: up to 40 characters."""
HeldCode: TypeAlias = Annotated[str, Text(1, 40), PRIVATE]  # WeChat Pay makes codes too: no alphabet is promised
"""The code of a coupon that a user has: up to 40 characters."""
