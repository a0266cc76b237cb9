"""A proxy between a client and a sandbox, on which requests and answers are refused, cut, late or lost.

What goes wrong is drawn with a seed, or told beforehand for each request. Every request is kept as it arrived.
"""

from __future__ import annotations

import asyncio
import random
import re
import socket
import struct
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from enum import Enum
from types import TracebackType
from typing import Final, Self, TypeAlias
from urllib.parse import urlsplit

import attrs
from multidict import CIMultiDict

HOST: Final = "127.0.0.1"
_RESET_WHEN_CLOSED: Final = struct.pack("ii", 1, 0)


class Fault(Enum):
    """What becomes of a request and of its answer."""

    PASS = "pass"
    """Nothing special."""
    REFUSE = "refuse"
    """The answer passes and ends its connection; for a while nobody listens, so the next connections are refused."""
    RESET = "reset"
    """The connection is reset, and the server sees nothing of the request."""
    TRUNCATE = "truncate"
    """The server acts, and its answer ends too early, somewhere."""
    DELAY = "delay"
    """The server acts, and its answer is late."""
    LOSE = "lose"
    """The server acts, and the connection is closed without its answer."""
    HANG = "hang"
    """The server acts, and its answer is kept back until the client goes away."""


@attrs.define
class Answered:
    """An answer on its way, to be changed."""

    status: int
    headers: CIMultiDict[str]
    body: bytes

    def written(self) -> bytes:
        """The bytes of the answer, with the length of the body it has now."""
        headers = self.headers.copy()
        if self.status != 204:
            headers["Content-Length"] = str(len(self.body))
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"HTTP/1.1 {self.status} X\r\n{lines}\r\n".encode("latin-1") + self.body


Edit: TypeAlias = Callable[[Answered], None]
"""Changes an answer, which passes otherwise."""


