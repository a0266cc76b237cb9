"""What a client in another process needs to call a sandbox: keys as PEM, and the settings that name them."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from .. import crypto
from ..errors import ConfigurationError
from ..identity import Brand, Identity, Partner
from .callers import Callers, Keys


def write(directory: Path, base_url: str, callers: Callers, keys: Keys) -> None:
    """Write ``merchant.env``, ``partner.env`` and ``brand.env``, each one KEY=VALUE a line, and the PEM files.

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
        platform = directory / "platform_key.pem"
        platform.write_bytes(crypto.public_pem(keys.platform))
        common = {
            "WXCOUPON_PLATFORM_KEY_ID": keys.platform_id,
            "WXCOUPON_PLATFORM_KEY_FILE": str(platform),
            "WXCOUPON_APIV3_KEY": keys.apiv3_key,
            "WXCOUPON_BASE_URL": base_url,
        }
        for identity in (callers.merchant, callers.partner, callers.brand):
            pem = directory / f"{identity.kind}_key.pem"
            _write_secret(pem, crypto.private_pem(identity.private_key))
            _write_secret(directory / f"{identity.kind}.env", _lines(_settings(identity, pem) | common))
    except OSError as error:
        raise ConfigurationError(
            f"the sandbox cannot write its keys to {directory} ({error.strerror}); give another directory"
        ) from None


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
