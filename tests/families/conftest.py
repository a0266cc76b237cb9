"""Who asks, in these tests: each kind of identity, with a key of its own."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from wxcoupon.identity import Brand, Identity, Merchant, Partner


@pytest.fixture(scope="session")
def identities() -> dict[str, Identity]:
    """One identity of each kind, by kind."""
    own: dict[str, Any] = {
        "serial_no": "5157F09EFDC096DE15EBE81A47057A7232F1B8E1",
        "private_key": rsa.generate_private_key(65537, 2048),
    }
    return {
        "merchant": Merchant(mchid="1900000001", **own),
        "partner": Partner(mchid="1900000001", brand_id="120344", **own),
        "brand": Brand(brand_id="120344", **own),
    }
