"""Where callbacks about delivery plans are sent: an address of their own, one for a partner and all its brands."""

import re
from collections.abc import Iterator
from typing import Annotated, Final

from ..endpoint import Endpoint, endpoint
from ..identity import Partner
from ..model import Model, Text, model

__all__ = ["DeliveryPlanCallback", "SetDeliveryPlanCallback"]

_ADDRESS: Final = re.compile(r"https://[^?#\s]+")


@model
class DeliveryPlanCallback(Model):
    """The address in force."""

    notify_url: str
    """Where callbacks about delivery plans are sent."""


@endpoint("POST", "/delivery-plan/{sp_mchid}/notify-url", rate="10/s", harmless=True, brand_scoped=False)
class SetDeliveryPlanCallback(Endpoint[DeliveryPlanCallback, Partner]):
    """Set the address for callbacks about plans, in place of the one before (设置投放计划回调地址).

    https://pay.weixin.qq.com/doc/v3/partner/4016184598
    """

    sp_mchid: Annotated[str, Text()]
    """Your own merchant number."""
    notify_url: Annotated[str, Text(1, 256)]
    """An ``https://`` address without a query, reachable from the internet; up to 256 characters."""

    def check(self) -> Iterator[tuple[str, str]]:
        """The address is one that WeChat Pay takes."""
        if not _ADDRESS.fullmatch(self.notify_url):
            yield "notify_url", "has to begin with https:// and to have no query, fragment or white space"
