"""What callbacks tell about the member cards of a brand."""

from enum import StrEnum
from typing import Annotated

from ..event import Event, event
from ..model import PRIVATE, SEALED, OpenId, Time, model
from .information import MemberCardType, UserCardState, UserInformation, ValidDateInformation

__all__ = [
    "PointExchange",
    "PointSync",
    "ProductCouponStockType",
    "UserCard",
    "UserCardCreated",
    "UserCardDeleted",
]


class ProductCouponStockType(StrEnum):
    """What the stock is that points are exchanged for."""

    PRODUCT_COUPON_STOCK_TYPE_BUSI_FAVOR = "PRODUCT_COUPON_STOCK_TYPE_BUSI_FAVOR"
    """Built on a merchant coupon."""
    PRODUCT_COUPON_STOCK_TYPE_CASH_FAVOR = "PRODUCT_COUPON_STOCK_TYPE_CASH_FAVOR"
    """Built on a cash coupon."""
    PRODUCT_COUPON_STOCK_TYPE_BRAND_FAVOR = "PRODUCT_COUPON_STOCK_TYPE_BRAND_FAVOR"
    """A product coupon as it is now."""


@event("BRAND_MEMBER_CARD_SP.POINT_EXCHANGE_COUPON", key=("brand_id", "record_id"))
class PointExchange(Event):
    """A member wants a product coupon for points (积分兑换商品券); what became of it has to be reported.

    That goes by ``POST /v3/brand/partner/card-member/user-points/exchange-coupon/confirm``, and no event tells of the
    coupon.

    https://pay.weixin.qq.com/doc/v3/partner/4015878622
    """

    record_id: str
    """The exchange; its outcome is reported with it."""
    brand_id: str
    """The brand."""
    card_id: str
    """The template of the member card."""
    openid: OpenId
    """The user, under ``appid``."""
    appid: str
    """The appid of the card."""
    user_card_code: Annotated[str, PRIVATE]
    """The code of the user's card."""
    exchange_coupon_template_id: str
    """The template of the exchange."""
    deduct_points: int
    """How many points it costs."""
    product_coupon_id: str
    """The product coupon."""
    product_coupon_stock_type: ProductCouponStockType | str
    """What the stock is."""
    stock_id: str
    """The stock."""


@event("BRAND_MEMBER_CARD_SP.SYNC_USER_POINT")
class PointSync(Event):
    """A member's points are asked for (同步用户积分).

    The answer goes by ``POST /v3/brand/partner/card-member/user-points/sync``.

    https://pay.weixin.qq.com/doc/v3/partner/4016096820
    """

    brand_id: str
    """The brand."""
    card_id: str
    """The template of the member card."""
    openid: OpenId
    """The user, under the appid of the card."""
    user_card_code: Annotated[str, PRIVATE]
    """The code of the user's card."""


@model
class UserCard(Event):
    """A user's member card."""

    user_card_code: Annotated[str | None, PRIVATE] = None
    """Its code."""
    brand_id: str
    """The brand."""
    card_id: str
    """Its template."""
    openid: OpenId
    """The user, under the appid of the card."""
    card_color: str
    """Its colour."""
    card_picture_url: str
    """Its picture."""
    card_type: MemberCardType | str
    """Its kind."""
    phone_number: Annotated[str | None, SEALED] = None
    """The user's phone number, sealed for the API certificate."""
    level: str | None = None
    """Its level."""
    valid_date_information: ValidDateInformation
    """How long it is valid."""
    pickup_time: Time
    """When the user took it."""
    user_information: UserInformation | None = None
    """What the user filled in."""
    attach: str | None = None
    """The merchant's own text."""
    user_card_state: UserCardState | str
    """What it is good for now."""
    invalid_reason: str | None = None
    """Why it was made invalid."""
    invalid_time: Time | None = None
    """When it was made invalid."""
    create_time: Time
    """When it was made."""
    modify_time: Time
    """When it was changed last."""


_OCCURRENCE = ("brand_id", "card_id", "user_card_code", "modify_time")


@event("BRAND_MEMBER_CARD_SP.USER_CARD.CREATE", "MEMBERCARDSP.USER_CARD.CREATE", key=_OCCURRENCE)
class UserCardCreated(UserCard):
    """A user has a new member card (用户领卡).

    https://pay.weixin.qq.com/doc/v3/partner/4015283692
    """


@event("BRAND_MEMBER_CARD_SP.USER_CARD.DELETE", "MEMBERCARDSP.USER_CARD.DELETE", key=_OCCURRENCE)
class UserCardDeleted(UserCard):
    """A user has deleted a member card (用户删卡).

    https://pay.weixin.qq.com/doc/v3/partner/4015283692
    """
