"""Where callbacks about redeemed cash coupons are sent."""

import re
from collections.abc import Iterator
from typing import Annotated, Final

from ..endpoint import Endpoint, endpoint
from ..identity import Merchant, Partner
from ..model import Model, Text, Time, model
from .ids import MerchantId

__all__ = ["CallbackAddress", "ChangedCallback", "GetCallback", "SetCallback"]

_ADDRESS: Final = re.compile(r"https://[^?#\s]+")


@model
class ChangedCallback(Model):
    """The address that was set."""

    update_time: Time
    """When it was set."""
    notify_url: str
    """Where callbacks are sent."""


@endpoint("POST", "/v3/marketing/favor/callbacks", rate="5/min", harmless=True)
class SetCallback(Endpoint[ChangedCallback, Merchant | Partner]):
    """Set the address for callbacks about redeemed coupons, in place of the one before (设置代金券消息通知地址).

    Callbacks come only once they are switched on at the merchant platform.

    https://pay.weixin.qq.com/doc/v3/merchant/4012464198
    """

    mchid: MerchantId
    """The merchant that created the stocks."""
    notify_url: Annotated[str, Text(1, 256)]
    """An ``https://`` address without a query, reachable from the internet; up to 256 characters."""
    switch: bool | None = None
    """Whether callbacks are sent: true, which it is when left out. False is documented as not supported."""

    def check(self) -> Iterator[tuple[str, str]]:
        """The address is one that WeChat Pay takes."""
        if not _ADDRESS.fullmatch(self.notify_url):
            yield "notify_url", "has to begin with https:// and to have no query, fragment or white space"

    def advise(self) -> Iterator[tuple[str, str]]:
        """Callbacks cannot be switched off here."""
        if self.switch is False:
            yield "switch", "is documented as not supported when it is false; leave it out"


@model
class CallbackAddress(Model):
    """The address in force."""

    notify_url: str
    """Where callbacks are sent."""
    mchid: str
    """The merchant whose callbacks they are."""


@endpoint("GET", "/v3/marketing/favor/callbacks", rate="2000/s")
class GetCallback(Endpoint[CallbackAddress, Merchant | Partner]):
    """Look up the address for callbacks about redeemed coupons (查询代金券消息通知地址).

    https://pay.weixin.qq.com/doc/v3/merchant/4012464070
    """

    mchid: MerchantId
    """The merchant that created the stocks."""