@attrs.frozen
class Passage:
    """A request as it arrived.

    Attributes:
        method: its method.
        target: path and query, as on the request line.
        headers: its headers; names compare without case.
        body: its bytes.
        what: what was done to it.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    what: Fault | Edit

    @property
    def authorization(self) -> dict[str, str]:
        """The pairs of its Authorization header."""
        return dict(re.findall(r'(\w+)="([^"]*)"', self.headers["Authorization"]))


class FaultProxy:
    """A proxy to one server.

    Use it as ``async with FaultProxy(sandbox.base_url) as proxy``.

    Args:
        upstream: address of the server.
        rates: how often each fault happens, each a part of 1; everything else passes.
        seed: the same seed draws the same faults for the same order of requests.
        latest: seconds of the longest delay.
        away: seconds that nobody listens after a refusal.

    Attributes:
        base_url: where it listens; the port is its own from the beginning, so that nobody else listens there.
        script: what happens to the next requests, before anything is drawn.
        seen: the requests that arrived.
        counts: how often each fault happened; edits are counted as passing.
    """

    def __init__(
        self,
        upstream: str,
        rates: Mapping[Fault, float] | None = None,
        *,
        seed: int = 0,
        latest: float = 0.05,
        away: float = 0.005,
    ) -> None:
        address = urlsplit(upstream)
        self._upstream = (str(address.hostname), int(address.port or 80))
        self._rates = dict(rates or {})
        self._random = random.Random(seed)  # noqa: S311 - faults, not secrets
        self._latest = latest
        self._away = away
        self._reserved = socket.socket()  # bound and not listening: whoever connects meanwhile is refused
        self._reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._reserved.bind((HOST, 0))
        self._port = int(self._reserved.getsockname()[1])
        self.base_url = f"http://{HOST}:{self._port}"
        self._listening: socket.socket | None = None
        self._returning: asyncio.Task[None] | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self.script: deque[Fault | Edit] = deque()
        self.seen: list[Passage] = []
        self.counts: Counter[Fault] = Counter()

    async def __aenter__(self) -> Self:
        self.listen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.refuse()
        under_way = [*self._connections, *([self._returning] if self._returning else [])]
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        self._reserved.close()
        for _ in range(3):  # transports close in the next turns of the loop
            await asyncio.sleep(0)

    def listen(self) -> None:
        """Take connections."""
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listening.settimeout(0)
        listening.bind((HOST, self._port))
        listening.listen(512)
        # asyncio's own server forgets to close what it was just accepting when it is closed.
        asyncio.get_running_loop().add_reader(listening, self._accept, listening)
        self._listening = listening

    def refuse(self) -> None:
        """Take no new connections: who tries is refused, until :meth:`listen`."""
        if self._listening is not None:
            asyncio.get_running_loop().remove_reader(self._listening)
            self._listening.close()
            self._listening = None

    def _accept(self, listening: socket.socket) -> None:
        with suppress(BlockingIOError):
            while True:
                connection, _ = listening.accept()
                task = asyncio.get_running_loop().create_task(self._connected(connection))
                self._connections.add(task)
                task.add_done_callback(self._connections.discard)

    def then(self, *what: Fault | Edit) -> None:
        """Say what happens to the next requests, one each."""
        self.script.extend(what)

    def _drawn(self) -> Fault:
        point = self._random.random()
        for fault, rate in self._rates.items():
            point -= rate
            if point < 0:
                return fault
        return Fault.PASS

    async def _come_back(self) -> None:
        await asyncio.sleep(self._away)
        self.listen()

    def _go_away(self) -> None:
        if self._listening is not None:
            self.refuse()
            self._returning = asyncio.get_running_loop().create_task(self._come_back())

    async def _connected(self, connection: socket.socket) -> None:
        try:
            reader, writer = await asyncio.open_connection(sock=connection)
        except BaseException:
            connection.close()
            raise
        await self._serve(reader, writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream = _Upstream(self._upstream)
        try:
            while await self._one(reader, writer, upstream):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            _reset(writer)  # the server gave no answer, or the client is gone: neither hears of the other
        finally:
            upstream.close()
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, upstream: _Upstream) -> bool:
        """Let one request through, as far as it comes; whether the connection goes on."""
        line, headers, head = await _head(reader)
        body = await reader.readexactly(int(headers.get("Content-Length", "0")))
        what = self.script.popleft() if self.script else self._drawn()
        method, target, _ = line.split(" ")
        self.seen.append(Passage(method, target, headers, body, what))
        fault = what if isinstance(what, Fault) else Fault.PASS
        self.counts[fault] += 1
        if fault is Fault.RESET:
            _reset(writer)
            return False
        answer = await upstream.ask(head + body)
        if fault is Fault.HANG:
            await reader.read()
        if fault in {Fault.LOSE, Fault.HANG}:
            return False
        if not isinstance(what, Fault):
            what(answer)
        if fault is Fault.DELAY:
            await asyncio.sleep(self._random.uniform(0, self._latest))
        if fault is Fault.REFUSE:
            answer.headers["Connection"] = "close"
            self._go_away()
        raw = answer.written()
        writer.write(raw[: self._random.randrange(1, len(raw))] if fault is Fault.TRUNCATE else raw)
        await writer.drain()
        return fault not in {Fault.TRUNCATE, Fault.REFUSE}


class _Upstream:
    """A kept connection to the server, made when it is first needed."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: bytes) -> Answered:
        """Hand a request over, and take its whole answer."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(*self._address)
        reader, writer = self._streams
        writer.write(request)
        line, headers, _ = await _head(reader)
        status = int(line.split(" ")[1])
        return Answered(status, headers, await reader.readexactly(int(headers.get("Content-Length", "0"))))

    def close(self) -> None:
        """Close the connection."""
        if self._streams is not None:
            self._streams[1].close()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close a connection so that the other side is told it is broken."""
    connection = writer.get_extra_info("socket")
    if connection is not None and connection.fileno() >= 0:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_WHEN_CLOSED)
    writer.transport.abort()


async def _head(reader: asyncio.StreamReader) -> tuple[str, CIMultiDict[str], bytes]:
    raw = await reader.readuntil(b"\r\n\r\n")
    line, *lines = raw.decode("latin-1").split("\r\n")
    return line, CIMultiDict(_pairs(lines)), raw


def _pairs(lines: Iterable[str]) -> Iterable[tuple[str, str]]:
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            yield name, value.strip()
