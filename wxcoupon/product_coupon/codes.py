"""Codes (券code) of a stock: adding them."""

from typing import Annotated, Any

from ..convert import from_wire, register
from ..endpoint import Endpoint, endpoint
from ..model import PRIVATE, CouponCode, Items, Model, RequestNo, model
from .ids import ProductCouponId, StockId

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


@model
class _LoneCouponCodeInfo(FailedCouponCodeInfo):
    """An object that came with nothing but a code: no description has it, and it is written as it came."""


def _read(data: Any, read: Any) -> Any:
    if isinstance(data, str):
        return FailedCouponCodeInfo(coupon_code=data)
    if isinstance(data, dict) and data.keys() <= {"coupon_code"}:
        return from_wire(_LoneCouponCodeInfo, data)
    return read(data)


def _write(value: FailedCouponCodeInfo, write: Any) -> Any:
    bare = value.code is None and value.message is None and not value.extra
    return value.coupon_code if bare else write(value)


register(FailedCouponCodeInfo, _read, _write)
register(_LoneCouponCodeInfo, lambda data, read: read(data), lambda value, write: write(value))


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

    It may neither have ended nor be deactivated. A stock takes no codes in its first five minutes or so, and no more
    than its ``max_count``; once that was raised, wait about ten minutes. Each stock of a bundle takes codes of its
    own. Codes can neither be listed nor deleted.

    https://pay.weixin.qq.com/doc/v3/partner/4015781572
    https://pay.weixin.qq.com/doc/v3/partner/4016434668
    https://pay.weixin.qq.com/doc/brand/4016427797
    https://pay.weixin.qq.com/doc/brand/4015736400
    """

    product_coupon_id: ProductCouponId
    """The product coupon, as its creation answered."""
    stock_id: StockId
    """A stock of that product coupon."""
    out_request_no: RequestNo
    """Number of this upload; repeat it only with the same codes."""
    code_list: Annotated[list[CouponCode], Items(1, 200, unique=True)]
    """1 to 200 distinct codes, each of 1 to 40 digits, letters, underscores and hyphens."""
