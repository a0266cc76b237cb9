"""Images of product coupons: uploading them, and having them made.

The address of an image is made of its SHA-256: the same bytes get the same one. A task ends at once.

https://pay.weixin.qq.com/doc/v3/partner/4015781275
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from ..images import sha256
from .callbacks import tell
from .envelopes import IMAGE_GENERATION
from .handlers import Answer, Asked, Owner, handles
from .refusals import not_found
from .world import World


class ImageTasks:
    """All tasks, by owner and name: what answers show of each."""

    def __init__(self) -> None:
        self.by_id: dict[tuple[Owner, str], dict[str, Any]] = {}


@handles("product_coupon.upload_image")
def upload_image(_: World, asked: Asked) -> Answer:
    """Give an image its address."""
    return {"image_url": _address(sha256(asked.data["file"]))}


def _address(digest: str) -> str:
    return f"https://wxpaylogo.qpic.cn/wxpaylogo/{digest}/0"


@handles("product_coupon.create_image_generation_task")
def create_image_generation_task(world: World, asked: Asked) -> Answer:
    """Make an image and tell of it; of a bundle's discount none is made, as only usage_mode SINGLE works."""
    data, owner = asked.data, asked.scope
    named = {"task_id": data["task_id"], **owner.shown}
    task = {**named, "image_generation_type": data["image_generation_type"], **_outcome(data)}
    world.room(ImageTasks).by_id[owner, data["task_id"]] = task
    tell(world, owner.subject, IMAGE_GENERATION, task)
    return named


def _outcome(data: Mapping[str, Any]) -> dict[str, Any]:
    kind = data["image_generation_type"].lower()
    if data[kind].get("usage_mode", "SINGLE") != "SINGLE":
        return {"task_state": "FAIL"}
    digest = hashlib.sha256(json.dumps([kind, data[kind]], sort_keys=True).encode()).hexdigest()
    return {"task_state": "SUCCESS", f"{kind}_result": {"image_url": _address(digest)}}


@handles("product_coupon.get_image_generation_task")
def get_image_generation_task(world: World, asked: Asked) -> Answer:
    """Show a task."""
    task = world.room(ImageTasks).by_id.get((asked.scope, asked.data["task_id"]))
    if task is None or task["image_generation_type"] != asked.data["image_generation_type"]:
        raise not_found("task_id of this image_generation_type", numeric=None)
    return task
