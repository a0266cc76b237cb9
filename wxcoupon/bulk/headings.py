"""Whether the first line of a file is data, or says what the columns are.

Rule 1: a known word of a heading is never data: nobody's coupon code is ``code``, and uploading one cannot be undone.
Rule 2: among several columns, the codes are in the one whose heading says so. Where none or several do, the file is
        refused, because a column of something else would become coupon codes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from ..errors import ConfigurationError

CODES: Final = frozenset(
    {"code", "codes", "code_list", "coupon", "coupons", "coupon_code", "coupon_codes", "couponcode", "couponcodes"}
    | {"voucher", "vouchers", "voucher_code", "voucher_codes", "vouchercode"}
    | {"券", "券号", "券码", "券code", "编码", "优惠券", "优惠券码", "卡券码", "兑换码", "商家券码", "商品券码"}
)
"""Headings of a column of coupon codes, in lower case, with an underscore for a space or a hyphen."""

OTHERS: Final = frozenset({"openid", "openids", "id", "no", "number", "sn", "编号", "序号"})
"""Further words that are headings where they are alone on the first line."""

_SEPARATORS: Final = {";": "';'", "\t": "tabs"}


def is_heading(cell: str) -> bool:
    """Whether a cell is a known word of a heading."""
    return _plain(cell) in CODES | OTHERS


def looks_like_csv(line: str) -> bool:
    """Whether a line of text is the heading of a table rather than one value."""
    cells = re.split("[,;\t]", line)
    return len(cells) > 1 and any(is_heading(cell) for cell in cells)


def require_commas(name: str, cells: Sequence[str]) -> None:
    """Refuse a csv file whose first line was not split because its separator is not the comma.

    Raises:
        ConfigurationError: another separator is seen.
    """
    if len(cells) == 1:
        for separator, spelt in _SEPARATORS.items():
            if separator in cells[0]:
                raise ConfigurationError(f"the columns of {name} are separated by {spelt}; save it with commas")


def column_of_codes(name: str, cells: Sequence[str]) -> int | None:
    """Find the codes by the first line of a csv file of which no column was named.

    Returns:
        The column whose heading the line has; None when the line is data of the only column.

    Raises:
        ConfigurationError: there are several columns, and not exactly one has a heading of codes.
    """
    filled = max((number for number, cell in enumerate(cells, 1) if cell), default=0)
    if filled <= 1:
        return 0 if cells and is_heading(cells[0]) else None
    columns = [number for number, cell in enumerate(cells) if _plain(cell) in CODES]
    if len(columns) != 1:
        raise ConfigurationError(
            f"{name} has several columns, and its first line does not say which one has the codes: {', '.join(cells)}; "
            "name the column (--column NAME), or give a file of one column"
        )
    return columns[0]


def columns_named(name: str, cells: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Where the *wanted* columns are.

    Raises:
        ConfigurationError: one is not there, or there twice.
    """
    for column in wanted:
        if column not in cells:
            raise ConfigurationError(f"{name} has no column {column!r}; its columns are: {', '.join(cells)}")
        if cells.count(column) > 1:
            raise ConfigurationError(f"{name} has {cells.count(column)} columns called {column!r}; rename the others")
    return [cells.index(column) for column in wanted]


def _plain(cell: str) -> str:
    return re.sub(r"[\s-]+", "_", cell.strip().lower())
