"""What tests of callbacks share: who signs."""

import pytest

from wxcoupon.keys import KeyRing
from wxcoupon.sandbox import Keys

from .callbacks import Platform


@pytest.fixture(scope="session")
def platform(keys: Keys) -> Platform:
    """Who signs callbacks."""
    return Platform(keys.platform)


@pytest.fixture(scope="session")
def stranger(keys: Keys) -> Platform:
    """Somebody who signs with another key under the same id."""
    return Platform(keys.merchant)


@pytest.fixture(scope="session")
def ring(platform: Platform) -> KeyRing:
    """The keys that callbacks are verified with."""
    return platform.ring()
