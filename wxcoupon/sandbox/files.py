"""What a client in another process needs to call a sandbox: keys as PEM, and the settings that name them."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from .. import crypto
from ..errors import ConfigurationError
from ..identity import Brand, Identity, Partner
from .callers import Callers, Keys

SETTINGS: Final = "callbacks.env"
PUBLIC: Final = "platform_key.pem"
PRIVATE: Final = "platform_private_key.pem"
_KEY_ID: Final = "WXCOUPON_PLATFORM_KEY_ID"
_APIV3_KEY: Final = "WXCOUPON_APIV3_KEY"


def write(directory: Path, base_url: str, callers: Callers, keys: Keys) -> None:
    """Write ``merchant.env``, ``partner.env`` and ``brand.env``, each one KEY=VALUE a line, and the PEM files.

    ``callbacks.env`` is for a service that makes no calls, and ``platform_private_key.pem`` for whoever wants to send
    it callbacks of his own.

    Files with secrets are readable for their owner alone.

    Args:
        directory: where; it is made if it is not there.
        base_url: where the sandbox listens.
        callers: the identities.
        keys: their keys, and the platform's.

    Raises:
        ConfigurationError: the files cannot be written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        directory = directory.resolve()
        common = _write_platform(directory, keys.platform, keys.platform_id, keys.apiv3_key)
        common["WXCOUPON_BASE_URL"] = base_url
        for identity in (callers.merchant, callers.partner, callers.brand):
            pem = directory / f"{identity.kind}_key.pem"
            _write_secret(pem, crypto.private_pem(identity.private_key))
            _write_secret(directory / f"{identity.kind}.env", _lines(_settings(identity, pem) | common))
    except OSError as error:
        raise ConfigurationError(
            f"the sandbox cannot write its keys to {directory} ({error.strerror}); give another directory"
        ) from None


def write_platform(directory: Path, key: crypto.PrivateKey, key_id: str, apiv3_key: str) -> None:
    """Write what callbacks are signed and sealed with, and ``callbacks.env`` for the service that takes them.

    Args:
        directory: where; it is made if it is not there.
        key: WeChat Pay's private key, a throwaway one.
        key_id: what ``Wechatpay-Serial`` calls it.
        apiv3_key: 32 characters.

    Raises:
        ConfigurationError: the files cannot be written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _write_platform(directory.resolve(), key, key_id, apiv3_key)
    except OSError as error:
        raise ConfigurationError(
            f"the keys for callbacks cannot be written to {directory} ({error.strerror}); give another directory"
        ) from None


def read_platform(directory: Path) -> tuple[crypto.PrivateKey, str, str]:
    """Read what :func:`write` and :func:`write_platform` write: the private key, its id, and the APIv3 key.

    Raises:
        ConfigurationError: it is not there, or is not what was written.
    """
    try:
        text = (directory / SETTINGS).read_text("utf-8")
        settings = dict(word.split("=", 1) for word in shlex.split(text))
        key_id, apiv3_key = settings[_KEY_ID], settings[_APIV3_KEY]
    except OSError as error:
        raise ConfigurationError(
            f"{directory / SETTINGS} cannot be read ({error.strerror}); name the directory of a sandbox"
        ) from None
    except (ValueError, KeyError):
        raise ConfigurationError(
            f"{directory / SETTINGS} is not what a sandbox writes; name another directory"
        ) from None
    path = directory / PRIVATE
    return crypto.load_private_key(path, str(path)), key_id, apiv3_key


def _write_platform(directory: Path, key: crypto.PrivateKey, key_id: str, apiv3_key: str) -> dict[str, str]:
    public = directory / PUBLIC
    public.write_bytes(crypto.public_pem(key))
    _write_secret(directory / PRIVATE, crypto.private_pem(key))
    settings = {_KEY_ID: key_id, "WXCOUPON_PLATFORM_KEY_FILE": str(public), _APIV3_KEY: apiv3_key}
    _write_secret(directory / SETTINGS, _lines(settings))
    return settings


def _settings(identity: Identity, pem: Path) -> dict[str, str]:
    settings = {"WXCOUPON_IDENTITY": identity.kind}
    if not isinstance(identity, Brand):
        settings["WXCOUPON_MCHID"] = identity.mchid
    if isinstance(identity, (Brand, Partner)) and identity.brand_id is not None:
        settings["WXCOUPON_BRAND_ID"] = identity.brand_id
    return settings | {"WXCOUPON_SERIAL_NO": identity.serial_no, "WXCOUPON_PRIVATE_KEY_FILE": str(pem)}


def _lines(settings: Mapping[str, str]) -> bytes:
    """One KEY=VALUE a line; a value that a shell would take apart is quoted for it, any other stands as it is."""
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in settings.items()).encode()


def _write_secret(path: Path, data: bytes) -> None:
    path.unlink(missing_ok=True)  # the mode below is given to a new file only
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
