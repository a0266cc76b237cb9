"""What tests of confirming share: clients that repeat nothing by themselves, a shop, and confirmers."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from wxcoupon import Brand, Client, Partner
from wxcoupon.confirming import Confirmer
from wxcoupon.sandbox import Sandbox

from .coupons import ONCE, Shop

Start = Callable[..., Any]


@pytest.fixture
def once(partner: Client[Partner]) -> Client[Partner]:
    """The partner, whose calls are made once each."""
    return partner.with_options(retry=ONCE)


@pytest.fixture
def brand_once(brand: Client[Brand]) -> Client[Brand]:
    """The brand, whose calls are made once each."""
    return brand.with_options(retry=ONCE)


@pytest.fixture
async def shop(sandbox: Sandbox, partner: Client[Partner]) -> Shop:
    """A stock of the partner's."""
    return await Shop.open(sandbox, partner)


@pytest.fixture
async def start(once: Client[Partner], tmp_path: Path) -> AsyncIterator[Start]:
    """Starts confirmers on one ledger, which do not wait long, and ends them."""
    async with AsyncExitStack() as stack:

        async def one(clients: Any = None, ledger: Any = None, **options: Any) -> Confirmer:
            settings: dict[str, Any] = {"pause": 0.02, "longest": 0.1, "refused_for": 0.0, **options}
            made = Confirmer(clients or once, ledger or tmp_path / "ledger", **settings)
            return await stack.enter_async_context(made)

        yield one
