"""``wxcoupon codes generate``: codes that nobody can guess."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable, Generator
from contextlib import AsyncExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from ..bulk.codes.generating import USUAL_LENGTH, CodeBatch, generate_codes
from ..errors import ConfigurationError
from .aside import abandonable
from .failure import Interrupted
from .ledgers import ledger_to_run
from .options import Count, Flag, Json, Name
from .text import STDIN, json_text, say

_AT_ONCE: Final = 10_000


async def generate(
    *,
    count: Count,
    ledger: Name | None = None,
    length: Count = USUAL_LENGTH,
    prefix: Annotated[str, Parameter(allow_leading_hyphen=True)] = "",
    check_digit: Flag = False,
    out: Annotated[str, Parameter(allow_leading_hyphen=True)] = STDIN,
    json: Json = False,
) -> None:
    """Make coupon codes that nobody can guess, of which no two are equal.

    Args:
        count: How many.
        ledger: Ledger that numbers the batches, so that no code is equal to one of another batch; made if need be.
        length: Characters of a code, the prefix included; at most 40.
        prefix: What every code begins with, of 0-9 A-Z a-z _ and -.
        check_digit: Make the last character a check digit (Luhn mod 32).
        out: File to write, which may not be there yet; - is the standard output.
        json: Write JSON to stdout and nothing else there.
    """
    async with AsyncExitStack() as stack:
        used = None if ledger is None else await stack.enter_async_context(ledger_to_run(ledger))
        if out == STDIN:
            batch = await generate_codes(count, ledger=used, length=length, prefix=prefix, check_digit=check_digit)
            await _write(batch, _as_objects if json else _as_lines, "the codes that were written are whole lines")
        else:
            with _new_file(Path(out)) as write:  # before the ledger gives a number
                batch = await generate_codes(count, ledger=used, length=length, prefix=prefix, check_digit=check_digit)
                await _write(batch, write, f"there is no {out}")
    if json:
        print(json_text(_told(batch) | {"ledger": ledger, "out": None if out == STDIN else out}))
    else:
        _summarize(batch, ledger)


async def _write(batch: CodeBatch, write: Callable[[list[str]], object], left: str) -> None:
    try:
        while block := await abandonable(lambda: list(islice(batch.codes, _AT_ONCE))):
            await abandonable(lambda block=block: write(block))  # type: ignore[misc]
    except asyncio.CancelledError:
        raise Interrupted(f"{left}; run the same command again for other codes") from None


def _as_lines(codes: list[str]) -> None:
    sys.stdout.write("".join(f"{code}\n" for code in codes))


def _as_objects(codes: list[str]) -> None:
    sys.stdout.write("".join(f'{{"code": "{code}"}}\n' for code in codes))


@contextmanager
def _new_file(path: Path) -> Generator[Callable[[list[str]], object]]:
    """Write a file for its owner alone that is there once it is whole; one that is there already stays.

    Raises:
        ConfigurationError: there is one already, or it cannot be written.
    """
    taken = f"{path} is there already, and may have codes that are nowhere else; name another file"
    if os.path.lexists(path):
        raise ConfigurationError(taken)
    try:
        number, name = tempfile.mkstemp(prefix=f"{path.name}.", suffix=".part", dir=path.parent)
        try:
            with os.fdopen(number, "w", encoding="ascii") as file:
                yield lambda codes: file.write("".join(f"{code}\n" for code in codes))
                file.flush()
                os.fsync(file.fileno())
            _place(Path(name), path)
        finally:
            Path(name).unlink(missing_ok=True)
    except FileExistsError:
        raise ConfigurationError(taken) from None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written ({error.strerror}); nothing is left of it") from None


def _place(made: Path, path: Path) -> None:
    """Give a file its name, unless something has it by now."""
    try:
        os.link(made, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if os.path.lexists(path):
            raise FileExistsError from None
        made.rename(path)


def _told(batch: CodeBatch) -> dict[str, object]:
    shape = batch.shape
    return {
        "count": batch.count,
        "length": shape.length,
        "prefix": shape.prefix,
        "check_digit": shape.check_digit,
        "batch": batch.number,
        "entropy_bits": batch.bits,
        "guesses": batch.guesses,
    }


def _summarize(batch: CodeBatch, ledger: str | None) -> None:
    power = batch.guesses.bit_length() - 1
    say(
        f"{batch.count:,} codes of {batch.shape.length} characters with {batch.bits} random bits each: a guess hits "
        f"one of them once in 2^{power} times ({float(1 << power):.1e}), or more seldom"
    )
    if batch.number is not None:
        say(f"this is batch {batch.number} of {ledger}; no two codes of all its batches are equal")
        return
    runs = (1 << batch.bits) // batch.count**2
    chance = f"with a chance of 1 in {float(runs):.1e}" if runs > 1 else "most likely"
    say(
        "no two of them are equal; without --ledger nothing but chance keeps them from being those of another run: one "
        f"of the same size has a code of these {chance}"
    )
