"""Suspending stores, and opening them again (门店营业)."""

from typing import Annotated

from ..endpoint import Endpoint, endpoint
from ..identity import Partner
from ..model import Model, Text, model
from .enums import StoreState

__all__ = ["CloseBrandStore", "ResumeBrandStore", "StoreStateResult"]


@model
class StoreStateResult(Model):
    """What a store's state is now."""

    brand_id: str
    """The brand it belongs to."""
    store_id: str | None = None
    """The store."""
    store_state: StoreState | str | None = None
    """Its state after the call."""


@endpoint("POST", "/store/brandstores/{store_id}/close", rate="900/min")
class CloseBrandStore(Endpoint[StoreStateResult, Partner]):
    """Suspend a store: from OPEN to CLOSED (暂停门店营业).

    https://pay.weixin.qq.com/doc/v3/partner/4016756671
    """

    store_id: Annotated[str, Text()]
    """A store in state OPEN."""


@endpoint("POST", "/store/brandstores/{store_id}/resume", rate="900/min")
class ResumeBrandStore(Endpoint[StoreStateResult, Partner]):
    """Open a suspended store again: from CLOSED to OPEN (恢复门店营业).

    https://pay.weixin.qq.com/doc/v3/partner/4016756672
    """

    store_id: Annotated[str, Text()]
    """A store in state CLOSED."""
