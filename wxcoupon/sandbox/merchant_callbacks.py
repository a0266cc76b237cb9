"""Where callbacks about merchant coupons go: one address for each merchant number."""

from __future__ import annotations

import attrs

from .handlers import Answer, Asked, handles
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


def _mchid(asked: Asked) -> str:
    return str(asked.data.get("mchid", asked.identity.subject[1]))
