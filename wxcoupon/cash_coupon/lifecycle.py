"""Starting, pausing, restarting and stopping a stock.

::

    unactivated ──start──► running ──pause──► paused
         │                    ▲                 │
        stop                  └─────restart─────┘
         ▼
       stoped
"""

from ..endpoint import Endpoint, endpoint
from ..identity import Merchant, Partner
from ..model import Model, Time, model
from .ids import MerchantId, StockId

__all__ = [
    "PauseStock",
    "PausedStock",
    "RestartStock",
    "RestartedStock",
    "StartStock",
    "StartedStock",
    "StopStock",
    "StoppedStock",
]


@model
class StartedStock(Model):
    """A stock that was started."""

    start_time: Time
    """Since when its coupons can be sent."""
    stock_id: str
    """The stock."""


@endpoint("POST", "/v3/marketing/favor/stocks/{stock_id}/start", rate="60/min", harmless=True)
class StartStock(Endpoint[StartedStock, Merchant | Partner]):
    """Start a stock; without ``no_cash`` its budget is locked in the creator's balance (激活代金券批次).

    Right after the creation this may be refused with INVALID_REQUEST because the stock is not ready yet: wait a
    moment and repeat it.

    https://pay.weixin.qq.com/doc/v3/merchant/4012460137
    """

    stock_id: StockId
    """The stock."""
    stock_creator_mchid: MerchantId
    """The merchant that created it."""


@model
class PausedStock(Model):
    """A stock that was paused."""

    pause_time: Time
    """Since when no coupon of it is sent."""
    stock_id: str
    """The stock."""


@endpoint("POST", "/v3/marketing/favor/stocks/{stock_id}/pause", rate="60/min", harmless=True)
class PauseStock(Endpoint[PausedStock, Merchant | Partner]):
    """Send no more coupons of a running stock until it is restarted (暂停代金券批次).

    Coupons that were sent can be used all the same.

    https://pay.weixin.qq.com/doc/v3/merchant/4012460305
    """

    stock_id: StockId
    """The stock; it has to be running."""
    stock_creator_mchid: MerchantId
    """The merchant that created it."""


@model
class RestartedStock(Model):
    """A stock that was restarted."""

    restart_time: Time
    """Since when its coupons can be sent again."""
    stock_id: str
    """The stock."""


@endpoint("POST", "/v3/marketing/favor/stocks/{stock_id}/restart", rate="60/min", harmless=True)
class RestartStock(Endpoint[RestartedStock, Merchant | Partner]):
    """Go on with a paused stock (重启代金券批次).

    https://pay.weixin.qq.com/doc/v3/merchant/4012460411
    """

    stock_id: StockId
    """The stock; it has to be paused."""
    stock_creator_mchid: MerchantId
    """The merchant that created it."""


@model
class StoppedStock(Model):
    """A stock that was stopped."""

    stop_time: Time
    """When it was stopped."""
    stock_id: str
    """The stock."""


@endpoint("POST", "/v3/marketing/favor/stocks/{stock_id}/stop")
class StopStock(Endpoint[StoppedStock, Merchant | Partner]):
    """End a stock that was never started (终止代金券批次).

    Whether it may be repeated is not documented: after an unknown outcome look at the stock first. It has no page;
    the facts are those of the official SDKs. The page named here is of its sibling, the start.

    https://pay.weixin.qq.com/doc/v3/merchant/4012460137
    """

    stock_id: StockId
    """The stock; it may not have been started."""
    stock_creator_mchid: MerchantId
    """The merchant that created it."""
