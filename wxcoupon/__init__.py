"""An asyncio-native client for WeChat Pay's coupon APIs.

Each family of endpoints is a module: ``product_coupon`` (商品券), ``busifavor`` (商家券), ``cash_coupon`` (代金券),
``store`` (品牌门店), ``delivery_plan`` (投放计划) and ``certificate`` (平台证书).

The client is loaded when it is first asked for: it brings aiohttp with it, and most modules that import this package
make no call while a program starts.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from .blocking import Blocking, blocking
from .bulk import Done, Failed, bulk, request_no_for
from .endpoint import FAMILIES
from .errors import (
    ApiError,
    ConfigurationError,
    InvalidRequest,
    NetworkError,
    NotAllowedError,
    UntrustedAnswer,
    WxCouponError,
)
from .identity import Brand, Merchant, Partner
from .keys import KeyRing
from .pace import Pacer
from .remote_key import Decryptor, Signer
from .retry import RetryPolicy

if TYPE_CHECKING:
    from .checks import RequestAdvice, RequestWarning
    from .client import Client

__version__ = "0.1.0"

__all__ = [
    "ApiError",
    "Blocking",
    "Brand",
    "Client",
    "ConfigurationError",
    "Decryptor",
    "Done",
    "Failed",
    "InvalidRequest",
    "KeyRing",
    "Merchant",
    "NetworkError",
    "NotAllowedError",
    "Pacer",
    "Partner",
    "RequestAdvice",
    "RequestWarning",
    "RetryPolicy",
    "Signer",
    "UntrustedAnswer",
    "WxCouponError",
    "blocking",
    "bulk",
    "request_no_for",
]


_ROOMS: Final = (*FAMILIES, "checks", "client")
"""Modules that are there without being imported by name: the families, where the client is, and its warnings."""
_LATER: Final = {"Client": "client", "RequestAdvice": "checks", "RequestWarning": "checks"}
"""What is loaded when it is first asked for, and where it is."""

if not TYPE_CHECKING:  # a checker would take any misspelt name for one that is loaded later

    def __getattr__(name: str) -> Any:
        if name in _ROOMS:
            return import_module(f".{name}", __name__)
        if name in _LATER:
            return getattr(import_module(f".{_LATER[name]}", __name__), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__, *_ROOMS})
