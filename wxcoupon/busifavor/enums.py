"""The values that members of merchant coupons and their stocks may have.

A field is typed ``StockType | str``: a value that this version does not know is kept as text in an answer, and is a
fault in a request that is checked.
"""

from enum import StrEnum

__all__ = [
    "BackgroundColor",
    "CodeDisplayMode",
    "CouponCodeMode",
    "CouponCodeStatus",
    "CouponState",
    "StockState",
    "StockType",
    "UseMethod",
]


class StockType(StrEnum):
    """The kind of discount."""

    NORMAL = "NORMAL"
    """A fixed amount off."""
    DISCOUNT = "DISCOUNT"
    """A percentage off."""
    EXCHANGE = "EXCHANGE"
    """Goods at a set price."""


class UseMethod(StrEnum):
    """How a coupon is redeemed, which is what its use button does."""

    OFF_LINE = "OFF_LINE"
    """Shows the code, to be scanned in the shop."""
    MINI_PROGRAMS = "MINI_PROGRAMS"
    """Opens a mini program."""
    PAYMENT_CODE = "PAYMENT_CODE"
    """Opens the payment code of WeChat."""
    SELF_CONSUME = "SELF_CONSUME"
    """The user redeems it alone; documented as not supported at present."""


class CouponCodeMode(StrEnum):
    """Where the codes of a stock come from."""

    WECHATPAY_MODE = "WECHATPAY_MODE"
    """WeChat Pay makes them, of 22 digits; they are unique everywhere."""
    MERCHANT_API = "MERCHANT_API"
    """The caller names one with each sending; they are unique in the stock."""
    MERCHANT_UPLOAD = "MERCHANT_UPLOAD"
    """The caller uploads them beforehand, and WeChat Pay picks one at random; they are unique in the stock."""


class CodeDisplayMode(StrEnum):
    """How the code of a coupon is shown."""

    NOT_SHOW = "NOT_SHOW"
    """Not at all."""
    BARCODE = "BARCODE"
    """As a barcode."""
    QRCODE = "QRCODE"
    """As a QR code."""


class BackgroundColor(StrEnum):
    """The colour of a coupon's card, by WeChat's names."""

    COLOR010 = "Color010"
    """Colour 010."""
    COLOR020 = "Color020"
    """Colour 020."""
    COLOR030 = "Color030"
    """Colour 030."""
    COLOR040 = "Color040"
    """Colour 040."""
    COLOR050 = "Color050"
    """Colour 050."""
    COLOR060 = "Color060"
    """Colour 060."""
    COLOR070 = "Color070"
    """Colour 070."""
    COLOR080 = "Color080"
    """Colour 080."""
    COLOR090 = "Color090"
    """Colour 090."""
    COLOR100 = "Color100"
    """Colour 100."""


class StockState(StrEnum):
    """What a stock is good for now."""

    UNAUDIT = "UNAUDIT"
    """Being reviewed; nothing can be sent yet."""
    RUNNING = "RUNNING"
    """Coupons can be sent."""
    STOPED = "STOPED"
    """Stopped; this spelling is what WeChat Pay writes."""
    PAUSED = "PAUSED"
    """No coupons are sent for the time being."""


class CouponState(StrEnum):
    """What a user's coupon is good for now."""

    SENDED = "SENDED"
    """Usable; this spelling is what WeChat Pay writes."""
    USED = "USED"
    """Redeemed."""
    EXPIRED = "EXPIRED"
    """Not redeemed in time."""
    DELETED = "DELETED"
    """Deleted by the user."""
    DEACTIVATED = "DEACTIVATED"
    """Deactivated by the merchant."""
    PENDING_REDEEM = "PENDING_REDEEM"
    """Waiting to be redeemed; only one description of 2025 has it."""
    REDEEM_CONFIRMING = "REDEEM_CONFIRMING"
    """Being redeemed; only one description of 2025 has it."""
    REDEEM_FAILED = "REDEEM_FAILED"
    """Redeeming failed; only one description of 2025 has it."""
    REDEEM_EXPIRED = "REDEEM_EXPIRED"
    """The time to redeem has passed; only one description of 2025 has it."""


class CouponCodeStatus(StrEnum):
    """Whether somebody has an uploaded code."""

    AVAILABLE = "AVAILABLE"
    """Nobody has it."""
    DISPATCHED = "DISPATCHED"
    """A user has it."""
