"""What callbacks tell about merchant coupons; redeeming, returning and deactivating are told by none."""

from enum import StrEnum
from typing import Annotated

from ..event import Event, event
from ..model import PRIVATE, Model, Time, model

__all__ = ["CouponSent", "SendAttachInfo", "SendChannel"]


class SendChannel(StrEnum):
    """How a merchant coupon came to a user."""

    BUSICOUPON_SEND_CHANNEL_MINIAPP = "BUSICOUPON_SEND_CHANNEL_MINIAPP"
    """A mini program."""
    BUSICOUPON_SEND_CHANNEL_API = "BUSICOUPON_SEND_CHANNEL_API"
    """The send call."""
    BUSICOUPON_SEND_CHANNEL_PAYGIFT = "BUSICOUPON_SEND_CHANNEL_PAYGIFT"
    """A gift for a payment."""
    BUSICOUPON_SEND_CHANNEL_H5 = "BUSICOUPON_SEND_CHANNEL_H5"
    """A web page."""
    BUSICOUPON_SEND_CHANNEL_FTOF = "BUSICOUPON_SEND_CHANNEL_FTOF"
    """Face to face."""
    BUSICOUPON_SEND_CHANNEL_MEMBERCARD_ACT = "BUSICOUPON_SEND_CHANNEL_MEMBERCARD_ACT"
    """An activity of a member card."""
    BUSICOUPON_SEND_CHANNEL_HALL = "BUSICOUPON_SEND_CHANNEL_HALL"
    """Scanned in a marketing hall."""
    BUSICOUPON_SEND_CHANNEL_JSAPI = "BUSICOUPON_SEND_CHANNEL_JSAPI"
    """JSAPI."""
    JSAPI = "JSAPI"
    """JSAPI, as the page lists it too."""
    BUSICOUPON_SEND_CHANNEL_MINI_APP_LIVE = "BUSICOUPON_SEND_CHANNEL_MINI_APP_LIVE"
    """A live stream of a mini program."""
    BUSICOUPON_SEND_CHANNEL_WECHAT_SEARCH = "BUSICOUPON_SEND_CHANNEL_WECHAT_SEARCH"
    """The search of WeChat."""
    BUSICOUPON_SEND_CHANNEL_PAY_HAS_DISCOUNT = "BUSICOUPON_SEND_CHANNEL_PAY_HAS_DISCOUNT"
    """Discounts for payments."""
    BUSICOUPON_SEND_CHANNEL_WECHAT_AD = "BUSICOUPON_SEND_CHANNEL_WECHAT_AD"
    """An advertisement in WeChat."""
    BUSICOUPON_SEND_CHANNEL_RIGHTS_PLATFORM = "BUSICOUPON_SEND_CHANNEL_RIGHTS_PLATFORM"
    """The platform of rights."""
    BUSICOUPON_SEND_CHANNEL_RECEIVE_MONEY_GIFT = "BUSICOUPON_SEND_CHANNEL_RECEIVE_MONEY_GIFT"
    """A gift for money received."""
    BUSICOUPON_SEND_CHANNEL_MEMBER_PAY_RIGHT = "BUSICOUPON_SEND_CHANNEL_MEMBER_PAY_RIGHT"
    """A right of members who pay."""
    BUSICOUPON_SEND_CHANNEL_BUSI_SMART_RETAIL = "BUSICOUPON_SEND_CHANNEL_BUSI_SMART_RETAIL"
    """Smart retail."""
    BUSICOUPON_SEND_CHANNEL_FINDER_LIVEROOM = "BUSICOUPON_SEND_CHANNEL_FINDER_LIVEROOM"
    """A live room of Channels."""


@model
class SendAttachInfo(Model):
    """What a channel says of a sending; which members come depends on the channel."""

    transaction_id: str | None = None
    """The payment that was thanked for, of a gift for a payment."""
    act_code: str | None = None
    """The activity, of a gift for a payment or a hall."""
    hall_code: str | None = None
    """The marketing hall."""
    hall_belong_mch_id: int | str | None = None
    """The merchant that owns the hall: a number on the page, and text in SDKs."""
    card_id: str | None = None
    """The template of the member card."""
    code: Annotated[str | None, PRIVATE] = None
    """The code of the user's member card."""
    activity_id: str | None = None
    """The activity of the member card."""
    phone_number: Annotated[str | None, PRIVATE] = None
    """The phone number of whoever received it, of a shake."""
    country_code: str | None = None
    """The country code of ``phone_number``."""


@event("COUPON.SEND", key=("stock_id", "coupon_code"))
class CouponSent(Event):
    """A user has a new merchant coupon (商家券领券事件回调通知).

    https://pay.weixin.qq.com/doc/v3/merchant/4012285279
    """

    event_type: str | None = None
    """EVENT_TYPE_BUSICOUPON_SEND; what happened is in the envelope's own ``event_type``."""
    coupon_code: Annotated[str, PRIVATE]
    """Its code."""
    stock_id: str
    """Its stock."""
    send_time: Time
    """When it was sent."""
    openid: Annotated[str | None, PRIVATE] = None
    """The user, under the ``notify_appid`` of the stock; empty where that has none."""
    unionid: Annotated[str | None, PRIVATE] = None
    """The user, under all appids of one owner, where it is known."""
    send_channel: SendChannel | str
    """How it came to the user."""
    send_merchant: str
    """The merchant that sent it."""
    act_id: str | None = None
    """The activity of a shake."""
    attach_info: SendAttachInfo | None = None
    """What the channel says of the sending, for some channels."""
