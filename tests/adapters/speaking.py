"""HTTP/1.1 by hand over TCP, so that a test says and sees every byte."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Self

import attrs


@attrs.frozen
class Answer:
    """What came back; names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def head(method: str, path: str, headers: Mapping[str, str]) -> bytes:
    """The lines before a body."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def chunks(body: bytes, size: int = 100, *, last: bool = True) -> bytes:
    """A body in chunks."""
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + (b"0\r\n\r\n" if last else b"")


class Connection:
    """A connection that is opened anew only where the server has said that it closes it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.opened = 0
        """How many connections it took."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close it."""
        if self._streams is not None:
            streams, self._streams = self._streams, None
            streams[1].close()
            with contextlib.suppress(ConnectionError):  # the server was first
                await streams[1].wait_closed()

    async def say(self, *data: bytes) -> None:
        """Send bytes; a server that has answered already may take no more of them."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
            self.opened += 1
        with contextlib.suppress(ConnectionError):
            for each in data:
                self._streams[1].write(each)
                await self._streams[1].drain()

    async def hear(self, method: str = "POST") -> Answer:
        """Read one answer."""
        assert self._streams is not None
        reader = self._streams[0]
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[:-2]
        status, headers = int(first.split(" ")[1]), dict[str, str]()
        for line in lines:
            name, _, value = line.partition(":")
            assert name.lower() not in headers
            headers[name.lower()] = value.strip()
        assert "transfer-encoding" not in headers
        length = 0 if method == "HEAD" or status == 204 else int(headers["content-length"])
        body = await reader.readexactly(length)
        if "close" in headers.get("connection", "").lower():
            await self.close()  # not later: some servers wait for what was refused unread
        return Answer(status, headers, body)

    async def post(self, path: str, callback: tuple[Mapping[str, str], bytes]) -> Answer:
        """Deliver a callback as WeChat Pay does."""
        headers, body = callback
        await self.say(
            head("POST", path, {"Content-Type": "application/json", **headers, "Content-Length": str(len(body))}), body
        )
        return await self.hear()


async def posted(port: int, path: str, *callbacks: tuple[Mapping[str, str], bytes]) -> list[Answer]:
    """Deliver callbacks one after the other, over one connection where the server allows it."""
    async with Connection(port) as connection:
        return [await connection.post(path, callback) for callback in callbacks]


def statuses(answers: Iterable[Answer]) -> list[int]:
    """Their statuses."""
    return [answer.status for answer in answers]
