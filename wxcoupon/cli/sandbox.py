"""``wxcoupon sandbox``: a local WeChat Pay in a process of its own."""

from __future__ import annotations

import asyncio
import json as jsonlib
import os
import re
import signal
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Literal

from ..sandbox import Sandbox
from ..sandbox.certificates import Mode
from .failure import UsageError
from .options import Json, OutFile, Whole
from .text import say


async def sandbox(  # noqa: PLR0913 - the command's options
    *,
    host: str = "127.0.0.1",
    port: Whole = 0,
    dir: Path | None = None,  # noqa: A002 - the option's name
    ready_file: OutFile | None = None,
    rate_limits: Literal["documented", "off"] = "documented",
    mode: Mode = "both",
    notify_url: str | None = None,
    probe_callbacks: float = 0.0,
    json: Json = False,
) -> None:
    """Run a local WeChat Pay until it is stopped.

    Args:
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one.
        dir: Directory for settings and keys; by default a fresh one, removed when the sandbox stops.
        ready_file: File that gets the line of JSON too, once the sandbox is ready; removed when it stops.
        rate_limits: Whether calls above the documented rates are answered with 429.
        mode: What signs where a call names no key: a certificate, and of callbacks the public key (both); certificate;
            or public-key, where there are no certificates. To call with certificates, unset WXCOUPON_PLATFORM_KEY_….
        notify_url: Where callbacks go until a call sets another address: http:// or https://.
        probe_callbacks: The part of callbacks, 0 to 1, that is first sent with a deliberately wrong signature.
        json: Write JSON to stdout and nothing else there; it is so anyway.
    """
    del json
    if not 0 <= port <= 65535:
        raise UsageError(f"{port} is no port; it is 0 to 65535.")
    if not _is_loopback(host):
        say(f"warning: {host} can be reached by others, and the sandbox trusts whoever reaches it")
    if notify_url is not None and not re.match("https?://[^/]", notify_url):
        raise UsageError(f"--notify-url {notify_url!r} is no address; it begins with http:// or https://.")
    stopped = asyncio.Event()
    with suppress(NotImplementedError):  # on Windows, where being terminated is the end anyway
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    with ExitStack() as stack:
        directory = dir or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wxcoupon-sandbox-")))
        async with Sandbox(
            host=host,
            port=port,
            rate_limits=rate_limits,
            directory=directory,
            notify_url=notify_url,
            mode=mode,
            probe_callbacks=probe_callbacks,
        ) as running:
            line = jsonlib.dumps({"base_url": running.base_url, "dir": str(directory.resolve()), "pid": os.getpid()})
            if ready_file is not None:
                stack.enter_context(_ready(ready_file, line))
            print(line, flush=True)
            await stopped.wait()


@contextmanager
def _ready(file: Path, line: str) -> Generator[None]:
    """Keep a line in a file as long as the sandbox runs; whoever waits for the file never reads half of it."""
    target = file.resolve()
    new = target.with_name(f"{target.name}.new")
    if target.exists() and not target.is_file():
        raise UsageError(f"--ready-file {file} is there already, and is no file; give another path.")
    try:
        new.write_text(f"{line}\n", "utf-8")
        new.replace(target)
    except OSError as error:
        raise UsageError(f"--ready-file {file} cannot be written ({error.strerror}); give another path.") from None
    try:
        yield
    finally:
        target.unlink(missing_ok=True)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
