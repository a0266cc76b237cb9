"""What a declared endpoint does to the world: one function each, registered by the endpoint's name.

::

    @handles("product_coupon.upload_coupon_codes", repeats="code_list")
    def upload(world: World, asked: Asked) -> Answer: ...

Rule: every declared endpoint has a handler. A sandbox with one missing does not start.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import attrs

from ..endpoint import AnyEndpoint
from ..identity import Identity

if TYPE_CHECKING:
    from .world import World

Answer: TypeAlias = dict[str, Any] | None
"""The JSON of an answer; None for 204."""
Act: TypeAlias = Callable[["World", "Asked"], Answer]


@attrs.frozen
class Owner:
    """Whose an object is: its creator's, for one brand. Nobody else reaches it."""

    subject: tuple[str, str]
    brand_id: str

    @property
    def shown(self) -> dict[str, str]:
        """What answers say of the brand: partners are told, brands are not."""
        return {"brand_id": self.brand_id} if self.subject[0] == "mchid" else {}


@attrs.frozen
class Asked:
    """A request that passed the gate.

    Attributes:
        request: the class of the request.
        identity: who asks.
        owner: on whose behalf; None where the endpoint is about no brand.
        data: its members under their wire names, as they came, without a partner's brand_id.
        origin: the address at which the sandbox was asked, for links that lead back to it.
    """

    request: type[AnyEndpoint]
    identity: Identity
    owner: Owner | None
    data: Mapping[str, Any] = attrs.field(repr=False)
    origin: str = ""

    @property
    def scope(self) -> Owner:
        """The owner, where the endpoint is about a brand."""
        if self.owner is None:
            raise TypeError(f"{self.request.name} is about no brand")
        return self.owner


@attrs.frozen
class Handler:
    """How one endpoint is answered.

    Attributes:
        act: does it.
        repeats: a list whose repeated items the answer sorts out, so that the gate lets them pass.
        replays: whether the same request number gets the same answer; otherwise only other data is refused.
        scope: members within which a request number is unique, besides caller, endpoint and brand.
    """

    act: Act
    repeats: str | None = None
    replays: bool = True
    scope: tuple[str, ...] = ()


HANDLERS: Final[dict[str, Handler]] = {}


def handles(
    name: str, *, repeats: str | None = None, replays: bool = True, scope: tuple[str, ...] = ()
) -> Callable[[Act], Act]:
    """Register a function as the handler of the endpoint *name*; for the rest see :class:`Handler`."""

    def register(act: Act) -> Act:
        if HANDLERS.setdefault(name, Handler(act, repeats, replays, scope)).act is not act:
            raise TypeError(f"two handlers answer {name}")
        return act

    return register


def handlers(names: Iterable[str]) -> Mapping[str, Handler]:
    """The handlers of all these endpoints.

    Raises:
        TypeError: an endpoint has none.
    """
    for room in pkgutil.iter_modules([str(Path(__file__).parent)]):
        importlib.import_module(f"wxcoupon.sandbox.{room.name}")
    found = {name: HANDLERS.get(name) for name in names}
    if lost := [name for name, handler in found.items() if handler is None]:
        raise TypeError(
            f"the sandbox cannot answer {', '.join(lost)}; write what it does as a function with @handles(name)"
        )
    return {name: handler for name, handler in found.items() if handler is not None}
