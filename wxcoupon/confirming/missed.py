"""A coupon that a query found, as the callback that never came would have told it."""

from __future__ import annotations

from typing import Any, Final

from ..convert import to_wire
from ..identity import Brand, Identity
from ..notify.receive import Notification, read
from ..product_coupon import CouponSent, UserProductCouponEntity
from .holders import Holder
from .naming import confirmation_of

_SAME: Final = (
    "coupon_code",
    "receive_time",
    "send_request_no",
    "send_channel",
    "valid_begin_time",
    "valid_end_time",
    "attach",
    "channel_custom_info",
)


def told(identity: Identity, brand_id: str, holder: Holder, coupon: UserProductCouponEntity, tenant: str) -> Any:
    """The notification that would have told of a coupon.

    It has all that the callback has but ``unionid``, ``phone_number`` and ``country_code``, which are None because no
    query tells them. Its ``id`` is derived from what names the coupon, so it is the same whenever it is found.

    Args:
        identity: who found it.
        brand_id: the brand it was looked for at.
        holder: whose it is.
        coupon: what was found.
        tenant: the tenant it is for.
    """
    found: dict[str, Any] = to_wire(coupon)
    stock, bundle = found["stock"], found.get("user_product_coupon_bundle_info")
    resource: dict[str, Any] = {
        **{name: found[name] for name in _SAME if name in found},
        **({} if isinstance(identity, Brand) else {"brand_id": brand_id}),
        "product_coupon_id": found["product_coupon"]["product_coupon_id"],
        "stock_id": stock["stock_id"],
        "appid": holder.appid,
        "openid": holder.openid,
    }
    if bundle is not None:
        resource["user_coupon_bundle_id"] = bundle["user_coupon_bundle_id"]
        if "stock_bundle_info" in stock:
            resource["stock_bundle_id"] = stock["stock_bundle_info"]["stock_bundle_id"]
    event_type = CouponSent.spellings[isinstance(identity, Brand)]
    event = read(event_type, resource)
    assert isinstance(event, CouponSent)  # noqa: S101 - the class of both its spellings
    number = confirmation_of(identity, event).key
    return Notification(number, event_type, str(found.get("receive_time", "")), event, resource, tenant=tenant)
