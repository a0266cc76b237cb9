"""Consumption cards (消费卡): cards of a government that carry coupons."""

from typing import Annotated

from ..endpoint import Endpoint, endpoint
from ..identity import Merchant, Partner
from ..model import PRIVATE, Model, Text, Time, model

__all__ = ["SendGovCard", "SentGovCard"]


@model
class SentGovCard(Model):
    """A card that was sent."""

    card_code: Annotated[str, PRIVATE]
    """The code of the card."""


@endpoint("POST", "/v3/marketing/busifavor/coupons/{card_id}/send", key="out_request_no")
class SendGovCard(Endpoint[SentGovCard, Merchant | Partner]):
    """Send a consumption card to a user (发放消费卡).

    A sending is known by its number and its time together: repeat it with both unchanged. The page is withdrawn, and
    the call is in the official SDKs.

    https://pay.weixin.qq.com/wiki/doc/apiv3/wxpay/marketing/coupons/chapter3_1.shtml
    """

    card_id: Annotated[str, Text(1)]
    """The card."""
    appid: Annotated[str, Text(1)]
    """The appid of the card's creator, bound to the caller."""
    openid: Annotated[str, Text(1), PRIVATE]
    """The user, under ``appid``."""
    out_request_no: Annotated[str, Text(1)]
    """Number of this sending, unique together with ``send_time``."""
    send_time: Time
    """When the merchant sent it, in UTC+8; at most 24 hours ago."""
