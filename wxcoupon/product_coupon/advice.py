"""What no page forbids, and what WeChat Pay's guides, its FAQ or its examples advise all the same.

A model that has something of this kind says it in a method ``advise``; a request is never refused for it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

_Advice = Iterator[tuple[str, str]]

_IMAGES: Final = "wxpaylogo.qpic.cn"
_SHORT: Final = timedelta(days=5)


def image(member: str, url: str | None) -> _Advice:
    """Only an image that was uploaded is shown: its address names WeChat Pay's own host in every example."""
    if url and not _is_uploaded(url):
        yield member, f"is better an address that the image upload answered: those are at {_IMAGES}"


def _is_uploaded(url: str) -> bool:
    try:
        return urlsplit(url).hostname == _IMAGES
    except ValueError:  # a bracket without its other half
        return False


def span(begin: datetime, end: datetime) -> _Advice:
    """Pages recommend more than 5 days for shake, the FAQ asks for it in delivery plans, a guide at any creation."""
    if timedelta() < end - begin <= _SHORT:
        yield (
            "available_end_time",
            "is better more than 5 days after the begin: shake for offers and delivery plans take no shorter stock",
        )


def picks(pick_count: int, choices: int) -> _Advice:
    """It stands to reason, but only for a choice that counts once: an example lets 3 be picked from a list of 1."""
    if pick_count > choices:
        yield "pick_count", f"is better at most the number of choices ({choices})"


def amount(threshold: int, discount_amount: int) -> _Advice:
    """Only the guides say so, and it cannot hold without a threshold."""
    if 0 < threshold < discount_amount:
        yield "discount_amount", f"is better not above the threshold ({threshold} fen)"
