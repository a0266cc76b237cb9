"""What callbacks tell about cash coupons: that they were redeemed."""

from typing import Annotated

from ..event import Event, event
from ..model import PRIVATE, Fen, Model, Time, model
from .enums import CashBusinessType, CashCouponStatus, CashCouponType
from .user_coupons import ConsumeInformation

__all__ = ["CouponUsed", "DiscountTo", "NormalCouponInformation", "SingleItemDiscountOff"]


@model
class SingleItemDiscountOff(Model):
    """What a discount on single goods is about."""

    single_price_max: Fen | None = None
    """The highest price of a piece to which it applies, in fen."""


@model
class DiscountTo(Model):
    """A price that goods are cut to; a query calls it ``cut_to_message``."""

    cut_to_price: Fen | None = None
    """The price of a piece afterwards, in fen."""
    max_price: Fen | None = None
    """The highest price of a piece to which it applies, in fen."""


@model
class NormalCouponInformation(Model):
    """An amount off."""

    coupon_amount: Fen
    """What is taken off, in fen."""
    transaction_minimum: Fen
    """What has to be paid at least, in fen."""


@event("COUPON.USE", key=("stock_id", "coupon_id", "consume_information.transaction_id"))
class CouponUsed(Event):
    """A cash coupon was redeemed, or a part of one with a balance (代金券核销事件回调通知).

    https://pay.weixin.qq.com/doc/v3/merchant/4012285250
    """

    stock_creator_mchid: str
    """The merchant that created its stock."""
    stock_id: str
    """Its stock."""
    coupon_id: Annotated[str, PRIVATE]
    """Its number."""
    singleitem_discount_off: SingleItemDiscountOff | None = None
    """What it takes off single goods."""
    discount_to: DiscountTo | None = None
    """The price that goods are cut to, for type CUT_TO."""
    coupon_name: str
    """Its name."""
    status: CashCouponStatus | str
    """Its state."""
    description: str
    """The terms of use."""
    create_time: Time
    """When the user received it."""
    coupon_type: CashCouponType | str
    """What is taken off."""
    no_cash: bool
    """Whether nothing is paid in advance."""
    available_begin_time: Time
    """From when it can be used."""
    available_end_time: Time
    """Until when."""
    singleitem: bool
    """Whether it is about single goods."""
    normal_coupon_information: NormalCouponInformation | None = None
    """The amount that is taken off, and from what."""
    consume_information: ConsumeInformation | None = None
    """How it was redeemed."""
    business_type: CashBusinessType | str | None = None
    """What is special about it."""
