"""Partnerships (合作关系): who else may use a stock."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Final, TypeAlias

from ..endpoint import Endpoint, Listing, endpoint
from ..identity import Merchant, Partner
from ..model import Model, Text, Time, Whole, model

__all__ = [
    "AuthorizedData",
    "BuildPartnership",
    "BuiltPartnership",
    "ListPartnerships",
    "PartnerType",
    "Partnership",
    "PartnershipBusinessType",
    "PartnershipPage",
    "PartnershipPartner",
    "PartnershipState",
    "TerminatePartnership",
    "TerminatedPartnership",
]

_Key: TypeAlias = Annotated[str, Text(1, None, r"A-Za-z0-9|_*\-")]
_HEADERS: Final = {"Idempotency-Key": "idempotency_key"}


class PartnerType(StrEnum):
    """What a partner is named by."""

    APPID = "APPID"
    """An appid."""
    MERCHANT = "MERCHANT"
    """A merchant number."""


class PartnershipBusinessType(StrEnum):
    """What a partner may use."""

    FAVOR_STOCK = "FAVOR_STOCK"
    """A stock of cash coupons."""
    BUSIFAVOR_STOCK = "BUSIFAVOR_STOCK"
    """A stock of merchant coupons."""


class PartnershipState(StrEnum):
    """Whether a partnership holds."""

    ESTABLISHED = "ESTABLISHED"
    """It holds."""
    TERMINATED = "TERMINATED"
    """It has ended."""


@model
class PartnershipPartner(Model):
    """Who is authorised."""

    type: PartnerType | str
    """Whether an appid or a merchant."""
    appid: Annotated[str, Text(1, 32)] | None = None
    """The appid, up to 32 characters; required when ``type`` is APPID."""
    merchant_id: Annotated[str, Text(1, 15)] | None = None
    """The merchant number, up to 15 characters; required when ``type`` is MERCHANT."""

    def check(self) -> Iterator[tuple[str, str]]:
        """The member that ``type`` names is there."""
        if self.type == PartnerType.APPID and self.appid is None:
            yield "appid", "is required when type is APPID"
        if self.type == PartnerType.MERCHANT and self.merchant_id is None:
            yield "merchant_id", "is required when type is MERCHANT"


@model
class AuthorizedData(Model):
    """What is authorised."""

    business_type: PartnershipBusinessType | str
    """What kind of thing."""
    stock_id: Annotated[str, Text(1, 20)] | None = None
    """The stock, up to 20 characters; required when ``business_type`` is a stock, as both that are known are."""

    def check(self) -> Iterator[tuple[str, str]]:
        """A stock is named by its number."""
        stocks = (PartnershipBusinessType.FAVOR_STOCK, PartnershipBusinessType.BUSIFAVOR_STOCK)
        if self.business_type in stocks and self.stock_id is None:
            yield "stock_id", f"is required when business_type is {self.business_type}"


@model
class BuiltPartnership(Model):
    """A partnership just made."""

    partner: PartnershipPartner
    """Who is authorised."""
    authorized_data: AuthorizedData
    """What is authorised."""
    state: PartnershipState | str
    """Whether it holds."""
    build_time: Time
    """When it began to hold."""
    create_time: Time
    """When it was made."""
    update_time: Time
    """When it was last changed."""


@endpoint("POST", "/v3/marketing/partnerships/build", key="idempotency_key", headers=_HEADERS)
class BuildPartnership(Endpoint[BuiltPartnership, Merchant | Partner]):
    """Let a partner use a stock (建立合作关系).

    https://pay.weixin.qq.com/doc/v3/merchant/4012380498
    """

    idempotency_key: _Key
    """Number of this request, in the header ``Idempotency-Key``: digits, letters and ``| _ * -``."""
    partner: PartnershipPartner
    """Who is authorised."""
    authorized_data: AuthorizedData
    """What is authorised."""


@model
class TerminatedPartnership(Model):
    """A partnership just ended."""

    terminate_time: Time
    """When it ended."""


@endpoint("POST", "/v3/marketing/partnerships/terminate", key="idempotency_key", headers=_HEADERS)
class TerminatePartnership(Endpoint[TerminatedPartnership, Merchant | Partner]):
    """Let a partner use a stock no longer (终止合作关系).

    The page is not in the current documentation any more.

    https://pay.weixin.qq.com/docs/merchant/apis/commissioned-marketing/partnerships/terminate-partnerships.html
    """

    idempotency_key: _Key
    """Number of this request, in the header ``Idempotency-Key``: digits, letters and ``| _ * -``."""
    partner: PartnershipPartner
    """Who is authorised."""
    authorized_data: AuthorizedData
    """What is authorised."""


@model
class Partnership(Model):
    """A partnership as a list shows it."""

    partner: PartnershipPartner
    """Who is authorised."""
    authorized_data: AuthorizedData
    """What is authorised."""
    build_time: Time
    """When it began to hold."""
    terminate_time: Time | None = None
    """When it ended, if it has."""
    create_time: Time
    """When it was made."""
    update_time: Time
    """When it was last changed."""


@model
class PartnershipPage(Model):
    """A page of partnerships."""

    data: list[Partnership] | None = None
    """The partnerships."""
    limit: int
    """How many a page has."""
    offset: int
    """The number of this page, from 0."""
    total_count: int | None = None
    """How many there are in all; only on page 0 and on an empty page."""


@endpoint("GET", "/v3/marketing/partnerships", items="data", step="page")
class ListPartnerships(Listing[PartnershipPage, Partnership, Merchant | Partner]):
    """List who may use a stock (查询合作关系列表).

    Where there is no partnership at all, WeChat Pay answers an error, INVALID_REQUEST, and no empty list.

    https://pay.weixin.qq.com/doc/v3/merchant/4012380536
    """

    authorized_data: AuthorizedData
    """What is authorised; an object, sent as JSON in one parameter of the query."""
    partner: PartnershipPartner | None = None
    """Only this partner; an object, sent as JSON in one parameter of the query."""
    offset: Annotated[int, Whole(0, unit="pages")] | None = None
    """The number of the page, from 0."""
    limit: Annotated[int, Whole(0, 50)] | None = None
    """How many a page has, up to 50; 20 when left out, or 50 in another description."""
