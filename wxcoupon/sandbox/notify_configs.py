"""Where callbacks go: one address for each partner, for all its brands, and one for each brand."""

from __future__ import annotations

from .handlers import Answer, Asked, handles
from .records import NotifyUrl
from .refusals import not_found
from .validity import written
from .world import World


@handles("product_coupon.set_notify_config")
def set_notify_config(world: World, asked: Asked) -> Answer:
    """Overwrite the caller's address."""
    config = NotifyUrl(asked.data["notify_url"], written(world.now))
    world.notify_urls[asked.identity.subject] = config
    return _shown(config)


@handles("product_coupon.get_notify_config")
def get_notify_config(world: World, asked: Asked) -> Answer:
    """Show the caller's address; 404 before one is set."""
    config = world.notify_url(asked.identity.subject)
    if config is None:
        raise not_found("a notify_url", numeric=None)
    return _shown(config)


def _shown(config: NotifyUrl) -> Answer:
    return {"notify_url": config.url, "update_time": config.update_time}
