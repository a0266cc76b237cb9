"""A server with a limit: it counts what arrives, and answers 429 beyond so many requests in a second.

Its good answer is signed beforehand, as that of :mod:`.answering`, so it costs nearly nothing. A sliding window looks
back one second from every request; a fixed one begins anew with every second of the clock. A request that is refused
counts for neither.

Run as ``python -m benchmarks.counting LIMIT WINDOW`` it prints one line of JSON when it is ready and another one when
its stdin is closed, and ends.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections import deque
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Final, Literal, TypeAlias, get_args

import attrs

from wxcoupon import crypto, wire

from .answering import KEY_ID

Window: TypeAlias = Literal["sliding", "fixed"]
WINDOWS: Final[tuple[Window, ...]] = get_args(Window)
_REFUSED: Final = b'HTTP/1.1 429 X\r\nContent-Length: 28\r\n\r\n{"code":"FREQUENCY_LIMITED"}'


@attrs.frozen
class Counted:
    """What arrived.

    Attributes:
        accepted: how many requests were answered with 200.
        refused: how many with 429.
        per_second: how many were accepted in a second: the median of slices with as many requests as the limit, so
            that a moment in which the machine had other things to do does not count.
        most_in_a_second: the most that arrived in any one second, refused ones too.
    """

    accepted: int
    refused: int
    per_second: float
    most_in_a_second: int


@attrs.define
class Place:
    """A server that runs, and once it has ended, what it counted."""

    base_url: str
    public_key: str
    counted: Counted | None = None


class Count:
    """The limit, and everything that arrived."""

    def __init__(self, limit: int, window: Window) -> None:
        self._limit = limit
        self._window = window
        self._taken: deque[float] = deque()
        self._accepted: list[float] = []
        self._arrived: list[float] = []

    def take(self, now: float) -> bool:
        """Count a request; False when it is refused."""
        self._arrived.append(now)
        begins = now - 1 if self._window == "sliding" else float(int(now))
        while self._taken and (self._taken[0] <= begins if self._window == "sliding" else self._taken[0] < begins):
            self._taken.popleft()
        if len(self._taken) >= self._limit:
            return False
        self._taken.append(now)
        self._accepted.append(now)
        return True

    def counted(self) -> Counted:
        """What arrived so far."""
        accepted = self._accepted
        return Counted(
            accepted=len(accepted),
            refused=len(self._arrived) - len(accepted),
            per_second=_rate(accepted, min(self._limit, len(accepted) - 1)),
            most_in_a_second=_most(self._arrived),
        )


def _rate(accepted: Sequence[float], size: int) -> float:
    if size < 1:
        return 0.0
    slices = (accepted[end] - accepted[end - size] for end in range(size, len(accepted), size))
    return statistics.median(size / max(seconds, 1e-6) for seconds in slices)


def _most(arrived: Sequence[float]) -> int:
    first = most = 0
    for last, moment in enumerate(arrived):
        while moment - arrived[first] >= 1:
            first += 1
        most = max(most, last - first + 1)
    return most


class _Connection(asyncio.Protocol):
    """HTTP/1.1 with keep-alive, as far as the clients measured here speak it."""

    def __init__(self, count: Count, answer: bytes) -> None:
        self._count = count
        self._answer = answer
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer once a whole request is there."""
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        _, _, length = bytes(self._buffer[:end]).lower().partition(b"\r\ncontent-length:")
        if len(self._buffer) < end + 4 + int(length.partition(b"\r\n")[0] or 0):
            return
        self._buffer.clear()
        assert self._transport is not None
        self._transport.write(self._answer if self._count.take(time.time()) else _REFUSED)


async def _serve(count: Count) -> None:
    loop = asyncio.get_running_loop()
    key = crypto.new_private_key()
    body = b"{}"
    headers = wire.sign_answer(key, KEY_ID, body, timestamp=int(time.time()), nonce=wire.new_nonce())
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    answer = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n{lines}\r\n".encode() + body
    server = await loop.create_server(lambda: _Connection(count, answer), "127.0.0.1", 0, backlog=1024)
    port = server.sockets[0].getsockname()[1]
    print(
        json.dumps({"base_url": f"http://127.0.0.1:{port}", "public_key": crypto.public_pem(key).decode()}), flush=True
    )
    asked_to_end = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), asked_to_end.set)
    await asked_to_end.wait()


@contextmanager
def counting(limit: int, window: Window) -> Generator[Place]:
    """Run the server in a process of its own while the block lasts; afterwards the place knows what was counted."""
    command = [sys.executable, "-m", "benchmarks.counting", str(limit), window]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        line = process.stdout.readline()
        if not line:
            raise SystemExit("the counting server did not start; its message is above")
        place = Place(**json.loads(line))
        try:
            yield place
        finally:
            process.stdin.close()
            place.counted = Counted(**json.loads(process.stdout.readline()))


def main() -> None:
    """Serve until stdin is closed, and say what was counted."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.counting", description=__doc__)
    parser.add_argument("limit", type=int, help="requests in a second")
    parser.add_argument("window", choices=WINDOWS)
    arguments = parser.parse_args()
    count = Count(arguments.limit, arguments.window)
    asyncio.run(_serve(count))
    print(json.dumps(attrs.asdict(count.counted())), flush=True)


if __name__ == "__main__":
    main()
