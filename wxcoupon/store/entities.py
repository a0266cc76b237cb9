"""What a store is made of, in requests and in answers."""

import re
from collections.abc import Iterator
from typing import Annotated, Final

from ..model import PRIVATE, Model, Text, model
from .enums import RecipientState, StoreAuditState, StoreState

__all__ = ["BrandStore", "StoreAddress", "StoreBasics", "StoreBusiness", "StoreRecipient"]

_NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
_NO_NAME: Final = re.compile(r"[()（）\[\]［］【】\-–—－]")
_MOST_PERIODS: Final = 7
_DAY: Final = "周[一二三四五六日]"
_TIME: Final = "[0-9]{2}:[0-9]{2}"
_PERIOD: Final = re.compile(f"{_DAY}(?:至{_DAY})? {_TIME}-(?:次日)?{_TIME}")


@model
class StoreBasics(Model):
    """What a store is called."""

    store_reference_id: Annotated[str, Text(1, 32)] | None = None
    """Your own number of the store, up to 32 characters, unique among your stores; changed without a review."""
    branch_name: Annotated[str, Text(1, 50)] | None = None
    """The branch alone, without brackets and dashes, up to 50 characters; users see ``brand(branch)``."""

    def advise(self) -> Iterator[tuple[str, str]]:
        """A branch goes by its plain name."""
        if self.branch_name is not None and _NO_NAME.search(self.branch_name):
            yield "branch_name", "is normally without brackets and dashes; WeChat Pay puts the brackets itself"


@model
class StoreAddress(Model):
    """Where a store is."""

    address_code: Annotated[str, Text(1, 20, pattern="[0-9]+", like="440305")]
    """Code of the district, as the platform's table has it: normally six digits, never more than 20."""
    address_detail: Annotated[str, Text(1, 200)]
    """Street and house number, without province, city and district; up to 200 characters."""
    address_complements: Annotated[str, Text(1, 50)] | None = None
    """A landmark nearby, up to 50 characters."""
    longitude: Annotated[str, Text(1, 32)] | None = None
    """Degrees of longitude as text, -180 to 180."""
    latitude: Annotated[str, Text(1, 32)] | None = None
    """Degrees of latitude as text, -90 to 90."""

    def check(self) -> Iterator[tuple[str, str]]:
        """A place is on the earth."""
        for name, text, most in (("longitude", self.longitude, 180), ("latitude", self.latitude, 90)):
            if text is not None and not (_NUMBER.fullmatch(text) and abs(float(text)) <= most):
                yield name, f"has to be a number from -{most} to {most}, written as text"


@model
class StoreBusiness(Model):
    """When a store is open, and how to reach it. Changes of both apply without a review."""

    service_phone: (
        Annotated[str, Text(1, 32, pattern=r"[0-9\-]+(\|[0-9\-]+)?", like="020-81234567|020-81234568"), PRIVATE] | None
    ) = None
    """One or two phone numbers with ``|`` between them, of digits and hyphens; up to 32 characters."""
    business_hours: Annotated[str, Text(1, 256)] | None = None
    """Up to 7 periods with ``|`` between them, each like ``周一至周五 09:00-20:00`` or ``周六 18:00-次日02:00``."""

    def check(self) -> Iterator[tuple[str, str]]:
        """There are not too many periods."""
        if self.business_hours is not None and self.business_hours.count("|") >= _MOST_PERIODS:
            yield "business_hours", f"has to have at most {_MOST_PERIODS} periods"

    def advise(self) -> Iterator[tuple[str, str]]:
        """Periods are written as the documentation writes them."""
        periods = (self.business_hours or "").split("|")
        if self.business_hours is not None and not all(_PERIOD.fullmatch(period) for period in periods):
            yield "business_hours", "is normally periods like 周一至周五 09:00-20:00, with | between them"


@model
class StoreRecipient(Model):
    """A merchant that receives the money of a store."""

    mchid: Annotated[str, Text(1, 16)] | None = None
    """The merchant, linked to the brand."""
    company_name: Annotated[str, Text(1, 256)] | None = None
    """The company it belongs to."""
    recipient_state: RecipientState | str | None = None
    """How its binding stands."""


@model
class BrandStore(Model):
    """A store. While a change is under review, ``audit_state`` says so."""

    brand_id: str | None = None
    """The brand it belongs to; partners are told, brands may not be."""
    store_id: str | None = None
    """The store; optional in the documentation, and there once the store was created."""
    store_state: StoreState | str | None = None
    """Whether it is in business."""
    audit_state: StoreAuditState | str | None = None
    """How the review of its last creation or change stands."""
    review_reject_reason: str | None = None
    """Why that review failed."""
    store_basics: StoreBasics | None = None
    """What it is called."""
    store_address: StoreAddress | None = None
    """Where it is."""
    store_business: StoreBusiness | None = None
    """When it is open, and how to reach it."""
    store_recipient: list[StoreRecipient] | None = None
    """The merchants that receive its money, at most three."""
