"""Subsidies (营销补差): money for the merchant who redeemed a coupon that somebody else gave away."""

from collections.abc import Iterator
from typing import Annotated, Final, TypeAlias

from ..endpoint import Endpoint, endpoint
from ..identity import Merchant, Partner
from ..model import PRIVATE, Fen, Model, Text, Whole, model
from .ids import RequestNumber, StockId
from .receipts import SubsidyPayReceipt, SubsidyReturnReceipt

__all__ = [
    "CreateSubsidyPayment",
    "CreateSubsidyReturn",
    "GetSubsidyPayment",
    "GetSubsidyReturn",
    "ListSubsidyPayments",
    "SubsidyPayments",
]

_Code: TypeAlias = Annotated[str, Text(1, 128), PRIVATE]  # longer than a code is anywhere else
_PaymentId: TypeAlias = Annotated[str, Text(28, 32)]
_MerchantNo: TypeAlias = Annotated[str, Text(1, 32)]
_MOST: Final = 500_000
_NO_MONEY: Final = "is 0, which moves no money"


@endpoint("POST", "/v3/marketing/busifavor/subsidy/pay-receipts", key="out_subsidy_no")
class CreateSubsidyPayment(Endpoint[SubsidyPayReceipt, Merchant | Partner]):
    """Pay a subsidy to the merchant who redeemed a coupon (商家券营销补差付款).

    The coupon has been redeemed, its order paid with WeChat Pay, and its stock created with ``subsidy``; coupons that
    exchange goods are not subsidised. What a DISCOUNT coupon was worth is the amount of the order, divided by its
    percentage and multiplied by the rest to 100: 12 of an order of 88 at 88 percent. A subsidy that is only accepted
    has no ``subsidy_receipt_id`` yet.

    One number is one subsidy. When nobody knows what became of a call, repeat it with the same number or look for it
    with :class:`ListSubsidyPayments`: another number pays again. The page is not in the current documentation any more.

    https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter9_2_16.shtml
    """

    stock_id: StockId
    """The stock of the coupon, 1 to 20 characters."""
    coupon_code: _Code
    """The code of the redeemed coupon, 1 to 128 characters."""
    transaction_id: _PaymentId
    """WeChat Pay's number of the payment the coupon was used for, 28 to 32 characters."""
    payer_merchant: _MerchantNo
    """The merchant who pays: the creator of the stock or its owner, up to 32 characters."""
    payee_merchant: _MerchantNo
    """The merchant who is paid: the owner of the stock or one of the same chain brand, up to 32 characters."""
    amount: Annotated[int, Whole(0, _MOST, unit="fen")]
    """Fen to pay: at most what the coupon was worth, and at most 500000."""
    description: Annotated[str, Text(1, 1024)]
    """A remark of up to 1024 characters, shown again with the receipt."""
    out_subsidy_no: RequestNumber
    """Number of this subsidy, unique for the caller: 1 to 128 digits, letters and ``| _ * -``."""

    def advise(self) -> Iterator[tuple[str, str]]:
        """A subsidy of nothing is nowhere forbidden, and can hardly be meant."""
        if self.amount == 0:
            yield "amount", _NO_MONEY


@model
class SubsidyPayments(Model):
    """The subsidies of a coupon."""

    pay_receipt_list: list[SubsidyPayReceipt] | None = None
    """Their receipts."""


@endpoint("GET", "/v3/marketing/busifavor/subsidy/pay-receipts")
class ListSubsidyPayments(Endpoint[SubsidyPayments, Merchant | Partner]):
    """List the subsidies of a coupon (查询商家券营销补差付款单列表).

    All come in one answer. This is how a subsidy is found whose ``subsidy_receipt_id`` nobody knows yet. The page is
    not in the current documentation any more.

    https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter9_2_19.shtml
    """

    stock_id: StockId
    """The stock of the coupon, 1 to 20 characters."""
    coupon_code: _Code
    """The code of the coupon, 1 to 128 characters."""
    out_subsidy_no: RequestNumber | None = None
    """Only the subsidy of this number, 1 to 128 digits, letters and ``| _ * -``."""


@endpoint("GET", "/v3/marketing/busifavor/subsidy/pay-receipts/{subsidy_receipt_id}")
class GetSubsidyPayment(Endpoint[SubsidyPayReceipt, Merchant | Partner]):
    """Read the receipt of a subsidy (查询商家券营销补差付款单详情).

    The page is not in the current documentation any more.

    https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter9_2_18.shtml
    """

    subsidy_receipt_id: Annotated[str, Text(28, 32)]
    """WeChat Pay's number of the subsidy, 28 to 32 characters."""


@endpoint("POST", "/v3/marketing/busifavor/subsidy/return-receipts", key="out_subsidy_return_no")
class CreateSubsidyReturn(Endpoint[SubsidyReturnReceipt, Merchant | Partner]):
    """Give a subsidy back after a refund, whole or in part (商家券营销补差回退).

    The order has been refunded, and all returns together are at most the subsidy.

    One number is one return: another number returns again. No call lists returns, and one that is only accepted has no
    ``subsidy_return_receipt_id`` yet, so repeat the call with the same number to learn what became of it. The page is
    not in the current documentation any more.

    https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter9_2_17.shtml
    """

    stock_id: StockId
    """The stock of the coupon, 1 to 20 characters."""
    coupon_code: _Code
    """The code of the coupon, 1 to 128 characters."""
    transaction_id: _PaymentId
    """WeChat Pay's number of the payment the coupon was used for, 28 to 32 characters."""
    refund_id: Annotated[str, Text(1)]
    """WeChat Pay's number of the refund of that payment."""
    payer_merchant: _MerchantNo
    """The merchant who paid the subsidy: the creator of the stock or its owner, up to 32 characters."""
    payee_merchant: _MerchantNo
    """The merchant who got it: the owner of the stock or one of the same chain brand, up to 32 characters."""
    amount: Fen
    """Fen to give back: with all other returns of the coupon at most its subsidy."""
    description: Annotated[str, Text(1, 1024)]
    """A remark of up to 1024 characters, shown again with the receipt."""
    out_subsidy_return_no: RequestNumber
    """Number of this return, unique for the caller: 1 to 128 digits, letters and ``| _ * -``."""

    def advise(self) -> Iterator[tuple[str, str]]:
        """A return moves money, and at most that of a subsidy."""
        if self.amount == 0:
            yield "amount", _NO_MONEY
        elif self.amount > _MOST:
            yield "amount", f"is more than any subsidy has, which is at most {_MOST} fen"


@endpoint("GET", "/v3/marketing/busifavor/subsidy/return-receipts/{subsidy_return_receipt_id}")
class GetSubsidyReturn(Endpoint[SubsidyReturnReceipt, Merchant | Partner]):
    """Read the receipt of a return (查询商家券营销补差回退单详情).

    The page is not in the current documentation any more.

    https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter9_2_21.shtml
    """

    subsidy_return_receipt_id: Annotated[str, Text(1)]
    """WeChat Pay's number of the return."""
