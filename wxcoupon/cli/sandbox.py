"""``wxcoupon sandbox``: a local WeChat Pay in a process of its own."""

from __future__ import annotations

import asyncio
import json as jsonlib
import os
import signal
import tempfile
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Literal

from ..sandbox import Sandbox
from .failure import UsageError
from .options import Json
from .text import say


async def sandbox(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    dir: Path | None = None,  # noqa: A002 - the option's name
    ready_file: Path | None = None,
    rate_limits: Literal["documented", "off"] = "documented",
    notify_url: str | None = None,
    json: Json = False,
) -> None:
    """Run a local WeChat Pay until it is stopped.

    Args:
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one.
        dir: Directory for settings and keys; by default a fresh temporary one.
        ready_file: File that gets the line of JSON too, once the sandbox is ready.
        rate_limits: Whether calls above the documented rates are answered with 429.
        notify_url: Where callbacks go until a call sets another address.
        json: Write JSON to stdout and nothing else there; it is so anyway.
    """
    del json
    if not 0 <= port <= 65535:
        raise UsageError(f"{port} is no port; it is 0 to 65535.")
    if not _is_loopback(host):
        say(f"warning: {host} can be reached by others, and the sandbox trusts whoever reaches it")
    directory = dir or Path(tempfile.mkdtemp(prefix="wxcoupon-sandbox-"))
    stopped = asyncio.Event()
    with suppress(NotImplementedError):  # on Windows, where being terminated is the end anyway
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    async with Sandbox(
        host=host, port=port, rate_limits=rate_limits, directory=directory, notify_url=notify_url
    ) as running:
        _announce(running.base_url, directory.resolve(), ready_file)
        await stopped.wait()


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _announce(base_url: str, directory: Path, ready_file: Path | None) -> None:
    line = jsonlib.dumps({"base_url": base_url, "dir": str(directory), "pid": os.getpid()})
    if ready_file is not None:
        ready_file.with_name(f"{ready_file.name}.new").write_text(f"{line}\n", "utf-8")
        ready_file.with_name(f"{ready_file.name}.new").replace(
            ready_file
        )  # whoever waits for it never reads half of it
    print(line, flush=True)
