"""What surrounds cash coupons: the address for their callbacks, and the images they are shown with."""

from __future__ import annotations

from .cash_records import room
from .handlers import Answer, Asked, handles
from .refusals import Refusal
from .validity import written
from .world import World


@handles("cash_coupon.set_callback")
def set_callback(world: World, asked: Asked) -> Answer:
    """Overwrite the caller's address."""
    data = asked.data
    _require_caller(asked)
    room(world).callbacks[data["mchid"]] = data["notify_url"]
    return {"update_time": written(world.now), "notify_url": data["notify_url"]}


@handles("cash_coupon.get_callback")
def get_callback(world: World, asked: Asked) -> Answer:
    """Show the caller's address; 404 before one is set."""
    _require_caller(asked)
    mchid = asked.data["mchid"]
    url = room(world).callbacks.get(mchid)
    if url is None:
        raise Refusal(404, "RESOURCE_NOT_EXISTS", "no address was set")
    return {"notify_url": url, "mchid": mchid}


def _require_caller(asked: Asked) -> None:
    if asked.data["mchid"] != asked.identity.subject[1]:
        raise Refusal(400, "MCH_NOT_EXISTS", "mchid has to be the caller")


@handles("cash_coupon.upload_image")
def upload_image(_: World, asked: Asked) -> Answer:
    """Name an image by its hash; nothing is kept of it."""
    return {"media_url": f"https://wxpaylogo.qpic.cn/wxpaylogo/{asked.data['meta']['sha256'].lower()}/0"}
