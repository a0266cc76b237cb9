"""The words that people put above a column of coupon codes, none of which can be a code.

Rule 1: in lower case, with an underscore for a space or a hyphen; only whole cells are compared.
"""

from __future__ import annotations

from typing import Final

_THINGS: Final = ("coupon", "voucher", "ticket")
_CODES: Final = ("code", "codes", "code_list", "codelist", "code_no", "codeno", "code_number", "codenumber")
_NUMBERS: Final = ("no", "nos", "number", "numbers", "sn", "id", "ids")
_ACTS: Final = ("promo", "promotion", "redeem", "redemption", "gift", "discount", "exchange", "activation")
_KINDS: Final = (
    *("券", "卡券", "优惠券", "兑换券", "核销券", "商家券", "商品券", "代金券", "折扣券", "抵用券", "提货券", "礼品券"),
    *("优惠", "兑换", "核销", "折扣", "提货", "激活", "领取", "串", "礼券"),
)
_BETWEEN: Final = ("", "_")

CODES: Final = frozenset(
    {"coupon", "coupons", "voucher", "vouchers", "券", "券号", "码", "编码", "优惠券", *_CODES}
    | {f"{thing}{between}{code}" for thing in _THINGS for code in _CODES for between in _BETWEEN}
    | {f"{act}{between}code" for act in _ACTS for between in _BETWEEN}
    | {f"{kind}{sign}" for kind in _KINDS for sign in ("码", "码号", "编码", "code", "码code", "码列表")}
)
"""Headings of a column of coupon codes."""

PERHAPS: Final = frozenset(
    {f"{thing}{between}{number}" for thing in _THINGS for number in _NUMBERS for between in _BETWEEN}
    | {f"card{between}{sign}" for sign in ("no", "number", "code", "id") for between in _BETWEEN}
    | {f"{kind}{sign}" for kind in _KINDS for sign in ("号", "号码", "编号", "代码", "id")}
    | {"卡号", "卡密", "代码", "号码"}
) - CODES  # fmt: skip
"""Headings of such a column only where no other column says that it has codes."""

OTHERS: Final = frozenset(
    {"openid", "openids", "open_id", "id", "ids", "no", "no.", "number", "numbers", "sn", "serial_no", "serial_number"}
    | {"编号", "序号", "序列号", "行号"}
)
"""Further words that are headings where they are alone on the first line."""

UNCERTAIN: Final = frozenset({"no", "number", "numbers"})
"""Words of headings that cells of data may be as well."""
