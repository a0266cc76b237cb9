"""How long a token of a pre-send is good for."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Final

LIFETIME: Final = timedelta(seconds=300)
"""How long a token can be used. https://pay.weixin.qq.com/doc/v3/partner/4016434365"""

_CHINA: Final = timezone(timedelta(hours=8))


def expiry(came: float) -> datetime:
    """Until when a token can be used that came at that moment, in seconds since 1970; in whole seconds, at +08:00."""
    return datetime.fromtimestamp(int(came), _CHINA) + LIFETIME
