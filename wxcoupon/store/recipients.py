"""The merchants that receive the money of a store (收款商户号)."""

from typing import Annotated

from ..endpoint import Endpoint, endpoint
from ..identity import Partner
from ..model import Model, Text, model
from .entities import StoreRecipient

__all__ = ["BindStoreRecipient", "BoundStoreRecipient", "UnbindStoreRecipient", "UnboundStoreRecipient"]


@model
class BoundStoreRecipient(StoreRecipient):
    """A receiving merchant of a store; normally CONFIRMING until the merchant's administrator agrees."""

    brand_id: str | None = None
    """The brand the store belongs to."""
    store_id: str | None = None
    """The store."""


@endpoint("POST", "/store/brandstores/{store_id}/bindrecipient", rate="900/min")
class BindStoreRecipient(Endpoint[BoundStoreRecipient, Partner]):
    """Bind a receiving merchant to a store, the third one at most (绑定收款商户号).

    Before it, the merchant has to be linked to the brand on the brand platform.

    https://pay.weixin.qq.com/doc/v3/partner/4015783177
    """

    store_id: Annotated[str, Text()]
    """The store, as its creation answered."""
    mchid: Annotated[str, Text(1, 16)]
    """The merchant that shall receive the money, linked to the brand; up to 16 characters."""
    company_name: Annotated[str, Text(1, 256)]
    """The company the merchant belongs to, up to 256 characters."""


@model
class UnboundStoreRecipient(Model):
    """What became of it: a failure too is answered with 200."""

    failed_reason: str | None = None
    """Why the merchant is still bound; None when it is not."""


@endpoint("POST", "/store/brandstores/{store_id}/unbindrecipient", rate="900/min")
class UnbindStoreRecipient(Endpoint[UnboundStoreRecipient, Partner]):
    """Take a receiving merchant from a store; look at ``failed_reason`` of the answer (解绑收款商户号).

    https://pay.weixin.qq.com/doc/v3/partner/4015783188
    """

    store_id: Annotated[str, Text()]
    """The store, as its creation answered."""
    mchid: Annotated[str, Text(1, 16)]
    """A receiving merchant in state CONFIRMED."""
