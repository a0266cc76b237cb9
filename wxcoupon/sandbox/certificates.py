"""Platform certificates: one, made by the sandbox for the key it signs its answers with, and sealed like a real one.

https://pay.weixin.qq.com/doc/v3/merchant/4012551764
"""

from __future__ import annotations

import secrets
from typing import Any, Final

import attrs

from .. import crypto
from .callers import Keys
from .handlers import Answer, Asked, handles
from .validity import moment, written
from .world import World

_LIFETIME: Final = 5 * 365 * 86400
_ASSOCIATED_DATA: Final = "certificate"


@attrs.define
class PlatformCertificate:
    """The certificate in use; it is made when somebody asks for it.

    Attributes:
        keys: the secrets of the sandbox; None until it starts.
        listed: what is said of the certificate; None until it is made.
    """

    keys: Keys | None = attrs.field(default=None, repr=False)
    listed: dict[str, Any] | None = attrs.field(default=None, repr=False)


@handles("certificate.list_certificates")
def list_certificates(world: World, _: Asked) -> Answer:
    """Show the one certificate there is."""
    room = world.room(PlatformCertificate)
    if room.keys is None:
        raise TypeError("the sandbox has started without its keys")
    if room.listed is None:
        room.listed = _made(room.keys, world.now)
    return {"data": [room.listed]}


def _made(keys: Keys, now: float) -> dict[str, Any]:
    serial, pem = crypto.self_signed(keys.platform, "wxcoupon sandbox", moment(now), moment(now + _LIFETIME))
    nonce = secrets.token_hex(6)
    return {
        "serial_no": serial,
        "effective_time": written(now),
        "expire_time": written(now + _LIFETIME),
        "encrypt_certificate": {
            "algorithm": "AEAD_AES_256_GCM",
            "nonce": nonce,
            "associated_data": _ASSOCIATED_DATA,
            "ciphertext": crypto.seal_gcm(keys.apiv3_key.encode(), nonce, _ASSOCIATED_DATA, pem),
        },
    }
