"""``wxcoupon notify send``: a callback of one's own making, with throwaway keys."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final

import aiohttp
from cyclopts import Parameter

from .. import crypto
from ..errors import ConfigurationError, NetworkError
from ..event import registry
from ..sandbox import files
from ..settings import Settings
from ..testing import Callbacks, Variant
from .aside import abandonable
from .failure import SOME_FAILED, UsageError
from .notify_opening import apiv3_key
from .options import USUAL, Connection, Name
from .text import emit, read_json, say

Data = Annotated[str, Parameter(allow_leading_hyphen=True)]

DEFAULT: Final = Path("wxcoupon-callbacks")
"""Where throwaway keys are kept when nothing else says where."""

_PATIENCE: Final = aiohttp.ClientTimeout(total=10)
_SHOWN: Final = 65_536
"""Bytes of an answer that are shown."""
_TAKEN: Final = ("genuine",)
"""What a service has to acknowledge; it has to refuse every other."""


async def send(
    event: Name,
    /,
    *,
    url: str,
    data: Data = "{}",
    variant: Variant = "genuine",
    id: Name | None = None,  # noqa: A002 - the option's name
    dir: Path | None = None,  # noqa: A002 - the option's name
    connection: Connection = USUAL,
) -> int:
    """Send a signed test callback.

    Args:
        event: Type of the event, like PRODUCT_COUPON_SP.SEND.
        url: Address of the service: http:// or https://.
        data: Members instead of the sample's: JSON text, @FILE, or - for the standard input; null leaves one out.
        variant: What is wrong with it.
        id: Number of the notification, instead of a new one: the same one twice is a duplicate.
        dir: Directory with the keys: of a sandbox, or a new one, which gets throwaway keys.
        connection: Settings.
    """
    if not re.match("https?://[^/]", url):
        raise UsageError(f"--url {url!r} is no address; it begins with http:// or https://.")
    members = await abandonable(lambda: read_json(data, "--data"))
    if not isinstance(members, dict):
        raise ConfigurationError("--data: has to be one JSON object of the event's members")
    if event not in registry() and not members:
        raise UsageError(
            f"{event!r} is no event that is known here; give all it tells with --data, or one of "
            f"{', '.join(sorted(registry()))}."
        )
    callbacks = await abandonable(lambda: _callbacks(dir, connection.settings()))
    made = callbacks.of_members(event, members, variant=variant, notification_id=id)
    status, text = await _sent(url, made.headers, made.body)
    taken = status in {200, 204}
    right = taken == (variant in _TAKEN)
    if connection.json:
        emit({"status": status, "body": text, "right": right, "event_type": event, "variant": variant}, indent=2)
    else:
        print(f"{status} {text}".rstrip())
    if right:
        return 0
    say(
        f"a callback that has to be refused ({variant}) was acknowledged"
        if taken
        else "a genuine callback has to be answered with 200 or 204; compare the service's platform key and APIv3 key"
    )
    return SOME_FAILED


async def _sent(url: str, headers: dict[str, str], body: bytes) -> tuple[int, str]:
    try:
        async with (
            aiohttp.ClientSession(timeout=_PATIENCE) as session,
            session.post(url, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            return answer.status, (await answer.content.read(_SHOWN)).decode("utf-8", "replace")
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        reason = str(error) or type(error).__name__
        raise NetworkError(f"the service does not answer at {url} ({reason}); is it running?") from None


def _callbacks(directory: Path | None, settings: Settings) -> Callbacks:
    """Whoever makes callbacks that the service believes."""
    if directory is None and settings.platform_key_file is not None:
        return _beside(Path(settings.platform_key_file), settings)
    if directory is None and any((settings.platform_key, settings.platform_key_id, settings.apiv3_key)):
        raise UsageError(
            "nobody but WeChat Pay can sign for the keys of the settings in force; give --dir with the directory of a "
            "sandbox, or with a new one for throwaway keys."
        )
    where = directory or DEFAULT
    if (where / files.SETTINGS).exists():
        return Callbacks.load(where)
    if where.is_dir() and any(where.iterdir()):
        raise UsageError(f"--dir {where} has no {files.SETTINGS}; give the directory of a sandbox, or a new one.")
    made = Callbacks(key=crypto.new_private_key())
    made.save(where)
    say(f"made throwaway keys in {where}; the service that takes them has the settings in {where / files.SETTINGS}")
    return made


def _beside(public: Path, settings: Settings) -> Callbacks:
    """Sign with the private key that a sandbox wrote next to the public one of the settings."""
    private = public.parent / files.PRIVATE
    if not private.exists():
        raise UsageError(
            f"there is no {files.PRIVATE} next to {public}, and a real one has WeChat Pay alone; give --dir with the "
            "directory of a sandbox, or with a new one for throwaway keys."
        )
    key = crypto.load_private_key(private, str(private))
    if crypto.public_pem(key) != crypto.public_pem(crypto.load_public_key(public, str(public))):
        raise UsageError(f"{private} is not the private half of {public}; give --dir.")
    return Callbacks(key=key, key_id=settings.platform_key_id or "", apiv3_key=apiv3_key(settings))
