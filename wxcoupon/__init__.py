"""An asyncio-native client for WeChat Pay's coupon APIs: product coupons (商品券) and merchant coupons (商家券).

The client is loaded when it is first asked for: it brings aiohttp with it, and most modules that import this package
make no call while a program starts.
"""

from typing import TYPE_CHECKING, Any

from .blocking import Blocking, blocking
from .bulk import Done, Failed, bulk, request_no_for
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

if TYPE_CHECKING:
    from .client import Client

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
    "request_no_for",
]


def __getattr__(name: str) -> Any:
    if name == "Client":
        from .client import Client

        return Client
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
