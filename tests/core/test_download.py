"""Downloads: signed requests to known hosts alone, believed by a hash, and a whole file or none."""

import asyncio
import errno
import gzip
import hashlib
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
from aiohttp import web

from wxcoupon import ApiError, Client, ConfigurationError, InvalidRequest, Merchant, Pacer, RetryPolicy, crypto, wire
from wxcoupon import cash_coupon as cc
from wxcoupon.download import Link, Proof, way
from wxcoupon.errors import NoAnswerError, ServerError, UnreadableAnswer, UntrustedAnswer, WrongHash
from wxcoupon.retry import NEVER
from wxcoupon.sandbox import Keys

CONTENT = bytes(range(256)) * 4_000
PATH = "/v3/billdownload/file?token=a%2Fb%20c&x=%E8%8C%B6"
SWIFT = RetryPolicy(base=0.001)
OWN = ("https://gateway.tea.example", "http://127.0.0.1:8080")
Act = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def _whole(_: web.Request) -> web.StreamResponse:
    return web.Response(body=CONTENT)


async def _half(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": str(len(CONTENT))})
    await response.prepare(request)
    await response.write(CONTENT[: len(CONTENT) // 2])
    assert request.transport is not None
    request.transport.close()
    return response


async def _other(_: web.Request) -> web.StreamResponse:
    return web.Response(body=CONTENT[:-1] + b"!")


async def _down(_: web.Request) -> web.StreamResponse:
    return web.json_response({"code": "SYSTEM_ERROR", "message": "later"}, status=503)


async def _busy(_: web.Request) -> web.StreamResponse:
    return web.json_response({"code": "FREQUENCY_LIMITED"}, status=429, headers={"Retry-After": "0"})


async def _elsewhere(_: web.Request) -> web.StreamResponse:
    return web.Response(status=302, headers={"Location": "https://tea.example/"})


def _names(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir()]


@attrs.define
class Host:
    """A host with a file: what it does next, and what it was asked."""

    url: str
    acts: list[Act] = attrs.Factory(list[Act])
    asked: list[web.Request] = attrs.Factory(list[web.Request])

    def link(self, kind: str = "SHA1", content: bytes = CONTENT) -> cc.FlowFile:
        """An answer that announces the file."""
        return cc.FlowFile(
            url=self.url + PATH, hash_value=hashlib.new(kind, content).hexdigest().upper(), hash_type=kind
        )

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Do what is next; the whole file when nothing is."""
        self.asked.append(request)
        return await (self.acts.pop(0) if self.acts else _whole)(request)


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    """A running host with a file."""
    made = Host("")
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


@pytest.fixture
async def client(host: Host, keys: Keys) -> AsyncIterator[Client[Merchant]]:
    """A client of that host."""
    identity = Merchant(mchid="1900000001", serial_no=keys.merchant_serial, private_key=keys.merchant)
    platform = {keys.platform_id: keys.platform.public_key()}
    async with Client(identity, platform, base_url=host.url, retry=SWIFT, pacer=Pacer()) as made:
        yield made


async def test_the_bytes_come(host: Host, client: Client[Merchant]) -> None:
    """Without a target the file is what is returned, proven by its hash alone."""
    assert CONTENT == await client.download(host.link())


async def test_the_request_is_signed_as_it_leaves(host: Host, client: Client[Merchant]) -> None:
    """Path and query are those of the link, byte for byte, and what is signed is what was sent."""
    await client.download(host.link())

    (request,) = host.asked
    found = re.fullmatch(
        r'WECHATPAY2-SHA256-RSA2048 mchid="1900000001",nonce_str="(\w+)",timestamp="(\d+)",'
        r'serial_no="\w+",signature="([^"]+)"',
        request.headers["Authorization"],
    )
    assert found is not None
    signed = wire.request_message("GET", PATH, found[2], found[1], b"")
    assert (PATH, "*/*", "identity") == (
        request.raw_path,
        request.headers["Accept"],
        request.headers["Accept-Encoding"],
    )
    assert crypto.verifies(client.identity.private_key.public_key(), signed, found[3])


@pytest.mark.parametrize("kind", ["sha1", "SHA1", "sha256", "SHA512", "md5"])
async def test_hashes_of_any_known_kind(host: Host, client: Client[Merchant], kind: str) -> None:
    """The answer names the kind of its hash, in capitals or not."""
    assert CONTENT == await client.download(host.link(kind))


@pytest.mark.parametrize("form", [str, Path])
async def test_a_file_is_written(host: Host, client: Client[Merchant], tmp_path: Path, form: Any) -> None:
    """With a target the file is there, in place of the one before, and nothing beside it."""
    target = tmp_path / "flow.csv"
    target.write_bytes(b"old")

    assert target == await client.download(host.link(), to=form(target))
    assert (CONTENT, ["flow.csv"]) == (target.read_bytes(), _names(tmp_path))


async def test_an_empty_file(host: Host, client: Client[Merchant], tmp_path: Path) -> None:
    """A file of no bytes is a file."""

    async def empty(_: web.Request) -> web.StreamResponse:
        return web.Response(body=b"")

    host.acts = [empty, empty]
    assert b"" == await client.download(host.link(content=b""))
    assert b"" == (await client.download(host.link(content=b""), to=tmp_path / "flow.csv")).read_bytes()


@pytest.mark.parametrize("to_disk", [True, False], ids=["to disk", "to memory"])
async def test_another_file_is_refused(host: Host, client: Client[Merchant], tmp_path: Path, to_disk: bool) -> None:  # noqa: FBT001
    """A wrong hash says what to do, once; what was there before stays."""
    target = tmp_path / "flow.csv"
    target.write_bytes(b"old")
    host.acts = [_other]

    download = client.download(host.link(), to=target) if to_disk else client.download(host.link())
    with pytest.raises(WrongHash, match=r"SHA1 is another.*ask for a new link.*30 seconds") as caught:
        await download

    assert isinstance(caught.value, UntrustedAnswer)
    assert not caught.value.outcome_unknown
    assert "token" not in str(caught.value)
    assert (1, b"old", ["flow.csv"]) == (len(host.asked), target.read_bytes(), _names(tmp_path))


@pytest.mark.parametrize("act", [_half, _down, _busy], ids=["half a file", "an error", "too many"])
async def test_it_is_repeated_like_any_call(host: Host, client: Client[Merchant], tmp_path: Path, act: Act) -> None:
    """What failed on the way is asked for again, from the first byte, with another signature."""
    host.acts = [act]

    assert CONTENT == (await client.download(host.link(), to=tmp_path / "flow.csv")).read_bytes()
    assert 2 == len({request.headers["Authorization"] for request in host.asked})
    assert ["flow.csv"] == _names(tmp_path)


@pytest.mark.parametrize(
    ("act", "error"),
    [(_half, NoAnswerError), (_down, ServerError), (_elsewhere, ApiError)],
    ids=["half a file", "an error", "a redirection"],
)
async def test_a_failure_leaves_nothing(
    host: Host, keys: Keys, tmp_path: Path, act: Act, error: type[Exception]
) -> None:
    """Without a repetition the error is raised, names no token, and leaves no part of a file."""
    host.acts = [act]
    identity = Merchant(mchid="1900000001", serial_no=keys.merchant_serial, private_key=keys.merchant)
    platform = {keys.platform_id: keys.platform.public_key()}
    async with Client(identity, platform, base_url=host.url, retry=NEVER) as client:
        with pytest.raises(error) as caught:
            await client.download(host.link(), to=tmp_path / "flow.csv")

    assert "token" not in str(caught.value)
    assert "(a file)" in str(caught.value)
    assert [] == _names(tmp_path)


async def _half_way(host: Host, client: Client[Merchant], tmp_path: Path) -> tuple[asyncio.Task[Path], asyncio.Event]:
    """A download that has begun to write its file and gets no more, and what lets its server go."""
    begun, never = asyncio.Event(), asyncio.Event()

    async def stall(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(len(CONTENT))})
        await response.prepare(request)
        await response.write(CONTENT[:1000])
        begun.set()
        await never.wait()
        return response

    host.acts = [stall]
    download = asyncio.create_task(client.download(host.link(), to=tmp_path / "flow.csv"))
    await begun.wait()
    while not _names(tmp_path):  # noqa: ASYNC110 - a file that is being written tells nobody
        await asyncio.sleep(0.001)
    return download, never


async def test_cancelling_leaves_nothing(host: Host, client: Client[Merchant], tmp_path: Path) -> None:
    """A download that is given up half way leaves no part of a file."""
    download, never = await _half_way(host, client, tmp_path)
    download.cancel()
    with pytest.raises(asyncio.CancelledError):
        await download
    never.set()

    assert [] == _names(tmp_path)


async def test_a_target_that_is_no_file(host: Host, client: Client[Merchant], tmp_path: Path) -> None:
    """A directory, and a file in none, are refused before anything is sent."""
    for target in (tmp_path, tmp_path / "nowhere" / "flow.csv"):
        with pytest.raises(ConfigurationError, match="directory"):
            await client.download(host.link(), to=target)
    assert [] == host.asked


@pytest.mark.parametrize(
    "url",
    [
        "https://tea.example/v3/billdownload/file?token=tea",
        "http://api.mch.weixin.qq.com/v3/billdownload/file?token=tea",
        "https://api.mch.weixin.qq.com:444/?token=tea",
        "https://api.mch.weixin.qq.com.tea.example/?token=tea",
        "https://api.mch.weixin.qq.com@tea.example/?token=tea",
        "https://api.mch.weixin.qq.com\\@tea.example/?token=tea",
        "https://tea@api.mch.weixin.qq.com/?token=tea",
        "https://api.mch.weixin.qq.com:x/?token=tea",
        "http://127.0.0.1:8081/?token=tea",
        "http://[::1/?token=tea",
        "ftp://api.mch.weixin.qq.com/?token=tea",
        "//api.mch.weixin.qq.com/?token=tea",
        "/v3/billdownload/file?token=tea",
    ],
)
async def test_strangers_get_no_signature(host: Host, client: Client[Merchant], url: str) -> None:
    """A link to any other host is refused before anything is sent, and its token is not repeated."""
    with pytest.raises(InvalidRequest, match=r"leads to .* nothing was sent") as caught:
        await client.download(cc.FlowFile(url=url, hash_value="0" * 40, hash_type="SHA1"))

    assert "token" not in str(caught.value)
    assert [] == host.asked


@pytest.mark.parametrize("url", [None, 7, "", "https://api.mch.weixin.qq.com/a b", "https://api.mch.weixin.qq.com/茶"])
def test_links_that_are_none(url: Any) -> None:
    """What is no address is no link."""
    with pytest.raises(UnreadableAnswer, match="no address"):
        way(Link(url, "0" * 40), OWN)


@pytest.mark.parametrize(
    ("hash_value", "hash_type", "said"),
    [
        ("", "SHA1", "no SHA1"),
        (None, None, "no SHA1"),
        ("0" * 39, "SHA1", "no SHA1"),
        ("g" * 40, "SHA1", "no SHA1"),
        ("0" * 40, "SHA256", "no SHA256"),
        ("0" * 40, "CRC32", "not known here"),
        ("", "shake_128", "no shake_128"),
    ],
)
async def test_hashes_that_are_none(
    host: Host, client: Client[Merchant], hash_value: Any, hash_type: Any, said: str
) -> None:
    """A file that could not be proven is not asked for."""
    with pytest.raises(UnreadableAnswer, match=said):
        await client.download(cc.FlowFile(url=host.url + PATH, hash_value=hash_value, hash_type=hash_type))
    assert [] == host.asked


def test_the_usual_hash_is_sha1() -> None:
    """A hash whose kind the answer does not say is a SHA-1."""
    proof = Proof(Link("", hashlib.sha1(b"tea").hexdigest()))  # noqa: S324
    found = proof.begin()
    found.update(b"tea")

    proof.require(found)


@pytest.mark.parametrize(
    ("url", "hosts", "target"),
    [
        ("http://127.0.0.1:8080/a?b", ("http://127.0.0.1:8080", "https://gateway.tea.example"), "/a?b"),
        ("https://GATEWAY.tea.example:443/a?b#c", OWN, "/a?b"),
        ("https://api.mch.weixin.qq.com/a?b=/c", OWN, "/a?b=/c"),
        ("https://api2.mch.weixin.qq.com", OWN, "/"),
        ("https://api2.mch.weixin.qq.com?a=/b", OWN, "/?a=/b"),
        ("https://download-service.wechatpay.cn//a/../b", ("https://download-service.wechatpay.cn",), "//a/../b"),
    ],
)
def test_where_links_are_followed(url: str, hosts: tuple[str, ...], target: str) -> None:
    """The client's own hosts stand for WeChat Pay's API, and nothing for its file service."""
    found = way(Link(url, ""), OWN)

    assert (hosts, target) == (found.hosts, found.target)


async def test_a_link_to_the_api_is_followed_to_the_host_that_stands_for_it(
    host: Host, client: Client[Merchant]
) -> None:
    """A client of a proxy or a sandbox sends nothing past it."""
    announced = hashlib.sha1(CONTENT).hexdigest()  # noqa: S324
    flow = cc.FlowFile(url=f"https://api.mch.weixin.qq.com{PATH}", hash_value=announced, hash_type="sha1")

    assert CONTENT == await client.download(flow)
    assert [PATH] == [request.raw_path for request in host.asked]


async def test_what_is_no_download(client: Client[Merchant]) -> None:
    """An answer without a file is refused."""
    with pytest.raises(InvalidRequest, match="a download"):
        await client.download(cc.SentCoupon(coupon_id="1"))  # type: ignore[call-overload]


async def test_a_file_that_hardly_comes(host: Host, keys: Keys) -> None:
    """A byte now and then is no file: it is given up, though no silence was long."""

    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(len(CONTENT))})
        await response.prepare(request)
        for byte in CONTENT[:200]:
            await response.write(bytes([byte]))
            await asyncio.sleep(0.02)
        return response

    host.acts = [drip]
    identity = Merchant(mchid="1900000001", serial_no=keys.merchant_serial, private_key=keys.merchant)
    platform = {keys.platform_id: keys.platform.public_key()}
    async with Client(identity, platform, base_url=host.url, retry=NEVER, timeout=0.3) as client:
        with pytest.raises(NoAnswerError, match=r"came too slowly, after \d+ bytes"):
            await client.download(host.link())


async def test_closing_the_client_ends_its_downloads(host: Host, client: Client[Merchant], tmp_path: Path) -> None:
    """A download whose client is closed half way ends at once, and leaves nothing."""
    download, never = await _half_way(host, client, tmp_path)
    await client.close()
    async with asyncio.timeout(5):
        with pytest.raises(NoAnswerError, match="the client was closed"):
            await download
    never.set()

    assert [] == _names(tmp_path)


@pytest.mark.parametrize("name", ["茶" * 85, "t" * 255])
async def test_long_names(host: Host, client: Client[Merchant], tmp_path: Path, name: str) -> None:
    """A target may have a name as long as names may be, in bytes."""
    assert CONTENT == (await client.download(host.link(), to=tmp_path / name)).read_bytes()


async def test_a_target_that_is_no_usual_file(host: Host, client: Client[Merchant], tmp_path: Path) -> None:
    """A pipe or a device is not replaced by a file, and a NUL names none."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for target in (pipe, tmp_path / "a\0b"):
        with pytest.raises(ConfigurationError, match=r"is no file|names no file"):
            await client.download(host.link(), to=target)
    assert (True, []) == (pipe.is_fifo(), host.asked)


async def test_a_file_that_comes_compressed(host: Host, client: Client[Merchant]) -> None:
    """What is on the way compressed, though nobody asked for that, is the file all the same."""

    async def compressed(_: web.Request) -> web.StreamResponse:
        return web.Response(body=gzip.compress(CONTENT), headers={"Content-Encoding": "gzip"})

    host.acts = [compressed]
    assert CONTENT == await client.download(host.link())


async def test_a_disk_that_is_full(
    host: Host, client: Client[Merchant], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the disk says is raised as it is, once; the target stays, and nothing beside it."""
    target = tmp_path / "flow.csv"
    target.write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        await client.download(host.link(), to=target)
    assert (1, b"old", ["flow.csv"]) == (len(host.asked), target.read_bytes(), _names(tmp_path))
