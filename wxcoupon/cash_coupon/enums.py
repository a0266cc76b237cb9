"""The values that members of cash coupons may have.

A field is typed ``Kind | str``: a value that this version does not know is kept as text in an answer, and is a fault
in a request that is checked.
"""

from enum import StrEnum

__all__ = [
    "CashBackgroundColor",
    "CashBusinessType",
    "CashCouponStatus",
    "CashCouponType",
    "CashStockCreateType",
    "CashStockKind",
    "CashStockStatus",
    "JumpTarget",
    "RegionType",
    "TradeType",
]


class CashBackgroundColor(StrEnum):
    """The colour of a coupon's card."""

    COLOR010 = "COLOR010"
    """#63b359."""
    COLOR020 = "COLOR020"
    """#2c9f67."""
    COLOR030 = "COLOR030"
    """#509fc9."""
    COLOR040 = "COLOR040"
    """#5885cf."""
    COLOR050 = "COLOR050"
    """#9062c0."""
    COLOR060 = "COLOR060"
    """#d09a45."""
    COLOR070 = "COLOR070"
    """#e4b138."""
    COLOR080 = "COLOR080"
    """#ee903c."""
    COLOR081 = "COLOR081"
    """#f08500."""
    COLOR082 = "COLOR082"
    """#a9d92d."""
    COLOR090 = "COLOR090"
    """#dd6549."""
    COLOR100 = "COLOR100"
    """#cc463d."""
    COLOR101 = "COLOR101"
    """#cf3e36."""
    COLOR102 = "COLOR102"
    """#5e6671."""


class JumpTarget(StrEnum):
    """Where the button to use a coupon leads."""

    PAYMENT_CODE = "PAYMENT_CODE"
    """The user's payment code."""
    MINI_PROGRAM = "MINI_PROGRAM"
    """A mini program, which has to be named."""
    DEFAULT_PAGE = "DEFAULT_PAGE"
    """WeChat Pay's own page."""


class TradeType(StrEnum):
    """A way to pay."""

    MICROAPP = "MICROAPP"
    """In a mini program."""
    APPPAY = "APPPAY"
    """In an app."""
    PPAY = "PPAY"
    """Without a password."""
    CARD = "CARD"
    """With a payment code that the merchant scans."""
    FACE = "FACE"
    """With the face."""
    OTHER = "OTHER"
    """Any other, as in an official account or with a QR code."""


class CashStockCreateType(StrEnum):
    """The kind of stock that can be created."""

    NORMAL = "NORMAL"
    """Every coupon takes the same amount off."""


class CashStockStatus(StrEnum):
    """The state of a stock: in lower case, other than anything else."""

    UNACTIVATED = "unactivated"
    """Created, and not started yet."""
    AUDIT = "audit"
    """Under review."""
    RUNNING = "running"
    """Its coupons can be sent."""
    STOPED = "stoped"
    """Ended for good; this is how it is spelled."""
    PAUSED = "paused"
    """No coupon is sent until it is restarted."""


class CashStockKind(StrEnum):
    """The kind of a stock."""

    NORMAL = "NORMAL"
    """Cash coupons."""
    DISCOUNT_CUT = "DISCOUNT_CUT"
    """Instant discounts."""
    OTHER = "OTHER"
    """Another."""


class CashCouponType(StrEnum):
    """What a coupon takes off."""

    NORMAL = "NORMAL"
    """An amount."""
    CUT_TO = "CUT_TO"
    """Whatever is above a price."""


class CashCouponStatus(StrEnum):
    """The state of a user's coupon."""

    SENDED = "SENDED"
    """It can be used; this is how it is spelled."""
    USED = "USED"
    """It was redeemed."""
    EXPIRED = "EXPIRED"
    """Its time is over."""
    RECOVER = "RECOVER"
    """It was called back."""
    REVOKED = "REVOKED"
    """It was made invalid."""


class CashBusinessType(StrEnum):
    """What is special about a stock or a coupon."""

    MULTIUSE = "MULTIUSE"
    """The coupon has a balance and is used up in several payments."""


class RegionType(StrEnum):
    """How exact a region is."""

    COUNTRY = "COUNTRY"
    """A country."""
    PROVINCE = "PROVINCE"
    """A province."""
    CITY = "CITY"
    """A city."""
    DISTRICT = "DISTRICT"
    """A district."""
