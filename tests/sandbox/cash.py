"""What the tests of cash coupons share: a stock to create, and a sandbox that lives at the time of the test."""

from datetime import datetime, timedelta, timezone
from typing import Any

from wxcoupon import Client
from wxcoupon import cash_coupon as cc
from wxcoupon.convert import from_wire

APPID = "wx7e1c40d2a93b5f68"
SHANGHAI = timezone(timedelta(hours=8))
NOON = datetime(2026, 12, 1, 12, tzinfo=SHANGHAI)


def creation(client: Client[Any], number: str = "stock-1", **rule: Any) -> cc.CreateStock:
    """A stock of ten coupons of 5 yuan off 30, for three days from NOON; *rule* is changed in its sending rule."""
    mchid = client.identity.subject[1]
    sending = {
        "max_coupons": 10,
        "max_amount": 5_000,
        "max_coupons_per_user": 2,
        "natural_person_limit": False,
        "prevent_api_abuse": False,
    }
    members = {
        "stock_name": "晨雾茶五元券",
        "belong_merchant": mchid,
        "available_begin_time": NOON.isoformat(),
        "available_end_time": (NOON + timedelta(days=3)).isoformat(),
        "stock_use_rule": sending | rule,
        "pattern_info": {"description": "到店可用"},
        "coupon_use_rule": {
            "fixed_normal_coupon": {"coupon_amount": 500, "transaction_minimum": 3_000},
            "combine_use": False,
            "available_items": ["oolong", "puer", "white"],
            "available_merchants": [mchid, "1900000002"],
        },
        "no_cash": True,
        "stock_type": "NORMAL",
        "out_request_no": number,
    }
    return from_wire(cc.CreateStock, members)


async def running(client: Client[Any], number: str = "stock-1", **rule: Any) -> str:
    """Create a stock and start it."""
    created = await client.call(creation(client, number, **rule))
    creator = client.identity.subject[1]
    await client.call(cc.StartStock(stock_id=created.stock_id, stock_creator_mchid=creator))
    return created.stock_id


def sending(
    client: Client[Any],
    stock_id: str,
    number: str = "send-1",
    openid: str = "o-1",
    *,
    creator: Client[Any] | None = None,
    coupon_value: int | None = None,
) -> cc.SendCoupon:
    """A coupon for a user, of a stock that the client, or another one, created."""
    return cc.SendCoupon(
        openid=openid,
        stock_id=stock_id,
        out_request_no=number,
        appid=APPID,
        stock_creator_mchid=(creator or client).identity.subject[1],
        coupon_value=coupon_value,
    )
