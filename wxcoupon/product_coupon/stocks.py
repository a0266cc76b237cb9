"""Stocks (批次) of a product coupon: their codes."""

from typing import Annotated, Any

from ..convert import register
from ..endpoint import Endpoint, endpoint
from ..model import PRIVATE, CouponCode, Items, Model, RequestNo, Text, model

__all__ = ["FailedCouponCodeInfo", "UploadCouponCodes", "UploadedCouponCodes"]


@model
class FailedCouponCodeInfo(Model):
    """A code that was refused, and why."""

    coupon_code: Annotated[str, PRIVATE]
    """The refused code."""
    code: str | None = None
    """A symbolic reason; its values are not documented. None in the older answers that list bare codes."""
    message: str | None = None
    """The reason in words. None in the older answers that list bare codes."""


def _read(data: Any, read: Any) -> Any:
    return FailedCouponCodeInfo(coupon_code=data) if isinstance(data, str) else read(data)


def _write(value: FailedCouponCodeInfo, write: Any) -> Any:
    bare = value.code is None and value.message is None and not value.extra
    return value.coupon_code if bare else write(value)


register(FailedCouponCodeInfo, _read, _write)


@model
class UploadedCouponCodes(Model):
    """What became of each code. The lists overlap: a repeated code stands among the stored ones too."""

    total_count: int
    """Distinct codes in the request."""
    success_code_list: Annotated[list[str] | None, PRIVATE] = None
    """Codes this call stored."""
    failed_code_list: list[FailedCouponCodeInfo] | None = None
    """Codes refused, each with its reason: an answer of 200 may hide failures here."""
    already_exist_code_list: Annotated[list[str] | None, PRIVATE] = None
    """Codes that were there before this call; not stored again."""
    duplicate_code_list: Annotated[list[str] | None, PRIVATE] = None
    """Codes repeated inside the request; stored once."""


@endpoint(
    "POST",
    "/product-coupon/product-coupons/{product_coupon_id}/stocks/{stock_id}/upload-coupon-codes",
    rate="20/s",
    key="out_request_no",
)
class UploadCouponCodes(Endpoint[UploadedCouponCodes]):
    """Add codes to a stock whose ``coupon_code_mode`` is UPLOAD (预上传券Code).

    A stock takes no codes in its first five minutes or so, and no more than its ``max_count``.

    https://pay.weixin.qq.com/doc/v3/partner/4015781572
    https://pay.weixin.qq.com/doc/brand/4016427797
    """

    product_coupon_id: Annotated[str, Text(1, 40)]
    """The product coupon, as its creation answered."""
    stock_id: Annotated[str, Text(1, 40)]
    """A stock of that product coupon."""
    out_request_no: RequestNo
    """Number of this upload; repeat it only with the same codes."""
    code_list: Annotated[list[CouponCode], Items(1, 200, unique=True)]
    """1 to 200 distinct codes, each of 1 to 40 digits, letters, underscores and hyphens."""
