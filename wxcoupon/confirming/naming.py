"""Which confirmation a coupon has: its key in the ledger, and the number of its call.

Rule 1: both are made of what names the coupon, so that an event that comes again, a restart and a query all lead to the
        same call, which WeChat Pay takes as a repetition.
Rule 2: the number is made of the appid and the openid too, because they are sent: a user who was told of under one
        appid and found under another is the same coupon, and would be other data under the same number.
Rule 3: neither may ever change between versions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..bulk.confirmations import Confirmation
from ..bulk.plan import request_no_for
from ..checks import faults
from ..errors import ConfigurationError, InvalidRequest
from ..identity import Brand, Identity, Partner
from ..product_coupon import ConfirmCoupon, CouponSent

if TYPE_CHECKING:
    from ..client import Client


def caller_of(identity: Identity) -> str:
    """How a ledger calls whoever makes a call."""
    return "=".join(identity.subject)


def confirmation_of(identity: Identity, event: CouponSent) -> Confirmation:
    """What confirming a coupon takes.

    Args:
        identity: who confirms it.
        event: what tells of it.

    Raises:
        ConfigurationError: it is of another brand than the identity's, or of none that is known.
        InvalidRequest: the event lacks something that a confirmation has to say.
    """
    brand_id = brand_of(identity, event.brand_id)
    coupon = (brand_id, event.product_coupon_id, event.stock_id, event.coupon_code)
    user = (event.appid, event.openid)
    said = ConfirmCoupon(
        openid=event.openid,
        coupon_code=event.coupon_code,
        product_coupon_id=event.product_coupon_id,
        stock_id=event.stock_id,
        appid=event.appid,
        out_request_no="number",
    )
    if found := faults(said):
        raise InvalidRequest(found, event.page)
    return Confirmation(
        key=request_no_for("confirmation", *coupon),
        request_no=request_no_for("confirm", *coupon, *user),
        caller=caller_of(identity),
        brand_id="" if isinstance(identity, Brand) else brand_id,
        product_coupon_id=event.product_coupon_id,
        stock_id=event.stock_id,
        coupon_code=event.coupon_code,
        appid=event.appid,
        openid=event.openid,
    )


def brand_of(identity: Identity, told: str | None) -> str:
    """The brand of a coupon, as it is told, or the identity's.

    Raises:
        ConfigurationError: it is another one than the identity's, or none is known.
    """
    own = identity.brand_id if isinstance(identity, Partner | Brand) else None
    if isinstance(identity, Brand) and told not in {None, own}:
        raise ConfigurationError(
            f"a coupon of brand {told} cannot be confirmed by brand {own}; give the confirmer the client of each tenant"
        )
    brand_id = told or own
    if brand_id is None:
        raise ConfigurationError("no brand is said; give the confirmer a client that has a brand_id")
    return brand_id


def acting(client: Client[Any], brand_id: str) -> Client[Any]:
    """The client for a brand; a brand itself is its own, which is said by an empty text."""
    identity: Identity = client.identity
    return client.for_brand(brand_id) if isinstance(identity, Partner) and identity.brand_id != brand_id else client
