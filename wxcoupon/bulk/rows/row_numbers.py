"""Request numbers of rows that bring none: the same whenever the same row is sent in the same job.

Rule 1: a number may never change between versions, because a job that was begun with one is resumed with another.
Rule 2: what a number is made of is what a row is about, the user, the coupon and its order, and not what it says of
        that: so a user is sent one coupon of a stock in a job, and a coupon is redeemed once in a job. To send a second
        one, or to redeem what was returned, is another job, or another number in the row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from ...endpoint import AnyEndpoint
from ..plan import request_no_for

PRE_SEND: Final = "product_coupon.pre_send_coupon"
_SUBJECTS: Final = frozenset({"openid", "coupon_code"})
_ABOUT: Final = (
    "product_coupon_id",
    "stock_id",
    "stock_bundle_id",
    "user_coupon_bundle_id",
    "card_id",
    "openid",
    "coupon_code",
    "out_trade_no",
    "transaction_id",
    "refund_id",
)


def number_for(endpoint: type[AnyEndpoint], job: str, members: Mapping[str, Any]) -> str:
    """The request number of a row.

    - Of a pre-send of a product coupon: made of ``product_coupon_id``, ``stock_id`` and ``openid``, as
      :func:`~wxcoupon.bulk.pre_send_requests` does.
    - Of other calls about a user or a coupon: made of the name of the endpoint, and of those of ``product_coupon_id``,
      ``stock_id``, ``stock_bundle_id``, ``user_coupon_bundle_id``, ``card_id``, ``openid``, ``coupon_code``,
      ``out_trade_no`` and ``transaction_id`` that the row or the job says.
    - Of any other call: made of the name of the endpoint, and of all that is sent.

    Args:
        endpoint: what is called.
        job: names the occasion.
        members: what is sent, under wire names; the number itself does not matter.

    Returns:
        36 characters, which every request number of WeChat Pay takes.
    """
    if endpoint.name == PRE_SEND:
        return request_no_for(job, *(_text(members.get(name)) for name in ("product_coupon_id", "stock_id", "openid")))
    if _SUBJECTS.intersection(endpoint.route.holes + endpoint.route.query + endpoint.route.body):
        told = [f"{name}={_text(members[name])}" for name in _ABOUT if members.get(name) is not None]
        return request_no_for(job, endpoint.name, *told)
    rest = {name: value for name, value in members.items() if name != endpoint.route.key}
    return request_no_for(job, endpoint.name, written(rest))


def written(members: Mapping[str, Any]) -> str:
    """Members as JSON, equal ones as equal texts."""
    return json.dumps(members, sort_keys=True, separators=(",", ":"))


def _text(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else written({"": value})
