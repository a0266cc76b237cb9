"""Callbacks about merchant coupons, and where they go: one address for each merchant number.

https://pay.weixin.qq.com/doc/v3/merchant/4012285279
"""

from __future__ import annotations

import attrs

from .callbacks import tell_at
from .envelopes import MERCHANT_SEND
from .handlers import Answer, Asked, handles
from .merchant_stocks import MerchantCoupon
from .refusals import Refusal
from .validity import written
from .world import World


@attrs.define(eq=False)
class MerchantCallbacks:
    """The addresses that were set, by merchant number."""

    urls: dict[str, str] = attrs.field(factory=dict[str, str])


@handles("busifavor.set_callback")
def set_callback(world: World, asked: Asked) -> Answer:
    """Overwrite a merchant's address."""
    mchid, url = _mchid(asked), asked.data["notify_url"]
    world.room(MerchantCallbacks).urls[mchid] = url
    return {"mchid": mchid, "notify_url": url, "update_time": written(world.now)}


@handles("busifavor.get_callback")
def get_callback(world: World, asked: Asked) -> Answer:
    """Show a merchant's address; 404 before one is set."""
    mchid = _mchid(asked)
    url = world.room(MerchantCallbacks).urls.get(mchid)
    if url is None:
        raise Refusal(404, "RESOURCE_NOT_EXISTS", "no notify_url has been set")
    return {"mchid": mchid, "notify_url": url}


def tell_sent(world: World, coupon: MerchantCoupon, channel: str) -> None:
    """Begin to tell that a user has a new coupon: the merchant that created its stock, or who sent a seeded one."""
    stock, sender = coupon.stock, coupon.sender[1]
    mchid = stock.creator[1] if stock.creator is not None else stock.owner_mchid or sender
    appid = stock.members.get("notify_config", {}).get("notify_appid")
    told = {
        "event_type": "EVENT_TYPE_BUSICOUPON_SEND",
        "coupon_code": coupon.coupon_code,
        "stock_id": coupon.stock_id,
        "send_time": written(coupon.received),
        "openid": "" if appid is None else world.openid(coupon.user, appid),
        "unionid": coupon.user.unionid,
        "send_channel": channel,
        "send_merchant": sender,
    }
    tell_at(world, world.room(MerchantCallbacks).urls.get(mchid), MERCHANT_SEND, told)


def _mchid(asked: Asked) -> str:
    return str(asked.data.get("mchid", asked.identity.subject[1]))
