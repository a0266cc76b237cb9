"""Making, finding, changing and deleting stores (品牌门店)."""

from typing import Annotated

from ..endpoint import Endpoint, Listing, endpoint
from ..identity import Brand, Partner
from ..model import Model, Text, Whole, model
from .entities import BrandStore, StoreAddress, StoreBasics, StoreBusiness
from .enums import StoreState

__all__ = [
    "BrandStores",
    "CreateBrandStore",
    "DeleteBrandStore",
    "GetBrandStore",
    "ListBrandStores",
    "UpdateBrandStore",
]


@endpoint("POST", "/store/brandstores", rate="900/min")
class CreateBrandStore(Endpoint[BrandStore]):
    """Make a store; it is CREATING until its review is over (创建品牌门店).

    No number makes a repetition safe: after an unknown outcome a second creation may be refused with ALREADY_EXISTS.
    A partner lists the stores and looks for its ``store_reference_id`` first.

    https://pay.weixin.qq.com/doc/v3/partner/4015783183
    https://pay.weixin.qq.com/doc/brand/4015782988
    """

    store_basics: StoreBasics | None = None
    """What it is called."""
    store_address: StoreAddress
    """Where it is."""
    store_business: StoreBusiness | None = None
    """When it is open, and how to reach it."""


@model
class BrandStores(Model):
    """Some of a brand's stores."""

    brand_id: str
    """The brand."""
    data: list[BrandStore] | None = None
    """The stores."""
    offset: int | None = None
    """The first row of this answer, counted from 0."""
    limit: int | None = None
    """How many rows were asked for."""
    total_count: int | None = None
    """How many rows there are."""


@endpoint("GET", "/store/brandstores", rate="900/min", items="data", step="row")
class ListBrandStores(Listing[BrandStores, BrandStore, Partner]):
    """List a brand's stores (查询品牌门店列表).

    https://pay.weixin.qq.com/doc/v3/partner/4016756674
    """

    store_state: StoreState | str | None = None
    """Only stores of this state; stores of all states when left out."""
    offset: Annotated[int, Whole()] | None = None
    """The row to begin with, counted from 0; 0 when left out."""
    limit: Annotated[int, Whole(1, 200)] | None = None
    """How many rows to answer, 1 to 200; 20 when left out."""


@endpoint("GET", "/store/brandstores/{store_id}", rate="1800/min")
class GetBrandStore(Endpoint[BrandStore, Partner]):
    """Look up a store (查询品牌门店).

    https://pay.weixin.qq.com/doc/v3/partner/4015783153
    """

    store_id: Annotated[str, Text()]
    """The store, as its creation answered."""


@endpoint("PATCH", "/store/brandstores/{store_id}", rate={Partner: "900/min", Brand: "5/s"})
class UpdateBrandStore(Endpoint[BrandStore]):
    """Change a store: what is given is changed, what is left out stays (更新品牌门店).

    Changes are reviewed first, except those of ``store_reference_id``, ``service_phone`` and ``business_hours``.
    A store that is CREATING takes none.

    https://pay.weixin.qq.com/doc/v3/partner/4015783158
    https://pay.weixin.qq.com/doc/brand/4015783036
    """

    store_id: Annotated[str, Text()]
    """The store, as its creation answered."""
    store_basics: StoreBasics | None = None
    """What it is called."""
    store_address: StoreAddress | None = None
    """Where it is; ``address_code`` and ``address_detail`` both, whichever of them changes."""
    store_business: StoreBusiness | None = None
    """When it is open, and how to reach it."""


@endpoint("DELETE", "/store/brandstores/{store_id}", rate="900/min")
class DeleteBrandStore(Endpoint[None, Partner]):
    """Delete a store, for good (删除品牌门店).

    The brand goes into the body of the DELETE, and the body is signed: a proxy that drops it breaks the call.

    https://pay.weixin.qq.com/doc/v3/partner/4015783113
    """

    store_id: Annotated[str, Text()]
    """The store, as its creation answered."""
