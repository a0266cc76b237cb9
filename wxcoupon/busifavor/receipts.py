"""The receipts of subsidies (营销补差), and what their states and reasons are called.

Older descriptions print states and reasons without the prefix that newer ones print: both spellings are here, and
``outcome`` and ``reason`` of a receipt are the short one, whichever came.
"""

from enum import StrEnum
from typing import Annotated

from ..model import PRIVATE, Fen, Model, Time, model

__all__ = [
    "SubsidyPayFailReason",
    "SubsidyPayReceipt",
    "SubsidyPayStatus",
    "SubsidyReturnFailReason",
    "SubsidyReturnReceipt",
    "SubsidyReturnStatus",
]


class SubsidyPayStatus(StrEnum):
    """How far a subsidy is."""

    PAY_RECEIPT_UNKNOWN = "PAY_RECEIPT_UNKNOWN"
    """Not known."""
    PAY_RECEIPT_ACCEPTED = "PAY_RECEIPT_ACCEPTED"
    """Accepted and not yet paid: ask again later."""
    PAY_RECEIPT_SUCCESS = "PAY_RECEIPT_SUCCESS"
    """Paid."""
    PAY_RECEIPT_FAIL = "PAY_RECEIPT_FAIL"
    """Failed, for the receipt's ``fail_reason``."""
    PAY_RECEIPT_RETURNING = "PAY_RECEIPT_RETURNING"
    """Being returned."""
    PAY_RECEIPT_PARTIAL_RETURN = "PAY_RECEIPT_PARTIAL_RETURN"
    """Returned in part."""
    PAY_RECEIPT_FULL_RETURN = "PAY_RECEIPT_FULL_RETURN"
    """Returned in full."""
    ACCEPTED = "ACCEPTED"
    """PAY_RECEIPT_ACCEPTED, as older descriptions spell it."""
    SUCCESS = "SUCCESS"
    """PAY_RECEIPT_SUCCESS, as older descriptions spell it."""
    FAIL = "FAIL"
    """PAY_RECEIPT_FAIL, as older descriptions spell it."""
    RETURNING = "RETURNING"
    """PAY_RECEIPT_RETURNING, as older descriptions spell it."""
    PARTIAL_RETURN = "PARTIAL_RETURN"
    """PAY_RECEIPT_PARTIAL_RETURN, as older descriptions spell it."""
    FULL_RETURN = "FULL_RETURN"
    """PAY_RECEIPT_FULL_RETURN, as older descriptions spell it."""


class SubsidyPayFailReason(StrEnum):
    """Why a subsidy was not paid."""

    PAY_RECEIPT_INSUFFICIENT_BALANCE = "PAY_RECEIPT_INSUFFICIENT_BALANCE"
    """The payer has too little money."""
    PAY_RECEIPT_NOT_INCOMESPLIT_ORDER = "PAY_RECEIPT_NOT_INCOMESPLIT_ORDER"
    """The order is not one for profit sharing."""
    PAY_RECEIPT_EXCEED_SUBSIDY_AMOUNT_QUOTA = "PAY_RECEIPT_EXCEED_SUBSIDY_AMOUNT_QUOTA"
    """More money than one order may be subsidised with."""
    PAY_RECEIPT_EXCEED_SUBSIDY_COUNT_QUOTA = "PAY_RECEIPT_EXCEED_SUBSIDY_COUNT_QUOTA"
    """More subsidies than one order may have."""
    PAY_RECEIPT_OTHER = "PAY_RECEIPT_OTHER"
    """Something else."""
    INSUFFICIENT_BALANCE = "INSUFFICIENT_BALANCE"
    """PAY_RECEIPT_INSUFFICIENT_BALANCE, as older descriptions spell it."""
    NOT_INCOMESPLIT_ORDER = "NOT_INCOMESPLIT_ORDER"
    """PAY_RECEIPT_NOT_INCOMESPLIT_ORDER, as older descriptions spell it."""
    EXCEED_SUBSIDY_AMOUNT_QUOTA = "EXCEED_SUBSIDY_AMOUNT_QUOTA"
    """PAY_RECEIPT_EXCEED_SUBSIDY_AMOUNT_QUOTA, as older descriptions spell it."""
    EXCEED_SUBSIDY_COUNT_QUOTA = "EXCEED_SUBSIDY_COUNT_QUOTA"
    """PAY_RECEIPT_EXCEED_SUBSIDY_COUNT_QUOTA, as older descriptions spell it."""
    OTHER = "OTHER"
    """PAY_RECEIPT_OTHER, as older descriptions spell it."""


