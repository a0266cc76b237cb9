"""Stocks of merchant coupons, and the coupons users hold, as answers show them."""

from typing import Annotated

from ..model import PRIVATE, Model, Time, model
from .display import CustomEntrance, DisplayPatternInfo, NotifyConfig
from .enums import CouponCodeMode, CouponCodeStatus, CouponState, StockState, StockType
from .rules import CouponUseRule, StockSendRule

__all__ = ["CouponCodeCount", "CouponCodeInfo", "SendCount", "Stock", "UserCoupon"]


@model
class CouponCodeCount(Model):
    """How many codes were uploaded to a stock."""

    total_count: int
    """Codes uploaded so far."""
    available_count: int
    """Uploaded codes that nobody has yet."""


@model
class SendCount(Model):
    """How much of a stock was sent."""

    total_send_num: int | None = None
    """Coupons sent so far."""
    total_send_amount: int | None = None
    """What they are worth, in fen, for ``stock_type`` NORMAL."""
    today_send_num: int | None = None
    """Coupons sent today, where there is a limit a day."""
    today_send_amount: int | None = None
    """What they are worth, in fen, where there is a limit a day, for ``stock_type`` NORMAL."""


@model
class Stock(Model):
    """A stock (批次) of merchant coupons."""

    stock_id: str
    """The stock, under its number at WeChat Pay."""
    stock_name: str
    """Its name."""
    belong_merchant: str
    """The merchant it belongs to."""
    comment: str | None = None
    """Note that users do not see."""
    goods_name: str
    """What it is for, as the card pack says."""
    stock_type: StockType | str
    """The kind of discount."""
    coupon_use_rule: CouponUseRule
    """How its coupons are redeemed."""
    stock_send_rule: StockSendRule
    """How many are sent."""
    custom_entrance: CustomEntrance | None = None
    """Where the card leads."""
    display_pattern_info: DisplayPatternInfo | None = None
    """How its coupons look."""
    stock_state: StockState | str
    """What it is good for now."""
    coupon_code_mode: CouponCodeMode | str
    """Where its codes come from."""
    coupon_code_count: CouponCodeCount | None = None
    """How many codes were uploaded, for ``coupon_code_mode`` MERCHANT_UPLOAD."""
    notify_config: NotifyConfig | None = None
    """How callbacks name users."""
    send_count_information: SendCount | None = None
    """How much was sent."""
    subsidy: bool | None = None
    """Whether its coupons may be subsidised."""


@model
class UserCoupon(Model):
    """A merchant coupon in a user's hand."""

    belong_merchant: str
    """The merchant its stock belongs to."""
    stock_name: str
    """The name of its stock."""
    comment: str | None = None
    """Note that users do not see."""
    goods_name: str
    """What it is for, as the card pack says."""
    stock_type: StockType | str
    """The kind of discount."""
    transferable: bool | None = None
    """Whether it can be given away."""
    shareable: bool | None = None
    """Whether its claim can be shared; one example has text here."""
    coupon_state: CouponState | str | None = None
    """What it is good for now."""
    display_pattern_info: DisplayPatternInfo | None = None
    """How it looks."""
    coupon_use_rule: CouponUseRule
    """How it is redeemed."""
    custom_entrance: CustomEntrance | None = None
    """Where the card leads."""
    coupon_code: Annotated[str | None, PRIVATE] = None
    """Its code."""
    stock_id: str | None = None
    """Its stock."""
    available_start_time: Time | None = None
    """From when on it can be used: the claim, or the start of a later day."""
    expire_time: Time | None = None
    """When it expires."""
    receive_time: Time | None = None
    """When the user got it."""
    send_request_no: str | None = None
    """Number of the sending."""
    use_request_no: str | None = None
    """Number of the redemption, once redeemed."""
    use_time: Time | None = None
    """When it was redeemed."""
    associate_out_trade_no: str | None = None
    """The order it is associated with, after an association."""
    return_request_no: str | None = None
    """Number of the return, after a return."""
    return_time: Time | None = None
    """When it was returned."""
    deactivate_request_no: str | None = None
    """Number of the deactivation, once deactivated."""
    deactivate_time: Time | None = None
    """When it was deactivated."""
    deactivate_reason: str | None = None
    """Why it was deactivated, where a reason was given."""


@model
class CouponCodeInfo(Model):
    """An uploaded code, and who has it."""

    code: Annotated[str, PRIVATE]
    """The code, as it was uploaded."""
    code_status: CouponCodeStatus | str
    """Whether somebody has it."""
    upload_time: Time | None = None
    """When it was uploaded."""
    dispatched_time: Time | None = None
    """When a user got it, for ``code_status`` DISPATCHED."""
    openid: Annotated[str | None, PRIVATE] = None
    """That user, under the appid of the request."""
    unionid: Annotated[str | None, PRIVATE] = None
    """That user, under all appids of one owner."""
    coupon_code: Annotated[str | None, PRIVATE] = None
    """The code of that user's coupon."""
