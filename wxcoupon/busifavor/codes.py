"""The codes uploaded to a stock of merchant coupons (预存code).

Most pages of this family were withdrawn from WeChat Pay's documentation; where one is named, it is the last one known.
"""

from typing import Annotated

from ..endpoint import Endpoint, Listing, endpoint
from ..identity import Merchant, Partner
from ..model import PRIVATE, Items, Model, Text, Time, Whole, model
from .entities import CouponCodeInfo, UserCoupon
from .enums import CouponCodeStatus
from .ids import Appid, MerchantCouponCode, StockId

__all__ = [
    "CouponCodePage",
    "DeleteCouponCode",
    "DeletedCouponCode",
    "FoundCouponCode",
    "GetCouponCode",
    "ListCouponCodes",
    "UploadCouponCodes",
    "UploadFailure",
    "UploadedCouponCodes",
]


@model
class UploadFailure(Model):
    """A code that was refused, and why."""

    coupon_code: Annotated[str, PRIVATE]
    """The refused code."""
    code: str
    """A symbolic reason, LENGTH_LIMIT for instance."""
    message: str
    """The reason in words."""


@model
class UploadedCouponCodes(Model):
    """What became of each code."""

    stock_id: str
    """The stock."""
    total_count: int
    """Distinct codes in the request."""
    success_count: int
    """How many of them this call stored."""
    success_codes: Annotated[list[str] | None, PRIVATE] = None
    """Codes this call stored, up to 200."""
    success_time: Time
    """When it was done."""
    fail_count: int | None = None
    """How many codes were refused."""
    fail_codes: list[UploadFailure] | None = None
    """Codes refused, each with its reason: an answer of 200 may hide failures here."""
    exist_codes: Annotated[list[str] | None, PRIVATE] = None
    """Codes that an earlier upload stored, up to 200; not stored again."""
    duplicate_codes: Annotated[list[str] | None, PRIVATE] = None
    """Codes repeated inside the request, up to 200; stored once."""


@endpoint("POST", "/v3/marketing/busifavor/stocks/{stock_id}/couponcodes", key="upload_request_no")
class UploadCouponCodes(Endpoint[UploadedCouponCodes, Merchant | Partner]):
    """Add codes to a stock whose ``coupon_code_mode`` is MERCHANT_UPLOAD (上传预存code).

    An answer of 200 may be a failure in part: look at ``fail_codes`` and ``exist_codes``. The page is withdrawn.

    https://pay.weixin.qq.com/doc/v3/merchant/4012487038
    """

    stock_id: StockId
    """The stock, as its creation answered."""
    coupon_code_list: Annotated[
        list[Annotated[str, Text(1, 32, r"0-9A-Za-z_/=| \\\-"), PRIVATE]], Items(1, 200), PRIVATE
    ]
    r"""1 to 200 codes, each of 1 to 32 digits, letters, spaces and ``- _ \ / = |``."""
    upload_request_no: Annotated[str, Text(1, 128)]
    """Number of this upload, unique for the caller: 1 to 128 characters."""


@model
class CouponCodePage(Model):
    """Some of the codes of a stock."""

    stock_id: str
    """The stock."""
    total_count: int
    """Codes uploaded to the stock."""
    data: list[CouponCodeInfo] | None = None
    """The codes of this page."""
    offset: int
    """Where this page begins, as asked for."""
    limit: int
    """How many codes came."""


@endpoint("GET", "/v3/marketing/busifavor/stocks/{stock_id}/couponcodes", items="data", step="row")
class ListCouponCodes(Listing[CouponCodePage, CouponCodeInfo, Merchant | Partner]):
    """List the codes uploaded to a stock (查询预存code列表).

    Its own page is withdrawn, and the facts are those of the official SDKs. The page named here is of the upload.

    https://pay.weixin.qq.com/doc/v3/merchant/4012487038
    """

    stock_id: StockId
    """The stock, as its creation answered."""
    limit: Annotated[int, Whole(unit="codes")] | None = None
    """Codes a page; neither the greatest number nor the usual one is documented."""
    offset: Annotated[int, Whole(unit="codes")] | None = None
    """Where the page begins: how many codes stand before it."""
    appid: Appid | None = None
    """The appid under which the answer names users, 1 to 32 characters, bound to the caller."""
    status: CouponCodeStatus | str | None = None
    """Only codes that somebody has, or that nobody has; all when left out."""


@model
class FoundCouponCode(Model):
    """An uploaded code, with the coupon it became."""

    code_information: CouponCodeInfo
    """The code."""
    coupon_information: UserCoupon | None = None
    """The coupon of the user who got it, for ``code_status`` DISPATCHED."""


@endpoint("GET", "/v3/marketing/busifavor/stocks/{stock_id}/couponcodes/{coupon_code}")
class GetCouponCode(Endpoint[FoundCouponCode, Merchant | Partner]):
    r"""Look up an uploaded code (查询预存code详情).

    A code may have ``/ \ | =`` and spaces in it; it is sent percent-encoded as one segment of the path, and signed so.
    Its own page is withdrawn, and the facts are those of the official SDKs. The page named here is of the upload.

    https://pay.weixin.qq.com/doc/v3/merchant/4012487038
    """

    stock_id: StockId
    """The stock, as its creation answered."""
    coupon_code: MerchantCouponCode
    """The code, as it was uploaded: 1 to 32 characters."""
    appid: Appid | None = None
    """The appid under which the answer names the user, 1 to 32 characters, bound to the caller."""


@model
class DeletedCouponCode(Model):
    """A code that is gone."""

    stock_id: str
    """The stock it was in."""
    delete_time: Time
    """When it was deleted."""


@endpoint(
    "DELETE",
    "/v3/marketing/busifavor/stocks/{stock_id}/couponcodes/{coupon_code}",
    key="delete_request_no",
    query=("delete_request_no",),
)
class DeleteCouponCode(Endpoint[DeletedCouponCode, Merchant | Partner]):
    """Take a code that nobody has out of a stock (删除预存code).

    The number of the deletion goes into the query, and there is no body. Its own page is withdrawn, and the facts are
    those of the official SDKs. The page named here is of the upload.

    https://pay.weixin.qq.com/doc/v3/merchant/4012487038
    """

    stock_id: StockId
    """The stock, as its creation answered."""
    coupon_code: MerchantCouponCode
    """The code, as it was uploaded: 1 to 32 characters."""
    delete_request_no: Annotated[str, Text(1)]
    """Number of this deletion, unique for the caller."""
