"""An asyncio-native client for WeChat Pay's coupon APIs: product coupons (商品券) and merchant coupons (商家券)."""

from .blocking import Blocking, blocking
from .bulk import Done, Failed, bulk
from .client import Client
from .errors import (
    ApiError,
    ConfigurationError,
    InvalidRequest,
    NetworkError,
    UntrustedAnswer,
    WxCouponError,
)
from .identity import Brand, Merchant, Partner
from .keys import KeyRing
from .pace import Pacer
from .retry import RetryPolicy

__version__ = "0.1.0"

__all__ = [
    "ApiError",
    "Blocking",
    "Brand",
    "Client",
    "ConfigurationError",
    "Done",
    "Failed",
    "InvalidRequest",
    "KeyRing",
    "Merchant",
    "NetworkError",
    "Pacer",
    "Partner",
    "RetryPolicy",
    "UntrustedAnswer",
    "WxCouponError",
    "blocking",
    "bulk",
]
