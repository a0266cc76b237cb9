"""The keys answers are verified with, by the serial that names them.

Rule: the key is the one whose id the answer's ``Wechatpay-Serial`` names, compared whole. There is no fallback
to another key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from . import crypto
from .errors import ConfigurationError, UnknownSerial

_PUBLIC_KEY_ID: Final = re.compile(r"PUB_KEY_ID_[0-9A-Za-z]+")


class KeyRing:
    """WeChat Pay public keys by their id.

    Args:
        keys: for each id (``PUB_KEY_ID_…``) its public key: a path, PEM text, or a loaded key. The first one is
            announced in every request's ``Wechatpay-Serial`` header.

    Raises:
        ConfigurationError: there is no key, an id is not one, or a key cannot be read.

    https://pay.weixin.qq.com/doc/v3/merchant/4012153196
    """

    def __init__(self, keys: Mapping[str, crypto.KeySource | crypto.PublicKey]) -> None:
        if not keys:
            raise ConfigurationError(
                "platform_keys: give at least one WeChat Pay public key, as {'PUB_KEY_ID_…': Path(…)}"
            )
        for key_id in keys:
            if not _PUBLIC_KEY_ID.fullmatch(key_id):
                raise ConfigurationError(
                    f"platform_keys: {key_id!r} is no WeChat Pay public key id; it looks like PUB_KEY_ID_0110000001"
                )
        self._keys = {key_id: crypto.load_public_key(key, f"platform_keys[{key_id!r}]") for key_id, key in keys.items()}
        self.announced = next(iter(keys))

    def __repr__(self) -> str:
        return f"KeyRing({', '.join(self._keys)})"

    def find(self, serial: str) -> crypto.PublicKey:
        """The key that *serial* names.

        Raises:
            UnknownSerial: there is none; the message lists the ids that are there.
        """
        key = self._keys.get(serial)
        if key is None:
            raise UnknownSerial(
                f"the answer is signed with {serial!r}, and the key ring has {', '.join(self._keys)}; "
                "download that public key from the merchant platform and add it to platform_keys"
            )
        return key
