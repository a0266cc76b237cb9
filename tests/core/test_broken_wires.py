"""Answers cut, lost, mangled or never sent: what becomes of a call, and what is told of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from wxcoupon import Client, ConfigurationError, Merchant, Pacer, RetryPolicy, WxCouponError
from wxcoupon import product_coupon as pc
from wxcoupon.errors import ApiError, ClientStateError, InvalidRequest, NoAnswerError, RateLimited, UnreachableError
from wxcoupon.retry import NEVER
from wxcoupon.sandbox import Keys, Sandbox

SWIFT = RetryPolicy(base=0.001)
SECRET = "o-secret-openid"
Connection = Callable[[asyncio.StreamReader, asyncio.StreamWriter, int], Awaitable[None]]


class Wire:
    """A server of raw bytes.

    Attributes:
        base_url: where it listens.
        seen: the request lines that arrived.
    """

    def __init__(self, behave: Connection) -> None:
        self.base_url = ""
        self.seen: list[bytes] = []
        self._behave = behave
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.base_url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def stop_listening(self) -> None:
        """Take no more connections."""
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next(
                    (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
                )
                await reader.readexactly(length)
                self.seen.append(head.split(b"\r\n")[0])
                await self._behave(reader, writer, len(self.seen))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def wire(behave: Connection) -> AsyncIterator[Wire]:
    """A server that behaves as told."""
    server = Wire(behave)
    await server.start()
    yield server
    server.stop_listening()


def answering(*raw: bytes) -> Connection:
    """Answer each request with the next of *raw*, the last one again and again; nothing closes the connection."""

    async def behave(_: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        answer = raw[min(number, len(raw)) - 1]
        if answer:
            writer.write(answer)
        else:
            writer.close()

    return behave


def _client(sandbox: Sandbox, base_url: str, **options: Any) -> Client[Any]:
    given: dict[str, Any] = {"retry": SWIFT, "pacer": Pacer()} | options
    return Client(sandbox.partner, sandbox.platform_keys, base_url=base_url, **given)


REQUEST = pc.PreSendCoupon(openid=SECRET, product_coupon_id="1", stock_id="2", appid="wx1", send_request_no="number")
TOO_MANY = b"HTTP/1.1 429 X\r\nContent-Length: 2\r\n\r\n{}"
EXISTS = b'HTTP/1.1 400 X\r\nContent-Length: 25\r\n\r\n{"code":"ALREADY_EXISTS"}\n'


@pytest.mark.parametrize(("then", "kind"), [(TOO_MANY, RateLimited), (EXISTS, ApiError)])
async def test_an_unknown_outcome_stays_unknown(sandbox: Sandbox, then: bytes, kind: type[WxCouponError]) -> None:
    """Once an attempt has left without an answer, no later refusal makes the outcome of the call known."""
    async with wire(answering(b"", then)) as server, _client(sandbox, server.base_url) as client:
        with pytest.raises(kind) as caught:
            await client.call(REQUEST)

    assert caught.value.outcome_unknown


async def test_an_unknown_outcome_stays_unknown_when_the_server_is_gone(sandbox: Sandbox) -> None:
    """A server that took the request and went away may have acted, although nobody can connect any more."""

    async def behave(_: asyncio.StreamReader, writer: asyncio.StreamWriter, __: int) -> None:
        server.stop_listening()
        writer.close()

    async with wire(behave) as server, _client(sandbox, server.base_url) as client:
        with pytest.raises(UnreachableError) as caught:
            await client.call(REQUEST)

    assert caught.value.outcome_unknown
    assert 1 == len(server.seen)


async def test_closing_the_client_does_not_hide_what_was_sent(sandbox: Sandbox) -> None:
    """A call that was sent and then closed under its feet ends with what is known: the answer was lost."""
    paused = asyncio.Event()

    async def sleep(_: float) -> None:
        paused.set()
        await asyncio.sleep(0.01)

    async with wire(answering(b"")) as server:
        client = _client(sandbox, server.base_url, sleep=sleep)
        call = asyncio.create_task(client.call(REQUEST))
        await paused.wait()
        await client.close()
        with pytest.raises(NoAnswerError) as caught:
            await call

    assert caught.value.outcome_unknown


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 abc\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        b"",
    ],
)
async def test_mangled_answers_tell_nothing_personal(sandbox: Sandbox, raw: bytes) -> None:
    """However an answer is broken, it is one error of ours, and neither it nor its causes hold an openid or a key."""
    async with wire(answering(raw)) as server, _client(sandbox, server.base_url, retry=NEVER) as client:
        with pytest.raises(NoAnswerError) as caught:
            await client.call(REQUEST)

    shown = "".join(repr(error) + str(error) for error in _chain(caught.value))
    assert SECRET not in shown
    assert "signature=" not in shown


def _chain(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST"])
async def test_nothing_is_sent_twice_behind_our_back(sandbox: Sandbox, method: str) -> None:
    """When a kept connection breaks after a request, it is not sent again by the HTTP client."""
    kept = b"HTTP/1.1 500 X\r\nContent-Length: 2\r\n\r\n{}"
    async with wire(answering(kept, b"", kept)) as server, _client(sandbox, server.base_url, retry=NEVER) as client:
        with pytest.raises(ApiError):
            await client.request(method, "/v3/x")
        with pytest.raises(NoAnswerError):
            await client.request(method, "/v3/x")

    assert 2 == len(server.seen)


async def test_a_get_is_repeated_by_our_own_rules(sandbox: Sandbox) -> None:
    """A GET whose answer is lost is repeated, as often as the policy says and no more."""
    async with wire(answering(b"")) as server, _client(sandbox, server.base_url) as client:
        with pytest.raises(NoAnswerError):
            await client.request("GET", "/v3/x")

    assert 4 == len(server.seen)


async def test_a_borrowed_session_may_raise_for_status(sandbox: Sandbox) -> None:
    """A session that raises for status of its own accord still gives our errors, and nothing is repeated for it."""
    async with (
        wire(answering(EXISTS)) as server,
        aiohttp.ClientSession(raise_for_status=True) as session,
        _client(sandbox, server.base_url, session=session) as client,
    ):
        with pytest.raises(ApiError) as caught:
            await client.call(REQUEST)

    assert "ALREADY_EXISTS" == caught.value.code
    assert 1 == len(server.seen)


async def test_a_borrowed_session_may_be_closed(sandbox: Sandbox) -> None:
    """A borrowed session that its owner has closed is named."""
    async with aiohttp.ClientSession() as session:
        client = _client(sandbox, "http://127.0.0.1:9", session=session)
    with pytest.raises(ClientStateError, match="borrowed is closed"):
        await client.call(REQUEST)


async def test_a_proxy_that_refuses(sandbox: Sandbox) -> None:
    """A proxy that makes no connection is an error that nothing was done, and its password is not shown."""
    refusing = b"HTTP/1.1 407 X\r\nContent-Length: 0\r\n\r\n"
    async with wire(answering(refusing)) as server:
        proxy = server.base_url.replace("//", "//user:secret-word@")
        client = Client(
            sandbox.partner, sandbox.platform_keys, base_url="https://127.0.0.1:9", proxy=proxy, retry=NEVER
        )
        async with client:
            with pytest.raises(UnreachableError) as caught:
                await client.call(REQUEST)

    assert "407" in str(caught.value)
    assert "secret-word" not in "".join(repr(error) + str(error) for error in _chain(caught.value))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"base_url": "http://u:secret-word@host"}, "base_url"),
        ({"base_url": "http://host/path"}, "base_url"),
        ({"base_url": "http://host#"}, "base_url"),
        ({"base_url": "http://host/?"}, "base_url"),
        ({"proxy": "secret-word"}, "proxy"),
        ({"timeout": "secret"}, "timeout"),
        ({"timeout": float("nan")}, "timeout"),
    ],
)
def test_addresses_that_cannot_be_used(keys: Keys, options: dict[str, Any], says: str) -> None:
    """An address that is none is refused by name, without a password that may be in it."""
    merchant = Merchant(mchid="1", serial_no="AB", private_key=keys.platform)

    with pytest.raises(ConfigurationError, match=says) as caught:
        Client(merchant, {keys.platform_id: keys.platform.public_key()}, **options)

    assert "secret-word" not in str(caught.value)


@pytest.mark.parametrize("request_", [{"a": 1}, None, pc.GetStock])
async def test_what_is_no_request(sandbox: Sandbox, request_: Any) -> None:
    """Something else in the place of a request is refused in words."""
    async with _client(sandbox, sandbox.base_url) as client:
        with pytest.raises(InvalidRequest, match="has to be a request"):
            await client.call(request_)


async def test_an_identity_that_is_none(sandbox: Sandbox) -> None:
    """Something else in the place of an identity is refused in words."""
    with pytest.raises(ConfigurationError, match="Merchant, Partner or Brand"):
        Client("partner", sandbox.platform_keys)  # type: ignore[type-var]


async def test_closed_while_waiting_for_a_turn(sandbox: Sandbox) -> None:
    """A call that waits for its turn when the client is closed learns that it is closed, and nothing is sent."""

    async def close(_: float) -> None:
        await client.close()

    pacer = Pacer({REQUEST.name: "1/min"}, sleep=close)
    async with wire(answering(EXISTS)) as server:
        client = _client(sandbox, server.base_url, pacer=pacer)
        with pytest.raises(ApiError):
            await client.call(REQUEST)
        with pytest.raises(ClientStateError, match="closed"):
            await client.call(REQUEST)

    assert 1 == len(server.seen)
