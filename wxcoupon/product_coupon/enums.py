"""The values that members of product coupons may have.

A field is typed ``Scope | str``: a value that this version does not know is kept as text in an answer, and is a fault
in a request that is checked.
"""

from enum import StrEnum

__all__ = [
    "AppJumpType",
    "BackgroundColor",
    "CouponCodeDisplayMode",
    "CouponCodeMode",
    "CouponCodeModeForBundle",
    "CouponUsageMethod",
    "ProductCouponScope",
    "ProductCouponState",
    "ProductCouponType",
    "SequentialUsageType",
    "StockState",
    "StockStoreScope",
    "UpdateBudgetMode",
    "UsageMode",
    "UserProductCouponSendChannel",
    "UserProductCouponState",
    "UserProductCouponTag",
    "WeekEnum",
]


class ProductCouponScope(StrEnum):
    """What a discount applies to."""

    ALL = "ALL"
    """The whole range; the type is NORMAL or DISCOUNT."""
    SINGLE = "SINGLE"
    """Named goods; any type."""


class ProductCouponType(StrEnum):
    """The kind of discount."""

    NORMAL = "NORMAL"
    """A fixed amount off above a threshold."""
    DISCOUNT = "DISCOUNT"
    """A percentage off above a threshold."""
    EXCHANGE = "EXCHANGE"
    """The goods at a fixed price; only with scope SINGLE."""


class UsageMode(StrEnum):
    """How often a claimed coupon may be redeemed."""

    SINGLE = "SINGLE"
    """Once."""
    PROGRESSIVE_BUNDLE = "PROGRESSIVE_BUNDLE"
    """3 to 15 times in order, out of a stock bundle."""
    SEQUENTIAL = "SEQUENTIAL"
    """Several times, out of one stock: the form before PROGRESSIVE_BUNDLE, withdrawn for new coupons."""


class SequentialUsageType(StrEnum):
    """How the discounts of a SEQUENTIAL coupon go on from one use to the next."""

    INCREMENTAL = "INCREMENTAL"
    """They grow."""
    EQUAL = "EQUAL"
    """They stay the same."""


class ProductCouponState(StrEnum):
    """What a product coupon is good for now."""

    AUDITING = "AUDITING"
    """Being reviewed by a machine, for moments; not usable yet."""
    EFFECTIVE = "EFFECTIVE"
    """Usable."""
    DEACTIVATED = "DEACTIVATED"
    """Deactivated by the brand or its partner, for good."""


class StockState(StrEnum):
    """What a stock is good for now."""

    AUDITING = "AUDITING"
    """Being reviewed by a machine, for moments."""
    SENDING = "SENDING"
    """Its coupons may be sent."""
    PAUSED = "PAUSED"
    """Held back by someone outside this API, which can neither pause nor resume."""
    STOPPED = "STOPPED"
    """Past its end, for good."""
    DEACTIVATED = "DEACTIVATED"
    """Deactivated, itself or with its product coupon, for good."""


class UserProductCouponState(StrEnum):
    """What a user's coupon is good for now."""

    CONFIRMING = "CONFIRMING"
    """Sent, and not usable before it is confirmed."""
    PENDING = "PENDING"
    """Confirmed, and its validity has not begun."""
    EFFECTIVE = "EFFECTIVE"
    """Confirmed and usable."""
    USED = "USED"
    """Redeemed; a return makes it EFFECTIVE again."""
    EXPIRED = "EXPIRED"
    """Past its validity, for good."""
    DELETED = "DELETED"
    """Deleted by the user, for good; no callback tells."""
    DEACTIVATED = "DEACTIVATED"
    """Deactivated by a call, for good."""


class CouponCodeMode(StrEnum):
    """Where the codes of a stock come from."""

    WECHATPAY = "WECHATPAY"
    """WeChat Pay makes a code of at most 40 characters when it sends."""
    UPLOAD = "UPLOAD"
    """The caller uploads codes before; one of them is drawn when a coupon is sent."""
    API_ASSIGN = "API_ASSIGN"
    """The caller names the code when it sends; WeChat's own channels cannot send such a stock."""


