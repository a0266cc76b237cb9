"""``wxcoupon demo``: the whole story on an embedded sandbox."""

from __future__ import annotations

import asyncio
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from ..client import Client
from ..keys import KeyRing
from ..sandbox import Sandbox
from .failure import SOME_FAILED, Interrupted, UsageError
from .ledgers import DEFAULT as LEDGER
from .options import Count, Json
from .story import Fact, Receiver, Story
from .text import emit, say

_USERS = 5


async def demo(
    *,
    codes: Count = 10_000,
    dir: Path | None = None,  # noqa: A002 - the option's name
    json: Json = False,
) -> int:
    """Play the whole story on an embedded sandbox.

    Args:
        codes: Coupon codes to upload.
        dir: Directory to keep the codes, the ledger, the report of the upload and the tokens in; by default nothing is
            kept.
        json: Write JSON to stdout and nothing else there.
    """
    started = time.monotonic()
    try:
        with ExitStack() as stack:
            folder = dir or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wxcoupon-demo-")))
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise UsageError(
                    f"--dir {folder} cannot be a directory ({error.strerror}); give another one."
                ) from None
            async with Sandbox() as sandbox:
                keys = KeyRing(sandbox.platform_keys)
                async with (
                    Receiver(keys, sandbox.apiv3_key) as receiver,
                    Client(sandbox.partner, keys, base_url=sandbox.base_url) as client,
                ):
                    sandbox.notify_url = receiver.url
                    say(f"a WeChat Pay of your own listens at {sandbox.base_url}, with throwaway keys")
                    say(f"callbacks go to {receiver.url}; of anybody else WeChat Pay takes an https address only")
                    story = Story(sandbox, client, receiver, folder)
                    facts = await story.happen(codes, min(codes, _USERS))
    except asyncio.CancelledError:
        raise Interrupted("the sandbox is gone, and its state with it; run the demo again") from None
    agrees = all(fact.agrees for fact in facts)
    if json:
        lines = [
            {"what": fact.what, "client": fact.client, "sandbox": fact.sandbox, "agrees": fact.agrees} for fact in facts
        ]
        seconds = round(time.monotonic() - started, 3)
        emit({"agrees": agrees, "summary": lines, "seconds": seconds, "dir": str(dir) if dir else None}, indent=2)
    else:
        _show(facts, agrees=agrees)
        if dir:
            print(f"kept in {dir}: codes.txt, report.csv, tokens.csv and the ledger {LEDGER}")
    return 0 if agrees else SOME_FAILED


def _show(facts: list[Fact], *, agrees: bool) -> None:
    from rich.console import Console  # a table is all that needs it
    from rich.table import Table

    table = Table("", "the client was told", "the sandbox holds", "", title="What happened")
    for column in table.columns[1:3]:
        column.justify = "right"
    for fact in facts:
        mark = "same" if fact.agrees else "DIFFERENT"
        table.add_row(fact.what, f"{fact.client:,}", f"{fact.sandbox:,}", mark)
    console = Console()
    console.print(table)
    console.print("Everything agrees." if agrees else "The client and the sandbox disagree: please report this.")
