"""Other processes that do something with a ledger, line by line, until they are let go or killed."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("ready", flush=True)
sys.stdin.readline()
connection.execute("ROLLBACK")
print("free", flush=True)
sys.stdin.readline()
"""
"""A program that keeps everybody out of the database that is named to it, until it reads a line."""


async def said(process: Process) -> str:
    """The next line it writes."""
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().strip()


@asynccontextmanager
async def running(script: str, *args: object) -> AsyncGenerator[Process]:
    """A Python process that has said its first line, ``ready``; it is killed at the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-c", script, *map(str, args), stdin=PIPE, stdout=PIPE
    )
    try:
        assert "ready" == await said(process)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def outcome(script: str, *args: object) -> tuple[int | None, str]:
    """Exit status and output of a Python process that ends by itself."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-c", script, *map(str, args), stdout=PIPE
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()