class SubsidyReturnStatus(StrEnum):
    """How far the return of a subsidy is."""

    RETURN_RECEIPT_UNKNOWN = "RETURN_RECEIPT_UNKNOWN"
    """Not known."""
    RETURN_RECEIPT_ACCEPTED = "RETURN_RECEIPT_ACCEPTED"
    """Accepted and not yet returned: ask again later."""
    RETURN_RECEIPT_SUCCESS = "RETURN_RECEIPT_SUCCESS"
    """Returned."""
    RETURN_RECEIPT_FAIL = "RETURN_RECEIPT_FAIL"
    """Failed, for the receipt's ``fail_reason``."""
    SUCCESS = "SUCCESS"
    """RETURN_RECEIPT_SUCCESS, as older descriptions spell it."""


class SubsidyReturnFailReason(StrEnum):
    """Why a subsidy was not returned."""

    RETURN_RECEIPT_INSUFFICIENT_BALANCE = "RETURN_RECEIPT_INSUFFICIENT_BALANCE"
    """There is too little money to give it back."""
    RETURN_RECEIPT_OTHER = "RETURN_RECEIPT_OTHER"
    """Something else."""
    INSUFFICIENT_BALANCE = "INSUFFICIENT_BALANCE"
    """RETURN_RECEIPT_INSUFFICIENT_BALANCE, as older descriptions spell it."""


@model
class SubsidyPayReceipt(Model):
    """A subsidy that was asked for."""

    subsidy_receipt_id: str | None = None
    """WeChat Pay's number of the subsidy, 28 to 32 characters; only once it is paid."""
    stock_id: str
    """The stock of the coupon."""
    coupon_code: Annotated[str, PRIVATE]
    """The code of the redeemed coupon."""
    transaction_id: str
    """WeChat Pay's number of the payment the coupon was used for."""
    payer_merchant: str
    """The merchant who pays the subsidy."""
    payee_merchant: str
    """The merchant who gets it."""
    amount: Fen
    """Fen of the subsidy, paid or not: :attr:`outcome` says which."""
    description: str
    """The remark it was asked for with."""
    status: SubsidyPayStatus | str
    """How far it is; :attr:`outcome` is the same without a prefix."""
    fail_reason: SubsidyPayFailReason | str | None = None
    """Why it failed; only then. :attr:`reason` is the same without a prefix."""
    success_time: Time | None = None
    """When it was paid; only then."""
    out_subsidy_no: str
    """The caller's number of it."""
    create_time: Time | None = None
    """When it was asked for."""

    @property
    def outcome(self) -> str:
        """Its status, short: UNKNOWN, ACCEPTED, SUCCESS, FAIL, RETURNING, PARTIAL_RETURN or FULL_RETURN."""
        return str(self.status).removeprefix("PAY_RECEIPT_")

    @property
    def reason(self) -> str | None:
        """Why it failed, in the short spelling; None when it did not."""
        return None if self.fail_reason is None else str(self.fail_reason).removeprefix("PAY_RECEIPT_")


@model
class SubsidyReturnReceipt(Model):
    """The return of a subsidy, or of a part of one."""

    subsidy_return_receipt_id: str | None = None
    """WeChat Pay's number of the return; only once the money is back."""
    stock_id: str
    """The stock of the coupon."""
    coupon_code: Annotated[str, PRIVATE]
    """The code of the coupon."""
    transaction_id: str
    """WeChat Pay's number of the payment the coupon was used for."""
    refund_id: str
    """WeChat Pay's number of the refund of that payment."""
    payer_merchant: str
    """The merchant who paid the subsidy."""
    payee_merchant: str
    """The merchant who had got it."""
    amount: Fen
    """Fen of the return, back or not: :attr:`outcome` says which. All returns of a code are within its subsidy."""
    description: str
    """The remark it was asked for with."""
    status: SubsidyReturnStatus | str
    """How far it is; :attr:`outcome` is the same without a prefix."""
    fail_reason: SubsidyReturnFailReason | str | None = None
    """Why it failed; only then. :attr:`reason` is the same without a prefix."""
    return_done_time: Time | None = None
    """When the money was back; only then."""
    subsidy_receipt_id: str
    """The subsidy that is returned."""
    out_subsidy_return_no: str
    """The caller's number of the return."""
    return_create_time: Time | None = None
    """When it was asked for."""

    @property
    def outcome(self) -> str:
        """Its status, short: UNKNOWN, ACCEPTED, SUCCESS or FAIL."""
        return str(self.status).removeprefix("RETURN_RECEIPT_")

    @property
    def reason(self) -> str | None:
        """Why it failed, in the short spelling; None when it did not."""
        return None if self.fail_reason is None else str(self.fail_reason).removeprefix("RETURN_RECEIPT_")
