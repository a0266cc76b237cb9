"""Codes uploaded to stocks of merchant coupons: storing, listing, showing and deleting them.

https://pay.weixin.qq.com/doc/v3/merchant/4012487038
"""

from __future__ import annotations

from typing import Any, Final

from . import merchant_coupons
from .handlers import Answer, Asked, handles
from .merchant_stock_calls import merchant_stock
from .merchant_stocks import MerchantCode, MerchantStock
from .refusals import Refusal, invalid
from .validity import written
from .world import World

_PAGE: Final = 20  # no number is documented


@handles("busifavor.upload_coupon_codes")
def upload_coupon_codes(world: World, asked: Asked) -> Answer:
    """Put codes into a stock, and say of each code what became of it."""
    stock = merchant_stock(world, asked, running=True)
    if stock.coupon_code_mode != "MERCHANT_UPLOAD":
        raise invalid("coupon_code_mode of the stock is not MERCHANT_UPLOAD, so codes cannot be uploaded")
    room = stock.max_count - len(stock.codes)
    seen: dict[str, int] = {}
    stored: list[str] = []
    lists: dict[str, list[Any]] = {"fail_codes": [], "exist_codes": []}
    for code in asked.data["coupon_code_list"]:
        seen[code] = seen.get(code, 0) + 1
        if seen[code] > 1:
            continue
        if code in stock.codes:
            lists["exist_codes"].append(code)
        elif len(stored) < room:
            stored.append(code)
        else:
            lists["fail_codes"].append(
                {"coupon_code": code, "code": "NOT_ENOUGH", "message": "the stock has max_coupons codes"}
            )
    lists |= {"success_codes": stored, "duplicate_codes": [code for code, times in seen.items() if times > 1]}
    stock.store(stored, world.now)
    return {
        "stock_id": stock.stock_id,
        "total_count": len(seen),
        "success_count": len(stored),
        "success_time": written(world.now),
        "fail_count": len(lists["fail_codes"]),
        **{name: codes for name, codes in lists.items() if codes},  # any list may be absent
    }


@handles("busifavor.list_coupon_codes")
def list_coupon_codes(world: World, asked: Asked) -> Answer:
    """List codes in the order of their uploads."""
    stock, data = merchant_stock(world, asked), asked.data
    status, begin = data.get("status"), data.get("offset", 0)
    found = [code for code in stock.codes.values() if status in {None, _status(stock, code)}]
    page = found[begin : begin + (data.get("limit") or _PAGE)]
    return {
        "stock_id": stock.stock_id,
        "total_count": len(stock.codes),  # of all codes, whatever is asked for
        "data": [_shown(world, stock, code, data.get("appid")) for code in page],
        "offset": begin,
        "limit": len(page),
    }


@handles("busifavor.get_coupon_code")
def get_coupon_code(world: World, asked: Asked) -> Answer:
    """Show a code, and the coupon it became."""
    stock = merchant_stock(world, asked)
    code = _code(stock, asked)
    answer: dict[str, Any] = {"code_information": _shown(world, stock, code, asked.data.get("appid"))}
    if code.coupon is not None:
        answer["coupon_information"] = merchant_coupons.user_coupon(world, code.coupon)
    return answer


@handles("busifavor.delete_coupon_code")
def delete_coupon_code(world: World, asked: Asked) -> Answer:
    """Take a code out of a stock, if nobody has it."""
    stock = merchant_stock(world, asked)
    code = _code(stock, asked)
    if _status(stock, code) == "DISPATCHED":
        raise invalid("a user has the code, so it cannot be deleted")
    del stock.codes[code.code]
    stock.free.remove(code.code)
    return {"stock_id": stock.stock_id, "delete_time": written(world.now)}


def _code(stock: MerchantStock, asked: Asked) -> MerchantCode:
    code = stock.codes.get(asked.data["coupon_code"])
    if code is None:
        raise Refusal(404, "RESOURCE_NOT_EXISTS", "the stock has no such code")
    return code


def _status(stock: MerchantStock, code: MerchantCode) -> str:
    return "DISPATCHED" if code.code in stock.used else "AVAILABLE"


def _shown(world: World, stock: MerchantStock, code: MerchantCode, appid: str | None) -> dict[str, Any]:
    """A code as answers show it; its user only to whoever names an appid."""
    shown = {"code": code.code, "code_status": _status(stock, code), "upload_time": written(code.uploaded)}
    if code.coupon is None:
        return shown
    user = code.coupon.user
    if appid is not None:
        shown |= {"openid": world.openid(user, appid), "unionid": user.unionid}
    return shown | {"dispatched_time": written(code.coupon.received), "coupon_code": code.coupon.coupon_code}
