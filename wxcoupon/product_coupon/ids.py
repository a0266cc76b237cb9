"""The names of things in requests about product coupons."""

from typing import Annotated, TypeAlias

from ..model import Text

__all__ = ["Appid", "ProductCouponId", "StockId", "StoreId"]

Appid: TypeAlias = Annotated[str, Text()]
"""An appid bound to the brand or, where a partner asks, to the partner."""
ProductCouponId: TypeAlias = Annotated[str, Text(1, 40)]
"""A product coupon, as its creation answered: up to 40 characters."""
StockId: TypeAlias = Annotated[str, Text(1, 40)]
"""A stock, as its creation answered: up to 40 characters."""
StoreId: TypeAlias = Annotated[str, Text()]
"""A store of the brand, as its creation answered."""
