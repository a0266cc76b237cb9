"""Bundles in users' hands: sending them, going on from round to round, deactivating them.

https://pay.weixin.qq.com/doc/v3/partner/4016280664
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from .handlers import Answer, Asked, handles
from .holdings import Sending, UserBundle, UserCoupon
from .records import Stock, User
from .refusals import NO_COUPON, not_found
from .sendings import by_api, claimed_before, issue, new_token, require_room, sent_before
from .user_coupons import coupon_entity, deactivate
from .validity import moment
from .world import World


class UserBundles:
    """All bundles that users hold, by their number."""

    def __init__(self) -> None:
        self.by_id: dict[str, UserBundle] = {}


@handles("product_coupon.send_coupon_bundle", scope=("stock_bundle_id", "openid"))
def send_coupon_bundle(world: World, asked: Asked) -> Answer:
    """Put a bundle into a user's hand: its first coupon."""
    stocks = _stocks(world, asked)
    sending = by_api(world, asked.data)
    coupon = sent_before(world, stocks[0], sending)
    if coupon is not None and coupon.bundle is not None:
        return _entity(world, coupon.bundle)
    require_rooms(world, stocks, sending.user)
    return _entity(world, give(world, stocks, sending))


@handles("product_coupon.pre_send_coupon_bundle", replays=False, scope=("stock_bundle_id", "openid"))
def pre_send_coupon_bundle(world: World, asked: Asked) -> Answer:
    """Make a token, if every stock of the bundle could send now; nothing is reserved until it is claimed."""
    stocks = _stocks(world, asked)
    token = new_token(world, asked, stocks[0])
    if claimed_before(world, stocks[0], Sending(token.user, token.send_request_no, "")) is None:
        require_rooms(world, stocks, token.user)
    return {"token": world.new_token(token)}


def _stocks(world: World, asked: Asked) -> list[Stock]:
    return world.bundle(asked.scope, asked.data["product_coupon_id"], asked.data["stock_bundle_id"])


def require_rooms(world: World, stocks: Sequence[Stock], user: User) -> None:
    """Refuse unless every stock of a bundle can send this user one more coupon now."""
    for stock in stocks:
        require_room(world, stock, user)


def give(world: World, stocks: Sequence[Stock], sending: Sending) -> UserBundle:
    """Put the first coupon of a bundle into a user's hand."""
    bundles = world.room(UserBundles).by_id
    number = f"{stocks[0].stock_bundle_id}{len(bundles) + 1:06}"
    codes = [world.take_code(stock, None) for stock in stocks]
    bundle = bundles[number] = UserBundle(number, stocks, codes, sending, world.now)
    _issue_next(world, bundle)
    return bundle


def _issue_next(world: World, bundle: UserBundle) -> None:
    index = len(bundle.coupons)
    if index < len(bundle.stocks):
        issue(world, bundle.stocks[index], bundle.sending, bundle.codes[index], bundle)


def go_on(world: World, bundle: UserBundle, redeemed: UserCoupon) -> None:
    """After a redemption give the next round, unless the redeemed one was returned and redeemed anew."""
    if redeemed.stock.round_index < bundle.used_count:
        return
    bundle.used_count += 1
    rules = redeemed.stock.product_coupon.members["progressive_bundle_usage_info"]
    if days := rules.get("interval_days"):
        today = moment(world.now).replace(hour=0, minute=0, second=0, microsecond=0)
        bundle.next_use = (today + timedelta(days=days)).timestamp()
    _issue_next(world, bundle)


@handles("product_coupon.deactivate_user_coupon_bundle")
def deactivate_user_coupon_bundle(world: World, asked: Asked) -> Answer:
    """Deactivate all coupons of a bundle that are not at their end already."""
    data = asked.data
    stocks = _stocks(world, asked)
    bundle = world.room(UserBundles).by_id.get(data["user_coupon_bundle_id"])
    if (
        bundle is None
        or bundle.stocks[0] is not stocks[0]
        or bundle.sending.user.openids.get(data["appid"]) != data["openid"]
    ):
        raise not_found("user_coupon_bundle_id of this user", NO_COUPON)
    for coupon in bundle.coupons:
        deactivate(world, coupon, data)
    return _entity(world, bundle)


def _entity(world: World, bundle: UserBundle) -> dict[str, Any]:
    return {
        "user_coupon_bundle_id": bundle.user_coupon_bundle_id,
        "user_product_coupon_list": [coupon_entity(world, coupon) for coupon in bundle.coupons],
    }
