"""Consumption cards (消费卡): any card can be sent, as no call creates one."""

from __future__ import annotations

import secrets

from .handlers import Answer, Asked, handles
from .refusals import parameter
from .validity import DAY, read
from .world import World


@handles("busifavor.send_gov_card", scope=("send_time",))
def send_gov_card(world: World, asked: Asked) -> Answer:
    """Send a card, unless it is said to have been sent more than a day ago."""
    if world.now - read(asked.data["send_time"]) > DAY:
        raise parameter("/send_time", "has to be at most 24 hours ago", value=asked.data["send_time"])
    return {"card_code": "".join(secrets.choice("0123456789") for _ in range(22))}
