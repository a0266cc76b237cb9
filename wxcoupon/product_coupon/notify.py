"""Where callbacks about product coupons are sent: one address for a partner and all its brands, or for a brand."""

import re
from collections.abc import Iterator
from typing import Annotated, Final

from ..endpoint import Endpoint, endpoint
from ..model import Model, Text, Time, model

__all__ = ["GetNotifyConfig", "NotifyAddress", "SetNotifyConfig"]

_ADDRESS: Final = re.compile(r"https://[^?#\s]+")


@model
class NotifyAddress(Model):
    """The address in force."""

    notify_url: str
    """Where callbacks are sent."""
    update_time: Time
    """When it was set."""


@endpoint("POST", "/product-coupon/notify-configs", rate="20/s", harmless=True, brand_scoped=False)
class SetNotifyConfig(Endpoint[NotifyAddress]):
    """Set the address for callbacks, in place of the one before (设置商品券事件通知地址).

    A partner has one for all its brands. No web console sets it. Callbacks come only once an APIv3 key is set too.

    https://pay.weixin.qq.com/doc/v3/partner/4015781286
    https://pay.weixin.qq.com/doc/v3/partner/4016435719
    https://pay.weixin.qq.com/doc/brand/4015736293
    """

    notify_url: Annotated[str, Text(1, 256)]
    """An ``https://`` address without a query, public, in mainland China with ICP filing; up to 256 characters."""

    def check(self) -> Iterator[tuple[str, str]]:
        """The address is one that WeChat Pay takes."""
        if not _ADDRESS.fullmatch(self.notify_url):
            yield "notify_url", "has to begin with https:// and to have no query, fragment or white space"


@endpoint("GET", "/product-coupon/notify-configs", rate="20/s", brand_scoped=False)
class GetNotifyConfig(Endpoint[NotifyAddress]):
    """Look up the address for callbacks; there is an error, NOT_FOUND, before one was set (获取商品券事件通知地址).

    https://pay.weixin.qq.com/doc/v3/partner/4015781284
    https://pay.weixin.qq.com/doc/v3/partner/4016435718
    https://pay.weixin.qq.com/doc/brand/4015736292
    https://pay.weixin.qq.com/doc/brand/4016427364
    """
