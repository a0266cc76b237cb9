"""A user's coupon as answers show it, and the orders it was redeemed with."""

from collections.abc import Iterator
from typing import Annotated

from ..model import PRIVATE, Fen, Model, Text, Time, model
from .entities import ProductCouponEntity, StockEntity
from .enums import UserProductCouponSendChannel, UserProductCouponState, UserProductCouponTag

__all__ = [
    "CouponTagInfo",
    "CouponUsageDetail",
    "MemberTagInfo",
    "UserProductCouponAssociatedOrderInfo",
    "UserProductCouponAssociatedPayScoreOrderInfo",
    "UserProductCouponBundleInfo",
    "UserProductCouponEntity",
]


@model
class UserProductCouponAssociatedOrderInfo(Model):
    """A WeChat Pay order that a coupon was redeemed with, by at least one of its two numbers."""

    transaction_id: str | None = None
    """WeChat Pay's number of the payment; of the same payment as ``out_trade_no``, where both are given."""
    out_trade_no: str | None = None
    """The merchant's number of the order; needs ``mchid``."""
    mchid: str | None = None
    """The merchant that took the payment: the provider for an order of partner mode. Needed by ``out_trade_no``."""
    sub_mchid: str | None = None
    """The sub-merchant, for an order of partner mode that is named by ``out_trade_no``."""

    def check(self) -> Iterator[tuple[str, str]]:
        """One number at least, and a merchant to its own number."""
        if not self.transaction_id and not self.out_trade_no:
            yield "", "needs transaction_id or out_trade_no"
        if self.out_trade_no and not self.mchid:
            yield "mchid", "is required together with out_trade_no"


@model
class UserProductCouponAssociatedPayScoreOrderInfo(Model):
    """A WeChat Pay Score order that a coupon was redeemed with, by at least one of its two numbers."""

    order_id: str | None = None
    """WeChat Pay's number of the service order; of the same order as ``out_order_no``, where both are given."""
    out_order_no: Annotated[str, Text(1, 32, r"0-9A-Za-z_\-|")] | None = None
    """The merchant's number of it, up to 32 digits, letters and ``_ - |``; needs ``mchid``."""
    mchid: str | None = None
    """The merchant that made the order: the provider in partner mode. Needed by ``out_order_no``."""
    sub_mchid: str | None = None
    """The sub-merchant, for an order of partner mode that is named by ``out_order_no``."""

    def check(self) -> Iterator[tuple[str, str]]:
        """One number at least, and a merchant to its own number."""
        if not self.order_id and not self.out_order_no:
            yield "", "needs order_id or out_order_no"
        if self.out_order_no and not self.mchid:
            yield "mchid", "is required together with out_order_no"


@model
class CouponUsageDetail(Model):
    """How a coupon was redeemed and returned."""

    use_request_no: str | None = None
    """Number of the redemption, in state USED."""
    use_time: Time | None = None
    """When it was redeemed, in state USED."""
    return_request_no: str | None = None
    """Number of the return, once returned."""
    return_time: Time | None = None
    """When it was returned, once returned."""
    associated_order_info: UserProductCouponAssociatedOrderInfo | None = None
    """The payment it was redeemed with, where that was a payment."""
    associated_pay_score_order_info: UserProductCouponAssociatedPayScoreOrderInfo | None = None
    """The service order it was redeemed with, where that was one."""
    saved_amount: Fen | None = None
    """Fen that were saved; for type DISCOUNT with scope ALL what the redemption said."""


@model
class UserProductCouponBundleInfo(Model):
    """The bundle a user's coupon is part of."""

    user_coupon_bundle_id: str
    """The user's bundle."""
    user_coupon_bundle_index: int
    """The coupon's place, which is its round, from 0."""
    total_count: int
    """Redemptions the bundle offers."""
    used_count: int
    """Redemptions made so far."""


@model
class MemberTagInfo(Model):
    """What the tag MEMBER needs."""

    member_card_id: Annotated[str, Text()]
    """Template of the member card."""


@model
class CouponTagInfo(Model):
    """Tags of a coupon; only shown, and only to members of the card."""

    coupon_tag_list: list[UserProductCouponTag | str] | None = None
    """The tags."""
    member_tag_info: MemberTagInfo | None = None
    """What the tag MEMBER needs; required with it."""

    def check(self) -> Iterator[tuple[str, str]]:
        """The tag MEMBER names a card."""
        if UserProductCouponTag.MEMBER in (self.coupon_tag_list or []) and self.member_tag_info is None:
            yield "member_tag_info", "is required when coupon_tag_list has MEMBER"


@model
class UserProductCouponEntity(Model):
    """A user's coupon, with the product coupon and the stock it is of."""

    coupon_code: Annotated[str, PRIVATE]
    """Its code, up to 40 characters."""
    coupon_state: UserProductCouponState | str
    """What it is good for now."""
    valid_begin_time: Time
    """When its validity begins; counted from the claim, not from the confirmation."""
    valid_end_time: Time
    """When its validity ends."""
    receive_time: Time
    """When the user got it."""
    send_request_no: str
    """Number of the sending; WeChat Pay's own where one of its channels sent it."""
    send_channel: UserProductCouponSendChannel | str
    """How it came to the user."""
    confirm_request_no: str | None = None
    """Number of the confirmation, once confirmed."""
    confirm_time: Time | None = None
    """When it was confirmed, once confirmed."""
    deactivate_request_no: str | None = None
    """Number of the deactivation, in state DEACTIVATED."""
    deactivate_time: Time | None = None
    """When it was deactivated, in state DEACTIVATED."""
    deactivate_reason: str | None = None
    """Why it was deactivated, in state DEACTIVATED."""
    single_usage_detail: CouponUsageDetail | None = None
    """How it was redeemed, for usage mode SINGLE."""
    progressive_bundle_usage_detail: CouponUsageDetail | None = None
    """How this round was redeemed, for usage mode PROGRESSIVE_BUNDLE."""
    user_product_coupon_bundle_info: UserProductCouponBundleInfo | None = None
    """Its bundle, for usage mode PROGRESSIVE_BUNDLE."""
    product_coupon: ProductCouponEntity
    """The product coupon."""
    stock: StockEntity
    """The stock."""
    attach: str | None = None
    """What the sending attached, where a call or the claim component sent it."""
    channel_custom_info: str | None = None
    """Text of a WeChat channel, to be read according to ``send_channel``."""
    coupon_tag_info: CouponTagInfo | None = None
    """The tags it was sent with."""
    brand_id: str | None = None
    """The brand it belongs to; only partners are told, and not in every answer."""
