"""Codes of stocks: filling a stock with them.

https://pay.weixin.qq.com/doc/v3/partner/4015781572
"""

from __future__ import annotations

from typing import Any

from .handlers import Answer, Asked, handles
from .refusals import invalid
from .world import World


@handles("product_coupon.upload_coupon_codes", repeats="code_list")
def upload_coupon_codes(world: World, asked: Asked) -> Answer:
    """Put codes into a stock, and say of each code what became of it."""
    stock = world.stock(asked.scope, asked.data["product_coupon_id"], asked.data["stock_id"])
    state = stock.state(world.now)
    if state == "AUDITING":
        raise invalid("the stock is still being created, codes cannot be uploaded yet")
    if state == "STOPPED":
        raise invalid("the stock has expired, codes can no longer be uploaded")
    if state == "DEACTIVATED":
        raise invalid("the stock was deactivated, codes can no longer be uploaded")
    if stock.mode != "UPLOAD":
        raise invalid("coupon_code_mode of the stock is not UPLOAD, so codes cannot be uploaded")
    known = world.codes[stock.owner.brand_id]
    room = stock.max_count - len(stock.codes)
    seen: set[str] = set()
    stored: list[str] = []
    lists: dict[str, list[Any]] = {"duplicate_code_list": [], "already_exist_code_list": [], "failed_code_list": []}
    repeated: dict[str, None] = {}
    for code in asked.data["code_list"]:
        if code in seen:
            repeated[code] = None
            continue
        seen.add(code)
        if code in known:
            lists["already_exist_code_list"].append(code)
        elif len(stored) < room:
            stored.append(code)
        else:
            lists["failed_code_list"].append(
                {"coupon_code": code, "code": "NOT_ENOUGH", "message": "uploaded custom codes reached the limit"}
            )
    lists["duplicate_code_list"] = list(repeated)
    world.add_codes(stock, stored)
    return {
        "total_count": len(seen),
        "success_code_list": stored,
        **{name: codes for name, codes in lists.items() if codes},  # any list may be absent
    }
