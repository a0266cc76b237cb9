"""What the tests of endurance share."""

from collections.abc import AsyncIterator

import pytest

from wxcoupon.sandbox import Keys

from . import rig as rigs


@pytest.fixture
async def rig(keys: Keys) -> AsyncIterator[rigs.Rig]:
    """A client, a sandbox and a faulty way between them."""
    async with rigs.rig(keys) as made:
        yield made
