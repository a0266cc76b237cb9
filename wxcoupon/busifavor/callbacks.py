"""Where callbacks about merchant coupons go (商家券事件通知地址).

Most pages of this family were withdrawn from WeChat Pay's documentation; where one is named, it is the last one known.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Final

from ..endpoint import Endpoint, endpoint
from ..identity import Merchant, Partner
from ..model import Model, Text, Time, model
from .ids import Mchid

__all__ = ["Callback", "ChangedCallback", "GetCallback", "SetCallback"]

_NO_ADDRESS: Final = re.compile(r"[#\s]")


@model
class Callback(Model):
    """Where a merchant's callbacks go."""

    notify_url: str
    """The address."""
    mchid: str
    """The merchant."""


@model
class ChangedCallback(Callback):
    """Where a merchant's callbacks go from now on."""

    update_time: Time | None = None
    """When it was changed."""


@endpoint("POST", "/v3/marketing/busifavor/callbacks", harmless=True)
class SetCallback(Endpoint[ChangedCallback, Merchant | Partner]):
    """Say where callbacks about merchant coupons go (设置商家券事件通知地址).

    Only events of stocks that the merchant created arrive there, and only with event push switched on in the merchant
    platform and an APIv3 key set. The page is withdrawn.

    https://pay.weixin.qq.com/doc/v3/merchant/4012465431
    """

    mchid: Mchid | None = None
    """The merchant, 8 to 15 characters; the caller when left out."""
    notify_url: Annotated[str, Text(10, 256)]
    """An HTTPS address without a query: 10 to 256 characters."""

    def check(self) -> Iterator[tuple[str, str]]:
        """The address is reached over HTTPS, and ends before any query."""
        if not self.notify_url.startswith("https://"):
            yield "notify_url", "has to begin with https://"
        if "?" in self.notify_url:
            yield "notify_url", "has to be without a query"
        if _NO_ADDRESS.search(self.notify_url):
            yield "notify_url", "has to be without a fragment or white space"


@endpoint("GET", "/v3/marketing/busifavor/callbacks")
class GetCallback(Endpoint[Callback, Merchant | Partner]):
    """Ask where callbacks about merchant coupons go (获取商家券事件通知地址).

    The page is withdrawn.

    https://pay.weixin.qq.com/doc/v3/merchant/4012465507
    """

    mchid: Mchid | None = None
    """The merchant, 8 to 15 characters; the caller when left out."""