class CouponCodeModeForBundle(StrEnum):
    """Where the codes of a stock bundle come from."""

    WECHATPAY = "WECHATPAY"
    """WeChat Pay makes a code of at most 40 characters when it sends."""
    UPLOAD = "UPLOAD"
    """The caller uploads codes before, to each stock of the bundle."""


class StockStoreScope(StrEnum):
    """In which stores a stock may be used."""

    NONE = "NONE"
    """No stores are linked, and none are shown."""
    ALL = "ALL"
    """Every store of the brand; nothing has to be associated."""
    SPECIFIC = "SPECIFIC"
    """Only the stores that are associated with the stock."""


class UpdateBudgetMode(StrEnum):
    """Which cap of a stock or bundle is changed."""

    MAX_COUNT = "MAX_COUNT"
    """That of all coupons ever sent."""
    MAX_COUNT_PER_DAY = "MAX_COUNT_PER_DAY"
    """That of the coupons of a day."""


class CouponUsageMethod(StrEnum):
    """A way to redeem a coupon."""

    OFFLINE = "OFFLINE"
    """The user shows the code in a store; such a stock cannot be in a delivery plan."""
    MINI_PROGRAM = "MINI_PROGRAM"
    """In the mini program that is given with it."""
    APP = "APP"
    """In the merchant's app."""
    PAYMENT_CODE = "PAYMENT_CODE"
    """With the WeChat Pay payment code: redeem first, then charge."""


class AppJumpType(StrEnum):
    """What redeeming in an app does."""

    H5 = "H5"
    """Opens ``app_path``."""
    PASSCODE_LINK = "PASSCODE_LINK"
    """Shows ``passcode_link`` for the user to copy."""


class CouponCodeDisplayMode(StrEnum):
    """How a code is shown in the card pack."""

    INVISIBLE = "INVISIBLE"
    """Not at all."""
    BARCODE = "BARCODE"
    """As a barcode."""
    QRCODE = "QRCODE"
    """As a QR code."""


class BackgroundColor(StrEnum):
    """The colour of a coupon in the card pack; how each looks is shown by a picture on the vendor's page."""

    COLOR_010 = "Color010"
    """The first colour."""
    COLOR_020 = "Color020"
    """The second colour; taken when none is given."""
    COLOR_030 = "Color030"
    """The third colour."""
    COLOR_040 = "Color040"
    """The fourth colour."""
    COLOR_050 = "Color050"
    """The fifth colour."""
    COLOR_060 = "Color060"
    """The sixth colour."""
    COLOR_070 = "Color070"
    """The seventh colour."""
    COLOR_080 = "Color080"
    """The eighth colour."""
    COLOR_090 = "Color090"
    """The ninth colour."""
    COLOR_100 = "Color100"
    """The tenth colour."""


class WeekEnum(StrEnum):
    """A day of the week."""

    MONDAY = "MONDAY"
    """Monday."""
    TUESDAY = "TUESDAY"
    """Tuesday."""
    WEDNESDAY = "WEDNESDAY"
    """Wednesday."""
    THURSDAY = "THURSDAY"
    """Thursday."""
    FRIDAY = "FRIDAY"
    """Friday."""
    SATURDAY = "SATURDAY"
    """Saturday."""
    SUNDAY = "SUNDAY"
    """Sunday."""


class UserProductCouponSendChannel(StrEnum):
    """How a coupon came to a user. More values are known from hearsay only, and are read as text."""

    BRAND_MANAGE = "BRAND_MANAGE"
    """Shake for offers (摇一摇有优惠) or a delivery plan: WeChat Pay sent it."""
    API = "API"
    """One of the send calls."""
    RECEIVE_COMPONENT = "RECEIVE_COMPONENT"
    """The claim component of a mini program, after a pre-send."""


class UserProductCouponTag(StrEnum):
    """A label that is shown on a coupon."""

    MEMBER = "MEMBER"
    """Coupon for members."""
